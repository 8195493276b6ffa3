//! The lifecycle of maintenances, and of Synops itself in those that take it down. One task a server:
//! it makes what is due happen, knows the next window of Synops, and leads this server through its
//! stop. What it decides by is in the database, so whoever is killed at whichever step leaves a state
//! that the others, or the next process, go on from.

mod clock;
mod expected;
mod incidents;
mod own_stop;
mod steadiness;

pub(crate) use expected::Expected;

use crate::jobs::Patience;
use clock::Clock;
use domain::lifecycle::Window;
use domain::limits::{ANNOUNCED_AHEAD, MAINTENANCE_POLL};
use drain::Drain;
use expected::expect;
use intentions::Intentions;
use own_stop::OwnStop;
use std::time::Duration;
use steadiness::Steadiness;
use store::Pool;
use store::instance::NewInstance;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub(crate) struct Lifecycle {
    clock: Clock,
    pool: Pool,
    intentions: Intentions,
    instance_id: Uuid,
    own_stop: OwnStop,
    /// Told to whoever serves people.
    windows: watch::Sender<Option<Window>>,
    /// Told to whoever begins jobs.
    expected: watch::Sender<Option<Expected>>,
    /// Told once the first look is over.
    looked: watch::Sender<bool>,
    steadiness: Steadiness,
}

/// Every look at the database has this bound: longer than it works on any statement of ours.
const LOOK_MAX: Duration = Duration::from_secs(40);

impl Lifecycle {
    pub(crate) fn new(
        pool: Pool,
        intentions: Intentions,
        me: NewInstance,
        drain: Drain,
        ready_pause: Duration,
        expected: watch::Sender<Option<Expected>>,
        alive: watch::Receiver<Option<Instant>>,
    ) -> Self {
        let instance_id = me.id;
        Self {
            clock: Clock { pool: pool.clone(), intentions: intentions.clone(), reminders_min: Vec::new() },
            own_stop: OwnStop::new(pool.clone(), intentions.clone(), me, drain, ready_pause),
            pool,
            intentions,
            windows: watch::Sender::new(None),
            expected,
            instance_id,
            looked: watch::Sender::new(false),
            steadiness: Steadiness::new(alive),
        }
    }

    /// So many minutes before a maintenance begins people are reminded.
    #[must_use]
    pub(crate) fn with_reminders(mut self, minutes: Vec<i32>) -> Self {
        self.clock.reminders_min = minutes;
        self
    }

    pub(crate) fn windows(&self) -> watch::Receiver<Option<Window>> {
        self.windows.subscribe()
    }

    pub(crate) fn looked(&self) -> watch::Receiver<bool> {
        self.looked.subscribe()
    }

    /// Until the shutdown, or until this server has stopped for a maintenance. Woken by changes of maintenances,
    /// here and, by the feed, on other servers; without them it looks once a second.
    pub(crate) async fn run(mut self, shutdown: CancellationToken) {
        let rung = self.intentions.maintenance_bell();
        let mut patience = Patience::new();
        while !shutdown.is_cancelled() {
            let looked = tokio::select! {
                looked = timeout(LOOK_MAX, self.look()) => looked,
                () = shutdown.cancelled() => break,
            };
            let pause = match looked {
                Ok(Ok(pause)) => {
                    patience = Patience::new();
                    self.looked.send_replace(true);
                    pause
                }
                Ok(Err(error)) => {
                    tracing::warn!(%error, "maintenances could not be looked at; tried again shortly");
                    patience.next()
                }
                Err(_) => {
                    tracing::warn!("maintenances could not be looked at: the database does not answer; tried again shortly");
                    patience.next()
                }
            };
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = sleep(pause) => {}
                // A ring during the look is kept, and ends this wait at once.
                () = rung.notified() => {}
                ended = self.own_stop.ended() => {
                    if self.own_stop.is_over(ended).await {
                        return;
                    }
                }
            }
        }
        self.own_stop.give_up().await;
    }

    /// Answers how long to wait before the next look.
    async fn look(&mut self) -> Result<Duration, store::Error> {
        let next_due = self.clock.look(self.steadiness.is_steady()).await?;
        incidents::look(&self.pool, &self.intentions).await;
        let window = store::maintenance::find_window(&self.pool, ANNOUNCED_AHEAD, self.instance_id).await?;
        let expected = match &window {
            Some(window) => {
                let before = self.expected.borrow().clone();
                expect(&self.pool, window, before).await?
            }
            None => None,
        };
        // Who hears of the window may count on it.
        self.expected.send_replace(expected);
        self.windows.send_if_modified(|told| {
            let is_news = *told != window;
            if is_news {
                told.clone_from(&window);
            }
            is_news
        });
        let next_step = self.own_stop.look(window.as_ref()).await?;
        Ok(next_due.min(next_step).min(MAINTENANCE_POLL))
    }
}
