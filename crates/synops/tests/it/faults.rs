//! A server killed, and networks that fail: nobody misses anything, and nobody waits without end.

use crate::app::{Server, TestApp, config_with};
use crate::client::Client;
use crate::feed::{foreign_pool, nodes_there, write};
use crate::program::Served;
use crate::raw::Raw;
use crate::socket::Reader;
use serde_json::{Value, json};
use std::time::Duration;
use testkit::{Target, TcpProxy, TestDb, wait_until};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const LIMIT: Duration = Duration::from_secs(60);
/// Longer than any of the server's own bounds on a request that waits for the database.
const ANSWERED_WITHIN: Duration = Duration::from_secs(15);
const KINDS: [&str; 1] = ["group"];

/// Eight writers beside it all, who notice nothing.
async fn writers(db: &TestDb, parents: &[Uuid], stop: &CancellationToken) -> JoinSet<usize> {
    let mut writers = JoinSet::new();
    for seed in 1..=8 {
        writers.spawn(write(foreign_pool(db).await, parents.to_vec(), seed, stop.clone()));
    }
    writers
}

/// Every reader holds what the database has, was told nothing twice, and never had to begin anew.
async fn compare(db: &TestDb, readers: &mut [Reader]) {
    let there = nodes_there(db).await;
    for reader in readers {
        reader.until("it holds what the database has", |held| held.node_versions() == there).await;
        assert_eq!((reader.held.resyncs, &reader.held.repeats), (0, &Vec::<Value>::new()));
    }
}

/// Readers read for so long.
async fn read_for(readers: Vec<Reader>, time: Duration) -> Vec<Reader> {
    let stop = CancellationToken::new();
    let reading: JoinSet<Reader> = readers.into_iter().map(|reader| reader.follow(stop.clone())).collect();
    let _ = timeout(time, stop.cancelled()).await;
    stop.cancel();
    reading.join_all().await
}

async fn serve(db: &TestDb, dir: &tempfile::TempDir) -> Served {
    let url = db.server_url();
    Served::start(dir.path(), &[("DATABASE_URL", &url), ("SYNOPS_DATABASE_CONNECTIONS_MAX", "8")]).await
}

/// A server process is killed under writers: its readers go on at another process by their tokens.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_of_a_killed_server_go_on_at_another_process() {
    let db = TestDb::new().await;
    let parents = [db.workspace("one").await, db.workspace("two").await];
    let dirs = [(); 2].map(|()| tempfile::tempdir().expect("a directory"));
    let mut first = serve(&db, &dirs[0]).await;
    let admin = Client::new(first.address());
    admin.sign_in_by_link(first.line.split_whitespace().last().expect("a link")).await;
    let mut second = serve(&db, &dirs[1]).await;
    let mut readers = Vec::new();
    for _ in 0..4 {
        readers.push(Reader::start(first.address(), admin.session(), &KINDS).await);
    }
    let stop = CancellationToken::new();
    let mut writing = writers(&db, &parents, &stop).await;
    for dir in &dirs {
        readers = read_for(readers, Duration::from_secs(2)).await;
        first.child.kill().await.expect("it ran");
        for reader in &mut readers {
            assert!(reader.held.token.is_some(), "it has something to go on by");
            reader.address = second.address();
        }
        readers = read_for(readers, Duration::from_secs(2)).await;
        (first, second) = (second, serve(&db, dir).await);
    }
    stop.cancel();
    while let Some(commits) = writing.join_next().await {
        assert!(commits.expect("a writer") > 0);
    }
    compare(&db, &mut readers).await;
    for reader in &readers {
        assert_eq!(reader.address, first.address());
    }
    assert_eq!((first.terminate().await, second.terminate().await), (Some(0), Some(0)));
}

/// A server that reaches its database by way of a proxy, and its administrator.
async fn behind_a_proxy(db: &TestDb) -> (TcpProxy, Server, Client) {
    let proxy = TcpProxy::start(db.target()).await;
    let url = db.server_url_via(proxy.address());
    let server = Server::start(config_with(&[("DATABASE_URL", &url), ("SYNOPS_DATABASE_CONNECTIONS_MAX", "8")])).await;
    let client = server.client();
    client.sign_in_by_link(server.ready.sign_in_url.as_ref().expect("the first start")).await;
    (proxy, server, client)
}

/// Every request says in time that the database is away, without a word of the database's.
async fn check_unavailable(client: &Client) {
    let asked = [
        ("GET", "/api/v1/nodes", None),
        ("GET", "/api/v1/me", None),
        ("POST", "/api/v1/workspaces", Some(json!({ "title": "never" }))),
    ]
    .map(|(method, path, body)| async move {
        let began = Instant::now();
        let reply = client.send(method.parse().expect("a method"), path, body, &[]).await;
        assert_eq!((reply.status.as_u16(), &reply.json()["code"]), (503, &json!("unavailable")), "{path}: {}", reply.text);
        assert!(began.elapsed() < ANSWERED_WITHIN, "{path}: {:?}", began.elapsed());
        for word in ["sqlx", "postgres", "pool", "timed out"] {
            assert!(!reply.text.to_lowercase().contains(word), "{}", reply.text);
        }
    });
    futures_util::future::join_all(asked).await;
    let ready = client.get("/readyz").await;
    assert_eq!(ready.status, 503, "{}", ready.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_to_the_database_that_is_cut_and_stalls_loses_nothing() {
    let db = TestDb::new().await;
    let parents = [db.workspace("one").await, db.workspace("two").await];
    let (proxy, server, client) = behind_a_proxy(&db).await;
    let mut readers = Vec::new();
    for _ in 0..3 {
        readers.push(Reader::start(server.ready.address, client.session(), &KINDS).await);
    }
    let stop = CancellationToken::new();
    let mut writing = writers(&db, &parents, &stop).await;
    for _ in 0..6 {
        readers = read_for(readers, Duration::from_millis(500)).await;
        proxy.cut();
    }
    let is_ready = async || client.get("/readyz").await.status == 200;
    for silent in [false, true] {
        if silent {
            proxy.stall();
        } else {
            proxy.refuse();
            proxy.cut();
        }
        wait_until("it says that it is not ready", LIMIT, async || !is_ready().await).await;
        check_unavailable(&client).await;
        assert_eq!(client.get("/healthz").await.status, 200, "it lives all the same");
        proxy.forward();
        wait_until("it is ready again", LIMIT, is_ready).await;
        client.get("/api/v1/nodes").await.ok();
        readers = read_for(readers, Duration::from_secs(1)).await;
    }
    stop.cancel();
    while let Some(commits) = writing.join_next().await {
        assert!(commits.expect("a writer") > 0);
    }
    compare(&db, &mut readers).await;
    assert!(client.get("/api/v1/workspaces").await.ok()["items"].as_array().expect("a list").len() == 2, "never made");
    drop(server);
    proxy.stop().await;
}

async fn sockets_open(client: &Client) -> Option<u64> {
    client.get("/api/v1/admin/health").await.ok()["sockets"]["open"].as_u64()
}

/// A network that goes silent without a word: neither side hears that the other is gone. The server
/// lets such sockets go once they have said nothing for too long, whether it has something to tell
/// them or not; one that pings stays.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn half_open_sockets_end() {
    let app = TestApp::start().await;
    let admin = app.administrator().await;
    let workspace = app.db.workspace("workspace").await;
    let proxy = TcpProxy::start(Target::Tcp(app.ready.address.to_string())).await;
    let session = admin.session();
    let mut pings = Reader::start(app.ready.address, session.clone(), &KINDS).await;
    let mut told = Raw::upgraded(proxy.address(), session.as_deref()).await.expect("a socket");
    told.text(&crate::hostile::subscribe("a", "kind:group")).await.expect("it is taken");
    told.until("subscribed").await;
    let silent = Raw::upgraded(proxy.address(), None).await.expect("a socket");
    assert_eq!(sockets_open(&admin).await, Some(3));
    proxy.stall();
    let began = Instant::now();
    let mut last = workspace;
    while sockets_open(&admin).await != Some(1) {
        assert!(began.elapsed() < domain::limits::SOCKET_IDLE_MAX + LIMIT, "they are let go");
        last = app.db.group("told", workspace).await;
        pings.say(&json!({ "type": "ping" })).await;
        // As often as a page does, about: a socket that says more than anybody needs is closed.
        let until = Instant::now() + Duration::from_millis(500);
        while Instant::now() < until {
            pings.read(until.saturating_duration_since(Instant::now())).await;
        }
    }
    pings.until("it was told all the while", |held| held.rows.contains_key(&last)).await;
    assert_eq!(pings.held.resyncs, 0);
    drop((told, silent));
    proxy.stop().await;
}
