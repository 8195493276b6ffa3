//! Every relation is an edge.

use crate::access::Level;
use crate::node::NodeKind;
use crate::text::text_enum;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use uuid::Uuid;

text_enum! {
    EdgeKind {
        /// Containment, child → parent. Each node but the instance has exactly one.
        PartOf = "part_of",
        Owner = "owner",
        Admin = "admin",
        /// Person or team → scope root (level `member`), or person → team.
        MemberOf = "member_of",
        Reader = "reader",
        /// System → system.
        DependsOn = "depends_on",
        /// Any → any.
        RelatesTo = "relates_to",
        /// Maintenance → what it takes down: system, group, or the instance.
        Affects = "affects",
    }
}

impl EdgeKind {
    /// The level it grants in the scope it points to.
    pub const fn grants(self) -> Option<Level> {
        match self {
            Self::Owner => Some(Level::Owner),
            Self::Admin => Some(Level::Admin),
            Self::MemberOf => Some(Level::Member),
            Self::Reader => Some(Level::Reader),
            Self::PartOf | Self::DependsOn | Self::RelatesTo | Self::Affects => None,
        }
    }

    /// Which kinds it may join. `edge_allowed` in the migrations says the same; a test compares.
    pub fn allows(self, source: NodeKind, target: NodeKind, target_is_scope: bool) -> bool {
        use NodeKind::{Group, Instance, Maintenance, Person, System, Team, Workspace};
        let grantee = matches!(source, Person | Team);
        match self {
            Self::PartOf => matches!(
                (source, target),
                (Workspace | Team | Person | Maintenance, Instance)
                    | (Team | Group | System | Maintenance, Workspace)
                    | (Group | System | Maintenance, Group)
            ),
            Self::MemberOf => (source == Person && target == Team) || (grantee && target_is_scope),
            Self::Owner | Self::Admin | Self::Reader => grantee && target_is_scope,
            Self::DependsOn => source == System && target == System,
            Self::RelatesTo => true,
            Self::Affects => source == Maintenance && matches!(target, System | Group | Instance),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    pub id: Uuid,
    pub kind: EdgeKind,
    pub source_id: Uuid,
    pub target_id: Uuid,
    pub attrs: Map<String, Value>,
    pub source_scope_id: Uuid,
    pub target_scope_id: Uuid,
    pub version: i64,
    pub created_by: Option<Uuid>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}
