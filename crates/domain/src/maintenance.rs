//! Maintenances: planned windows in which something is taken down. Which moves a state may make, who
//! is told what, and what the clock makes of it.

mod plan;
mod rehearsal;
mod series;

pub use plan::{MaintenancePatch, NewUpdate, check_end, check_window};
pub use rehearsal::{Step, StepName};
pub use series::{ExtraWindow, Occurrence, Series, SeriesPatch, Timing};

use crate::forecast::StopMode;
use crate::job::JobClass;
use crate::lifecycle::Stops;
use crate::link::Link;
use crate::refusal::Refusal;
use crate::text::text_enum;
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

text_enum! {
    MaintenanceState {
        Scheduled = "scheduled",
        InProgress = "in_progress",
        /// The work is over; what it affected must be green again.
        Verifying = "verifying",
        Completed = "completed",
        Cancelled = "cancelled",
    }
}

impl MaintenanceState {
    /// The moves a state may make. `maintenance_move_allowed` in the migrations says the same; a test
    /// compares.
    pub const fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Scheduled, Self::InProgress | Self::Cancelled)
                | (Self::InProgress, Self::Verifying | Self::Completed)
                | (Self::Verifying, Self::Completed)
        )
    }

    /// Whether nothing can come after it.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Completed | Self::Cancelled)
    }
}

text_enum! {
    /// How a maintenance came to its end.
    Outcome {
        /// By the clock; there was nothing to verify.
        Ended = "ended",
        /// Everything it affected was green again.
        Green = "green",
        /// Something it affected was not green in time.
        VerifyTimedOut = "verify_timed_out",
        /// By somebody's hand.
        Closed = "closed",
        Cancelled = "cancelled",
    }
}

/// What a node of kind `maintenance` has besides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Maintenance {
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    /// The zone it was planned in, for people.
    pub timezone: String,
    pub state: MaintenanceState,
    /// Raised by each change of state or window: what was decided on an older one is void.
    pub fence: i64,
    pub started_at: Option<DateTime<Utc>>,
    /// When the work was over.
    pub ended_at: Option<DateTime<Utc>>,
    /// When it was completed or cancelled.
    pub finished_at: Option<DateTime<Utc>>,
    pub outcome: Option<Outcome>,
    /// Whether it takes down Synops itself.
    pub affects_instance: bool,
    /// How Synops goes down for it, since it has begun.
    pub mode: Option<StopMode>,
    pub settings: Settings,
    pub links: Vec<Link>,
    /// The series it is a window of.
    pub series_id: Option<Uuid>,
    /// When it was to begin by its series, on the wall of the series' zone: what it is known by there.
    pub occurrence_at: Option<NaiveDateTime>,
}

/// How it is carried out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Completed only when what it affects is green again.
    pub verify: bool,
    pub verify_timeout_s: i32,
    /// While Synops itself is taken down: jobs that are kept, but not begun.
    pub blocked_classes: Vec<JobClass>,
    pub drain_bound_s: i32,
    /// One instance after the other, where there are enough.
    pub rolling: bool,
    /// After a full stop only administrators are let in until all is green.
    pub admins_first: bool,
}

/// What the checks of affected systems say since the work was over; and, where Synops itself went down,
/// whether there is a server for each of its roles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verification {
    /// Systems that are checked at all, and roles of servers that had to stop.
    pub checked: i64,
    /// Of these, up as they are now.
    pub up: i64,
    /// Of these, up by a run that began after the end, or by a server that was ready after it.
    pub green: i64,
}

/// A move that the clock makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move {
    pub to: MaintenanceState,
    pub outcome: Option<Outcome>,
    /// For people.
    pub message: &'static str,
}

impl Move {
    /// To the end of the work: verifying where there is something to verify.
    pub const fn at_end(verify: bool, checked: i64, message: &'static str) -> Self {
        if verify && checked > 0 {
            Self { to: MaintenanceState::Verifying, outcome: None, message }
        } else {
            Self { to: MaintenanceState::Completed, outcome: Some(Outcome::Ended), message }
        }
    }
}

impl Maintenance {
    /// What is due at `now`: at most one move; another may be due after it.
    pub fn due(&self, now: DateTime<Utc>, found: Verification, stops: Stops) -> Option<Move> {
        match self.state {
            MaintenanceState::Scheduled if self.starts_at <= now => {
                Some(Move { to: MaintenanceState::InProgress, outcome: None, message: "Started by the clock." })
            }
            // Nobody waits for the clock when all there was to do was to restart.
            MaintenanceState::InProgress if self.affects_instance && stops.is_alone && stops.are_over() => {
                let message = if stops.listed == 0 { "No server had to stop for it." } else { "Synops has restarted." };
                Some(Move::at_end(self.settings.verify, found.checked, message))
            }
            // A server that stops is waited for: it has its own bound.
            MaintenanceState::InProgress if self.ends_at <= now && stops.under_way == 0 => {
                Some(Move::at_end(self.settings.verify, found.checked, "Ended by the clock."))
            }
            MaintenanceState::Verifying if found.green >= found.checked => Some(Move {
                to: MaintenanceState::Completed,
                outcome: Some(Outcome::Green),
                message: "Everything affected is up again.",
            }),
            MaintenanceState::Verifying if self.verify_until().is_none_or(|until| until <= now) => Some(Move {
                to: MaintenanceState::Completed,
                outcome: Some(Outcome::VerifyTimedOut),
                message: "Something affected was not up again in time.",
            }),
            _ => None,
        }
    }

    /// Until when what it affects may take to be green; `None` before the work is over.
    pub fn verify_until(&self) -> Option<DateTime<Utc>> {
        let allowed = TimeDelta::try_seconds(self.settings.verify_timeout_s.into())?;
        self.ended_at.and_then(|at| at.checked_add_signed(allowed))
    }

    /// The window as it stays after a change, refused where `now` or the state does not allow it.
    pub fn changed_window(
        &self,
        starts_at: Option<DateTime<Utc>>,
        ends_at: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Result<(), Refusal> {
        let (starts, ends) = (starts_at.unwrap_or(self.starts_at), ends_at.unwrap_or(self.ends_at));
        match self.state {
            MaintenanceState::Scheduled => check_window(starts, ends, now),
            MaintenanceState::InProgress if starts != self.starts_at => {
                Err(Refusal::conflict("it has started already: only its end can be moved"))
            }
            MaintenanceState::InProgress => check_end(starts, ends, now),
            state => Err(Refusal::conflict(format!("it is {state}: its window is over"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn now() -> DateTime<Utc> {
        at("2026-11-22T12:00:00Z")
    }

    fn window(state: MaintenanceState) -> Maintenance {
        Maintenance {
            starts_at: at("2026-11-22T13:00:00Z"),
            ends_at: at("2026-11-22T14:00:00Z"),
            timezone: "UTC".to_owned(),
            state,
            fence: 0,
            started_at: None,
            ended_at: (state == MaintenanceState::Verifying).then(|| at("2026-11-22T14:00:00Z")),
            finished_at: None,
            outcome: None,
            affects_instance: false,
            mode: None,
            settings: Settings {
                verify: true,
                verify_timeout_s: 600,
                blocked_classes: Vec::new(),
                drain_bound_s: 300,
                rolling: false,
                admins_first: false,
            },
            links: Vec::new(),
            series_id: None,
            occurrence_at: None,
        }
    }

    #[test]
    fn the_clock_moves_what_is_due() {
        use MaintenanceState::{Cancelled, Completed, InProgress, Scheduled, Verifying};
        let check = |state, when: &str, checked, green, expect: Option<(MaintenanceState, Option<Outcome>)>| {
            let due = window(state).due(at(when), Verification { checked, up: green, green }, Stops::default());
            assert_eq!(due.map(|m| (m.to, m.outcome)), expect, "{state} at {when}, {green} of {checked}");
            assert!(due.is_none_or(|m| state.may_become(m.to)));
        };
        check(Scheduled, "2026-11-22T12:59:59Z", 0, 0, None);
        check(Scheduled, "2026-11-22T13:00:00Z", 0, 0, Some((InProgress, None)));
        // It slept through all of it: one move after the other.
        check(Scheduled, "2026-11-23T13:00:00Z", 0, 0, Some((InProgress, None)));
        check(InProgress, "2026-11-22T13:59:59Z", 0, 0, None);
        check(InProgress, "2026-11-22T14:00:00Z", 0, 0, Some((Completed, Some(Outcome::Ended))));
        check(InProgress, "2026-11-22T14:00:00Z", 2, 2, Some((Verifying, None)));
        check(Verifying, "2026-11-22T14:00:01Z", 2, 1, None);
        check(Verifying, "2026-11-22T14:00:01Z", 2, 2, Some((Completed, Some(Outcome::Green))));
        check(Verifying, "2026-11-22T14:09:59Z", 2, 0, None);
        check(Verifying, "2026-11-22T14:10:00Z", 2, 0, Some((Completed, Some(Outcome::VerifyTimedOut))));
        check(Completed, "2026-11-22T15:00:00Z", 0, 0, None);
        check(Cancelled, "2026-11-22T13:30:00Z", 0, 0, None);
        let mut unverified = window(InProgress);
        unverified.settings.verify = false;
        let found = Verification { checked: 2, up: 0, green: 0 };
        let due = unverified.due(at("2026-11-22T14:00:00Z"), found, Stops::default());
        assert_eq!(due.map(|m| m.to), Some(Completed));
    }

    #[test]
    fn a_restart_is_over_when_it_is_done() {
        let check = |when: &str, stops: Stops, expect: Option<&str>| {
            let restart = Maintenance { affects_instance: true, ..window(MaintenanceState::InProgress) };
            let due = restart.due(at(when), Verification { checked: 2, up: 2, green: 0 }, stops);
            assert_eq!(due.map(|m| m.message), expect, "{when} {stops:?}");
            assert!(due.is_none_or(|m| m.to == MaintenanceState::Verifying));
        };
        let (early, end) = ("2026-11-22T13:10:00Z", "2026-11-22T14:00:00Z");
        let stops = |gone, under_way, is_alone| Stops { listed: 2, gone, under_way, is_alone };
        check(early, stops(1, 1, true), None);
        check(early, stops(2, 0, true), Some("Synops has restarted."));
        check(early, Stops { is_alone: true, ..Stops::default() }, Some("No server had to stop for it."));
        // Others are worked on, too: the window is theirs.
        check(early, stops(2, 0, false), None);
        check(end, stops(2, 0, false), Some("Ended by the clock."));
        check(end, stops(1, 1, true), None);
        // It never had its turn, and keeps running.
        check(end, stops(1, 0, true), Some("Ended by the clock."));
    }

    #[test]
    fn a_window_moves_as_far_as_its_state_lets_it() {
        let check = |state, starts: Option<&str>, ends: Option<&str>, ok: bool| {
            let changed = window(state).changed_window(starts.map(at), ends.map(at), now());
            assert_eq!(changed.is_ok(), ok, "{state} {starts:?} {ends:?}: {changed:?}");
        };
        let (earlier, later) = (Some("2026-11-22T12:30:00Z"), Some("2026-11-22T16:00:00Z"));
        check(MaintenanceState::Scheduled, earlier, later, true);
        check(MaintenanceState::InProgress, None, later, true);
        check(MaintenanceState::InProgress, earlier, None, false);
        check(MaintenanceState::Verifying, None, later, false);
        check(MaintenanceState::Completed, None, later, false);
        check(MaintenanceState::Cancelled, None, later, false);
    }
}
