//! The parts of a running server, and the order in which they end.

use crate::database::{Database, close_pool};
use crate::managed;
use crate::stage::Stage;
use domain::limits::JOB_CANCEL_GRACE;
use std::time::Duration;
use store::Pool;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

// Apart from jobs the whole stop is bounded to about 20 s; as a rule each takes milliseconds.
const GATEWAY_ENDS: Duration = Duration::from_secs(4);
/// Beyond what jobs get to finish.
const ENGINE_ENDS: Duration = Duration::from_secs(5);
const FEED_ENDS: Duration = Duration::from_secs(2);
/// PostgreSQL itself is stopped fast within 5 s, else at once.
const DATABASE_ENDS: Duration = Duration::from_secs(8);

pub(super) struct Parts {
    pub(super) gateway: Stage,
    pub(super) engine: Stage,
    pub(super) feed: Stage,
    database: Stage,
    jobs_finish_within: Duration,
    pool: Option<Pool>,
    /// The keeper of the private PostgreSQL.
    keeper: Option<JoinHandle<Result<(), managed_postgres::Error>>>,
    /// Cancelled with the shutdown, or when the private PostgreSQL can't be kept running.
    pub(super) lost: CancellationToken,
}

impl Parts {
    pub(super) fn new(shutdown: &CancellationToken, jobs_finish_within: Duration) -> Self {
        Self {
            gateway: Stage::new("gateway"),
            engine: Stage::new("engine"),
            feed: Stage::new("feed"),
            database: Stage::new("database"),
            jobs_finish_within,
            pool: None,
            keeper: None,
            lost: shutdown.child_token(),
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

    /// Ends them all: those who take work first, the database last. Fails when one does not end in
    /// time, and goes on all the same.
    pub(super) async fn end(self) -> anyhow::Result<()> {
        let mut late = vec![self.gateway.end(GATEWAY_ENDS).await];
        late.push(self.engine.end(self.jobs_finish_within + JOB_CANCEL_GRACE + ENGINE_ENDS).await);
        late.push(self.feed.end(FEED_ENDS).await);
        if let Some(pool) = &self.pool {
            close_pool(pool).await;
        }
        late.push(self.database.end(DATABASE_ENDS).await);
        let late: Vec<&str> = late.into_iter().flatten().collect();
        anyhow::ensure!(late.is_empty(), "these parts did not end in time: {}", late.join(", "));
        match self.keeper {
            Some(keeper) => Ok(keeper.await??),
            None => Ok(()),
        }
    }
}
