//! The drain of a plain stop, told in the log.

use drain::{Drain, Ended, Phase, Standing};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// What is still waited for is told so often.
const TELL_EVERY: Duration = Duration::from_secs(5);

/// How long a plain stop gives others.
pub(super) struct Times {
    /// From not being ready on, for a balancer to notice.
    pub(super) ready_pause: Duration,
    pub(super) jobs_finish_within: Duration,
}

/// Drains; a stop that nobody asked for (`is_wanted` false) waits for nothing it need not. Answers
/// who did not end in time.
pub(super) async fn drain(drain: &Drain, times: &Times, is_wanted: bool) -> Vec<&'static str> {
    // A maintenance may have drained already.
    if is_wanted && drain.phase() < Phase::Draining {
        drain.close();
        sleep(times.ready_pause).await;
    }
    let finish_within = if is_wanted { times.jobs_finish_within } else { Duration::ZERO };
    let deadline = Instant::now() + finish_within;
    // A maintenance that drains allows more, maybe; whoever told the process to end does not wait for that.
    drain.no_later_than(deadline);
    let draining = async {
        loop {
            // A process that was told to stop does so, whoever would rather go on.
            match drain.drain(deadline).await {
                Ended::Stopped { late } => return late,
                Ended::Aborted => tracing::warn!("the process was told to stop: this can't be aborted"),
            }
        }
    };
    tokio::select! {
        late = draining => late,
        never = tell(drain) => match never {},
    }
}

async fn tell(drain: &Drain) -> std::convert::Infallible {
    loop {
        sleep(TELL_EVERY).await;
        let waited_for = in_words(&drain.standings());
        let jobs_have = drain.deadline().map(|by| by.saturating_duration_since(Instant::now()).as_secs());
        tracing::info!(jobs_have_s = jobs_have, "stopping: {waited_for}");
    }
}

/// What is under way, for people: `3 jobs, 12 sockets (late)`.
pub(crate) fn in_words(standings: &[Standing]) -> String {
    let busy = standings.iter().filter(|one| one.in_flight.count > 0 || one.is_late);
    let words: Vec<String> =
        busy.map(|one| format!("{} {}{}", one.in_flight.count, one.name, if one.is_late { " (late)" } else { "" })).collect();
    if words.is_empty() { "nothing is under way".to_owned() } else { words.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use drain::{Class, InFlight};

    #[test]
    fn only_who_has_something_is_told() {
        let one = |name, count, is_late| Standing { name, class: Class::Job, in_flight: InFlight::of(count), is_late };
        assert_eq!(in_words(&[one("jobs", 0, false)]), "nothing is under way");
        let all = [one("jobs", 3, false), one("checks", 0, false), one("sockets", 12, true)];
        assert_eq!(in_words(&all), "3 jobs, 12 sockets (late)");
    }
}
