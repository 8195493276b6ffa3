//! One-time sign-in links: for a first sign-in, and for a forgotten password. Kept by the SHA-256
//! of their token.

use crate::session::interval;
use sqlx::PgExecutor;
use sqlx::types::chrono::{DateTime, Utc};
use std::time::Duration;
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// Makes a link; answers when it ends. Earlier links of the person end with this statement: one at
/// a time is enough, and bounds them.
pub async fn insert_link(db: impl PgExecutor<'_>, token_hash: &[u8], person_id: Uuid, lasts: Duration) -> Result<DateTime<Utc>> {
    sqlx::query_scalar!(
        "with earlier as (delete from sign_in_links where person_id = $2)
         insert into sign_in_links (token_hash, person_id, expires_at) values ($1, $2, clock_timestamp() + $3::interval)
         returning expires_at",
        token_hash,
        person_id,
        interval(lasts)
    )
    .fetch_one(db)
    .await
}

/// Whom a link let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkHolder {
    pub person_id: Uuid,
    /// The person's name, for the audit log.
    pub title: String,
}

/// Uses a link up. To be called in the transaction that makes the session: of two at once one gets
/// it. `None` when it was used or has expired, or the person is disabled.
pub async fn claim_link(db: impl PgExecutor<'_>, token_hash: &[u8]) -> Result<Option<LinkHolder>> {
    sqlx::query_as!(
        LinkHolder,
        "delete from sign_in_links l using people p, nodes n
          where l.token_hash = $1 and l.expires_at > clock_timestamp()
            and p.node_id = l.person_id and not p.disabled and n.id = l.person_id
         returning l.person_id, n.title",
        token_hash
    )
    .fetch_optional(db)
    .await
}

/// Drops up to `limit` links whose time is over.
pub async fn delete_expired(db: impl PgExecutor<'_>, limit: i64) -> Result<u64> {
    let done = sqlx::query!(
        "delete from sign_in_links where token_hash in (
           select token_hash from sign_in_links where expires_at <= clock_timestamp() limit $1)",
        limit
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
