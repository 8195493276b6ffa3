//! A maintenance of Synops itself, with a real process that its supervisor starts again.

use crate::client::Client;
use crate::managed::data_dir;
use crate::worker_load::{LIMIT, Ledger, check_all, enqueue, tool};
use domain::node::INSTANCE_ID;
use serde_json::Value;
use sqlx::types::Uuid;
use testkit::{TestDb, wait_until};

async fn state(db: &TestDb, id: Uuid) -> String {
    sqlx::query_scalar("select state from maintenances where node_id = $1").bind(id).fetch_one(db.pool()).await.unwrap()
}

async fn reaches(db: &TestDb, id: Uuid, wanted: &str) {
    wait_until(wanted, LIMIT, async || state(db, id).await == wanted).await;
}

/// The window is due: what runs and takes too long keeps its place, what is blocked waits, the process ends
/// with 0 and never stops for this window again.
#[tokio::test]
async fn a_window_stops_the_server_once_and_is_completed() {
    let (ledger, db, dir) = (Ledger::new(600), TestDb::new().await, data_dir());
    let served = ledger.worker(dir.path(), &db.server_url()).await;
    let caller = Client::new(served.address());
    let long = tool("waits");
    enqueue(db.pool(), std::slice::from_ref(&long)).await.unwrap();
    let runs = "select count(*) from jobs where id = $1 and progress is not null";
    wait_until("it runs", LIMIT, async || {
        sqlx::query_scalar::<_, i64>(runs).bind(long.id).fetch_one(db.pool()).await.unwrap() == 1
    })
    .await;

    // Further ahead than it is told of.
    let id = db.maintenance("Upgrade", INSTANCE_ID, (200_000.0, 207_200.0), &[INSTANCE_ID]).await;
    let plan = "update maintenances set blocked_classes = '{tools}', drain_bound_s = 600,
        starts_at = clock_timestamp() + interval '30 minutes', ends_at = clock_timestamp() + interval '2 hours' where node_id = $1";
    sqlx::query(plan).bind(id).execute(db.owner_pool()).await.unwrap();
    let announced = async || {
        let told: Value = serde_json::from_str(&caller.get("/api/v1/lifecycle").await.text).unwrap();
        (told["phase"] == "announced" && told["window"]["state"] == "scheduled").then_some(())
    };
    wait_until("it is announced", LIMIT, announced).await;
    // Of a class that the window blocks, and usually too slow to be done by its begin: it is not begun.
    let late = tool("counts");
    enqueue(db.pool(), std::slice::from_ref(&late)).await.unwrap();

    let begin = "update maintenances set starts_at = clock_timestamp() where node_id = $1";
    sqlx::query(begin).bind(id).execute(db.owner_pool()).await.unwrap();
    wait_until("it drains", LIMIT, async || {
        let statement = "select count(*) from maintenance_stops where maintenance_id = $1 and drain_until is not null";
        sqlx::query_scalar::<_, i64>(statement).bind(id).fetch_one(db.pool()).await.unwrap() == 1
    })
    .await;
    assert_eq!(caller.get("/readyz").await.status, 503);
    assert_eq!(caller.get("/api/v1/nodes").await.status, 200, "it serves while jobs finish");
    let shorter = "update maintenance_stops set drain_until = clock_timestamp() where maintenance_id = $1";
    sqlx::query(shorter).bind(id).execute(db.owner_pool()).await.unwrap();
    assert_eq!(served.ended().await, Some(0));
    let kept: (String, i16) =
        sqlx::query_as("select state, attempt from jobs where id = $1").bind(long.id).fetch_one(db.pool()).await.unwrap();
    assert_eq!(kept, ("ready".to_owned(), 0), "an interruption costs no attempt");
    assert_eq!(state(&db, id).await, "in_progress", "nobody was there to see it through");
    assert!(ledger.done().is_empty(), "nothing of a blocked class was begun");

    ledger.go(1);
    let again = ledger.worker(dir.path(), &db.server_url()).await;
    reaches(&db, id, "completed").await;
    check_all(db.pool(), &ledger, &[long.clone(), late]).await;
    let stops = "select count(*) filter (where stopped_at is not null), count(*) filter (where turn is not null), count(*)
        from maintenance_stops where maintenance_id = $1";
    let counts: (i64, i64, i64) = sqlx::query_as(stops).bind(id).fetch_one(db.pool()).await.unwrap();
    assert_eq!(counts, (1, 1, 1), "one process stopped, and the new one does not know of it");
    let said: Vec<String> = sqlx::query_scalar("select message from timeline_updates where node_id = $1 order by at, id")
        .bind(id)
        .fetch_all(db.pool())
        .await
        .unwrap();
    for part in
        ["Started by the clock.", "closes:", "drains:", "has stopped;", "Synops has restarted.", "Everything affected is up"]
    {
        assert!(said.iter().any(|message| message.contains(part)), "{part}: {said:?}");
    }
    assert_eq!(again.terminate().await, Some(0));
}
