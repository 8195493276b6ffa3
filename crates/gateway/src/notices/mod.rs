//! What somebody is told, of what they want to be told, and how it goes out.

pub(crate) mod deliveries;
pub(crate) mod notifications;
pub(crate) mod preferences;
pub(crate) mod subscriptions;

use crate::caller::Caller;
use crate::refusal::Refused;
use crate::state::State;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::notification::NoticeAct;
use intentions::{Context, NoticeOutcome, NoticesDone};
use serde::Serialize;
use serde_json::Value;

/// Carries an act out; `view` makes the answer's body of what became of it.
pub(crate) async fn act(
    state: &State,
    caller: &Caller,
    context: &Context,
    act: &NoticeAct,
    status: StatusCode,
    view: impl Fn(&NoticeOutcome) -> Value + Send + Sync,
) -> Result<Response, Refused> {
    let render = |outcome: &NoticeOutcome| (status.as_u16(), view(outcome));
    let done = state.wiring.intentions.act_on_notices(&caller.actor, act, context, render).await?;
    let (NoticesDone::Now { status, response, .. } | NoticesDone::Before { status, response }) = done;
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    match status {
        StatusCode::NO_CONTENT => Ok(status.into_response()),
        _ => Ok((status, Json(response)).into_response()),
    }
}

pub(crate) fn json(of: impl Serialize) -> Value {
    // Texts, numbers and times: there is nothing that could fail.
    serde_json::to_value(of).unwrap_or_default()
}
