//! What failed for good, until a person decides: fix and replay, or discard.

use serde_json::Value;
use sqlx::PgExecutor;
use sqlx::types::chrono::{DateTime, Utc};
use std::time::Duration;
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

#[derive(Clone, Debug, PartialEq)]
pub struct DeadLetter {
    pub id: Uuid,
    pub at: DateTime<Utc>,
    /// `job` or `telemetry`.
    pub source: String,
    pub kind: String,
    pub class: Option<String>,
    pub payload: Value,
    pub error: String,
    pub attempts: i16,
    pub attempts_max: Option<i16>,
    pub priority: Option<i16>,
    pub checkpoint: Option<Value>,
    pub created_at: DateTime<Utc>,
    pub created_by: Option<Uuid>,
    /// `replayed` or `discarded`; `None` while it is open.
    pub resolution: Option<String>,
    pub resolved_at: Option<DateTime<Utc>>,
    pub resolved_by: Option<Uuid>,
    pub replayed_as: Option<Uuid>,
}

macro_rules! dead_letters {
    ($rest:tt $(, $arg:expr)*) => {
        sqlx::query_as!(
            DeadLetter,
            "select id, at, source, kind, class, payload, error, attempts, attempts_max, priority, checkpoint, created_at, created_by,
               resolution, resolved_at, resolved_by, replayed_as
             from dead_letters " + $rest
            $(, $arg)*)
    };
}

/// Newest first; `before` is the last of the page before.
pub async fn list_dead_letters(
    db: impl PgExecutor<'_>,
    open: bool,
    source: Option<&str>,
    kind: Option<&str>,
    before: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<DeadLetter>> {
    let (before_at, before_id) = before.unzip();
    dead_letters!(
        "where (resolution is null) = $1 and ($2::text is null or kind = $2)
           and ($3::timestamptz is null or (at, id) < ($3, $4::uuid)) and ($6::text is null or source = $6)
         order by at desc, id desc limit $5",
        open,
        kind,
        before_at,
        before_id,
        limit,
        source
    )
    .fetch_all(db)
    .await
}

pub async fn find_dead_letter(db: impl PgExecutor<'_>, id: Uuid) -> Result<Option<DeadLetter>> {
    dead_letters!("where id = $1", id).fetch_optional(db).await
}

/// Those of these that there are, held until the transaction ends: each is decided about once.
pub async fn lock_dead_letters(db: impl PgExecutor<'_>, ids: &[Uuid]) -> Result<Vec<DeadLetter>> {
    dead_letters!("where id = any($1) order by id for update", ids).fetch_all(db).await
}

/// Changes what an open one carries. False when it is not open any more.
pub async fn update_dead_letter_payload(db: impl PgExecutor<'_>, id: Uuid, payload: &Value) -> Result<bool> {
    let done = sqlx::query!("update dead_letters set payload = $2 where id = $1 and resolution is null", id, payload)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Marks them replayed, each as the job of the same place, by a person (`None`: the server).
pub async fn mark_replayed(db: impl PgExecutor<'_>, ids: &[Uuid], replayed_as: &[Uuid], by: Option<Uuid>) -> Result<()> {
    sqlx::query!(
        "update dead_letters d set resolution = 'replayed', resolved_at = clock_timestamp(), resolved_by = $3, replayed_as = r.job_id
           from unnest($1::uuid[], $2::uuid[]) as r (id, job_id) where d.id = r.id",
        ids,
        replayed_as,
        by
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Marks the open ones among these discarded; answers which.
pub async fn discard_dead_letters(db: impl PgExecutor<'_>, ids: &[Uuid], by: Option<Uuid>) -> Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        "update dead_letters set resolution = 'discarded', resolved_at = clock_timestamp(), resolved_by = $2
          where id = any($1) and resolution is null returning id",
        ids,
        by
    )
    .fetch_all(db)
    .await
}

/// A record or a frame of a device that can't be kept.
#[derive(Clone, Debug, PartialEq)]
pub struct TelemetryLetter {
    /// The same for the same bytes: however often they are sent, there is one letter.
    pub id: Uuid,
    /// `None`: nobody's.
    pub device_id: Option<Uuid>,
    /// What it is: `record` or `frame`.
    pub kind: &'static str,
    pub payload: Value,
    pub error: String,
    pub attempts: i16,
}

/// Puts these on the desk; one that is there already counts another attempt.
pub async fn insert_telemetry_letters(db: impl PgExecutor<'_>, letters: &[TelemetryLetter]) -> Result<()> {
    sqlx::query!(
        "insert into dead_letters (id, source, kind, payload, error, attempts, created_at)
         select l.id, 'telemetry', l.kind, l.payload, l.error, l.attempts, clock_timestamp()
           from unnest($1::uuid[], $2::text[], $3::jsonb[], $4::text[], $5::int2[]) as l(id, kind, payload, error, attempts)
          order by l.id
         on conflict (id) do update set attempts = least(dead_letters.attempts::int4 + 1, 32767)::int2",
        &letters.iter().map(|one| one.id).collect::<Vec<_>>(),
        &letters.iter().map(|one| one.kind.to_owned()).collect::<Vec<_>>(),
        &letters.iter().map(|one| one.payload.clone()).collect::<Vec<_>>(),
        &letters.iter().map(|one| one.error.clone()).collect::<Vec<_>>(),
        &letters.iter().map(|one| one.attempts).collect::<Vec<_>>(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Deletes those that were decided about so long ago; answers how many.
pub async fn delete_old_dead_letters(db: impl PgExecutor<'_>, kept: Duration, limit: i64) -> Result<u64> {
    let done = sqlx::query!(
        "delete from dead_letters where id in (
           select id from dead_letters where resolved_at < clock_timestamp() - $1::float8 * interval '1 s' limit $2)",
        kept.as_secs_f64(),
        limit
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// How many are open.
pub async fn count_open_dead_letters(db: impl PgExecutor<'_>) -> Result<i64> {
    sqlx::query_scalar!(r#"select count(*) as "count!" from dead_letters where resolution is null"#).fetch_one(db).await
}

/// How many of devices are.
pub async fn count_open_telemetry_letters(db: impl PgExecutor<'_>) -> Result<i64> {
    sqlx::query_scalar!(r#"select count(*) as "count!" from dead_letters where resolution is null and source = 'telemetry'"#)
        .fetch_one(db)
        .await
}
