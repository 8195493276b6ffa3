//! What is simulated, and how fast.

use chrono::{DateTime, TimeDelta, Utc};
use domain::telemetry::{Imei, Place};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::Instant;

/// So many fit the longest frame that devices send, 1,280 bytes.
pub(crate) const RECORDS_PER_FRAME_MAX: u32 = 20;
/// Drives that are told faster than they are driven, for nobody knows how long, began so long ago.
const LONG_AGO: TimeDelta = TimeDelta::days(7);
/// Behind a drive that is told faster than it is driven, so that it does not end in the future.
const SLACK: TimeDelta = TimeDelta::minutes(1);

#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) to: SocketAddr,
    pub(crate) devices: u32,
    /// Of the first device, without its check digit; the others follow.
    pub(crate) first_imei: u64,
    /// Records a second, of all devices together; `None`: as soon as the ones before are acknowledged.
    pub(crate) rate: Option<f64>,
    pub(crate) records_per_frame: u32,
    pub(crate) ends: Ends,
    pub(crate) faults: Faults,
    pub(crate) seed: u64,
    pub(crate) around: Place,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Ends {
    Never,
    After(Duration),
    /// Of all devices together.
    Records(u64),
}

/// What goes wrong on the way. Shares are of frames, from 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Faults {
    /// The connection is lost in the middle of the frame, or before its acknowledgement; it is sent again.
    pub(crate) loss: f64,
    /// Sent once more though it was acknowledged.
    pub(crate) duplicates: f64,
    /// So many frames besides that can't be kept.
    pub(crate) poison: f64,
    /// All hang up at once, and come again.
    pub(crate) reconnect_every: Option<Duration>,
}

/// When records are made, and when they are sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pace {
    /// Between two frames of a device.
    pub(super) frame_every: Duration,
    /// Between two records of a device, by its clock.
    pub(super) record_every: TimeDelta,
    /// Of the first record.
    pub(super) begins_at: DateTime<Utc>,
    /// Of each device.
    pub(super) records: Option<u64>,
}

impl Ends {
    pub(super) fn at(self, began: Instant) -> Option<Instant> {
        match self {
            Self::After(time) => began.checked_add(time),
            Self::Never | Self::Records(_) => None,
        }
    }
}

impl Plan {
    pub(crate) fn imei(&self, number: u32) -> Option<Imei> {
        Imei::numbered(self.first_imei.checked_add(number.into())?)
    }

    /// Records are of the time at which they are sent, unless a device is to send several a second: then they are a
    /// second apart, and of the past.
    pub(super) fn pace(&self, now: DateTime<Utc>) -> Pace {
        let devices = f64::from(self.devices.max(1));
        let gap = self.rate.map_or(Duration::ZERO, |rate| Duration::try_from_secs_f64(devices / rate).unwrap_or(Duration::MAX));
        let frame_every = gap.saturating_mul(self.records_per_frame);
        let records = match self.ends {
            Ends::Records(records) => Some(records.div_ceil(u64::from(self.devices.max(1)))),
            Ends::Never | Ends::After(_) => None,
        };
        if gap >= Duration::from_secs(1) {
            let record_every = TimeDelta::from_std(gap).unwrap_or(TimeDelta::MAX);
            let of_frame = TimeDelta::from_std(frame_every).unwrap_or_default() - record_every;
            return Pace { frame_every, record_every, begins_at: now - of_frame, records };
        }
        let known = records.and_then(|records| i64::try_from(records).ok()).or_else(|| self.sends_until_end(gap));
        let ago = known.and_then(TimeDelta::try_seconds).map_or(LONG_AGO, |drive| drive + SLACK);
        Pace { frame_every, record_every: TimeDelta::seconds(1), begins_at: now - ago, records }
    }

    #[expect(clippy::cast_possible_truncation, reason = "a float becomes the nearest integer there is")]
    fn sends_until_end(&self, gap: Duration) -> Option<i64> {
        match self.ends {
            Ends::After(time) if gap > Duration::ZERO => Some(time.div_duration_f64(gap).ceil() as i64),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(devices: u32, rate: Option<f64>, ends: Ends) -> Plan {
        Plan {
            to: SocketAddr::from(([127, 0, 0, 1], 5027)),
            devices,
            first_imei: 10_010_000_000_000,
            rate,
            records_per_frame: 4,
            ends,
            faults: Faults::default(),
            seed: 1,
            around: Place::new(10.0, 60.0),
        }
    }

    #[test]
    fn records_are_never_of_the_future() {
        let now = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let check = |plan: Plan, frame_every: Duration, record_every_s: i64, began_ago_s: i64| {
            let pace = plan.pace(now);
            assert_eq!((pace.frame_every, pace.record_every.num_seconds()), (frame_every, record_every_s), "{plan:?}");
            assert_eq!((now - pace.begins_at).num_seconds(), began_ago_s, "{plan:?}");
        };
        let seconds = Duration::from_secs;
        // As they drive: the last of the first frame is of now.
        check(plan(10, Some(2.0), Ends::Never), seconds(20), 5, 15);
        check(plan(10, Some(10.0), Ends::Records(1_000)), seconds(4), 1, 3);
        // Faster than they drive.
        check(plan(10, Some(100.0), Ends::After(seconds(60))), Duration::from_millis(400), 1, 600 + 60);
        check(plan(10, None, Ends::Records(1_001)), Duration::ZERO, 1, 101 + 60);
        check(plan(10, None, Ends::After(seconds(60))), Duration::ZERO, 1, 7 * 24 * 3_600);
    }

    #[test]
    fn each_device_has_a_number_of_its_own() {
        let plan = plan(3, None, Ends::Never);
        let imeis: Vec<String> = (0..3).filter_map(|number| plan.imei(number)).map(|imei| imei.to_string()).collect();
        assert_eq!(imeis, ["100100000000007", "100100000000015", "100100000000023"]);
        assert_eq!(Plan { first_imei: 99_999_999_999_999, ..plan }.imei(1), None);
    }
}
