//! Moving and standing, trips and stops.

use super::{DeviceState, Happening};
use crate::limits::{
    TELEMETRY_CARRIED_M, TELEMETRY_GAP, TELEMETRY_MOVED_M, TELEMETRY_MOVING_KMH, TELEMETRY_STILL_KMH, TELEMETRY_STOP_AFTER,
};
use crate::telemetry::place::Place;
use crate::telemetry::span;
use crate::telemetry::truth::Position;
use crate::text::text_enum;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

text_enum! {
    #[derive(Default)]
    Motion {
        /// It was nowhere yet.
        #[default]
        Unknown = "unknown",
        Moving = "moving",
        Stopped = "stopped",
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trip {
    pub began_at: DateTime<Utc>,
    /// `None`: it goes on.
    pub ended_at: Option<DateTime<Utc>>,
    pub from: Place,
    pub to: Place,
    /// Along the great circles between its positions.
    pub distance_mm: i64,
    pub max_speed_kmh: i16,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Stop {
    pub began_at: DateTime<Utc>,
    /// `None`: it still stands.
    pub ended_at: Option<DateTime<Utc>>,
    pub place: Place,
}

/// It may have stopped: since when, where, and how far its trip had been then.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Still {
    pub at: DateTime<Utc>,
    pub place: Place,
    pub distance_mm: i64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Pace {
    Fast,
    Slow,
    /// Between the two speeds nothing changes.
    Between,
}

impl Pace {
    fn of(position: &Position) -> Self {
        // The speed of one that stands drifts with its place.
        let off = position.ignition == Some(false) && position.movement == Some(false);
        match position.speed_kmh {
            speed if speed <= TELEMETRY_STILL_KMH || off => Self::Slow,
            speed if speed >= TELEMETRY_MOVING_KMH => Self::Fast,
            _ => Self::Between,
        }
    }
}

/// The driver has turned it off: nothing to wait for.
fn parked(position: &Position) -> bool {
    position.ignition == Some(false) && position.movement != Some(true)
}

impl DeviceState {
    /// A true position. `elsewhere`: how it got there isn't known.
    pub(super) fn go(&mut self, position: &Position, elsewhere: bool, happenings: &mut Vec<Happening>) {
        let silent = self.last.is_some_and(|last| position.at - last.at > span(TELEMETRY_GAP));
        let known = self.last.filter(|_| !elsewhere && !silent);
        if known.is_none() {
            self.break_off(happenings);
        }
        let leg_mm = known.map_or(0, |last| millimetres(last.place.metres_to(position.place)));
        match self.motion {
            Motion::Unknown if Pace::of(position) == Pace::Fast => self.begin(position.at, position, 0, happenings),
            Motion::Unknown => self.rest(position.at, position.place, happenings),
            Motion::Stopped => self.perhaps_begin(position, known.map(|last| last.at), leg_mm, happenings),
            Motion::Moving => self.drive(position, leg_mm, happenings),
        }
    }

    /// Without a fix there is no place, but the device may say that it stands: in a garage, say.
    pub(super) fn stand(&mut self, position: &Position, happenings: &mut Vec<Happening>) {
        let says = position.ignition == Some(false) || position.movement == Some(false);
        let (Motion::Moving, true, Some(last), Some(trip)) = (self.motion, says, self.last, &self.trip) else { return };
        let begun = Still { at: position.at, place: last.place, distance_mm: trip.distance_mm };
        self.still.get_or_insert(begun);
        self.perhaps_end(position, happenings);
    }

    /// Nothing is known between the last position and this one: a trip ended there.
    fn break_off(&mut self, happenings: &mut Vec<Happening>) {
        let (Some(last), Some(trip)) = (self.last, &self.trip) else { return };
        let there = Still { at: last.at, place: last.place, distance_mm: trip.distance_mm };
        let still = self.still.take().unwrap_or(there);
        self.end(still, happenings);
    }

    fn perhaps_begin(&mut self, position: &Position, known: Option<DateTime<Utc>>, leg_mm: i64, happenings: &mut Vec<Happening>) {
        // A trip begins behind the stop before it, never with it. (Of one instant there may be one position
        // without a fix that says it stands, and one with it.)
        let Some(stopped_at) = self.motion_since.filter(|stopped_at| position.at > *stopped_at) else { return };
        let away_m = self.anchor.map_or(0.0, |anchor| anchor.metres_to(position.place));
        let felt = position.ignition == Some(true) || position.movement == Some(true);
        if Pace::of(position) == Pace::Fast && (felt || away_m >= TELEMETRY_MOVED_M) {
            self.begin(position.at, position, leg_mm, happenings);
        } else if away_m >= TELEMETRY_CARRIED_M {
            match known.filter(|_| !parked(position)) {
                // It went there between its last position and this one, and may stand again.
                Some(last_at) => {
                    let at = if last_at > stopped_at { last_at } else { position.at };
                    self.begin(at, position, leg_mm, happenings);
                }
                None => self.anchor = Some(position.place),
            }
        }
    }

    fn drive(&mut self, position: &Position, leg_mm: i64, happenings: &mut Vec<Happening>) {
        let Some(trip) = &mut self.trip else { return };
        trip.distance_mm += leg_mm;
        trip.to = position.place;
        trip.max_speed_kmh = trip.max_speed_kmh.max(position.speed_kmh);
        let goes_on = self.still.as_ref().is_some_and(|still| still.place.metres_to(position.place) >= TELEMETRY_CARRIED_M);
        if goes_on || Pace::of(position) == Pace::Fast {
            self.still = None;
        }
        self.perhaps_still(position);
        self.perhaps_end(position, happenings);
    }

    fn perhaps_still(&mut self, position: &Position) {
        let Some(trip) = &self.trip else { return };
        if self.still.is_none() && Pace::of(position) == Pace::Slow {
            self.still = Some(Still { at: position.at, place: position.place, distance_mm: trip.distance_mm });
        }
    }

    fn perhaps_end(&mut self, position: &Position, happenings: &mut Vec<Happening>) {
        let over = |still: &Still| parked(position) || position.at - still.at >= span(TELEMETRY_STOP_AFTER);
        if let Some(still) = self.still.take_if(|still| over(still)) {
            self.end(still, happenings);
        }
    }

    fn begin(&mut self, at: DateTime<Utc>, position: &Position, leg_mm: i64, happenings: &mut Vec<Happening>) {
        let from = if leg_mm == 0 { position.place } else { self.last.map_or(position.place, |last| last.place) };
        let max_speed_kmh = position.speed_kmh;
        let trip = Trip { began_at: at, ended_at: None, from, to: position.place, distance_mm: leg_mm, max_speed_kmh };
        self.motion = Motion::Moving;
        self.motion_since = Some(at);
        (self.stop, self.anchor) = (None, None);
        self.still = None;
        self.trip = Some(trip.clone());
        happenings.extend([Happening::Moved { at }, Happening::TripBegan(trip)]);
        self.perhaps_still(position);
    }

    fn end(&mut self, still: Still, happenings: &mut Vec<Happening>) {
        if let Some(trip) = self.trip.take() {
            self.odometer_mm += still.distance_mm;
            let (ended_at, distance_mm) = (Some(still.at), still.distance_mm);
            happenings.push(Happening::TripEnded(Trip { ended_at, to: still.place, distance_mm, ..trip }));
        }
        self.rest(still.at, still.place, happenings);
    }

    fn rest(&mut self, at: DateTime<Utc>, place: Place, happenings: &mut Vec<Happening>) {
        self.motion = Motion::Stopped;
        self.motion_since = Some(at);
        (self.stop, self.anchor) = (Some(place), Some(place));
        self.still = None;
        happenings.push(Happening::Stopped { at, place });
    }
}

#[expect(clippy::cast_possible_truncation, reason = "no way on the globe has more millimetres than an i64")]
fn millimetres(metres: f64) -> i64 {
    (metres * 1_000.0).round() as i64
}
