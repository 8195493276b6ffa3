//! How the queue does.

use crate::admin::administrator;
use crate::caller::Caller;
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::job::Job;
use crate::wire::job_class::{JobKindStats, JobMinute, JobStats, JobWorker};
use axum::Json;
use chrono::{DateTime, Utc};
use domain::limits::{HEARTBEAT_LAPSE, PAGE_MAX_ITEMS};
use store::instance::Instance;
use store::job::{JobFilter, JobState};
use uuid::Uuid;

const MINUTES: i32 = 60;
/// As the configuration calls it.
const ROLE: &str = "worker";

/// How the queue does
///
/// What waits and runs by kind, what ended in the last hour, who works on what. Takes an administrator of
/// the instance.
#[utoipa::path(get, path = "/admin/job-stats", operation_id = "get_job_stats", tag = "admin",
    responses((status = 200, description = "As it is now", body = JobStats)))]
pub(crate) async fn get_job_stats(state: State, caller: Caller) -> Result<Json<JobStats>, Refused> {
    administrator(&state, &caller).await?;
    let pool = state.pool();
    let kinds = store::job_stats::count_jobs(pool).await?;
    let minutes = store::job_stats::list_minutes(pool, MINUTES).await?;
    let instances = store::instance::list_instances(pool).await?;
    let filter = JobFilter { state: Some(JobState::Running), ..JobFilter::default() };
    let running = store::job::list_jobs(pool, &filter, PAGE_MAX_ITEMS).await?;
    let now = state.now();
    Ok(Json(JobStats {
        server_time: now,
        kinds: kinds.into_iter().map(kind).collect(),
        minutes: minutes.into_iter().map(minute).collect(),
        workers: workers(instances, running.into_iter().map(Job::from).collect(), now),
        dead_letters_open: store::dead_letter::count_open_dead_letters(pool).await?,
    }))
}

fn kind(of: store::job_stats::KindCounts) -> JobKindStats {
    let store::job_stats::KindCounts { kind, class, waiting, scheduled, running, oldest_due_s } = of;
    JobKindStats { kind, class, waiting, scheduled, running, oldest_due_s }
}

fn minute(of: store::job_stats::MinuteCounts) -> JobMinute {
    let store::job_stats::MinuteCounts { at, succeeded, failed, cancelled, wait_avg_s, wait_max_s } = of;
    JobMinute { at, succeeded, failed, cancelled, wait_avg_s, wait_max_s }
}

/// Everybody who works, with what they run; and those unknown who still hold something.
fn workers(instances: Vec<Instance>, running: Vec<Job>, now: DateTime<Utc>) -> Vec<JobWorker> {
    let alive = |i: &Instance| (now - i.seen_at).to_std().unwrap_or_default() < HEARTBEAT_LAPSE;
    let holds = |id: Uuid| running.iter().any(|job| job.worker_id == Some(id));
    let known = instances.into_iter().filter(|i| holds(i.id) || (alive(i) && i.roles.iter().any(|role| role == ROLE)));
    let mut workers: Vec<JobWorker> = known
        .map(|i| JobWorker {
            id: i.id,
            alive: alive(&i),
            name: Some(i.name),
            version: Some(i.version),
            seen_at: Some(i.seen_at),
            jobs: Vec::new(),
        })
        .collect();
    for job in running {
        let Some(id) = job.worker_id else { continue };
        match workers.iter_mut().find(|worker| worker.id == id) {
            Some(worker) => worker.jobs.push(job),
            None => workers.push(JobWorker { id, name: None, version: None, seen_at: None, alive: false, jobs: vec![job] }),
        }
    }
    for worker in &mut workers {
        worker.jobs.sort_by_key(|job| (job.started_at, job.id));
    }
    workers
}
