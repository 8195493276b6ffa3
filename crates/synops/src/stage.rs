//! The parts of a running server, each with its tasks, so that they end one after the other.

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
}
