//! Sessions: where somebody is signed in. Kept by the SHA-256 of their token.

use sqlx::PgExecutor;
use sqlx::postgres::types::PgInterval;
use sqlx::types::chrono::{DateTime, Utc};
use std::time::Duration;
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

pub(crate) fn interval(duration: Duration) -> PgInterval {
    PgInterval { months: 0, days: 0, microseconds: i64::try_from(duration.as_micros()).unwrap_or(i64::MAX) }
}

/// Whom a token of a session stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionHolder {
    pub session_id: Uuid,
    pub person_id: Uuid,
    /// The person's name, for the audit log.
    pub title: String,
    pub expires_at: DateTime<Utc>,
}

/// The holder of a session that still runs; `None` when it has ended or the person is disabled.
pub async fn find_holder(db: impl PgExecutor<'_>, token_hash: &[u8]) -> Result<Option<SessionHolder>> {
    sqlx::query_as!(
        SessionHolder,
        "select s.id as session_id, s.person_id, n.title, s.expires_at
           from sessions s join people p on p.node_id = s.person_id join nodes n on n.id = s.person_id
          where s.token_hash = $1 and s.expires_at > clock_timestamp() and not p.disabled",
        token_hash
    )
    .fetch_optional(db)
    .await
}

pub struct NewSession<'a> {
    pub id: Uuid,
    pub token_hash: &'a [u8],
    pub person_id: Uuid,
    pub user_agent: &'a str,
    pub lasts: Duration,
}

/// Begins a session; answers when it ends.
pub async fn insert_session(db: impl PgExecutor<'_>, new: NewSession<'_>) -> Result<DateTime<Utc>> {
    sqlx::query_scalar!(
        "insert into sessions (id, token_hash, person_id, user_agent, expires_at)
         values ($1, $2, $3, $4, clock_timestamp() + $5::interval) returning expires_at",
        new.id,
        new.token_hash,
        new.person_id,
        new.user_agent,
        interval(new.lasts)
    )
    .fetch_one(db)
    .await
}

/// Ends all but the `keep` newest sessions of a person.
pub async fn delete_oldest(db: impl PgExecutor<'_>, person_id: Uuid, keep: i64) -> Result<u64> {
    let done = sqlx::query!(
        "delete from sessions where id in (
           select id from sessions where person_id = $1 order by created_at desc, id desc offset $2)",
        person_id,
        keep
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Ends all sessions of a person but this one.
pub async fn delete_others(db: impl PgExecutor<'_>, person_id: Uuid, keep: Option<Uuid>) -> Result<u64> {
    let done =
        sqlx::query!("delete from sessions where person_id = $1 and id is distinct from $2", person_id, keep).execute(db).await?;
    Ok(done.rows_affected())
}

/// Ends one session of a person; false when there is no such.
pub async fn delete_session(db: impl PgExecutor<'_>, person_id: Uuid, id: Uuid) -> Result<bool> {
    let done = sqlx::query!("delete from sessions where person_id = $1 and id = $2", person_id, id).execute(db).await?;
    Ok(done.rows_affected() == 1)
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub id: Uuid,
    pub user_agent: String,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

/// Where a person is signed in, newest first.
pub async fn list_sessions(db: impl PgExecutor<'_>, person_id: Uuid, limit: i64) -> Result<Vec<Session>> {
    sqlx::query_as!(
        Session,
        "select id, user_agent, created_at, expires_at from sessions
          where person_id = $1 and expires_at > clock_timestamp() order by created_at desc, id desc limit $2",
        person_id,
        limit
    )
    .fetch_all(db)
    .await
}

/// Drops up to `limit` sessions whose time is over.
pub async fn delete_expired(db: impl PgExecutor<'_>, limit: i64) -> Result<u64> {
    let done = sqlx::query!(
        "delete from sessions where id in (select id from sessions where expires_at <= clock_timestamp() limit $1)",
        limit
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
