//! Which jobs are not begun any more before Synops goes down, because they would not be done by then.

use domain::job::{JobClass, JobKind};
use domain::lifecycle::Window;
use domain::maintenance::MaintenanceState;
use std::collections::HashMap;
use std::time::Duration;
use store::Pool;
use tokio::time::Instant;

/// How long jobs take is asked so often; it changes slowly, and is a look at the history.
const ASKED_EVERY: Duration = Duration::from_secs(60);

/// A planned stop, as those who begin jobs need it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Expected {
    starts: Instant,
    blocked_classes: Vec<JobClass>,
    /// By kind; the slowest of twenty, of late.
    usual: HashMap<String, Duration>,
    asked: Instant,
}

impl Expected {
    /// Whether a job that began now would be cut short. Only of the classes that the plan names; the others are
    /// drained.
    pub(crate) fn crosses_start(&self, kind: &str, class: &str, now: Instant) -> bool {
        let at_most = || JobKind::parse(kind).map_or(Duration::MAX, |kind| kind.spec().time_limit);
        self.blocked_classes.iter().any(|blocked| blocked.as_str() == class)
            && self.usual.get(kind).copied().unwrap_or_else(at_most) > self.starts.saturating_duration_since(now)
    }
}

/// What is known of a window; `None` once it has begun: then its classes are blocked in the database.
pub(super) async fn expect(pool: &Pool, window: &Window, before: Option<Expected>) -> Result<Option<Expected>, store::Error> {
    if window.state != MaintenanceState::Scheduled || window.blocked_classes.is_empty() {
        return Ok(None);
    }
    let now = Instant::now();
    let starts_in = (window.starts_at - store::database::now(pool).await?).to_std().unwrap_or_default();
    let (usual, asked) = match before {
        Some(known) if now - known.asked < ASKED_EVERY => (known.usual, known.asked),
        _ => (store::forecast::list_usual_durations(pool).await?.into_iter().collect(), now),
    };
    Ok(Some(Expected { starts: now + starts_in, blocked_classes: window.blocked_classes.clone(), usual, asked }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_not_be_done_by_then_waits() {
        let now = Instant::now();
        let expected = Expected {
            starts: now + Duration::from_secs(60),
            blocked_classes: vec![JobClass::Tools],
            usual: HashMap::from([("tool".to_owned(), Duration::from_secs(59))]),
            asked: now,
        };
        let check = |kind: &str, class: &str, after_s: u64, expect: bool| {
            let crosses = expected.crosses_start(kind, class, now + Duration::from_secs(after_s));
            assert_eq!(crosses, expect, "{kind} {class} after {after_s} s");
        };
        check("tool", "tools", 0, false);
        check("tool", "tools", 2, true);
        // Begun late by the clock: it is due, and waits for the database to say so.
        check("tool", "tools", 61, true);
        check("webhook", "notifications", 59, false);
        // Without history: as long as it may take, whatever that is.
        check("of a newer version", "tools", 0, true);
    }
}
