//! The pool of the server's own login.

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
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
