//! Single drives, and what is told of them.

use crate::laws::time;
use crate::processor::{Processor, Rows};
use chrono::{DateTime, Duration, Utc};
use domain::telemetry::codec::{AvlCodec, Frame, Record, Step, encode, frame};
use domain::telemetry::fold::Trip;
use domain::telemetry::track::{Track, TrackSpec, visits_by_hand};
use domain::telemetry::{DeviceState, Faulty, Fence, FenceIndex, Happening, Motion, Place, Position, Shape, tell};
use uuid::Uuid;

/// A clock that is once ahead makes nothing late.
#[test]
fn what_is_out_of_question_changes_nothing() {
    let mut steps = drive(&[(0, 0.0, 40, None), (1_000, 100.0, 40, None), (10, 100.0, 40, None)]);
    steps[1].received_at = time(5);
    let mut state = DeviceState::default();
    for step in &steps {
        assert!(state.is_new(step), "{step:?}");
        state.fold(step, &FenceIndex::default());
    }
    assert_eq!(state.last.map(|fix| fix.at), Some(time(10)));
    assert!(!state.is_new(&steps[0]) && state.is_new(&steps[1]));
}

/// `(seconds, metres to the north, km/h)` and what the device says of ignition.
fn drive(steps: &[(i64, f64, i16, Option<bool>)]) -> Vec<Position> {
    let position = |(number, (s, north_m, speed_kmh, ignition)): (i64, &(i64, f64, i16, Option<bool>))| Position {
        at: time(*s),
        digest: number,
        received_at: time(*s),
        place: Place::new(10.0, 60.0 + north_m / 111_195.08),
        speed_kmh: *speed_kmh,
        satellites: 9,
        ignition: *ignition,
        movement: None,
        marked: false,
    };
    (0..).zip(steps).map(position).collect()
}

#[test]
fn trips_and_stops() {
    // Each trip as (began, ended, metres, km/h), each stop as (began, ended), in seconds.
    type Told<'a> = (&'a [(i64, Option<i64>, i64, i16)], &'a [(i64, Option<i64>)]);
    let check = |what: &str, steps: &[(i64, f64, i16, Option<bool>)], expect: Told| {
        let story = tell(DeviceState::default(), &drive(steps), &FenceIndex::default());
        let s = |at: DateTime<Utc>| at.timestamp();
        let row = |trip: &Trip| (s(trip.began_at), trip.ended_at.map(s), (trip.distance_mm + 500) / 1_000, trip.max_speed_kmh);
        let trips: Vec<_> = story.trips.iter().map(row).collect();
        let stops: Vec<_> = story.stops.iter().map(|stop| (s(stop.began_at), stop.ended_at.map(s))).collect();
        assert_eq!((&trips[..], &stops[..]), expect, "{what}");
        let moves = story.trips.last().is_some_and(|trip| trip.ended_at.is_none());
        assert_eq!(story.state.motion == Motion::Moving, moves, "{what}");
    };
    let on = Some(true);
    let off = Some(false);
    check("it stands from the first", &[(0, 0.0, 0, None), (60, 1.0, 0, None)], (&[], &[(0, None)]));
    check("it moves from the first", &[(0, 0.0, 40, None), (10, 100.0, 40, None)], (&[(0, None, 100, 40)], &[]));
    check(
        "a short halt is part of the trip",
        &[(0, 0.0, 40, on), (60, 600.0, 50, on), (90, 800.0, 0, on), (200, 800.0, 0, on), (260, 1_300.0, 40, on)],
        (&[(0, None, 1_300, 50)], &[]),
    );
    check(
        "a long one ends it where it began to stand",
        &[
            (0, 0.0, 40, on),
            (60, 600.0, 50, on),
            (90, 800.0, 0, on),
            (200, 805.0, 0, on),
            (270, 800.0, 0, on),
            (300, 800.0, 0, on),
        ],
        (&[(0, Some(90), 800, 50)], &[(90, None)]),
    );
    check(
        "with the ignition off it is parked at once",
        &[(0, 0.0, 40, on), (60, 600.0, 0, off)],
        (&[(0, Some(60), 600, 40)], &[(60, None)]),
    );
    check("a speed alone is noise", &[(0, 0.0, 0, None), (10, 10.0, 20, None), (20, 0.0, 9, None)], (&[], &[(0, None)]));
    check(
        "with the ignition on it is a beginning",
        &[(0, 0.0, 0, on), (10, 10.0, 20, on)],
        (&[(10, None, 10, 20)], &[(0, Some(10))]),
    );
    check(
        "it crept away",
        &[(0, 0.0, 0, None), (60, 150.0, 3, None), (120, 300.0, 3, None)],
        (&[(60, None, 150, 3)], &[(0, Some(60))]),
    );
    check("it is towed while it is off", &[(0, 0.0, 0, off), (600, 900.0, 0, off)], (&[], &[(0, None)]));
    check(
        "a trip begins behind the stop before it",
        &[(0, 0.0, 40, on), (60, 600.0, 0, off), (120, 900.0, 3, on)],
        (&[(0, Some(60), 600, 40), (120, None, 300, 3)], &[(60, Some(120))]),
    );
    check(
        "a silence ends a trip before it",
        &[(0, 0.0, 40, on), (60, 600.0, 40, on), (9_000, 30_000.0, 40, on), (9_060, 30_600.0, 40, on)],
        (&[(0, Some(60), 600, 40), (9_000, None, 600, 40)], &[(60, Some(9_000))]),
    );
}

#[test]
fn a_device_in_a_garage_has_stopped() {
    let mut steps =
        drive(&[(0, 0.0, 40, Some(true)), (30, 300.0, 15, Some(true)), (60, 300.0, 0, Some(false)), (90, 300.0, 0, Some(false))]);
    for it in &mut steps[2..] {
        it.satellites = 0;
    }
    let story = tell(DeviceState::default(), &steps, &FenceIndex::default());
    assert_eq!(story.verdicts, [None, None, Some(Faulty::NoFix), Some(Faulty::NoFix)]);
    assert_eq!((story.state.motion, story.state.motion_since), (Motion::Stopped, Some(time(60))));
    // Of the same instant there is one that drives on: it counts from the next one.
    let mut both = steps[..3].to_vec();
    both.extend(drive(&[(60, 320.0, 15, Some(true)), (70, 400.0, 15, Some(true))]));
    both[3].digest = 9;
    let story = tell(DeviceState::default(), &both, &FenceIndex::default());
    assert_eq!(story.trips.iter().map(|trip| trip.began_at).collect::<Vec<_>>(), [time(0), time(70)]);
    // In a tunnel the device doesn't say that it stands.
    steps[2].ignition = Some(true);
    steps[3].ignition = Some(true);
    assert_eq!(tell(DeviceState::default(), &steps, &FenceIndex::default()).state.motion, Motion::Moving);
}

#[test]
fn who_flutters_on_a_boundary_is_told_of() {
    let fence = |dwell_s| Fence {
        id: Uuid::from_u128(1),
        shape: Shape::Circle { center: [10.0, 60.0], radius_m: 100.0 },
        dwell_s,
        from: time(0),
        until: None,
    };
    let mut steps = drive(&[
        (0, 101.0, 5, None),
        (1, 99.0, 5, None),
        (1, 101.0, 5, None),
        (2, 101.0, 5, None),
        (3, 99.0, 5, None),
        (13, 99.0, 5, None),
        (14, 99.0, 5, None),
    ]);
    // Half a second later.
    steps[2].at += Duration::milliseconds(500);
    let story = tell(DeviceState::default(), &steps, &FenceIndex::new([fence(Some(10))]));
    let visits: Vec<_> = story.visits.iter().map(|visit| (visit.entered_at, visit.left_at, visit.dwelt)).collect();
    assert_eq!(visits, [(time(1), Some(time(1) + Duration::milliseconds(500)), false), (time(3), None, true)]);
    let dwelt = Happening::Dwelt { fence: Uuid::from_u128(1), entered_at: time(3), at: time(13) };
    assert_eq!(story.happenings.iter().filter(|happening| **happening == dwelt).count(), 1);
    assert_eq!(story.happenings.len(), 1 + 2 + 1 + 1, "{:?}", story.happenings);
}

#[test]
fn a_device_is_in_so_many_fences_at_most() {
    let circle = |id: u128| Fence {
        id: Uuid::from_u128(id),
        shape: Shape::Circle { center: [10.0, 60.0], radius_m: 100.0 },
        dwell_s: None,
        from: time(0),
        until: None,
    };
    let index = FenceIndex::new((1..=150).map(circle));
    let story = tell(DeviceState::default(), &drive(&[(0, 0.0, 0, None), (60, 500.0, 40, None)]), &index);
    assert_eq!((story.visits.len(), story.state.inside.len()), (100, 0));
    assert_eq!(story.visits.iter().map(|visit| visit.fence.as_u128()).max(), Some(100));
}

/// Over the wire and back, with the fences of a town.
#[test]
fn made_up_drives_cross_fences_as_found_by_hand() {
    let around = Place::new(10.75, 59.91);
    let fences: Vec<Fence> = (0..400_u32)
        .map(|number| {
            let (x, y) = (10.55 + 0.02 * f64::from(number % 20), 59.81 + 0.01 * f64::from(number / 20));
            let points = vec![[x, y], [x + 0.014, y + 0.001], [x + 0.007, y + 0.004], [x + 0.012, y + 0.009], [x, y + 0.008]];
            let circle = Shape::Circle { center: [x, y], radius_m: 450.0 };
            let shape = if number % 3 == 0 { circle } else { Shape::Polygon { points } };
            shape.validate().expect("a shape");
            Fence { id: Uuid::from_u128(number.into()), shape, dwell_s: None, from: time(0), until: None }
        })
        .collect();
    let index = FenceIndex::new(fences.clone());
    let mut crossings = 0;
    for device in 0..2 {
        let spec = TrackSpec { seed: 11, device, around, begins_at: time(1_700_000_000), every_s: 3 };
        let driven: Vec<Record> = Track::new(spec).take(2_000).collect();
        let mut received = Vec::new();
        for some in driven.chunks(20) {
            let sent = encode(AvlCodec::Codec8Extended, some).expect("a frame");
            let Ok(Step::Done { value: Frame::Records(records), .. }) = frame(&sent) else { panic!("{sent:02x?}") };
            received.extend(records);
        }
        let positions: Vec<Position> = received.iter().map(|record| Position::of(record, record.at)).collect();
        let story = tell(DeviceState::default(), &positions, &index);
        assert!(story.verdicts.iter().all(Option::is_none));
        assert!(story.trips.len() > 2 && story.stops.len() > 2, "{} {}", story.trips.len(), story.stops.len());
        let places: Vec<_> = driven.iter().map(|record| (record.at, Place::new(record.longitude, record.latitude))).collect();
        let mut found = story.visits;
        found.sort();
        assert_eq!(found, visits_by_hand(&places, &fences), "{device}");
        crossings += found.len();
    }
    assert!(crossings > 50, "{crossings}");
}

/// Batches after which a row stands that begins just where a state was kept.
#[test]
fn rows_at_the_edge_of_a_kept_state() {
    let circle = Shape::Circle { center: [10.0, 60.0], radius_m: 100.0 };
    let fence = Fence { id: Uuid::from_u128(1), shape: circle, dwell_s: None, from: time(0), until: None };
    let index = FenceIndex::new([fence]);
    let check = |what: &str, steps: &[Position], batches: &[&[usize]]| {
        let mut sorted = steps.to_vec();
        sorted.sort_by_key(Position::key);
        let mut expect = Rows::default();
        expect.write(&sorted, &tell(DeviceState::default(), &sorted, &index));
        let mut processor = Processor::default();
        for batch in batches {
            let batch: Vec<Position> = batch.iter().map(|place| steps[*place].clone()).collect();
            processor.take(&batch, &index);
        }
        assert_eq!(processor.rows, expect, "{what}");
    };
    let mut steps = drive(&[(10, 0.0, 0, None), (10, 150.0, 0, None), (10, 0.0, 0, None)]);
    steps[0].satellites = 0;
    check("of one instant the first true one is outside after all", &steps, &[&[0], &[2], &[1]]);
    let steps = drive(&[(0, 0.0, 40, None), (10, 100.0, 40, None), (5_000, 900.0, 40, None)]);
    check("a trip of one position was longer", &steps, &[&[0], &[2], &[1]]);
    let steps = drive(&[(0, 0.0, 40, None), (5_000, 900.0, 0, None), (6_000, 900.0, 0, None), (9_000, 900.0, 0, None)]);
    check("a trip of one position stays", &steps, &[&[0], &[1], &[3], &[2]]);
}
