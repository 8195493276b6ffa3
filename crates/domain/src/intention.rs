//! What somebody wants done: the only way in. HTTP routes, checks and the command line all say it
//! with these.

mod action;
mod board;
mod catalog;
mod chat;
mod fleet;
mod incident;
mod series;
mod status_page;

use crate::access::Visibility;
use crate::announcement::AnnouncementPatch;
use crate::board::Place;
use crate::channel::ChannelPatch;
use crate::connection::{Channel, ConnectionPatch};
use crate::contact::NewContact;
use crate::dependency::Impact;
use crate::device::DevicePatch;
use crate::edge::EdgeKind;
use crate::geofence::GeofencePatch;
use crate::incident::{IncidentPatch, NewIncidentUpdate};
use crate::limits::{ANNOUNCEMENTS_ORDERED_MAX, ATTRS_MAX_BYTES, BODY_MAX_BYTES, TEMPLATES_MAX, TITLE_MAX_CHARS};
use crate::maintenance::{MaintenancePatch, NewUpdate, SeriesPatch};
use crate::node::NodeKind;
use crate::notification::Template;
use crate::person::PersonPatch;
use crate::refusal::Refusal;
use crate::status_page::{EntryPatch, StatusPagePatch};
use crate::system::SystemPatch;
use crate::timeline::{Audience, UpdatePatch, validate_message};
use crate::view::ViewFilter;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum Intention {
    CreateNode {
        /// Made by the caller, so that a repeat is a conflict and not a second node.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<Uuid>,
        kind: NodeKind,
        parent_id: Uuid,
        title: String,
        #[serde(default)]
        body: String,
        #[serde(default)]
        attrs: Map<String, Value>,
        /// Among its neighbours in an ordered list; by default 0.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        position: Option<i32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        system: Option<SystemPatch>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        person: Option<PersonPatch>,
        /// Makes it a scope root (workspaces are one anyway).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scope: Option<ScopePatch>,
    },
    UpdateNode {
        id: Uuid,
        version: i64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        attrs: Option<Map<String, Value>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        position: Option<i32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        system: Option<SystemPatch>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        person: Option<PersonPatch>,
    },
    MoveNode {
        id: Uuid,
        version: i64,
        parent_id: Uuid,
    },
    /// And what is part of it.
    DeleteNode {
        id: Uuid,
        version: i64,
    },
    SetScope {
        id: Uuid,
        version: i64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        visibility: Option<Visibility>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        isolated: Option<bool>,
    },
    CreateEdge {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<Uuid>,
        kind: EdgeKind,
        source_id: Uuid,
        target_id: Uuid,
        #[serde(default)]
        attrs: Map<String, Value>,
    },
    UpdateEdge {
        id: Uuid,
        version: i64,
        attrs: Map<String, Value>,
    },
    DeleteEdge {
        id: Uuid,
        version: i64,
    },
    /// Has the next check run now.
    CheckNow {
        id: Uuid,
    },
    /// Makes a maintenance. Its window and what it affects must be given.
    PlanMaintenance {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<Uuid>,
        /// A workspace, a group or the instance; by default the scope of the first that it affects.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent_id: Option<Uuid>,
        title: String,
        #[serde(default)]
        body: String,
        #[serde(default)]
        attrs: Map<String, Value>,
        maintenance: MaintenancePatch,
    },
    UpdateMaintenance {
        id: Uuid,
        version: i64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        attrs: Option<Map<String, Value>>,
        #[serde(default)]
        maintenance: MaintenancePatch,
    },
    /// Moves the end of one that has not ended to a later time.
    ExtendMaintenance {
        id: Uuid,
        ends_at: DateTime<Utc>,
    },
    /// Brings the whole window forward: it starts now.
    StartMaintenance {
        id: Uuid,
    },
    /// Completes one that is under way, without verifying.
    CloseMaintenance {
        id: Uuid,
    },
    /// Calls off one that has not started.
    CancelMaintenance {
        id: Uuid,
        /// For everybody who sees it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Tells people something about it.
    AddMaintenanceUpdate {
        id: Uuid,
        update: NewUpdate,
    },
    /// Puts groups that are part of the same into this order.
    OrderGroups {
        parent_id: Uuid,
        ids: Vec<Uuid>,
    },
    CreateView {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<Uuid>,
        /// A workspace, or the instance.
        parent_id: Uuid,
        title: String,
        #[serde(default)]
        body: String,
        #[serde(default)]
        attrs: Map<String, Value>,
        view: ViewFilter,
    },
    UpdateView {
        id: Uuid,
        version: i64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        attrs: Option<Map<String, Value>>,
        /// The whole selection.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        view: Option<ViewFilter>,
    },
    /// Says who is asked about a system or a group.
    AddContact {
        target_id: Uuid,
        contact: NewContact,
    },
    /// Changes a mailbox.
    UpdateMailbox {
        id: Uuid,
        version: i64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        email: Option<String>,
    },
    OpenIncident {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<Uuid>,
        /// A workspace, a group or the instance; by default the scope of the first that it affects.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent_id: Option<Uuid>,
        title: String,
        #[serde(default)]
        body: String,
        #[serde(default)]
        attrs: Map<String, Value>,
        #[serde(default)]
        incident: IncidentPatch,
        /// The first that people are told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        update: Option<NewIncidentUpdate>,
    },
    UpdateIncident {
        id: Uuid,
        version: i64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        attrs: Option<Map<String, Value>>,
        #[serde(default)]
        incident: IncidentPatch,
    },
    /// Says that somebody is at it.
    AcknowledgeIncident {
        id: Uuid,
    },
    ResolveIncident {
        id: Uuid,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
        /// Of the message; by default `public`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        audience: Option<Audience>,
    },
    /// Tells people something about it.
    AddIncidentUpdate {
        id: Uuid,
        update: NewIncidentUpdate,
    },
    /// Changes what people were told about a maintenance or an incident; what it said before is kept.
    EditUpdate {
        /// The maintenance or incident.
        id: Uuid,
        update_id: Uuid,
        /// Of the update.
        version: i64,
        patch: UpdatePatch,
    },
    /// Makes a way for messages to leave Synops.
    CreateConnection {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<Uuid>,
        /// A workspace or the instance.
        parent_id: Uuid,
        title: String,
        #[serde(default)]
        body: String,
        channel: Channel,
        connection: ConnectionPatch,
    },
    UpdateConnection {
        id: Uuid,
        version: i64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<String>,
        #[serde(default)]
        connection: ConnectionPatch,
    },
    /// Makes these, and no others, a connection's own words.
    SetConnectionTemplates {
        id: Uuid,
        version: i64,
        templates: Vec<Template>,
    },
    /// Makes a device. Its IMEI must be given.
    CreateDevice {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<Uuid>,
        /// A workspace or group.
        parent_id: Uuid,
        title: String,
        #[serde(default)]
        body: String,
        device: DevicePatch,
    },
    UpdateDevice {
        id: Uuid,
        version: i64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<String>,
        #[serde(default)]
        device: DevicePatch,
    },
    /// Makes a geofence. Its shape must be given.
    CreateGeofence {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<Uuid>,
        /// A workspace or group.
        parent_id: Uuid,
        title: String,
        #[serde(default)]
        body: String,
        geofence: GeofencePatch,
    },
    UpdateGeofence {
        id: Uuid,
        version: i64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<String>,
        #[serde(default)]
        geofence: GeofencePatch,
    },
    /// Says of a device's positions within a time that they can't be true, or takes that back.
    MarkPositions {
        device_id: Uuid,
        from: DateTime<Utc>,
        /// Not itself in it.
        to: DateTime<Utc>,
        faulty: bool,
    },
    /// Has a device's story told anew from this time on.
    RetellDevice {
        device_id: Uuid,
        from: DateTime<Utc>,
    },
    /// Has a device told something; it answers when it is there.
    SendCommand {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<Uuid>,
        device_id: Uuid,
        text: String,
        /// 12, or 14: then only the device with this IMEI answers.
        codec: i16,
    },
    CreateAnnouncement {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<Uuid>,
        /// A workspace or the instance.
        parent_id: Uuid,
        title: String,
        #[serde(default)]
        body: String,
        #[serde(default)]
        announcement: AnnouncementPatch,
    },
    UpdateAnnouncement {
        id: Uuid,
        version: i64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<String>,
        #[serde(default)]
        announcement: AnnouncementPatch,
    },
    /// Has these announcements stand in this order.
    OrderAnnouncements {
        ids: Vec<Uuid>,
    },
    /// Makes a series: maintenances that come again. When they are and what they affect must be given.
    CreateMaintenanceSeries {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<Uuid>,
        /// As of a maintenance.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent_id: Option<Uuid>,
        title: String,
        #[serde(default)]
        body: String,
        series: SeriesPatch,
    },
    /// Those of its maintenances follow that have not begun and that nobody has changed by hand.
    UpdateMaintenanceSeries {
        id: Uuid,
        version: i64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<String>,
        #[serde(default)]
        series: SeriesPatch,
    },
    /// No more of them; those to come that follow it are called off.
    EndMaintenanceSeries {
        id: Uuid,
        version: i64,
    },
    /// Makes a status page. Its slug must be given; whoever makes it owns it.
    CreateStatusPage {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<Uuid>,
        /// A workspace or the instance.
        parent_id: Uuid,
        title: String,
        #[serde(default)]
        body: String,
        status_page: StatusPagePatch,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        visibility: Option<Visibility>,
    },
    UpdateStatusPage {
        id: Uuid,
        version: i64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<String>,
        #[serde(default)]
        status_page: StatusPagePatch,
    },
    /// Makes these, in this order, what a status page shows. What the caller can't see stays where it is.
    SetStatusPageEntries {
        id: Uuid,
        version: i64,
        entries: Vec<EntryPatch>,
    },
    /// Makes a channel. Of a system, incident, maintenance or board there is one: that is answered when it is there.
    CreateChannel {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<Uuid>,
        parent_id: Uuid,
        /// By default the title of what it is part of.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        #[serde(default)]
        body: String,
        #[serde(default)]
        channel: ChannelPatch,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scope: Option<ScopePatch>,
    },
    UpdateChannel {
        id: Uuid,
        version: i64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<String>,
        #[serde(default)]
        channel: ChannelPatch,
    },
    /// Says something. The same id again, from the same author in the same channel, is answered with what is there.
    SendMessage {
        id: Uuid,
        channel_id: Uuid,
        /// The message that it answers.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        thread_id: Option<Uuid>,
        body: String,
        /// Uploaded before, to the same channel.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        file_ids: Vec<Uuid>,
    },
    EditMessage {
        id: Uuid,
        version: i64,
        body: String,
    },
    /// Takes its text, files and reactions away for good; its place stays.
    DeleteMessage {
        id: Uuid,
        version: i64,
    },
    React {
        id: Uuid,
        emoji: String,
        on: bool,
    },
    PinMessage {
        id: Uuid,
        pinned: bool,
    },
    /// Puts it on the timeline of the incident or maintenance that its channel is beside.
    PromoteMessage {
        id: Uuid,
        audience: Audience,
    },
    CreateColumn {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<Uuid>,
        board_id: Uuid,
        title: String,
        #[serde(default)]
        place: Place,
    },
    MoveColumn {
        id: Uuid,
        place: Place,
    },
    CreateCard {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<Uuid>,
        column_id: Uuid,
        title: String,
        #[serde(default)]
        body: String,
        #[serde(default)]
        place: Place,
    },
    MoveCard {
        id: Uuid,
        column_id: Uuid,
        #[serde(default)]
        place: Place,
    },
}

/// Who sees a scope, and what it inherits; absent fields stay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScopePatch {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visibility: Option<Visibility>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub isolated: Option<bool>,
}

impl Intention {
    /// What can be said without looking: lengths, ranges, forms.
    pub fn validate(&self) -> Result<(), Refusal> {
        match self {
            Self::CreateNode { kind, title, body, attrs, system, person, .. } => {
                validate_own(Some(title), Some(body), Some(attrs))?;
                if kind.has_own_form() {
                    return Err(Refusal::invalid("kind", format!("another kind: a {kind} is made by an intention of its own")));
                }
                validate_facets(Some(*kind), system.as_ref(), person.as_ref())?;
                if *kind == NodeKind::Person && person.as_ref().is_none_or(|p| p.login.is_none()) {
                    return Err(Refusal::invalid("person.login", "a person needs something to sign in with"));
                }
                Ok(())
            }
            Self::UpdateNode { title, body, attrs, system, person, .. } => {
                validate_own(title.as_deref(), body.as_deref(), attrs.as_ref())?;
                validate_facets(None, system.as_ref(), person.as_ref())
            }
            Self::CreateEdge { kind, attrs, source_id, target_id, .. } => validate_edge(*kind, attrs, source_id == target_id),
            Self::UpdateEdge { attrs, .. } => validate_attrs(attrs),
            Self::PlanMaintenance { title, body, attrs, maintenance, .. } => {
                validate_own(Some(title), Some(body), Some(attrs))?;
                validate_plan(maintenance).map_err(|r| r.within("maintenance"))
            }
            Self::UpdateMaintenance { title, body, attrs, maintenance, .. } => {
                validate_own(title.as_deref(), body.as_deref(), attrs.as_ref())?;
                maintenance.validate().map_err(|r| r.within("maintenance"))
            }
            Self::CancelMaintenance { reason, .. } => {
                let reason = reason.as_deref().map_or(Ok(()), validate_message);
                reason.map_err(|_| Refusal::invalid("reason", "a text, or nothing"))
            }
            Self::AddMaintenanceUpdate { update, .. } => update.validate().map_err(|r| r.within("update")),
            Self::OrderGroups { .. }
            | Self::CreateView { .. }
            | Self::UpdateView { .. }
            | Self::AddContact { .. }
            | Self::UpdateMailbox { .. } => catalog::validate(self),
            Self::OpenIncident { .. }
            | Self::UpdateIncident { .. }
            | Self::ResolveIncident { .. }
            | Self::AddIncidentUpdate { .. }
            | Self::EditUpdate { .. } => incident::validate(self),
            Self::CreateConnection { .. }
            | Self::UpdateConnection { .. }
            | Self::SetConnectionTemplates { .. }
            | Self::CreateAnnouncement { .. }
            | Self::UpdateAnnouncement { .. }
            | Self::OrderAnnouncements { .. } => validate_message_ways(self),
            Self::CreateDevice { .. }
            | Self::UpdateDevice { .. }
            | Self::CreateGeofence { .. }
            | Self::UpdateGeofence { .. }
            | Self::MarkPositions { .. }
            | Self::RetellDevice { .. }
            | Self::SendCommand { .. } => fleet::validate(self),
            Self::CreateMaintenanceSeries { .. } | Self::UpdateMaintenanceSeries { .. } => series::validate(self),
            Self::CreateStatusPage { .. } | Self::UpdateStatusPage { .. } | Self::SetStatusPageEntries { .. } => {
                status_page::validate(self)
            }
            Self::CreateChannel { .. }
            | Self::UpdateChannel { .. }
            | Self::SendMessage { .. }
            | Self::EditMessage { .. }
            | Self::React { .. } => chat::validate(self),
            Self::CreateColumn { .. } | Self::CreateCard { .. } => board::validate(self),
            // Ids, versions, and what is closed by its type.
            _ => Ok(()),
        }
    }
}

fn validate_edge(kind: EdgeKind, attrs: &Map<String, Value>, is_to_itself: bool) -> Result<(), Refusal> {
    if is_to_itself {
        return Err(Refusal::invalid("target_id", "another node than the source"));
    }
    if kind == EdgeKind::DependsOn {
        Impact::of_attrs(attrs)?;
    }
    validate_attrs(attrs)
}

/// A plan says when and what.
fn validate_plan(plan: &MaintenancePatch) -> Result<(), Refusal> {
    let missing = |field| Refusal::invalid(field, "it must be given");
    plan.starts_at.ok_or_else(|| missing("starts_at"))?;
    plan.ends_at.ok_or_else(|| missing("ends_at"))?;
    plan.affects.as_ref().ok_or_else(|| missing("affects"))?;
    plan.validate()
}

/// Connections and announcements.
fn validate_message_ways(intention: &Intention) -> Result<(), Refusal> {
    match intention {
        Intention::CreateConnection { title, body, channel, connection, .. } => {
            validate_own(Some(title), Some(body), None)?;
            connection.validate(Some(*channel)).map_err(|r| r.within("connection"))
        }
        Intention::UpdateConnection { title, body, connection, .. } => {
            validate_own(title.as_deref(), body.as_deref(), None)?;
            connection.validate(None).map_err(|r| r.within("connection"))
        }
        Intention::SetConnectionTemplates { templates, .. } => validate_templates(templates),
        Intention::CreateAnnouncement { title, body, .. } => validate_own(Some(title), Some(body), None),
        Intention::UpdateAnnouncement { title, body, .. } => validate_own(title.as_deref(), body.as_deref(), None),
        Intention::OrderAnnouncements { ids } => match ids.len() {
            1..=ANNOUNCEMENTS_ORDERED_MAX => Ok(()),
            _ => Err(Refusal::invalid("ids", format!("1 to {ANNOUNCEMENTS_ORDERED_MAX} announcements"))),
        },
        _ => Ok(()),
    }
}

/// What every node has of its own, as far as it is given.
fn validate_own(title: Option<&str>, body: Option<&str>, attrs: Option<&Map<String, Value>>) -> Result<(), Refusal> {
    title.map_or(Ok(()), validate_title)?;
    body.map_or(Ok(()), validate_body)?;
    attrs.map_or(Ok(()), validate_attrs)
}

fn validate_templates(templates: &[Template]) -> Result<(), Refusal> {
    let mut kinds: Vec<_> = templates.iter().map(|template| template.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    if kinds.len() != templates.len() || templates.len() > TEMPLATES_MAX {
        return Err(Refusal::invalid("templates", "one for a kind"));
    }
    let each = |(at, template): (usize, &Template)| template.validate().map_err(|r| r.within(&format!("templates[{at}]")));
    templates.iter().enumerate().try_for_each(each)
}

fn validate_title(title: &str) -> Result<(), Refusal> {
    if title.trim().is_empty() || title.chars().count() > TITLE_MAX_CHARS || title.contains('\0') {
        return Err(Refusal::invalid("title", format!("1 to {TITLE_MAX_CHARS} characters")));
    }
    Ok(())
}

fn validate_body(body: &str) -> Result<(), Refusal> {
    if body.len() > BODY_MAX_BYTES || body.contains('\0') {
        return Err(Refusal::invalid("body", format!("at most {BODY_MAX_BYTES} bytes, without NUL")));
    }
    Ok(())
}

fn validate_attrs(attrs: &Map<String, Value>) -> Result<(), Refusal> {
    // PostgreSQL keeps jsonb in another form, with spaces: half the bound leaves it room.
    let text = serde_json::to_string(attrs).map_err(|_| Refusal::invalid("attrs", "a JSON object"))?;
    if text.len() > ATTRS_MAX_BYTES / 2 || text.contains("\\u0000") {
        return Err(Refusal::invalid("attrs", format!("a JSON object of at most {} bytes, without NUL", ATTRS_MAX_BYTES / 2)));
    }
    Ok(())
}

fn validate_facets(kind: Option<NodeKind>, system: Option<&SystemPatch>, person: Option<&PersonPatch>) -> Result<(), Refusal> {
    if let Some(system) = system {
        if kind.is_some_and(|k| k != NodeKind::System) {
            return Err(Refusal::invalid("system", "only with kind system"));
        }
        system.validate().map_err(|r| r.within("system"))?;
    }
    if let Some(person) = person {
        if kind.is_some_and(|k| k != NodeKind::Person) {
            return Err(Refusal::invalid("person", "only with kind person"));
        }
        person.validate().map_err(|r| r.within("person"))?;
    }
    Ok(())
}

/// Tells `null` from absent: `Some(None)` and `None`.
pub mod present {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn deserialize<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<Option<T>>, D::Error> {
        Option::<T>::deserialize(from).map(Some)
    }

    pub fn serialize<S: Serializer, T: Serialize>(value: &Option<Option<T>>, to: S) -> Result<S::Ok, S::Error> {
        value.as_ref().and_then(Option::as_ref).serialize(to)
    }
}
