//! Who did what.

use chrono::{DateTime, Utc};
use domain::NodeKind;
use domain::audit::AuditEntry;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

/// Something that was done, as it was then.
#[derive(Serialize, ToSchema)]
pub(crate) struct Activity {
    pub(crate) id: Uuid,
    pub(crate) at: DateTime<Utc>,
    /// Null: the server itself.
    #[schema(required)]
    actor: Option<ActivityActor>,
    #[schema(example = "update_node")]
    action: String,
    /// What it was done to; of an edge its source.
    #[schema(required)]
    node: Option<ActivityNode>,
    /// What else is known of it, by action: the names of changed fields, the new parent.
    summary: Map<String, Value>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ActivityActor {
    id: Uuid,
    #[schema(example = "Kari Nordmann")]
    title: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ActivityNode {
    id: Uuid,
    kind: NodeKind,
    #[schema(example = "Checkout")]
    title: String,
}

/// A page of activity, newest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct ActivityPage {
    pub(crate) items: Vec<Activity>,
    /// Give it as `cursor` for what follows; null at the end.
    #[schema(required)]
    pub(crate) next_cursor: Option<String>,
}

impl From<AuditEntry> for Activity {
    fn from(entry: AuditEntry) -> Self {
        let mut summary = match entry.summary {
            Value::Object(summary) => summary,
            _ => Map::new(),
        };
        let kind = summary.remove("kind").and_then(|v| NodeKind::parse(v.as_str()?));
        let title = summary.remove("title").and_then(|v| v.as_str().map(str::to_owned));
        Self {
            id: entry.id,
            at: entry.at,
            actor: entry.actor_id.map(|id| ActivityActor { id, title: entry.actor_title.unwrap_or_default() }),
            action: entry.action,
            node: entry.node_id.zip(kind).map(|(id, kind)| ActivityNode { id, kind, title: title.unwrap_or_default() }),
            summary,
        }
    }
}
