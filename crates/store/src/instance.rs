//! The running servers, told by themselves.

use crate::node::unknown;
use domain::lifecycle::InstanceState;
use domain::limits::HEARTBEAT_LAPSE;
use sqlx::postgres::PgConnectOptions;
use sqlx::postgres::types::PgInterval;
use sqlx::types::Json;
use sqlx::types::chrono::{DateTime, Utc};
use sqlx::{ConnectOptions, PgConnection, PgExecutor};
use std::collections::BTreeMap;
use std::str::FromStr;
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
    pub state: InstanceState,
    /// What it has under way, by the name of the part.
    pub in_flight: BTreeMap<String, i64>,
}

/// After so long without a sign of life it counts as gone.
pub(crate) fn lapse() -> PgInterval {
    interval(HEARTBEAT_LAPSE)
}

pub(crate) fn interval(span: Duration) -> PgInterval {
    PgInterval { months: 0, days: 0, microseconds: i64::try_from(span.as_micros()).unwrap_or(i64::MAX) }
}

/// What an instance tells of itself.
#[derive(Clone, Debug)]
pub struct NewInstance {
    pub id: Uuid,
    pub name: String,
    pub version: String,
    pub roles: Vec<String>,
    /// Stays with its data directory, from process to process.
    pub home_id: Option<Uuid>,
}

/// Tells that an instance lives, and how it is.
pub async fn upsert_instance(
    db: impl PgExecutor<'_>,
    new: &NewInstance,
    state: InstanceState,
    in_flight: &BTreeMap<&str, usize>,
) -> Result<()> {
    sqlx::query!(
        "insert into instances as i (id, name, version, roles, home_id, state, in_flight, ready_at)
         values ($1, $2, $3, $4, $5, $6, $7, case when $8 then clock_timestamp() end)
         on conflict (id) do update set seen_at = clock_timestamp(), state = excluded.state, in_flight = excluded.in_flight,
           ready_at = case when $8 then coalesce(i.ready_at, clock_timestamp()) end",
        new.id,
        new.name,
        new.version,
        &new.roles,
        new.home_id,
        state.as_str(),
        Json(in_flight) as _,
        state.is_ready()
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
    let age = interval(lapsed_for);
    let done = sqlx::query!("delete from instances where seen_at < clock_timestamp() - $1::interval", age).execute(db).await?;
    Ok(done.rows_affected())
}

/// Those known, oldest first.
pub async fn list_instances(db: impl PgExecutor<'_>) -> Result<Vec<Instance>> {
    let rows = sqlx::query!(
        r#"select id, name, version, roles, started_at, seen_at, state, in_flight as "in_flight: Json<BTreeMap<String, i64>>"
             from instances order by started_at, id limit 1000"#
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|r| {
            let state = InstanceState::parse(&r.state).ok_or_else(|| unknown("state", &r.state))?;
            let (id, name, version, roles, in_flight) = (r.id, r.name, r.version, r.roles, r.in_flight.0);
            Ok(Instance { id, name, version, roles, started_at: r.started_at, seen_at: r.seen_at, state, in_flight })
        })
        .collect()
}

/// Whether other instances have told within `lapse` that they live.
pub async fn has_others(db: impl PgExecutor<'_>, id: Uuid, lapse: Duration) -> Result<bool> {
    let age = interval(lapse);
    sqlx::query_scalar!(
        r#"select exists (select from instances where id <> $1 and seen_at > clock_timestamp() - $2::interval) as "there!""#,
        id,
        age
    )
    .fetch_one(db)
    .await
}

/// A connection of its own, for the lock of a data directory's id.
pub async fn connect_home(url: &str) -> Result<PgConnection> {
    PgConnectOptions::from_str(url)?.application_name("synops home").options([("statement_timeout", "10s")]).connect().await
}

/// Takes the lock of a data directory's id, for as long as the connection lives. False while another has it.
pub async fn lock_home(db: &mut PgConnection, home_id: Uuid) -> Result<bool> {
    sqlx::query_scalar!(r#"select pg_try_advisory_lock(hashtextextended($1, 1398361679)) as "taken!""#, home_id.to_string())
        .fetch_one(db)
        .await
}

/// Instances that had this data directory before.
pub async fn list_former(db: impl PgExecutor<'_>, home_id: Uuid, id: Uuid) -> Result<Vec<Uuid>> {
    sqlx::query_scalar!("select id from instances where home_id = $1 and id <> $2 order by started_at", home_id, id)
        .fetch_all(db)
        .await
}

/// An error when the connection is lost.
pub async fn ping(db: &mut PgConnection) -> Result<()> {
    sqlx::query_scalar!(r#"select 1 as "one!""#).fetch_one(db).await.map(drop)
}
