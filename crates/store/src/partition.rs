//! Partitions, by the one function the migrations define for them.

use sqlx::PgExecutor;
use sqlx::postgres::types::PgInterval;
use std::time::Duration;

/// The tables whose partitions are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Partitioned {
    ChangeLog,
    CheckRuns,
    AuditLog,
    JobHistory,
    Positions,
}

impl Partitioned {
    pub const ALL: [Self; 5] = [Self::ChangeLog, Self::CheckRuns, Self::AuditLog, Self::JobHistory, Self::Positions];

    pub const fn table(self) -> &'static str {
        match self {
            Self::ChangeLog => "change_log",
            Self::CheckRuns => "check_runs",
            Self::AuditLog => "audit_log",
            Self::JobHistory => "job_history",
            Self::Positions => "positions",
        }
    }
}

/// Makes or drops at most one partition; answers what it did, `None` when all is in order. An
/// error that [`may_retry`] left all as it was: somebody else is at it, or holds a lock.
pub async fn keep_partitions(db: impl PgExecutor<'_>, table: Partitioned, keep: Duration) -> Result<Option<String>, sqlx::Error> {
    let keep = PgInterval { months: 0, days: 0, microseconds: i64::try_from(keep.as_micros()).unwrap_or(i64::MAX) };
    sqlx::query_scalar!("select keep_partitions($1, $2)", table.table(), keep).fetch_one(db).await
}

/// Whether keeping partitions failed for reasons that pass: somebody's lock, a deadlock, or a row that
/// fell into the default partition in between (23514).
pub fn may_retry(error: &sqlx::Error) -> bool {
    matches!(error.as_database_error().and_then(|e| e.code()).as_deref(), Some("55P03" | "40P01" | "23514"))
}

/// Rows that the default partitions caught: more than none means that upkeep came too late. (Not of positions:
/// devices send what is of days past.)
pub async fn count_caught(db: impl PgExecutor<'_>) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select (exists (select from change_log where tableoid = 'change_log_default'::regclass))::int::int8
                + (exists (select from check_runs where tableoid = 'check_runs_default'::regclass))::int::int8
                + (exists (select from audit_log where tableoid = 'audit_log_default'::regclass))::int::int8
                + (exists (select from job_history where tableoid = 'job_history_default'::regclass))::int::int8 as "caught!""#
    )
    .fetch_one(db)
    .await
}
