//! How somebody wants to be told.

use super::{act, json};
use crate::caller::Caller;
use crate::extract::Submission;
use crate::reads::{Shelf, Sight, render};
use crate::refusal::Refused;
use crate::state::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::notification::{NoticeAct, PreferencesPatch};
use intentions::NoticeOutcome;
use serde_json::Value;
use std::sync::Arc;
use store::Pool;

/// How I am told
#[utoipa::path(get, path = "/notification-preferences", operation_id = "get_notification_preferences", tag = "notifications",
    responses((status = 200, description = "As they are", body = PreferencesPatch)))]
pub(crate) async fn get(state: State, caller: Caller) -> Result<Response, Refused> {
    let person_id = caller.person()?.id;
    let load = move |pool: Pool, _: Arc<Sight>| async move {
        render(&PreferencesPatch::from(&store::notification::find_preferences(&pool, person_id).await?))
    };
    Ok(state.reads().page(&caller, Shelf::Own, "preferences", &(), load).await?.into_response())
}

/// Say how I am told
///
/// All of it. What is critical comes in quiet hours too.
#[utoipa::path(put, path = "/notification-preferences", operation_id = "set_notification_preferences", tag = "notifications", request_body = PreferencesPatch,
    responses((status = 200, description = "As they are now", body = PreferencesPatch)))]
pub(crate) async fn set(state: State, submission: Submission<PreferencesPatch>) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    let view = |outcome: &NoticeOutcome| match outcome {
        NoticeOutcome::Preferences(now) => json(now),
        _ => Value::Null,
    };
    act(&state, &caller, &context, &NoticeAct::SetPreferences(input), StatusCode::OK, view).await
}
