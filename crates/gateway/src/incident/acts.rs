//! What people do with an incident: each answers it as it is then.

use super::KIND;
use crate::caller::Caller;
use crate::extract::{Path, Submission};
use crate::nouns;
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::incident::Resolution;
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

/// Acknowledge an incident
///
/// Says that somebody is at it. Once: 409 after that.
#[utoipa::path(post, path = "/incidents/{id}/acknowledge", operation_id = "acknowledge_incident", tag = "incidents",
    params(("id" = Uuid, Path, description = "The incident"),
           ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat answer as the first time", max_length = 128, pattern = "^[!-~]+$")),
    responses((status = 200, description = "As it is now", body = NodeView)))]
pub(crate) async fn acknowledge(state: State, Path(id): Path<Uuid>, submission: Submission<()>) -> Result<Response, Refused> {
    let Submission { caller, context, .. } = submission;
    act(&state, &caller, &context, id, Intention::AcknowledgeIncident { id }).await
}

/// Resolve an incident
///
/// With a last word to people.
#[utoipa::path(post, path = "/incidents/{id}/resolve", operation_id = "resolve_incident", tag = "incidents", request_body = Option<Resolution>,
    params(("id" = Uuid, Path, description = "The incident"),
           ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat answer as the first time", max_length = 128, pattern = "^[!-~]+$")),
    responses((status = 200, description = "As it is now", body = NodeView)))]
pub(crate) async fn resolve(
    state: State,
    Path(id): Path<Uuid>,
    submission: Submission<Option<Resolution>>,
) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    let Resolution { message, audience } = input.unwrap_or_default();
    act(&state, &caller, &context, id, Intention::ResolveIncident { id, message, audience }).await
}
