//! What people were told about maintenances and incidents, and what it said before.

use chrono::{DateTime, Utc};
use domain::incident::IncidentState;
use domain::maintenance::MaintenanceState;
use domain::timeline::{Audience, Edit, StateChange, Update};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// Something that people were told about a maintenance.
#[derive(Serialize, ToSchema)]
pub(crate) struct MaintenanceUpdate {
    id: Uuid,
    /// Raised by each edit.
    #[schema(example = 1)]
    version: i64,
    at: DateTime<Utc>,
    /// Null: the server itself.
    #[schema(required)]
    by: Option<UpdateAuthor>,
    /// Markdown.
    message: String,
    audience: Audience,
    /// The state that came with it.
    #[schema(required)]
    state_change: Option<MaintenanceState>,
    /// Last; null: it says what it always said.
    #[schema(required)]
    edited_at: Option<DateTime<Utc>>,
}

/// Something that people were told about an incident.
#[derive(Serialize, ToSchema)]
pub(crate) struct IncidentUpdate {
    id: Uuid,
    /// Raised by each edit.
    #[schema(example = 1)]
    version: i64,
    at: DateTime<Utc>,
    /// Null: the server itself.
    #[schema(required)]
    by: Option<UpdateAuthor>,
    /// Markdown.
    message: String,
    audience: Audience,
    /// The state that came with it.
    #[schema(required)]
    state_change: Option<IncidentState>,
    /// Last; null: it says what it always said.
    #[schema(required)]
    edited_at: Option<DateTime<Utc>>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct UpdateAuthor {
    id: Uuid,
    /// As it was then.
    #[schema(example = "Kari Nordmann")]
    title: String,
}

fn author(id: Option<Uuid>, title: Option<String>) -> Option<UpdateAuthor> {
    id.map(|id| UpdateAuthor { id, title: title.unwrap_or_default() })
}

impl From<Update> for MaintenanceUpdate {
    fn from(update: Update) -> Self {
        Self {
            id: update.id,
            version: update.version,
            at: update.at,
            by: author(update.by_id, update.by_title),
            message: update.message,
            audience: update.audience,
            state_change: update.state_change.and_then(StateChange::of_maintenance),
            edited_at: update.edited_at,
        }
    }
}

impl From<Update> for IncidentUpdate {
    fn from(update: Update) -> Self {
        Self {
            id: update.id,
            version: update.version,
            at: update.at,
            by: author(update.by_id, update.by_title),
            message: update.message,
            audience: update.audience,
            state_change: update.state_change.and_then(StateChange::of_incident),
            edited_at: update.edited_at,
        }
    }
}

/// A page of updates, newest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct MaintenanceUpdatePage {
    pub(crate) items: Vec<MaintenanceUpdate>,
    /// Give it as `cursor` for what follows; null at the end.
    #[schema(required)]
    pub(crate) next_cursor: Option<String>,
}

/// A page of updates, newest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct IncidentUpdatePage {
    pub(crate) items: Vec<IncidentUpdate>,
    /// Give it as `cursor` for what follows; null at the end.
    #[schema(required)]
    pub(crate) next_cursor: Option<String>,
}

/// What an update said before it was edited, and to whom.
#[derive(Serialize, ToSchema)]
pub(crate) struct UpdateEdit {
    id: Uuid,
    /// When it was replaced.
    at: DateTime<Utc>,
    /// Who replaced it; null: the server itself.
    #[schema(required)]
    by: Option<UpdateAuthor>,
    /// Markdown.
    message: String,
    audience: Audience,
}

impl From<Edit> for UpdateEdit {
    fn from(edit: Edit) -> Self {
        let by = author(edit.by_id, edit.by_title);
        Self { id: edit.id, at: edit.at, by, message: edit.message, audience: edit.audience }
    }
}

/// A page of former texts, newest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct UpdateEditPage {
    pub(crate) items: Vec<UpdateEdit>,
    /// Give it as `cursor` for what follows; null at the end.
    #[schema(required)]
    pub(crate) next_cursor: Option<String>,
}
