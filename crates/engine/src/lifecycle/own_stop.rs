//! This server's own way through a maintenance of Synops: announced, closed together with those of its
//! turn, drained, stopped. Each step is taken in the database first, and followed here.

use domain::lifecycle::Window;
use domain::limits::{CLOSED_TOGETHER_MAX, MAINTENANCE_POLL};
use domain::maintenance::MaintenanceState;
use drain::{Drain, Ended, Phase};
use intentions::Intentions;
use std::time::Duration;
use store::Pool;
use store::instance::NewInstance;
use store::maintenance::{StopRow, TurnAsked};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use uuid::Uuid;

/// For the last word, when the database may be gone.
const TOLD_WITHIN: Duration = Duration::from_secs(3);
/// Between two looks at whether the others have closed.
const LOOK_PAUSE: Duration = Duration::from_millis(100);

pub(super) struct OwnStop {
    pool: Pool,
    intentions: Intentions,
    me: NewInstance,
    drain: Drain,
    /// From not being ready on, for a balancer to notice.
    ready_pause: Duration,
    leads: Option<Leads>,
    /// The drain, once it runs; at most one.
    draining: JoinSet<Ended>,
    /// Its maintenance was closed when it was too late to go back.
    goes_all_the_same: bool,
}

/// The maintenance that this server closes for.
struct Leads {
    maintenance_id: Uuid,
    closed: Instant,
}

impl OwnStop {
    pub(super) fn new(pool: Pool, intentions: Intentions, me: NewInstance, drain: Drain, ready_pause: Duration) -> Self {
        Self { pool, intentions, me, drain, ready_pause, leads: None, draining: JoinSet::new(), goes_all_the_same: false }
    }

    /// Takes the step that is due, if any; answers when to look again.
    pub(super) async fn look(&mut self, window: Option<&Window>) -> Result<Duration, store::Error> {
        let Some(window) = window else {
            self.go_on();
            return Ok(MAINTENANCE_POLL);
        };
        if self.leads.as_ref().is_some_and(|leads| leads.maintenance_id != window.maintenance_id) {
            self.go_on();
            if self.leads.is_some() {
                return Ok(MAINTENANCE_POLL);
            }
        }
        match window.state {
            MaintenanceState::Scheduled => self.announce(window.maintenance_id).await?,
            MaintenanceState::InProgress => return self.follow(window.maintenance_id).await,
            // The others have stopped, and nobody waits for this one.
            _ => self.go_on(),
        }
        Ok(MAINTENANCE_POLL)
    }

    async fn announce(&mut self, id: Uuid) -> Result<(), store::Error> {
        self.drain.announce();
        // Somebody who stops by hand closes already: that is not for this maintenance.
        if self.drain.phase() == Phase::Announced && self.intentions.announce_stop(self.asked(id)).await? {
            tracing::info!(maintenance_id = %id, "a maintenance of Synops itself is announced");
        }
        Ok(())
    }

    async fn follow(&mut self, id: Uuid) -> Result<Duration, store::Error> {
        let mut stops = store::maintenance::list_stops(&self.pool, id).await?;
        if self.leads.is_none() {
            if self.drain.phase() >= Phase::Closing {
                return Ok(MAINTENANCE_POLL);
            }
            let closed = |stops: &[StopRow]| self.mine(stops).is_some_and(|mine| mine.closed_at.is_some());
            // It may have been taken without the answer having come back.
            if !closed(&stops) && !self.intentions.take_turn(self.asked(id), self.ready_pause).await? {
                self.not_mine(&stops);
                return Ok(MAINTENANCE_POLL);
            }
            tracing::info!(maintenance_id = %id, "closing for a maintenance: no new work is taken");
            self.leads = Some(Leads { maintenance_id: id, closed: Instant::now() });
            self.drain.close();
            stops = store::maintenance::list_stops(&self.pool, id).await?;
        }
        let Some(mine) = self.mine(&stops) else { return Ok(MAINTENANCE_POLL) };
        if let Some(until) = mine.drain_until {
            let now = store::database::now(&self.pool).await?;
            let left = (until - now).to_std().unwrap_or_default();
            self.drain_within(left);
            return Ok(MAINTENANCE_POLL);
        }
        if !self.have_all_closed(mine, &stops) {
            return Ok(LOOK_PAUSE);
        }
        self.intentions.begin_draining(self.asked(id)).await?;
        Ok(Duration::ZERO)
    }

    /// It did not live when the maintenance began, or its turn is still to come.
    fn not_mine(&self, stops: &[StopRow]) {
        if self.mine(stops).is_none_or(|mine| mine.turn.is_none()) {
            self.drain.recall();
        }
    }

    fn mine<'a>(&self, stops: &'a [StopRow]) -> Option<&'a StopRow> {
        stops.iter().find(|stop| stop.instance_id == self.me.id)
    }

    /// Whether draining may begin: balancers have seen that this server is not ready, and the others of its turn
    /// have closed, are gone, or take too long.
    fn have_all_closed(&self, mine: &StopRow, stops: &[StopRow]) -> bool {
        let since = self.leads.as_ref().map_or(Duration::ZERO, |leads| leads.closed.elapsed());
        let open = stops.iter().any(|stop| stop.turn == mine.turn && stop.closed_at.is_none() && !stop.is_gone());
        since >= self.ready_pause && (!open || since >= CLOSED_TOGETHER_MAX)
    }

    /// Drains, or moves the deadline of the drain that runs.
    fn drain_within(&mut self, left: Duration) {
        let deadline = Instant::now() + left;
        if self.draining.is_empty() {
            let drain = self.drain.clone();
            self.draining.spawn(async move { drain.drain(deadline).await });
        } else if self.drain.phase() == Phase::Draining {
            // The same one, a little off, tells nobody anything.
            let moved = self.drain.deadline().is_none_or(|by| by.max(deadline) - by.min(deadline) > LOOK_PAUSE);
            if moved {
                self.drain.extend(deadline);
            }
        }
    }

    /// How the drain ended, when one runs and does.
    pub(super) async fn ended(&mut self) -> Option<Ended> {
        match self.draining.join_next().await {
            Some(ended) => ended.ok(),
            None => std::future::pending().await,
        }
    }

    /// Whether that was this server's end.
    pub(super) async fn is_over(&mut self, ended: Option<Ended>) -> bool {
        let Some(Ended::Stopped { late }) = ended else { return false };
        self.tell_stopped(&late).await;
        true
    }

    /// The process ends for another reason. If the drain is over, it says so.
    pub(super) async fn give_up(mut self) {
        if self.draining.is_empty() {
            self.stopped_otherwise().await;
            return;
        }
        if let Ok(Some(Ended::Stopped { late })) = timeout(TOLD_WITHIN, self.ended()).await {
            self.tell_stopped(&late).await;
        }
    }

    /// It was closed for a maintenance, and the process was told to end before it drained: it has, all the same.
    async fn stopped_otherwise(&self) {
        let Some(leads) = self.leads.as_ref().filter(|_| self.drain.phase() == Phase::Stopped) else { return };
        let late: Vec<&str> = self.drain.standings().iter().filter(|one| one.is_late).map(|one| one.name).collect();
        let begins = self.intentions.begin_draining(self.asked(leads.maintenance_id));
        if matches!(timeout(TOLD_WITHIN, begins).await, Ok(Ok(_))) {
            self.tell_stopped(&late).await;
        }
    }

    async fn tell_stopped(&self, late: &[&'static str]) {
        let Some(leads) = &self.leads else { return };
        let late: Vec<String> = late.iter().map(|name| (*name).to_owned()).collect();
        match timeout(TOLD_WITHIN, self.intentions.finish_stop(self.asked(leads.maintenance_id), &late)).await {
            Ok(Ok(())) => tracing::info!(maintenance_id = %leads.maintenance_id, "stopped for a maintenance"),
            // Others see that it is gone when its sign of life has lapsed.
            Ok(Err(error)) => tracing::warn!(%error, "that this server has stopped could not be written down"),
            Err(_) => tracing::warn!("that this server has stopped could not be written down: the database does not answer"),
        }
    }

    /// There is no maintenance any more that this server stops for: back to work, if that can still be.
    fn go_on(&mut self) {
        if self.leads.is_none() {
            self.drain.recall();
            return;
        }
        if self.drain.abort() || self.drain.phase() == Phase::Running {
            self.leads = None;
        } else if !self.goes_all_the_same {
            self.goes_all_the_same = true;
            tracing::warn!("the maintenance was closed too late for this server: it has ended its jobs, and restarts");
        }
    }

    fn asked(&self, maintenance_id: Uuid) -> TurnAsked<'_> {
        let NewInstance { id, name, version, roles, .. } = &self.me;
        TurnAsked { maintenance_id, instance_id: *id, name, version, roles }
    }
}
