//! What the tailer hands on.

use crate::snapshot::Snapshot;
use domain::access::{Level, Visibility};
use domain::{Edge, EdgeKind, Node, NodeKind};
use uuid::Uuid;

/// A part of what one transaction snapshot saw beyond the previous one. A large difference comes in
/// several parts: `control` with the first, `ends` with the last.
#[derive(Debug)]
pub struct Batch {
    /// Where the tailer was.
    pub from: Snapshot,
    /// Where it is when the part that `ends` is applied.
    pub to: Snapshot,
    /// Applies before any event of the same or a later part.
    pub control: Control,
    /// Nodes of the scopes that the sink wanted, with the bodies of this snapshot. `None`: there
    /// were too many.
    pub wanted: Option<Vec<Node>>,
    pub events: Vec<Event>,
    pub ends: bool,
}

/// Changes of who may see what, and of who is signed in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Control {
    pub access: Vec<AccessChange>,
    pub scopes: Vec<ScopeChange>,
    pub ended: Vec<Credential>,
    /// What is somebody's alone.
    pub inbox: Vec<InboxChange>,
    /// What lies beside the graph: caches alone are told.
    pub lists: Vec<ListChange>,
}

impl Control {
    pub fn is_empty(&self) -> bool {
        let Self { access, scopes, ended, inbox, lists } = self;
        access.is_empty() && scopes.is_empty() && ended.is_empty() && inbox.is_empty() && lists.is_empty()
    }
}

/// Something of a person's own has changed; what, they read themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InboxChange {
    pub person_id: Uuid,
    pub what: InboxPart,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum InboxPart {
    Notifications,
    /// Announcements that they have put away.
    Dismissals,
    /// How far they have read channels.
    Channels,
}

impl InboxPart {
    /// As it is logged and told.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Notifications => "notifications",
            Self::Dismissals => "dismissals",
            Self::Channels => "channels",
        }
    }

    /// `None` for a text that names none.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Notifications, Self::Dismissals, Self::Channels].into_iter().find(|part| part.as_str() == text)
    }
}

/// Rows have changed that are no nodes and are shown in lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ListChange {
    /// The series, or whose rows they are: a subscriber, a person, a status page, a connection.
    pub of: Uuid,
    pub what: ListPart,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ListPart {
    /// Of maintenances.
    Series,
    /// Of a person or team.
    Subscriptions,
    /// How a person is told.
    Preferences,
    /// Who is told by mail what a status page says.
    Followers,
    /// A connection's own words.
    Templates,
}

impl ListPart {
    /// `None` for a text that names none; as the triggers of `0023_lists.sql` log it.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "series" => Some(Self::Series),
            "subscriptions" => Some(Self::Subscriptions),
            "preferences" => Some(Self::Preferences),
            "followers" => Some(Self::Followers),
            "templates" => Some(Self::Templates),
            _ => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessChange {
    pub scope_id: Uuid,
    pub person_id: Uuid,
    /// `None`: nothing is granted any more.
    pub level: Option<Level>,
    /// The transactions that changed it.
    pub xids: Vec<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeChange {
    pub scope_id: Uuid,
    /// `None`: it is a scope root no more.
    pub visibility: Option<Visibility>,
    pub xids: Vec<u64>,
}

/// What has ended: its sockets close.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Credential {
    Session(Uuid),
    Token(Uuid),
}

/// What became of one node or edge: all its changes of the batch as one.
#[derive(Debug, PartialEq)]
pub struct Event {
    /// The transactions that changed it.
    pub xids: Vec<u64>,
    pub change: Change,
}

#[derive(Debug, PartialEq)]
pub enum Change {
    Node {
        node: Node,
        /// Where it was before; those who could read there and not where it is now must drop it.
        old_scopes: Vec<Uuid>,
    },
    NodeGone {
        id: Uuid,
        kind: Option<NodeKind>,
        version: i64,
        old_scopes: Vec<Uuid>,
    },
    Edge {
        edge: Edge,
        old_scopes: Vec<EdgeScopes>,
        /// The nodes at its ends, for those who watch one of them.
        ends: Vec<Node>,
    },
    EdgeGone {
        id: Uuid,
        kind: Option<EdgeKind>,
        version: i64,
        source_id: Uuid,
        target_id: Uuid,
        old_scopes: Vec<EdgeScopes>,
    },
}

impl Change {
    /// Of which kind the node is that has changed; `None` for edges, and where it is not known any more.
    pub fn node_kind(&self) -> Option<NodeKind> {
        match self {
            Self::Node { node, .. } => Some(node.kind),
            Self::NodeGone { kind, .. } => *kind,
            Self::Edge { .. } | Self::EdgeGone { .. } => None,
        }
    }
}

/// Both must be readable to see the edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EdgeScopes {
    pub source: Uuid,
    pub target: Uuid,
}
