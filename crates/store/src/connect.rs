//! The pool of the server's own login.

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Postgres, Transaction};
use std::str::FromStr;
use std::time::Duration;

pub type Pool = sqlx::PgPool;

#[derive(Clone, Debug)]
pub struct PoolOptions {
    pub connections_max: u32,
    /// How long a caller waits for a free connection before it is told `unavailable`.
    pub acquire_timeout: Duration,
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self { connections_max: 16, acquire_timeout: Duration::from_secs(5) }
    }
}

/// Connects to `url` as a writer that rings the feed by itself (see `ring_feed` in the
/// migrations). No statement runs longer than 30 s, and no transaction sits idle longer than 10 s:
/// one that is forgotten would hold its locks and the horizon of every vacuum.
pub async fn connect(url: &str, options: &PoolOptions) -> Result<Pool, sqlx::Error> {
    let connect = PgConnectOptions::from_str(url)?.application_name("synops").options([
        ("synops.writer", "server"),
        ("statement_timeout", "30s"),
        ("idle_in_transaction_session_timeout", "10s"),
        ("timezone", "UTC"),
    ]);
    PgPoolOptions::new()
        .max_connections(options.connections_max)
        .acquire_timeout(options.acquire_timeout)
        .connect_with(connect)
        .await
}

/// Begins a transaction. To be used instead of the pool's own `begin`: when a caller of that is
/// cancelled while the `BEGIN` is on its way, sqlx 0.9.0 gives the connection back with the transaction
/// open (its issue 4393), and what the next ones write on it is never committed.
pub async fn begin(pool: &Pool) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    begin_as(pool, "begin").await
}

/// Begins one that reads at one moment, and writes nothing.
pub async fn begin_read(pool: &Pool) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    begin_as(pool, crate::feed::READ_AT_ONE_MOMENT).await
}

async fn begin_as(pool: &Pool, statement: &'static str) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let pool = pool.clone();
    #[expect(clippy::disallowed_methods, reason = "joined here; whoever does not wait for it any more has it rolled back")]
    let begun = tokio::spawn(async move { pool.begin_with(statement).await });
    // An error: the process ends.
    begun.await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
}
