//! Background work, for administrators. Lists hold no payloads: those are told one at a time.

use chrono::{DateTime, Utc};
use domain::job::Priority;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum JobState {
    /// For later.
    Scheduled,
    /// Due, and waits for a worker.
    Ready,
    Running,
    Succeeded,
    /// For good: it is among the dead letters.
    Failed,
    Cancelled,
}

/// Those of jobs that are not done.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OpenState {
    Scheduled,
    Ready,
    Running,
}

/// Those of jobs that are.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum JobOutcome {
    Succeeded,
    Failed,
    Cancelled,
}

/// A job that waits, runs or has ended.
#[derive(Serialize, ToSchema)]
pub(crate) struct Job {
    pub(crate) id: Uuid,
    #[schema(example = "tool")]
    pub(crate) kind: String,
    #[schema(example = "tools")]
    pub(crate) class: String,
    pub(crate) state: JobState,
    pub(crate) priority: Priority,
    /// When it is (or was) due.
    pub(crate) run_at: DateTime<Utc>,
    #[schema(required)]
    pub(crate) unique_key: Option<String>,
    /// Begun so far.
    pub(crate) attempt: i16,
    #[schema(required)]
    pub(crate) attempts_max: Option<i16>,
    /// The instance that runs it, or ran it last.
    #[schema(required)]
    pub(crate) worker_id: Option<Uuid>,
    #[schema(required)]
    pub(crate) started_at: Option<DateTime<Utc>>,
    #[schema(required)]
    pub(crate) ended_at: Option<DateTime<Utc>>,
    /// From 0 to 1, as the job itself tells it.
    #[schema(required)]
    pub(crate) progress: Option<f32>,
    #[schema(required)]
    pub(crate) message: Option<String>,
    #[schema(required)]
    pub(crate) cancel_requested_at: Option<DateTime<Utc>>,
    /// Of the last attempt that failed.
    #[schema(required)]
    pub(crate) error: Option<String>,
    pub(crate) created_at: DateTime<Utc>,
    /// Null: the server.
    #[schema(required)]
    pub(crate) created_by: Option<Uuid>,
}

/// A page of jobs.
#[derive(Serialize, ToSchema)]
pub(crate) struct JobPage {
    pub(crate) items: Vec<Job>,
    /// Give it as `cursor` for what follows; null at the end.
    #[schema(required)]
    pub(crate) next_cursor: Option<String>,
}

/// A job with what it works on.
#[derive(Serialize, ToSchema)]
pub(crate) struct JobDetail {
    #[serde(flatten)]
    pub(crate) job: Job,
    /// In the shape of its kind; it may hold secrets.
    pub(crate) payload: Value,
    /// Where its next attempt goes on.
    pub(crate) checkpoint: Value,
    /// What it answered.
    pub(crate) result: Value,
}

impl From<store::job::Job> for Job {
    fn from(job: store::job::Job) -> Self {
        let state = match store::job::JobState::parse(&job.state) {
            Some(store::job::JobState::Scheduled) => JobState::Scheduled,
            Some(store::job::JobState::Running) => JobState::Running,
            // The database knows no other.
            Some(store::job::JobState::Ready) | None => JobState::Ready,
        };
        Self {
            id: job.id,
            kind: job.kind,
            class: job.class,
            state,
            priority: job.priority,
            run_at: job.run_at,
            unique_key: job.unique_key,
            attempt: job.attempt,
            attempts_max: Some(job.attempts_max),
            worker_id: job.worker_id,
            started_at: job.started_at,
            ended_at: None,
            progress: job.progress,
            message: job.message,
            cancel_requested_at: job.cancel_requested_at,
            error: job.error,
            created_at: job.created_at,
            created_by: job.created_by,
        }
    }
}

impl From<store::job::PastJob> for Job {
    fn from(job: store::job::PastJob) -> Self {
        let state = match store::job::PastOutcome::parse(&job.outcome) {
            Some(store::job::PastOutcome::Succeeded) => JobState::Succeeded,
            Some(store::job::PastOutcome::Cancelled) => JobState::Cancelled,
            // The database knows no other.
            Some(store::job::PastOutcome::Failed) | None => JobState::Failed,
        };
        Self {
            id: job.id,
            kind: job.kind,
            class: job.class,
            state,
            priority: job.priority,
            run_at: job.run_at,
            unique_key: None,
            attempt: job.attempt,
            attempts_max: None,
            worker_id: job.worker_id,
            started_at: job.started_at,
            ended_at: Some(job.at),
            progress: None,
            message: None,
            cancel_requested_at: None,
            error: job.error,
            created_at: job.created_at,
            created_by: job.created_by,
        }
    }
}

impl From<store::job::Job> for JobDetail {
    fn from(mut job: store::job::Job) -> Self {
        let payload = std::mem::take(&mut job.payload);
        let checkpoint = job.checkpoint.take().unwrap_or_default();
        Self { job: job.into(), payload, checkpoint, result: Value::Null }
    }
}

impl From<store::job::PastJob> for JobDetail {
    fn from(mut job: store::job::PastJob) -> Self {
        let payload = std::mem::take(&mut job.payload);
        let result = job.result.take().unwrap_or_default();
        Self { job: job.into(), payload, checkpoint: Value::Null, result }
    }
}
