//! What a stop does to what is under way, with a real process.

use crate::client::Client;
use crate::managed::data_dir;
use crate::raw::Raw;
use crate::worker_load::{LIMIT, Ledger, enqueue, tool};
use domain::job::NewJob;
use rustix::process::Signal;
use serde_json::Value;
use testkit::{TestDb, wait_until};

async fn runs(db: &TestDb, job: &NewJob) {
    let statement = "select exists (select from jobs where id = $1 and progress is not null)";
    let seen = async || sqlx::query_scalar::<_, bool>(statement).bind(job.id).fetch_one(db.pool()).await.unwrap();
    wait_until("it runs", LIMIT, seen).await;
}

async fn waiting(db: &TestDb, job: &NewJob) -> Option<(String, i16)> {
    let statement = "select state, attempt from jobs where id = $1";
    sqlx::query_as(statement).bind(job.id).fetch_optional(db.pool()).await.unwrap()
}

/// While jobs finish, the server says that it is not ready, takes no new job, and goes on answering.
#[tokio::test]
async fn what_runs_finishes_while_the_server_still_answers() {
    let (ledger, db, dir) = (Ledger::new(600), TestDb::new().await, data_dir());
    let served = ledger.worker(dir.path(), &db.server_url()).await;
    let caller = Client::new(served.address());
    let (first, second) = (tool("waits"), tool("counts"));
    enqueue(db.pool(), std::slice::from_ref(&first)).await.unwrap();
    runs(&db, &first).await;
    wait_until("readiness", LIMIT, async || caller.get("/readyz").await.status == 200).await;
    let mut socket = Raw::upgraded(served.address(), None).await.unwrap();
    served.signal(Signal::TERM);
    wait_until("it says that it stops", LIMIT, async || {
        let ready = caller.get("/readyz").await;
        ready.status == 503 && ready.text.contains("the server stops: it is draining")
    })
    .await;
    socket.until(r#"{"type":"lifecycle","phase":"draining","#).await;
    enqueue(db.pool(), std::slice::from_ref(&second)).await.unwrap();
    assert_eq!(caller.get("/api/v1/nodes").await.status, 200, "it serves while jobs finish");
    let late = tokio_tungstenite::connect_async(format!("ws://{}/api/v1/live", served.address())).await;
    assert_eq!(late.expect("a socket is taken, too").1.headers()["connection"], "upgrade");
    ledger.go(1);
    let (texts, code) = socket.read_all().await;
    assert_eq!(code, Some(1012));
    let last: Value = serde_json::from_str(texts.last().unwrap()).unwrap();
    assert!(last["retry_after_ms"].is_u64(), "{last}");
    assert_eq!(served.ended().await, Some(0));
    assert_eq!(waiting(&db, &first).await, None);
    assert_eq!(waiting(&db, &second).await, Some(("ready".to_owned(), 0)), "kept for whoever comes");
    assert_eq!(ledger.done().get(&first.id), Some(&1));
}

/// Beyond what it gets to finish, a job is interrupted: that costs no attempt.
#[tokio::test]
async fn what_takes_too_long_is_handed_back() {
    let (ledger, db, dir) = (Ledger::new(0), TestDb::new().await, data_dir());
    let served = ledger.worker(dir.path(), &db.server_url()).await;
    let job = tool("waits");
    enqueue(db.pool(), std::slice::from_ref(&job)).await.unwrap();
    runs(&db, &job).await;
    assert_eq!(served.terminate().await, Some(0));
    assert_eq!(waiting(&db, &job).await, Some(("ready".to_owned(), 0)));
    let instances: i64 = sqlx::query_scalar("select count(*) from instances").fetch_one(db.pool()).await.unwrap();
    assert_eq!(instances, 0, "it said goodbye");
}

#[tokio::test]
async fn a_second_signal_stops_at_once() {
    let (ledger, db, dir) = (Ledger::new(600), TestDb::new().await, data_dir());
    let served = ledger.worker(dir.path(), &db.server_url()).await;
    let job = tool("waits");
    enqueue(db.pool(), std::slice::from_ref(&job)).await.unwrap();
    runs(&db, &job).await;
    served.signal(Signal::TERM);
    wait_until("it stops", LIMIT, async || served.log().contains("a second signal stops at once")).await;
    served.signal(Signal::INT);
    assert_eq!(served.ended().await, Some(1));
    assert_eq!(waiting(&db, &job).await, Some(("running".to_owned(), 1)), "for the next start to take over");
}
