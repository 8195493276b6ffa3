//! What the ledger test breaks: servers, the ways between them, Redis and PostgreSQL.

use crate::managed::data_dir;
use crate::program::Served;
use chrono::{DateTime, Utc};
use domain::telemetry::track::visits_by_hand;
use domain::telemetry::{Fence, Place, Shape};
use managed_postgres::{Cluster, Config};
use rand::RngExt;
use rand::rngs::StdRng;
use rustix::process::{Pid, Signal, kill_process};
use std::time::Duration;
use store::bootstrap::SERVER_ROLE;
use tempfile::TempDir;
use testkit::{RedisServer, Target, TcpProxy, TestDb, wait_until};
use tokio::time::Instant;
use uuid::Uuid;

/// For what was broken to be whole again, on a slow machine.
pub(crate) const WHOLE_WITHIN: Duration = Duration::from_secs(120);
const SHARDS: i16 = 8;
const PROCESSORS: usize = 2;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Failure {
    ListenerKilled,
    NetworkCut,
    NetworkSilent,
    DatabaseCut,
    DatabaseAway,
    DatabaseSilent,
    BackendsEnded,
    PostgresKilled,
    ProcessorKilled,
    ProcessorAsleep,
    RedisKilled,
    RedisCut,
    RedisSilent,
}

const FAILURES: [Failure; 8] = [
    Failure::ListenerKilled,
    Failure::NetworkCut,
    Failure::NetworkSilent,
    Failure::DatabaseCut,
    Failure::DatabaseAway,
    Failure::DatabaseSilent,
    Failure::BackendsEnded,
    Failure::PostgresKilled,
];

const FAILURES_OF_A_STREAM: [Failure; 5] =
    [Failure::ProcessorKilled, Failure::ProcessorAsleep, Failure::RedisKilled, Failure::RedisCut, Failure::RedisSilent];

/// Servers whose ways to their devices, to each other and to their database can be broken.
pub(crate) struct Stage {
    pub(crate) db: TestDb,
    fences: Vec<Fence>,
    /// To the database.
    database: TcpProxy,
    /// To the listener's ears.
    pub(crate) network: TcpProxy,
    listener: Member,
    /// With a stream in Redis: what is behind it.
    stream: Option<Stream>,
    postgres: Cluster,
    _postgres_dir: TempDir,
}

struct Stream {
    redis: RedisServer,
    /// To Redis.
    way: TcpProxy,
    processors: Vec<Member>,
}

/// A server that is started again where it was.
struct Member {
    served: Served,
    dir: TempDir,
    variables: Vec<(&'static str, String)>,
}

impl Member {
    async fn start(variables: Vec<(&'static str, String)>) -> Self {
        let dir = data_dir();
        Self { served: serve(&dir, &variables).await, dir, variables }
    }

    async fn kill(&mut self) {
        self.served.child.kill().await.expect("it ran");
        self.served = serve(&self.dir, &self.variables).await;
    }

    /// Where it says that it listens to devices.
    fn ears(&self) -> Target {
        let log = self.served.log();
        let line = log.lines().find(|line| line.contains("devices are listened to")).expect("it listens to devices");
        let address = line.split_whitespace().find_map(|word| word.strip_prefix("address=")).expect("where");
        Target::Tcp(address.to_owned())
    }
}

async fn serve(dir: &TempDir, variables: &[(&'static str, String)]) -> Served {
    let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    Served::start(dir.path(), &variables).await
}

impl Stage {
    /// Acknowledged by the commit, or by a Redis that two processors read.
    pub(crate) async fn new(with_redis: bool) -> Self {
        let postgres_dir = data_dir();
        let postgres = Cluster::start(Config::new(postgres_dir.path())).await.expect("a PostgreSQL of its own");
        let db = TestDb::new_at(&postgres.connection_url("postgres", "postgres")).await;
        let fleet = db.workspace("Fleet").await;
        let fences = fences(&db, fleet).await;
        let database = TcpProxy::start(db.target()).await;
        let url = db.server_url_via(database.address());
        let variables = |roles: &str, stream: &str| {
            vec![
                ("DATABASE_URL", url.clone()),
                ("SYNOPS_DATABASE_CONNECTIONS_MAX", "8".to_owned()),
                ("SYNOPS_ROLES", roles.to_owned()),
                ("SYNOPS_TELEMETRY_LISTEN", "127.0.0.1:0".to_owned()),
                ("SYNOPS_STREAM", stream.to_owned()),
            ]
        };
        let (stream, to) = if with_redis {
            let redis = RedisServer::start().await;
            let way = TcpProxy::start(redis.target()).await;
            let to = format!("redis://{}", way.address());
            let mut processors = Vec::new();
            for _ in 0..PROCESSORS {
                processors.push(Member::start(variables("gateway,processor", &to)).await);
            }
            (Some(Stream { redis, way, processors }), to)
        } else {
            (None, "direct".to_owned())
        };
        let listener = Member::start(variables("gateway,ingest", &to)).await;
        let network = TcpProxy::start(listener.ears()).await;
        Self { db, fences, database, network, listener, stream, postgres, _postgres_dir: postgres_dir }
    }

    /// All that can fail here.
    pub(crate) fn failures(&self) -> Vec<Failure> {
        let of_a_stream = self.stream.iter().flat_map(|_| FAILURES_OF_A_STREAM);
        FAILURES.into_iter().chain(of_a_stream).collect()
    }

    pub(crate) async fn fail(&mut self, failure: Failure, random: &mut StdRng) {
        let for_so_long = Duration::from_millis(random.random_range(200..2_000));
        match (failure, &mut self.stream) {
            (Failure::ListenerKilled, _) => {
                self.listener.kill().await;
                self.network.aim(self.listener.ears());
            }
            (Failure::NetworkCut, _) => self.network.cut(),
            (Failure::NetworkSilent, _) => silent(&self.network, for_so_long).await,
            (Failure::DatabaseCut, _) => self.database.cut(),
            (Failure::DatabaseAway, _) => {
                self.database.refuse();
                self.database.cut();
                lasts(for_so_long).await;
                self.database.forward();
            }
            (Failure::DatabaseSilent, _) => silent(&self.database, for_so_long).await,
            (Failure::BackendsEnded, _) => {
                let statement = "select count(pg_terminate_backend(pid)) from pg_stat_activity
                                  where datname = current_database() and pid <> pg_backend_pid() and usename = $1";
                let ended: i64 = sqlx::query_scalar(statement)
                    .bind(SERVER_ROLE)
                    .fetch_one(self.db.superuser_pool())
                    .await
                    .expect("they are ended");
                assert!(ended > 0, "the servers have connections");
            }
            (Failure::PostgresKilled, _) => {
                let pid = self.postgres.pid().and_then(|pid| Pid::from_raw(pid.cast_signed())).expect("it runs");
                kill_process(pid, Signal::KILL).expect("a signal");
                self.postgres.exited().await;
                lasts(for_so_long).await;
                self.postgres.restart().await.expect("it comes back");
            }
            (Failure::ProcessorKilled, Some(stream)) => {
                let number = random.random_range(0..stream.processors.len());
                stream.processors[number].kill().await;
            }
            (Failure::ProcessorAsleep, Some(stream)) => {
                let number = random.random_range(0..stream.processors.len());
                stream.processors[number].served.signal(Signal::STOP);
                lasts(for_so_long).await;
                stream.processors[number].served.signal(Signal::CONT);
            }
            (Failure::RedisKilled, Some(stream)) => {
                stream.redis.kill();
                lasts(for_so_long).await;
                stream.redis.restart().await;
                stream.way.aim(stream.redis.target());
            }
            (Failure::RedisCut, Some(stream)) => stream.way.cut(),
            (Failure::RedisSilent, Some(stream)) => silent(&stream.way, for_so_long).await,
            (_, None) => unreachable!("there is no stream"),
        }
    }

    pub(crate) async fn count(&self, statement: &'static str) -> i64 {
        sqlx::query_scalar(statement).fetch_one(self.db.owner_pool()).await.expect("a count")
    }

    /// Until nothing waits that was acknowledged.
    pub(crate) async fn drain(&self) {
        let Some(stream) = &self.stream else { return };
        let client = redis::Client::open(stream.redis.url()).expect("an address");
        let mut connection = client.get_multiplexed_async_connection().await.expect("Redis");
        let nothing_waits = async || {
            let mut waits = 0;
            for shard in 0..SHARDS {
                let key = format!("telemetry:teltonika:{{{shard}}}");
                waits += redis::cmd("XLEN").arg(key).query_async::<u64>(&mut connection.clone()).await.expect("a length");
            }
            waits == 0
        };
        wait_until("nothing waits in Redis", WHOLE_WITHIN, nothing_waits).await;
        redis::cmd("PING").exec_async(&mut connection).await.expect("Redis");
    }

    /// Each device's records were kept in the order in which it sent them.
    pub(crate) async fn check_order(&self) {
        let behind = "select count(*) from (
             select received_at < lag(received_at) over (partition by device_id order by at) as behind from positions) as p
             where behind";
        assert_eq!(self.count(behind).await, 0, "a device's records are kept in their order");
    }

    /// Whether what is told of visits is what the positions say, reckoned by hand; answers how many there were.
    pub(crate) async fn compare_visits(&self) -> usize {
        let pool = self.db.owner_pool();
        let untold = "select count(*) from device_states where retell_from is not null";
        let all_told = async || sqlx::query_scalar::<_, i64>(untold).fetch_one(pool).await.expect("states") == 0;
        wait_until("stories are told anew where something came late", WHOLE_WITHIN, all_told).await;
        let devices: Vec<Uuid> = sqlx::query_scalar("select node_id from devices").fetch_all(pool).await.expect("devices");
        let mut visits = 0;
        for device in devices {
            let true_ones = "select at, longitude, latitude from positions where device_id = $1 and faulty is null";
            let positions: Vec<(DateTime<Utc>, f64, f64)> =
                sqlx::query_as(true_ones).bind(device).fetch_all(pool).await.expect("positions");
            let places: Vec<_> =
                positions.into_iter().map(|(at, longitude, latitude)| (at, Place::new(longitude, latitude))).collect();
            let told = "select entered_at, geofence_id, left_at from timing_records where device_id = $1 order by 1, 2";
            let told: Vec<(DateTime<Utc>, Uuid, Option<DateTime<Utc>>)> =
                sqlx::query_as(told).bind(device).fetch_all(pool).await.expect("timing records");
            let expected = visits_by_hand(&places, &self.fences).into_iter().map(|v| (v.entered_at, v.fence, v.left_at));
            assert_eq!(told, expected.collect::<Vec<_>>(), "{device}");
            visits += told.len();
        }
        visits
    }

    /// Each ends well.
    pub(crate) async fn stop(self) {
        let (processors, way, redis) = match self.stream {
            Some(stream) => (stream.processors, Some(stream.way), Some(stream.redis)),
            None => (Vec::new(), None, None),
        };
        for member in std::iter::once(self.listener).chain(processors) {
            assert_eq!(member.served.terminate().await, Some(0));
        }
        for proxy in [self.network, self.database].into_iter().chain(way) {
            proxy.stop().await;
        }
        drop(redis);
    }
}

/// Faults come and go at times of their own, whatever is going on.
pub(crate) async fn lasts(span: Duration) {
    tokio::time::interval_at(Instant::now() + span, span).tick().await;
}

/// Nothing gets through, and nobody is told so until it is over.
async fn silent(way: &TcpProxy, for_so_long: Duration) {
    way.stall();
    lasts(for_so_long).await;
    way.cut();
    way.forward();
}

/// Where the devices drive about, as if they had always been there.
async fn fences(db: &TestDb, parent: Uuid) -> Vec<Fence> {
    let mut fences = Vec::new();
    for (longitude, radius_m) in [(10.7, 2_000.0), (10.75, 3_500.0), (10.8, 1_000.0)] {
        let shape = Shape::Circle { center: [longitude, 59.91], radius_m };
        let id = db.geofence("Depot", &serde_json::to_value(&shape).expect("JSON"), parent).await;
        fences.push(Fence { id, shape, dwell_s: None, from: DateTime::UNIX_EPOCH, until: None });
    }
    sqlx::query("update geofence_shapes set valid_from = 'epoch'").execute(db.superuser_pool()).await.expect("the past");
    fences
}
