//! Devices: what is acknowledged is kept, once; what can't be kept ends on the desk; nobody holds the server up.

use crate::app::TestApp;
use crate::client::Client;
use crate::program::run;
use crate::tracker::Tracker;
use chrono::{DateTime, TimeDelta, Utc};
use domain::telemetry::Imei;
use domain::telemetry::codec::{AvlCodec, CommandCodec, Record, acknowledge_datagram, answer, command, encode, encode_datagram};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::time::Duration;
use synops::config::Role;
use testkit::wait_until;
use tokio::net::UdpSocket;
use tokio::time::timeout;
use uuid::Uuid;

/// What devices send, as the vendor and others publish it.
const FRAMES: &str = include_str!("../../../domain/tests/frames.txt");
const IMEI: &str = "356307042441013";
const LIMIT: Duration = Duration::from_secs(60);
/// Frames of years ago are kept too.
const RETENTION: Duration = Duration::from_secs(3_650 * 24 * 3_600);

/// A server that listens to devices, and a workspace for them.
pub(crate) struct Place {
    pub(crate) app: TestApp,
    pub(crate) admin: Client,
    workspace: Uuid,
    pub(crate) ears: SocketAddr,
}

impl Place {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut synops::config::Config)) -> Self {
        let app = TestApp::start_with(|config| {
            config.roles = vec![Role::Gateway, Role::Ingest];
            config.telemetry = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
            change(config);
        })
        .await;
        let admin = app.administrator().await;
        let workspace = app.db.workspace("Fleet").await;
        let ears = app.ready.telemetry.expect("devices are listened to");
        Self { app, admin, workspace, ears }
    }

    pub(crate) async fn device(&self, imei: &str) -> Uuid {
        let new = json!({ "parent_id": self.workspace, "title": format!("Van {imei}"), "imei": imei });
        let made = self.admin.post("/api/v1/devices", new).await.ok();
        made["id"].as_str().unwrap().parse().unwrap()
    }

    async fn count(&self, statement: &'static str) -> i64 {
        sqlx::query_scalar(statement).fetch_one(self.app.db.owner_pool()).await.unwrap()
    }

    async fn positions(&self) -> i64 {
        self.count("select count(*) from positions").await
    }
}

fn now() -> DateTime<Utc> {
    #[expect(clippy::disallowed_methods, reason = "a device's clock")]
    Utc::now()
}

/// One that is on its way, so many seconds ago.
pub(crate) fn record(ago_s: i64, longitude: f64) -> Record {
    // As a device tells it: to the millisecond.
    let at = DateTime::from_timestamp_millis((now() - TimeDelta::seconds(ago_s)).timestamp_millis()).unwrap();
    Record {
        at,
        digest: 0,
        latitude: 59.9,
        longitude,
        altitude_m: 10,
        heading_deg: 90,
        speed_kmh: 50,
        satellites: 9,
        priority: 0,
        event_id: 0,
        io: Vec::new(),
    }
}

pub(crate) fn frame(records: &[Record]) -> Vec<u8> {
    encode(AvlCodec::Codec8Extended, records).expect("it can be sent")
}

fn from_hex(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex")).collect()
}

#[tokio::test]
async fn every_published_frame_is_acknowledged_or_refused() {
    let place = Place::with(|config| config.retention.positions = RETENTION).await;
    place.device(IMEI).await;
    let (mut good, mut bad) = (0, 0);
    for line in FRAMES.lines().filter(|line| !line.starts_with('#')) {
        let parts: Vec<&str> = line.split(' ').collect();
        let [number, _, transport, expect, hex] = parts[..] else { panic!("{line}") };
        if transport != "tcp" {
            continue;
        }
        let mut tracker = Tracker::admitted(place.ears, IMEI).await;
        let bytes = from_hex(hex);
        match expect.split_once(':') {
            Some(("records", count)) => {
                assert_eq!(tracker.send(&bytes).await, Some(count.parse().unwrap()), "frame {number}");
                good += 1;
            }
            // They are no answer to anything, and are answered nothing: the connection goes on.
            Some(("messages", _)) => {
                tracker.write(&bytes).await;
                assert_eq!(tracker.send(&frame(&[record(60, 10.0)])).await, Some(1), "behind frame {number}");
            }
            Some(("refused", _)) => {
                let answer = tracker.send(&bytes).await;
                assert!(matches!(answer, None | Some(0)), "frame {number}: {answer:?}");
                bad += 1;
            }
            // Its end never comes.
            Some(("more", _)) => {}
            _ => panic!("{line}"),
        }
    }
    assert_eq!((good, bad), (9, 22), "of those that are published");
}

#[tokio::test]
async fn what_is_acknowledged_is_kept_and_once() {
    let place = Place::new().await;
    let device = place.device(IMEI).await;
    let mut tracker = Tracker::admitted(place.ears, IMEI).await;
    let records = [record(30, 10.001), record(20, 10.002), record(10, 10.003)];
    assert_eq!(tracker.send(&frame(&records)).await, Some(3));
    assert_eq!(place.positions().await, 3, "before the acknowledgement");
    // The acknowledgement was lost on its way, say.
    let mut again = Tracker::admitted(place.ears, IMEI).await;
    assert_eq!(again.send(&frame(&records)).await, Some(3));
    // Another one of the same instant is another one.
    let twin = Record { speed_kmh: 51, ..records[2].clone() };
    assert_eq!(again.send(&frame(&[twin, records[2].clone(), records[2].clone()])).await, Some(3));
    assert_eq!(place.positions().await, 4);
    let path = format!("/api/v1/devices/{device}");
    let state = place.admin.get(&format!("{path}/state")).await.ok();
    assert_eq!(state["longitude"].as_f64(), Some(10.003), "{state}");
    // What comes late does not make it somewhere else.
    assert_eq!(tracker.send(&frame(&[record(25, 10.0015)])).await, Some(1));
    assert_eq!(place.admin.get(&format!("{path}/state")).await.ok()["longitude"].as_f64(), Some(10.003));
    let trail = place.admin.get(&format!("{path}/positions?limit=2")).await.ok();
    let longitudes = |page: &Value| -> Vec<f64> {
        page["items"].as_array().unwrap().iter().map(|item| item["longitude"].as_f64().unwrap()).collect()
    };
    assert_eq!(longitudes(&trail), [10.001, 10.0015]);
    let next = format!("{path}/positions?limit=2&cursor={}", trail["next_cursor"].as_str().unwrap());
    assert_eq!(longitudes(&place.admin.get(&next).await.ok()), [10.002, 10.003]);
    let node = place.admin.get(&path).await.ok();
    assert_eq!(node["device"]["online"], true, "{node}");
}

#[tokio::test]
async fn over_udp_too() {
    let place = Place::new().await;
    place.device(IMEI).await;
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let imei = Imei::from_ascii(IMEI.as_bytes()).unwrap();
    let packet = encode_datagram(imei, 0xcafe, 5, AvlCodec::Codec8, &[record(5, 10.1)]).unwrap();
    let mut answer = [0; 32];
    let mut sent = 0;
    // As a device does, that is not answered: packets may be lost.
    let read = wait_until("an answer", LIMIT, async || {
        sent += 1;
        socket.send_to(&packet, place.ears).await.unwrap();
        timeout(Duration::from_secs(5), socket.recv(&mut answer)).await.ok().map(Result::unwrap)
    })
    .await;
    assert_eq!(answer[..read], acknowledge_datagram(0xcafe, 5, 1), "after {sent}");
    assert_eq!(place.positions().await, 1);
    // Of one that nobody knows nothing is kept.
    let stranger = Imei::from_ascii(b"111111111111111").unwrap();
    let packet = encode_datagram(stranger, 1, 1, AvlCodec::Codec8, &[record(5, 10.1)]).unwrap();
    socket.send_to(&packet, place.ears).await.unwrap();
    // Nor of what is no packet, or none that can be read.
    socket.send_to(&[0; 3_000], place.ears).await.unwrap();
    let mut cut = encode_datagram(imei, 3, 3, AvlCodec::Codec8, &[record(3, 10.1)]).unwrap();
    cut.truncate(cut.len() - 1);
    socket.send_to(&cut, place.ears).await.unwrap();
    let packet = encode_datagram(imei, 2, 2, AvlCodec::Codec8, &[record(4, 10.1)]).unwrap();
    let wanted = acknowledge_datagram(2, 2, 1);
    wait_until("the next answer", LIMIT, async || {
        socket.send_to(&packet, place.ears).await.unwrap();
        let read = timeout(Duration::from_secs(5), socket.recv(&mut answer)).await.ok().map(Result::unwrap)?;
        (answer[..read] == wanted).then_some(())
    })
    .await;
    assert_eq!(place.positions().await, 2);
}

#[tokio::test]
async fn nobody_knows_a_stranger() {
    let place = Place::new().await;
    let mut stranger = Tracker::connect(place.ears).await;
    assert_eq!(stranger.introduce(IMEI).await, Some(vec![0]));
    assert_eq!(stranger.read(1).await, None, "and the connection ends");
    // Once it is made it is let in; once it is deleted, not even with a connection that it has.
    let device = place.device(IMEI).await;
    let mut tracker = Tracker::admitted(place.ears, IMEI).await;
    assert_eq!(tracker.send(&frame(&[record(9, 10.0)])).await, Some(1));
    let version = place.admin.get(&format!("/api/v1/devices/{device}")).await.ok()["version"].as_i64().unwrap();
    let deleted = json!({ "intentions": [{ "type": "delete_node", "id": device, "version": version }] });
    place.admin.post("/api/v1/intentions", deleted).await.ok();
    assert_eq!(tracker.send(&frame(&[record(8, 10.0)])).await, None);
    assert_eq!(place.positions().await, 1);
}

#[tokio::test]
async fn a_stranger_becomes_a_device_where_that_is_set_and_not_without_end() {
    let place = Place::with(|config| config.enrol_in = Some("Fleet".to_owned())).await;
    let mut tracker = Tracker::admitted(place.ears, IMEI).await;
    assert_eq!(tracker.send(&frame(&[record(9, 10.0)])).await, Some(1));
    let devices = place.admin.get("/api/v1/devices").await.ok();
    assert_eq!(
        (&devices["items"][0]["title"], &devices["items"][0]["device"]["imei"]),
        (&json!(IMEI), &json!(IMEI)),
        "{devices}"
    );
    // It comes again, and is the same.
    Tracker::admitted(place.ears, IMEI).await;
    let made = domain::limits::TELEMETRY_ENROLLED_PER_MINUTE_MAX;
    let mut turned_away = 0;
    for number in 1..=2 * made {
        let imei = Imei::numbered(number.into()).unwrap();
        let answer = Tracker::connect(place.ears).await.introduce(imei.as_str()).await;
        turned_away += u32::from(answer == Some(vec![0]));
    }
    let there = place.count("select count(*) from devices").await;
    assert!(
        turned_away > 0 && there + i64::from(turned_away) == i64::from(2 * made + 1),
        "{there} made, {turned_away} turned away"
    );
    assert_eq!(place.count("select count(*) from audit_log where action = 'create_device' and actor_id is null").await, there);
}

#[tokio::test]
async fn a_time_that_can_not_be_goes_to_the_desk() {
    let place = Place::new().await;
    place.device(IMEI).await;
    let mut tracker = Tracker::admitted(place.ears, IMEI).await;
    let year_s = 366 * 24 * 3_600;
    let records = [record(10, 10.0), record(-7_200, 10.0), record(year_s, 10.0)];
    for _ in 0..2 {
        assert_eq!(tracker.send(&frame(&records)).await, Some(3), "it is let off");
    }
    assert_eq!(place.positions().await, 1);
    let letters = place.admin.get("/api/v1/admin/dead-letters").await.ok();
    let letter = &letters["items"][0];
    assert_eq!((letters["items"].as_array().unwrap().len(), letter["attempts"].as_i64()), (1, Some(2)), "once: {letters}");
    let payload =
        &place.admin.get(&format!("/api/v1/admin/dead-letters/{}", letter["id"].as_str().unwrap())).await.ok()["payload"];
    let errors: Vec<&str> = payload["records"].as_array().unwrap().iter().map(|one| one["error"].as_str().unwrap()).collect();
    assert_eq!(errors, ["its time is more than an hour ahead", "its time is before what is kept"], "{payload}");
}

#[tokio::test]
async fn a_frame_that_is_refused_again_and_again_goes_to_the_desk() {
    let place = Place::new().await;
    let device = place.device(IMEI).await;
    let mut bytes = frame(&[record(10, 10.0), record(9, 10.0)]);
    // Of its CRC.
    *bytes.last_mut().unwrap() ^= 1;
    for attempt in 1..=domain::limits::TELEMETRY_ATTEMPTS_MAX {
        // By another connection each time, as a device does that is not answered.
        let mut tracker = Tracker::admitted(place.ears, IMEI).await;
        let let_off = attempt == domain::limits::TELEMETRY_ATTEMPTS_MAX;
        assert_eq!(tracker.send(&bytes).await, Some(if let_off { 2 } else { 0 }), "attempt {attempt}");
    }
    let letters = place.admin.get("/api/v1/admin/dead-letters").await.ok();
    let letter = &letters["items"][0];
    assert_eq!((letters["items"].as_array().unwrap().len(), letter["source"].as_str()), (1, Some("telemetry")), "{letters}");
    let path = format!("/api/v1/admin/dead-letters/{}", letter["id"].as_str().unwrap());
    let payload = &place.admin.get(&path).await.ok()["payload"];
    assert_eq!(payload["device_id"], device.to_string());
    assert_eq!(from_hex(payload["hex"].as_str().unwrap()), bytes, "byte for byte");
    // What comes behind it is taken.
    let mut tracker = Tracker::admitted(place.ears, IMEI).await;
    assert_eq!(tracker.send(&frame(&[record(8, 10.0)])).await, Some(1));
}

#[tokio::test]
async fn nobody_holds_the_server_up() {
    let place = Place::new().await;
    place.device(IMEI).await;
    // Says nothing, and says one digit after the other: let go by the same bound.
    let mut silent = Tracker::connect(place.ears).await;
    let mut slow = Tracker::connect(place.ears).await;
    slow.write(&[0, 15, b'3']).await;
    // A frame of 4 GB: at once.
    let mut greedy = Tracker::admitted(place.ears, IMEI).await;
    greedy.write(&[0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 8]).await;
    assert_eq!(greedy.read(1).await, None);
    // Anything else than an introduction: at once.
    let mut other = Tracker::connect(place.ears).await;
    other.write(b"GET / HTTP/1.1").await;
    assert_eq!(other.read(1).await, None);
    assert_eq!(silent.read(1).await, None);
    assert_eq!(slow.read(1).await, None);
    // Half a frame for ever.
    let mut half = Tracker::admitted(place.ears, IMEI).await;
    let bytes = frame(&[record(10, 10.0)]);
    half.write(&bytes[..bytes.len() / 2]).await;
    assert_eq!(half.read(1).await, None);
    let mut tracker = Tracker::admitted(place.ears, IMEI).await;
    assert_eq!(tracker.send(&bytes).await, Some(1), "the others are served meanwhile");
}

/// What a member has a device told reaches it over its own connection, and what it says next is the answer.
#[tokio::test]
async fn a_command_is_sent_and_answered() {
    let place = Place::new().await;
    let device = place.device(IMEI).await;
    let path = format!("/api/v1/devices/{device}/commands");
    let asked = place.admin.post(&path, json!({ "text": "getinfo" })).await.ok();
    assert_eq!((asked["state"].as_str(), asked["answer"].as_str()), (Some("queued"), None));
    let mut tracker = Tracker::admitted(place.ears, IMEI).await;
    let expected = command(CommandCodec::Codec12, "getinfo");
    assert_eq!(tracker.read(expected.len()).await, Some(expected));
    let told = async || place.admin.get(&path).await.ok()["items"][0].clone();
    assert_eq!(told().await["state"], "sent");
    // Records come between: they are no answer.
    assert_eq!(tracker.send(&frame(&[record(5, 10.0)])).await, Some(1));
    tracker.write(&answer(CommandCodec::Codec12, "RTC:2026 Init:1")).await;
    let answered = wait_until("the answer is kept", LIMIT, async || {
        let told = told().await;
        (told["state"] == "answered").then_some(told)
    })
    .await;
    assert_eq!(answered["answer"], "RTC:2026 Init:1");
}

/// The same from a shell; and what else one does by hand.
#[tokio::test]
async fn devices_are_worked_with_from_a_shell() {
    let place = Place::new().await;
    let device = place.device(IMEI).await;
    let url = place.app.db.server_url();
    let shell = async |words: &str| {
        let words: Vec<&str> = words.split(' ').collect();
        run(&words, &[("DATABASE_URL", &url)]).await
    };
    let mut tracker = Tracker::admitted(place.ears, IMEI).await;
    assert_eq!(tracker.send(&frame(&[record(60, 10.0), record(30, 10.001)])).await, Some(2));
    let expected = command(CommandCodec::Codec12, "getinfo");
    let answers = async {
        assert_eq!(tracker.read(expected.len()).await, Some(expected.clone()));
        tracker.write(&answer(CommandCodec::Codec12, "RTC:2026 Init:1")).await;
    };
    let asks = format!("devices command {IMEI} getinfo");
    let (ended, ()) = tokio::join!(shell(&asks), answers);
    assert_eq!((ended.code, ended.out.as_str()), (Some(0), "RTC:2026 Init:1\n"), "{ended:?}");
    drop(tracker);
    let ended = shell(&format!("devices command {device} getver --wait 1s")).await;
    assert_eq!(ended.code, Some(1), "nobody is there: {ended:?}");
    shell("devices command 356307042441021 getver").await.check(1, "there is no device with the IMEI or id");
    shell("devices command 356307042441013 x --codec 13").await.check(1, "12 or 14");

    let faulty = "select count(*) from positions where faulty = 'marked'";
    let stretch = "--from 2020-01-01T00:00:00Z --to 2100-01-01T00:00:00Z";
    shell(&format!("devices mark {IMEI} {stretch}")).await.check(0, "");
    assert_eq!(place.count(faulty).await, 2);
    shell(&format!("devices mark {IMEI} {stretch} --undo")).await.check(0, "");
    assert_eq!(place.count(faulty).await, 0);
    shell(&format!("devices retell {device} --from 2026-01-01T00:00:00Z")).await.check(0, "");
    let told_anew = async || place.count("select count(*) from device_states where retell_from is not null").await == 0;
    wait_until("its story is told anew", LIMIT, told_anew).await;
}
