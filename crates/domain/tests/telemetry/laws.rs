//! A device's story is a function of its positions: in whatever order and batches they come, the same rows.

use crate::processor::{Processor, Rows};
use chrono::{DateTime, Duration, Utc};
use domain::telemetry::track::visits_by_hand;
use domain::telemetry::{DeviceState, Faulty, Fence, FenceIndex, Happening, Place, Position, Shape, Visit, tell};
use proptest::prelude::*;
use std::collections::BTreeMap;
use uuid::Uuid;

pub(crate) fn time(s: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(s, 0).expect("a time")
}

/// Around 10° east, 60° north, where a hundredth of a degree is 556 m by 1,112 m.
fn fences() -> Vec<Fence> {
    let square = |x: f64, y: f64, by: f64| Shape::Polygon { points: vec![[x, y], [x + by, y], [x + by, y + by], [x, y + by]] };
    let circle = |x: f64, y: f64, radius_m: f64| Shape::Circle { center: [x, y], radius_m };
    let fence = |id: u128, shape, dwell_s, from: i64, until: Option<i64>| Fence {
        id: Uuid::from_u128(id),
        shape,
        dwell_s,
        from: time(from),
        until: until.map(time),
    };
    // No side goes through a place that the moves reach by whole degrees: whether it is in by arithmetic of two
    // kinds would be chance.
    vec![
        fence(1, square(9.995, 59.995, 0.01), Some(30), 0, None),
        fence(2, circle(10.0, 60.0, 250.0), None, 0, None),
        fence(3, circle(10.003, 60.003, 400.0), Some(1), 0, None),
        // Made, moved and taken away while the device drives.
        fence(4, square(9.99, 59.99, 0.010_77), None, 200, Some(600)),
        fence(4, square(10.000_77, 60.000_77, 0.01), None, 600, Some(1_500)),
        fence(5, square(8.97, 58.97, 2.07), Some(600), 400, None),
    ]
}

/// What happens from one position to the next.
#[derive(Clone, Debug)]
struct Move {
    after_s: i64,
    by: (f64, f64),
    speed_kmh: i16,
    satellites: i16,
    ignition: Option<bool>,
    movement: Option<bool>,
    ahead_s: i64,
    marked: bool,
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let after = prop_oneof![1 => Just(0_i64), 20 => 1_i64..30, 2 => 60_i64..400, 1 => Just(2_400)];
    let step = prop_oneof![6 => -0.001..0.001_f64, 3 => -0.004..0.004_f64, 3 => Just(0.0)];
    let far = prop_oneof![12 => Just(0.0), 1 => Just(1.0), 1 => Just(-1.0)];
    let by = (step.clone(), step, far).prop_map(|(x, y, far)| (x + far, y));
    let speed = prop_oneof![Just(0_i16), Just(2), Just(5), Just(20), Just(60)];
    let satellites = prop_oneof![9 => Just(9_i16), 1 => Just(0)];
    let ahead = prop_oneof![15 => Just(0_i64), 1 => Just(500)];
    let marked = prop::bool::weighted(0.05);
    let switches = (prop::option::of(any::<bool>()), prop::option::of(any::<bool>()));
    let one = (after, by, speed, satellites, switches, ahead, marked);
    let one = one.prop_map(|(after_s, by, speed_kmh, satellites, (ignition, movement), ahead_s, marked)| Move {
        after_s,
        by,
        speed_kmh,
        satellites,
        ignition,
        movement,
        ahead_s,
        marked,
    });
    prop::collection::vec(one, 1..80)
}

/// Ten-millionths of a degree, which JSON carries exactly.
fn on_the_wire(degrees: f64) -> f64 {
    (degrees * 1e7).round() / 1e7
}

/// In their order. Of one instant the digests decide.
fn positions(moves: &[Move]) -> Vec<Position> {
    let (mut at, mut place) = (time(100), Place::new(10.0, 60.0));
    let mut made: Vec<Position> = Vec::new();
    for (step, number) in moves.iter().zip(1_i64..) {
        at += Duration::seconds(step.after_s);
        place = Place::new(place.longitude + step.by.0, place.latitude + step.by.1);
        made.push(Position {
            at,
            digest: number * 7_919 % 101,
            received_at: at - Duration::seconds(step.ahead_s),
            place: Place::new(on_the_wire(place.longitude), on_the_wire(place.latitude)),
            speed_kmh: step.speed_kmh,
            satellites: step.satellites,
            ignition: step.ignition,
            movement: step.movement,
            marked: step.marked,
        });
    }
    made.sort_by_key(Position::key);
    made
}

fn alternate(happenings: &[Happening]) {
    let mut inside: BTreeMap<Uuid, (DateTime<Utc>, bool)> = BTreeMap::new();
    let mut moves = None;
    let mut trip = false;
    for happening in happenings {
        match happening {
            Happening::Entered { fence, at } => assert_eq!(inside.insert(*fence, (*at, false)), None, "{happening:?}"),
            Happening::Dwelt { fence, entered_at, at } => {
                assert_eq!(inside.insert(*fence, (*entered_at, true)), Some((*entered_at, false)), "{happening:?}");
                assert!(at > entered_at);
            }
            Happening::Left { fence, entered_at, at } => {
                let was = inside.remove(fence).map(|(since, _)| since);
                assert_eq!(was, Some(*entered_at), "{happening:?}");
                assert!(at > entered_at);
            }
            Happening::Moved { .. } => assert_ne!(moves.replace(true), Some(true), "{happening:?}"),
            Happening::Stopped { .. } => assert_ne!(moves.replace(false), Some(false), "{happening:?}"),
            Happening::TripBegan(_) => assert!(!std::mem::replace(&mut trip, true), "{happening:?}"),
            Happening::TripEnded(row) => {
                assert!(std::mem::replace(&mut trip, false), "{happening:?}");
                assert!(row.ended_at.is_some_and(|ended_at| ended_at >= row.began_at) && row.distance_mm >= 0);
            }
        }
    }
}

proptest! {
    #[test]
    fn batches_don_t_matter(moves in moves(), cuts in prop::collection::vec(1..20_usize, 80)) {
        let index = FenceIndex::new(fences());
        let all = positions(&moves);
        let whole = tell(DeviceState::default(), &all, &index);
        let (mut rest, mut rows, mut state) = (&all[..], Rows::default(), DeviceState::default());
        let mut happenings = Vec::new();
        for cut in cuts {
            let (batch, behind) = rest.split_at(cut.min(rest.len()));
            rest = behind;
            let kept = serde_json::to_string(&state).unwrap();
            let story = tell(serde_json::from_str(&kept).unwrap(), batch, &index);
            rows.write(batch, &story);
            happenings.extend(story.happenings);
            state = story.state;
        }
        let mut expect = Rows::default();
        expect.write(&all, &whole);
        prop_assert_eq!(state, whole.state);
        prop_assert_eq!(happenings, whole.happenings);
        prop_assert_eq!(rows, expect);
    }

    #[test]
    fn the_order_of_arrival_doesn_t_matter(
        (moves, order) in moves().prop_flat_map(|moves| { let many = moves.len(); (Just(moves), Just((0..many).collect::<Vec<_>>()).prop_shuffle()) }),
        late in 0..80_usize, size in 1..12_usize,
    ) {
        let index = FenceIndex::new(fences());
        let all = positions(&moves);
        let whole = tell(DeviceState::default(), &all, &index);
        let mut expect = Rows::default();
        expect.write(&all, &whole);
        // Some come in order, the others wildly, and all of them twice.
        let mut arrivals: Vec<Position> = all.iter().skip(late).cloned().collect();
        arrivals.extend(order.iter().map(|place| all[*place].clone()));
        let mut processor = Processor::default();
        for batch in arrivals.chunks(size) {
            processor.take(batch, &index);
        }
        prop_assert_eq!(processor.rows, expect);
        prop_assert_eq!(processor.state, whole.state);
    }

    #[test]
    fn what_begins_ends_once(moves in moves()) {
        let story = tell(DeviceState::default(), &positions(&moves), &FenceIndex::new(fences()));
        alternate(&story.happenings);
        let began = |rows: &[DateTime<Utc>]| assert!(rows.is_sorted_by(|a, b| a < b), "{rows:?}");
        began(&story.trips.iter().map(|trip| trip.began_at).collect::<Vec<_>>());
        began(&story.stops.iter().map(|stop| stop.began_at).collect::<Vec<_>>());
        let ended: i64 = story.trips.iter().filter(|trip| trip.ended_at.is_some()).map(|trip| trip.distance_mm).sum();
        prop_assert_eq!(story.state.odometer_mm, ended);
        for stop in &story.stops {
            prop_assert!(stop.ended_at.is_none_or(|ended_at| ended_at > stop.began_at));
        }
    }

    #[test]
    fn visits_are_those_found_by_hand(moves in moves()) {
        let all = positions(&moves);
        let story = tell(DeviceState::default(), &all, &FenceIndex::new(fences()));
        let told = all.iter().zip(&story.verdicts).filter(|(_, faulty)| faulty.is_none());
        let mut firsts: Vec<(DateTime<Utc>, Place)> = told.map(|(it, _)| (it.at, it.place)).collect();
        firsts.dedup_by_key(|(at, _)| *at);
        let expect = visits_by_hand(&firsts, &fences());
        let mut found: Vec<Visit> = story.visits.iter().map(|visit| Visit { dwelt: false, ..visit.clone() }).collect();
        found.sort();
        prop_assert_eq!(found, expect);
    }

    /// Marked and unmarked again, it is as it was.
    #[test]
    fn a_mark_can_be_taken_away(moves in moves(), pick: prop::sample::Index) {
        let index = FenceIndex::new(fences());
        let all = positions(&moves);
        let mut marked = all.clone();
        let place = pick.index(marked.len());
        marked[place].marked = true;
        let story = tell(DeviceState::default(), &marked, &index);
        prop_assert_eq!(story.verdicts[place], Some(Faulty::Marked));
        let without: Vec<Position> = all.iter().enumerate().filter(|(number, _)| *number != place).map(|(_, it)| it.clone()).collect();
        let expect = tell(DeviceState::default(), &without, &index);
        prop_assert_eq!((story.visits, story.trips, story.stops), (expect.visits, expect.trips, expect.stops));
    }
}
