//! What people are told about a maintenance.

use super::{KIND, acts};
use crate::caller::Caller;
use crate::extract::{PageQuery, Path, Query, Submission, limit_or_default, time_in_range};
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::maintenance::{MaintenanceUpdate, MaintenanceUpdatePage};
use crate::wire::node::NodeView;
use crate::{cursor, nouns};
use axum::Json;
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::Intention;
use domain::maintenance::{Audience, NewUpdate};
use uuid::Uuid;

/// List what people were told about a maintenance
///
/// Newest first, as far as it is for the caller: internal updates are for members of its scope.
#[utoipa::path(get, path = "/maintenances/{id}/updates", operation_id = "list_maintenance_updates", tag = "maintenances",
    params(("id" = Uuid, Path, description = "The maintenance"), PageQuery),
    responses((status = 200, description = "A page of updates", body = MaintenanceUpdatePage)))]
pub(crate) async fn list(
    state: State,
    caller: Caller,
    Path(id): Path<Uuid>,
    Query(page): Query<PageQuery>,
) -> Result<Json<MaintenanceUpdatePage>, Refused> {
    let limit = limit_or_default(page.limit)?;
    let before: Option<(DateTime<Utc>, Uuid)> = page.cursor.as_deref().map(cursor::decode).transpose()?;
    if let Some((at, _)) = before {
        time_in_range("cursor", at)?;
    }
    let node = nouns::readable(&state, &caller, KIND, id).await?;
    let level = store::access::find_level(state.pool(), caller.reader(), node.scope_id).await?;
    let audiences = Audience::of(level, caller.reader().is_some());
    let mut updates = store::maintenance::list_updates(state.pool(), id, audiences, before, limit + 1).await?;
    let more = cursor::cut(&mut updates, limit);
    let next_cursor = updates.last().filter(|_| more).map(|last| cursor::encode(&(last.at, last.id)));
    Ok(Json(MaintenanceUpdatePage { items: updates.into_iter().map(MaintenanceUpdate::from).collect(), next_cursor }))
}

/// Tell people something about a maintenance
///
/// `state_change` also takes it there.
#[utoipa::path(post, path = "/maintenances/{id}/updates", operation_id = "add_maintenance_update", tag = "maintenances", request_body = NewUpdate,
    params(("id" = Uuid, Path, description = "The maintenance"),
           ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat answer as the first time", max_length = 128, pattern = "^[!-~]+$")),
    responses((status = 200, description = "The maintenance, as it is now", body = NodeView)))]
pub(crate) async fn add(state: State, Path(id): Path<Uuid>, submission: Submission<NewUpdate>) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    acts::act(&state, &caller, &context, id, Intention::AddMaintenanceUpdate { id, update: input }).await
}
