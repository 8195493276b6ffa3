//! Classes of jobs, and whether they are paused.

use sqlx::PgExecutor;
use sqlx::types::chrono::{DateTime, Utc};
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobClassRow {
    pub name: String,
    pub paused_at: Option<DateTime<Utc>>,
    pub paused_by: Option<Uuid>,
    pub paused_reason: Option<String>,
    /// The maintenance of Synops itself that keeps it waiting.
    pub blocked_by: Option<Uuid>,
}

impl JobClassRow {
    /// Whether jobs of it may begin.
    pub const fn is_open(&self) -> bool {
        self.paused_at.is_none() && self.blocked_by.is_none()
    }
}

/// By name.
pub async fn list_job_classes(db: impl PgExecutor<'_>) -> Result<Vec<JobClassRow>> {
    sqlx::query_as!(JobClassRow, "select name, paused_at, paused_by, paused_reason, blocked_by from job_classes order by name")
        .fetch_all(db)
        .await
}

/// Pauses a class. Waits for the claims that hold it: when this has committed, none of the class does.
/// Answers whether it ran before; `None` when there is no such class.
pub async fn pause_job_class(
    db: impl PgExecutor<'_>,
    name: &str,
    paused_by: Option<Uuid>,
    reason: Option<&str>,
) -> Result<Option<bool>> {
    sqlx::query_scalar!(
        r#"with before as (select name, paused_at from job_classes where name = $1 for update)
           update job_classes c set paused_at = coalesce(c.paused_at, clock_timestamp()), paused_by = $2, paused_reason = $3
             from before b where c.name = b.name
           returning b.paused_at is null as "ran!""#,
        name,
        paused_by,
        reason
    )
    .fetch_optional(db)
    .await
}

/// Lets a class run again. Answers whether it was paused; `None` when there is no such class.
pub async fn resume_job_class(db: impl PgExecutor<'_>, name: &str) -> Result<Option<bool>> {
    sqlx::query_scalar!(
        r#"with before as (select name, paused_at from job_classes where name = $1 for update)
           update job_classes c set paused_at = null, paused_by = null, paused_reason = null
             from before b where c.name = b.name
           returning b.paused_at is not null as "paused!""#,
        name
    )
    .fetch_optional(db)
    .await
}
