//! The ledger: devices send while the server, the network and the database fail under them; what was acknowledged is
//! kept, once, what is told of visits is what it says, and nothing but what can't be kept is on the desk.

use crate::ledger_file::Ledger;
use crate::program::{Served, synops};
use chrono::{DateTime, Utc};
use domain::telemetry::track::visits_by_hand;
use domain::telemetry::{Fence, Place, Shape};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, RngExt, SeedableRng};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use store::bootstrap::SERVER_ROLE;
use testkit::{Target, TcpProxy, TestDb, wait_until};
use tokio::time::{Instant, timeout};
use uuid::Uuid;

/// How long things fail, in seconds, and by which numbers; see CONTRIBUTING.md.
const SECONDS_VARIABLE: &str = "SYNOPS_TEST_LEDGER_S";
const SEED_VARIABLE: &str = "SYNOPS_TEST_LEDGER_SEED";
const SECONDS: u64 = 40;
/// Records that come through behind the last failure, and what can't be kept by then: it goes on.
const RECORDS_BEHIND: i64 = 1_000;
const LETTERS: i64 = 3;
const DEVICES: usize = 30;
const RECORDS_PER_FRAME: usize = 3;
const POSITIONS: &str = "select count(*) from positions";
const ON_THE_DESK: &str = "select count(*) from dead_letters where source = 'telemetry'";
/// For the simulator to end: its own bound, and a slow machine.
const ENDS_WITHIN: Duration = Duration::from_secs(120);

#[derive(Clone, Copy, Debug)]
enum Failure {
    ServerKilled,
    NetworkCut,
    NetworkSilent,
    DatabaseCut,
    DatabaseAway,
    DatabaseSilent,
    BackendsEnded,
}

const FAILURES: [Failure; 7] = [
    Failure::ServerKilled,
    Failure::NetworkCut,
    Failure::NetworkSilent,
    Failure::DatabaseCut,
    Failure::DatabaseAway,
    Failure::DatabaseSilent,
    Failure::BackendsEnded,
];

/// A server whose ways to its devices and to its database can be broken.
struct Stage {
    db: TestDb,
    fences: Vec<Fence>,
    /// To the database.
    database: TcpProxy,
    /// To the server's ears.
    network: TcpProxy,
    dir: tempfile::TempDir,
    served: Served,
}

impl Stage {
    async fn new() -> Self {
        let db = TestDb::new().await;
        let fleet = db.workspace("Fleet").await;
        let fences = fences(&db, fleet).await;
        let (database, dir) = (TcpProxy::start(db.target()).await, tempfile::tempdir().expect("a directory"));
        let served = serve(&db, &database, dir.path()).await;
        let network = TcpProxy::start(ears(&served)).await;
        Self { db, fences, database, network, dir, served }
    }

    /// Whether what is told of visits is what the positions say, reckoned by hand; answers how many there were.
    async fn compare_visits(&self) -> usize {
        let pool = self.db.owner_pool();
        let untold = "select count(*) from device_states where retell_from is not null";
        let all_told = async || sqlx::query_scalar::<_, i64>(untold).fetch_one(pool).await.expect("states") == 0;
        wait_until("stories are told anew where something came late", ENDS_WITHIN, all_told).await;
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

    async fn count(&self, statement: &'static str) -> i64 {
        sqlx::query_scalar(statement).fetch_one(self.db.owner_pool()).await.expect("a count")
    }

    async fn fail(&mut self, failure: Failure, for_so_long: Duration) {
        match failure {
            Failure::ServerKilled => {
                self.served.child.kill().await.expect("it ran");
                self.served = serve(&self.db, &self.database, self.dir.path()).await;
                self.network.aim(ears(&self.served));
            }
            Failure::NetworkCut => self.network.cut(),
            Failure::NetworkSilent => {
                self.network.stall();
                lasts(for_so_long).await;
                self.network.cut();
                self.network.forward();
            }
            Failure::DatabaseCut => self.database.cut(),
            Failure::DatabaseAway => {
                self.database.refuse();
                self.database.cut();
                lasts(for_so_long).await;
                self.database.forward();
            }
            Failure::DatabaseSilent => {
                self.database.stall();
                lasts(for_so_long).await;
                self.database.cut();
                self.database.forward();
            }
            Failure::BackendsEnded => {
                let statement = "select count(pg_terminate_backend(pid)) from pg_stat_activity
                                  where datname = current_database() and pid <> pg_backend_pid() and usename = $1";
                let ended: i64 = sqlx::query_scalar(statement)
                    .bind(SERVER_ROLE)
                    .fetch_one(self.db.superuser_pool())
                    .await
                    .expect("they are ended");
                assert!(ended > 0, "the server has connections");
            }
        }
    }
}

/// Faults come and go at times of their own, whatever is going on.
async fn lasts(span: Duration) {
    tokio::time::interval_at(Instant::now() + span, span).tick().await;
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

async fn serve(db: &TestDb, database: &TcpProxy, dir: &Path) -> Served {
    let url = db.server_url_via(database.address());
    let variables = [
        ("DATABASE_URL", url.as_str()),
        ("SYNOPS_DATABASE_CONNECTIONS_MAX", "8"),
        ("SYNOPS_ROLES", "gateway,ingest"),
        ("SYNOPS_TELEMETRY_LISTEN", "127.0.0.1:0"),
    ];
    Served::start(dir, &variables).await
}

/// Where it says that it listens to devices.
fn ears(served: &Served) -> Target {
    let log = served.log();
    let line = log.lines().find(|line| line.contains("devices are listened to")).expect("it listens to devices");
    let address = line.split_whitespace().find_map(|word| word.strip_prefix("address=")).expect("where");
    Target::Tcp(address.to_owned())
}

#[expect(clippy::disallowed_methods, reason = "how long it takes is for whoever runs it to say")]
fn number_of(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a number"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_kept_once_whatever_fails() {
    let seconds = number_of(SECONDS_VARIABLE).unwrap_or(SECONDS);
    let seed = number_of(SEED_VARIABLE).unwrap_or_else(|| rand::rng().next_u64());
    println!("{SEED_VARIABLE}={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let mut stage = Stage::new().await;
    let file = stage.dir.path().join("ledger");
    let arguments = format!(
        "devices simulate --create --in Fleet --to {} --devices {DEVICES} --rate 600 --records-per-frame {RECORDS_PER_FRAME} \
         --loss 0.02 --duplicates 0.02 --poison 0.015 --reconnect-every 9 --seed {seed} --ledger {} --json",
        stage.network.address(),
        file.display()
    );
    let arguments: Vec<&str> = arguments.split_whitespace().collect();
    let url = stage.db.server_url();
    let mut command = synops(&arguments, &[("DATABASE_URL", &url)]);
    let simulator = command.stdout(Stdio::piped()).spawn().expect("it starts");
    wait_until("devices are made, and send", ENDS_WITHIN, async || stage.count(POSITIONS).await > 0).await;
    let until = Instant::now() + Duration::from_secs(seconds);
    let (mut failures, mut counted) = (Vec::new(), 0);
    while Instant::now() < until || counted < FAILURES.len() {
        lasts(Duration::from_millis(random.random_range(1_000..4_000))).await;
        if failures.is_empty() {
            failures = FAILURES.to_vec();
            failures.shuffle(&mut random);
        }
        let Some(failure) = failures.pop() else { continue };
        stage.fail(failure, Duration::from_millis(random.random_range(200..2_000))).await;
        counted += 1;
    }
    let before = stage.count(POSITIONS).await;
    let goes_on = async || stage.count(POSITIONS).await >= before + RECORDS_BEHIND && stage.count(ON_THE_DESK).await >= LETTERS;
    wait_until("they go on behind the last failure", ENDS_WITHIN, goes_on).await;
    let pid = simulator.id().and_then(|id| Pid::from_raw(id.cast_signed())).expect("it runs");
    kill_process(pid, Signal::TERM).expect("a signal");
    let ended = timeout(ENDS_WITHIN, simulator.wait_with_output()).await.expect("it ends").expect("its output");
    let totals: Value = serde_json::from_slice(&ended.stdout).expect("totals");
    let ledger = Ledger::read(&file);
    let silent = ledger.compare(stage.db.owner_pool()).await;
    let visits = stage.compare_visits().await;
    println!(
        "{counted} failures: {} records acknowledged, {} frames or records of poison, {silent} kept beyond, {visits} visits\n{totals}",
        ledger.healthy.len(),
        ledger.poison.len()
    );
    // What nobody was told of was sent and is not acknowledged: of each device a frame at most.
    assert!(silent <= DEVICES * RECORDS_PER_FRAME, "{silent}");
    assert!(ledger.healthy.len() > DEVICES * RECORDS_PER_FRAME && !ledger.poison.is_empty(), "{totals}");
    assert!(visits > 0, "somebody enters somewhere");
    assert!(totals["reconnects"].as_u64() > Some(0), "{totals}");
    assert_eq!(stage.served.terminate().await, Some(0));
    stage.network.stop().await;
    stage.database.stop().await;
}
