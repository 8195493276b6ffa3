//! Background work, for administrators of the instance.

pub(crate) mod classes;
pub(crate) mod letters;
pub(crate) mod queue;
pub(crate) mod schedules;
pub(crate) mod stats;

use crate::caller::Caller;
use crate::refusal::Refused;
use crate::state::State;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::job_act::JobAct;
use intentions::{Context, JobOutcome, JobsDone};
use serde::Serialize;
use serde_json::Value;

/// Carries an act out; `view` makes the answer's body of what became of it.
async fn act(
    state: &State,
    caller: &Caller,
    context: &Context,
    act: &JobAct,
    status: StatusCode,
    view: impl Fn(&JobOutcome) -> Value + Send + Sync,
) -> Result<Response, Refused> {
    let render = |outcome: &JobOutcome| (status.as_u16(), view(outcome));
    let done = state.wiring.intentions.act_on_jobs(&caller.actor, act, context, render).await?;
    let (JobsDone::Now { status, response, .. } | JobsDone::Before { status, response }) = done;
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    match status {
        StatusCode::NO_CONTENT => Ok(status.into_response()),
        _ => Ok((status, Json(response)).into_response()),
    }
}

fn json(of: impl Serialize) -> Value {
    // Texts, numbers and times: there is nothing that could fail.
    serde_json::to_value(of).unwrap_or_default()
}
