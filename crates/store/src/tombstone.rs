//! Tombstones: the last versions of what was deleted.

use sqlx::PgExecutor;
use std::time::Duration;

/// Drops up to `limit` tombstones older than `kept`: whoever still holds a version from before
/// then is told to resync anyway.
pub async fn delete_old(db: impl PgExecutor<'_>, kept: Duration, limit: i64) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "delete from tombstones where id in (
           select id from tombstones where deleted_at < statement_timestamp() - $1::float8 * interval '1 s' limit $2)",
        kept.as_secs_f64(),
        limit
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
