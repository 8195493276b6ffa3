//! The running servers, told by themselves.

use sqlx::PgExecutor;
use sqlx::postgres::types::PgInterval;
use sqlx::types::chrono::{DateTime, Utc};
use std::time::Duration;
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    pub id: Uuid,
    pub name: String,
    pub version: String,
    pub roles: Vec<String>,
    pub started_at: DateTime<Utc>,
    pub seen_at: DateTime<Utc>,
}

/// Tells that an instance lives.
pub async fn upsert_instance(db: impl PgExecutor<'_>, id: Uuid, name: &str, version: &str, roles: &[String]) -> Result<()> {
    sqlx::query!(
        "insert into instances (id, name, version, roles) values ($1, $2, $3, $4)
         on conflict (id) do update set seen_at = clock_timestamp()",
        id,
        name,
        version,
        roles
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Tells that it is gone for good.
pub async fn delete_instance(db: impl PgExecutor<'_>, id: Uuid) -> Result<()> {
    sqlx::query!("delete from instances where id = $1", id).execute(db).await?;
    Ok(())
}

/// Forgets those that have not been heard of for so long.
pub async fn delete_lapsed(db: impl PgExecutor<'_>, lapsed_for: Duration) -> Result<u64> {
    let age = PgInterval { months: 0, days: 0, microseconds: i64::try_from(lapsed_for.as_micros()).unwrap_or(i64::MAX) };
    let done = sqlx::query!("delete from instances where seen_at < clock_timestamp() - $1::interval", age).execute(db).await?;
    Ok(done.rows_affected())
}

/// Those known, oldest first.
pub async fn list_instances(db: impl PgExecutor<'_>) -> Result<Vec<Instance>> {
    sqlx::query_as!(
        Instance,
        "select id, name, version, roles, started_at, seen_at from instances order by started_at, id limit 1000"
    )
    .fetch_all(db)
    .await
}

/// Whether other instances have told within `lapse` that they live.
pub async fn has_others(db: impl PgExecutor<'_>, id: Uuid, lapse: Duration) -> Result<bool> {
    let age = PgInterval { months: 0, days: 0, microseconds: i64::try_from(lapse.as_micros()).unwrap_or(i64::MAX) };
    sqlx::query_scalar!(
        r#"select exists (select from instances where id <> $1 and seen_at > clock_timestamp() - $2::interval) as "there!""#,
        id,
        age
    )
    .fetch_one(db)
    .await
}
