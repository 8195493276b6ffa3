//! Each way in which the server ends a socket, by its close code.

use crate::access::sign_in;
use crate::app::TestApp;
use crate::client::Client;
use crate::hostile::subscribe;
use crate::raw::{LIMIT, Raw};
use crate::socket::{Held, Reader};
use ::feed::snapshot::Snapshot;
use serde_json::{Value, json};
use testkit::{TestDb, wait_until};
use tokio::time::{Duration, Instant};
use uuid::Uuid;

const SIGNED_OUT: Option<u16> = Some(4401);

/// A socket of theirs that runs.
async fn socket(app: &TestApp, client: &Client) -> Raw {
    let mut raw = Raw::upgraded(app.ready.address, client.session().as_deref()).await.expect("a socket");
    raw.text(&subscribe("a", "kind:group")).await.expect("it is taken");
    raw.until(r#""type":"subscribed""#).await;
    raw
}

#[tokio::test]
async fn the_end_of_a_session_closes_its_sockets_and_no_others() {
    let app = TestApp::start().await;
    let admin = app.administrator().await;
    let (_, kari) = sign_in(&app, &admin, "kari").await;
    let (ola_id, ola) = sign_in(&app, &admin, "ola").await;
    let (mut of_kari, mut of_ola) = (socket(&app, &kari).await, socket(&app, &ola).await);
    let mut of_admin = socket(&app, &admin).await;

    kari.send(reqwest::Method::DELETE, "/api/v1/session", None, &[]).await.ok();
    assert_eq!(of_kari.read_all().await.1, SIGNED_OUT, "signed out");

    sqlx::query("update people set disabled = true where node_id = $1").bind(ola_id).execute(app.db.owner_pool()).await.unwrap();
    assert_eq!(of_ola.read_all().await.1, SIGNED_OUT, "disabled");

    of_admin.text(r#"{"type":"ping"}"#).await.unwrap();
    of_admin.until(r#""type":"pong""#).await;
    let statement = "update sessions set expires_at = clock_timestamp() + interval '3 s'";
    sqlx::query(statement).execute(app.db.owner_pool()).await.unwrap();
    let mut expiring = socket(&app, &admin).await;
    assert_eq!(expiring.read_all().await.1, SIGNED_OUT, "expired");
}

#[tokio::test]
async fn the_end_of_a_token_closes_its_sockets() {
    let app = TestApp::start().await;
    let admin = app.administrator().await;
    let address = app.ready.address;
    let make = async |name: &str, expires_at: Value| {
        let made =
            admin.post("/api/v1/me/tokens", json!({ "name": name, "access": "read", "expires_at": expires_at })).await.ok();
        (made["id"].as_str().unwrap().to_owned(), made["token"].as_str().unwrap().to_owned())
    };
    let (id, revoked) = make("revoked", Value::Null).await;
    let (_, expired) = make("expired", json!("2100-01-01T00:00:00Z")).await;
    let statement = "update api_tokens set expires_at = clock_timestamp() + interval '3 s' where name = 'expired'";
    sqlx::query(statement).execute(app.db.owner_pool()).await.unwrap();
    let mut of_revoked = Raw::upgraded_with_token(address, &revoked).await.unwrap();
    let mut of_expired = Raw::upgraded_with_token(address, &expired).await.unwrap();
    of_revoked.until(r#""type":"hello""#).await;
    admin.send(reqwest::Method::DELETE, &format!("/api/v1/me/tokens/{id}"), None, &[]).await.ok();
    assert_eq!(of_revoked.read_all().await.1, SIGNED_OUT, "revoked");
    assert_eq!(of_expired.read_all().await.1, SIGNED_OUT, "expired");
    let refused = Raw::upgraded_with_token(address, &revoked).await.err().expect("it holds no more");
    assert!(refused.to_string().starts_with("HTTP/1.1 401"), "{refused}");
}

#[tokio::test]
async fn a_stop_is_told_before_the_sockets_close() {
    let mut app = TestApp::start().await;
    let admin = app.administrator().await;
    let (mut reads, sleeps) = (socket(&app, &admin).await, socket(&app, &admin).await);
    let address = app.ready.address;
    app.stop();
    let (texts, code) = reads.read_all().await;
    assert_eq!(code, Some(1012));
    let last: Value = serde_json::from_str(texts.last().expect("it is told")).unwrap();
    assert_eq!((&last["type"], &last["phase"]), (&json!("lifecycle"), &json!("draining")));
    assert!(last["retry_after_ms"].as_u64().is_some_and(|pause| (500..4_000).contains(&pause)), "{last}");
    drop(sleeps);
    assert!(Raw::connect(address).await.is_err(), "nobody new is accepted");
}

/// A reader that stalls while more changes than are held for it is let go, and continues by its
/// token as if nothing had been.
#[tokio::test]
async fn a_reader_too_slow_is_let_go_and_continues_by_its_token() {
    const NODES: usize = 1_500;
    let app = TestApp::start().await;
    let admin = app.administrator().await;
    let workspace = app.db.workspace("workspace").await;
    let mut quick = Reader::start(app.ready.address, admin.session(), &["group"]).await;
    let db = app.db.owner_pool();
    many_groups(&app.db, workspace, NODES).await;
    quick.until("all of them", |held| held.rows.len() == NODES).await;

    let mut slow = socket(&app, &admin).await;
    let sockets = async || admin.get("/api/v1/admin/health").await.ok()["sockets"]["open"].as_u64();
    assert_eq!(sockets().await, Some(2));
    // It reads nothing now. What the network takes first is not told: write until it is let go.
    let began = Instant::now();
    let mut round = 0;
    while sockets().await != Some(1) {
        assert!(began.elapsed() < LIMIT, "it is let go");
        round += 1;
        // In parts: what comes at once is told at once, whatever its size.
        for part in 0..5_i32 {
            let statement = "update nodes set body = $1 where kind = 'group' and abs(hashtext(id::text)) % 5 = $2";
            sqlx::query(statement).bind(format!("{round} {}", "x".repeat(2_000))).bind(part).execute(db).await.unwrap();
        }
        let there = versions(&app).await;
        quick.until("the quick one keeps up", |held| held.node_versions() == there).await;
    }
    let (texts, code) = slow.read_all().await;
    assert_eq!(code, Some(4408));
    assert_eq!((quick.held.resyncs, quick.held.repeats.len()), (0, 0));

    let mut again = Reader::start(app.ready.address, admin.session(), &[]).await;
    texts.iter().for_each(|text| again.held.apply(text));
    let token = again.held.token.clone().expect("it had one");
    again.held.running.clear();
    again.subscribe("kind:group", Some(&token)).await;
    let there = versions(&app).await;
    again.until("all that it missed", |held| held.node_versions() == there).await;
    assert_eq!(again.held.resyncs, 0);
    assert!(again.held.running.contains("kind:group"));
}

/// Inserts groups in one transaction.
pub(crate) async fn many_groups(db: &TestDb, parent_id: Uuid, count: usize) {
    let ids: Vec<Uuid> = (0..count).map(|_| Uuid::now_v7()).collect();
    let mut tx = db.owner_pool().begin().await.expect("a transaction");
    let nodes = "insert into nodes (id, kind, title) select id, 'group', 'group ' || n from unnest($1::uuid[]) with ordinality as t (id, n)";
    sqlx::query(nodes).bind(&ids).execute(&mut *tx).await.expect("nodes");
    let edges = "insert into edges (id, kind, source_id, target_id) select gen_random_uuid(), 'part_of', id, $2 from unnest($1::uuid[]) as t (id)";
    sqlx::query(edges).bind(&ids).bind(parent_id).execute(&mut *tx).await.expect("their places");
    tx.commit().await.expect("groups");
}

async fn now(app: &TestApp) -> Snapshot {
    let text: String =
        sqlx::query_scalar("select pg_current_snapshot()::text").fetch_one(app.db.owner_pool()).await.expect("a snapshot");
    Snapshot::parse(&text).expect("a snapshot")
}

/// Of the newest token.
fn moment(held: &Held) -> Option<Snapshot> {
    Snapshot::parse(held.token.as_ref()?.split_once('~')?.1)
}

async fn versions(app: &TestApp) -> std::collections::BTreeMap<Uuid, i64> {
    let rows: Vec<(Uuid, i64)> =
        sqlx::query_as("select id, version from nodes where kind = 'group'").fetch_all(app.db.owner_pool()).await.unwrap();
    rows.into_iter().collect()
}

/// One transaction that changes more than is held for a reader: whoever keeps up is told all of it,
/// and whoever comes back after it too.
#[tokio::test]
async fn a_large_change_is_told_whole() {
    const NODES: usize = 2_000;
    let app = TestApp::start().await;
    let admin = app.administrator().await;
    let workspace = app.db.workspace("workspace").await;
    let mut stays = Reader::start(app.ready.address, admin.session(), &["group"]).await;
    let mut returns = Reader::start(app.ready.address, admin.session(), &["group"]).await;
    many_groups(&app.db, workspace, NODES).await;
    let there = versions(&app).await;
    stays.until("all of them", |held| held.node_versions() == there).await;
    returns.until("all of them", |held| held.node_versions() == there).await;
    // With an older one it would have missed more than is told one by one.
    let now = now(&app).await;
    returns.until("a token that covers them", |held| moment(held).is_some_and(|at| at.covers(&now))).await;
    returns.cut();
    let statement = "update nodes set body = repeat('x', 2000) where kind = 'group'";
    sqlx::query(statement).execute(app.db.owner_pool()).await.unwrap();
    let there = versions(&app).await;
    stays.until("the change", |held| held.node_versions() == there).await;
    returns.connect().await;
    returns.until("the change", |held| held.node_versions() == there).await;
    for reader in [&stays, &returns] {
        assert_eq!((reader.held.resyncs, &reader.held.repeats), (0, &Vec::new()));
    }
    wait_until("both are still there", Duration::from_secs(20), async || {
        admin.get("/api/v1/admin/health").await.ok()["sockets"]["open"] == 2
    })
    .await;
}
