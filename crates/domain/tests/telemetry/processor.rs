//! What a processor does with batches, in memory.

use chrono::{DateTime, Utc};
use domain::telemetry::fold::{Stop, Trip};
use domain::telemetry::story::{Row, is_later};
use domain::telemetry::{DeviceState, Faulty, FenceIndex, Position, Story, Visit, tell};
use std::collections::BTreeMap;
use uuid::Uuid;

pub(crate) type Key = (DateTime<Utc>, i64);

/// The tables of one device.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Rows {
    visits: BTreeMap<(DateTime<Utc>, Uuid), Visit>,
    trips: BTreeMap<DateTime<Utc>, Trip>,
    stops: BTreeMap<DateTime<Utc>, Stop>,
    faulty: BTreeMap<Key, Option<Faulty>>,
}

impl Rows {
    pub(crate) fn write(&mut self, told: &[Position], story: &Story) {
        self.visits.extend(story.visits.iter().map(|row| ((row.entered_at, row.fence), row.clone())));
        self.trips.extend(story.trips.iter().map(|row| (row.began_at, row.clone())));
        self.stops.extend(story.stops.iter().map(|row| (row.began_at, row.clone())));
        self.faulty.extend(told.iter().map(Position::key).zip(story.verdicts.iter().copied()));
    }

    fn forget(&mut self, from: &DeviceState) {
        self.visits.retain(|(entered_at, fence), _| !is_later(from, Row::Visit { fence: *fence, entered_at: *entered_at }));
        self.trips.retain(|began_at, _| !is_later(from, Row::Trip { began_at: *began_at }));
        self.stops.retain(|began_at, _| !is_later(from, Row::Stop { began_at: *began_at }));
    }
}

#[derive(Default)]
pub(crate) struct Processor {
    positions: BTreeMap<Key, Position>,
    pub(crate) state: DeviceState,
    kept: Vec<DeviceState>,
    pub(crate) rows: Rows,
}

impl Processor {
    pub(crate) fn take(&mut self, batch: &[Position], fences: &FenceIndex) {
        let mut new: Vec<Position> = batch.iter().filter(|it| !self.positions.contains_key(&it.key())).cloned().collect();
        new.sort_by_key(Position::key);
        new.dedup_by_key(|it| it.key());
        self.positions.extend(new.iter().map(|it| (it.key(), it.clone())));
        if let Some(late) = new.iter().find(|it| !self.state.is_new(it)) {
            self.kept.retain(|state| state.is_new(late));
            // Kept as JSON.
            let from = self.kept.last().cloned().unwrap_or_default();
            let json = serde_json::to_string(&from).expect("JSON");
            self.state = serde_json::from_str(&json).expect("a state");
            self.rows.forget(&self.state);
            let told = self.state.told;
            let again = self.positions.values().filter(|it| told.is_none_or(|told| told < it.key()) || new.contains(it));
            new = again.cloned().collect();
        }
        let story = tell(self.state.clone(), &new, fences);
        self.rows.write(&new, &story);
        self.state = story.state;
        self.kept.push(self.state.clone());
    }
}
