//! One intention after the other, inside the transaction.

mod announcement;
mod board;
mod catalog;
mod chat;
mod connection;
mod fleet;
mod incident;
mod maintenance;
mod series;
mod status_page;

pub(crate) use announcement::tell as tell_announcement;

use crate::Outcome;
use crate::authorise::{self, End, Rights};
use crate::carry_out::Stop;
use chat::guard_message;
use domain::access::Level;
use domain::audit::AuditSubject;
use domain::intention::{Intention, ScopePatch};
use domain::limits::{MESSAGES_DELETED_AT_ONCE, NOTE_VERSIONS_MAX};
use domain::node::NodeKind;
use domain::person::PersonPatch;
use domain::system::SystemPatch;
use domain::{Actor, EdgeKind, Refusal};
use keyring::Keyring;
use serde_json::{Map, Value, json};
use sqlx::PgConnection;
use std::collections::{HashMap, HashSet};
use store::device_command::DeviceCommand;
use store::edge::NewEdge;
use store::node::{LockedNode, NewNode};
use uuid::Uuid;

/// The work of one transaction.
pub(crate) struct Work<'a> {
    db: &'a mut PgConnection,
    actor: &'a Actor,
    request_id: Option<&'a str>,
    /// What secrets are sealed with, where there is a key.
    keyring: Option<&'a Keyring>,
    touched: Vec<Touched>,
}

/// What an intention was about; read once more at the end, when all versions are final.
enum Touched {
    Node(Uuid),
    Edge(Uuid),
    Deleted(Uuid),
    Due(Uuid),
    Series(Uuid),
    Marked(u64),
    Command(Box<DeviceCommand>),
}

impl<'a> Work<'a> {
    pub(crate) fn new(
        db: &'a mut PgConnection,
        actor: &'a Actor,
        request_id: Option<&'a str>,
        keyring: Option<&'a Keyring>,
    ) -> Self {
        Self { db, actor, request_id, keyring, touched: Vec::new() }
    }

    pub(crate) async fn apply(&mut self, intention: &Intention) -> Result<(), Stop> {
        match intention {
            Intention::CreateNode { .. } => self.create_node(intention).await,
            Intention::UpdateNode { .. } => self.update_node(intention).await,
            Intention::MoveNode { id, version, parent_id } => self.move_node(*id, *version, *parent_id).await,
            Intention::DeleteNode { id, version } => self.delete_node(*id, *version).await,
            Intention::SetScope { id, version, visibility, isolated } => {
                self.set_scope(*id, *version, ScopePatch { visibility: *visibility, isolated: *isolated }).await
            }
            Intention::CreateEdge { id, kind, source_id, target_id, attrs } => {
                self.create_edge(id.unwrap_or_else(Uuid::now_v7), *kind, *source_id, *target_id, attrs).await
            }
            Intention::UpdateEdge { id, version, attrs } => self.change_edge(*id, *version, Some(attrs)).await,
            Intention::DeleteEdge { id, version } => self.change_edge(*id, *version, None).await,
            Intention::CheckNow { id } => self.check_now(*id).await,
            Intention::PlanMaintenance { .. } => self.plan_maintenance(intention).await,
            Intention::UpdateMaintenance { .. } => self.update_maintenance(intention).await,
            Intention::ExtendMaintenance { id, ends_at } => self.extend_maintenance(*id, *ends_at).await,
            Intention::StartMaintenance { id } => self.start_maintenance(*id, None).await,
            Intention::CloseMaintenance { id } => self.close_maintenance(*id, None).await,
            Intention::CancelMaintenance { id, reason } => self.cancel_maintenance(*id, reason.as_deref()).await,
            Intention::AddMaintenanceUpdate { id, update } => self.add_maintenance_update(*id, update).await,
            Intention::OrderGroups { parent_id, ids } => self.order_groups(*parent_id, ids).await,
            Intention::CreateView { .. } => self.create_view(intention).await,
            Intention::UpdateView { .. } => self.update_view(intention).await,
            Intention::AddContact { target_id, contact } => self.add_contact(*target_id, contact).await,
            Intention::UpdateMailbox { .. } => self.update_mailbox(intention).await,
            Intention::OpenIncident { .. } => self.open_incident(intention).await,
            Intention::UpdateIncident { .. } => self.update_incident(intention).await,
            Intention::AcknowledgeIncident { id } => self.acknowledge_incident(*id).await,
            Intention::ResolveIncident { id, message, audience } => {
                self.resolve_incident(*id, message.as_deref(), *audience).await
            }
            Intention::AddIncidentUpdate { id, update } => self.add_incident_update(*id, update).await,
            Intention::EditUpdate { id, update_id, version, patch } => self.edit_update(*id, *update_id, *version, patch).await,
            Intention::CreateConnection { .. } => self.create_connection(intention).await,
            Intention::UpdateConnection { .. } => self.update_connection(intention).await,
            Intention::SetConnectionTemplates { id, version, templates } => self.set_templates(*id, *version, templates).await,
            Intention::CreateAnnouncement { .. } => self.create_announcement(intention).await,
            Intention::UpdateAnnouncement { .. } => self.update_announcement(intention).await,
            Intention::OrderAnnouncements { ids } => self.order_announcements(ids).await,
            Intention::CreateDevice { .. } => self.create_device(intention).await,
            Intention::UpdateDevice { .. } => self.update_device(intention).await,
            Intention::CreateGeofence { .. } => self.create_geofence(intention).await,
            Intention::UpdateGeofence { .. } => self.update_geofence(intention).await,
            Intention::MarkPositions { device_id, from, to, faulty } => {
                self.mark_positions(*device_id, (*from, *to), *faulty).await
            }
            Intention::RetellDevice { device_id, from } => self.retell_device(*device_id, *from).await,
            Intention::SendCommand { id, device_id, text, codec } => self.send_command(*id, *device_id, text, *codec).await,
            Intention::CreateMaintenanceSeries { .. } => self.create_series(intention).await,
            Intention::UpdateMaintenanceSeries { .. } => self.update_series(intention).await,
            Intention::EndMaintenanceSeries { id, version } => self.end_series(*id, *version).await,
            Intention::CreateStatusPage { .. } => self.create_status_page(intention).await,
            Intention::UpdateStatusPage { .. } => self.update_status_page(intention).await,
            Intention::SetStatusPageEntries { id, version, entries } => self.set_entries(*id, *version, entries).await,
            Intention::CreateChannel { .. } => self.create_channel(intention).await,
            Intention::UpdateChannel { .. } => self.update_channel(intention).await,
            Intention::SendMessage { .. } => self.send_message(intention).await,
            Intention::EditMessage { id, version, body } => self.edit_message(*id, *version, body).await,
            Intention::DeleteMessage { id, version } => self.delete_message(*id, *version).await,
            Intention::React { id, emoji, on } => self.react(*id, emoji, *on).await,
            Intention::PinMessage { id, pinned } => self.pin_message(*id, *pinned).await,
            Intention::PromoteMessage { id, audience } => self.promote_message(*id, *audience).await,
            Intention::CreateColumn { .. } => self.create_column(intention).await,
            Intention::MoveColumn { id, place } => self.move_column(*id, *place).await,
            Intention::CreateCard { .. } => self.create_card(intention).await,
            Intention::MoveCard { id, column_id, place } => self.move_card(*id, *column_id, *place).await,
        }
    }

    /// What became of each, in order.
    pub(crate) async fn outcomes(&mut self) -> Result<Vec<Outcome>, sqlx::Error> {
        let ids = |pick: fn(&Touched) -> Option<Uuid>| self.touched.iter().filter_map(pick).collect::<Vec<_>>();
        let node_ids = ids(|t| if let Touched::Node(id) = t { Some(*id) } else { None });
        let edge_ids = ids(|t| if let Touched::Edge(id) = t { Some(*id) } else { None });
        let nodes = store::node::list_nodes_by_id(&mut *self.db, &node_ids).await?;
        let edges = store::edge::list_edges_by_id(&mut *self.db, &edge_ids).await?;
        let nodes: HashMap<Uuid, _> = nodes.into_iter().map(|n| (n.id, n)).collect();
        let edges: HashMap<Uuid, _> = edges.into_iter().map(|e| (e.id, e)).collect();
        let mut series = HashMap::new();
        for id in ids(|t| if let Touched::Series(id) = t { Some(*id) } else { None }) {
            series.extend(store::maintenance::find_series(&mut *self.db, id).await?.map(|found| (id, found)));
        }
        Ok(self
            .touched
            .iter()
            .map(|touched| match touched {
                // One that a later intention of the same request deleted is gone.
                Touched::Node(id) => nodes.get(id).map_or(Outcome::Deleted(*id), |n| Outcome::Node(Box::new(n.clone()))),
                Touched::Edge(id) => edges.get(id).map_or(Outcome::Deleted(*id), |e| Outcome::Edge(e.clone())),
                Touched::Deleted(id) => Outcome::Deleted(*id),
                Touched::Due(id) => Outcome::Due(*id),
                Touched::Marked(count) => Outcome::Marked(*count),
                Touched::Command(command) => Outcome::Command(command.clone()),
                Touched::Series(id) => series.get(id).map_or(Outcome::Deleted(*id), |s| Outcome::Series(Box::new(s.clone()))),
            })
            .collect())
    }

    async fn rights(&mut self, scope_id: Uuid) -> Result<Rights, Stop> {
        Ok(Rights::of(self.db, self.actor, scope_id).await?)
    }

    async fn create_node(&mut self, intention: &Intention) -> Result<(), Stop> {
        let Intention::CreateNode { id, kind, parent_id, title, body, attrs, position, system, person, scope } = intention else {
            return Ok(());
        };
        let (kind, id) = (*kind, id.unwrap_or_else(Uuid::now_v7));
        let no_parent = Refusal::NotFound { what: "parent" };
        let (parent_kind, parent_scope) = store::node::lock_parent(&mut *self.db, *parent_id).await?.ok_or(no_parent)?;
        let rights = self.rights(parent_scope).await?;
        rights.need(Level::Reader, "parent")?;
        if !EdgeKind::PartOf.allows(kind, parent_kind, true) {
            return Err(Refusal::invalid("parent_id", format!("a {kind} can't be part of a {parent_kind}")).into());
        }
        rights.need(authorise::level_to_create(kind, scope.is_some()), "parent")?;

        let created_by = self.actor.person_id();
        let position = position.unwrap_or_default();
        let new = NewNode { id, kind, scope_id: parent_scope, title, body, attrs, position, created_by };
        store::node::insert_node(&mut *self.db, new).await?;
        self.insert_edge(Uuid::now_v7(), EdgeKind::PartOf, id, *parent_id, &Map::new()).await?;
        match kind {
            NodeKind::System => {
                store::system::insert_system(self.db, id, system.as_ref().unwrap_or(&SystemPatch::default())).await?;
            }
            NodeKind::Person => {
                store::person::insert_person(self.db, id, person.as_ref().unwrap_or(&PersonPatch::default())).await?;
            }
            _ => {}
        }
        if let Some(patch) = scope {
            store::scope::upsert_scope(&mut *self.db, id, patch.visibility, patch.isolated).await?;
        }
        // Whoever makes a scope owns it.
        let is_scope = kind.is_always_scope() || scope.is_some();
        if let Some(person_id) = created_by.filter(|_| is_scope) {
            self.insert_edge(Uuid::now_v7(), EdgeKind::Owner, person_id, id, &Map::new()).await?;
        }
        self.link_by_text(id, kind, body).await?;
        self.touched.push(Touched::Node(id));
        let scope_id = if is_scope { id } else { parent_scope };
        let summary = json!({ "parent_id": parent_id });
        self.record("create_node", node_subject(id, scope_id, kind, title), summary).await
    }

    async fn update_node(&mut self, intention: &Intention) -> Result<(), Stop> {
        let Intention::UpdateNode { id, version, title, body, attrs, position, system, person } = intention else {
            return Ok(());
        };
        let node = self.locked(*id, Level::Reader).await?;
        let own_account = node.kind == NodeKind::Person
            && self.actor.person_id() == Some(*id)
            && person.as_ref().is_none_or(|p| p.login.is_none() && p.disabled.is_none());
        if !own_account {
            self.rights(node.scope_id).await?.need(authorise::level_to_change(*id, &node), "node")?;
        }
        self.guard_maintenance(*id, &node).await?;
        guard_message(&node)?;
        fresh(*version, node.version)?;
        if system.is_some() && node.kind != NodeKind::System {
            return Err(Refusal::invalid("system", "only with a node of kind system").into());
        }
        if person.is_some() && node.kind != NodeKind::Person {
            return Err(Refusal::invalid("person", "only with a node of kind person").into());
        }
        if node.kind == NodeKind::Note {
            let by = if let Actor::Person { id, title, .. } = self.actor { Some((*id, title.as_str())) } else { None };
            store::note::keep_version(&mut *self.db, *id, by, NOTE_VERSIONS_MAX).await?;
        }
        store::node::update_node(&mut *self.db, *id, title.as_deref(), body.as_deref(), attrs.as_ref(), *position).await?;
        if let Some(body) = body {
            self.link_by_text(*id, node.kind, body).await?;
        }
        if node.kind == NodeKind::Maintenance {
            store::maintenance::mark_edited(&mut *self.db, *id).await?;
        }
        if let Some(patch) = system {
            store::system::update_system(self.db, *id, patch).await?;
        }
        if let Some(patch) = person {
            store::person::update_person(self.db, *id, patch).await?;
        }
        self.touched.push(Touched::Node(*id));
        let title = title.as_deref().unwrap_or(&node.title);
        let summary = json!({ "fields": changed_fields(intention), "title_before": node.title });
        self.record("update_node", node_subject(*id, node.scope_id, node.kind, title), summary).await
    }

    async fn move_node(&mut self, id: Uuid, version: i64, parent_id: Uuid) -> Result<(), Stop> {
        let node = self.locked(id, Level::Reader).await?;
        let no_parent = Refusal::NotFound { what: "parent" };
        let (parent_kind, parent_scope) = store::node::lock_parent(&mut *self.db, parent_id).await?.ok_or(no_parent)?;
        let at_parent = self.rights(parent_scope).await?;
        at_parent.need(Level::Reader, "parent")?;
        self.rights(node.scope_id).await?.need(authorise::level_to_change(id, &node), "node")?;
        at_parent.need(Level::Member, "parent")?;
        self.guard_maintenance(id, &node).await?;
        fresh(version, node.version)?;
        if node.kind.stays() || store::channel::find_what_beside(&mut *self.db, id).await?.is_some() {
            return Err(Refusal::invalid("parent_id", "where it is: it stays with what it was made for").into());
        }
        if !EdgeKind::PartOf.allows(node.kind, parent_kind, true) {
            return Err(Refusal::invalid("parent_id", format!("a {} can't be part of a {parent_kind}", node.kind)).into());
        }
        store::edge::update_parent(&mut *self.db, id, parent_id).await?;
        self.touched.push(Touched::Node(id));
        let mut subject = node_subject(id, node.scope_id, node.kind, &node.title);
        subject.other_scope_id = if node.scope_id == id { id } else { parent_scope };
        self.record("move_node", subject, json!({ "parent_id": parent_id })).await
    }

    async fn delete_node(&mut self, id: Uuid, version: i64) -> Result<(), Stop> {
        let node = self.locked(id, Level::Reader).await?;
        self.rights(node.scope_id).await?.need(authorise::level_to_delete(id, &node), "node")?;
        if let Some(maintenance) = self.guard_maintenance(id, &node).await? {
            maintenance::may_be_deleted(&maintenance)?;
        }
        guard_message(&node)?;
        fresh(version, node.version)?;
        if node.scope_id != id {
            self.guard_scopes_inside(id).await?;
        }
        let aside = store::channel::set_aside_inside(self.db, id, MESSAGES_DELETED_AT_ONCE).await?;
        if !aside.contains(&id) {
            store::node::delete_node(&mut *self.db, id).await?;
        }
        self.touched.push(Touched::Deleted(id));
        self.record("delete_node", node_subject(id, node.scope_id, node.kind, &node.title), json!({})).await
    }

    /// What one may not delete by itself, such as a channel that is closed to those around it, does not go with
    /// something else either. What a thing has, such as its channel, goes with it.
    async fn guard_scopes_inside(&mut self, id: Uuid) -> Result<(), Stop> {
        for (scope_id, in_a_place) in store::scope::list_scopes_inside(&mut *self.db, id).await? {
            let needed = if in_a_place { Level::Owner } else { Level::Member };
            if self.rights(scope_id).await?.need(needed, "node").is_err() {
                return Err(Refusal::forbidden("something in it is not yours to delete: ask whoever owns it").into());
            }
        }
        Ok(())
    }

    async fn set_scope(&mut self, id: Uuid, version: i64, patch: ScopePatch) -> Result<(), Stop> {
        let node = self.locked(id, Level::Admin).await?;
        fresh(version, node.version)?;
        if matches!(node.kind, NodeKind::Person | NodeKind::Team) {
            return Err(Refusal::invalid("id", "people and teams are granted access, they hold none of their own").into());
        }
        if matches!(node.kind, NodeKind::Connection | NodeKind::Announcement) {
            let detail = "something else: who sees a connection or an announcement follows from what it is";
            return Err(Refusal::invalid("id", detail).into());
        }
        if node.kind.stays() {
            return Err(Refusal::invalid("id", "something that is read by itself: this is as open as what it is part of").into());
        }
        store::scope::upsert_scope(&mut *self.db, id, patch.visibility, patch.isolated).await?;
        if node.scope_id != id || patch.isolated == Some(true) {
            self.own(id).await?;
        }
        self.touched.push(Touched::Node(id));
        let summary = json!({ "visibility": patch.visibility, "isolated": patch.isolated });
        self.record("set_scope", node_subject(id, node.scope_id, node.kind, &node.title), summary).await
    }

    /// Whoever makes a scope, or closes it to those above, owns it: else it could belong to nobody.
    pub(super) async fn own(&mut self, id: Uuid) -> Result<(), Stop> {
        let Some(person_id) = self.actor.person_id() else { return Ok(()) };
        if store::edge::is_owner(&mut *self.db, person_id, id).await? {
            return Ok(());
        }
        Ok(self.insert_edge(Uuid::now_v7(), EdgeKind::Owner, person_id, id, &Map::new()).await?)
    }

    async fn create_edge(
        &mut self,
        id: Uuid,
        kind: EdgeKind,
        source_id: Uuid,
        target_id: Uuid,
        attrs: &Map<String, Value>,
    ) -> Result<(), Stop> {
        if kind == EdgeKind::PartOf {
            return Err(Refusal::invalid("kind", "anything but part_of: that is what move_node is for").into());
        }
        guard_inside(kind)?;
        let source = self.end(source_id, "source node").await?;
        let target = self.end(target_id, "target node").await?;
        authorise::edge(self.db, self.actor, kind, source, target).await?;
        self.guard_affects(kind, source_id, target_id).await?;
        self.guard_circle(kind, source_id, target_id).await?;
        self.insert_edge(id, kind, source_id, target_id, attrs).await?;
        self.touched.push(Touched::Edge(id));
        self.record_edge("create_edge", id, kind, source, target).await
    }

    /// Sets an edge's attrs, or deletes it.
    async fn change_edge(&mut self, id: Uuid, version: i64, attrs: Option<&Map<String, Value>>) -> Result<(), Stop> {
        let edge = store::edge::lock_edge(&mut *self.db, id).await?.ok_or(Refusal::NotFound { what: "edge" })?;
        let source = self.end(edge.source_id, "edge").await?;
        let target = self.end(edge.target_id, "edge").await?;
        self.rights(source.scope_id).await?.need(Level::Reader, "edge")?;
        self.rights(target.scope_id).await?.need(Level::Reader, "edge")?;
        // Everybody may leave: give up what they were granted themselves.
        let leaves = attrs.is_none() && edge.kind.grants().is_some() && self.actor.person_id() == Some(edge.source_id);
        if !leaves {
            authorise::edge(self.db, self.actor, edge.kind, source, target).await?;
            self.guard_affects(edge.kind, edge.source_id, edge.target_id).await?;
        }
        guard_inside(edge.kind)?;
        fresh(version, edge.version)?;
        let Some(attrs) = attrs else {
            if edge.kind == EdgeKind::PartOf {
                return Err(Refusal::conflict("a node is part of something: move it instead").into());
            }
            store::edge::delete_edge(&mut *self.db, id).await?;
            self.touched.push(Touched::Deleted(id));
            return self.record_edge("delete_edge", id, edge.kind, source, target).await;
        };
        self.guard_dependency(edge.kind, attrs)?;
        store::edge::update_edge(&mut *self.db, id, attrs).await?;
        self.touched.push(Touched::Edge(id));
        self.record_edge("update_edge", id, edge.kind, source, target).await
    }

    async fn check_now(&mut self, id: Uuid) -> Result<(), Stop> {
        let node = self.locked(id, Level::Member).await?;
        if node.kind != NodeKind::System {
            return Err(Refusal::invalid("id", "a system").into());
        }
        store::check::due_now(&mut *self.db, id).await?;
        self.touched.push(Touched::Due(id));
        self.record("check_now", node_subject(id, node.scope_id, node.kind, &node.title), json!({})).await
    }

    /// The node, locked; refused to whoever has less than `level` in its scope.
    async fn locked(&mut self, id: Uuid, level: Level) -> Result<LockedNode, Stop> {
        let node = store::node::lock_node(&mut *self.db, id).await?.ok_or(Refusal::NotFound { what: "node" })?;
        self.rights(node.scope_id).await?.need(level, "node")?;
        Ok(node)
    }

    async fn end(&mut self, id: Uuid, what: &'static str) -> Result<End, Stop> {
        let (kind, scope_id) = store::node::lock_parent(&mut *self.db, id).await?.ok_or(Refusal::NotFound { what })?;
        Ok(End { id, kind, scope_id })
    }

    async fn insert_edge(
        &mut self,
        id: Uuid,
        kind: EdgeKind,
        source_id: Uuid,
        target_id: Uuid,
        attrs: &Map<String, Value>,
    ) -> Result<(), sqlx::Error> {
        let created_by = self.actor.person_id();
        store::edge::insert_edge(&mut *self.db, NewEdge { id, kind, source_id, target_id, attrs, created_by }).await
    }

    async fn record_edge(&mut self, action: &str, id: Uuid, kind: EdgeKind, source: End, target: End) -> Result<(), Stop> {
        let titles = store::node::list_titles(&mut *self.db, &[source.id, target.id]).await?;
        let title = |id: Uuid| titles.iter().find(|(i, _)| *i == id).map(|(_, title)| title.clone());
        let subject = AuditSubject {
            node_id: Some(source.id),
            edge_id: Some(id),
            scope_id: source.scope_id,
            other_scope_id: target.scope_id,
            kind: Some(source.kind),
            title: title(source.id),
        };
        let summary = json!({
            "edge": kind,
            "target": { "id": target.id, "kind": target.kind, "title": title(target.id) },
        });
        self.record(action, subject, summary).await
    }

    /// Writes the audit entry: node kind and title as they are now, and what the caller adds.
    async fn record(&mut self, action: &str, subject: AuditSubject, mut summary: Value) -> Result<(), Stop> {
        if let Some(fields) = summary.as_object_mut() {
            fields.insert("kind".into(), json!(subject.kind));
            fields.insert("title".into(), json!(subject.title));
        }
        let actor_title = if let Actor::Person { title, .. } = self.actor { Some(title.as_str()) } else { None };
        let entry = store::audit::NewEntry {
            id: Uuid::now_v7(),
            actor_id: self.actor.person_id(),
            actor_title,
            action,
            subject: &subject,
            summary: &summary,
            request_id: self.request_id,
        };
        Ok(store::audit::insert_entry(&mut *self.db, entry).await?)
    }
}

fn node_subject(id: Uuid, scope_id: Uuid, kind: NodeKind, title: &str) -> AuditSubject {
    AuditSubject {
        node_id: Some(id),
        edge_id: None,
        scope_id,
        other_scope_id: scope_id,
        kind: Some(kind),
        title: Some(title.to_owned()),
    }
}

/// In their order, each once.
fn distinct(ids: &[Uuid]) -> Vec<Uuid> {
    let mut seen = HashSet::new();
    ids.iter().copied().filter(|id| seen.insert(*id)).collect()
}

/// Refuses a change of a version that is not the present one.
fn fresh(said: i64, current: i64) -> Result<(), Refusal> {
    if said == current { Ok(()) } else { Err(Refusal::Stale { current_version: current }) }
}

/// Who is where, is what devices say.
fn guard_inside(kind: EdgeKind) -> Result<(), Refusal> {
    match kind {
        EdgeKind::Inside => Err(Refusal::invalid("kind", "anything but inside: that follows from a device's positions")),
        _ => Ok(()),
    }
}

/// The names of what an update sets, for the audit log: never values, which may be secret.
fn changed_fields(intention: &Intention) -> Vec<String> {
    let Ok(Value::Object(said)) = serde_json::to_value(intention) else { return Vec::new() };
    said.iter()
        .filter(|(name, _)| !matches!(name.as_str(), "type" | "id" | "version"))
        .flat_map(|(name, value)| match (name.as_str(), value) {
            (
                "system" | "person" | "maintenance" | "series" | "incident" | "view" | "connection" | "announcement"
                | "status_page" | "device" | "geofence" | "channel",
                Value::Object(inner),
            ) => inner.keys().map(|key| format!("{name}.{key}")).collect(),
            _ => vec![name.clone()],
        })
        .collect()
}
