//! Maps: whoever looks at one is told where those devices are that they may see, in their window, and of no other;
//! whoever reads slowly is told later, and of less.

use crate::access::sign_in;
use crate::app::TestApp;
use crate::raw::Raw;
use crate::socket::Reader;
use crate::telemetry::{Place, frame, record};
use crate::tracker::Tracker;
use domain::EdgeKind;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

const WORLD: [f64; 4] = [-180.0, -90.0, 180.0, 90.0];
const MINE: &str = "356307042441013";
const THEIRS: &str = "356307042441014";

/// A reader of the socket who looks at a map, and keeps all that they are told.
async fn onlooker(place: &Place, session: Option<String>) -> Reader {
    let mut reader = Reader::start(place.app.ready.address, session, &[]).await;
    reader.held.keep_frames = true;
    look(&mut reader, WORLD).await;
    reader.until("the map is looked at", |held| held.running.contains("map")).await;
    reader
}

/// Looks at this window from now on.
async fn look(reader: &mut Reader, bbox: [f64; 4]) {
    reader.say(&json!({ "type": "subscribe", "id": "map", "topic": "positions", "bbox": bbox, "per_second": 10 })).await;
}

/// Where a frame says that devices are.
fn rows(frame: &str) -> Vec<(Uuid, f64)> {
    let frame: Value = serde_json::from_str(frame).unwrap();
    if frame["type"] != "positions" {
        return Vec::new();
    }
    let rows = frame["rows"].as_array().unwrap();
    rows.iter().map(|row| (row[0].as_str().unwrap().parse().unwrap(), row[2].as_f64().unwrap())).collect()
}

async fn until_at(reader: &mut Reader, device: Uuid, longitude: f64) {
    let is_there = |frame: &String| rows(frame).contains(&(device, longitude));
    reader.until(&format!("{device} is at {longitude}"), |held| held.frames.iter().any(is_there)).await;
}

fn was_told_of(reader: &Reader, device: Uuid) -> bool {
    reader.held.frames.iter().any(|frame| frame.contains(&device.to_string()))
}

/// A device at the next longitude each time.
struct Drive {
    tracker: Tracker,
    longitude: f64,
    ago_s: i64,
}

impl Drive {
    async fn new(place: &Place, imei: &str, longitude: f64) -> Self {
        Self { tracker: Tracker::admitted(place.ears, imei).await, longitude, ago_s: 600 }
    }

    async fn on(&mut self) -> f64 {
        self.ago_s -= 30;
        self.longitude = ((self.longitude + 0.001) * 1e7).round() / 1e7;
        assert_eq!(self.tracker.send(&frame(&[record(self.ago_s, self.longitude)])).await, Some(1));
        self.longitude
    }
}

#[tokio::test]
async fn nobody_is_told_where_a_device_is_that_they_may_not_see() {
    let place = Place::new().await;
    let mine = place.device(MINE).await;
    let elsewhere = place.app.db.workspace("Theirs").await;
    let theirs = place.app.db.device("Theirs", THEIRS, elsewhere).await;
    let (kari, session) = sign_in(&place.app, &place.admin, "kari").await;
    let fleet: Uuid =
        sqlx::query_scalar("select id from nodes where title = 'Fleet'").fetch_one(place.app.db.pool()).await.unwrap();
    place.app.db.grant(kari, EdgeKind::Reader, fleet).await;

    let mut kari_looks = onlooker(&place, session.session()).await;
    let mut admin_looks = onlooker(&place, place.admin.session()).await;
    let mut stranger_looks = onlooker(&place, None).await;
    let (mut mine_drives, mut theirs_drives) = (Drive::new(&place, MINE, 10.0).await, Drive::new(&place, THEIRS, 20.0).await);
    // What is told of one that came later is told behind what was told of the other.
    for _ in 0..3 {
        let at = theirs_drives.on().await;
        until_at(&mut admin_looks, theirs, at).await;
        let at = mine_drives.on().await;
        until_at(&mut kari_looks, mine, at).await;
        until_at(&mut admin_looks, mine, at).await;
    }
    assert!(!was_told_of(&kari_looks, theirs), "{:?}", kari_looks.held.frames);
    // Who comes now is told by the first look, which is judged likewise.
    let mut comes_later = onlooker(&place, session.session()).await;
    until_at(&mut comes_later, mine, mine_drives.longitude).await;
    assert!(!was_told_of(&comes_later, theirs));

    let grant = place.app.db.grant(kari, EdgeKind::Reader, elsewhere).await;
    let at = theirs_drives.on().await;
    until_at(&mut kari_looks, theirs, at).await;
    sqlx::query("delete from edges where id = $1").bind(grant).execute(place.app.db.owner_pool()).await.unwrap();
    kari_looks.held.frames.clear();
    for _ in 0..2 {
        let at = theirs_drives.on().await;
        until_at(&mut admin_looks, theirs, at).await;
        let at = mine_drives.on().await;
        until_at(&mut kari_looks, mine, at).await;
    }
    assert!(!was_told_of(&kari_looks, theirs), "{:?}", kari_looks.held.frames);
    // Who is not signed in sees no workspace at all, and is answered all the same.
    stranger_looks.say(&json!({ "type": "ping" })).await;
    stranger_looks.until("all before it is read", |held| held.frames.iter().any(|frame| frame.contains("\"pong\""))).await;
    assert!(stranger_looks.held.frames.iter().all(|frame| rows(frame).is_empty()), "{:?}", stranger_looks.held.frames);
}

#[tokio::test]
async fn a_window_that_moves_shows_what_is_in_it_then() {
    let place = Place::new().await;
    let (west, east) = (place.device(MINE).await, place.device(THEIRS).await);
    let (mut west_drives, mut east_drives) = (Drive::new(&place, MINE, 10.0).await, Drive::new(&place, THEIRS, 20.0).await);
    let (_, east_at) = (west_drives.on().await, east_drives.on().await);
    let mut reader = onlooker(&place, place.admin.session()).await;
    look(&mut reader, [9.0, 50.0, 11.0, 70.0]).await;
    let at = west_drives.on().await;
    until_at(&mut reader, west, at).await;
    reader.held.frames.clear();
    let _ = east_drives.on().await;
    let at = west_drives.on().await;
    until_at(&mut reader, west, at).await;
    assert!(!was_told_of(&reader, east), "it is outside");
    reader.held.frames.clear();
    look(&mut reader, [19.0, 50.0, 21.0, 70.0]).await;
    until_at(&mut reader, east, ((east_at + 0.001) * 1e7).round() / 1e7).await;
    assert!(!was_told_of(&reader, west), "it is outside now");
    // One across the date line is of both halves.
    look(&mut reader, [170.0, 50.0, 370.5, 70.0]).await;
    until_at(&mut reader, west, west_drives.longitude).await;
}

/// More than a network and an outbox hold, if all of it were told.
const CROWD: usize = 3_000;
const ROUNDS: i32 = 60;

#[tokio::test]
async fn whoever_reads_slowly_is_told_of_the_latest_and_stays() {
    let app = TestApp::start().await;
    let admin = app.administrator().await;
    app.db.workspace("Fleet").await;
    let devices: Vec<Uuid> = (0..CROWD).map(|_| Uuid::now_v7()).collect();
    let mut tx = app.db.owner_pool().begin().await.unwrap();
    for statement in [
        "insert into nodes (id, kind, title) select id, 'device', id::text from unnest($1::uuid[]) as d(id)",
        "insert into edges (id, kind, source_id, target_id)
         select gen_random_uuid(), 'part_of', d.id, w.id from unnest($1::uuid[]) as d(id), nodes w where w.title = 'Fleet'",
        "insert into device_states (device_id, last_at, received_at, latitude, longitude, altitude_m, heading_deg, speed_kmh, satellites)
         select id, now(), now(), 59.9, 0, 0, 0, 0, 9 from unnest($1::uuid[]) as d(id)",
    ] {
        sqlx::query(statement).bind(&devices).execute(&mut *tx).await.unwrap();
    }
    tx.commit().await.unwrap();

    let subscribe = json!({ "type": "subscribe", "id": "map", "topic": "positions", "bbox": WORLD, "per_second": 10 });
    let mut slow = Raw::upgraded(app.ready.address, admin.session().as_deref()).await.unwrap();
    slow.text(&subscribe.to_string()).await.unwrap();
    let mut quick = Reader::start(app.ready.address, admin.session(), &[]).await;
    quick.held.keep_frames = true;
    quick.say(&subscribe).await;
    for round in 1..=ROUNDS {
        let mut tx = app.db.owner_pool().begin().await.unwrap();
        sqlx::query("update device_states set longitude = $1").bind(f64::from(round)).execute(&mut *tx).await.unwrap();
        for some in devices.chunks(200) {
            let told: String = some.iter().map(|id| id.simple().to_string()).collect();
            sqlx::query("select pg_notify('synops_positions', $1)").bind(told).execute(&mut *tx).await.unwrap();
        }
        tx.commit().await.unwrap();
        let (mut there, mut looked_at) = (BTreeMap::new(), 0);
        while there.values().filter(|longitude| **longitude == f64::from(round)).count() < devices.len() {
            let so_far = looked_at;
            quick.until("it is told on", |held| held.frames.len() > so_far).await;
            there.extend(quick.held.frames[so_far..].iter().flat_map(|frame| rows(frame)));
            looked_at = quick.held.frames.len();
        }
        quick.held.frames.clear();
    }
    // All of the last round arrives, and what was between is told as the network took it: not each round of each.
    let (mut there, mut told) = (BTreeMap::new(), 0);
    while there.values().filter(|longitude| **longitude == f64::from(ROUNDS)).count() < devices.len() {
        let found = rows(&slow.until("\"positions\"").await);
        told += found.len();
        there.extend(found);
    }
    println!("{told} of {} told to whoever read slowly", devices.len() * usize::try_from(ROUNDS).unwrap());
    assert!(told < devices.len() * usize::try_from(ROUNDS).unwrap() / 2, "{told}");
}
