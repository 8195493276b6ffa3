//! Servers that share a stream in Redis, as real processes, and devices that send numbered records.

use crate::managed::{client, data_dir};
use crate::program::Served;
use crate::tracker::Tracker;
use chrono::{DateTime, TimeDelta, Utc};
use domain::NodeKind;
use domain::telemetry::codec::{AvlCodec, Record, encode};
use std::net::SocketAddr;
use std::time::Duration;
use tempfile::TempDir;
use testkit::{TestDb, graph, wait_until};
use tokio::task::JoinSet;
use tokio::time::interval;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub(crate) const LIMIT: Duration = Duration::from_secs(90);
/// A device that is not answered comes again after so long.
const AGAIN_AFTER: Duration = Duration::from_millis(200);

#[expect(clippy::disallowed_methods, reason = "the suite says where its Redis is")]
fn url() -> String {
    std::env::var("SYNOPS_TEST_REDIS_URL").expect("SYNOPS_TEST_REDIS_URL: ./dev test starts a Redis and sets it")
}

/// A database with devices, and keys in Redis that no other test has; gone at the end.
pub(crate) struct Fleet {
    pub(crate) db: TestDb,
    pub(crate) imeis: Vec<String>,
    pub(crate) prefix: String,
    began: DateTime<Utc>,
}

/// A server, and where its data is.
pub(crate) struct Server {
    pub(crate) served: Served,
    _dir: TempDir,
}

impl Fleet {
    pub(crate) async fn new(devices: u64) -> Self {
        let db = TestDb::new().await;
        let workspace = db.workspace("Fleet").await;
        let imeis: Vec<String> = (0..devices).map(|number| format!("{:015}", 356_307_042_440_000 + number)).collect();
        let mut tx = db.owner_pool().begin().await.expect("a transaction");
        for imei in &imeis {
            let id = graph::insert_node(&mut tx, NodeKind::Device, imei, workspace).await.expect("a device");
            store::device::insert_device(&mut *tx, id, imei, "").await.expect("its facet");
        }
        tx.commit().await.expect("devices");
        #[expect(clippy::disallowed_methods, reason = "the devices' clock")]
        let now = Utc::now();
        let began = DateTime::from_timestamp_millis((now - TimeDelta::hours(1)).timestamp_millis()).expect("a time");
        Self { db, imeis, prefix: format!("telemetry-test-{}", Uuid::new_v4().simple()), began }
    }

    /// What a server with these roles has in its environment; `stream`: `redis` or `direct`.
    pub(crate) fn variables(&self, roles: &str, stream: &str) -> Vec<(String, String)> {
        let stream = if stream == "redis" { url() } else { stream.to_owned() };
        let all = [
            ("DATABASE_URL", self.db.server_url()),
            ("SYNOPS_ROLES", roles.to_owned()),
            ("SYNOPS_DATABASE_CONNECTIONS_MAX", "6".to_owned()),
            ("SYNOPS_TELEMETRY_LISTEN", "127.0.0.1:0".to_owned()),
            ("SYNOPS_STREAM", stream),
            ("SYNOPS_TELEMETRY_STREAM_PREFIX", self.prefix.clone()),
        ];
        all.map(|(name, value)| (name.to_owned(), value)).to_vec()
    }

    pub(crate) async fn server(&self, roles: &str, stream: &str) -> Server {
        let (dir, variables) = (data_dir(), self.variables(roles, stream));
        let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        Server { served: Served::start(dir.path(), &variables).await, _dir: dir }
    }

    /// A frame of one record, the device's `number`th.
    pub(crate) fn frame(&self, number: u32, speed_kmh: i16) -> Vec<u8> {
        let record = Record {
            at: self.began + TimeDelta::milliseconds(i64::from(number)),
            digest: 0,
            latitude: 59.9,
            longitude: 10.0 + f64::from(number) / 100_000.0,
            altitude_m: 10,
            heading_deg: 90,
            speed_kmh,
            satellites: 9,
            priority: 0,
            event_id: 0,
            io: Vec::new(),
        };
        encode(AvlCodec::Codec8Extended, &[record]).expect("it can be sent")
    }

    pub(crate) async fn count(&self, statement: &'static str) -> i64 {
        sqlx::query_scalar(statement).fetch_one(self.db.superuser_pool()).await.expect("a count")
    }

    pub(crate) async fn positions(&self) -> i64 {
        self.count("select count(*) from positions").await
    }

    pub(crate) async fn execute(&self, statement: &'static str) -> u64 {
        sqlx::query(statement).execute(self.db.superuser_pool()).await.expect("a change").rows_affected()
    }

    /// How many shards each owner has, the fewest first.
    pub(crate) async fn shares(&self) -> Vec<i64> {
        let statement = "select count(*) from telemetry_shards where owner_id is not null and leased_until > clock_timestamp()
             group by owner_id order by 1";
        sqlx::query_scalar(statement).fetch_all(self.db.superuser_pool()).await.expect("the shares")
    }

    pub(crate) async fn wait_for_shares(&self, shares: &[i64]) {
        wait_until(&format!("{shares:?}"), LIMIT, async || self.shares().await == shares).await;
    }

    /// A command about one of its keys in Redis.
    pub(crate) async fn redis<T: redis::FromRedisValue>(&self, command: &str, key: &str, arguments: &[&str]) -> T {
        let client = redis::Client::open(url()).expect("an address");
        let mut connection = client.get_multiplexed_async_connection().await.expect("Redis");
        let key = format!("{}:{key}", self.prefix);
        redis::cmd(command).arg(key).arg(arguments).query_async(&mut connection).await.expect("an answer")
    }

    /// Waits until all that was acknowledged is there: each record once, each device's in order.
    pub(crate) async fn check(&self, acknowledged: u64) {
        let wanted = i64::try_from(acknowledged).expect("a count");
        wait_until(&format!("{wanted} are kept"), LIMIT, async || self.positions().await >= wanted).await;
        let behind = "select count(*) from (
             select received_at < lag(received_at) over (partition by device_id order by at) as behind from positions) as p
             where behind";
        assert_eq!(self.count(behind).await, 0, "a device's records are kept in their order");
        // Numbers without a gap: none was skipped that one behind it was acknowledged for.
        let gaps = "select count(*) from (select count(*) as n, max(at) - min(at) as span from positions group by device_id) as d
             where span <> (n - 1) * interval '1 millisecond'";
        assert_eq!(self.count(gaps).await, 0);
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        let Ok(mut connection) = redis::Client::open(url()).and_then(|client| client.get_connection()) else { return };
        let shards = (0..64).flat_map(|shard| [format!("{{{shard}}}"), format!("{{{shard}}}:fence")]);
        for key in shards.chain(["dlq".to_owned()]) {
            let _ = redis::cmd("DEL").arg(format!("{}:{key}", self.prefix)).exec(&mut connection);
        }
    }
}

impl Server {
    /// Where devices are listened to.
    pub(crate) async fn ears(&self) -> SocketAddr {
        wait_until("devices are listened to", LIMIT, async || {
            let log = self.served.log();
            let line = log.lines().find(|line| line.contains("devices are listened to"))?;
            let plain: String = line.chars().filter(|c| !c.is_control()).collect();
            let address = plain.split("127.0.0.1:").nth(1)?;
            let port: String = address.chars().take_while(char::is_ascii_digit).collect();
            Some(SocketAddr::from(([127, 0, 0, 1], port.parse().ok()?)))
        })
        .await
    }

    /// A figure of `/metrics`; 0 while it is not there.
    pub(crate) async fn figure(&self, name: &str) -> f64 {
        let text = client(&self.served).get("/metrics").await.text;
        let line = text.lines().find(|line| line.split([' ', '{']).next() == Some(name));
        line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or_default()
    }
}

/// Devices that send one record after the other, each until it is acknowledged.
pub(crate) struct Load {
    tasks: JoinSet<u64>,
    stop: CancellationToken,
}

impl Load {
    pub(crate) fn start(fleet: &Fleet, ears: SocketAddr) -> Self {
        let (mut tasks, stop) = (JoinSet::new(), CancellationToken::new());
        for imei in &fleet.imeis {
            // More than are sent.
            let frames: Vec<Vec<u8>> = (0..20_000).map(|number| fleet.frame(number, 50)).collect();
            tasks.spawn(send(ears, imei.clone(), frames, stop.clone()));
        }
        Self { tasks, stop }
    }

    /// How many records were acknowledged.
    pub(crate) async fn stop(self) -> u64 {
        self.stop.cancel();
        self.tasks.join_all().await.into_iter().sum()
    }
}

async fn send(ears: SocketAddr, imei: String, frames: Vec<Vec<u8>>, stop: CancellationToken) -> u64 {
    let (mut acknowledged, mut frames, mut pace) = (0, frames.into_iter().peekable(), interval(AGAIN_AFTER));
    while stop.run_until_cancelled(pace.tick()).await.is_some() {
        let mut tracker = Tracker::connect(ears).await;
        if tracker.introduce(&imei).await == Some(vec![1]) {
            while let Some(frame) = frames.peek() {
                if stop.is_cancelled() || tracker.send(frame).await != Some(1) {
                    break;
                }
                acknowledged += 1;
                frames.next();
            }
        }
    }
    acknowledged
}
