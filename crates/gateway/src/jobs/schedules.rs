//! What is enqueued again and again.

use super::{act, json};
use crate::admin::administrator;
use crate::caller::Caller;
use crate::extract::{Path, Submission};
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::job_class::{JobSchedule, JobScheduleDetail, JobScheduleList};
use axum::Json;
use axum::http::StatusCode;
use axum::response::Response;
use domain::job_act::{JobAct, JobSchedulePatch, NewJobSchedule};
use intentions::JobOutcome;
use serde_json::Value;
use uuid::Uuid;

/// What is enqueued again and again
///
/// By name. Takes an administrator of the instance.
#[utoipa::path(get, path = "/admin/job-schedules", operation_id = "list_job_schedules", tag = "admin",
    responses((status = 200, description = "All of them", body = JobScheduleList)))]
pub(crate) async fn list_job_schedules(state: State, caller: Caller) -> Result<Json<JobScheduleList>, Refused> {
    administrator(&state, &caller).await?;
    let rows = store::job_schedule::list_job_schedules(state.pool()).await?;
    let detail = |mut row: store::job_schedule::JobSchedule| {
        let payload = std::mem::take(&mut row.payload);
        JobScheduleDetail { schedule: row.into(), payload }
    };
    Ok(Json(JobScheduleList { items: rows.into_iter().map(detail).collect() }))
}

/// Make a schedule
///
/// A pattern that never comes is refused. At most 200 of them. Takes an administrator of the instance.
#[utoipa::path(post, path = "/admin/job-schedules", operation_id = "create_job_schedule", tag = "admin",
    request_body = NewJobSchedule,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat answer as the first time", max_length = 128, pattern = "^[!-~]+$")),
    responses((status = 201, description = "Made", body = JobSchedule)))]
pub(crate) async fn create_job_schedule(state: State, submission: Submission<NewJobSchedule>) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    act(&state, &caller, &context, &JobAct::CreateSchedule(Box::new(input)), StatusCode::CREATED, view).await
}

/// Change a schedule
///
/// Absent fields stay. Of the server's own the name and the kind stay, too. Takes an administrator of
/// the instance.
#[utoipa::path(patch, path = "/admin/job-schedules/{id}", operation_id = "update_job_schedule", tag = "admin",
    request_body = JobSchedulePatch,
    params(("id" = Uuid, Path, description = "The schedule")),
    responses((status = 200, description = "As it is now", body = JobSchedule)))]
pub(crate) async fn update_job_schedule(
    state: State,
    Path(id): Path<Uuid>,
    submission: Submission<JobSchedulePatch>,
) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    let what = JobAct::UpdateSchedule { id, patch: Box::new(input) };
    act(&state, &caller, &context, &what, StatusCode::OK, view).await
}

/// Delete a schedule
///
/// The server's own can be switched off, not deleted. Takes an administrator of the instance.
#[utoipa::path(delete, path = "/admin/job-schedules/{id}", operation_id = "delete_job_schedule", tag = "admin",
    params(("id" = Uuid, Path, description = "The schedule")),
    responses((status = 204, description = "Deleted")))]
pub(crate) async fn delete_job_schedule(
    state: State,
    Path(id): Path<Uuid>,
    submission: Submission<()>,
) -> Result<Response, Refused> {
    let Submission { caller, context, .. } = submission;
    act(&state, &caller, &context, &JobAct::DeleteSchedule { id }, StatusCode::NO_CONTENT, |_| Value::Null).await
}

fn view(outcome: &JobOutcome) -> Value {
    match outcome {
        JobOutcome::Schedule(schedule) => json(JobSchedule::from(schedule.as_ref().clone())),
        _ => Value::Null,
    }
}
