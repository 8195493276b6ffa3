//! Jobs whose worker is gone. They are ready again; who was on their last attempt goes to the dead
//! letters, so that a job that takes its server down does so a bounded number of times.

use super::finish::{Held, bury_jobs};
use super::interval;
use sqlx::PgConnection;
use std::time::Duration;
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// How many jobs were rescued, and how many of them had no attempt left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rescued {
    pub ready: u64,
    pub buried: u64,
}

const LOST: &str = "its server was lost while it ran";
const AT_ONCE: i64 = 500;

/// Of workers that were not heard of for `lease`. In a transaction; a full batch (500) means: once more.
pub async fn rescue_lapsed(db: &mut PgConnection, lease: Duration) -> Result<Rescued> {
    let lost = sqlx::query!(
        r#"select j.id, j.fence, j.attempt >= j.attempts_max as "last!" from jobs j
            where j.state = 'running' and not exists (
              select from instances i where i.id = j.worker_id and i.seen_at > clock_timestamp() - $1::interval)
            limit $2 for update of j skip locked"#,
        interval(lease),
        AT_ONCE
    )
    .fetch_all(&mut *db)
    .await?;
    give_back(db, lost.into_iter().map(|r| (Held { id: r.id, fence: r.fence }, r.last)).collect()).await
}

/// Of one worker that is known to be gone. In a transaction; a full batch (500) means: once more.
pub async fn rescue_worker(db: &mut PgConnection, worker_id: Uuid) -> Result<Rescued> {
    let lost = sqlx::query!(
        r#"select id, fence, attempt >= attempts_max as "last!" from jobs where worker_id = $1 and state = 'running'
            limit $2 for update skip locked"#,
        worker_id,
        AT_ONCE
    )
    .fetch_all(&mut *db)
    .await?;
    give_back(db, lost.into_iter().map(|r| (Held { id: r.id, fence: r.fence }, r.last)).collect()).await
}

async fn give_back(db: &mut PgConnection, lost: Vec<(Held, bool)>) -> Result<Rescued> {
    let (last, again): (Vec<_>, Vec<_>) = lost.into_iter().partition(|(_, last)| *last);
    let last: Vec<Held> = last.into_iter().map(|(held, _)| held).collect();
    let buried = if last.is_empty() { 0 } else { bury_jobs(&mut *db, &last, LOST).await?.len() as u64 };
    let ids: Vec<Uuid> = again.iter().map(|(held, _)| held.id).collect();
    if ids.is_empty() {
        return Ok(Rescued { ready: 0, buried });
    }
    let ready = sqlx::query!(
        "update jobs j set state = 'ready', worker_id = null, error = $2
          where j.id = any($1) and j.state = 'running'",
        &ids,
        LOST
    )
    .execute(db)
    .await?;
    Ok(Rescued { ready: ready.rows_affected(), buried })
}
