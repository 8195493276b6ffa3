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
        /// Maintenance or incident → what is down for it: system, group, or (maintenance) the instance.
        Affects = "affects",
        /// Person, team or mailbox → the system or group that they are asked about.
        ContactOf = "contact_of",
        /// System → environment.
        RunsIn = "runs_in",
        /// Status page → system or group on it.
        Shows = "shows",
        /// Device → geofence that it is in. Made and taken away by what the device sends alone.
        Inside = "inside",
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
            Self::PartOf
            | Self::DependsOn
            | Self::RelatesTo
            | Self::Affects
            | Self::ContactOf
            | Self::RunsIn
            | Self::Shows
            | Self::Inside => None,
        }
    }

    /// Which kinds it may join. `edge_allowed` in the migrations says the same; a test compares.
    pub fn allows(self, source: NodeKind, target: NodeKind, target_is_scope: bool) -> bool {
        use NodeKind::*;
        let grantee = matches!(source, Person | Team);
        match self {
            Self::PartOf => match target {
                Instance => !matches!(source, Instance | Group | System | Device | Geofence | Message | Column | Card),
                Workspace => !matches!(source, Instance | Workspace | Person | Message | Column | Card),
                Group => matches!(
                    source,
                    Group | System | Maintenance | Contact | Incident | Device | Geofence | Channel | Board | Note
                ),
                Maintenance | Incident => matches!(source, Channel | Board | Note),
                System => matches!(source, Channel | Note),
                Board => matches!(source, Channel | Column | Card),
                Channel => source == Message,
                _ => false,
            },
            Self::MemberOf => (source == Person && target == Team) || (grantee && target_is_scope),
            Self::Owner | Self::Admin | Self::Reader => grantee && target_is_scope,
            Self::DependsOn => source == System && target == System,
            Self::RelatesTo => true,
            Self::Affects => {
                (source == Maintenance && matches!(target, System | Group | Instance))
                    || (source == Incident && matches!(target, System | Group))
            }
            Self::ContactOf => matches!(source, Person | Team | Contact) && matches!(target, System | Group),
            Self::RunsIn => source == System && target == Environment,
            Self::Shows => source == StatusPage && matches!(target, System | Group),
            Self::Inside => source == Device && target == Geofence,
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
