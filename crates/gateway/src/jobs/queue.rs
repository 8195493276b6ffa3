//! Jobs: those that wait, run or have ended.

use super::{act, json};
use crate::admin::administrator;
use crate::caller::Caller;
use crate::cursor;
use crate::extract::{Path, Query, Submission, limit_or_default};
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::job::{Job, JobDetail, JobOutcome as Ended, JobPage, OpenState};
use axum::Json;
use axum::http::StatusCode;
use axum::response::Response;
use domain::Refusal;
use domain::job::{JobClass, JobKind};
use domain::job_act::{EnqueueJob, JobAct};
use intentions::JobOutcome;
use serde::Deserialize;
use serde_json::Value;
use store::job::{JobFilter, JobState, PastOutcome};
use utoipa::IntoParams;
use uuid::Uuid;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct JobsQuery {
    #[param(inline)]
    state: Option<OpenState>,
    kind: Option<JobKind>,
    class: Option<JobClass>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Items at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<i64>,
}

/// Jobs that wait or run
///
/// In the order in which they are due. Takes an administrator of the instance.
#[utoipa::path(get, path = "/admin/jobs", operation_id = "list_jobs", tag = "admin", params(JobsQuery),
    responses((status = 200, description = "A page of jobs", body = JobPage)))]
pub(crate) async fn list_jobs(state: State, caller: Caller, Query(query): Query<JobsQuery>) -> Result<Json<JobPage>, Refused> {
    administrator(&state, &caller).await?;
    let limit = limit_or_default(query.limit)?;
    let wanted = query.state.map(|state| match state {
        OpenState::Scheduled => JobState::Scheduled,
        OpenState::Ready => JobState::Ready,
        OpenState::Running => JobState::Running,
    });
    let (kind, class) = (query.kind.map(JobKind::as_str), query.class.map(JobClass::as_str));
    let filter = JobFilter { state: wanted, kind, class, after: cursor::moment(query.cursor.as_deref())? };
    let mut jobs = store::job::list_jobs(state.pool(), &filter, limit + 1).await?;
    let more = cursor::cut(&mut jobs, limit);
    let next_cursor = jobs.last().filter(|_| more).map(|last| cursor::encode(&(last.run_at, last.id)));
    Ok(Json(JobPage { items: jobs.into_iter().map(Job::from).collect(), next_cursor }))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct HistoryQuery {
    #[param(inline)]
    outcome: Option<Ended>,
    kind: Option<JobKind>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Items at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<i64>,
}

/// Jobs that have ended
///
/// Newest first. Takes an administrator of the instance.
#[utoipa::path(get, path = "/admin/jobs/history", operation_id = "list_past_jobs", tag = "admin", params(HistoryQuery),
    responses((status = 200, description = "A page of jobs", body = JobPage)))]
pub(crate) async fn list_past_jobs(
    state: State,
    caller: Caller,
    Query(query): Query<HistoryQuery>,
) -> Result<Json<JobPage>, Refused> {
    administrator(&state, &caller).await?;
    let limit = limit_or_default(query.limit)?;
    let outcome = query.outcome.map(|outcome| match outcome {
        Ended::Succeeded => PastOutcome::Succeeded,
        Ended::Failed => PastOutcome::Failed,
        Ended::Cancelled => PastOutcome::Cancelled,
    });
    let before = cursor::moment(query.cursor.as_deref())?;
    let kind = query.kind.map(JobKind::as_str);
    let mut jobs = store::job::list_past_jobs(state.pool(), outcome, kind, before, limit + 1).await?;
    let more = cursor::cut(&mut jobs, limit);
    let next_cursor = jobs.last().filter(|_| more).map(|last| cursor::encode(&(last.at, last.id)));
    Ok(Json(JobPage { items: jobs.into_iter().map(Job::from).collect(), next_cursor }))
}

/// One job
///
/// With its payload, whether it waits, runs or has ended. Takes an administrator of the instance.
#[utoipa::path(get, path = "/admin/jobs/{id}", operation_id = "get_job", tag = "admin",
    params(("id" = Uuid, Path, description = "The job")),
    responses((status = 200, description = "The job", body = JobDetail)))]
pub(crate) async fn get_job(state: State, caller: Caller, Path(id): Path<Uuid>) -> Result<Json<JobDetail>, Refused> {
    administrator(&state, &caller).await?;
    if let Some(job) = store::job::find_job(state.pool(), id).await? {
        return Ok(Json(job.into()));
    }
    let past = store::job::find_past_job(state.pool(), id).await?;
    Ok(Json(past.ok_or(Refusal::NotFound { what: "job" })?.into()))
}

/// Enqueue a job
///
/// Its payload is checked against its kind. Takes an administrator of the instance.
#[utoipa::path(post, path = "/admin/jobs", operation_id = "enqueue_job", tag = "admin", request_body = EnqueueJob,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat answer as the first time", max_length = 128, pattern = "^[!-~]+$")),
    responses((status = 201, description = "Enqueued", body = Job)))]
pub(crate) async fn enqueue_job(state: State, submission: Submission<EnqueueJob>) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    act(&state, &caller, &context, &JobAct::Enqueue(Box::new(input)), StatusCode::CREATED, view).await
}

/// Cancel a job
///
/// One that waits ends at once; one that runs is told to, and ends by itself within seconds. Takes an
/// administrator of the instance.
#[utoipa::path(post, path = "/admin/jobs/{id}/cancel", operation_id = "cancel_job", tag = "admin",
    params(("id" = Uuid, Path, description = "The job"),
           ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat answer as the first time", max_length = 128, pattern = "^[!-~]+$")),
    responses((status = 200, description = "As it is now", body = Job)))]
pub(crate) async fn cancel_job(state: State, Path(id): Path<Uuid>, submission: Submission<()>) -> Result<Response, Refused> {
    let Submission { caller, context, .. } = submission;
    act(&state, &caller, &context, &JobAct::Cancel { id }, StatusCode::OK, view).await
}

/// Run a scheduled job now
///
/// Whether it waits for its time or for its next attempt. Takes an administrator of the instance.
#[utoipa::path(post, path = "/admin/jobs/{id}/retry", operation_id = "retry_job", tag = "admin",
    params(("id" = Uuid, Path, description = "The job"),
           ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat answer as the first time", max_length = 128, pattern = "^[!-~]+$")),
    responses((status = 200, description = "As it is now", body = Job)))]
pub(crate) async fn retry_job(state: State, Path(id): Path<Uuid>, submission: Submission<()>) -> Result<Response, Refused> {
    let Submission { caller, context, .. } = submission;
    act(&state, &caller, &context, &JobAct::Retry { id }, StatusCode::OK, view).await
}

fn view(outcome: &JobOutcome) -> Value {
    match outcome {
        JobOutcome::Job(job) => json(Job::from(job.as_ref().clone())),
        JobOutcome::Ended(job) => json(Job::from(job.as_ref().clone())),
        _ => Value::Null,
    }
}
