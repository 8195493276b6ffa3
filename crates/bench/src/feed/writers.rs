//! Writers of two kinds: somebody else's SQL, and our own API. On a schedule that does not wait for
//! late ones.

use super::seed::{Target, WRITER_TOKEN};
use crate::load::{Http, title_of};
use crate::machine::Postgres;
use anyhow::{Context as _, ensure};
use sqlx::postgres::PgConnection;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use store::bootstrap::DATABASE;
use tokio::task::JoinSet;
use tokio::time::sleep_until;
use uuid::Uuid;

pub(crate) const WRITERS: u32 = 8;

/// Who writes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Plain SQL, as with psql: rings by the gated NOTIFY.
    Foreign,
    /// `POST /api/v1/intentions`: the server rings after its commit.
    Own,
}

/// A write that is done.
pub(crate) struct Written {
    pub(crate) mark: u32,
    pub(crate) id: Uuid,
    /// The version it made, of our own writers.
    pub(crate) version: i64,
    pub(crate) sent_at: Instant,
    /// When the commit returned, or the answer of the API arrived.
    pub(crate) done_at: Instant,
}

/// The marks of one measurement, and how fast they are written.
#[derive(Clone, Copy)]
pub(crate) struct Schedule {
    pub(crate) first_mark: u32,
    pub(crate) count: u32,
    pub(crate) every: Duration,
}

enum Hand {
    Foreign(PgConnection),
    Own(Http),
}

impl Hand {
    async fn write(&mut self, target: &mut Target, mark: u32) -> anyhow::Result<()> {
        match self {
            Self::Foreign(db) => {
                let done = sqlx::query("update nodes set title = $2 where id = $1")
                    .bind(target.id)
                    .bind(title_of(mark))
                    .execute(db)
                    .await?;
                ensure!(done.rows_affected() == 1, "a node is gone");
            }
            Self::Own(http) => {
                let body = format!(
                    r#"{{"intentions":[{{"type":"update_node","id":"{}","version":{},"title":"{}"}}]}}"#,
                    target.id,
                    target.version,
                    title_of(mark)
                );
                let (status, answer) = http.send("POST", "/api/v1/intentions", &body).await?;
                ensure!(status == 200, "a write was answered {status}: {answer}");
                let version = answer.split(r#""version":"#).nth(1).and_then(|rest| rest.split([',', '}']).next());
                target.version = version.and_then(|v| v.parse().ok()).context("an answer without a version")?;
            }
        }
        Ok(())
    }
}

/// Writes by [`WRITERS`] connections in turn, each at its time; answers all writes.
pub(crate) async fn paced(
    kind: Kind,
    postgres: &Postgres,
    server: SocketAddr,
    targets: &[Target],
    schedule: Schedule,
) -> anyhow::Result<Vec<Written>> {
    let mut hands = Vec::new();
    for _ in 0..WRITERS {
        hands.push(match kind {
            Kind::Foreign => Hand::Foreign(postgres.foreign_writer(DATABASE).await?),
            Kind::Own => Hand::Own(Http::connect(server, Some(WRITER_TOKEN)).await?),
        });
    }
    let start = Instant::now() + Duration::from_millis(20);
    let mut tasks: JoinSet<anyhow::Result<Vec<Written>>> = JoinSet::new();
    for (first, mut hand) in (0..WRITERS).zip(hands) {
        let mine = targets.iter().skip(first as usize).step_by(WRITERS as usize);
        let mut mine: Vec<Target> = mine.copied().collect();
        ensure!(!mine.is_empty(), "too few nodes to write to");
        tasks.spawn(async move {
            let mut written = Vec::new();
            for (turn, n) in (first..schedule.count).step_by(WRITERS as usize).enumerate() {
                sleep_until((start + schedule.every * n).into()).await;
                let at = turn % mine.len();
                let target = &mut mine[at];
                let (mark, sent_at) = (schedule.first_mark + n, Instant::now());
                hand.write(target, mark).await?;
                written.push(Written { mark, id: target.id, version: target.version, sent_at, done_at: Instant::now() });
            }
            Ok(written)
        });
    }
    let mut all = Vec::new();
    while let Some(written) = tasks.join_next().await {
        all.extend(written??);
    }
    Ok(all)
}

/// Holds one transaction after the other open, each for so long, with a row of its own written in it.
/// Runs until it is dropped.
pub(crate) async fn hold_transactions(mut db: PgConnection, target: Target, each: Duration) -> anyhow::Result<()> {
    loop {
        sqlx::query("begin").execute(&mut db).await?;
        sqlx::query("update nodes set title = 'Held' where id = $1").bind(target.id).execute(&mut db).await?;
        tokio::time::sleep(each).await;
        sqlx::query("commit").execute(&mut db).await?;
    }
}
