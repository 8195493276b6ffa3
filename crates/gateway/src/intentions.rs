//! Changes: one route for all of them.

use crate::extract::Submission;
use crate::refusal::Refused;
use crate::reply;
use crate::state::State;
use crate::wire::intention::{IntentionResult, IntentionsAnswer, IntentionsRequest};
use crate::wire::problem::Problem;
use ::intentions::Outcome;
use axum::http::StatusCode;
use axum::response::Response;

/// Change something, or several things at once
///
/// All intentions in one transaction, in order: all of them or none. A refusal names the one it is
/// about in `field`.
#[utoipa::path(post, path = "/intentions", operation_id = "carry_out", tag = "graph", request_body = IntentionsRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat answer as the first time", max_length = 128, pattern = "^[!-~]+$")),
    responses(
        (status = 200, description = "All were carried out", body = IntentionsAnswer),
        (status = 412, description = "Changed meanwhile: `current_version`", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn carry_out(state: State, submission: Submission<IntentionsRequest>) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    let render = |outcomes: &[Outcome]| {
        let results = outcomes.iter().map(IntentionResult::from).collect();
        (StatusCode::OK.as_u16(), serde_json::to_value(IntentionsAnswer { results }).unwrap_or_default())
    };
    Ok(reply::done(state.wiring.intentions.carry_out(&caller.actor, input.intentions, &context, render).await?))
}
