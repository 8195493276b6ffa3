//! Nodes: the same shape in lists, single reads, typed routes and on the socket.

use super::announcement::AnnouncementView;
use super::board::{CardView, ColumnView};
use super::catalog::ViewView;
use super::channel::ChannelView;
use super::connection::ConnectionView;
use super::device::DeviceView;
use super::geofence::GeofenceView;
use super::incident::IncidentView;
use super::maintenance::MaintenanceView;
use super::message::MessageView;
use super::status_page::StatusPageView;
use chrono::{DateTime, Utc};
use domain::check::CheckSpec;
use domain::link::Link;
use domain::node::{Facet, Node, Scope};
use domain::person::Person;
use domain::system::{State, System};
use domain::{NodeKind, Visibility};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

/// Anything with a name. Exactly one facet, by kind; absent for kinds without one.
#[derive(Serialize, ToSchema)]
#[schema(as = Node)]
pub(crate) struct NodeView<'a> {
    id: Uuid,
    kind: NodeKind,
    #[schema(example = "Checkout")]
    title: &'a str,
    /// Markdown.
    body: &'a str,
    attrs: &'a Map<String, Value>,
    /// Where it stands among its neighbours in an ordered list; equals go by title.
    #[schema(example = 0)]
    position: i32,
    /// The nearest scope root: decides who sees it.
    scope_id: Uuid,
    /// What it is part of; null for the instance alone.
    #[schema(required)]
    parent_id: Option<Uuid>,
    /// Raised by each change.
    #[schema(example = 3)]
    version: i64,
    /// Null: the server itself, or somebody with psql.
    #[schema(required)]
    created_by: Option<Uuid>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    system: Option<SystemView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    person: Option<PersonView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    maintenance: Option<MaintenanceView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    view: Option<ViewView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    incident: Option<IncidentView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    connection: Option<ConnectionView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    announcement: Option<AnnouncementView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    status_page: Option<StatusPageView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    device: Option<DeviceView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    geofence: Option<GeofenceView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    channel: Option<ChannelView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    message: Option<MessageView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    column: Option<ColumnView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    card: Option<CardView<'a>>,
    /// On scope roots: who reads it without a grant.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    scope: Option<ScopeView>,
}

/// What a system has besides.
#[derive(Serialize, ToSchema)]
#[schema(as = System)]
pub(crate) struct SystemView<'a> {
    /// As its checks say.
    state: State,
    state_since: DateTime<Utc>,
    #[schema(required, example = "connection refused")]
    state_reason: Option<&'a str>,
    /// The worse of its own and of what the systems that it depends on, and open incidents, make of it.
    effective_state: State,
    effective_since: DateTime<Utc>,
    enabled: bool,
    #[schema(example = 30)]
    interval_s: i32,
    #[schema(example = 5000)]
    timeout_ms: i32,
    /// So many failures in a row make it `down`; fewer make it `degraded`.
    #[schema(example = 3)]
    failures_to_down: i16,
    /// Null: it is not checked.
    #[schema(required)]
    check: Option<&'a CheckSpec>,
    /// A password is kept with the check. It is never shown.
    has_password: bool,
    links: &'a [Link],
    /// Down for so long it gets an incident by itself; null: never.
    #[schema(required, example = 300)]
    incident_after_s: Option<i32>,
    /// That ends when it is up again.
    incident_auto_resolve: bool,
}

/// What a person has besides.
#[derive(Serialize, ToSchema)]
#[schema(as = Person)]
pub(crate) struct PersonView<'a> {
    /// What one signs in with.
    #[schema(example = "kari")]
    login: &'a str,
    #[schema(required, example = "kari@example.org")]
    email: Option<&'a str>,
    /// Signed out everywhere, and can't sign in.
    disabled: bool,
}

/// What a scope root has besides.
#[derive(Serialize, ToSchema)]
#[schema(as = Scope)]
pub(crate) struct ScopeView {
    visibility: Visibility,
    /// Takes no grants from the scopes around it.
    isolated: bool,
}

impl<'a> From<&'a Node> for NodeView<'a> {
    fn from(node: &'a Node) -> Self {
        let mut view = Self {
            id: node.id,
            kind: node.kind,
            title: &node.title,
            body: &node.body,
            attrs: &node.attrs,
            position: node.position,
            scope_id: node.scope_id,
            parent_id: node.parent_id,
            version: node.version,
            created_by: node.created_by,
            created_at: node.created_at,
            updated_at: node.updated_at,
            system: None,
            person: None,
            maintenance: None,
            view: None,
            incident: None,
            connection: None,
            announcement: None,
            status_page: None,
            device: None,
            geofence: None,
            channel: None,
            message: None,
            column: None,
            card: None,
            scope: node.scope.map(Into::into),
        };
        match &node.facet {
            Some(Facet::System(system)) => view.system = Some(system.into()),
            Some(Facet::Person(person)) => view.person = Some(person.into()),
            Some(Facet::Maintenance(maintenance)) => view.maintenance = Some(maintenance.into()),
            Some(Facet::View(filter)) => view.view = Some(filter.into()),
            Some(Facet::Incident(incident)) => view.incident = Some(incident.into()),
            Some(Facet::Connection(connection)) => view.connection = Some(connection.into()),
            Some(Facet::Announcement(announcement)) => view.announcement = Some(announcement.into()),
            Some(Facet::StatusPage(page)) => view.status_page = Some(page.into()),
            Some(Facet::Device(device)) => view.device = Some(device.into()),
            Some(Facet::Geofence(geofence)) => view.geofence = Some(geofence.into()),
            Some(Facet::Channel(channel)) => view.channel = Some(channel.into()),
            Some(Facet::Message(message)) => view.message = Some(MessageView::new(message, node.created_by)),
            Some(Facet::Column(column)) => view.column = Some(column.into()),
            Some(Facet::Card(card)) => view.card = Some(card.into()),
            None => {}
        }
        view
    }
}

impl<'a> From<&'a System> for SystemView<'a> {
    fn from(system: &'a System) -> Self {
        Self {
            state: system.state,
            state_since: system.state_since,
            state_reason: system.state_reason.as_deref(),
            effective_state: system.effective_state,
            effective_since: system.effective_since,
            enabled: system.enabled,
            interval_s: system.interval_s,
            timeout_ms: system.timeout_ms,
            failures_to_down: system.failures_to_down,
            check: system.check.as_ref(),
            has_password: system.has_password,
            links: &system.links,
            incident_after_s: system.incident_after_s,
            incident_auto_resolve: system.incident_auto_resolve,
        }
    }
}

impl<'a> From<&'a Person> for PersonView<'a> {
    fn from(person: &'a Person) -> Self {
        Self { login: &person.login, email: person.email.as_deref(), disabled: person.disabled }
    }
}

impl From<Scope> for ScopeView {
    fn from(scope: Scope) -> Self {
        Self { visibility: scope.visibility, isolated: scope.isolated }
    }
}

/// A page of nodes.
#[derive(Serialize, ToSchema)]
pub(crate) struct NodePage<'a> {
    pub(crate) items: Vec<NodeView<'a>>,
    /// Give it as `cursor` for what follows; null at the end.
    #[schema(required)]
    pub(crate) next_cursor: Option<String>,
}

/// A node as JSON, for the socket: rendered once and shared by all its readers.
pub fn render_node(node: &Node) -> Vec<u8> {
    // Strings, numbers and maps with string keys: there is nothing that could fail.
    serde_json::to_vec(&NodeView::from(node)).unwrap_or_default()
}
