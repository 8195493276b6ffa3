//! Who is told by mail what a page says.

use sqlx::PgExecutor;
use std::time::Duration;
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// Takes an address down that has yet to be confirmed; answers the subscriber's id. `None` for one that is confirmed
/// already, or was asked to confirm within the last `pause`: then no mail is sent again.
pub async fn upsert_subscriber(
    db: impl PgExecutor<'_>,
    page_id: Uuid,
    email: &str,
    token_hash: &[u8],
    lasts: Duration,
    pause: Duration,
) -> Result<Option<Uuid>> {
    sqlx::query_scalar!(
        "insert into status_subscribers as s (id, page_id, email, token_hash, token_expires_at)
         values ($1, $2, $3, $4, clock_timestamp() + make_interval(secs => $5))
         on conflict (page_id, email) do update
         set token_hash = excluded.token_hash, token_expires_at = excluded.token_expires_at, created_at = excluded.created_at
         where s.confirmed_at is null and s.created_at < clock_timestamp() - make_interval(secs => $6)
         returning id",
        Uuid::now_v7(),
        page_id,
        email,
        token_hash,
        lasts.as_secs_f64(),
        pause.as_secs_f64()
    )
    .fetch_optional(db)
    .await
}

/// How many subscribers a page has, confirmed or not.
pub async fn count_subscribers(db: impl PgExecutor<'_>, page_id: Uuid) -> Result<i64> {
    sqlx::query_scalar!(r#"select count(*) as "count!" from status_subscribers where page_id = $1"#, page_id).fetch_one(db).await
}

/// An address that was confirmed.
pub struct Confirmed {
    pub page_id: Uuid,
    pub unsubscribe_token: Uuid,
}

/// Uses a link up; `None` when it is unknown, used, or too old.
pub async fn confirm_subscriber(db: impl PgExecutor<'_>, token_hash: &[u8]) -> Result<Option<Confirmed>> {
    sqlx::query_as!(
        Confirmed,
        "update status_subscribers set confirmed_at = clock_timestamp(), token_hash = null, token_expires_at = null
          where token_hash = $1 and token_expires_at > clock_timestamp()
         returning page_id, unsubscribe_token",
        token_hash
    )
    .fetch_optional(db)
    .await
}

/// Ends a subscription; whether there was one is nobody's business.
pub async fn delete_subscriber(db: impl PgExecutor<'_>, unsubscribe_token: Uuid) -> Result<()> {
    sqlx::query!("delete from status_subscribers where unsubscribe_token = $1", unsubscribe_token).execute(db).await?;
    Ok(())
}

/// Deletes those that were not confirmed in time; answers how many, at most `limit`.
pub async fn delete_unconfirmed(db: impl PgExecutor<'_>, limit: i64) -> Result<u64> {
    let done = sqlx::query!(
        "delete from status_subscribers where id in (
           select id from status_subscribers where confirmed_at is null and token_expires_at < clock_timestamp() limit $1)",
        limit
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
