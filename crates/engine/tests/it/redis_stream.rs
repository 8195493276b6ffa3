//! The stream in a real Redis: what is appended is read in order, once it is acknowledged never again, and by one
//! owner at a time.

use crate::SOON;
use chrono::DateTime;
use domain::limits::TELEMETRY_SHARD_FRAMES_MAX;
use domain::telemetry::Imei;
use domain::telemetry::codec::{AvlCodec, Record, encode};
use domain::telemetry::stream::{Appended, Carrier, Entry, Frame, Owned, Shards, Stream, StreamTrouble, Which};
use engine::telemetry::{Held, RedisConfig, RedisStream};
use std::sync::Arc;
use testkit::{Target, TcpProxy, wait_until};
use uuid::Uuid;

#[expect(clippy::disallowed_methods, reason = "the suite says where its Redis is")]
fn url() -> String {
    std::env::var("SYNOPS_TEST_REDIS_URL").expect("SYNOPS_TEST_REDIS_URL: ./dev test starts a Redis and sets it")
}

/// One shard, with keys that no other test has; gone at the end.
struct Place {
    prefix: String,
    stream: RedisStream,
}

impl Place {
    fn new() -> Self {
        Self::at(&url())
    }

    fn at(address: &str) -> Self {
        let prefix = format!("telemetry-test-{}", Uuid::new_v4().simple());
        let config = RedisConfig { addresses: address.to_owned().into(), prefix: prefix.clone(), shards: 1 };
        Self { prefix, stream: RedisStream::new(&config, Arc::new(Held::default())).unwrap() }
    }

    async fn append(&self, number: u8) {
        assert_eq!(self.stream.append(frame(number)).await, Appended::Durable);
    }

    async fn read(&self, fence: i64, which: Which) -> Vec<Entry> {
        self.stream.read(Owned { shard: 0, fence }, which, 100).await.unwrap()
    }

    /// A command about the shard's key.
    async fn ask<T: redis::FromRedisValue>(&self, command: &str, arguments: &[&str]) -> T {
        let mut connection = redis::Client::open(url()).unwrap().get_multiplexed_async_connection().await.unwrap();
        redis::cmd(command).arg(format!("{}:{{0}}", self.prefix)).arg(arguments).query_async(&mut connection).await.unwrap()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut connection = redis::Client::open(url()).unwrap().get_connection().unwrap();
        for key in ["{0}", "{0}:fence", "dlq"] {
            redis::cmd("DEL").arg(format!("{}:{key}", self.prefix)).exec(&mut connection).unwrap();
        }
    }
}

fn frame(number: u8) -> Frame {
    let record = Record {
        at: DateTime::from_timestamp(1_700_000_000 + i64::from(number), 0).unwrap(),
        digest: 0,
        latitude: 59.9,
        longitude: 10.0,
        altitude_m: 10,
        heading_deg: 90,
        speed_kmh: i16::from(number),
        satellites: 9,
        priority: 0,
        event_id: 0,
        io: Vec::new(),
    };
    Frame {
        device_id: Uuid::from_u128(1),
        imei: Imei::from_ascii(b"356307042441013").unwrap(),
        received_at: DateTime::from_timestamp(1_700_000_500, 0).unwrap(),
        carrier: Carrier::Tcp,
        bytes: Arc::from(encode(AvlCodec::Codec8, &[record]).unwrap()),
        records: Vec::new(),
    }
}

fn numbers(entries: &[Entry]) -> Vec<i16> {
    entries.iter().map(|entry| entry.frame.as_ref().unwrap().records[0].speed_kmh).collect()
}

fn ids(entries: &[Entry]) -> Vec<String> {
    entries.iter().map(|entry| entry.id.clone()).collect()
}

#[tokio::test]
async fn what_is_read_stays_until_it_is_acknowledged() {
    let place = Place::new();
    assert_eq!(place.read(1, Which::New).await, [], "there is nothing, not even the key");
    assert_eq!(place.read(1, Which::Pending).await, []);
    for number in 1..=5 {
        place.append(number).await;
    }
    assert_eq!(place.stream.lag(0).await.unwrap().pending, 5, "before anybody has read");
    let read = place.read(1, Which::New).await;
    assert_eq!(numbers(&read), [1, 2, 3, 4, 5]);
    assert_eq!(place.read(1, Which::New).await, []);
    // As if it had come to nothing.
    assert_eq!(place.read(1, Which::Pending).await, read);
    place.append(6).await;
    // The first is what holds the others: nothing behind it is trimmed either.
    place.stream.acknowledge(0, &ids(&read[1..3])).await.unwrap();
    place.stream.trim(0).await.unwrap();
    assert_eq!(place.ask::<i64>("XLEN", &[]).await, 6);
    assert_eq!(place.stream.lag(0).await.unwrap().pending, 4, "three that were read, and one that was not");
    place.stream.acknowledge(0, &ids(&read[..1])).await.unwrap();
    place.stream.trim(0).await.unwrap();
    assert_eq!(place.ask::<i64>("XLEN", &[]).await, 3);
    // The next owner takes over what is left, and then reads what is new.
    assert_eq!(numbers(&place.read(2, Which::Pending).await), [4, 5]);
    place.stream.acknowledge(0, &ids(&read[3..])).await.unwrap();
    place.stream.trim(0).await.unwrap();
    assert_eq!(place.ask::<i64>("XLEN", &[]).await, 1, "what nobody has read is not trimmed");
    let last = place.read(2, Which::New).await;
    assert_eq!(numbers(&last), [6]);
    place.stream.acknowledge(0, &ids(&last)).await.unwrap();
    place.stream.trim(0).await.unwrap();
    assert_eq!(place.ask::<i64>("XLEN", &[]).await, 0);
    let lag = place.stream.lag(0).await.unwrap();
    assert_eq!((lag.pending, lag.oldest_s), (0, 0.0));
    place.append(7).await;
    assert_eq!(numbers(&place.read(2, Which::New).await), [7], "it goes on after it was empty");
}

#[tokio::test]
async fn who_owned_it_before_reads_nothing() {
    let place = Place::new();
    place.append(1).await;
    place.append(2).await;
    assert_eq!(place.stream.read(Owned { shard: 0, fence: 3 }, Which::New, 1).await.unwrap().len(), 1);
    assert_eq!(numbers(&place.read(4, Which::Pending).await), [1]);
    for which in [Which::New, Which::Pending] {
        let read = place.stream.read(Owned { shard: 0, fence: 3 }, which, 10).await;
        assert!(matches!(read, Err(StreamTrouble::Fenced(4))), "{read:?}");
    }
    assert_eq!(numbers(&place.read(4, Which::New).await), [2], "nothing was taken from whoever owns it now");
}

#[tokio::test]
async fn what_is_no_frame_is_told_and_not_lost() {
    let place = Place::new();
    place.ask::<String>("XADD", &["*", "device", "nobody", "bytes", "1"]).await;
    place.append(1).await;
    let read = place.read(1, Which::New).await;
    let Err(nothing) = &read[0].frame else { panic!("{read:?}") };
    assert_eq!(nothing.fields, [&b"device"[..], b"nobody", b"bytes", b"1"]);
    assert_eq!(numbers(&read[1..]), [1]);
}

#[tokio::test]
async fn a_full_shard_takes_nothing_until_there_is_room() {
    let place = Place::new();
    let fill = "for _ = 1, ARGV[1] do redis.call('xadd', KEYS[1], '*', 'a', 'b') end return 0";
    let fill = redis::Script::new(fill);
    let mut connection = redis::Client::open(url()).unwrap().get_multiplexed_async_connection().await.unwrap();
    let key = format!("{}:{{0}}", place.prefix);
    fill.key(&key).arg(TELEMETRY_SHARD_FRAMES_MAX).invoke_async::<i64>(&mut connection).await.unwrap();
    assert_eq!(place.stream.append(frame(1)).await, Appended::Later);
    assert_eq!(place.ask::<usize>("XLEN", &[]).await, TELEMETRY_SHARD_FRAMES_MAX);
    // One that waits gets in as soon as there is room.
    let (appended, read) = tokio::join!(place.stream.append(frame(2)), async {
        let read = place.stream.read(Owned { shard: 0, fence: 1 }, Which::New, 10).await.unwrap();
        place.stream.acknowledge(0, &ids(&read)).await.unwrap();
        place.stream.trim(0).await.unwrap();
        read
    });
    assert_eq!((appended, read.len()), (Appended::Durable, 10));
}

#[tokio::test]
async fn a_redis_that_is_away_takes_nothing_and_is_found_again() {
    let address = url().trim_start_matches("redis://").trim_end_matches("/0").trim_end_matches('/').to_owned();
    let proxy = TcpProxy::start(Target::Tcp(address.parse().unwrap())).await;
    let place = Place::at(&format!("redis://{}", proxy.address()));
    place.append(1).await;
    proxy.cut();
    proxy.refuse();
    assert_eq!(place.stream.append(frame(2)).await, Appended::Later);
    proxy.forward();
    wait_until("it is taken", SOON, async || place.stream.append(frame(3)).await == Appended::Durable).await;
    // One that hangs is as one that is away.
    proxy.stall();
    assert_eq!(place.stream.append(frame(4)).await, Appended::Later);
    proxy.cut();
    proxy.forward();
    wait_until("it is taken", SOON, async || place.stream.append(frame(5)).await == Appended::Durable).await;
    let read = numbers(&place.read(1, Which::New).await);
    assert!([1, 3, 5].iter().all(|number| read.contains(number)), "{read:?}");
    proxy.stop().await;
}

#[test]
fn what_is_no_address_is_refused_without_telling_it() {
    for address in ["", "rediss//x", "http://secret@host", "redis://a,b", "redis://:secret@host:port"] {
        let config = RedisConfig { addresses: address.to_owned().into(), prefix: "p".into(), shards: 1 };
        let bad = config.check().unwrap_err().to_string();
        assert!(!bad.contains("secret"), "{bad}");
    }
    let config = RedisConfig { addresses: "redis://a:1, redis://b:2/0".to_owned().into(), prefix: "p".into(), shards: 1 };
    config.check().unwrap();
}
