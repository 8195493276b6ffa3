//! Dead letters: what failed for good, until somebody decides about it.

use super::{act, json};
use crate::admin::administrator;
use crate::caller::Caller;
use crate::cursor;
use crate::extract::{Path, Query, Submission, limit_or_default, text_without_nul};
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::dead_letter::{
    DeadLetter, DeadLetterChange, DeadLetterDetail, DeadLetterIds, DeadLetterPage, LetterSource, Replayed, ReplayedLetter,
};
use axum::Json;
use axum::http::StatusCode;
use axum::response::Response;
use domain::Refusal;
use domain::job_act::JobAct;
use intentions::JobOutcome;
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;
use uuid::Uuid;

const KIND_MAX_CHARS: usize = 100;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct LettersQuery {
    /// False: those that were decided about. By default true.
    open: Option<bool>,
    /// What failed: a job, or what a device sent.
    #[param(inline)]
    source: Option<LetterSource>,
    #[param(max_length = 100)]
    kind: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Items at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<i64>,
}

/// What failed for good
///
/// Newest first. Takes an administrator of the instance.
#[utoipa::path(get, path = "/admin/dead-letters", operation_id = "list_dead_letters", tag = "admin", params(LettersQuery),
    responses((status = 200, description = "A page of dead letters", body = DeadLetterPage)))]
pub(crate) async fn list_dead_letters(
    state: State,
    caller: Caller,
    Query(query): Query<LettersQuery>,
) -> Result<Json<DeadLetterPage>, Refused> {
    administrator(&state, &caller).await?;
    let limit = limit_or_default(query.limit)?;
    text_without_nul("kind", query.kind.as_deref().unwrap_or_default(), KIND_MAX_CHARS)?;
    let before = cursor::moment(query.cursor.as_deref())?;
    let (open, source, kind) = (query.open.unwrap_or(true), query.source.map(LetterSource::as_str), query.kind.as_deref());
    let mut letters = store::dead_letter::list_dead_letters(state.pool(), open, source, kind, before, limit + 1).await?;
    let more = cursor::cut(&mut letters, limit);
    let next_cursor = letters.last().filter(|_| more).map(|last| cursor::encode(&(last.at, last.id)));
    Ok(Json(DeadLetterPage { items: letters.into_iter().map(DeadLetter::from).collect(), next_cursor }))
}

/// One dead letter
///
/// With its payload. Takes an administrator of the instance.
#[utoipa::path(get, path = "/admin/dead-letters/{id}", operation_id = "get_dead_letter", tag = "admin",
    params(("id" = Uuid, Path, description = "The dead letter")),
    responses((status = 200, description = "The dead letter", body = DeadLetterDetail)))]
pub(crate) async fn get_dead_letter(
    state: State,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<Json<DeadLetterDetail>, Refused> {
    administrator(&state, &caller).await?;
    let letter = store::dead_letter::find_dead_letter(state.pool(), id).await?;
    Ok(Json(letter.ok_or(Refusal::NotFound { what: "dead letter" })?.into()))
}

/// Correct a dead letter's payload
///
/// While it is open. Takes an administrator of the instance.
#[utoipa::path(patch, path = "/admin/dead-letters/{id}", operation_id = "update_dead_letter", tag = "admin",
    request_body = DeadLetterChange,
    params(("id" = Uuid, Path, description = "The dead letter")),
    responses((status = 204, description = "Corrected")))]
pub(crate) async fn update_dead_letter(
    state: State,
    Path(id): Path<Uuid>,
    submission: Submission<DeadLetterChange>,
) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    let what = JobAct::EditDeadLetter { id, payload: input.payload };
    act(&state, &caller, &context, &what, StatusCode::NO_CONTENT, |_| Value::Null).await
}

/// Replay dead letters
///
/// Each becomes a new job, with all its attempts, which goes on where the old one stopped. All of them
/// or none: one whose payload does not fit, or that was decided about, refuses the request. Takes an
/// administrator of the instance.
#[utoipa::path(post, path = "/admin/dead-letters/replay", operation_id = "replay_dead_letters", tag = "admin",
    request_body = DeadLetterIds,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat answer as the first time", max_length = 128, pattern = "^[!-~]+$")),
    responses((status = 200, description = "All are enqueued", body = Replayed)))]
pub(crate) async fn replay_dead_letters(state: State, submission: Submission<DeadLetterIds>) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    let view = |outcome: &JobOutcome| match outcome {
        JobOutcome::Replayed(pairs) => {
            json(Replayed { items: pairs.iter().map(|(id, job_id)| ReplayedLetter { id: *id, job_id: *job_id }).collect() })
        }
        _ => Value::Null,
    };
    act(&state, &caller, &context, &JobAct::ReplayDeadLetters { ids: input.ids }, StatusCode::OK, view).await
}

/// Discard dead letters
///
/// They are kept for 90 days, as discarded. All of them or none. Takes an administrator of the instance.
#[utoipa::path(post, path = "/admin/dead-letters/discard", operation_id = "discard_dead_letters", tag = "admin",
    request_body = DeadLetterIds,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat answer as the first time", max_length = 128, pattern = "^[!-~]+$")),
    responses((status = 204, description = "All are discarded")))]
pub(crate) async fn discard_dead_letters(state: State, submission: Submission<DeadLetterIds>) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    let what = JobAct::DiscardDeadLetters { ids: input.ids };
    act(&state, &caller, &context, &what, StatusCode::NO_CONTENT, |_| Value::Null).await
}
