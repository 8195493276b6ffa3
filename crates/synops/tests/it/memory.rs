//! A thousand sockets that mean no good, of all kinds at once, beside one that does: it gets every
//! event, requests are answered, and the server's memory stays bounded.

use crate::client::Client;
use crate::closing::many_groups;
use crate::hostile::subscribe;
use crate::program::Served;
use crate::raw::{BINARY, PING, Raw, TEXT, header};
use crate::socket::Reader;
use serde_json::json;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;
use testkit::{TestDb, wait_until};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const NODES: usize = 300;
const BODY_BYTES: usize = 2_000;
const HOSTILE: usize = 1_000;
/// Changes while all of them are there: many times what is held for one socket.
const UPDATES: usize = 3_000;
const GROWTH_MAX_KB: u64 = 64 * 1024;
/// How long one keeps trying to send what the server does not take.
const WORST: Duration = Duration::from_secs(5);
/// Then it stays for so long, whether or not the server has let it go, and comes again.
const STAYS: Duration = Duration::from_secs(15);

/// A way to be a nuisance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Wants everything and reads nothing.
    NeverReads,
    /// Reads a little now and then.
    Trickles,
    Subscribes10000,
    ComesAndGoes,
    LongTokens,
    Pings,
    PingsOfTheProtocol,
    TooLarge,
    Nonsense,
    HalfAFrame,
    HalfAHandshake,
}

const WAYS: [Way; 11] = [
    Way::NeverReads,
    Way::Trickles,
    Way::Subscribes10000,
    Way::ComesAndGoes,
    Way::LongTokens,
    Way::Pings,
    Way::PingsOfTheProtocol,
    Way::TooLarge,
    Way::Nonsense,
    Way::HalfAFrame,
    Way::HalfAHandshake,
];

/// Comes again and again, does its worst, and stays.
async fn hostile(address: SocketAddr, way: Way, there: Arc<AtomicUsize>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let Ok(mut raw) = begin(address, way).await else { continue };
        there.fetch_add(1, Relaxed);
        let _ = timeout(WORST, stop.run_until_cancelled(worst(&mut raw, way))).await;
        let trickling = async {
            let mut some = [0; 64];
            while way == Way::Trickles && timeout(STAYS, raw.stream.read(&mut some)).await.is_ok_and(|n| n.is_ok_and(|n| n > 0)) {
                let _ = timeout(Duration::from_millis(500), std::future::pending::<()>()).await;
            }
            std::future::pending::<()>().await;
        };
        let _ = timeout(STAYS, stop.run_until_cancelled(trickling)).await;
        there.fetch_sub(1, Relaxed);
    }
}

async fn begin(address: SocketAddr, way: Way) -> io::Result<Raw> {
    if way == Way::HalfAHandshake { Raw::connect(address).await } else { Raw::upgraded(address, None).await }
}

async fn worst(raw: &mut Raw, way: Way) -> io::Result<()> {
    match way {
        Way::NeverReads | Way::Trickles => {
            raw.text(&subscribe("a", "kind:group")).await?;
            raw.text(&subscribe("b", "kind:group")).await
        }
        Way::Subscribes10000 => {
            for n in 0..10_000 {
                raw.text(&subscribe(&n.to_string(), "kind:group")).await?;
            }
            Ok(())
        }
        Way::ComesAndGoes => {
            for _ in 0..200 {
                raw.text(&subscribe("a", &format!("node:{}", Uuid::new_v4()))).await?;
                raw.text(r#"{"type":"unsubscribe","id":"a"}"#).await?;
            }
            raw.text(&subscribe("b", "kind:group")).await
        }
        Way::LongTokens => {
            for n in 0..64 {
                let since = format!("0123456789abcdef~{n}:{n}:{}", "9,".repeat(if n % 2 == 0 { 7_000 } else { 1_500 }));
                raw.text(&format!(r#"{{"type":"subscribe","id":"{n}","topic":"kind:group","since":"{since}"}}"#)).await?;
            }
            Ok(())
        }
        Way::Pings => {
            for _ in 0..1_000 {
                raw.text(r#"{"type":"ping"}"#).await?;
            }
            Ok(())
        }
        Way::PingsOfTheProtocol => {
            for _ in 0..1_000 {
                raw.frame(PING, &[b'x'; 125]).await?;
            }
            Ok(())
        }
        Way::TooLarge => raw.frame(TEXT, &[b'x'; 100_000]).await,
        Way::Nonsense => {
            raw.text(&"[".repeat(16_000)).await?;
            raw.frame(BINARY, b"\xff\xfe").await?;
            raw.frame(TEXT, b"\xff\xfe").await
        }
        Way::HalfAFrame => {
            let mut half = header(0x81, 0x80, 16_000);
            half.extend([b'x'; 15_000]);
            raw.stream.write_all(&half).await
        }
        Way::HalfAHandshake => raw.stream.write_all(b"GET /api/v1/live HTTP/1.1\r\nUpgrade: webso").await,
    }
}

/// Changes one node after the other, each time to a text of its own.
async fn write(db: sqlx::PgPool, ids: Vec<Uuid>, updates: Arc<AtomicUsize>, stop: CancellationToken) {
    for n in 0.. {
        if stop.is_cancelled() {
            return;
        }
        let body = format!("{n} {}", "x".repeat(BODY_BYTES));
        let id = ids[(n * 7) % ids.len()];
        sqlx::query("update nodes set body = $2 where id = $1").bind(id).bind(body).execute(&db).await.expect("an update");
        updates.fetch_add(1, Relaxed);
    }
}

/// What the process has of the machine's memory, in kB.
fn resident_kb(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

async fn sockets_open(client: &Client) -> u64 {
    let metrics = client.get("/metrics").await;
    let line = metrics.text.lines().find_map(|line| line.strip_prefix("synops_sockets "));
    line.and_then(|count| count.parse().ok()).expect("the number of sockets")
}

/// Reads until told to stop, without ever being let go.
async fn listen(mut reader: Reader, stop: CancellationToken) -> Reader {
    while !stop.is_cancelled() {
        reader.say(&json!({ "type": "ping" })).await;
        let until = Instant::now() + Duration::from_secs(5);
        while Instant::now() < until && !stop.is_cancelled() {
            assert!(reader.read(Duration::from_millis(100)).await, "it was let go");
        }
    }
    reader
}

async fn versions(db: &TestDb) -> BTreeMap<Uuid, i64> {
    let rows: Vec<(Uuid, i64)> =
        sqlx::query_as("select id, version from nodes where kind = 'group'").fetch_all(db.owner_pool()).await.expect("versions");
    rows.into_iter().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_hostile_sockets_cost_little_and_hurt_nobody() {
    let db = TestDb::new().await;
    let workspace = db.workspace("workspace").await;
    many_groups(&db, workspace, NODES).await;
    // Open to all, so that strangers see it too.
    sqlx::query("update scopes set visibility = 'public' where node_id = $1")
        .bind(workspace)
        .execute(db.owner_pool())
        .await
        .unwrap();
    let dir = tempfile::tempdir().expect("a directory");
    let url = db.server_url();
    let served = Served::start(dir.path(), &[("DATABASE_URL", &url), ("SYNOPS_DATABASE_CONNECTIONS_MAX", "8")]).await;
    let address = served.address();
    let pid = served.child.id().expect("it runs");
    let admin = Client::new(address);
    admin.sign_in_by_link(served.line.split_whitespace().last().expect("a link")).await;

    let (updates, stop_writing) = (Arc::new(AtomicUsize::new(0)), CancellationToken::new());
    let mut tasks = JoinSet::new();
    let ids: Vec<Uuid> = versions(&db).await.into_keys().collect();
    tasks.spawn(write(db.owner_pool().clone(), ids, updates.clone(), stop_writing.clone()));
    let written = async |count: usize| {
        let from = updates.load(Relaxed);
        wait_until("it writes", Duration::from_secs(100), async || updates.load(Relaxed) >= from + count).await;
    };

    // Warm: what a server at work has anyway.
    let mut warm = Vec::new();
    for _ in 0..20 {
        warm.push(Reader::start(address, admin.session(), &["group"]).await);
        admin.get("/api/v1/nodes?limit=200").await.ok();
    }
    let honest = warm.pop().expect("a reader");
    drop(warm);
    let stop_listening = CancellationToken::new();
    let mut listening = JoinSet::new();
    listening.spawn(listen(honest, stop_listening.clone()));
    written(1_000).await;
    let before_kb = resident_kb(pid);

    let (there, stop) = (Arc::new(AtomicUsize::new(0)), CancellationToken::new());
    for n in 0..HOSTILE {
        tasks.spawn(hostile(address, WAYS[n % WAYS.len()], there.clone(), stop.clone()));
    }
    let mut most_kb = before_kb;
    let mut most_open = 0;
    let from = wait_until("all of them are there", Duration::from_secs(100), async || {
        most_kb = most_kb.max(resident_kb(pid));
        (there.load(Relaxed) >= HOSTILE * 9 / 10).then(|| updates.load(Relaxed))
    })
    .await;
    wait_until("they are written at", Duration::from_secs(100), async || {
        most_kb = most_kb.max(resident_kb(pid));
        most_open = most_open.max(sockets_open(&admin).await);
        updates.load(Relaxed) >= from + UPDATES
    })
    .await;
    stop_writing.cancel();
    stop.cancel();
    while let Some(done) = tasks.join_next().await {
        done.expect("it ends");
    }
    let there = versions(&db).await;
    stop_listening.cancel();
    let mut honest = listening.join_next().await.expect("it listens").expect("it was never let go");
    honest.until("every change", |held| held.node_versions() == there).await;
    assert_eq!((honest.held.resyncs, &honest.held.repeats), (0, &Vec::new()));

    let grown_kb = most_kb - before_kb;
    println!("{before_kb} kB before, {most_kb} kB at most, {most_open} sockets open at once");
    assert!(most_open > HOSTILE as u64 / 5, "they were there: {most_open}");
    assert!(grown_kb <= GROWTH_MAX_KB, "grown by {grown_kb} kB from {before_kb} kB");
    assert_eq!(served.terminate().await, Some(0));
}
