//! What became of what was sent.

use serde::Serialize;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Up to here each microsecond has a place of its own; from here on each doubling has eight.
const EXACT_US: u64 = 16;
const PLACES_PER_DOUBLING: u64 = 8;
/// The last is for all that take 18 minutes or more.
const PLACES: usize = 224;

#[derive(Default)]
pub(super) struct Tally {
    pub(super) connected: Count,
    pub(super) sent: Count,
    pub(super) acknowledged: Count,
    pub(super) refused: Count,
    pub(super) lost: Count,
    pub(super) duplicates: Count,
    pub(super) poison: Count,
    pub(super) turned_away: Count,
    pub(super) reconnects: Count,
    pub(super) latency: Latency,
}

#[derive(Default)]
pub(super) struct Count(AtomicU64);

impl Count {
    pub(super) fn add(&self, many: u64) {
        self.0.fetch_add(many, Relaxed);
    }

    pub(super) fn take_one(&self) {
        self.0.fetch_sub(1, Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// How long acknowledgements took; to an eighth exact, and always of the same size.
pub(super) struct Latency(Vec<AtomicU64>);

impl Default for Latency {
    fn default() -> Self {
        Self((0..PLACES).map(|_| AtomicU64::new(0)).collect())
    }
}

impl Latency {
    pub(super) fn add(&self, took: Duration) {
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        if let Some(count) = self.0.get(place(us).min(PLACES - 1)) {
            count.fetch_add(1, Relaxed);
        }
    }

    /// In milliseconds; 0 when there is none.
    fn quantile(&self, share: f64) -> f64 {
        let counts: Vec<u64> = self.0.iter().map(|count| count.load(Relaxed)).collect();
        let wanted = share * approximate(counts.iter().sum());
        let mut sum = 0;
        for (place, count) in counts.iter().enumerate() {
            sum += count;
            if sum > 0 && approximate(sum) >= wanted {
                return approximate(middle(place)) / 1e3;
            }
        }
        0.0
    }
}

/// Where it is counted.
fn place(us: u64) -> usize {
    if us < EXACT_US {
        return usize::try_from(us).unwrap_or_default();
    }
    let doubling = u64::from(us.ilog2());
    let eighth = (us >> (doubling - 3)) & (PLACES_PER_DOUBLING - 1);
    usize::try_from(EXACT_US + (doubling - 4) * PLACES_PER_DOUBLING + eighth).unwrap_or(PLACES)
}

/// Of what is counted there, in microseconds.
fn middle(place: usize) -> u64 {
    let place = place as u64;
    if place < EXACT_US {
        return place;
    }
    let (doubling, eighth) = ((place - EXACT_US) / PLACES_PER_DOUBLING + 4, (place - EXACT_US) % PLACES_PER_DOUBLING);
    let width = 1 << (doubling - 3);
    (PLACES_PER_DOUBLING + eighth) * width + width / 2
}

#[expect(clippy::cast_precision_loss, reason = "for the eye")]
fn approximate(whole: u64) -> f64 {
    whole as f64
}

/// How things stand.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Totals {
    pub(crate) seconds: f64,
    pub(crate) devices: u32,
    pub(crate) connected: u64,
    /// Records, each counted once.
    pub(crate) sent: u64,
    pub(crate) acknowledged: u64,
    /// Frames that were answered with less than they have.
    pub(crate) refused: u64,
    /// Frames whose connection was cut on purpose.
    pub(crate) lost: u64,
    /// Frames that were sent once more on purpose.
    pub(crate) duplicates: u64,
    /// Frames that can't be kept, and of which the device was let off.
    pub(crate) poison: u64,
    /// Introductions that were refused: nobody knows the device.
    pub(crate) turned_away: u64,
    pub(crate) reconnects: u64,
    /// From a frame's sending to its acknowledgement.
    pub(crate) latency_p50_ms: f64,
    pub(crate) latency_p99_ms: f64,
}

impl Tally {
    pub(super) fn totals(&self, elapsed: Duration, devices: u32) -> Totals {
        Totals {
            seconds: elapsed.as_secs_f64(),
            devices,
            connected: self.connected.get(),
            sent: self.sent.get(),
            acknowledged: self.acknowledged.get(),
            refused: self.refused.get(),
            lost: self.lost.get(),
            duplicates: self.duplicates.get(),
            poison: self.poison.get(),
            turned_away: self.turned_away.get(),
            reconnects: self.reconnects.get(),
            latency_p50_ms: self.latency.quantile(0.5),
            latency_p99_ms: self.latency.quantile(0.99),
        }
    }
}

/// In one line.
impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seconds, devices, connected, sent, acknowledged, refused, reconnects, .. } = self;
        write!(
            f,
            "{seconds:.0} s: {connected} of {devices} connected, {sent} records sent, {acknowledged} acknowledged, {refused} frames \
             refused, {reconnects} reconnects, p50 {:.1} ms, p99 {:.1} ms",
            self.latency_p50_ms, self.latency_p99_ms
        )?;
        let more = [("turned away", self.turned_away), ("lost", self.lost), ("twice", self.duplicates), ("poison", self.poison)];
        more.iter().filter(|(_, many)| *many > 0).try_for_each(|(what, many)| write!(f, ", {many} {what}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_time_has_a_place_near_it() {
        for us in (0..100_000).chain([1 << 20, (1 << 30) - 1]) {
            let near = middle(place(us));
            assert!(near.abs_diff(us) * 16 <= us.max(16), "{us} is counted as {near}");
            assert!(place(us) <= place(us + 1) && place(us) < PLACES);
        }
        assert!(place(u64::MAX) >= PLACES - 1);
    }

    #[test]
    fn quantiles_of_what_was_counted() {
        let latency = Latency::default();
        assert_eq!(latency.quantile(0.5), 0.0);
        for ms in 1..=100 {
            latency.add(Duration::from_millis(ms));
        }
        let check = |share: f64, expect: f64| {
            let found = latency.quantile(share);
            assert!((found - expect).abs() <= expect / 8.0, "{share}: {found}");
        };
        check(0.5, 50.0);
        check(0.99, 99.0);
        check(1.0, 100.0);
        latency.add(Duration::MAX);
    }
}
