//! The parts of a running server, and the order in which they end.

use super::stopping;
use crate::database::{Database, close_pool};
use crate::home::Home;
use crate::managed;
use crate::stage::Stage;
use domain::limits::CONNECTION_GRACE;
use drain::{Class, Drain};
use std::time::Duration;
use store::Pool;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Beyond what requests get to finish.
const HTTP_ENDS: Duration = CONNECTION_GRACE.saturating_add(Duration::from_secs(1));
const SOCKETS_END: Duration = Duration::from_secs(4);
// What serves the others ends behind the drain; as a rule each takes milliseconds.
const ENGINE_ENDS: Duration = Duration::from_secs(5);
const FEED_ENDS: Duration = Duration::from_secs(2);
/// PostgreSQL itself is stopped fast within 5 s, else at once.
const DATABASE_ENDS: Duration = Duration::from_secs(8);

pub(super) struct Parts {
    pub(super) drain: Drain,
    pub(super) http: Stage,
    pub(super) sockets: Stage,
    /// What is no work: signs of life, figures.
    pub(super) engine: Stage,
    pub(super) feed: Stage,
    database: Stage,
    /// Wait for stages to end.
    waiting: TaskTracker,
    times: stopping::Times,
    /// The data directory's id; nobody else may have it before all has ended.
    pub(super) home: Option<Home>,
    pool: Option<Pool>,
    /// The keeper of the private PostgreSQL.
    keeper: Option<JoinHandle<Result<(), managed_postgres::Error>>>,
    /// Cancelled with the shutdown, or when the private PostgreSQL can't be kept running.
    pub(super) lost: CancellationToken,
    /// Cancelled when a part has failed without which the process must not go on.
    pub(super) failed: CancellationToken,
}

impl Parts {
    pub(super) fn new(shutdown: &CancellationToken, times: stopping::Times) -> Self {
        Self {
            drain: Drain::new(),
            http: Stage::new("requests"),
            sockets: Stage::new("sockets"),
            engine: Stage::new("engine"),
            feed: Stage::new("feed"),
            database: Stage::new("database"),
            waiting: TaskTracker::new(),
            times,
            home: None,
            pool: None,
            keeper: None,
            lost: shutdown.child_token(),
            failed: CancellationToken::new(),
        }
    }

    /// Keeps the database until the end.
    pub(super) fn keep(&mut self, database: Database) -> Pool {
        if let Some(cluster) = database.cluster {
            let keeping = managed::keep(cluster, self.database.stop.clone(), self.lost.clone());
            self.keeper = Some(self.database.tasks.spawn(keeping));
        }
        self.pool.insert(database.pool).clone()
    }

    /// Has requests and sockets take part in the drain.
    pub(super) fn answer_with(&self, state: &gateway::State) {
        let (drain, waiting) = (&self.drain, &self.waiting);
        let asked = state.clone();
        self.http.take_part(drain, Class::Request, HTTP_ENDS, waiting, move || asked.requests_in_flight());
        let hub = state.wiring.hub.clone();
        self.sockets.take_part(drain, Class::Session, SOCKETS_END, waiting, move || hub.stats().sockets);
    }

    /// Ends them all: those who have work under way by the drain, then those who serve them, the
    /// database last. Fails when one does not end in time, and goes on all the same.
    pub(super) async fn end(self, is_wanted: bool) -> anyhow::Result<()> {
        let mut late = stopping::drain(&self.drain, &self.times, is_wanted).await;
        late.extend(self.engine.end(ENGINE_ENDS).await);
        late.extend(self.feed.end(FEED_ENDS).await);
        if let Some(pool) = &self.pool {
            close_pool(pool).await;
        }
        late.extend(self.database.end(DATABASE_ENDS).await);
        anyhow::ensure!(late.is_empty(), "these parts did not end in time: {}", late.join(", "));
        self.waiting.close();
        self.waiting.wait().await;
        match self.keeper {
            Some(keeper) => Ok(keeper.await??),
            None => Ok(()),
        }
    }
}
