//! The SQL on a real database. Writes go in as somebody with psql makes them: the rules must hold
//! for everybody.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod access;
mod checks;
mod deletes;
mod dependencies;
mod incidents;
mod maintenance_races;
mod maintenances;
mod partitions;
mod races;
mod recipients;
mod roles;
mod rules;
mod search;
mod transactions;

use sqlx::postgres::PgConnection;
use std::time::Duration;
use testkit::{TestDb, wait_until};

/// For what happens soon, on however busy a machine.
const SOON: Duration = Duration::from_secs(30);

/// What the database said no with: the constraint's name, or else its error code.
fn refused<T>(result: Result<T, sqlx::Error>) -> String {
    let Err(error) = result else { panic!("it was not refused") };
    let error = error.into_database_error().expect("a refusal by the database");
    error.constraint().map(str::to_owned).or_else(|| error.code().map(Into::into)).expect("a constraint or code")
}

async fn pid(db: &mut PgConnection) -> i32 {
    sqlx::query_scalar("select pg_backend_pid()").fetch_one(db).await.unwrap()
}

/// Waits until that connection waits for somebody else's lock.
async fn wait_blocked(db: &TestDb, pid: i32) {
    wait_until("the other to wait for a lock", SOON, async || {
        sqlx::query_scalar::<_, bool>("select cardinality(pg_blocking_pids($1)) > 0")
            .bind(pid)
            .fetch_one(db.superuser_pool())
            .await
            .unwrap()
    })
    .await;
}

async fn version(db: &TestDb, id: uuid::Uuid) -> i64 {
    sqlx::query_scalar("select version from nodes where id = $1").bind(id).fetch_one(db.owner_pool()).await.unwrap()
}

async fn scope_of(db: &TestDb, id: uuid::Uuid) -> uuid::Uuid {
    sqlx::query_scalar("select scope_id from nodes where id = $1").bind(id).fetch_one(db.owner_pool()).await.unwrap()
}
