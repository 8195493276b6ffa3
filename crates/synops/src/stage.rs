//! The parts of a running server, each with its tasks, so that they end one after the other.

use drain::{Class, Drain, InFlight};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// One part: whoever gives it tasks ends them at `stop`.
pub(crate) struct Stage {
    name: &'static str,
    pub(crate) tasks: TaskTracker,
    pub(crate) stop: CancellationToken,
}

impl Stage {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, tasks: TaskTracker::new(), stop: CancellationToken::new() }
    }

    /// Has it take part in the drain: told to end it tells its tasks, and it leaves when they have.
    /// The task that does so is on `waiting`.
    pub(crate) fn take_part(
        &self,
        drain: &Drain,
        class: Class,
        bound: Duration,
        waiting: &TaskTracker,
        in_flight: impl Fn() -> usize + Send + Sync + 'static,
    ) {
        let place = drain.register(self.name, class, bound, move || InFlight::of(in_flight()));
        let (tasks, stop) = (self.tasks.clone(), self.stop.clone());
        waiting.spawn(async move {
            place.end().cancelled().await;
            stop.cancel();
            tasks.close();
            tasks.wait().await;
        });
    }

    /// Tells its tasks to end and waits for them. Answers its name when some don't within `bound`.
    pub(crate) async fn end(self, bound: Duration) -> Option<&'static str> {
        self.stop.cancel();
        self.tasks.close();
        if tokio::time::timeout(bound, self.tasks.wait()).await.is_ok() {
            return None;
        }
        tracing::error!(part = self.name, tasks = self.tasks.len(), ?bound, "a part of the server does not end");
        Some(self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_task_that_does_not_end_is_told() {
        let good = Stage::new("good");
        let stop = good.stop.clone();
        good.tasks.spawn(async move { stop.cancelled().await });
        assert_eq!(good.end(Duration::from_secs(20)).await, None);
        let bad = Stage::new("bad");
        bad.tasks.spawn(std::future::pending::<()>());
        assert_eq!(bad.end(Duration::from_millis(20)).await, Some("bad"));
    }

    #[tokio::test]
    async fn the_drain_waits_for_its_tasks() {
        let (drain, waiting) = (Drain::new(), TaskTracker::new());
        let (good, bad) = (Stage::new("good"), Stage::new("bad"));
        for (stage, bound) in [(&good, Duration::from_secs(20)), (&bad, Duration::from_millis(20))] {
            stage.take_part(&drain, Class::Request, bound, &waiting, || 1);
        }
        let stop = good.stop.clone();
        good.tasks.spawn(async move { stop.cancelled().await });
        bad.tasks.spawn(std::future::pending::<()>());
        assert_eq!(drain.drain(tokio::time::Instant::now()).await, drain::Ended::Stopped { late: vec!["bad"] });
    }
}
