//! A stretch of a device's life as rows: what the tables hold once it is told.
//!
//! To tell anew from `from`, a state kept from before what came late: of the device's rows delete those that
//! `from` did not know of ([`is_later`]), then write the story's rows over what is left: those that were open
//! at `from` are among them, as they are now. Without anything late the same rows are written, and nothing is
//! deleted. A state older than all positions that are left must be kept for each device: told anew from nothing,
//! rows would be deleted whose positions are gone.

use super::fence::FenceIndex;
use super::fold::{DeviceState, Happening, Motion, Stop, Trip};
use super::span;
use super::truth::{Faulty, Position};
use crate::limits::TELEMETRY_CHECKPOINT_EVERY;
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// A timing record: of one device at one time there is one for a fence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Visit {
    pub entered_at: DateTime<Utc>,
    pub fence: Uuid,
    /// `None`: it is still inside.
    pub left_at: Option<DateTime<Utc>>,
    /// It has been inside for the fence's dwell time.
    pub dwelt: bool,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Story {
    /// Behind the last position.
    pub state: DeviceState,
    /// Of every position, in their order.
    pub verdicts: Vec<Option<Faulty>>,
    /// What was told, in order.
    pub happenings: Vec<Happening>,
    /// In order of their beginnings, like the others.
    pub visits: Vec<Visit>,
    pub trips: Vec<Trip>,
    pub stops: Vec<Stop>,
}

/// Goes on from `from` by positions in order of [`Position::key`], all of them new to it (see
/// [`DeviceState::is_new`]): those that came, and, to tell anew, all that are kept behind `from.told`.
pub fn tell(from: DeviceState, positions: &[Position], fences: &FenceIndex) -> Story {
    let mut story = Story::from(from);
    for position in positions {
        let told = story.state.fold(position, fences);
        story.verdicts.push(told.faulty);
        for happening in told.happenings {
            story.note(&happening);
            story.happenings.push(happening);
        }
    }
    if let (Some(row), Some(trip)) = (story.trips.last_mut(), &story.state.trip) {
        row.clone_from(trip);
    }
    story
}

/// Whether a row was made by what was told after `from`:
/// - a visit that began with its last position or after it, and that isn't open in it;
/// - a trip that began after `from.motion_since`;
/// - a stop that began after that, or, of a device that moves, with it.
pub fn is_later(from: &DeviceState, row: Row) -> bool {
    match row {
        Row::Visit { fence, entered_at } => {
            let open = from.inside.iter().any(|inside| inside.fence == fence && inside.entered_at == entered_at);
            from.told.is_none_or(|(told, _)| entered_at >= told) && !open
        }
        Row::Trip { began_at } => from.motion_since.is_none_or(|since| began_at > since),
        Row::Stop { began_at } => {
            let moves = from.motion == Motion::Moving;
            from.motion_since.is_none_or(|since| began_at > since || (moves && began_at == since))
        }
    }
}

/// A row by what it is and when it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    Visit { fence: Uuid, entered_at: DateTime<Utc> },
    Trip { began_at: DateTime<Utc> },
    Stop { began_at: DateTime<Utc> },
}

/// Whether a state is worth keeping to go back to, when the one kept before was told until `before`.
pub fn is_worth_keeping(state: &DeviceState, before: Option<DateTime<Utc>>) -> bool {
    match (state.told, before) {
        (Some((told, _)), Some(before)) => told - before >= span(TELEMETRY_CHECKPOINT_EVERY),
        (told, None) => told.is_some(),
        (None, Some(_)) => false,
    }
}

impl From<DeviceState> for Story {
    fn from(state: DeviceState) -> Self {
        let open = |inside: &super::fold::Inside| {
            let (fence, entered_at, dwelt) = (inside.fence, inside.entered_at, inside.dwelt);
            Visit { entered_at, fence, left_at: None, dwelt }
        };
        let stop = match (state.motion, state.motion_since, state.stop) {
            (Motion::Stopped, Some(began_at), Some(place)) => Some(Stop { began_at, ended_at: None, place }),
            _ => None,
        };
        Self {
            visits: state.inside.iter().map(open).collect(),
            trips: state.trip.iter().cloned().collect(),
            stops: stop.into_iter().collect(),
            state,
            ..Self::default()
        }
    }
}

impl Story {
    fn note(&mut self, happening: &Happening) {
        match happening {
            Happening::Entered { fence, at } => {
                self.visits.push(Visit { entered_at: *at, fence: *fence, left_at: None, dwelt: false });
            }
            Happening::Left { fence, entered_at, at } => {
                if let Some(visit) = self.visit(*fence, *entered_at) {
                    visit.left_at = Some(*at);
                }
            }
            Happening::Dwelt { fence, entered_at, .. } => {
                if let Some(visit) = self.visit(*fence, *entered_at) {
                    visit.dwelt = true;
                }
            }
            Happening::Moved { at } => {
                if let Some(stop) = self.stops.last_mut() {
                    stop.ended_at.get_or_insert(*at);
                }
            }
            Happening::Stopped { at, place } => self.stops.push(Stop { began_at: *at, ended_at: None, place: *place }),
            Happening::TripBegan(trip) => self.trips.push(trip.clone()),
            Happening::TripEnded(trip) => {
                if let Some(row) = self.trips.last_mut() {
                    row.clone_from(trip);
                }
            }
        }
    }

    /// The latest ones are at the end, and it is among those that are open.
    fn visit(&mut self, fence: Uuid, entered_at: DateTime<Utc>) -> Option<&mut Visit> {
        self.visits.iter_mut().rev().find(|visit| visit.fence == fence && visit.entered_at == entered_at)
    }
}
