//! Servers that listen to devices or keep what they send, told by themselves.

use crate::instance::interval;
use sqlx::PgExecutor;
use std::time::Duration;
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// What a server says of one of its roles.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TelemetryServer {
    pub instance_id: Uuid,
    /// `ingest` or `processor`.
    pub role: &'static str,
    /// For people.
    pub name: String,
    /// Devices connected by TCP.
    pub connected: i32,
    /// Records a second that it kept of late.
    pub per_s: f64,
    /// Frames that wait in it to be kept.
    pub pending: i64,
    /// How long the oldest of them has.
    pub oldest_s: f64,
}

/// Tells that it is there, for so long from now; those that are long gone are forgotten.
pub async fn upsert_telemetry_server(db: impl PgExecutor<'_>, server: &TelemetryServer, span: Duration) -> Result<()> {
    sqlx::query!(
        "with gone as (delete from telemetry_servers where alive_until < clock_timestamp() - interval '1 hour')
         insert into telemetry_servers (instance_id, role, name, connected, per_s, pending, oldest_s, alive_until)
         values ($1, $2, $3, $4, $5, $6, $7, clock_timestamp() + $8::interval)
         on conflict (instance_id, role) do update set name = excluded.name, connected = excluded.connected,
           per_s = excluded.per_s, pending = excluded.pending, oldest_s = excluded.oldest_s, alive_until = excluded.alive_until",
        server.instance_id,
        server.role,
        server.name,
        server.connected,
        server.per_s,
        server.pending,
        server.oldest_s,
        interval(span)
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Tells that it is not there any more in this role.
pub async fn delete_telemetry_server(db: impl PgExecutor<'_>, instance_id: Uuid, role: &str) -> Result<()> {
    sqlx::query!("delete from telemetry_servers where instance_id = $1 and role = $2", instance_id, role).execute(db).await?;
    Ok(())
}

/// The processors that are there, in an order that is the same for all who ask.
pub async fn list_processors(db: impl PgExecutor<'_>) -> Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        "select instance_id from telemetry_servers where role = 'processor' and alive_until > clock_timestamp()
          order by instance_id"
    )
    .fetch_all(db)
    .await
}

/// All that are there, together.
#[derive(Clone, Debug, PartialEq)]
pub struct Totals {
    pub connected: i64,
    pub per_s: f64,
    pub pending: i64,
    pub oldest_s: f64,
    /// Devices that there are.
    pub devices: i64,
}

pub async fn find_totals(db: impl PgExecutor<'_>) -> Result<Totals> {
    sqlx::query_as!(
        Totals,
        r#"select coalesce(sum(connected), 0)::int8 as "connected!", coalesce(sum(per_s), 0) as "per_s!",
             coalesce(sum(pending), 0)::int8 as "pending!", coalesce(max(oldest_s), 0) as "oldest_s!",
             (select count(*) from devices) as "devices!"
             from telemetry_servers where alive_until > clock_timestamp()"#
    )
    .fetch_one(db)
    .await
}
