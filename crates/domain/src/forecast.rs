//! What a maintenance of Synops itself will do to the jobs there are: told before anybody confirms it.

use crate::limits::HEARTBEAT_LAPSE;
use crate::text::text_enum;
use chrono::{DateTime, TimeDelta, Utc};
use std::time::Duration;

text_enum! {
    /// What becomes of a job.
    Fate {
        /// It ends before Synops goes down, as far as one can tell.
        Finishes = "finishes",
        /// It runs longer than the drain may take: it is interrupted, and goes on afterwards.
        Outlives = "outlives",
        /// It is due within the window, and waits for its end.
        Waits = "waits",
        /// It is due before the window, but would cross its start: it waits, too.
        CrossesStart = "crosses_start",
    }
}

text_enum! {
    /// How Synops goes down.
    StopMode {
        /// It does not: only others are affected.
        None = "none",
        /// One instance after the other; requests are answered all the while.
        Rolling = "rolling",
        /// All of it at once.
        Full = "full",
    }
}

/// A window of Synops itself, as jobs meet it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub drain_bound: Duration,
}

impl Window {
    /// Of a job that runs since `started_at` and takes `takes`, as a rule. At `now` it runs still.
    pub fn fate_of_running(&self, started_at: DateTime<Utc>, takes: Duration, now: DateTime<Utc>) -> Fate {
        // What has taken longer than usual already may end at any time: from now on.
        let end = later(started_at, takes).max(now);
        if end > later(self.starts_at, self.drain_bound) { Fate::Outlives } else { Fate::Finishes }
    }

    /// Of a job that is due at `due_at`; `None` when the window does not concern it. `is_blocked`: its
    /// class waits during the window.
    pub fn fate_of_waiting(&self, due_at: DateTime<Utc>, takes: Duration, is_blocked: bool, now: DateTime<Utc>) -> Option<Fate> {
        let due_at = due_at.max(now);
        if due_at >= self.ends_at {
            return None;
        }
        if due_at >= self.starts_at {
            return Some(Fate::Waits);
        }
        let end = later(due_at, takes);
        if end <= self.starts_at {
            return None;
        }
        // What need not wait is drained like the others.
        if is_blocked {
            return Some(Fate::CrossesStart);
        }
        (end > later(self.starts_at, self.drain_bound)).then_some(Fate::Outlives)
    }
}

fn later(at: DateTime<Utc>, by: Duration) -> DateTime<Utc> {
    let by = TimeDelta::from_std(by).unwrap_or(TimeDelta::MAX);
    at.checked_add_signed(by).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// How Synops would go down now, and why, for people. `instances`: when each was last heard of, with
/// its roles. Rolling takes two that are ready for each role.
pub fn stop_mode(wants_rolling: bool, instances: &[(DateTime<Utc>, Vec<String>)], now: DateTime<Utc>) -> (StopMode, String) {
    if !wants_rolling {
        return (StopMode::Full, "a full stop is planned".to_owned());
    }
    let alive: Vec<&Vec<String>> = instances
        .iter()
        .filter(|(seen_at, _)| (now - *seen_at).to_std().unwrap_or_default() < HEARTBEAT_LAPSE)
        .map(|(_, roles)| roles)
        .collect();
    if alive.len() < 2 {
        let have = alive.len();
        return (StopMode::Full, format!("rolling takes two instances that are ready; there is {have}"));
    }
    let alone = alive.iter().flat_map(|roles| roles.iter()).find(|role| alive.iter().filter(|r| r.contains(role)).count() < 2);
    match alone {
        Some(role) => (StopMode::Full, format!("rolling takes two instances with the role {role}; there is one")),
        None => (StopMode::Rolling, format!("one of {} instances after the other", alive.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        format!("2026-11-22T{text}Z").parse().unwrap()
    }

    const WINDOW: fn() -> Window =
        || Window { starts_at: at("13:00:00"), ends_at: at("14:00:00"), drain_bound: Duration::from_secs(300) };

    #[test]
    fn running_jobs_finish_or_outlive_the_drain() {
        let check = |started: &str, takes_s: u64, now: &str, expect| {
            let fate = WINDOW().fate_of_running(at(started), Duration::from_secs(takes_s), at(now));
            assert_eq!(fate, expect, "{started} {takes_s} {now}");
        };
        check("12:00:00", 60, "12:00:10", Fate::Finishes);
        check("12:00:00", 3_900, "12:30:00", Fate::Finishes);
        check("12:00:00", 3_901, "12:30:00", Fate::Outlives);
        check("12:00:00", 1, "13:05:01", Fate::Outlives);
        check("12:00:00", u64::MAX, "12:00:01", Fate::Outlives);
    }

    #[test]
    fn waiting_jobs_wait_longer_where_they_would_meet_the_window() {
        let check = |due: &str, takes_s: u64, blocked: bool, expect| {
            let fate = WINDOW().fate_of_waiting(at(due), Duration::from_secs(takes_s), blocked, at("12:00:00"));
            assert_eq!(fate, expect, "{due} {takes_s} {blocked}");
        };
        check("12:10:00", 60, true, None);
        check("12:59:30", 60, true, Some(Fate::CrossesStart));
        check("12:59:30", 60, false, None);
        check("12:59:30", 600, false, Some(Fate::Outlives));
        check("13:00:00", 1, true, Some(Fate::Waits));
        check("13:59:59", 1, false, Some(Fate::Waits));
        check("14:00:00", 1, true, None);
        // Overdue: it starts now.
        check("01:00:00", 60, true, None);
    }

    #[test]
    fn rolling_takes_two_of_each_role() {
        let now = at("12:00:00");
        let check = |rolling, instances: &[(&str, &[&str])], expect, why: &str| {
            let instances: Vec<_> =
                instances.iter().map(|(seen, roles)| (at(seen), roles.iter().map(|r| (*r).to_owned()).collect())).collect();
            let (mode, text) = stop_mode(rolling, &instances, now);
            assert_eq!(mode, expect, "{instances:?}: {text}");
            assert!(text.contains(why), "{text}");
        };
        let both: &[&str] = &["gateway", "worker"];
        check(false, &[("12:00:00", both), ("12:00:00", both)], StopMode::Full, "planned");
        check(true, &[("12:00:00", both)], StopMode::Full, "there is 1");
        check(true, &[("12:00:00", both), ("11:59:00", both)], StopMode::Full, "there is 1");
        check(true, &[("12:00:00", both), ("11:59:50", both)], StopMode::Rolling, "2 instances");
        check(true, &[("12:00:00", both), ("12:00:00", &["gateway"])], StopMode::Full, "role worker");
    }
}
