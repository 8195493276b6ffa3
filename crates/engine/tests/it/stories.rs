//! What is told of devices by what they send: the same as over all of it at once, however it came.

use crate::SOON;
use chrono::{DateTime, TimeDelta, Utc};
use domain::actor::Actor;
use domain::intention::Intention;
use domain::node::NodeKind;
use domain::telemetry::track::{Track, TrackSpec};
use domain::telemetry::{DeviceState, Faulty, Fence, FenceIndex, Place, Shape, Story, tell};
use intentions::{Context, Intentions};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use std::sync::Arc;
use store::position::Position;
use testkit::{TestDb, wait_until};
use uuid::Uuid;

/// More than one checkpoint.
const RECORDS: i64 = 1_000;
const EVERY_S: u32 = 60;

/// Devices' clocks.
#[expect(clippy::disallowed_methods, reason = "a test is an edge: the devices' clock is this machine's")]
fn now() -> DateTime<Utc> {
    Utc::now()
}

struct Fleet {
    db: TestDb,
    intentions: Intentions,
    devices: Vec<Uuid>,
    fences: Vec<Fence>,
    person: Uuid,
}

impl Fleet {
    async fn new(devices: u64) -> Self {
        let db = TestDb::new().await;
        let (place, person) = (db.workspace("fleet").await, db.person("kari").await);
        db.grant(person, domain::EdgeKind::MemberOf, place).await;
        let mut ids = Vec::new();
        for number in 0..devices {
            ids.push(db.device(&format!("Van {number}"), &format!("35630704244{number:04}"), place).await);
        }
        let mut fences = Vec::new();
        for (number, radius_m) in [(0_i32, 3_000.0), (1, 6_000.0), (2, 1_000.0)] {
            let center = [10.7 + f64::from(number) * 0.03, 59.9];
            let shape = Shape::Circle { center, radius_m };
            let id = db.geofence(&format!("Depot {number}"), &serde_json::to_value(&shape).unwrap(), place).await;
            fences.push(Fence { id, shape, dwell_s: None, from: DateTime::UNIX_EPOCH, until: None });
        }
        // As if they had been there all the time.
        let earlier = "update geofence_shapes set valid_from = 'epoch'";
        sqlx::query(earlier).execute(db.superuser_pool()).await.unwrap();
        sqlx::query("update geofence_revision set revision = revision + 1").execute(db.superuser_pool()).await.unwrap();
        let intentions = Intentions::new(db.pool().clone(), Arc::new(|| {}));
        Self { db, intentions, devices: ids, fences, person }
    }

    /// What each device sends, in order. Some of it can't be true.
    fn drives(&self) -> Vec<Position> {
        let begins_at = now() - TimeDelta::seconds(RECORDS * i64::from(EVERY_S) + 60);
        let mut all = Vec::new();
        for (number, device_id) in (0_u64..).zip(&self.devices) {
            let around = Place::new(10.72, 59.9);
            let track = Track::new(TrackSpec { seed: 7, device: number, around, begins_at, every_s: EVERY_S });
            let records = track.take(usize::try_from(RECORDS).unwrap());
            all.extend((0_i64..).zip(records).map(|(at, record)| Position {
                device_id: *device_id,
                at: record.at,
                digest: at,
                received_at: DateTime::UNIX_EPOCH,
                latitude: if at % 97 == 5 { record.latitude + 2.0 } else { record.latitude },
                longitude: record.longitude,
                altitude_m: record.altitude_m,
                heading_deg: record.heading_deg,
                speed_kmh: record.speed_kmh,
                satellites: if at % 53 == 7 { 0 } else { record.satellites },
                priority: 0,
                event_id: 0,
                io: record.io_json(),
                faulty: None,
            }));
        }
        all
    }

    async fn retell(&self) {
        wait_until("all stories are told", SOON, async || self.intentions.retell_devices().await.unwrap() == 0).await;
    }

    /// The story of a device over all that is kept of it, and the verdicts that are.
    async fn expected(&self, device_id: Uuid) -> (Story, Vec<Option<Faulty>>) {
        let kept = store::position::list_positions_behind(self.db.pool(), device_id, None, 10_000).await.unwrap();
        assert_eq!(kept.len(), usize::try_from(RECORDS).unwrap());
        let judged: Vec<_> = kept.iter().map(Position::to_judge).collect();
        let index = FenceIndex::new(self.fences.iter().cloned());
        (tell(DeviceState::default(), &judged, &index), kept.iter().map(|one| one.faulty).collect())
    }

    async fn check(&self, what: &str) {
        for device_id in &self.devices {
            let (story, verdicts) = self.expected(*device_id).await;
            assert_eq!(verdicts, story.verdicts, "{what}");
            let standing = store::device_state::list_standings(self.db.pool(), &[*device_id]).await.unwrap().pop().unwrap();
            assert_eq!(standing.state, story.state, "{what}");
            assert_eq!(standing.latest.map(|latest| latest.at), story.state.last.map(|last| last.at), "{what}");
            let visits: Vec<_> = story.visits.iter().map(|v| (v.entered_at, v.fence, v.left_at)).collect();
            let mut rows = store::story::list_timing_records(self.db.pool(), *device_id, &[], None, 10_000).await.unwrap();
            rows.reverse();
            let rows: Vec<_> = rows.into_iter().map(|r| (r.entered_at, r.geofence_id, r.left_at)).collect();
            assert!(rows.len() > 5, "{what}: too few to say anything");
            assert_eq!(rows, sorted(visits), "{what}");
            let trips = store::story::list_trips(self.db.pool(), *device_id, None, 10_000).await.unwrap();
            let (mut told, mut open) = (story.trips.clone(), 0);
            told.reverse();
            for (trip, expected) in trips.iter().zip(&told) {
                // How far one is that goes on, is written with the device's state.
                open += usize::from(trip.ended_at.is_none());
                assert!(
                    trip == expected || (expected.ended_at.is_none() && trip.began_at == expected.began_at),
                    "{what}: {trip:?}"
                );
            }
            assert!(open <= 1 && trips.len() == told.len() && told.len() > 5, "{what}: {} trips", told.len());
            let mut stops = store::story::list_stops(self.db.pool(), *device_id, None, 10_000).await.unwrap();
            stops.reverse();
            assert_eq!(stops, story.stops, "{what}");
            let inside: Vec<Uuid> =
                sqlx::query_scalar("select target_id from edges where source_id = $1 and kind = 'inside' order by target_id")
                    .bind(device_id)
                    .fetch_all(self.db.pool())
                    .await
                    .unwrap();
            assert_eq!(inside, story.state.inside.iter().map(|one| one.fence).collect::<Vec<_>>(), "{what}");
            let motion: String = sqlx::query_scalar("select motion from devices where node_id = $1")
                .bind(device_id)
                .fetch_one(self.db.pool())
                .await
                .unwrap();
            assert_eq!(motion, story.state.motion.as_str(), "{what}");
        }
    }

    async fn carry_out(&self, intention: Intention) {
        let actor = Actor::Person { id: self.person, title: "Kari".to_owned(), may_write: true };
        let render = |_: &[intentions::Outcome]| (200, Value::Null);
        self.intentions.carry_out(&actor, vec![intention], &Context::default(), render).await.unwrap();
    }
}

fn sorted<T: Ord>(mut rows: Vec<T>) -> Vec<T> {
    rows.sort();
    rows
}

/// In order; in any order, with repeats; marked and not any more; told anew from anywhere.
#[tokio::test]
async fn a_story_is_the_same_however_it_came() {
    let fleet = Fleet::new(3).await;
    let mut drives = fleet.drives();
    let mut dice = StdRng::seed_from_u64(11);
    // Each somewhat later or earlier than its turn, a few much later; many twice.
    drives.sort_by_key(|one| one.at);
    let again: Vec<Position> = drives.iter().filter(|_| dice.random_bool(0.1)).cloned().collect();
    let mut late: Vec<Position> = Vec::new();
    drives.retain(|one| {
        let is_late = dice.random_bool(0.05);
        if is_late {
            late.push(one.clone());
        }
        !is_late
    });
    for part in drives.chunks_mut(40) {
        part.shuffle(&mut dice);
    }
    late.shuffle(&mut dice);
    let all = [drives, again, late].concat();
    let mut new = 0;
    for (number, part) in all.chunks(23).enumerate() {
        new += fleet.intentions.keep_positions(part.to_vec(), &[], None).await.unwrap().new;
        if number % 40 == 3 {
            fleet.retell().await;
        }
    }
    assert_eq!(new, usize::try_from(RECORDS).unwrap() * fleet.devices.len());
    fleet.retell().await;
    fleet.check("as it came").await;

    let device_id = fleet.devices[1];
    let from = now() - TimeDelta::seconds(RECORDS * i64::from(EVERY_S) / 2);
    let to = from + TimeDelta::hours(2);
    fleet.carry_out(Intention::MarkPositions { device_id, from, to, faulty: true }).await;
    fleet.retell().await;
    fleet.check("marked").await;
    let (story, _) = fleet.expected(device_id).await;
    assert!(story.verdicts.contains(&Some(Faulty::Marked)));
    fleet.carry_out(Intention::MarkPositions { device_id, from, to, faulty: false }).await;
    fleet.carry_out(Intention::RetellDevice { device_id: fleet.devices[0], from: DateTime::UNIX_EPOCH }).await;
    fleet.retell().await;
    fleet.check("unmarked").await;
}

/// What is told anew is told of what is kept: rows of what went with its day stay.
#[tokio::test]
async fn what_was_told_of_what_is_gone_stays() {
    let fleet = Fleet::new(1).await;
    let drives = fleet.drives();
    for part in drives.chunks(100) {
        fleet.intentions.keep_positions(part.to_vec(), &[], None).await.unwrap();
    }
    let device_id = fleet.devices[0];
    let rows = async || store::story::list_timing_records(fleet.db.pool(), device_id, &[], None, 10_000).await.unwrap();
    let before = rows().await;
    let (first, last) = (drives[0].at, drives[drives.len() / 2].at);
    let gone = "delete from positions where at between $1 and $2";
    sqlx::query(gone).bind(first).bind(last).execute(fleet.db.superuser_pool()).await.unwrap();
    fleet.carry_out(Intention::RetellDevice { device_id, from: DateTime::UNIX_EPOCH }).await;
    fleet.retell().await;
    assert_eq!(rows().await, before);
}

/// Geofences as they are when a batch is kept; one that is gone lets everybody go.
#[tokio::test]
async fn a_geofence_may_come_and_go() {
    let fleet = Fleet::new(1).await;
    let device_id = fleet.devices[0];
    let mut drives = fleet.drives();
    let rest = drives.split_off(drives.len() / 2);
    fleet.intentions.keep_positions(drives, &[], None).await.unwrap();
    let place: Uuid = sqlx::query_scalar("select target_id from edges where source_id = $1 and kind = 'part_of'")
        .bind(device_id)
        .fetch_one(fleet.db.pool())
        .await
        .unwrap();
    let everywhere = json!({ "type": "circle", "center": [10.72, 59.9], "radius_m": 100_000.0 });
    let fence = fleet.db.geofence("Everywhere", &everywhere, place).await;
    let (entered, present): (usize, Position) = (rest.len(), Position { at: now(), digest: 1, ..rest[rest.len() - 1].clone() });
    fleet.intentions.keep_positions(rest, &[], None).await.unwrap();
    let inside = async || {
        sqlx::query_scalar::<_, i64>("select count(*) from edges where source_id = $1 and target_id = $2 and kind = 'inside'")
            .bind(device_id)
            .bind(fence)
            .fetch_one(fleet.db.pool())
            .await
            .unwrap()
    };
    assert_eq!((entered > 0, inside().await), (true, 0), "it was not there yet");
    fleet.intentions.keep_positions(vec![present.clone()], &[], None).await.unwrap();
    assert_eq!(inside().await, 1);
    fleet.db.delete(fence).await;
    let ahead = now() + TimeDelta::seconds(1);
    let later = Position { at: ahead, digest: 2, ..present };
    fleet.intentions.keep_positions(vec![later.clone()], &[], None).await.unwrap();
    let rows = store::story::list_timing_records(fleet.db.pool(), device_id, &[], None, 10_000).await.unwrap();
    let left = rows.iter().find(|row| row.geofence_id == fence).and_then(|row| row.left_at);
    assert_eq!(left.map(|at| at.timestamp_micros()), Some(later.at.timestamp_micros()));
    assert!(rows.iter().all(|row| row.title.is_none()), "nobody may see it");
    assert_eq!(
        sqlx::query_scalar::<_, i64>("select count(*) from nodes where kind = $1")
            .bind(NodeKind::Geofence.as_str())
            .fetch_one(fleet.db.pool())
            .await
            .unwrap(),
        3
    );
}
