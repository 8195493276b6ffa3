//! The database server itself: what it is, and how it is set.

use sqlx::PgExecutor;
use sqlx::types::chrono::{DateTime, Utc};

#[derive(Clone, Debug)]
pub struct Facts {
    /// As `server_version_num`: 150018.
    pub version_num: i32,
    pub version: String,
    pub login: String,
    pub database: String,
    /// A standby: it takes no writes.
    pub in_recovery: bool,
    pub now: DateTime<Utc>,
    pub size_bytes: i64,
    pub synchronous_commit: String,
    pub fsync: bool,
    pub full_page_writes: bool,
    pub autovacuum: bool,
    /// Above 0, two-phase commits are possible; the feed doesn't know them.
    pub max_prepared_transactions: i32,
    pub max_connections: i32,
    /// Connections to the whole cluster, ours included.
    pub connections: i64,
    /// Age of the oldest open transaction of the cluster.
    pub oldest_transaction_s: f64,
}

/// Of the server behind this connection, as any login may read them.
pub async fn find_facts(db: impl PgExecutor<'_>) -> Result<Facts, sqlx::Error> {
    sqlx::query_as!(
        Facts,
        r#"select current_setting('server_version_num')::int as "version_num!", current_setting('server_version') as "version!",
             session_user::text as "login!", current_database()::text as "database!", pg_is_in_recovery() as "in_recovery!",
             clock_timestamp() as "now!", pg_database_size(current_database()) as "size_bytes!",
             current_setting('synchronous_commit') as "synchronous_commit!", current_setting('fsync')::bool as "fsync!",
             current_setting('full_page_writes')::bool as "full_page_writes!", current_setting('autovacuum')::bool as "autovacuum!",
             current_setting('max_prepared_transactions')::int as "max_prepared_transactions!",
             current_setting('max_connections')::int as "max_connections!",
             (select count(*) from pg_stat_activity where backend_type = 'client backend') as "connections!",
             (select coalesce(extract(epoch from max(clock_timestamp() - xact_start)), 0)::float8
                from pg_stat_activity where backend_type = 'client backend') as "oldest_transaction_s!""#
    )
    .fetch_one(db)
    .await
}

/// Which database this is, among all there are: it stays over restarts and fail-overs, and a copy made from a dump is
/// another.
pub async fn find_identity(db: impl PgExecutor<'_>) -> Result<String, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select s.system_identifier::text || '.' || d.oid::text as "identity!"
             from pg_control_system() s, pg_database d where d.datname = current_database()"#
    )
    .fetch_one(db)
    .await
}

/// The database's clock: by it is what several servers must agree on.
pub async fn now(db: impl PgExecutor<'_>) -> Result<DateTime<Utc>, sqlx::Error> {
    sqlx::query_scalar!(r#"select clock_timestamp() as "now!""#).fetch_one(db).await
}
