//! Who did what: one entry per intention.

use crate::node::NodeKind;
use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq)]
pub struct AuditEntry {
    pub id: Uuid,
    pub at: DateTime<Utc>,
    /// `None`: the server itself.
    pub actor_id: Option<Uuid>,
    /// As it was then.
    pub actor_title: Option<String>,
    pub action: String,
    pub node_id: Option<Uuid>,
    pub edge_id: Option<Uuid>,
    /// Kind and title of the node as they were then, and what changed; never a secret.
    pub summary: Value,
}

/// What an entry is recorded from.
#[derive(Clone, Debug)]
pub struct AuditSubject {
    pub node_id: Option<Uuid>,
    pub edge_id: Option<Uuid>,
    pub scope_id: Uuid,
    pub other_scope_id: Uuid,
    pub kind: Option<NodeKind>,
    pub title: Option<String>,
}
