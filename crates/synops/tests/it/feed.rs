//! The feed from writers to sockets, through whatever goes wrong: every reader ends with exactly
//! what the database has; nothing is told twice, nothing is lost, nothing is shown to the wrong.

use crate::access::sign_in;
use crate::app::TestApp;
use crate::socket::Reader;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use testkit::{TestDb, graph};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How long the storm lasts.
const STORM: Duration = Duration::from_secs(60);
const KINDS: [&str; 2] = ["group", "system"];

/// Connections of a program of its own.
pub(crate) async fn foreign_pool(db: &TestDb) -> sqlx::PgPool {
    sqlx::postgres::PgPoolOptions::new().max_connections(1).connect(&db.owner_url()).await.expect("a writer's connection")
}

/// A writer with psql's means: makes, renames, moves and deletes until told to stop; rolls some
/// back, holds some transactions open for two seconds.
pub(crate) async fn write(db: sqlx::PgPool, parents: Vec<Uuid>, seed: u64, stop: CancellationToken) -> usize {
    let mut random = StdRng::seed_from_u64(seed);
    let mut mine: Vec<Uuid> = Vec::new();
    let mut commits = 0;
    while !stop.is_cancelled() {
        match transaction(&db, &parents, &mut mine, &mut random).await {
            Ok(true) => commits += 1,
            Ok(false) => {}
            // Two moves crossed: one of them is told to try again.
            Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("40P01") => {}
            Err(error) => panic!("writer {seed}: {error}"),
        }
    }
    commits
}

pub(crate) async fn transaction(
    db: &sqlx::PgPool,
    parents: &[Uuid],
    mine: &mut Vec<Uuid>,
    random: &mut StdRng,
) -> Result<bool, sqlx::Error> {
    let mut tx = db.begin().await?;
    let parent = *parents.choose(random).expect("parents");
    let (mut made, mut gone) = (Vec::new(), Vec::new());
    match (random.random_range(0..10), mine.choose(random).copied()) {
        (0..3, _) | (_, None) => made.push(graph::insert_node(&mut tx, domain::NodeKind::Group, "made", parent).await?),
        (3..7, Some(id)) => {
            let title = format!("renamed {}", random.random::<u32>());
            sqlx::query("update nodes set title = $2 where id = $1").bind(id).bind(title).execute(&mut *tx).await?;
        }
        (7..9, Some(id)) => graph::move_node(&mut tx, id, parent).await?,
        (_, Some(id)) => {
            sqlx::query("delete from nodes where id = $1").bind(id).execute(&mut *tx).await?;
            gone.push(id);
        }
    }
    if random.random_range(0..200) == 0 {
        sqlx::query("select pg_sleep(2)").execute(&mut *tx).await?;
    }
    if random.random_range(0..6) == 0 {
        tx.rollback().await?;
        return Ok(false);
    }
    tx.commit().await?;
    mine.retain(|id| !gone.contains(id));
    mine.extend(made);
    Ok(true)
}

/// A reader whose connection is cut at random, and who goes on at either server by its token.
async fn read(mut reader: Reader, servers: Vec<std::net::SocketAddr>, seed: u64, stop: CancellationToken) -> Reader {
    let mut random = StdRng::seed_from_u64(seed);
    let mut cut_at = Instant::now() + Duration::from_millis(random.random_range(500..4_000));
    while !stop.is_cancelled() {
        let there = reader.read(Duration::from_millis(100)).await;
        if !there || Instant::now() >= cut_at {
            reader.cut();
            reader.address = *servers.choose(&mut random).expect("servers");
            reader.connect().await;
            cut_at = Instant::now() + Duration::from_millis(random.random_range(500..4_000));
        }
    }
    reader
}

pub(crate) async fn nodes_there(db: &TestDb) -> BTreeMap<Uuid, i64> {
    let rows: Vec<(Uuid, i64)> = sqlx::query_as("select id, version from nodes where kind in ('group', 'system')")
        .fetch_all(db.owner_pool())
        .await
        .unwrap();
    rows.into_iter().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_writers_cuts_and_kills_loses_nothing() {
    let app = TestApp::start().await;
    let second = app.second().await;
    let admin = app.administrator().await;
    let session = admin.session();
    let mut parents = Vec::new();
    for title in ["one", "two", "three"] {
        parents.push(app.db.workspace(title).await);
    }
    let stop = CancellationToken::new();
    let mut writers = JoinSet::new();
    for seed in 1..=8 {
        writers.spawn(write(foreign_pool(&app.db).await, parents.clone(), seed, stop.clone()));
    }
    let servers = vec![app.ready.address, second.ready.address];
    let mut readers = JoinSet::new();
    for seed in 1..=6 {
        let reader = Reader::start(servers[0], session.clone(), &KINDS).await;
        readers.spawn(read(reader, servers.clone(), 100 + seed, stop.clone()));
    }
    let mut killer = JoinSet::new();
    killer.spawn(kill_feed_connections(app.db.superuser_pool().clone(), app.db.name().to_owned(), stop.clone()));
    let _ = timeout(STORM, stop.cancelled()).await;
    stop.cancel();
    let mut commits = 0;
    while let Some(done) = writers.join_next().await {
        commits += done.expect("a writer");
    }
    killer.join_all().await;
    let there = nodes_there(&app.db).await;
    while let Some(reader) = readers.join_next().await {
        let mut reader = reader.expect("a reader");
        reader.until("the reader holds what the database has", |held| held.node_versions() == there).await;
        assert_eq!(reader.held.repeats, Vec::<Value>::new(), "told twice");
        assert_eq!(reader.held.resyncs, 0, "a token within retention is continued");
    }
    assert!(commits > 200, "the writers wrote: {commits}");
}

/// Ends the tailers' and listeners' connections, again and again.
async fn kill_feed_connections(db: sqlx::PgPool, database: String, stop: CancellationToken) {
    let statement = "select pg_terminate_backend(pid) from pg_stat_activity
        where datname = $1 and (application_name = 'synops tailer' or query ilike 'listen %')";
    while timeout(Duration::from_secs(5), stop.cancelled()).await.is_err() {
        sqlx::query(statement).bind(&database).execute(&db).await.expect("the superuser may");
    }
}

#[tokio::test]
async fn tokens_that_cannot_be_continued_get_a_resync() {
    let app = TestApp::start().await;
    let admin = app.administrator().await;
    app.db.group("group", app.db.workspace("workspace").await).await;
    let mut reader = Reader::start(app.ready.address, admin.session(), &KINDS).await;
    reader.until("a token", |held| held.token.is_some()).await;
    let good = reader.held.token.clone().unwrap();
    let (epoch, snapshot) = good.split_once('~').unwrap();
    let xmax: u64 = snapshot.split(':').nth(1).unwrap().parse().unwrap();
    let ahead = format!("{epoch}~{0}:{0}:", xmax + 1_000_000);
    let other = format!("0123456789abcdef~{snapshot}");
    let long = format!("{good}{}", ",9".repeat(3_000));
    for bad in ["", "nonsense", "~", "0:0:", &ahead, &other, &long] {
        let before = reader.held.resyncs;
        reader.subscribe("kind:team", Some(bad)).await;
        reader.until(&format!("a resync for {bad:.40}"), |held| held.resyncs > before).await;
        // The reader subscribes anew by itself; make room for the next.
        reader.until("it runs then", |held| held.running.contains("kind:team")).await;
        reader.say(&json!({ "type": "unsubscribe", "id": "kind:team" })).await;
        reader.held.running.remove("kind:team");
    }
    // Retention has dropped what the token did not see.
    sqlx::query("update change_log_horizon set dropped_xid = pg_current_xact_id()").execute(app.db.owner_pool()).await.unwrap();
    let before = reader.held.resyncs;
    reader.subscribe("kind:team", Some(&good)).await;
    reader.until("a resync for a token older than retention", |held| held.resyncs > before).await;
}

/// Grants, revocations and moves between scopes beside busy writers: bodies carry the name of the
/// scope they are in, so a frame with a marker that its reader may not see is a leak.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_frame_shows_what_its_reader_may_not_see() {
    let app = TestApp::start().await;
    let admin = app.administrator().await;
    let open = app.db.workspace("open").await;
    let secret = app.db.workspace("secret").await;
    let (kari, kari_client) = sign_in(&app, &admin, "kari").await;
    app.db.grant(kari, domain::EdgeKind::Reader, open).await;
    let mut reader = Reader::start(app.ready.address, kari_client.session(), &KINDS).await;
    reader.held.keep_frames = true;

    let stop = CancellationToken::new();
    let mut writers = JoinSet::new();
    for seed in 1..=8 {
        writers.spawn(write_marked(foreign_pool(&app.db).await, [open, secret], seed, stop.clone()));
    }
    let until = Instant::now() + Duration::from_secs(10);
    while Instant::now() < until {
        reader.read(Duration::from_millis(50)).await;
    }
    stop.cancel();
    while let Some(done) = writers.join_next().await {
        done.expect("a writer");
    }
    let visible = |db: &TestDb| {
        let db = db.owner_pool().clone();
        async move {
            let rows: Vec<(Uuid, i64)> =
                sqlx::query_as("select id, version from nodes where kind in ('group', 'system') and scope_id = $1")
                    .bind(open)
                    .fetch_all(&db)
                    .await
                    .unwrap();
            rows.into_iter().collect::<BTreeMap<_, _>>()
        }
    };
    let there = visible(&app.db).await;
    reader.until("it holds what is open", |held| held.node_versions() == there).await;
    assert!(reader.held.frames.iter().any(|frame| frame.contains("marker-open")), "open things were told");
    let leak = reader.held.frames.iter().find(|frame| frame.contains("marker-secret"));
    assert_eq!(leak, None, "a body from the secret scope was sent");

    // A grant brings all of it, a revocation takes it away, on the open socket.
    let grant = app.db.grant(kari, domain::EdgeKind::Reader, secret).await;
    let both = nodes_there(&app.db).await;
    reader.until("the grant brings the rest", |held| held.node_versions() == both).await;
    let _ = grant;
    app.db.revoke(kari, domain::EdgeKind::Reader, secret).await;
    reader.until("the revocation takes it away", |held| held.node_versions() == there).await;
    reader.held.frames.clear();
    let statement = "update nodes set body = 'marker-secret after the revocation' where scope_id = $1";
    sqlx::query(statement).bind(secret).execute(app.db.owner_pool()).await.unwrap();
    let mark = app.db.group("the last", open).await;
    reader.until("what came after", |held| held.rows.contains_key(&mark)).await;
    assert!(!reader.held.frames.iter().any(|frame| frame.contains("marker-secret")), "nothing after the revocation");
}

/// Moves nodes between two scopes; each body says which one it is in, in the same transaction.
async fn write_marked(db: sqlx::PgPool, scopes: [Uuid; 2], seed: u64, stop: CancellationToken) {
    let mut random = StdRng::seed_from_u64(seed);
    let mut mine: Vec<Uuid> = Vec::new();
    while !stop.is_cancelled() {
        let at = random.random_range(0..2);
        let marker = ["marker-open", "marker-secret"][at];
        let mut tx = db.begin().await.expect("a transaction");
        let id = match mine.choose(&mut random).copied().filter(|_| mine.len() > 20) {
            Some(id) => id,
            None => graph::insert_node(&mut tx, domain::NodeKind::Group, "marked", scopes[at]).await.expect("a node"),
        };
        let marked = async {
            graph::move_node(&mut tx, id, scopes[at]).await?;
            sqlx::query("update nodes set body = $2 where id = $1").bind(id).bind(marker).execute(&mut *tx).await
        };
        if marked.await.is_ok() && tx.commit().await.is_ok() && !mine.contains(&id) {
            mine.push(id);
        }
    }
}

/// A missing partition, and the change from one partition to the next, fail no write.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn partitions_come_and_go_under_load_and_no_write_fails() {
    let app = TestApp::start().await;
    let parents = vec![app.db.workspace("one").await, app.db.workspace("two").await];
    let stop = CancellationToken::new();
    let mut writers = JoinSet::new();
    for seed in 1..=4 {
        writers.spawn(write(foreign_pool(&app.db).await, parents.clone(), seed, stop.clone()));
    }
    let owner = app.db.owner_pool();
    let today: String = sqlx::query_scalar("select 'change_log_p' || to_char(now() at time zone 'UTC', 'YYYYMMDD')")
        .fetch_one(owner)
        .await
        .unwrap();
    for _ in 0..3 {
        // The day's partition goes missing: the net catches the rows …
        let statement = format!("alter table change_log detach partition {today}");
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(owner).await.unwrap();
        sqlx::query(sqlx::AssertSqlSafe(format!("alter table {today} rename to kept_{}", Uuid::new_v4().simple())))
            .execute(owner)
            .await
            .unwrap();
        let _ = timeout(Duration::from_millis(700), stop.cancelled()).await;
        // … and upkeep makes it late, taking them over.
        testkit::wait_until("the partition is made", Duration::from_secs(60), || async {
            let made = store::partition::keep_partitions(
                app.db.pool(),
                store::partition::Partitioned::ChangeLog,
                Duration::from_secs(172_800),
            );
            match made.await {
                Ok(None) => true,
                Ok(Some(_)) => false,
                Err(error) => {
                    assert_eq!(error.as_database_error().and_then(|e| e.code()).as_deref(), Some("55P03"), "{error}");
                    false
                }
            }
        })
        .await;
    }
    stop.cancel();
    while let Some(done) = writers.join_next().await {
        assert!(done.expect("no write failed") > 5);
    }
}

/// Where nothing happens a subscription is its answer, and no frame after it: not even a token.
#[tokio::test]
async fn a_subscription_to_what_is_quiet_is_one_frame() {
    let app = TestApp::start().await;
    let admin = app.administrator().await;
    let workspace = app.db.workspace("workspace").await;
    let mut first = Reader::start(app.ready.address, admin.session(), &KINDS).await;
    first.held.keep_frames = true;
    let is_bare = |frame: &String| frame.starts_with(r#"{"type":"changes""#) && frame.ends_with(r#""events":[]}"#);
    app.db.group("before", workspace).await;
    first.until("a token behind all of it", |held| held.frames.last().is_some_and(is_bare)).await;

    let mut reader = Reader::start(app.ready.address, admin.session(), &[]).await;
    reader.held.keep_frames = true;
    reader.subscribe("kind:group", None).await;
    for topic in ["kind:system", "kind:team"].repeat(20) {
        // Elsewhere in the cluster something always happens: tokens move, and tell nothing new.
        let elsewhere = sqlx::query("select pg_logical_emit_message(true, 'test', '')");
        elsewhere.execute(app.db.superuser_pool()).await.unwrap();
        reader.subscribe(topic, None).await;
        reader.until("it runs", |held| held.running.contains(topic)).await;
        reader.say(&json!({ "type": "unsubscribe", "id": topic })).await;
        reader.held.running.remove(topic);
    }
    let last = app.db.group("after", workspace).await;
    reader.until("what came after", |held| held.rows.contains_key(&last)).await;
    assert_eq!(reader.held.frames.iter().find(|frame| is_bare(frame)), None);
    // And it is told, once, when no crash can take that back.
    reader.until("its token", |held| held.frames.last().is_some_and(is_bare)).await;
    assert_eq!(reader.held.frames.iter().filter(|frame| is_bare(frame)).count(), 1);
}
