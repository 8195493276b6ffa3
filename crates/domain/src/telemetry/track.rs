//! Made-up drives, for the simulator and for tests: plausible, and the same for the same seed and number.

mod by_hand;
mod dice;

pub use by_hand::visits_by_hand;
pub use dice::Dice;

use super::codec::{IoValue, Record};
use super::io::{IGNITION, MOVEMENT};
use super::place::Place;
use chrono::{DateTime, Duration, Utc};

/// Carries the record's number, from 0; beyond the ids that the vendor uses.
pub const NUMBER_IO: u16 = 65_000;
const GSM_IO: u16 = 21;
const VOLTAGE_IO: u16 = 66;
const ODOMETER_IO: u16 = 16;

const METRES_PER_DEGREE: f64 = 111_195.0;
/// Beyond this distance from the middle it turns round.
const RANGE_M: f64 = 12_000.0;
/// Speeds that roads ask for.
const ROADS_KMH: [f64; 5] = [30.0, 50.0, 60.0, 80.0, 110.0];
/// Faster or slower within a second.
const FASTER_KMH: f64 = 7.0;
/// Of a bend, within a second.
const BEND_DEGREES: f64 = 6.0;
const STANDS_MAX_S: u64 = 900;
/// Longer stands are with the ignition off.
const IGNITION_ON_MAX_S: i64 = 120;

/// Which drive, and how often its device tells of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrackSpec {
    pub seed: u64,
    pub device: u64,
    pub around: Place,
    pub begins_at: DateTime<Utc>,
    /// Between two records; at least 1.
    pub every_s: u32,
}

/// The records of a drive, without end. Their digest is 0: it is made of the bytes they are sent as.
#[derive(Clone, Debug)]
pub struct Track {
    spec: TrackSpec,
    dice: Dice,
    place: Place,
    heading_deg: f64,
    speed_kmh: f64,
    odometer_m: f64,
    leg: Leg,
    /// Seconds that the leg still takes.
    left_s: i64,
    number: u64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Leg {
    Drives { at_kmh: f64, bend: f64 },
    Stands { ignition: bool },
}

impl Track {
    pub fn new(spec: TrackSpec) -> Self {
        let mut dice = Dice::new(spec.seed, spec.device);
        let place = moved(spec.around, dice.between(0.0, 360.0), dice.between(0.0, RANGE_M / 2.0));
        let heading_deg = dice.between(0.0, 360.0);
        let leg = Leg::Stands { ignition: true };
        Self { spec, dice, place, heading_deg, speed_kmh: 0.0, odometer_m: 0.0, leg, left_s: 5, number: 0 }
    }

    fn second(&mut self) {
        self.left_s -= 1;
        if self.left_s <= 0 {
            self.next_leg();
        }
        let aim_kmh = match self.leg {
            Leg::Drives { at_kmh, bend } => {
                self.heading_deg += bend + self.homewards();
                at_kmh
            }
            Leg::Stands { .. } => 0.0,
        };
        self.speed_kmh += (aim_kmh - self.speed_kmh).clamp(-FASTER_KMH, FASTER_KMH);
        self.heading_deg = self.heading_deg.rem_euclid(360.0);
        let way_m = self.speed_kmh / 3.6;
        self.place = moved(self.place, self.heading_deg, way_m);
        self.odometer_m += way_m;
    }

    fn next_leg(&mut self) {
        let drives = matches!(self.leg, Leg::Drives { .. });
        if drives && self.dice.one_in(6) {
            let for_s = 20 + i64::try_from(self.dice.below(STANDS_MAX_S)).unwrap_or(0);
            (self.leg, self.left_s) = (Leg::Stands { ignition: for_s <= IGNITION_ON_MAX_S }, for_s);
            return;
        }
        let road = usize::try_from(self.dice.below(ROADS_KMH.len() as u64)).unwrap_or(0);
        let at_kmh = ROADS_KMH.get(road).copied().unwrap_or(50.0);
        let bend = if self.dice.one_in(3) { self.dice.between(-BEND_DEGREES, BEND_DEGREES) } else { 0.0 };
        let for_s = if bend == 0.0 { 30 + self.dice.below(120) } else { 5 + self.dice.below(20) };
        (self.leg, self.left_s) = (Leg::Drives { at_kmh, bend }, i64::try_from(for_s).unwrap_or(60));
    }

    /// Degrees to turn by, so that it comes back from too far out.
    fn homewards(&self) -> f64 {
        if self.place.metres_to(self.spec.around) < RANGE_M {
            return 0.0;
        }
        let east = (self.spec.around.longitude - self.place.longitude + 540.0).rem_euclid(360.0) - 180.0;
        let east = east * self.place.latitude.to_radians().cos();
        let north = self.spec.around.latitude - self.place.latitude;
        let off = (east.atan2(north).to_degrees() - self.heading_deg + 540.0).rem_euclid(360.0) - 180.0;
        off.clamp(-2.0 * BEND_DEGREES, 2.0 * BEND_DEGREES)
    }

    fn record(&mut self) -> Record {
        let number = self.number;
        self.number += 1;
        let age = i64::from(self.spec.every_s.max(1)).saturating_mul(i64::try_from(number).unwrap_or(i64::MAX));
        let on = !matches!(self.leg, Leg::Stands { ignition: false });
        let voltage_mv = if on { 14_000 } else { 12_400 } + self.dice.below(200);
        let io = [
            (ODOMETER_IO, whole(self.odometer_m)),
            (GSM_IO, 1 + self.dice.below(5)),
            (VOLTAGE_IO, voltage_mv),
            (IGNITION, u64::from(on)),
            (MOVEMENT, u64::from(self.speed_kmh > 0.0)),
            (NUMBER_IO, number),
        ];
        Record {
            at: self.spec.begins_at + Duration::try_seconds(age).unwrap_or_default(),
            digest: 0,
            latitude: on_the_wire(self.place.latitude),
            longitude: on_the_wire(self.place.longitude),
            altitude_m: 120,
            heading_deg: small(self.heading_deg),
            speed_kmh: small(self.speed_kmh),
            satellites: 7 + small(self.dice.between(0.0, 8.0)),
            priority: 0,
            event_id: 0,
            io: io.into_iter().map(|(id, value)| (id, IoValue::Number(value))).collect(),
        }
    }
}

impl Iterator for Track {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        if self.number > 0 {
            for _ in 0..self.spec.every_s.max(1) {
                self.second();
            }
        }
        Some(self.record())
    }
}

/// On a plane that touches the globe here: good for the ways of a second.
fn moved(from: Place, heading_deg: f64, metres: f64) -> Place {
    let (east, north) = heading_deg.to_radians().sin_cos();
    let latitude = (from.latitude + north * metres / METRES_PER_DEGREE).clamp(-89.0, 89.0);
    let longitude = from.longitude + east * metres / METRES_PER_DEGREE / latitude.to_radians().cos();
    Place::new((longitude + 540.0).rem_euclid(360.0) - 180.0, latitude)
}

/// As exact as a record has it.
fn on_the_wire(degrees: f64) -> f64 {
    (degrees * 1e7).round() / 1e7
}

#[expect(clippy::cast_possible_truncation, reason = "headings, speeds and satellites are far below the bound")]
fn small(value: f64) -> i16 {
    value as i16
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a way that was driven: not negative, and far below the bound"
)]
fn whole(metres: f64) -> u64 {
    metres as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn track(seed: u64, device: u64, around: Place) -> Track {
        let begins_at = DateTime::from_timestamp(1_700_000_000, 0).expect("a time");
        Track::new(TrackSpec { seed, device, around, begins_at, every_s: 5 })
    }

    #[test]
    fn a_drive_is_plausible_wherever_it_is() {
        for (device, around) in [(1, Place::new(10.75, 59.91)), (2, Place::new(179.99, -16.5)), (3, Place::new(-0.01, 0.0))] {
            let records: Vec<Record> = track(7, device, around).take(5_000).collect();
            let speeds = records.iter().map(|record| record.speed_kmh);
            assert!(speeds.clone().max() > Some(60) && speeds.clone().max() <= Some(110), "{:?}", speeds.max());
            assert!(speeds.filter(|speed| *speed == 0).count() > 100);
            for (number, pair) in (0_u64..).zip(records.windows(2)) {
                let [from, to] = pair else { panic!() };
                let place = |record: &Record| Place::new(record.longitude, record.latitude);
                let way_m = place(from).metres_to(place(to));
                assert!(way_m <= 5.0 * 110.0 / 3.6 + 1.0, "{from:?} {to:?}");
                assert!(place(to).metres_to(around) < 2.0 * RANGE_M, "{to:?}");
                assert!((0..360).contains(&to.heading_deg));
                assert_eq!((to.at - from.at).num_seconds(), 5);
                assert_eq!(from.io.last(), Some(&(NUMBER_IO, IoValue::Number(number))));
                assert!(from.io.is_sorted_by_key(|(id, _)| *id));
            }
        }
    }

    #[test]
    fn the_same_numbers_make_the_same_drive() {
        let around = Place::new(10.75, 59.91);
        let drive = |seed, device| track(seed, device, around).take(500).collect::<Vec<_>>();
        assert_eq!(drive(1, 1), drive(1, 1));
        assert_ne!(drive(1, 1), drive(1, 2));
        assert_ne!(drive(1, 1), drive(2, 1));
    }
}
