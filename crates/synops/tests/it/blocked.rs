//! What waits while Synops goes down, and how that may still be called off.

use crate::managed::data_dir;
use crate::planned::{Admin, instances, now};
use crate::supervisor::Supervisor;
use crate::worker_load::{LIMIT, Ledger, check_all, enqueue, tool};
use domain::job::NewJob;
use domain::maintenance::MaintenanceState;
use domain::node::INSTANCE_ID;
use domain::{Actor, Intention};
use intentions::{Context, Intentions};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use store::job::{Held, Wanted};
use testkit::{TestDb, wait_until};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const CLAIMERS: usize = 8;
const ROUNDS: usize = 10;

async fn carry_out(db: &TestDb, intention: serde_json::Value) {
    let intentions = Intentions::new(db.pool().clone(), Arc::new(|| {}));
    let intention: Intention = serde_json::from_value(intention).expect("an intention");
    let done = intentions.carry_out(&Actor::Server, vec![intention], &Context::default(), |_| (200, json!(null))).await;
    done.expect("it is carried out");
}

/// Claims one job after the other, without a break.
async fn claim(db: store::Pool, claims: Arc<AtomicUsize>, stop: CancellationToken) {
    let (worker, wanted) = (Uuid::new_v4(), [Wanted { kind: "tool", class: "tools", room: 1 }]);
    while !stop.is_cancelled() {
        let claimed = store::job::claim_jobs(&db, worker, &wanted, 1).await.expect("a claim");
        claims.fetch_add(claimed.len(), SeqCst);
        // Given back, so that there is always one to claim.
        let held: Vec<Held> = claimed.iter().map(|job| Held { id: job.id, fence: job.fence }).collect();
        store::job::release_jobs(&db, &held).await.expect("a release");
    }
}

/// Once the begin of a window has been answered, no claim of its classes commits; once its end has, they do.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_claim_commits_after_the_begin() {
    let db = TestDb::new().await;
    let jobs: Vec<NewJob> = (0..5_000).map(|_| tool("counts")).collect();
    enqueue(db.superuser_pool(), &jobs).await.unwrap();
    let (stop, claims, mut claimers) = (CancellationToken::new(), Arc::new(AtomicUsize::new(0)), JoinSet::new());
    for _ in 0..CLAIMERS {
        claimers.spawn(claim(db.pool().clone(), claims.clone(), stop.clone()));
    }
    let claimed = "select sum(fence)::int8 from jobs";
    for round in 0..ROUNDS {
        let from = claims.load(SeqCst);
        wait_until("they claim", LIMIT, async || claims.load(SeqCst) > from + 20).await;
        let id = Uuid::now_v7();
        let starts_at = now(&db).await + chrono::TimeDelta::hours(1);
        let plan = json!({ "starts_at": starts_at, "ends_at": starts_at + chrono::TimeDelta::hours(1),
            "affects": [INSTANCE_ID], "blocked_classes": ["tools"] });
        carry_out(&db, json!({ "type": "plan_maintenance", "id": id, "title": "Upgrade", "maintenance": plan })).await;
        carry_out(&db, json!({ "type": "start_maintenance", "id": id })).await;
        let at_once: i64 = sqlx::query_scalar(claimed).fetch_one(db.superuser_pool()).await.unwrap();
        // They go on trying, many times each.
        for _ in 0..50 {
            store::job_class::list_job_classes(db.pool()).await.unwrap();
        }
        let later: i64 = sqlx::query_scalar(claimed).fetch_one(db.superuser_pool()).await.unwrap();
        assert_eq!(at_once, later, "round {round}");
        carry_out(&db, json!({ "type": "close_maintenance", "id": id })).await;
    }
    stop.cancel();
    claimers.join_all().await;
}

async fn fence_of(db: &TestDb, id: &str) -> Option<i64> {
    let id: Uuid = id.parse().expect("an id");
    sqlx::query_scalar("select fence from jobs where id = $1").bind(id).fetch_optional(db.superuser_pool()).await.unwrap()
}

/// While one waits for its jobs: what is enqueued is kept, more time is more time to drain, a server that
/// comes does not stop for it; and when it is called off all go on, without a restart.
#[tokio::test]
async fn a_drain_can_be_prolonged_and_called_off() {
    let (db, ledger, dir) = (TestDb::new().await, Ledger::new(10), data_dir());
    let supervisor = Supervisor::start(&ledger, &db.server_url(), &[]).await;
    let up = supervisor.until_up(0).await;
    let admin = Admin::sign_in(&up).await;
    let client = admin.at(&up);
    let long = tool("waits");
    enqueue(db.superuser_pool(), std::slice::from_ref(&long)).await.unwrap();
    let runs = "select exists (select from jobs where progress is not null)";
    wait_until("it runs", LIMIT, async || sqlx::query_scalar::<_, bool>(runs).fetch_one(db.superuser_pool()).await.unwrap())
        .await;

    let window = admin.plan(&up, &db, &json!({ "blocked_classes": ["tools"], "drain_bound_s": 600 })).await;
    let draining = async || window.stops(&db).await.first().and_then(|stop| stop.drain_until);
    let drain_until = wait_until("it drains", LIMIT, draining).await;
    assert_eq!(window.blocked(&db).await, ["tools"]);
    let kept = client.post("/api/v1/admin/jobs", json!({ "kind": "tool", "payload": { "tool": "counts" } })).await.ok();
    let kept_id = kept["id"].as_str().unwrap();
    assert_eq!(fence_of(&db, kept_id).await, Some(0), "accepted, and not begun");

    let ends_at = now(&db).await + chrono::TimeDelta::hours(2);
    let extended = admin.act(&up, &window, "extend", json!({ "ends_at": ends_at })).await;
    assert_eq!(extended["maintenance"]["state"], "in_progress");
    let moved = window.stops(&db).await[0].drain_until.unwrap();
    assert!(moved > drain_until, "{moved} {drain_until}");
    wait_until("everybody is told", LIMIT, async || {
        let told = client.get("/api/v1/lifecycle").await.ok();
        told["phase"] == "draining" && told["window"]["drain_until"] == json!(moved)
    })
    .await;

    // It comes while the window is on: none of it is its business.
    let late = ledger.worker(dir.path(), &db.server_url()).await;
    let ready = async || instances(&db).await.iter().filter(|(_, state, _)| state == "ready").count() == 1;
    wait_until("the other is ready", LIMIT, ready).await;
    assert_eq!(fence_of(&db, kept_id).await, Some(0), "not there either");
    assert_eq!(window.stops(&db).await.len(), 1);

    admin.act(&up, &window, "close", json!(null)).await;
    assert_eq!(window.state(&db).await, MaintenanceState::Completed.as_str());
    let all_ready = async || instances(&db).await.iter().filter(|(_, state, _)| state == "ready").count() == 2;
    wait_until("both are ready", LIMIT, all_ready).await;
    assert_eq!(client.get("/readyz").await.status, 200);
    assert_eq!(window.blocked(&db).await, [""; 0]);
    ledger.go(1);
    let kept = NewJob { id: kept_id.parse().unwrap(), ..tool("counts") };
    check_all(db.superuser_pool(), &ledger, &[long, kept]).await;
    assert_eq!(supervisor.exits(), Vec::<Option<i32>>::new(), "nothing was restarted");
    assert_eq!((late.terminate().await, supervisor.stop().await), (Some(0), vec![Some(0)]));
}
