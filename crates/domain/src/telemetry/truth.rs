//! Which positions can be true.
//!
//! A device's positions are judged in order of event time, each by those before it alone: so a verdict is a
//! function of the set of positions (and of when each was first received), in whatever order they came. A
//! position that came late makes those behind it be judged anew; see [`crate::telemetry::fold`].

use super::codec::Record;
use super::io;
use super::place::Place;
use super::span;
use crate::limits::{
    TELEMETRY_AHEAD_MAX, TELEMETRY_AHEAD_TRUE_MAX, TELEMETRY_JUMP_SLACK_M, TELEMETRY_JUMPS_BELIEVED, TELEMETRY_SPEED_MAX_KMH,
};
use crate::text::text_enum;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::time::Duration;

text_enum! {
    /// Why a position is kept but left out of trails, trips, fences and charts.
    Faulty {
        /// The device saw no satellite, or says a place that is none (0°, 0° among them).
        NoFix = "no_fix",
        /// Nothing goes there so fast.
        Jump = "jump",
        /// Ahead of the time at which it was received.
        Future = "future",
        /// By a person.
        Marked = "marked",
    }
}

/// What is judged and folded of a record.
#[derive(Clone, Debug, PartialEq)]
pub struct Position {
    pub at: DateTime<Utc>,
    pub digest: i64,
    /// When the server had it first.
    pub received_at: DateTime<Utc>,
    pub place: Place,
    pub speed_kmh: i16,
    pub satellites: i16,
    /// `None`: the device doesn't say.
    pub ignition: Option<bool>,
    pub movement: Option<bool>,
    /// A person has marked it as faulty.
    pub marked: bool,
}

impl Position {
    pub fn of(record: &Record, received_at: DateTime<Utc>) -> Self {
        Self {
            at: record.at,
            digest: record.digest,
            received_at,
            place: Place::new(record.longitude, record.latitude),
            speed_kmh: record.speed_kmh,
            satellites: record.satellites,
            ignition: io::switch(&record.io, io::IGNITION),
            movement: io::switch(&record.io, io::MOVEMENT),
            marked: false,
        }
    }

    /// The order in which positions are told.
    pub const fn key(&self) -> (DateTime<Utc>, i64) {
        (self.at, self.digest)
    }

    /// What it is by itself, whatever was before it: it changes nothing of the device.
    pub(super) fn out_of_question(&self) -> Option<Faulty> {
        if self.marked {
            return Some(Faulty::Marked);
        }
        (self.at - self.received_at > span(TELEMETRY_AHEAD_TRUE_MAX)).then_some(Faulty::Future)
    }

    /// Why it can't be true by itself, whatever was before it.
    pub fn faulty_alone(&self) -> Option<Faulty> {
        self.out_of_question().or_else(|| (!self.has_fix()).then_some(Faulty::NoFix))
    }

    fn has_fix(&self) -> bool {
        let nowhere = self.place.longitude == 0.0 && self.place.latitude == 0.0;
        self.satellites > 0 && self.place.exists() && !nowhere
    }
}

/// A record whose time is out of what is kept: for the dead letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untimely {
    #[error("its time is before what is kept")]
    TooOld,
    #[error("its time is more than an hour ahead")]
    TooFarAhead,
}

/// `kept`: how long positions are. Up to an hour ahead is taken (devices' clocks are wrong, and such a
/// position becomes [`Faulty::Future`]).
pub fn timely(at: DateTime<Utc>, received_at: DateTime<Utc>, kept: Duration) -> Result<(), Untimely> {
    match (received_at - at).to_std() {
        Ok(age) if age > kept => Err(Untimely::TooOld),
        Err(_) if at - received_at > span(TELEMETRY_AHEAD_MAX) => Err(Untimely::TooFarAhead),
        _ => Ok(()),
    }
}

/// The positions since the last true one that can't be reached from it, but from each other: when they are
/// many, that one was wrong, or the device was carried away.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Doubt {
    pub at: DateTime<Utc>,
    pub place: Place,
    pub count: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    True,
    /// True, but the way there isn't known: after so many that agree with each other the new place is believed.
    Elsewhere,
    Faulty(Faulty),
}

/// Judges the position behind `last`, the last true one. The very first with a fix is believed; was it
/// wrong, the next [`TELEMETRY_JUMPS_BELIEVED`] that agree say so.
pub(super) fn judge(last: Option<(DateTime<Utc>, Place)>, doubt: &mut Option<Doubt>, position: &Position) -> Verdict {
    if let Some(faulty) = position.faulty_alone() {
        return Verdict::Faulty(faulty);
    }
    let Some((at, place)) = last else { return Verdict::True };
    if reachable(at, place, position) {
        *doubt = None;
        return Verdict::True;
    }
    // Of one instant each position counts once, or a single burst of noise could be believed.
    if position.at == at || doubt.as_ref().is_some_and(|doubt| doubt.at == position.at) {
        return Verdict::Faulty(Faulty::Jump);
    }
    let before = doubt.take().filter(|doubt| reachable(doubt.at, doubt.place, position)).map_or(0, |doubt| doubt.count);
    if before + 1 >= TELEMETRY_JUMPS_BELIEVED {
        return Verdict::Elsewhere;
    }
    *doubt = Some(Doubt { at: position.at, place: position.place, count: before + 1 });
    Verdict::Faulty(Faulty::Jump)
}

fn reachable(at: DateTime<Utc>, place: Place, position: &Position) -> bool {
    let seconds = (position.at - at).as_seconds_f64();
    let within_m = TELEMETRY_JUMP_SLACK_M + seconds * TELEMETRY_SPEED_MAX_KMH / 3.6;
    place.metres_to(position.place) <= within_m
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(s: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(s, 0).expect("a time")
    }

    fn position(s: i64, longitude: f64, latitude: f64) -> Position {
        let (at, received_at) = (time(s), time(s));
        let place = Place::new(longitude, latitude);
        let (speed_kmh, satellites, marked) = (50, 9, false);
        Position { at, digest: 0, received_at, place, speed_kmh, satellites, ignition: None, movement: None, marked }
    }

    #[test]
    fn a_time_is_kept_or_refused() {
        let day = Duration::from_secs(86_400);
        let check = |at: i64, expect: Result<(), Untimely>| assert_eq!(timely(time(at), time(100_000), day), expect, "{at}");
        check(100_000, Ok(()));
        check(13_600, Ok(()));
        check(13_599, Err(Untimely::TooOld));
        check(0, Err(Untimely::TooOld));
        check(103_600, Ok(()));
        check(103_601, Err(Untimely::TooFarAhead));
    }

    #[test]
    fn a_position_alone() {
        let check = |change: fn(&mut Position), expect: Verdict| {
            let mut it = position(1_000, 10.0, 60.0);
            change(&mut it);
            assert_eq!(judge(None, &mut None, &it), expect, "{it:?}");
        };
        check(|_| (), Verdict::True);
        check(|it| it.satellites = 0, Verdict::Faulty(Faulty::NoFix));
        check(|it| it.place = Place::new(0.0, 0.0), Verdict::Faulty(Faulty::NoFix));
        check(|it| it.place = Place::new(0.0, 60.0), Verdict::True);
        check(|it| it.place = Place::new(200.0, 60.0), Verdict::Faulty(Faulty::NoFix));
        check(|it| it.received_at = time(1_000 - 120), Verdict::True);
        check(|it| it.received_at = time(1_000 - 121), Verdict::Faulty(Faulty::Future));
        check(|it| it.marked = true, Verdict::Faulty(Faulty::Marked));
    }

    #[test]
    fn a_jump_is_believed_when_it_lasts() {
        let home = (time(0), Place::new(10.0, 60.0));
        let mut doubt = None;
        let jump = Verdict::Faulty(Faulty::Jump);
        let mut check = |s: i64, longitude: f64, expect: Verdict| {
            assert_eq!(judge(Some(home), &mut doubt, &position(s, longitude, 60.0)), expect, "{s} {longitude}");
        };
        // 55 km in 10 s, there and elsewhere, with one true position between.
        for s in 1..TELEMETRY_JUMPS_BELIEVED {
            check(s.into(), 11.0, jump);
        }
        check(10, 10.0, Verdict::True);
        for (s, longitude) in [(11, 11.0), (12, 12.0), (13, 11.0), (14, 12.0), (15, 11.0), (16, 12.0)] {
            check(s, longitude, jump);
        }
        // Of one instant: once.
        for _ in 0..10 {
            check(20, 14.0, jump);
        }
        for s in 1..i64::from(TELEMETRY_JUMPS_BELIEVED) - 1 {
            check(20 + s, 14.0, jump);
        }
        check(30, 14.0, Verdict::Elsewhere);
        // In ten minutes one gets there.
        check(600, 11.0, Verdict::True);
    }
}
