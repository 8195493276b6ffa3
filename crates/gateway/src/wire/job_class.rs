//! Classes of jobs, schedules, and figures.

use super::job::Job;
use chrono::{DateTime, Utc};
use domain::job::JobClass;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

/// What is paused together.
#[derive(Serialize, ToSchema)]
pub(crate) struct JobClassView {
    pub(crate) name: JobClass,
    /// The kinds of its jobs.
    pub(crate) kinds: Vec<&'static str>,
    /// Null: it runs.
    #[schema(required)]
    pub(crate) paused_at: Option<DateTime<Utc>>,
    /// Null: the command line, or nobody.
    #[schema(required)]
    pub(crate) paused_by: Option<PausedBy>,
    #[schema(required)]
    pub(crate) paused_reason: Option<String>,
    /// The maintenance of Synops itself that keeps its jobs waiting.
    #[schema(required)]
    pub(crate) blocked_by: Option<Uuid>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct PausedBy {
    pub(crate) id: Uuid,
    #[schema(example = "Kari Nordmann")]
    pub(crate) title: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct JobClassList {
    pub(crate) items: Vec<JobClassView>,
}

/// Why a class is paused.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PauseRequest {
    #[schema(max_length = 200, example = "the disk is being replaced")]
    pub(crate) reason: Option<String>,
}

/// What is enqueued again and again.
#[derive(Serialize, ToSchema)]
pub(crate) struct JobSchedule {
    pub(crate) id: Uuid,
    #[schema(example = "nightly backup")]
    pub(crate) name: String,
    #[schema(example = "tool")]
    pub(crate) kind: String,
    /// Minute, hour, day, month and weekday.
    #[schema(example = "15 3 * * *")]
    pub(crate) cron: String,
    #[schema(example = "Europe/Oslo")]
    pub(crate) timezone: String,
    pub(crate) enabled: bool,
    /// The server's own: it may be changed, not deleted.
    pub(crate) builtin: bool,
    pub(crate) next_at: DateTime<Utc>,
    #[schema(required)]
    pub(crate) last_at: Option<DateTime<Utc>>,
    #[schema(required)]
    pub(crate) last_job_id: Option<Uuid>,
    pub(crate) created_at: DateTime<Utc>,
}

/// A schedule with what its jobs work on.
#[derive(Serialize, ToSchema)]
pub(crate) struct JobScheduleDetail {
    #[serde(flatten)]
    pub(crate) schedule: JobSchedule,
    /// In the shape of its kind; it may hold secrets.
    pub(crate) payload: Value,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct JobScheduleList {
    pub(crate) items: Vec<JobScheduleDetail>,
}

impl From<store::job_schedule::JobSchedule> for JobSchedule {
    fn from(of: store::job_schedule::JobSchedule) -> Self {
        Self {
            id: of.id,
            name: of.name,
            kind: of.kind,
            cron: of.cron,
            timezone: of.timezone,
            enabled: of.enabled,
            builtin: of.builtin,
            next_at: of.next_at,
            last_at: of.last_at,
            last_job_id: of.last_job_id,
            created_at: of.created_at,
        }
    }
}

/// How the queue does.
#[derive(Serialize, ToSchema)]
pub(crate) struct JobStats {
    pub(crate) server_time: DateTime<Utc>,
    /// Kinds of which there is none are left out.
    pub(crate) kinds: Vec<JobKindStats>,
    /// The last hour, oldest first.
    pub(crate) minutes: Vec<JobMinute>,
    /// Instances that work on jobs, and those that hold some though they are gone.
    pub(crate) workers: Vec<JobWorker>,
    pub(crate) dead_letters_open: i64,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct JobKindStats {
    #[schema(example = "tool")]
    pub(crate) kind: String,
    #[schema(example = "tools")]
    pub(crate) class: String,
    /// Due, and no worker is at them yet.
    pub(crate) waiting: i64,
    /// For later.
    pub(crate) scheduled: i64,
    pub(crate) running: i64,
    /// For how long the oldest of those that wait has been due; null when none waits.
    #[schema(required)]
    pub(crate) oldest_due_s: Option<f64>,
}

/// What ended within one minute.
#[derive(Serialize, ToSchema)]
pub(crate) struct JobMinute {
    /// Its beginning.
    pub(crate) at: DateTime<Utc>,
    pub(crate) succeeded: i64,
    pub(crate) failed: i64,
    pub(crate) cancelled: i64,
    /// From being due to the beginning, on average; null when nothing ended.
    #[schema(required)]
    pub(crate) wait_avg_s: Option<f64>,
    #[schema(required)]
    pub(crate) wait_max_s: Option<f64>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct JobWorker {
    pub(crate) id: Uuid,
    /// Null: it is not known any more.
    #[schema(required)]
    pub(crate) name: Option<String>,
    #[schema(required)]
    pub(crate) version: Option<String>,
    #[schema(required)]
    pub(crate) seen_at: Option<DateTime<Utc>>,
    /// Whether it has told so lately. The jobs of one that has not are soon taken over.
    pub(crate) alive: bool,
    /// What it runs, the longest first; at most 200 of all workers.
    pub(crate) jobs: Vec<Job>,
}
