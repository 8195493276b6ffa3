//! What people do with a maintenance: each answers it as it is then.

use super::KIND;
use crate::caller::Caller;
use crate::extract::{Path, Submission, time_in_range};
use crate::nouns;
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::maintenance::{Cancellation, Extension};
use crate::wire::node::NodeView;
use axum::http::StatusCode;
use axum::response::Response;
use domain::Intention;
use intentions::Context;
use uuid::Uuid;

pub(super) async fn act(
    state: &State,
    caller: &Caller,
    context: &Context,
    id: Uuid,
    intention: Intention,
) -> Result<Response, Refused> {
    nouns::readable(state, caller, KIND, id).await?;
    nouns::carry_out(state, caller, context, vec![intention], StatusCode::OK).await
}

/// Extend a maintenance
///
/// To a later end, before it or while it is under way.
#[utoipa::path(post, path = "/maintenances/{id}/extend", operation_id = "extend_maintenance", tag = "maintenances", request_body = Extension,
    params(("id" = Uuid, Path, description = "The maintenance"),
           ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat answer as the first time", max_length = 128, pattern = "^[!-~]+$")),
    responses((status = 200, description = "As it is now", body = NodeView)))]
pub(crate) async fn extend(state: State, Path(id): Path<Uuid>, submission: Submission<Extension>) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    let ends_at = time_in_range("ends_at", input.ends_at)?;
    act(&state, &caller, &context, id, Intention::ExtendMaintenance { id, ends_at }).await
}

/// Call off a maintenance
///
/// One that has not started: after that it is closed.
#[utoipa::path(post, path = "/maintenances/{id}/cancel", operation_id = "cancel_maintenance", tag = "maintenances", request_body = Option<Cancellation>,
    params(("id" = Uuid, Path, description = "The maintenance"),
           ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat answer as the first time", max_length = 128, pattern = "^[!-~]+$")),
    responses((status = 200, description = "As it is now", body = NodeView)))]
pub(crate) async fn cancel(
    state: State,
    Path(id): Path<Uuid>,
    submission: Submission<Option<Cancellation>>,
) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    let reason = input.unwrap_or_default().reason;
    act(&state, &caller, &context, id, Intention::CancelMaintenance { id, reason }).await
}

/// Start a maintenance now
///
/// The whole window comes forward and stays as long as it is.
#[utoipa::path(post, path = "/maintenances/{id}/start", operation_id = "start_maintenance", tag = "maintenances",
    params(("id" = Uuid, Path, description = "The maintenance"),
           ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat answer as the first time", max_length = 128, pattern = "^[!-~]+$")),
    responses((status = 200, description = "As it is now", body = NodeView)))]
pub(crate) async fn start(state: State, Path(id): Path<Uuid>, submission: Submission<()>) -> Result<Response, Refused> {
    let Submission { caller, context, .. } = submission;
    act(&state, &caller, &context, id, Intention::StartMaintenance { id }).await
}

/// Close a maintenance
///
/// One that is under way or verifying is completed now, whatever its checks say.
#[utoipa::path(post, path = "/maintenances/{id}/close", operation_id = "close_maintenance", tag = "maintenances",
    params(("id" = Uuid, Path, description = "The maintenance"),
           ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat answer as the first time", max_length = 128, pattern = "^[!-~]+$")),
    responses((status = 200, description = "As it is now", body = NodeView)))]
pub(crate) async fn close(state: State, Path(id): Path<Uuid>, submission: Submission<()>) -> Result<Response, Refused> {
    let Submission { caller, context, .. } = submission;
    act(&state, &caller, &context, id, Intention::CloseMaintenance { id }).await
}
