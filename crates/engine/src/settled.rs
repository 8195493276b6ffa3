//! What was begun when the end came.

use std::pin::pin;
use std::time::Duration;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// Waits for it, and once the `end` has come for `grace` at most. A statement that is left alone half-way may be carried
/// out by the database behind the next one, so whoever takes back what it does waits for it first.
pub(crate) async fn settled<T>(doing: impl Future<Output = T>, end: &CancellationToken, grace: Duration) -> Option<T> {
    let mut doing = pin!(doing);
    tokio::select! {
        done = &mut doing => Some(done),
        () = end.cancelled() => timeout(grace, doing).await.ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::pending;

    #[tokio::test(start_paused = true)]
    async fn what_was_begun_is_waited_for() {
        let (end, grace) = (CancellationToken::new(), Duration::from_secs(2));
        let takes = async |seconds: u64| settled(timeout(Duration::from_secs(seconds), pending::<()>()), &end, grace).await;
        assert!(takes(60).await.is_some(), "as long as there is no end");
        end.cancel();
        assert!(takes(1).await.is_some());
        assert!(takes(3).await.is_none(), "it is left alone");
    }
}
