//! What people are told about a maintenance.

use super::{KIND, acts};
use crate::caller::Caller;
use crate::extract::{IfMatch, PageQuery, Path, Query, Submission};
use crate::reads::render;
use crate::refusal::Refused;
use crate::state::State;
use crate::timeline;
use crate::wire::node::NodeView;
use crate::wire::timeline::{MaintenanceUpdate, MaintenanceUpdatePage, UpdateEditPage};
use axum::Json;
use axum::response::Response;
use domain::Intention;
use domain::maintenance::NewUpdate;
use domain::timeline::{Update, UpdatePatch};
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
) -> Result<Response, Refused> {
    let rendered = |updates: Vec<Update>, next_cursor| {
        render(&MaintenanceUpdatePage { items: updates.into_iter().map(MaintenanceUpdate::from).collect(), next_cursor })
    };
    timeline::page(&state, &caller, KIND, id, page, rendered).await
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

/// Change what people were told about a maintenance
///
/// Its text, or whom it is for; what it said before is kept.
#[utoipa::path(patch, path = "/maintenances/{id}/updates/{update_id}", operation_id = "edit_maintenance_update", tag = "maintenances", request_body = UpdatePatch,
    params(("id" = Uuid, Path, description = "The maintenance"), ("update_id" = Uuid, Path, description = "The update"),
           ("If-Match" = String, Header, description = "The update's version, in quotation marks", pattern = "^\"[0-9]+\"$")),
    responses((status = 200, description = "The maintenance, as it is now", body = NodeView)))]
pub(crate) async fn edit(
    state: State,
    Path(ids): Path<(Uuid, Uuid)>,
    IfMatch(version): IfMatch,
    submission: Submission<UpdatePatch>,
) -> Result<Response, Refused> {
    timeline::edit(&state, KIND, ids, version, submission).await
}

/// List what an update of a maintenance said before
///
/// Newest first, as far as it was for the caller.
#[utoipa::path(get, path = "/maintenances/{id}/updates/{update_id}/edits", operation_id = "list_maintenance_update_edits", tag = "maintenances",
    params(("id" = Uuid, Path, description = "The maintenance"), ("update_id" = Uuid, Path, description = "The update"), PageQuery),
    responses((status = 200, description = "A page of former texts", body = UpdateEditPage)))]
pub(crate) async fn edits(
    state: State,
    caller: Caller,
    Path(ids): Path<(Uuid, Uuid)>,
    Query(page): Query<PageQuery>,
) -> Result<Json<UpdateEditPage>, Refused> {
    Ok(Json(timeline::edits(&state, &caller, KIND, ids, page).await?))
}
