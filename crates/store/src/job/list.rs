//! Jobs for the eye: what waits, what runs, what was.

use domain::job::Priority;
use serde_json::Value;
use sqlx::PgExecutor;
use sqlx::types::chrono::{DateTime, Utc};
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobState {
    Scheduled,
    Ready,
    Running,
}

impl JobState {
    pub const ALL: [Self; 3] = [Self::Scheduled, Self::Ready, Self::Running];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Ready => "ready",
            Self::Running => "running",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// A job that waits or runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    pub id: Uuid,
    pub kind: String,
    pub class: String,
    pub state: String,
    pub priority: Priority,
    pub run_at: DateTime<Utc>,
    pub unique_key: Option<String>,
    pub payload: Value,
    pub attempt: i16,
    pub attempts_max: i16,
    /// The instance that runs it.
    pub worker_id: Option<Uuid>,
    pub started_at: Option<DateTime<Utc>>,
    pub progress: Option<f32>,
    pub message: Option<String>,
    pub checkpoint: Option<Value>,
    pub cancel_requested_at: Option<DateTime<Utc>>,
    /// Of the last attempt.
    pub error: Option<String>,
    pub created_at: DateTime<Utc>,
    pub created_by: Option<Uuid>,
}

/// Which jobs to list; `after` is the last of the page before.
#[derive(Clone, Debug, Default)]
pub struct JobFilter<'a> {
    pub state: Option<JobState>,
    pub kind: Option<&'a str>,
    pub class: Option<&'a str>,
    pub after: Option<(DateTime<Utc>, Uuid)>,
}

macro_rules! jobs {
    ($rest:tt $(, $arg:expr)*) => {
        sqlx::query!(
            "select id, kind, class, state, priority, run_at, unique_key, payload, attempt, attempts_max, worker_id, started_at,
               progress, message, checkpoint, cancel_requested_at, error, created_at, created_by
             from jobs " + $rest
            $(, $arg)*)
        .map(|r| Job {
            id: r.id,
            kind: r.kind,
            class: r.class,
            state: r.state,
            priority: Priority::from_rank(r.priority),
            run_at: r.run_at,
            unique_key: r.unique_key,
            payload: r.payload,
            attempt: r.attempt,
            attempts_max: r.attempts_max,
            worker_id: r.worker_id,
            started_at: r.started_at,
            progress: r.progress,
            message: r.message,
            checkpoint: r.checkpoint,
            cancel_requested_at: r.cancel_requested_at,
            error: r.error,
            created_at: r.created_at,
            created_by: r.created_by,
        })
    };
}

pub async fn find_job(db: impl PgExecutor<'_>, id: Uuid) -> Result<Option<Job>> {
    jobs!("where id = $1", id).fetch_optional(db).await
}

/// Held until the transaction ends.
pub async fn lock_job(db: impl PgExecutor<'_>, id: Uuid) -> Result<Option<Job>> {
    jobs!("where id = $1 for update", id).fetch_optional(db).await
}

/// In the order in which they are due.
pub async fn list_jobs(db: impl PgExecutor<'_>, filter: &JobFilter<'_>, limit: i64) -> Result<Vec<Job>> {
    let (after_at, after_id) = filter.after.unzip();
    jobs!(
        "where ($1::text is null or state = $1) and ($2::text is null or kind = $2) and ($3::text is null or class = $3)
           and ($4::timestamptz is null or (run_at, id) > ($4, $5::uuid))
         order by run_at, id limit $6",
        filter.state.map(JobState::as_str),
        filter.kind,
        filter.class,
        after_at,
        after_id,
        limit
    )
    .fetch_all(db)
    .await
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PastOutcome {
    Succeeded,
    Failed,
    Cancelled,
}

impl PastOutcome {
    pub const ALL: [Self; 3] = [Self::Succeeded, Self::Failed, Self::Cancelled];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == name)
    }
}

/// A job that ended.
#[derive(Clone, Debug, PartialEq)]
pub struct PastJob {
    pub id: Uuid,
    /// When it ended.
    pub at: DateTime<Utc>,
    pub kind: String,
    pub class: String,
    pub outcome: String,
    pub priority: Priority,
    pub attempt: i16,
    pub payload: Value,
    pub result: Option<Value>,
    pub error: Option<String>,
    pub run_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub created_by: Option<Uuid>,
    pub worker_id: Option<Uuid>,
}

macro_rules! past_jobs {
    ($rest:tt $(, $arg:expr)*) => {
        sqlx::query!(
            "select id, at, kind, class, outcome, priority, attempt, payload, result, error, run_at, started_at, created_at, created_by,
               worker_id
             from job_history " + $rest
            $(, $arg)*)
        .map(|r| PastJob {
            id: r.id,
            at: r.at,
            kind: r.kind,
            class: r.class,
            outcome: r.outcome,
            priority: Priority::from_rank(r.priority),
            attempt: r.attempt,
            payload: r.payload,
            result: r.result,
            error: r.error,
            run_at: r.run_at,
            started_at: r.started_at,
            created_at: r.created_at,
            created_by: r.created_by,
            worker_id: r.worker_id,
        })
    };
}

pub async fn find_past_job(db: impl PgExecutor<'_>, id: Uuid) -> Result<Option<PastJob>> {
    past_jobs!("where id = $1 order by at desc limit 1", id).fetch_optional(db).await
}

/// Newest first; `before` is the last of the page before.
pub async fn list_past_jobs(
    db: impl PgExecutor<'_>,
    outcome: Option<PastOutcome>,
    kind: Option<&str>,
    before: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<PastJob>> {
    let (before_at, before_id) = before.unzip();
    past_jobs!(
        "where ($1::text is null or outcome = $1) and ($2::text is null or kind = $2)
           and ($3::timestamptz is null or (at, id) < ($3, $4::uuid))
         order by at desc, id desc limit $5",
        outcome.map(PastOutcome::as_str),
        kind,
        before_at,
        before_id,
        limit
    )
    .fetch_all(db)
    .await
}
