//! The tailer against a real database: whatever writers, rollbacks, slow transactions and lost
//! connections do, what it told adds up to what is there.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and is the edge that has a clock"
)]

use chrono::{DateTime, Utc};
use domain::{Level, NodeKind};
use feed::snapshot::Snapshot;
use feed::{
    AccessChange, Batch, Bell, Change, Control, Credential, InboxChange, InboxPart, ListChange, ListPart, Sink, Start, Tailer,
};
use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use testkit::{TestDb, graph, wait_until};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

const LIMIT: Duration = Duration::from_secs(60);

/// Keeps what it was told.
#[derive(Default)]
struct Told(Mutex<Model>);

#[derive(Default)]
struct Model {
    /// The last version of each node and edge, gone or not.
    versions: HashMap<Uuid, (i64, bool)>,
    titles: HashMap<Uuid, String>,
    access: Vec<AccessChange>,
    ended: Vec<Credential>,
    inbox: Vec<InboxChange>,
    lists: HashSet<ListChange>,
    /// Events at or below the version that was told before.
    repeats: usize,
    at: Option<Snapshot>,
    tokens: Vec<String>,
    starts: usize,
    rewinds: usize,
}

impl Model {
    fn tell(&mut self, id: Uuid, version: i64, gone: bool) {
        if self.versions.get(&id).is_some_and(|(known, _)| *known >= version) {
            self.repeats += 1;
        } else {
            self.versions.insert(id, (version, gone));
        }
    }

    fn present(&self) -> HashMap<Uuid, i64> {
        self.versions.iter().filter(|(_, (_, gone))| !gone).map(|(id, (version, _))| (*id, *version)).collect()
    }
}

impl Sink for Told {
    fn started(&self, start: Start) {
        let mut model = self.0.lock();
        model.starts += 1;
        model.at = Some(start.snapshot);
    }

    fn wanted_scopes(&self, _: &Control) -> Vec<Uuid> {
        Vec::new()
    }

    fn deliver(&self, batch: Batch) {
        let mut model = self.0.lock();
        model.access.extend(batch.control.access);
        model.ended.extend(batch.control.ended);
        model.inbox.extend(batch.control.inbox);
        model.lists.extend(batch.control.lists);
        for event in batch.events {
            match event.change {
                Change::Node { node, .. } => {
                    model.tell(node.id, node.version, false);
                    model.titles.insert(node.id, node.title);
                }
                Change::NodeGone { id, version, .. } | Change::EdgeGone { id, version, .. } => model.tell(id, version, true),
                Change::Edge { edge, .. } => model.tell(edge.id, edge.version, false),
            }
        }
        if batch.ends {
            model.at = Some(batch.to);
        }
    }

    fn released(&self, token: &str, _: &Snapshot) {
        self.0.lock().tokens.push(token.to_owned());
    }

    fn newcomers(&self) -> Vec<Uuid> {
        Vec::new()
    }

    fn levels(&self, _: &[Uuid], _: Vec<(Uuid, Uuid, Level)>) {}

    fn level(&self, _: DateTime<Utc>, snapshot: &Snapshot) {
        self.0.lock().at = Some(snapshot.clone());
    }

    fn rewound(&self, _: &Snapshot, _: &str) {
        self.0.lock().rewinds += 1;
    }

    fn start_over(&self, _: Start) {
        self.0.lock().starts += 1;
    }
}

struct Running {
    db: TestDb,
    told: Arc<Told>,
    bell: Bell,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

impl Running {
    async fn start() -> Self {
        let db = TestDb::new().await;
        let (told, bell, tasks, shutdown) =
            (Arc::new(Told::default()), Bell::new(), TaskTracker::new(), CancellationToken::new());
        let tailer = Tailer::new(db.server_url(), db.pool().clone(), bell.clone(), Arc::clone(&told), Utc::now);
        tailer.start(&tasks, shutdown.clone(), Uuid::now_v7());
        let running = Self { db, told, bell, tasks, shutdown };
        wait_until("the tailer runs", LIMIT, || async { running.told.0.lock().at.is_some() }).await;
        running
    }

    /// Waits until everything committed by now has been told.
    async fn level(&self) {
        let now: String = sqlx::query_scalar("select pg_current_snapshot()::text").fetch_one(self.db.owner_pool()).await.unwrap();
        let now = Snapshot::parse(&now).unwrap();
        self.bell.ring();
        wait_until("the tailer is level", LIMIT, || async { self.told.0.lock().at.as_ref().is_some_and(|at| at.covers(&now)) })
            .await;
    }

    async fn assert_equal(&self) {
        self.level().await;
        let rows: Vec<(Uuid, i64)> =
            sqlx::query_as("select id, version from nodes where kind <> 'instance' union all select id, version from edges")
                .fetch_all(self.db.owner_pool())
                .await
                .unwrap();
        let there: HashMap<Uuid, i64> = rows.into_iter().collect();
        let told = self.told.0.lock().present();
        let missing: Vec<_> = there.iter().filter(|(id, version)| told.get(*id) != Some(*version)).collect();
        let extra: Vec<_> = told.keys().filter(|id| !there.contains_key(*id)).collect();
        assert!(missing.is_empty() && extra.is_empty(), "not told: {missing:?}; told though gone: {extra:?}");
    }

    async fn stop(self) {
        self.shutdown.cancel();
        self.tasks.close();
        tokio::time::timeout(LIMIT, self.tasks.wait()).await.expect("the tailer's tasks end when told");
    }
}

/// One writer: creates, renames, moves and deletes systems; rolls some back, holds some open.
async fn write(db: sqlx::PgPool, parents: Vec<Uuid>, seed: u64, rounds: usize, hold_s: f64) {
    let mut random = StdRng::seed_from_u64(seed);
    let mut mine: Vec<Uuid> = Vec::new();
    for round in 0..rounds {
        let mut tx = db.begin().await.unwrap();
        let parent = *parents.choose(&mut random).unwrap();
        let mut made = Vec::new();
        let mut unmade = Vec::new();
        for _ in 0..random.random_range(1..4) {
            match (random.random_range(0..10), mine.choose(&mut random).copied()) {
                (0..3, _) | (_, None) => made.push(graph::insert_node(&mut tx, NodeKind::Group, "made", parent).await.unwrap()),
                (3..8, Some(id)) => {
                    let title = format!("{seed}-{round}");
                    sqlx::query("update nodes set title = $2 where id = $1")
                        .bind(id)
                        .bind(title)
                        .execute(&mut *tx)
                        .await
                        .unwrap();
                }
                (_, Some(id)) => {
                    sqlx::query("delete from nodes where id = $1").bind(id).execute(&mut *tx).await.unwrap();
                    unmade.push(id);
                }
            }
        }
        if round % 37 == 17 {
            sqlx::query("select pg_sleep($1)").bind(hold_s).execute(&mut *tx).await.unwrap();
        }
        if random.random_range(0..5) == 0 {
            tx.rollback().await.unwrap();
        } else {
            tx.commit().await.unwrap();
            mine.retain(|id| !unmade.contains(id));
            mine.extend(made.into_iter().filter(|id| !unmade.contains(id)));
        }
    }
}

/// Connections of each writer's own, like programs of their own.
async fn pool_of(url: &str) -> sqlx::PgPool {
    sqlx::postgres::PgPoolOptions::new().max_connections(1).connect(url).await.unwrap()
}

async fn run_writers(running: &Running, rounds: usize, hold_s: f64) {
    let mut parents = Vec::new();
    for name in ["one", "two", "three"] {
        parents.push(running.db.workspace(name).await);
    }
    let mut writers = JoinSet::new();
    for seed in 1..=8 {
        // Half of them are the server's own, which don't ring from inside their transactions.
        let pool = if seed % 2 == 0 {
            store::connect(&running.db.server_url(), &store::PoolOptions { connections_max: 1, ..Default::default() })
                .await
                .unwrap()
        } else {
            pool_of(&running.db.owner_url()).await
        };
        writers.spawn(write(pool, parents.clone(), seed, rounds, hold_s));
    }
    while let Some(done) = writers.join_next().await {
        done.expect("a writer");
    }
}

#[tokio::test]
async fn every_commit_is_told_once() {
    let running = Running::start().await;
    run_writers(&running, 120, 0.3).await;
    running.assert_equal().await;
    let repeats = running.told.0.lock().repeats;
    assert_eq!(repeats, 0, "nothing is told twice while the database stays");
    assert!(running.told.0.lock().versions.len() > 300, "the writers wrote");
    running.stop().await;
}

#[tokio::test]
async fn lost_connections_lose_nothing() {
    let running = Running::start().await;
    let killer = running.db.superuser_pool().clone();
    let database = running.db.name().to_owned();
    let cutting = async {
        let mut beat = tokio::time::interval(Duration::from_millis(150));
        loop {
            beat.tick().await;
            // The tailer and its listener; whichever is there.
            sqlx::query(
                "select pg_terminate_backend(pid) from pg_stat_activity
                  where datname = $1 and (application_name = 'synops tailer' or query ilike 'listen%')",
            )
            .bind(&database)
            .execute(&killer)
            .await
            .unwrap();
        }
    };
    tokio::select! {
        () = run_writers(&running, 120, 0.2) => {}
        () = cutting => {}
    }
    running.assert_equal().await;
    assert_eq!(running.told.0.lock().starts, 1, "a lost connection is no reason to begin anew");
    running.stop().await;
}

#[tokio::test]
async fn a_large_transaction_comes_whole_and_in_parts() {
    let running = Running::start().await;
    let from = running.db.workspace("from").await;
    let to = running.db.workspace("to").await;
    let group = running.db.group("group", from).await;
    sqlx::query(
        "with made as (insert into nodes (id, kind, title, scope_id)
             select gen_random_uuid(), 'group', 'g' || i, $2 from generate_series(1, 3000) i returning id)
         insert into edges (id, source_id, target_id, kind) select gen_random_uuid(), id, $1, 'part_of' from made",
    )
    .bind(group)
    .bind(from)
    .execute(running.db.owner_pool())
    .await
    .unwrap();
    running.assert_equal().await;
    // Rewrites the scope of 3,000 nodes and both copies in 3,000 edges.
    let mut tx = running.db.owner_pool().begin().await.unwrap();
    graph::move_node(&mut tx, group, to).await.unwrap();
    tx.commit().await.unwrap();
    running.assert_equal().await;
    assert_eq!(running.told.0.lock().repeats, 0);
    running.stop().await;
}

#[tokio::test]
async fn access_and_ends_of_sessions_are_told_with_what_holds() {
    let running = Running::start().await;
    let (kari, workspace) = (running.db.person("kari").await, running.db.workspace("w").await);
    running.db.grant(kari, domain::EdgeKind::Reader, workspace).await;
    running.level().await;
    let session = Uuid::now_v7();
    sqlx::query(
        "insert into sessions (id, token_hash, person_id, expires_at) values ($1, '\\x01', $2, now() + interval '1 day')",
    )
    .bind(session)
    .bind(kari)
    .execute(running.db.owner_pool())
    .await
    .unwrap();
    sqlx::query("update people set disabled = true").execute(running.db.owner_pool()).await.unwrap();
    running.db.revoke(kari, domain::EdgeKind::Reader, workspace).await;
    running.level().await;
    let (access, ended) = {
        let model = running.told.0.lock();
        (model.access.clone(), model.ended.clone())
    };
    let levels: Vec<Option<Level>> =
        access.iter().filter(|c| c.scope_id == workspace && c.person_id == kari).map(|c| c.level).collect();
    assert_eq!(levels, vec![Some(Level::Reader), None]);
    assert_eq!(ended, vec![Credential::Session(session)]);
    running.stop().await;
}

#[tokio::test]
async fn a_psql_write_is_told_without_the_poll() {
    // The poll would find it too; that it is rung shows in the listener's own connection.
    let running = Running::start().await;
    let listening = "select count(*) from pg_stat_activity where datname = $1 and query ilike 'listen%'";
    wait_until("the listener is connected", LIMIT, || async {
        let count: i64 =
            sqlx::query_scalar(listening).bind(running.db.name()).fetch_one(running.db.superuser_pool()).await.unwrap();
        count == 1
    })
    .await;
    let mut heard = sqlx::postgres::PgListener::connect(&running.db.owner_url()).await.unwrap();
    heard.listen("synops_feed").await.unwrap();
    running.db.workspace("by psql").await;
    tokio::time::timeout(LIMIT, heard.recv()).await.expect("a foreign writer rings").unwrap();
    running.assert_equal().await;
    running.stop().await;
}

/// Of what is somebody's own the feed tells that it changed, once a batch, and nothing else.
#[tokio::test]
async fn what_is_somebodys_own_is_told_by_name_alone() {
    let running = Running::start().await;
    let kari = running.db.person("kari").await;
    running.level().await;
    let statement = "insert into notifications (id, person_id, event_id, kind, node_id, node_kind, title, body, collapse_key)
        select gen_random_uuid(), $1, gen_random_uuid(), 'announcement', $1, 'person', 'hidden words', '', g::text
          from generate_series(1, 3) g";
    sqlx::query(statement).bind(kari).execute(running.db.owner_pool()).await.unwrap();
    running.level().await;
    let told = InboxChange { person_id: kari, what: InboxPart::Notifications };
    assert_eq!(running.told.0.lock().inbox, [told]);
    let logged: String = sqlx::query_scalar("select string_agg(l::text, ' ') from change_log l where entity = 'inbox'")
        .fetch_one(running.db.owner_pool())
        .await
        .unwrap();
    assert!(!logged.contains("hidden words"), "{logged}");
    sqlx::query("delete from notifications").execute(running.db.owner_pool()).await.unwrap();
    running.level().await;
    assert_eq!(running.told.0.lock().inbox, [told, told]);
    running.stop().await;
}

/// Of rows beside the graph the feed tells whose they are, and were; not of what nobody is shown.
#[tokio::test]
async fn of_rows_beside_the_graph_is_told_whose_they_are() {
    let running = Running::start().await;
    let (kari, ola) = (running.db.person("kari").await, running.db.person("ola").await);
    let workspace = running.db.workspace("Shop").await;
    let told = async |statement: &'static str| {
        sqlx::query(statement).bind(kari).bind(ola).bind(workspace).execute(running.db.owner_pool()).await.unwrap();
        running.level().await;
        std::mem::take(&mut running.told.0.lock().lists)
    };
    let of = |people: &[Uuid], what: ListPart| people.iter().map(|of| ListChange { of: *of, what }).collect::<HashSet<_>>();
    let subscribe =
        "insert into subscriptions (id, subscriber_id, subscriber_kind, target_id) values (gen_random_uuid(), $1, 'person', $3)
        on conflict (subscriber_id, target_id, connection_id) do update set subscriber_id = $2";
    assert_eq!(told(subscribe).await, of(&[kari], ListPart::Subscriptions));
    assert_eq!(told(subscribe).await, of(&[kari, ola], ListPart::Subscriptions), "whose it was and whose it is");
    assert_eq!(told("delete from subscriptions where $1 <> $2 and $3 is not null").await, of(&[ola], ListPart::Subscriptions));
    let prefer = "insert into notification_preferences (person_id) select * from unnest(array[$1, $2]) where $3 is not null";
    assert_eq!(told(prefer).await, of(&[kari, ola], ListPart::Preferences));
    let nothing_new = "update notification_preferences set mail = mail where person_id in ($1, $2, $3)";
    assert_eq!(told(nothing_new).await, HashSet::new());
    let series = "insert into maintenance_series (id, parent_id, title, starts_at, timezone, duration_s)
        select $1, $3, 'Disks', now(), 'UTC', 60 where $2 is not null";
    assert_eq!(told(series).await, of(&[kari], ListPart::Series));
    let look = "update maintenance_series set look_at = now() where id in ($1, $2, $3)";
    assert_eq!(told(look).await, HashSet::new(), "when the clock looks again is nobody's business");
    assert_eq!(told("delete from maintenance_series where id in ($1, $2, $3)").await, of(&[kari], ListPart::Series));
    running.stop().await;
}
