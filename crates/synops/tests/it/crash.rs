//! PostgreSQL crashes under writers: what it still has afterwards is what everybody ends with, even
//! when it lost commits that readers had been told of.

use crate::client::Client;
use crate::feed::transaction;
use crate::managed::data_dir;
use crate::program::Served;
use crate::socket::{Held, Reader};
use domain::NodeKind;
use domain::node::INSTANCE_ID;
use managed_postgres::Cluster;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::collections::{BTreeMap, HashSet};
use std::str::FromStr;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use store::bootstrap::{DATABASE, OWNER_ROLE, SERVER_ROLE};
use tempfile::TempDir;
use testkit::{graph, wait_until};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const LIMIT: Duration = Duration::from_secs(60);
const KINDS: [&str; 1] = ["group"];
/// Commits between two crashes.
const COMMITS: usize = 150;
/// Of these nobody flushes any, when that is what is tried.
const UNFLUSHED_COMMITS: usize = 30;
/// Crashes at most, until one has lost a commit that a reader had been told of.
const ROUNDS_MAX: usize = 5;

/// What crashes.
#[derive(Clone, Copy, Debug)]
enum Victim {
    /// PostgreSQL as a whole; somebody must start it again.
    Postmaster,
    /// One of its processes: the postmaster ends all others and recovers by itself.
    WalWriter,
}

/// A PostgreSQL of the test's own: durable, as in production.
pub(crate) struct Database {
    pub(crate) cluster: Cluster,
    /// The superuser's.
    pub(crate) pool: sqlx::PgPool,
    _dir: TempDir,
}

impl Database {
    pub(crate) async fn start() -> Self {
        let dir = data_dir();
        let config = managed_postgres::Config::new(dir.path()).setting("fsync", "on");
        let cluster = Cluster::start(config).await.expect("PostgreSQL");
        store::bootstrap::bootstrap(&cluster.connection_url("postgres", "postgres")).await.expect("logins");
        let owner_url = cluster.connection_url(OWNER_ROLE, DATABASE);
        store::migrate::migrate(&owner_url, SERVER_ROLE).await.expect("the schema");
        let pool = pool(&cluster.connection_url("postgres", DATABASE), true);
        Self { cluster, pool, _dir: dir }
    }

    pub(crate) fn server_url(&self) -> String {
        self.cluster.connection_url(SERVER_ROLE, DATABASE)
    }

    fn writers_url(&self) -> String {
        self.cluster.connection_url(OWNER_ROLE, DATABASE)
    }

    async fn workspace(&self, title: &str) -> Uuid {
        let mut tx = self.pool.begin().await.expect("a transaction");
        let id = graph::insert_node(&mut tx, NodeKind::Workspace, title, INSTANCE_ID).await.expect("a workspace");
        tx.commit().await.expect("a workspace");
        id
    }

    async fn groups(&self) -> BTreeMap<Uuid, i64> {
        let rows: Vec<(Uuid, i64)> =
            sqlx::query_as("select id, version from nodes where kind = 'group'").fetch_all(&self.pool).await.expect("the groups");
        rows.into_iter().collect()
    }

    /// When it last recovered; `None` while nobody can ask.
    async fn recovered_at(&self) -> Option<String> {
        sqlx::query_scalar("select stats_reset::text from pg_stat_archiver").fetch_one(&self.pool).await.ok()
    }

    /// The process that flushes what commits left unflushed.
    async fn wal_writer(&self) -> Pid {
        let statement = "select pid from pg_stat_activity where backend_type = 'walwriter'";
        let pid = sqlx::query_scalar(statement).fetch_one(&self.pool).await.expect("the WAL writer");
        Pid::from_raw(pid).expect("a process")
    }

    async fn kill(&self, victim: Victim) {
        let (before, wal_writer, exited) = (self.recovered_at().await, self.wal_writer().await, self.cluster.exited());
        if let Victim::Postmaster = victim {
            let postmaster = self.cluster.pid().and_then(|pid| Pid::from_raw(pid.cast_signed())).expect("it runs");
            kill_process(postmaster, Signal::KILL).expect("a signal");
        }
        // Nobody flushes on its way out either.
        kill_process(wal_writer, Signal::KILL).expect("a signal");
        match victim {
            Victim::Postmaster => {
                tokio::time::timeout(LIMIT, exited).await.expect("it ends");
            }
            Victim::WalWriter => {
                let recovered = async || self.recovered_at().await.is_some_and(|at| Some(at) != before);
                wait_until("it has recovered", LIMIT, recovered).await;
            }
        }
    }
}

/// One connection, made anew when it is lost. Without `sync` its commits return before they are
/// flushed, and a crash loses the last of them.
fn pool(url: &str, sync: bool) -> sqlx::PgPool {
    let options = PgConnectOptions::from_str(url).expect("a URL");
    let options = options.options([("synchronous_commit", if sync { "on" } else { "off" })]);
    PgPoolOptions::new().max_connections(1).acquire_timeout(Duration::from_secs(1)).connect_lazy_with(options)
}

/// Writes whatever happens to the database, until told to stop.
async fn write(db: sqlx::PgPool, parents: Vec<Uuid>, seed: u64, commits: Arc<AtomicUsize>, stop: CancellationToken) {
    let mut random = StdRng::seed_from_u64(seed);
    let mut mine = Vec::new();
    while !stop.is_cancelled() {
        if let Ok(true) = transaction(&db, &parents, &mut mine, &mut random).await {
            commits.fetch_add(1, Relaxed);
        }
    }
    db.close().await;
}

/// Keeps making groups, and notes those whose commit it was told of.
async fn mark(db: sqlx::PgPool, parent: Uuid, made: Arc<Mutex<HashSet<Uuid>>>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let making = async {
            let mut tx = db.begin().await?;
            let id = graph::insert_node(&mut tx, NodeKind::Group, "marker", parent).await?;
            tx.commit().await.map(|()| id)
        };
        if let Ok(id) = making.await {
            made.lock().expect("nobody panics with it").insert(id);
        }
    }
    db.close().await;
}

/// Crashes under writers: three times under such as wait for the flush of their commits, so that
/// nothing can be lost; or under others, until something was that a reader had been told of.
async fn crash_and_compare(victim: Victim, flushed: bool) {
    let mut database = Database::start().await;
    let dir = data_dir();
    let url = database.server_url();
    let served = Served::start(dir.path(), &[("DATABASE_URL", &url), ("SYNOPS_DATABASE_CONNECTIONS_MAX", "8")]).await;
    let admin = Client::new(served.address());
    admin.sign_in_by_link(served.line.split_whitespace().last().expect("a link")).await;
    let parents = vec![database.workspace("one").await, database.workspace("two").await];

    let stop = CancellationToken::new();
    let (commits, made) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(HashSet::new())));
    let mut writers = JoinSet::new();
    for seed in 1..=8 {
        writers.spawn(write(pool(&database.writers_url(), flushed), parents.clone(), seed, commits.clone(), stop.clone()));
    }
    writers.spawn(mark(pool(&database.writers_url(), flushed), parents[0], made.clone(), stop.clone()));
    let mut stay = JoinSet::new();
    for _ in 0..3 {
        stay.spawn(Reader::start(served.address(), admin.session(), &KINDS).await.follow(stop.clone()));
    }
    let mut leaves = Reader::start(served.address(), admin.session(), &KINDS).await;
    let (mut lost, mut ghosts, mut rounds) = (0, 0, 0);
    while if flushed { rounds < 3 } else { ghosts == 0 } {
        assert!(rounds < ROUNDS_MAX, "a crash loses what was not flushed");
        rounds += 1;
        let until_crash = CancellationToken::new();
        let mut leaving = JoinSet::new();
        leaving.spawn(leaves.follow(until_crash.clone()));
        written(&commits, COMMITS).await;
        if !flushed {
            kill_process(database.wal_writer().await, Signal::STOP).expect("a signal");
            written(&commits, UNFLUSHED_COMMITS).await;
        }
        database.kill(victim).await;
        // What it was told at last stays with it, and it is away until the database is back.
        until_crash.cancel();
        leaves = leaving.join_next().await.expect("a reader").expect("it read");
        leaves.cut();
        if let Victim::Postmaster = victim {
            wait_until("it says that it is not ready", LIMIT, async || admin.get("/readyz").await.status == 503).await;
            database.cluster.restart().await.expect("PostgreSQL again");
        }
        wait_until("it is ready again", LIMIT, async || admin.get("/readyz").await.status == 200).await;
        let gone = take_lost(&database, &made).await;
        lost += gone.len();
        ghosts += gone.iter().filter(|id| leaves.held.rows.contains_key(*id)).count();
        wait_until("it takes the reader", LIMIT, async || leaves.try_connect().await.is_ok()).await;
    }
    // Until the ids of what was lost are in use again.
    written(&commits, COMMITS).await;
    stop.cancel();
    while let Some(done) = writers.join_next().await {
        done.expect("a writer");
    }
    let there = database.groups().await;
    let mut readers = stay.join_all().await;
    readers.push(leaves);
    for reader in &mut readers {
        reader.until("it holds what the database has", |held| held.node_versions() == there).await;
        assert_eq!(titles(&reader.held), database_titles(&database).await);
        assert_eq!(reader.held.repeats, Vec::<Value>::new(), "told twice");
    }
    let resyncs: Vec<usize> = readers.iter().map(|reader| reader.held.resyncs).collect();
    println!(
        "{victim:?}: {rounds} crashes, {} commits, {lost} groups lost, {ghosts} of them told; resyncs {resyncs:?}",
        commits.load(Relaxed)
    );
    assert_eq!(lost == 0, flushed, "acknowledged commits that were lost: {lost}");
    assert_eq!(served.terminate().await, Some(0));
    database.pool.close().await;
    database.cluster.stop().await.expect("PostgreSQL stops");
}

async fn written(commits: &AtomicUsize, count: usize) {
    let from = commits.load(Relaxed);
    wait_until("they write", LIMIT, async || commits.load(Relaxed) >= from + count).await;
}

/// The groups that the database acknowledged and does not have; they are forgotten.
async fn take_lost(database: &Database, made: &Mutex<HashSet<Uuid>>) -> Vec<Uuid> {
    let acknowledged: HashSet<Uuid> = made.lock().expect("nobody panics with it").clone();
    let there = database.groups().await;
    let lost: Vec<Uuid> = acknowledged.into_iter().filter(|id| !there.contains_key(id)).collect();
    let mut made = made.lock().expect("nobody panics with it");
    made.retain(|id| !lost.contains(id));
    lost
}

fn titles(held: &Held) -> BTreeMap<Uuid, String> {
    held.rows.iter().map(|(id, row)| (*id, row["title"].as_str().expect("a title").to_owned())).collect()
}

async fn database_titles(database: &Database) -> BTreeMap<Uuid, String> {
    let rows: Vec<(Uuid, String)> =
        sqlx::query_as("select id, title from nodes where kind = 'group'").fetch_all(&database.pool).await.expect("titles");
    rows.into_iter().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql_killed_under_writers_loses_nothing() {
    crash_and_compare(Victim::Postmaster, true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql_killed_with_unflushed_commits_leaves_no_ghosts() {
    crash_and_compare(Victim::Postmaster, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_of_postgresql_killed_leaves_no_ghosts() {
    crash_and_compare(Victim::WalWriter, false).await;
}
