//! Classes of jobs, and pausing them.

use super::{act, json};
use crate::admin::administrator;
use crate::caller::Caller;
use crate::extract::{Path, Submission};
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::job_class::{JobClassList, JobClassView, PauseRequest, PausedBy};
use axum::Json;
use axum::http::StatusCode;
use axum::response::Response;
use domain::Refusal;
use domain::job::{JobClass, JobKind};
use domain::job_act::JobAct;
use intentions::JobOutcome;
use serde_json::Value;
use std::collections::HashMap;
use store::job_class::JobClassRow;
use uuid::Uuid;

/// Classes of jobs
///
/// And which of them are paused. Takes an administrator of the instance.
#[utoipa::path(get, path = "/admin/job-classes", operation_id = "list_job_classes", tag = "admin",
    responses((status = 200, description = "By name", body = JobClassList)))]
pub(crate) async fn list_job_classes(state: State, caller: Caller) -> Result<Json<JobClassList>, Refused> {
    administrator(&state, &caller).await?;
    let rows = store::job_class::list_job_classes(state.pool()).await?;
    let people: Vec<Uuid> = rows.iter().filter_map(|row| row.paused_by).collect();
    let titles: HashMap<Uuid, String> = store::node::list_titles(state.pool(), &people).await?.into_iter().collect();
    Ok(Json(JobClassList { items: rows.iter().filter_map(|row| view(row, &titles)).collect() }))
}

/// Pause a class of jobs
///
/// Once this has answered, no job of the class begins, on any instance; what runs goes on. Lasts until
/// it is resumed. Takes an administrator of the instance.
#[utoipa::path(post, path = "/admin/job-classes/{name}/pause", operation_id = "pause_jobs", tag = "admin",
    request_body = PauseRequest,
    params(("name" = JobClass, Path, description = "The class"),
           ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat answer as the first time", max_length = 128, pattern = "^[!-~]+$")),
    responses((status = 200, description = "As it is now", body = JobClassView)))]
pub(crate) async fn pause_jobs(
    state: State,
    Path(name): Path<String>,
    submission: Submission<Option<PauseRequest>>,
) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    let reason = input.unwrap_or_default().reason.filter(|reason| !reason.trim().is_empty());
    let class = class_of(&state, &caller, &name).await?;
    act_on(&state, &caller, &context, JobAct::Pause { class, reason }).await
}

/// Resume a class of jobs
///
/// Takes an administrator of the instance.
#[utoipa::path(post, path = "/admin/job-classes/{name}/resume", operation_id = "resume_jobs", tag = "admin",
    params(("name" = JobClass, Path, description = "The class"),
           ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat answer as the first time", max_length = 128, pattern = "^[!-~]+$")),
    responses((status = 200, description = "As it is now", body = JobClassView)))]
pub(crate) async fn resume_jobs(state: State, Path(name): Path<String>, submission: Submission<()>) -> Result<Response, Refused> {
    let Submission { caller, context, .. } = submission;
    let class = class_of(&state, &caller, &name).await?;
    act_on(&state, &caller, &context, JobAct::Resume { class }).await
}

/// What is not there is told to administrators alone.
async fn class_of(state: &State, caller: &Caller, name: &str) -> Result<JobClass, Refused> {
    administrator(state, caller).await?;
    Ok(JobClass::parse(name).ok_or(Refusal::NotFound { what: "class of jobs" })?)
}

async fn act_on(state: &State, caller: &Caller, context: &intentions::Context, what: JobAct) -> Result<Response, Refused> {
    let person = caller.person()?;
    let titles = HashMap::from([(person.id, person.title)]);
    let render = |outcome: &JobOutcome| match outcome {
        JobOutcome::Class(row) => json(view(row, &titles)),
        _ => Value::Null,
    };
    act(state, caller, context, &what, StatusCode::OK, render).await
}

/// `None` for a class that a newer version made.
fn view(row: &JobClassRow, titles: &HashMap<Uuid, String>) -> Option<JobClassView> {
    let name = JobClass::parse(&row.name)?;
    let kinds = JobKind::ALL.into_iter().map(JobKind::spec).filter(|spec| spec.class == name);
    let by = row.paused_by.map(|id| PausedBy { id, title: titles.get(&id).cloned().unwrap_or_default() });
    Some(JobClassView {
        name,
        kinds: kinds.map(|spec| spec.name).collect(),
        paused_at: row.paused_at,
        paused_by: by,
        paused_reason: row.paused_reason.clone(),
        blocked_by: row.blocked_by,
    })
}
