//! What is read through the caches is always what was promised.

use crate::app::{Server, TestApp, config};
use crate::client::Client;
use crate::socket;
use futures_util::{SinkExt, StreamExt};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use reqwest::Method;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Of each promise, in all lanes together.
const ROUNDS: usize = 10_000;
const LANES: usize = 10;
/// So often the caches are filled with what was before.
const READ_EVERY: Duration = Duration::from_millis(10);
const LIMIT: Duration = Duration::from_secs(60);
/// Writes whose position a server that is behind could not say.
const ASKED_FOR_A_POSITION_MAX: usize = 60;
/// A tailer is held up for so long, at most, at random.
const HELD_UP_MAX_MS: u64 = 25;

/// Holds the tailers of a server up at random, by stopping the processes that answer them.
struct HeldUp {
    stop: CancellationToken,
    task: JoinSet<()>,
}

/// The processes that answer the tailers of this database's servers.
async fn tailers(app: &TestApp) -> HashSet<i32> {
    let pids = sqlx::query_scalar(
        "select pid from pg_stat_activity where datname = current_database() and application_name = 'synops tailer'",
    );
    pids.fetch_all(app.db.owner_pool()).await.unwrap().into_iter().collect()
}

/// Goes on when the test ends, however it does: a process that stays stopped holds up the whole of PostgreSQL.
struct Processes(Vec<i32>);

impl Processes {
    fn tell(&self, signal: Signal) -> rustix::io::Result<()> {
        self.0.iter().filter_map(|pid| Pid::from_raw(*pid)).try_for_each(|pid| kill_process(pid, signal))
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        // One that is gone needs nothing.
        let _ = self.tell(Signal::CONT);
    }
}

impl HeldUp {
    fn begin(pids: Vec<i32>, seed: u64) -> Self {
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let (mut task, processes) = (JoinSet::new(), Processes(pids));
        task.spawn(async move {
            let mut dice = StdRng::seed_from_u64(seed);
            while !stopped.is_cancelled() {
                for signal in [Signal::STOP, Signal::CONT] {
                    processes.tell(signal).expect("the process that answers the tailer");
                    let wait = Duration::from_millis(dice.random_range(1..HELD_UP_MAX_MS));
                    tokio::time::interval_at(Instant::now() + wait, wait).tick().await;
                }
            }
        });
        Self { stop, task }
    }

    async fn end(self) {
        self.stop.cancel();
        self.task.join_all().await;
    }
}

/// Two servers, a system for each lane, and an administrator at both.
struct Two {
    app: TestApp,
    second: Server,
    systems: Vec<Uuid>,
    here: Arc<Client>,
    there: Arc<Client>,
}

impl Two {
    async fn start() -> (Self, HeldUp) {
        let app = TestApp::start().await;
        let here = app.administrator().await;
        let workspace = app.db.workspace("Shop").await;
        let mut systems = Vec::new();
        for lane in 0..LANES {
            systems.push(app.db.system(&format!("lane {lane}"), workspace).await);
        }
        let first: HashSet<i32> = tailers(&app).await;
        let second = Server::start(config(&app.db)).await;
        let there = here.at(second.ready.address);
        let pids: Vec<i32> = testkit::wait_until("the second server follows the feed", LIMIT, async || {
            let all = tailers(&app).await;
            let pids: Vec<i32> = all.difference(&first).copied().collect();
            (!pids.is_empty()).then_some(pids)
        })
        .await;
        let held_up = HeldUp::begin(pids, 1);
        (Self { app, second, systems, here: Arc::new(here), there: Arc::new(there) }, held_up)
    }
}

fn version(node: &Value) -> i64 {
    node["version"].as_i64().expect("a version")
}

/// Another title; answers the version it made, and where that is. A server whose feed is behind can't say where: then
/// it is asked again.
async fn write(client: &Client, id: Uuid, mut from: i64, round: usize) -> (i64, String) {
    let path = format!("/api/v1/systems/{id}");
    for attempt in 0..ASKED_FOR_A_POSITION_MAX {
        let body = json!({ "title": format!("round {round} {attempt}") });
        let reply = client.send(Method::PATCH, &path, Some(body), &[("if-match", &format!("\"{from}\""))]).await;
        from = version(&reply.ok());
        if let Some(position) = reply.position {
            return (from, position);
        }
    }
    panic!("no position of a write in {ASKED_FOR_A_POSITION_MAX} of them");
}

async fn read(client: &Client, id: Uuid, after: Option<&str>) -> i64 {
    let headers: Vec<(&str, &str)> = after.map(|position| ("synops-after", position)).into_iter().collect();
    version(&client.send(Method::GET, &format!("/api/v1/systems/{id}"), None, &headers).await.ok())
}

/// The version of this system in a list; it must be there.
async fn listed(client: &Client, id: Uuid, after: Option<&str>) -> i64 {
    let headers: Vec<(&str, &str)> = after.map(|position| ("synops-after", position)).into_iter().collect();
    let list = client.send(Method::GET, "/api/v1/systems?limit=200", None, &headers).await.ok();
    let item = list["items"].as_array().expect("items").iter().find(|item| item["id"] == id.to_string());
    version(item.expect("the system"))
}

/// Runs one lane for each system, and readers beside them that keep the caches full.
async fn lanes<F>(two: &Two, lane: impl Fn(usize, Uuid) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let (mut lanes, mut readers, stop) = (JoinSet::new(), JoinSet::new(), CancellationToken::new());
    for client in [&two.here, &two.there] {
        let (client, systems, stop) = (Arc::clone(client), two.systems.clone(), stop.clone());
        readers.spawn(async move {
            let mut pace = tokio::time::interval(READ_EVERY);
            for round in 0.. {
                if stop.run_until_cancelled(pace.tick()).await.is_none() {
                    return;
                }
                read(&client, systems[round % systems.len()], None).await;
                listed(&client, systems[0], None).await;
            }
        });
    }
    for (at, id) in two.systems.iter().enumerate() {
        lanes.spawn(lane(at, *id));
    }
    while let Some(done) = lanes.join_next().await {
        done.unwrap();
    }
    stop.cancel();
    readers.join_all().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_after_a_write_finds_it_at_every_server() {
    let (two, held_up) = Two::start().await;
    lanes(&two, |_, id| {
        let (here, there) = (Arc::clone(&two.here), Arc::clone(&two.there));
        async move {
            let mut at = read(&here, id, None).await;
            for round in 0..ROUNDS / LANES {
                let (written, position) = write(&here, id, at, round).await;
                at = written;
                let found = if round % 2 == 0 {
                    read(&there, id, Some(&position)).await
                } else {
                    listed(&there, id, Some(&position)).await
                };
                assert!(found >= written, "round {round}: {found} was read there after {written} was written here");
                // And without being asked for, where it was written.
                let own = match round % 8 {
                    0 => read(&here, id, None).await,
                    4 => listed(&here, id, None).await,
                    _ => continue,
                };
                assert!(own >= written, "round {round}: {own} was read after {written} was written, at the same server");
            }
        }
    })
    .await;
    held_up.end().await;
    caches_were_used(&two).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_after_an_event_finds_what_it_told() {
    let (two, held_up) = Two::start().await;
    let (address, session) = (two.second.ready.address, two.here.session());
    lanes(&two, |_, id| {
        let (here, there, session) = (Arc::clone(&two.here), Arc::clone(&two.there), session.clone());
        async move {
            let mut stream = socket::open(address, session.as_deref()).await.expect("a socket");
            let ask = json!({ "type": "subscribe", "id": "a", "topic": format!("node:{id}") });
            stream.send(Message::text(ask.to_string())).await.unwrap();
            told(&mut stream, |frame| frame["type"] == "subscribed" && frame["more"] != true).await;
            let mut at = read(&here, id, None).await;
            for round in 0..ROUNDS / LANES {
                stream.send(Message::text(r#"{"type":"ping"}"#)).await.unwrap();
                (at, _) = write(&here, id, at, round).await;
                let is_it = |event: &Value| event["node"]["id"] == id.to_string() && version(&event["node"]) >= at;
                told(&mut stream, |frame| frame["events"].as_array().is_some_and(|events| events.iter().any(is_it))).await;
                let found = if round % 2 == 0 { read(&there, id, None).await } else { listed(&there, id, None).await };
                assert!(found >= at, "round {round}: {found} was read there after {at} was told");
            }
        }
    })
    .await;
    held_up.end().await;
    caches_were_used(&two).await;
}

/// Reads frames until this one.
async fn told(stream: &mut socket::Stream, is_it: impl Fn(&Value) -> bool) {
    loop {
        let frame = tokio::time::timeout(LIMIT, stream.next()).await.expect("a frame in time").expect("an open socket").unwrap();
        if let Message::Text(text) = frame
            && is_it(&serde_json::from_str(&text).unwrap())
        {
            return;
        }
    }
}

/// Otherwise nothing was tried.
async fn caches_were_used(two: &Two) {
    for client in [&two.here, &two.there] {
        let cache = client.get("/api/v1/admin/cache").await.ok();
        let scope = |name: &str| cache["scopes"].as_array().unwrap().iter().find(|scope| scope["name"] == name).unwrap().clone();
        // What is written all the time is loaded all the time; who one is stays.
        for (name, count) in [("callers", "hits"), ("sights", "hits"), ("catalog", "misses"), ("catalog.pages", "misses")] {
            assert!(scope(name)[count].as_u64() > Some(100), "{name}: {cache}");
        }
    }
    assert!(two.app.ready.address != two.second.ready.address);
}
