//! Stops a server in the middle of a step: after its update, before its commit.

use crate::worker_load::LIMIT;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};
use testkit::{TestDb, wait_until};

/// Nobody else's.
const LOCK: i64 = 0x6865_6c64;

/// A step of a maintenance of Synops itself that a row shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Started,
    Closed,
    Draining,
    Stopped,
    Verifying,
    Completed,
}

impl Step {
    /// The table, and what its row holds once the step is taken.
    const fn shown_by(self) -> (&'static str, &'static str) {
        match self {
            Self::Started => ("maintenances", "state = 'in_progress'"),
            Self::Closed => ("maintenance_stops", "closed_at is not null"),
            Self::Draining => ("maintenance_stops", "draining_at is not null"),
            Self::Stopped => ("maintenance_stops", "stopped_at is not null"),
            Self::Verifying => ("maintenances", "state = 'verifying'"),
            Self::Completed => ("maintenances", "state = 'completed'"),
        }
    }

    /// Whether it has been taken, as others see it.
    pub(crate) async fn is_taken(self, db: &TestDb) -> bool {
        let (table, holds) = self.shown_by();
        let statement = AssertSqlSafe(format!("select exists (select from {table} where {holds})"));
        sqlx::query_scalar(statement).fetch_one(db.superuser_pool()).await.expect("the step")
    }

    pub(crate) async fn until_taken(self, db: &TestDb) {
        wait_until(&format!("{self:?}"), LIMIT, async || self.is_taken(db).await).await;
    }
}

/// Whoever takes the step waits before the commit, until [`HeldStep::let_go`].
pub(crate) struct HeldStep<'a> {
    db: &'a TestDb,
    step: Step,
    /// Has the lock.
    session: PgConnection,
}

impl<'a> HeldStep<'a> {
    pub(crate) async fn new(db: &'a TestDb, step: Step) -> Self {
        let mut session = PgConnection::connect(&db.superuser_url()).await.expect("a session");
        sqlx::query("select pg_advisory_lock($1)").bind(LOCK).execute(&mut session).await.expect("the lock");
        let (table, holds) = step.shown_by();
        let column = holds.split(' ').next().expect("a column");
        let (new, old) = (format!("new.{holds}"), format!("old.{column}"));
        let statement = format!(
            "create function held_step() returns trigger language plpgsql security definer as
               $$ begin perform pg_advisory_xact_lock({LOCK}); return null; end $$;
             create trigger held_step after update on {table} for each row
               when ({new} and {old} is distinct from new.{column}) execute function held_step();
             alter table {table} enable always trigger held_step"
        );
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(db.superuser_pool()).await.expect("the trigger");
        Self { db, step, session }
    }

    /// Waits until somebody stands there; answers the number of their PostgreSQL process.
    pub(crate) async fn caught(&self) -> i32 {
        let statement = "select pid from pg_locks where locktype = 'advisory' and not granted and objid = $1::bigint::oid
            and database = (select oid from pg_database where datname = current_database()) limit 1";
        let waits =
            async || sqlx::query_scalar(statement).bind(LOCK).fetch_optional(self.db.superuser_pool()).await.expect("the locks");
        let pid = wait_until(&format!("{:?} is about to be taken", self.step), LIMIT, waits).await;
        assert!(!self.step.is_taken(self.db).await, "{:?} was taken already", self.step);
        pid
    }

    /// As PostgreSQL notices by itself, in time, that the other end of these connections is gone.
    pub(crate) async fn cut_off_servers(&self) {
        let statement = "select count(pg_terminate_backend(pid, 20000)) from pg_stat_activity
            where datname = current_database() and usename = 'synops_server'";
        sqlx::query(statement).execute(self.db.superuser_pool()).await.expect("they are cut off");
    }

    /// The same of one connection.
    pub(crate) async fn cut_off(&self, pid: i32) {
        let statement = "select pg_terminate_backend($1, 20000)";
        sqlx::query(statement).bind(pid).execute(self.db.superuser_pool()).await.expect("it is cut off");
    }

    /// From now on the step is taken as ever.
    pub(crate) async fn let_go(self) {
        let (table, _) = self.step.shown_by();
        self.session.close().await.expect("the lock's end");
        let statement = format!("drop trigger held_step on {table}; drop function held_step()");
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(self.db.superuser_pool()).await.expect("the trigger's end");
    }
}
