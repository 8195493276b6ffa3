//! What a page says: all of it, and nothing that stands for itself elsewhere. There is no field here for what must
//! not be told: no ids of systems, no people, no reasons, no texts but those for everybody.

use crate::access::Visibility;
use crate::maintenance::MaintenanceState;
use crate::system::State;
use crate::text::text_enum;
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

text_enum! {
    /// How a system is, as a page says it. The worst last.
    ShownState {
        Operational = "operational",
        /// It is not checked, or was not yet.
        Unknown = "unknown",
        Maintenance = "maintenance",
        Degraded = "degraded",
        Down = "down",
    }
}

text_enum! {
    /// How all of a page's systems are, in one word.
    Overall {
        Operational = "operational",
        /// Nothing is known of any.
        Unknown = "unknown",
        Maintenance = "maintenance",
        Degraded = "degraded",
        PartialOutage = "partial_outage",
        MajorOutage = "major_outage",
    }
}

text_enum! {
    NoticeKind {
        Maintenance = "maintenance",
        Incident = "incident",
    }
}

/// A day of a system's checks, by UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    pub date: NaiveDate,
    /// None: there is no data of that day.
    pub runs: i32,
    pub failures: i32,
}

impl Day {
    /// In percent of the day's checks; `None` without any.
    pub fn uptime_percent(&self) -> Option<f64> {
        (self.runs > 0).then(|| 100.0 * f64::from(self.runs - self.failures.clamp(0, self.runs)) / f64::from(self.runs))
    }
}

/// A system on the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    pub label: String,
    pub state: ShownState,
    /// Oldest first, one for each day of the page's history, today last.
    pub days: Vec<Day>,
}

impl Shown {
    /// Over all its days; `None` without any data.
    pub fn uptime_percent(&self) -> Option<f64> {
        let (runs, failures) = self.days.iter().fold((0_i64, 0_i64), |(runs, failures), day| {
            (runs + i64::from(day.runs), failures + i64::from(day.failures.clamp(0, day.runs)))
        });
        #[expect(clippy::cast_precision_loss, reason = "a share of at most some millions of runs")]
        (runs > 0).then(|| 100.0 * (runs - failures) as f64 / runs as f64)
    }
}

/// Systems under one heading; without a title for those that the page names one by one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    pub title: Option<String>,
    pub systems: Vec<Shown>,
}

/// Something that everybody was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeUpdate {
    pub id: Uuid,
    pub at: DateTime<Utc>,
    pub message: String,
    /// The state that came with it.
    pub state: Option<String>,
}

/// A maintenance or incident that affects something on the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub id: Uuid,
    pub kind: NoticeKind,
    pub title: String,
    /// Of its kind: of a maintenance, or of an incident.
    pub state: String,
    /// When it was planned, or began.
    pub announced_at: DateTime<Utc>,
    pub starts_at: DateTime<Utc>,
    /// `None`: not over, and nobody has said when.
    pub ends_at: Option<DateTime<Utc>>,
    /// Neither planned nor over.
    pub is_active: bool,
    pub is_over: bool,
    /// Raised by each change of state or window.
    pub sequence: i64,
    /// The labels of what it affects on this page.
    pub affects: Vec<String>,
    /// Newest first.
    pub updates: Vec<NoticeUpdate>,
}

impl Notice {
    /// When something of it has changed that the page says.
    pub fn changed_at(&self) -> DateTime<Utc> {
        self.updates.first().map_or(self.announced_at, |newest| newest.at)
    }

    /// Whether a maintenance was called off.
    pub fn is_cancelled(&self) -> bool {
        self.kind == NoticeKind::Maintenance && self.state == MaintenanceState::Cancelled.as_str()
    }
}

/// All that a page says. Every form of it (HTML, JSON, Atom, calendar) is made of this alone.
#[derive(Clone, Debug, PartialEq)]
pub struct StatusView {
    pub page_id: Uuid,
    pub slug: String,
    pub title: String,
    pub headline: String,
    /// Who may read it; the rest of this says nothing of anybody.
    pub visibility: Visibility,
    /// Whether there is a mail server by which its readers can be asked and told.
    pub has_mail: bool,
    /// Today, by the days of the bars.
    pub today: NaiveDate,
    pub history_days: i32,
    pub sections: Vec<Section>,
    /// What goes on first, then what is planned, then what was, the newest first.
    pub notices: Vec<Notice>,
}

impl StatusView {
    pub fn overall(&self) -> Overall {
        overall(self.sections.iter().flat_map(|section| &section.systems).map(|shown| shown.state))
    }
}

/// What a page says of a system. A window explains what checks find meanwhile.
pub const fn shown_state(own: State, is_checked: bool, in_maintenance: bool) -> ShownState {
    match own {
        _ if in_maintenance => ShownState::Maintenance,
        _ if !is_checked => ShownState::Unknown,
        State::Up => ShownState::Operational,
        State::Degraded => ShownState::Degraded,
        State::Down => ShownState::Down,
        State::Unknown => ShownState::Unknown,
    }
}

fn overall(states: impl Iterator<Item = ShownState>) -> Overall {
    let states: Vec<ShownState> = states.collect();
    let known: Vec<ShownState> = states.into_iter().filter(|state| *state != ShownState::Unknown).collect();
    match known.iter().max() {
        None => Overall::Unknown,
        Some(ShownState::Down) if known.iter().all(|state| *state == ShownState::Down) => Overall::MajorOutage,
        Some(ShownState::Down) => Overall::PartialOutage,
        Some(ShownState::Degraded) => Overall::Degraded,
        Some(ShownState::Maintenance) => Overall::Maintenance,
        Some(ShownState::Operational | ShownState::Unknown) => Overall::Operational,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_word_for_all() {
        use ShownState::{Degraded, Down, Maintenance, Operational, Unknown};
        let check = |states: &[ShownState], expect| assert_eq!(overall(states.iter().copied()), expect, "{states:?}");
        check(&[], Overall::Unknown);
        check(&[Unknown], Overall::Unknown);
        check(&[Operational, Unknown], Overall::Operational);
        check(&[Operational, Maintenance], Overall::Maintenance);
        check(&[Operational, Maintenance, Degraded], Overall::Degraded);
        check(&[Operational, Degraded, Down], Overall::PartialOutage);
        check(&[Down, Down, Unknown], Overall::MajorOutage);
    }

    #[test]
    fn a_window_explains_what_checks_find() {
        let check = |own, is_checked, in_maintenance, expect| assert_eq!(shown_state(own, is_checked, in_maintenance), expect);
        check(State::Down, true, true, ShownState::Maintenance);
        check(State::Down, true, false, ShownState::Down);
        check(State::Up, true, false, ShownState::Operational);
        check(State::Up, false, false, ShownState::Unknown);
    }

    #[test]
    fn a_day_without_checks_is_no_bad_day() {
        let date = NaiveDate::from_ymd_opt(2026, 11, 22).unwrap();
        let day = |runs, failures| Day { date, runs, failures };
        assert_eq!(day(0, 0).uptime_percent(), None);
        assert_eq!(day(200, 1).uptime_percent(), Some(99.5));
        // What psql may have written there.
        assert_eq!(day(1, 7).uptime_percent(), Some(0.0));
        let shown = Shown { label: "x".into(), state: ShownState::Unknown, days: vec![day(0, 0), day(100, 0), day(100, 1)] };
        assert_eq!(shown.uptime_percent(), Some(99.5));
    }
}
