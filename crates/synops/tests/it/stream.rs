//! The stream in Redis between those who listen and those who keep: they share, they take over, and what was
//! acknowledged is kept, whoever dies.

use crate::managed::data_dir;
use crate::program::run;
use crate::stream_fleet::{Fleet, LIMIT, Load};
use crate::tracker::Tracker;
use domain::limits::TELEMETRY_ATTEMPTS_MAX;
use rustix::process::Signal;
use serde_json::{Value, json};
use testkit::wait_until;
use tokio::time::Instant;
use uuid::Uuid;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processors_share_and_what_one_leaves_the_other_takes_over() {
    let fleet = Fleet::new(24).await;
    let ingest = fleet.server("gateway,ingest", "redis").await;
    let one = fleet.server("gateway,processor", "redis").await;
    fleet.wait_for_shares(&[8]).await;
    let two = fleet.server("gateway,processor", "redis").await;
    fleet.wait_for_shares(&[4, 4]).await;
    let load = Load::start(&fleet, ingest.ears().await);
    for server in [&one, &two] {
        let works = async || server.figure("synops_telemetry_records_total").await > 100.0;
        wait_until("both work", LIMIT, works).await;
    }
    one.served.signal(Signal::KILL);
    let killed = Instant::now();
    one.served.ended().await;
    fleet.wait_for_shares(&[8]).await;
    println!("taken over {:?} after the kill", killed.elapsed());
    // One that comes gets its part; one that goes gives it back before it has ended.
    let three = fleet.server("gateway,processor", "redis").await;
    fleet.wait_for_shares(&[4, 4]).await;
    assert_eq!(two.served.terminate().await, Some(0));
    let left = fleet.count("select count(*) from telemetry_servers where role = 'processor' and alive_until > clock_timestamp()");
    assert_eq!(left.await, 1, "it has said goodbye");
    let stopped = Instant::now();
    fleet.wait_for_shares(&[8]).await;
    println!("taken over {:?} after the stop", stopped.elapsed());
    let acknowledged = load.stop().await;
    assert!(acknowledged > 500, "{acknowledged}");
    fleet.check(acknowledged).await;
    assert_eq!((ingest.served.terminate().await, three.served.terminate().await), (Some(0), Some(0)));
    assert_eq!(fleet.shares().await, [0_i64; 0]);
}

/// A processor that has read something, and is asleep until its shard is another's, keeps nothing of it.
#[tokio::test]
async fn a_processor_that_was_asleep_past_its_lease_commits_nothing() {
    let fleet = Fleet::new(1).await;
    let ingest = fleet.server("gateway,ingest", "redis").await;
    let asleep = fleet.server("gateway,processor", "redis").await;
    fleet.wait_for_shares(&[8]).await;
    // What it has read it can't commit, because somebody looks after the leases …
    let mut other = fleet.db.superuser_pool().begin().await.unwrap();
    sqlx::query("select from telemetry_shards for update").execute(&mut *other).await.unwrap();
    let mut tracker = Tracker::admitted(ingest.ears().await, &fleet.imeis[0]).await;
    assert_eq!(tracker.send(&fleet.frame(0, 50)).await, Some(1), "it is durable");
    let waits = "select count(*) from pg_stat_activity
         where datname = current_database() and wait_event_type = 'Lock' and query like '%for share of s%'";
    wait_until("it is about to commit", LIMIT, async || fleet.count(waits).await == 1).await;
    // … and by then they are another's.
    asleep.served.signal(Signal::STOP);
    let taken = "update telemetry_shards set owner_id = gen_random_uuid(), fence = fence + 1, leased_until = clock_timestamp() + interval '1 day'";
    sqlx::query(taken).execute(&mut *other).await.unwrap();
    other.commit().await.unwrap();
    asleep.served.signal(Signal::CONT);
    wait_until("it has learned so", LIMIT, async || asleep.figure("synops_telemetry_fenced_total").await > 0.0).await;
    assert_eq!(fleet.positions().await, 0);
    // The other one dies, say: then it is its own again, and nothing is lost.
    fleet.execute("update telemetry_shards set leased_until = clock_timestamp()").await;
    fleet.check(1).await;
    assert_eq!((ingest.served.terminate().await, asleep.served.terminate().await), (Some(0), Some(0)));
}

#[tokio::test]
async fn from_direct_to_redis_and_back_nothing_is_lost() {
    let fleet = Fleet::new(2).await;
    let all = "gateway,ingest,processor";
    let status = async |stream: &str| {
        let mut variables = fleet.variables("gateway", stream);
        variables.push(("SYNOPS_TELEMETRY_LISTEN".into(), "off".into()));
        let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let ended = run(&["telemetry", "status", "--json"], &variables).await;
        serde_json::from_str::<Value>(&ended.check(0, "").out).unwrap()
    };
    let mut number = 0;
    let mut send = async |server: &crate::stream_fleet::Server| {
        let mut tracker = Tracker::admitted(server.ears().await, &fleet.imeis[0]).await;
        for _ in 0..3 {
            assert_eq!(tracker.send(&fleet.frame(number, 50)).await, Some(1));
            number += 1;
        }
        tracker
    };
    let direct = fleet.server(all, "direct").await;
    let tracker = send(&direct).await;
    assert_eq!(fleet.positions().await, 3);
    let connected = async || (status("direct").await["connected"] == 1).then_some(());
    wait_until("it is counted", LIMIT, connected).await;
    let said = status("direct").await;
    assert_eq!((&said["stream"], &said["devices"], &said["lag"]["pending"]), (&"direct".into(), &2.into(), &0.into()), "{said}");
    assert_eq!(said["shards"], Value::Array(Vec::new()));
    drop(tracker);
    assert_eq!(direct.served.terminate().await, Some(0));
    // Nobody keeps anything yet: what is acknowledged waits.
    let waiting = fleet.server("gateway,ingest", "redis").await;
    send(&waiting).await;
    let said = status("redis").await;
    assert_eq!((&said["lag"]["pending"], &said["shards"].as_array().map(Vec::len)), (&3.into(), &Some(8)), "{said}");
    assert_eq!(fleet.positions().await, 3);
    assert_eq!(waiting.served.terminate().await, Some(0));
    // Back: who listens goes on directly, while one keeps what waits.
    let (direct, drains) = (fleet.server(all, "direct").await, fleet.server("gateway,processor", "redis").await);
    send(&direct).await;
    wait_until("nothing waits", LIMIT, async || status("redis").await["lag"]["pending"] == 0).await;
    assert_eq!(fleet.positions().await, 9);
    let owners = status("redis").await["shards"].as_array().unwrap().iter().filter(|shard| shard["owner"].is_string()).count();
    assert_eq!(owners, 8);
    assert_eq!((direct.served.terminate().await, drains.served.terminate().await), (Some(0), Some(0)));
}

#[tokio::test]
async fn what_the_database_refuses_is_put_aside_and_nothing_else() {
    let fleet = Fleet::new(1).await;
    let ingest = fleet.server("gateway,ingest", "redis").await;
    let mut tracker = Tracker::admitted(ingest.ears().await, &fleet.imeis[0]).await;
    let poison = fleet.frame(5, 77);
    for number in 0..10 {
        let frame = if number == 5 { poison.clone() } else { fleet.frame(number, 50) };
        assert_eq!(tracker.send(&frame).await, Some(1));
    }
    let stands = "select count(*) from dead_letters";
    fleet.execute("alter table positions add constraint poison check (speed_kmh <> 77)").await;
    // While the database takes nothing at all, nobody is blamed.
    fleet.execute("alter table device_states rename to away").await;
    let processor = fleet.server("gateway,processor", "redis").await;
    let tried =
        async || processor.served.log().matches("it is tried again").count() > usize::try_from(TELEMETRY_ATTEMPTS_MAX).unwrap();
    wait_until("it was tried often", LIMIT, tried).await;
    assert_eq!((fleet.count(stands).await, fleet.positions().await), (0, 0));
    fleet.execute("alter table away rename to device_states").await;
    wait_until("it is put aside", LIMIT, async || fleet.redis::<i64>("XLEN", "dlq", &[]).await == 1).await;
    wait_until("the others are kept", LIMIT, async || fleet.positions().await == 9).await;
    let statement = "select payload->>'hex', attempts::int4 from dead_letters where source = 'telemetry' and kind = 'frame'";
    let (hex, attempts): (String, i32) = sqlx::query_as(statement).fetch_one(fleet.db.superuser_pool()).await.unwrap();
    assert_eq!(hex, poison.iter().map(|byte| format!("{byte:02x}")).collect::<String>(), "byte for byte");
    assert_eq!(attempts, i32::from(TELEMETRY_ATTEMPTS_MAX));
    let aside: Vec<(String, Vec<Vec<u8>>)> = fleet.redis("XRANGE", "dlq", &["-", "+"]).await;
    assert!(aside[0].1.contains(&poison), "{aside:?}");
    // It is acknowledged: nothing waits, and nobody meets it again.
    let waits = async || {
        let mut waits = 0;
        for shard in 0..8 {
            waits += fleet.redis::<i64>("XLEN", &format!("{{{shard}}}"), &[]).await;
        }
        waits == 0
    };
    wait_until("nothing waits", LIMIT, waits).await;
    assert_eq!(fleet.count(stands).await, 1);
    assert_eq!((ingest.served.terminate().await, processor.served.terminate().await), (Some(0), Some(0)));
}

#[tokio::test]
async fn doctor_tells_what_a_fault_has_left_behind() {
    let fleet = Fleet::new(0).await;
    let dir = data_dir();
    let frame = json!({
        "device_id": Uuid::nil(), "imei": "356307042441013", "received_at": "2026-11-22T18:00:00Z", "carrier": "tcp", "records": 2,
        "hex": "00",
    });
    let dump = json!({ "at": "2026-11-22T18:00:01Z", "part": "processor", "message": "it fell over", "frames": [frame] });
    std::fs::create_dir(dir.path().join("dumps")).unwrap();
    std::fs::write(dir.path().join("dumps/telemetry-1-1.json"), dump.to_string()).unwrap();
    std::fs::write(dir.path().join("dumps/telemetry-2-1.json"), "nonsense").unwrap();
    let (url, path) = (fleet.db.server_url(), dir.path().to_str().unwrap());
    let doctor = run(&["doctor"], &[("DATABASE_URL", &url), ("SYNOPS_DATA_DIR", path), ("SYNOPS_LISTEN", "127.0.0.1:0")]).await;
    for words in
        ["a part of telemetry failed 2 times", "processor: it fell over; 2 records of 1 frames in memory", "can't be read"]
    {
        assert!(doctor.out.contains(words), "{words}: {}", doctor.out);
    }
}
