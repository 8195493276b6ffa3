//! Keys by which a repeated request is known. A key is taken in a transaction of its own, before
//! the work; its answer is stored in the work's transaction, so that both are there or neither.

use domain::limits::{IDEMPOTENCY_KEPT, IDEMPOTENCY_RUNNING_MAX};
use serde_json::Value;
use sqlx::PgExecutor;
use sqlx::postgres::types::PgInterval;
use std::time::Duration;

type Result<T> = std::result::Result<T, sqlx::Error>;

pub enum Taken {
    /// It is this caller's to work on.
    New,
    /// The first request still runs.
    Running,
    /// It was used with another request.
    Mismatch,
    /// It was answered already, like this.
    Answered { status: u16, response: Value },
}

fn interval(duration: Duration) -> PgInterval {
    PgInterval { months: 0, days: 0, microseconds: i64::try_from(duration.as_micros()).unwrap_or(i64::MAX) }
}

/// Takes a key. One that was abandoned (its request died before commit) or has expired is taken over.
pub async fn take_key(db: impl PgExecutor<'_> + Copy, caller: &str, key: &str, request_hash: &[u8]) -> Result<Taken> {
    let inserted = sqlx::query_scalar!(
        r#"insert into idempotency_keys as k (caller, key, request_hash) values ($1, $2, $3)
           on conflict (caller, key) do update
             set request_hash = excluded.request_hash, created_at = clock_timestamp(), status = null, response = null
             where k.created_at < clock_timestamp() - $5::interval
                or (k.status is null and k.request_hash = excluded.request_hash and k.created_at < clock_timestamp() - $4::interval)
           returning 1 as "one!""#,
        caller,
        key,
        request_hash,
        interval(IDEMPOTENCY_RUNNING_MAX),
        interval(IDEMPOTENCY_KEPT)
    )
    .fetch_optional(db)
    .await?;
    if inserted.is_some() {
        return Ok(Taken::New);
    }
    let row =
        sqlx::query!("select request_hash, status, response from idempotency_keys where caller = $1 and key = $2", caller, key)
            .fetch_optional(db)
            .await?;
    Ok(match row {
        Some(row) if row.request_hash != request_hash => Taken::Mismatch,
        Some(row) => match (row.status, row.response) {
            (Some(status), Some(response)) => Taken::Answered { status: u16::try_from(status).unwrap_or(200), response },
            _ => Taken::Running,
        },
        // Given back in this very moment: the caller may try again.
        None => Taken::Running,
    })
}

/// Stores the answer, in the transaction of the work. False when the key was taken over meanwhile:
/// then the work must be rolled back.
pub async fn store_answer(
    db: impl PgExecutor<'_>,
    caller: &str,
    key: &str,
    request_hash: &[u8],
    status: u16,
    response: &Value,
) -> Result<bool> {
    let done = sqlx::query!(
        "update idempotency_keys set status = $4, response = $5 where caller = $1 and key = $2 and request_hash = $3 and status is null",
        caller,
        key,
        request_hash,
        i16::try_from(status).unwrap_or(200),
        response
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Gives a key back after a refusal: nothing was done, and a corrected request may use it.
pub async fn release_key(db: impl PgExecutor<'_>, caller: &str, key: &str, request_hash: &[u8]) -> Result<()> {
    sqlx::query!(
        "delete from idempotency_keys where caller = $1 and key = $2 and request_hash = $3 and status is null",
        caller,
        key,
        request_hash
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Drops up to `limit` expired keys.
pub async fn delete_expired(db: impl PgExecutor<'_>, limit: i64) -> Result<u64> {
    let done = sqlx::query!(
        "delete from idempotency_keys where (caller, key) in (
           select caller, key from idempotency_keys where created_at < clock_timestamp() - $1::interval limit $2)",
        interval(IDEMPOTENCY_KEPT),
        limit
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
