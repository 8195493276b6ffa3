//! Our own queue: jobs are enqueued by SQL as any writer may, and run by the real server.

use crate::machine::{Postgres, Server};
use domain::job::{JobKind, NewJob};
use serde_json::json;
use sqlx::Row;
use std::path::Path;
use std::time::{Duration, Instant};
use store::Pool;
use store::bootstrap::DATABASE;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// As many connections as a rival uses.
pub(crate) const CONNECTIONS: u32 = 20;
const LOOK_EVERY: Duration = Duration::from_millis(20);
const WAIT_MAX: Duration = Duration::from_secs(180);

pub(crate) struct Ours<'a> {
    pub(crate) postgres: &'a Postgres,
    pub(crate) place: &'a Path,
    pub(crate) pool: Pool,
}

fn noop() -> NewJob {
    NewJob::new(JobKind::Noop, json!({}))
}

impl Ours<'_> {
    /// One job a transaction; answers how long it took, in seconds.
    pub(crate) async fn insert(&self, count: u32) -> anyhow::Result<f64> {
        let began = Instant::now();
        let mut writers = JoinSet::new();
        for _ in 0..CONNECTIONS {
            let (pool, share) = (self.pool.clone(), count / CONNECTIONS);
            writers.spawn(async move {
                let mut db = pool.acquire().await?;
                for _ in 0..share {
                    store::job::insert_jobs(&mut db, &[noop()]).await?;
                }
                Ok::<_, sqlx::Error>(())
            });
        }
        while let Some(done) = writers.join_next().await {
            done??;
        }
        Ok(began.elapsed().as_secs_f64())
    }

    pub(crate) async fn insert_many(&self, count: u32, batch: u32) -> anyhow::Result<f64> {
        let began = Instant::now();
        let mut db = self.pool.acquire().await?;
        for _ in 0..count / batch {
            let jobs: Vec<NewJob> = (0..batch).map(|_| noop()).collect();
            store::job::insert_jobs(&mut db, &jobs).await?;
        }
        Ok(began.elapsed().as_secs_f64())
    }

    /// Runs all that wait: from the first start to the last end, by the database's clock.
    pub(crate) async fn drain(&self, server: &Server) -> anyhow::Result<f64> {
        anyhow::ensure!(server.pid() > 0, "the server runs");
        let began = Instant::now();
        loop {
            let left: bool =
                sqlx::query_scalar("select exists (select from jobs where kind = 'noop')").fetch_one(&self.pool).await?;
            if !left {
                break;
            }
            anyhow::ensure!(began.elapsed() < WAIT_MAX, "the jobs are not done: {}", server.complaints());
            sleep(LOOK_EVERY).await;
        }
        let span = "select extract(epoch from max(at) - min(started_at))::float8 as s from job_history where kind = 'noop'";
        Ok(sqlx::query(span).fetch_one(&self.pool).await?.try_get("s")?)
    }

    /// From the enqueuing to the start, of single jobs, in milliseconds.
    pub(crate) async fn measure(&self, count: u32, every: Duration) -> anyhow::Result<Vec<f64>> {
        let mut db = self.postgres.foreign_writer(DATABASE).await?;
        for _ in 0..count {
            store::job::insert_jobs(&mut db, &[noop()]).await?;
            sleep(every).await;
        }
        let began = Instant::now();
        loop {
            let waits = "select extract(epoch from started_at - created_at)::float8 * 1000 from job_history where kind = 'noop'";
            let waits: Vec<f64> = sqlx::query_scalar(waits).fetch_all(&self.pool).await?;
            if waits.len() >= usize::try_from(count)? {
                return Ok(waits);
            }
            anyhow::ensure!(began.elapsed() < WAIT_MAX, "the jobs are not done");
            sleep(LOOK_EVERY).await;
        }
    }

    pub(crate) async fn server(&self) -> anyhow::Result<Server> {
        Server::start_with(self.place, "ours", &self.postgres.server_url(DATABASE), "gateway,worker").await
    }

    /// As if nothing had been.
    pub(crate) async fn clear(&self) -> anyhow::Result<()> {
        self.postgres.run(DATABASE, "truncate jobs, job_history").await
    }
}
