//! The migrations: the only DDL of the product.

use crate::partition::{Partitioned, keep_partitions};
use sqlx::Connection;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::PgConnection;
use std::time::Duration;

/// All migrations, in order, built into the binary.
pub static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations");

/// The oldest PostgreSQL that is supported.
pub const POSTGRES_MIN: i32 = 150_000;

/// Longer than anything is kept.
const DROPS_NOTHING: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// More than there are partitions to make.
const PARTITION_ATTEMPTS_MAX: u32 = 100;
const PARTITION_PAUSE: Duration = Duration::from_millis(50);

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("PostgreSQL {found} is too old: 15 or newer is needed")]
    TooOld { found: String },
    #[error("the migrations could not be applied; the database is as it was before the failing one")]
    Migrate(#[from] MigrateError),
    #[error("the owner's login could not work on the database")]
    Database(#[from] sqlx::Error),
}

/// Brings the schema up to date with the owner's login, then grants `server_role` (the role of the
/// server's own login) rows and no more. Two starts at once take turns.
pub async fn migrate(owner_url: &str, server_role: &str) -> Result<(), Error> {
    let mut db = PgConnection::connect(owner_url).await?;
    let version: i32 =
        sqlx::query_scalar!(r#"select current_setting('server_version_num')::int as "v!""#).fetch_one(&mut db).await?;
    if version < POSTGRES_MIN {
        return Err(Error::TooOld { found: format!("{}.{}", version / 10_000, version % 10_000) });
    }
    take_turn(&mut db).await?;
    MIGRATIONS.run_direct(None, &mut db, false).await?;
    // The first partitions are there before the first row; dropping old ones is upkeep's affair.
    for table in Partitioned::ALL {
        make_partitions(&mut db, table).await?;
    }
    sqlx::query!("select grant_server_role($1)", server_role).execute(&mut db).await?;
    db.close().await?;
    Ok(())
}

/// Waits until nobody else works on the schema (an hour at most: longer than any migration takes), and keeps others waiting until this connection ends. The
/// lock that sqlx takes covers the migrations alone; but two who grant rights on one thing at once, one of
/// them fails.
pub(crate) async fn take_turn(db: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query("set lock_timeout = '1h'").execute(&mut *db).await?;
    sqlx::query!("select pg_advisory_lock(hashtextextended('synops schema', 0))").execute(&mut *db).await?;
    sqlx::query("set lock_timeout = 0").execute(db).await?;
    Ok(())
}

/// Makes what is missing of a table's partitions. Another start that is at it, or a writer in the
/// way, is waited for a while; what is missing then is upkeep's affair.
async fn make_partitions(db: &mut PgConnection, table: Partitioned) -> Result<(), sqlx::Error> {
    for _ in 0..PARTITION_ATTEMPTS_MAX {
        match keep_partitions(&mut *db, table, DROPS_NOTHING).await {
            Ok(Some(_)) => {}
            Ok(None) => return Ok(()),
            Err(error) if crate::partition::may_retry(&error) => tokio::time::sleep(PARTITION_PAUSE).await,
            Err(error) => return Err(error),
        }
    }
    tracing::warn!(table = table.table(), "partitions are still missing; upkeep makes them");
    Ok(())
}

/// What is missing between a database and this binary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Current,
    /// Migrations of this binary that the database lacks.
    Behind {
        missing: usize,
    },
    /// Migrations that this binary does not know: it is older than the database.
    Ahead {
        unknown: usize,
    },
    /// No migration ever ran here.
    Empty,
}

/// How the database stands, read with the server's login.
pub async fn level(db: &sqlx::PgPool) -> Result<Level, sqlx::Error> {
    let there =
        sqlx::query_scalar!(r#"select to_regclass('public._sqlx_migrations') is not null as "there!""#).fetch_one(db).await?;
    if !there {
        return Ok(Level::Empty);
    }
    let applied: Vec<i64> = sqlx::query_scalar("select version from public._sqlx_migrations where success").fetch_all(db).await?;
    let known: Vec<i64> = MIGRATIONS.iter().map(|m| m.version).collect();
    let unknown = applied.iter().filter(|v| !known.contains(v)).count();
    let missing = known.iter().filter(|v| !applied.contains(v)).count();
    Ok(match (missing, unknown) {
        (0, 0) => Level::Current,
        (0, unknown) => Level::Ahead { unknown },
        (missing, _) => Level::Behind { missing },
    })
}
