//! Into fences and out of them.

use super::{DeviceState, Happening};
use crate::limits::FENCES_INSIDE_MAX;
use crate::telemetry::fence::{Fence, FenceIndex};
use crate::telemetry::truth::Position;
use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inside {
    pub fence: Uuid,
    pub entered_at: DateTime<Utc>,
    /// Its dwell time was told.
    pub dwelt: bool,
}

impl DeviceState {
    /// A true position: leaves first, then what goes on, then what begins. Of more fences than a device may
    /// be in those with the lowest ids count.
    pub(super) fn cross(&mut self, position: &Position, fences: &FenceIndex, happenings: &mut Vec<Happening>) {
        let at = position.at;
        let mut now = fences.containing(position.place, at);
        now.truncate(FENCES_INSIDE_MAX);
        let here = |fence: Uuid| now.binary_search_by_key(&fence, |now| now.id).ok().and_then(|place| now.get(place));
        let before = std::mem::take(&mut self.inside);
        for inside in before {
            match here(inside.fence) {
                Some(fence) => self.inside.push(dwell(inside, fence, at, happenings)),
                None => happenings.push(Happening::Left { fence: inside.fence, entered_at: inside.entered_at, at }),
            }
        }
        for fence in &now {
            if let Err(place) = self.inside.binary_search_by_key(&fence.id, |inside| inside.fence) {
                self.inside.insert(place, Inside { fence: fence.id, entered_at: at, dwelt: false });
                happenings.push(Happening::Entered { fence: fence.id, at });
            }
        }
    }
}

fn dwell(inside: Inside, fence: &Fence, now: DateTime<Utc>, happenings: &mut Vec<Happening>) -> Inside {
    let Some(over_at) = fence.dwell_s.and_then(|dwell_s| {
        let span = Duration::seconds(dwell_s.into());
        inside.entered_at.checked_add_signed(span)
    }) else {
        return inside;
    };
    if inside.dwelt || now < over_at {
        return inside;
    }
    happenings.push(Happening::Dwelt { fence: inside.fence, entered_at: inside.entered_at, at: over_at });
    Inside { dwelt: true, ..inside }
}
