//! The catalog: selections, contacts, links, dependencies, and why systems are as they are.

use super::node::NodeView;
use crate::reads::WithCause;
use chrono::{DateTime, Utc};
use domain::NodeKind;
use domain::dependency::{Cause, Impact};
use domain::link::Link;
use domain::system::State;
use domain::view::{SystemOrder, ViewFilter};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::contact::{Contact, ContactEnd};
use store::dependency::{Dependency, DependencyEnd};
use utoipa::ToSchema;
use uuid::Uuid;

/// Which systems a view shows; what is empty takes all.
#[derive(Serialize, ToSchema)]
#[schema(as = View)]
pub(crate) struct ViewView<'a> {
    /// In one of these states, with what they depend on.
    states: &'a [State],
    environment_ids: &'a [Uuid],
    group_ids: &'a [Uuid],
    /// These besides, whatever the conditions say; without a condition these alone.
    system_ids: &'a [Uuid],
    /// A part of the title, in any case.
    #[schema(required)]
    text: Option<&'a str>,
    order: SystemOrder,
}

impl<'a> From<&'a ViewFilter> for ViewView<'a> {
    fn from(filter: &'a ViewFilter) -> Self {
        Self {
            states: &filter.states,
            environment_ids: &filter.environment_ids,
            group_ids: &filter.group_ids,
            system_ids: &filter.system_ids,
            text: filter.text.as_deref(),
            order: filter.order.unwrap_or(SystemOrder::Title),
        }
    }
}

/// A new view, in a workspace or the instance.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewView {
    /// Made by the caller, if at all.
    #[schema(nullable = false)]
    pub(crate) id: Option<Uuid>,
    pub(crate) parent_id: Uuid,
    #[schema(min_length = 1, max_length = 200, example = "Down in production")]
    pub(crate) title: String,
    /// Markdown.
    #[serde(default)]
    pub(crate) body: String,
    #[serde(default)]
    pub(crate) attrs: Map<String, Value>,
    #[serde(default)]
    pub(crate) view: ViewFilter,
}

/// Changes of a view; absent fields stay.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ViewChange {
    #[schema(nullable = false)]
    pub(crate) title: Option<String>,
    #[schema(nullable = false)]
    pub(crate) body: Option<String>,
    #[schema(nullable = false)]
    pub(crate) attrs: Option<Map<String, Value>>,
    /// The whole selection.
    #[schema(nullable = false)]
    pub(crate) view: Option<ViewFilter>,
}

/// Groups that are part of the same, in the order that they are to have. Those that are not named keep
/// their position.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupOrder {
    pub(crate) parent_id: Uuid,
    #[schema(min_items = 1, max_items = 200)]
    pub(crate) ids: Vec<Uuid>,
}

/// Who is asked about a system or a group.
#[derive(Serialize, ToSchema)]
#[schema(as = Contact)]
pub(crate) struct ContactView {
    /// Of the edge `contact_of`: what is deleted.
    edge_id: Uuid,
    /// Of the edge.
    #[schema(example = 1)]
    version: i64,
    #[schema(required, example = "on call")]
    role: Option<String>,
    contact: NamedNode,
    /// Null to whoever has not signed in, and of a team.
    #[schema(required, example = "support@example.org")]
    email: Option<String>,
    /// The system or group itself, or a group around it that has this contact.
    from: NamedNode,
    /// From a group around it.
    inherited: bool,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct NamedNode {
    id: Uuid,
    kind: NodeKind,
    #[schema(example = "Checkout")]
    title: String,
}

impl From<ContactEnd> for NamedNode {
    fn from(end: ContactEnd) -> Self {
        Self { id: end.id, kind: end.kind, title: end.title }
    }
}

impl From<Contact> for ContactView {
    fn from(contact: Contact) -> Self {
        Self {
            edge_id: contact.edge_id,
            version: contact.version,
            role: contact.role,
            contact: contact.who.into(),
            email: contact.email,
            from: contact.of.into(),
            inherited: contact.distance > 0,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ContactPage {
    pub(crate) items: Vec<ContactView>,
    /// Give it as `cursor` for what follows; null at the end.
    #[schema(required)]
    pub(crate) next_cursor: Option<String>,
}

/// Changes of a mailbox; absent fields stay.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MailboxChange {
    #[schema(nullable = false)]
    pub(crate) title: Option<String>,
    #[schema(nullable = false, example = "support@example.org")]
    pub(crate) email: Option<String>,
}

/// Links of a system.
#[derive(Serialize, ToSchema)]
pub(crate) struct SystemLinks {
    #[schema(max_items = 20)]
    pub(crate) links: Vec<Link>,
    /// Of the system.
    #[schema(example = 3)]
    pub(crate) version: i64,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LinksChange {
    /// These and no others.
    #[schema(max_items = 20)]
    pub(crate) links: Vec<Link>,
}

/// What depends on what.
#[derive(Serialize, ToSchema)]
#[schema(as = Dependency)]
pub(crate) struct DependencyView {
    /// Of the edge `depends_on`.
    id: Uuid,
    /// Of the edge.
    #[schema(example = 1)]
    version: i64,
    impact: Impact,
    system: SystemInBrief,
    depends_on: SystemInBrief,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SystemInBrief {
    id: Uuid,
    #[schema(example = "Database")]
    title: String,
    /// As its checks say.
    state: State,
    /// With what it depends on, and open incidents.
    effective_state: State,
}

impl From<DependencyEnd> for SystemInBrief {
    fn from(end: DependencyEnd) -> Self {
        Self { id: end.id, title: end.title, state: end.state, effective_state: end.effective_state }
    }
}

impl From<Dependency> for DependencyView {
    fn from(dependency: Dependency) -> Self {
        Self {
            id: dependency.id,
            version: dependency.version,
            impact: dependency.impact,
            system: dependency.system.into(),
            depends_on: dependency.depends_on.into(),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct DependencyPage {
    pub(crate) items: Vec<DependencyView>,
    /// Give it as `cursor` for what follows; null at the end.
    #[schema(required)]
    pub(crate) next_cursor: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewDependency {
    pub(crate) system_id: Uuid,
    /// What it depends on.
    pub(crate) depends_on_id: Uuid,
    /// By default `degraded`.
    #[schema(nullable = false)]
    pub(crate) impact: Option<Impact>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DependencyChange {
    pub(crate) impact: Impact,
}

/// Where it began that a system is not well: the system by name, or `hidden` for something that the caller
/// may not see.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = Cause)]
pub(crate) enum CauseView {
    Seen {
        id: Uuid,
        #[schema(example = "Database")]
        title: String,
    },
    Hidden {
        hidden: bool,
    },
}

impl From<Cause> for CauseView {
    fn from(cause: Cause) -> Self {
        match cause {
            Cause::Seen { id, title } => Self::Seen { id, title },
            Cause::Hidden => Self::Hidden { hidden: true },
        }
    }
}

/// A system, and why it is not well.
#[derive(Serialize, ToSchema)]
pub(crate) struct SystemDetail<'a> {
    #[serde(flatten)]
    pub(crate) node: NodeView<'a>,
    /// Of a system that is not well because of another; null for its own failure, and for none.
    #[schema(required)]
    pub(crate) cause: Option<CauseView>,
}

/// A mailbox, with its address.
#[derive(Serialize, ToSchema)]
pub(crate) struct MailboxDetail<'a> {
    #[serde(flatten)]
    pub(crate) node: NodeView<'a>,
    /// Null for whoever is not signed in.
    #[schema(required, example = "operations@example.org")]
    pub(crate) email: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StatesAsked {
    #[schema(max_items = 500)]
    pub(crate) ids: Vec<Uuid>,
}

/// How a system is, and why.
#[derive(Serialize, ToSchema)]
#[schema(as = SystemState)]
pub(crate) struct StateView {
    id: Uuid,
    /// As its checks say.
    state: State,
    /// With what it depends on, and open incidents.
    effective_state: State,
    /// Of the effective state.
    since: DateTime<Utc>,
    /// Of a system that is not well because of another.
    #[schema(required)]
    cause: Option<CauseView>,
}

impl StateView {
    /// Of a system; `None` for what is none.
    pub(crate) fn of(found: &WithCause) -> Option<Self> {
        let system = found.system()?;
        Some(Self {
            id: found.entry.node()?.id,
            state: system.state,
            effective_state: system.effective_state,
            since: system.effective_since,
            cause: found.cause.clone().map(CauseView::from),
        })
    }

    pub(crate) fn id(&self) -> Uuid {
        self.id
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct States {
    /// Those that may be seen, by id.
    pub(crate) items: Vec<StateView>,
}
