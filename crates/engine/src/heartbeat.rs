//! Tells the others that this server lives, and how far it is.

use crate::settled::settled;
use domain::lifecycle::InstanceState;
use domain::limits::HEARTBEAT_PERIOD;
use drain::{Drain, Phase};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use store::Pool;
use store::instance::NewInstance;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// For saying goodbye: the database may be gone already.
const GOODBYE_MAX: Duration = Duration::from_secs(2);
const RETRY_PAUSE: Duration = Duration::from_millis(500);
/// While it stops, others watch it.
const STOPPING_PERIOD: Duration = Duration::from_secs(1);
/// A network that swallows everything must not keep it from trying again.
const ANSWER_MAX: Duration = Duration::from_secs(10);

pub(crate) struct Heartbeat {
    pub(crate) pool: Pool,
    pub(crate) instance: NewInstance,
    pub(crate) drain: Drain,
    /// Whether others may count on it, as long as it does not stop.
    pub(crate) is_ready: Arc<dyn Fn() -> bool + Send + Sync>,
    /// Told at each sign of life that the database took.
    pub(crate) alive: watch::Sender<Option<Instant>>,
    /// Told at each turn, also when the database did not answer.
    pub(crate) turns: watch::Sender<Instant>,
    /// Cancelled when no job runs here any more.
    pub(crate) at_rest: CancellationToken,
    pub(crate) shutdown: CancellationToken,
}

impl Heartbeat {
    /// Until the shutdown; then the row goes. One that never comes to that lapses by its age.
    pub(crate) async fn run(self) {
        let mut phases = self.drain.phases();
        loop {
            let began = Instant::now();
            phases.mark_unchanged();
            let (state, in_flight) = (self.state(), self.in_flight());
            let upsert = store::instance::upsert_instance(&self.pool, &self.instance, state, &in_flight);
            let telling = tokio::time::timeout(ANSWER_MAX, upsert);
            let told = settled(telling, &self.shutdown, GOODBYE_MAX).await;
            let is_told = matches!(told, Some(Ok(Ok(()))));
            match told {
                Some(Ok(Ok(()))) => {
                    self.alive.send_replace(Some(began));
                }
                Some(Ok(Err(error))) => tracing::warn!(%error, "no sign of life could be given"),
                Some(Err(_)) => tracing::warn!("no sign of life could be given: the database does not answer"),
                None => {}
            }
            self.turns.send_replace(Instant::now());
            // Until it is told others don't know of it, and it takes no jobs; until it is ready somebody may wait
            // for it.
            let is_known = is_told && state != InstanceState::Starting;
            let pause = match *phases.borrow() {
                _ if !is_known => RETRY_PAUSE,
                Phase::Running | Phase::Announced => HEARTBEAT_PERIOD,
                _ => STOPPING_PERIOD,
            };
            tokio::select! {
                () = self.shutdown.cancelled() => break,
                () = tokio::time::sleep(pause) => {}
                Ok(()) = phases.changed() => {}
            }
        }
        self.say_goodbye().await;
    }

    fn state(&self) -> InstanceState {
        match self.drain.phase() {
            Phase::Running | Phase::Announced if !(self.is_ready)() => InstanceState::Starting,
            Phase::Running => InstanceState::Ready,
            Phase::Announced => InstanceState::Announced,
            Phase::Closing => InstanceState::Closing,
            Phase::Draining => InstanceState::Draining,
            Phase::Stopped => InstanceState::Stopped,
        }
    }

    fn in_flight(&self) -> BTreeMap<&'static str, usize> {
        self.drain.standings().into_iter().map(|one| (one.name, one.in_flight.count)).collect()
    }

    async fn say_goodbye(self) {
        if !self.at_rest.is_cancelled() {
            // Its jobs are others' when its lease has ended, or the next process's here.
            tracing::warn!("jobs still run: the instance's row stays until it lapses");
            return;
        }
        match tokio::time::timeout(GOODBYE_MAX, store::instance::delete_instance(&self.pool, self.instance.id)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "the instance's row stays until it lapses"),
            Err(_) => tracing::debug!("the instance's row stays until it lapses"),
        }
    }
}
