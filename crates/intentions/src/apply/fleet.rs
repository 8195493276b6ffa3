//! Devices, geofences, and what somebody has devices do.

use super::{Touched, Work, changed_fields, fresh, node_subject};
use crate::carry_out::Stop;
use chrono::{DateTime, Utc};
use domain::Refusal;
use domain::access::Level;
use domain::intention::Intention;
use domain::limits::DEVICE_COMMANDS_OPEN_MAX;
use domain::node::NodeKind;
use serde_json::{Map, json};
use store::node::LockedNode;
use uuid::Uuid;

impl Work<'_> {
    pub(super) async fn create_device(&mut self, intention: &Intention) -> Result<(), Stop> {
        let Intention::CreateDevice { id, parent_id, title, body, device } = intention else { return Ok(()) };
        // Given, as `validate` has seen.
        let Some(imei) = device.imei.as_deref() else { return Ok(()) };
        let id = id.unwrap_or_else(Uuid::now_v7);
        let parent = self.end(*parent_id, "parent").await?;
        self.insert_placed(id, NodeKind::Device, parent, (title, body, &Map::new())).await?;
        store::device::insert_device(&mut *self.db, id, imei, device.model.as_deref().unwrap_or_default()).await?;
        self.touched.push(Touched::Node(id));
        let summary = json!({ "parent_id": parent_id, "imei": imei });
        self.record("create_device", node_subject(id, parent.scope_id, NodeKind::Device, title), summary).await
    }

    pub(super) async fn update_device(&mut self, intention: &Intention) -> Result<(), Stop> {
        let Intention::UpdateDevice { id, version, title, body, device } = intention else { return Ok(()) };
        let node = self.device(*id).await?;
        fresh(*version, node.version)?;
        store::node::update_node(&mut *self.db, *id, title.as_deref(), body.as_deref(), None, None).await?;
        store::device::update_device(&mut *self.db, *id, device).await?;
        self.touched.push(Touched::Node(*id));
        let title = title.as_deref().unwrap_or(&node.title);
        let summary = json!({ "fields": changed_fields(intention), "title_before": node.title });
        self.record("update_device", node_subject(*id, node.scope_id, node.kind, title), summary).await
    }

    pub(super) async fn create_geofence(&mut self, intention: &Intention) -> Result<(), Stop> {
        let Intention::CreateGeofence { id, parent_id, title, body, geofence } = intention else { return Ok(()) };
        // Given, as `validate` has seen.
        let Some(shape) = &geofence.shape else { return Ok(()) };
        let id = id.unwrap_or_else(Uuid::now_v7);
        let parent = self.end(*parent_id, "parent").await?;
        self.insert_placed(id, NodeKind::Geofence, parent, (title, body, &Map::new())).await?;
        store::geofence::insert_geofence(&mut *self.db, id, shape, geofence.dwell_s.flatten()).await?;
        self.touched.push(Touched::Node(id));
        let summary = json!({ "parent_id": parent_id });
        self.record("create_geofence", node_subject(id, parent.scope_id, NodeKind::Geofence, title), summary).await
    }

    pub(super) async fn update_geofence(&mut self, intention: &Intention) -> Result<(), Stop> {
        let Intention::UpdateGeofence { id, version, title, body, geofence } = intention else { return Ok(()) };
        let node = self.locked(*id, Level::Reader).await?;
        if node.kind != NodeKind::Geofence {
            return Err(Refusal::NotFound { what: "geofence" }.into());
        }
        self.rights(node.scope_id).await?.need(Level::Member, "geofence")?;
        fresh(*version, node.version)?;
        store::node::update_node(&mut *self.db, *id, title.as_deref(), body.as_deref(), None, None).await?;
        store::geofence::update_geofence(&mut *self.db, *id, geofence).await?;
        self.touched.push(Touched::Node(*id));
        let title = title.as_deref().unwrap_or(&node.title);
        let summary = json!({ "fields": changed_fields(intention), "title_before": node.title });
        self.record("update_geofence", node_subject(*id, node.scope_id, node.kind, title), summary).await
    }

    /// The device, held, for who may have it do something.
    async fn device(&mut self, id: Uuid) -> Result<LockedNode, Stop> {
        let node = self.locked(id, Level::Reader).await?;
        if node.kind != NodeKind::Device {
            return Err(Refusal::NotFound { what: "device" }.into());
        }
        self.rights(node.scope_id).await?.need(Level::Member, "device")?;
        Ok(node)
    }

    pub(super) async fn mark_positions(
        &mut self,
        device_id: Uuid,
        (from, to): (DateTime<Utc>, DateTime<Utc>),
        faulty: bool,
    ) -> Result<(), Stop> {
        let node = self.device(device_id).await?;
        let count = store::position::mark_positions(&mut *self.db, device_id, (from, to), faulty).await?;
        if count > 0 {
            store::device_state::ask_to_retell(&mut *self.db, device_id, from).await?;
        }
        self.touched.push(Touched::Marked(count));
        let summary = json!({ "from": from, "to": to, "faulty": faulty, "count": count });
        self.record("mark_positions", node_subject(device_id, node.scope_id, node.kind, &node.title), summary).await
    }

    pub(super) async fn retell_device(&mut self, device_id: Uuid, from: DateTime<Utc>) -> Result<(), Stop> {
        let node = self.device(device_id).await?;
        if !store::device_state::ask_to_retell(&mut *self.db, device_id, from).await? {
            return Err(Refusal::conflict("it was never heard of: there is nothing to tell").into());
        }
        self.touched.push(Touched::Due(device_id));
        self.record("retell_device", node_subject(device_id, node.scope_id, node.kind, &node.title), json!({ "from": from }))
            .await
    }

    /// Queued: it is sent when the device is there.
    pub(super) async fn send_command(&mut self, id: Option<Uuid>, device_id: Uuid, text: &str, codec: i16) -> Result<(), Stop> {
        let node = self.device(device_id).await?;
        if store::device_command::count_open_commands(&mut *self.db, device_id).await? >= DEVICE_COMMANDS_OPEN_MAX {
            return Err(Refusal::conflict(format!("{DEVICE_COMMANDS_OPEN_MAX} commands wait for their answers already")).into());
        }
        let id = id.unwrap_or_else(Uuid::now_v7);
        if store::device_command::find_command(&mut *self.db, id).await?.is_some() {
            return Err(Refusal::conflict("there is one with this id already").into());
        }
        let by = self.actor.person_id();
        store::device_command::insert_command(&mut *self.db, (id, device_id), text, codec, by).await?;
        let command =
            store::device_command::find_command(&mut *self.db, id).await?.ok_or(Refusal::NotFound { what: "command" })?;
        self.touched.push(Touched::Command(Box::new(command)));
        // A command may hold a password: what it was stands with it alone.
        let summary = json!({ "command_id": id, "codec": codec });
        self.record("send_command", node_subject(device_id, node.scope_id, node.kind, &node.title), summary).await
    }
}
