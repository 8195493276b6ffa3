//! Background work. What waits and what runs is in `jobs`, what ended in `job_history`, what failed
//! for good in `dead_letters`.

mod cancel;
mod claim;
mod finish;
mod insert;
mod list;
mod rescue;
mod retry;

pub use cancel::cancel_job;
pub use claim::{ClaimedJob, Wanted, claim_jobs, find_next_scheduled, promote_scheduled};
pub use finish::{
    Finished, Held, Progress, Retry, bury_jobs, complete_jobs, fail_job, hold_job, list_cancelled, list_lost, release_jobs,
    release_unknown, save_checkpoint, save_progress,
};
pub use insert::{Inserted, delete_expired_keys, insert_jobs, ring};
pub use list::{Job, JobFilter, JobState, PastJob, PastOutcome, find_job, find_past_job, list_jobs, list_past_jobs, lock_job};
pub use rescue::{Rescued, rescue_lapsed, rescue_worker};
pub use retry::{keep_checkpoints, make_due};

use std::time::Duration;

fn interval(span: Duration) -> sqlx::postgres::types::PgInterval {
    sqlx::postgres::types::PgInterval { months: 0, days: 0, microseconds: i64::try_from(span.as_micros()).unwrap_or(i64::MAX) }
}
