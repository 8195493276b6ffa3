//! Word to whoever supervises the process, in systemd's way (sd_notify): that it is ready, what it
//! does, that it turns, and that it needs longer to stop. Without NOTIFY_SOCKET nobody is told.

use crate::serve::Ready;
use crate::serve::stopping::in_words;
use drain::Phase;
use std::convert::Infallible;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval, timeout};

/// An engine that has not turned for so long hangs; its longest turn takes half of that.
const PULSE_MAX: Duration = Duration::from_secs(40);
/// While it stops, it asks so often for …
const EXTEND_EVERY: Duration = Duration::from_secs(5);
/// … so long from then on.
const EXTENSION: Duration = Duration::from_secs(30);
/// A supervisor that takes no message is not waited for.
const TOLD_WITHIN: Duration = Duration::from_secs(2);

#[derive(Default)]
pub(crate) struct Supervisor {
    is_stopping: bool,
}

impl Supervisor {
    /// From the moment the server is ready; dropped when it has ended.
    pub(crate) async fn keep(&mut self, ready: &Ready) -> Infallible {
        tell(&["READY=1".to_owned(), format!("STATUS=serving at {}", ready.url)]).await;
        let watchdog = sd_notify::watchdog_enabled();
        let mut beats = interval(watchdog.map_or(EXTEND_EVERY, |limit| limit / 2).max(Duration::from_millis(1)));
        let mut extensions = interval(EXTEND_EVERY);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        extensions.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut phases = ready.drain.phases();
        loop {
            tokio::select! {
                _ = beats.tick(), if watchdog.is_some() => {
                    if ready.pulse.age() < PULSE_MAX {
                        tell(&["WATCHDOG=1".to_owned()]).await;
                    } else {
                        tracing::error!("the engine does not turn any more: the supervisor is not told that it does");
                    }
                }
                _ = extensions.tick(), if *phases.borrow() >= Phase::Closing => self.tell_stop(ready).await,
                Ok(()) = phases.changed() => self.tell_stop(ready).await,
            }
        }
    }

    /// Where a stop is. While nobody is late, the supervisor is asked for more time. That it stops is
    /// told when the drain is over: systemd's clock for a stop begins then.
    async fn tell_stop(&mut self, ready: &Ready) {
        let phase = ready.drain.phase();
        let standings = ready.drain.standings();
        let mut words = vec![match phase {
            Phase::Running => format!("STATUS=serving at {}", ready.url),
            _ => format!("STATUS={}: {}", phase.as_str(), in_words(&standings)),
        }];
        if phase >= Phase::Closing && !standings.iter().any(|one| one.is_late) {
            words.push(format!("EXTEND_TIMEOUT_USEC={}", EXTENSION.as_micros()));
        }
        if phase == Phase::Stopped && !std::mem::replace(&mut self.is_stopping, true) {
            words.push("STOPPING=1".to_owned());
        }
        tell(&words).await;
    }

    /// The server has ended; tells so unless that was done.
    pub(crate) async fn stopped(mut self) {
        if !std::mem::replace(&mut self.is_stopping, true) {
            tell(&["STOPPING=1".to_owned()]).await;
        }
    }
}

/// On a thread of its own: a supervisor that is slow must not hold up the server.
async fn tell(words: &[String]) {
    let words = words.join("\n");
    let telling = tokio::task::spawn_blocking(move || sd_notify::notify(&[sd_notify::NotifyState::Custom(&words)]));
    match timeout(TOLD_WITHIN, telling).await {
        Ok(Ok(Ok(()))) => {}
        Ok(Ok(Err(error))) => tracing::warn!(%error, "the supervisor could not be told"),
        _ => tracing::warn!("the supervisor takes no message"),
    }
}
