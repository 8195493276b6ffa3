//! How a worker ends: it closes with the drain's phase, may open again, and is told to end once.

use drain::{Participant, Phase};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

#[derive(Clone, Debug)]
pub(super) struct Stop {
    phases: watch::Receiver<Phase>,
    /// What runs is told to keep its place and end; it loses no attempt.
    pub(super) interrupt: CancellationToken,
}

impl Stop {
    pub(super) fn of(place: &Participant) -> Self {
        Self { phases: place.phases(), interrupt: place.end().clone() }
    }

    /// Whether nothing more is to be claimed or begun.
    pub(super) fn is_closed(&self) -> bool {
        self.interrupt.is_cancelled() || !self.phases.borrow().takes_work()
    }

    pub(super) async fn closed(&self) {
        let mut phases = self.phases.clone();
        tokio::select! {
            () = self.interrupt.cancelled() => {}
            // An error: nobody leads the phases any more.
            _ = phases.wait_for(|phase| !phase.takes_work()) => {}
        }
    }

    /// Never, once it is to end.
    pub(super) async fn opened(&self) {
        let mut phases = self.phases.clone();
        let opened = phases.wait_for(|phase| phase.takes_work()).await.is_ok();
        if !opened || self.interrupt.is_cancelled() {
            std::future::pending::<()>().await;
        }
    }
}
