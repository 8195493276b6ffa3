//! What becomes of a device's positions: whether it moves, its trips and stops, the fences it is in.
//!
//! The state of a device is the fold of its positions in order of `(at, digest)`. It depends on nothing else
//! (besides the fences as they were at each time), so however the positions came, in whatever batches, the
//! story told in their order is the same one. A position that came late, marks that were set or taken away,
//! a replay: each goes back to a state kept from before ([`DeviceState::is_new`] says whether that is needed)
//! and tells anew from there ([`crate::telemetry::story::tell`]).
//!
//! Of the true positions of one instant the first alone counts, so that between two that count time has
//! passed: what begins for a device at a time begins once.

mod fences;
mod motion;

pub use fences::Inside;
pub use motion::{Motion, Still, Stop, Trip};

use super::fence::FenceIndex;
use super::place::Place;
use super::truth::{Doubt, Faulty, Position, Verdict, judge};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// All that is known of a device behind its last position; `default`: nothing yet. Kept as JSON (in
/// `device_states.fold`, and in what is kept to go back to), so fields may come and not change.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeviceState {
    /// The last position that was told, true or not; those that are out of question don't count (a single one
    /// from the future would make all that follow it late).
    pub told: Option<(DateTime<Utc>, i64)>,
    /// The last true one.
    pub last: Option<Fix>,
    pub doubt: Option<Doubt>,
    pub motion: Motion,
    /// `None` while it is unknown.
    pub motion_since: Option<DateTime<Utc>>,
    /// While it stands: where it stopped.
    pub stop: Option<Place>,
    /// The same place, or where it was carried to since.
    pub anchor: Option<Place>,
    /// While it moves: since when it seems not to.
    pub still: Option<Still>,
    /// While it moves.
    pub trip: Option<Trip>,
    /// Of all ended trips. Whole millimetres, so that JSON keeps it exactly.
    pub odometer_mm: i64,
    /// By fence.
    pub inside: Vec<Inside>,
}

/// A true position.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fix {
    pub at: DateTime<Utc>,
    pub place: Place,
}

/// What is told once. Times are those of positions, except where a time is reckoned from them.
#[derive(Clone, Debug, PartialEq)]
pub enum Happening {
    /// The first true position in it. Every true position decides: who is inside, outside and inside again
    /// within a second has entered twice.
    Entered {
        fence: Uuid,
        at: DateTime<Utc>,
    },
    /// The first true position that isn't in it any more, or from when on the fence doesn't hold.
    Left {
        fence: Uuid,
        entered_at: DateTime<Utc>,
        at: DateTime<Utc>,
    },
    /// It has been inside for the fence's dwell time; `at` is when that was over, told by the first true
    /// position inside from then on.
    Dwelt {
        fence: Uuid,
        entered_at: DateTime<Utc>,
        at: DateTime<Utc>,
    },
    Moved {
        at: DateTime<Utc>,
    },
    /// `at` may be earlier than the position that tells it: one stands for a while before it is a stop.
    Stopped {
        at: DateTime<Utc>,
        place: Place,
    },
    TripBegan(Trip),
    TripEnded(Trip),
}

/// What one position tells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    /// `None`: it can be true.
    pub faulty: Option<Faulty>,
    pub happenings: Vec<Happening>,
}

impl DeviceState {
    /// Whether it comes behind all that was told, or changes nothing; if not, the story is to be told anew from
    /// before it.
    pub fn is_new(&self, position: &Position) -> bool {
        self.told.is_none_or(|told| told < position.key()) || position.out_of_question().is_some()
    }

    /// Metres that it drove, the present trip included.
    pub fn odometer_m(&self) -> i64 {
        (self.odometer_mm + self.trip.as_ref().map_or(0, |trip| trip.distance_mm)) / 1_000
    }

    /// Goes on by one position, which must be new (see [`DeviceState::is_new`]).
    pub fn fold(&mut self, position: &Position, fences: &FenceIndex) -> Told {
        if let Some(faulty) = position.out_of_question() {
            return Told { faulty: Some(faulty), happenings: Vec::new() };
        }
        self.told = Some(position.key());
        let mut happenings = Vec::new();
        let last = self.last.map(|fix| (fix.at, fix.place));
        let elsewhere = match judge(last, &mut self.doubt, position) {
            Verdict::Faulty(faulty) => {
                if faulty == Faulty::NoFix {
                    self.stand(position, &mut happenings);
                }
                return Told { faulty: Some(faulty), happenings };
            }
            Verdict::True => false,
            Verdict::Elsewhere => true,
        };
        if self.last.is_some_and(|fix| fix.at == position.at) {
            return Told::default();
        }
        self.go(position, elsewhere, &mut happenings);
        self.cross(position, fences, &mut happenings);
        self.last = Some(Fix { at: position.at, place: position.place });
        Told { faulty: None, happenings }
    }
}
