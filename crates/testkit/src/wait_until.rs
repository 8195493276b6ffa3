//! The one place that may sleep: between two looks at a state.

use std::future::Future;
use std::panic::Location;
use std::time::Duration;
use tokio::time::Instant;

const BETWEEN_LOOKS: Duration = Duration::from_millis(5);

/// What a look at a state may answer.
pub trait Seen {
    type Value;

    /// The awaited value, or `None`: not yet.
    fn seen(self) -> Option<Self::Value>;
}

impl Seen for bool {
    type Value = ();

    fn seen(self) -> Option<()> {
        self.then_some(())
    }
}

impl<T> Seen for Option<T> {
    type Value = T;

    fn seen(self) -> Self {
        self
    }
}

/// Looks again and again until the state is there, and answers what was seen. Fails the test, with
/// `what` and the caller's line, when it is not there within `limit` (a single look that hangs
/// counts too).
#[track_caller]
pub fn wait_until<S: Seen>(what: &str, limit: Duration, mut look: impl AsyncFnMut() -> S) -> impl Future<Output = S::Value> {
    let asked_at = Location::caller();
    async move {
        let end = Instant::now() + limit;
        loop {
            match tokio::time::timeout_at(end, look()).await {
                Ok(answer) => {
                    if let Some(value) = answer.seen() {
                        return value;
                    }
                }
                Err(_) => panic!("{asked_at}: not within {limit:?}, the last look unanswered: {what}"),
            }
            assert!(Instant::now() < end, "{asked_at}: not within {limit:?}: {what}");
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_answers_what_it_saw() {
        let mut looks = 0;
        let seen = wait_until("the third look", Duration::from_secs(10), || {
            looks += 1;
            let look = looks;
            async move { (look == 3).then_some(look) }
        })
        .await;
        assert_eq!(seen, 3);
    }

    #[tokio::test]
    #[should_panic(expected = "not within 20ms: what never comes")]
    async fn it_gives_up() {
        wait_until("what never comes", Duration::from_millis(20), || async { false }).await;
    }

    #[tokio::test]
    #[should_panic(expected = "the last look unanswered")]
    async fn a_hanging_look_is_bounded() {
        wait_until("a look", Duration::from_millis(20), std::future::pending::<bool>).await;
    }
}
