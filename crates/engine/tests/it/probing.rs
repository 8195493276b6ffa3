//! Who runs which check when, and what becomes of it.

use crate::{Running, SOON};
use domain::node::Facet;
use domain::system::{State, System};
use domain::{Actor, Intention};
use intentions::{Context, Done};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use testkit::http_server::page;
use testkit::{HttpServer, TestDb, wait_until};
use uuid::Uuid;

async fn count(db: &TestDb, sql: &'static str, id: Uuid) -> i64 {
    sqlx::query_scalar(sql).bind(id).fetch_one(db.owner_pool()).await.unwrap()
}

async fn runs(db: &TestDb, id: Uuid) -> i64 {
    count(db, "select count(*) from check_runs where system_id = $1", id).await
}

async fn system(db: &TestDb, id: Uuid) -> (i64, System) {
    let node = store::node::find_node(db.pool(), id).await.unwrap().unwrap();
    let Some(Facet::System(system)) = node.facet else { panic!("not a system") };
    (node.version, system)
}

/// Not due again by itself within a test.
async fn seldom(db: &TestDb) {
    sqlx::query("update systems set interval_s = 86400").execute(db.owner_pool()).await.unwrap();
}

#[tokio::test]
async fn two_engines_check_each_system_once() {
    const SYSTEMS: usize = 12;
    const ROUNDS: usize = 8;
    let db = TestDb::new().await;
    let server = HttpServer::start(|_| page("200 OK", "")).await;
    let workspace = db.workspace("Shared").await;
    let mut ids = Vec::new();
    for at in 0..SYSTEMS {
        let check = json!({ "type": "http", "url": format!("http://{}/{at}", server.address) });
        ids.push(db.checked_system(&format!("System {at}"), workspace, Some(check)).await);
    }
    seldom(&db).await;
    // Few slots, so that both have to come back for more.
    let engines = [0, 1].map(|_| Running::start(&db, |config| config.checks_at_once = 3));
    for round in 1..=ROUNDS {
        wait_until("all runs of the round", SOON, async || {
            let total: i64 = sqlx::query_scalar("select count(*) from check_runs").fetch_one(db.owner_pool()).await.unwrap();
            total >= i64::try_from(SYSTEMS * round).unwrap()
        })
        .await;
        if round < ROUNDS {
            for id in &ids {
                assert!(store::check::due_now(db.pool(), *id).await.unwrap());
            }
            engines.iter().for_each(|engine| engine.look());
        }
    }
    for engine in engines {
        engine.stop().await;
    }
    for id in ids {
        assert_eq!(runs(&db, id).await, i64::try_from(ROUNDS).unwrap());
    }
    assert_eq!(server.requests.load(Ordering::SeqCst), SYSTEMS * ROUNDS);
}

#[tokio::test]
async fn a_state_is_written_only_when_it_changes() {
    let db = TestDb::new().await;
    let well = Arc::new(AtomicBool::new(true));
    let said = well.clone();
    let server = HttpServer::start(move |_| page(if said.load(Ordering::SeqCst) { "200 OK" } else { "500 Oh" }, "")).await;
    let workspace = db.workspace("Shop").await;
    let check = json!({ "type": "http", "url": format!("http://{}/", server.address) });
    let id = db.checked_system("Checkout", workspace, Some(check)).await;
    sqlx::query("update systems set interval_s = 86400, failures_to_down = 3").execute(db.owner_pool()).await.unwrap();
    let (mut version, _) = system(&db, id).await;
    let engine = Running::start(&db, |_| {});
    let failed = Some("answered 500, expected 200-299");
    let rounds = [
        (true, State::Up, None, true),
        (true, State::Up, None, false),
        (false, State::Degraded, failed, true),
        (false, State::Degraded, failed, false),
        (false, State::Down, failed, true),
        (false, State::Down, failed, false),
        (true, State::Up, None, true),
    ];
    let mut changes = 0;
    for (round, (is_well, state, reason, changed)) in (1..).zip(rounds) {
        well.store(is_well, Ordering::SeqCst);
        if round > 1 {
            store::check::due_now(db.pool(), id).await.unwrap();
            engine.look();
        }
        wait_until("the run", SOON, async || runs(&db, id).await == round).await;
        if changed {
            changes += 1;
            version += 1;
        }
        let now = wait_until("the state", SOON, async || Some(system(&db, id).await.1).filter(|s| s.state == state)).await;
        assert_eq!(now.state_reason.as_deref(), reason, "round {round}");
        let audited = "select count(*) from audit_log where action = 'set_state' and node_id = $1 and actor_id is null";
        assert_eq!((system(&db, id).await.0, count(&db, audited, id).await), (version, changes), "round {round}");
    }
    let summaries: Vec<serde_json::Value> =
        sqlx::query_scalar("select summary from audit_log where action = 'set_state' order by at")
            .fetch_all(db.owner_pool())
            .await
            .unwrap();
    let steps: Vec<_> = summaries.iter().map(|s| (s["from"].as_str().unwrap(), s["to"].as_str().unwrap())).collect();
    assert_eq!(steps, [("unknown", "up"), ("up", "degraded"), ("degraded", "down"), ("down", "up")]);
    assert_eq!(summaries[2]["title"], "Checkout");
    let rings = engine.rings.clone();
    engine.stop().await;
    assert_eq!(rings.load(Ordering::SeqCst), 4);
}

/// Without the ring the prober would look again in a day.
#[tokio::test]
async fn what_becomes_due_by_a_write_here_is_checked_at_once() {
    let db = TestDb::new().await;
    let server = HttpServer::start(|_| page("200 OK", "")).await;
    let workspace = db.workspace("Shop").await;
    let check = json!({ "type": "http", "url": format!("http://{}/", server.address) });
    let id = db.checked_system("Checkout", workspace, Some(check)).await;
    seldom(&db).await;
    let engine = Running::start(&db, |config| config.look_every = Duration::from_secs(86_400));
    wait_until("the run of its first look", SOON, async || runs(&db, id).await == 1).await;
    for round in 2..=4 {
        let intentions = vec![Intention::CheckNow { id }];
        let done = engine.intentions.carry_out(&Actor::Server, intentions, &Context::default(), |_| (202, json!(null))).await;
        assert!(matches!(done, Ok(Done::Now { .. })), "{done:?}");
        wait_until("the run", SOON, async || runs(&db, id).await == round).await;
    }
    let new = serde_json::from_value(json!({
        "type": "create_node", "kind": "system", "parent_id": workspace, "title": "New",
        "system": { "check": { "type": "http", "url": format!("http://{}/new", server.address) } },
    }));
    let intentions = vec![new.unwrap()];
    engine.intentions.carry_out(&Actor::Server, intentions, &Context::default(), |_| (201, json!(null))).await.unwrap();
    wait_until("the new system's run", SOON, async || server.requests.load(Ordering::SeqCst) == 5).await;
    engine.stop().await;
}

#[tokio::test]
async fn a_stop_hands_back_what_runs() {
    let db = TestDb::new().await;
    let server = HttpServer::start(|_| None).await;
    let workspace = db.workspace("Shop").await;
    let check = json!({ "type": "http", "url": format!("http://{}/", server.address) });
    let id = db.checked_system("Never answers", workspace, Some(check)).await;
    sqlx::query("update systems set timeout_ms = 60000").execute(db.owner_pool()).await.unwrap();
    let engine = Running::start(&db, |config| config.roles = vec!["prober".to_owned()]);
    wait_until("the check to run", SOON, async || server.requests.load(Ordering::SeqCst) == 1).await;
    let known =
        wait_until("the sign of life", SOON, async || store::instance::list_instances(db.pool()).await.unwrap().pop()).await;
    assert_eq!((known.name.as_str(), known.roles), ("engine of a test", vec!["prober".to_owned()]));
    engine.stop().await;
    assert_eq!(runs(&db, id).await, 0);
    let free = "select count(*) from check_schedule where system_id = $1 and lease_until is null and next_at <= now()";
    assert_eq!(count(&db, free, id).await, 1);
    assert_eq!(store::instance::list_instances(db.pool()).await.unwrap(), []);
}

#[tokio::test]
async fn a_lease_that_ended_is_taken_over() {
    let db = TestDb::new().await;
    let server = HttpServer::start(|_| page("200 OK", "")).await;
    let workspace = db.workspace("Shop").await;
    let check = json!({ "type": "http", "url": format!("http://{}/", server.address) });
    let id = db.checked_system("Left behind", workspace, Some(check)).await;
    seldom(&db).await;
    sqlx::query("update systems set timeout_ms = 100").execute(db.owner_pool()).await.unwrap();
    // Somebody claims it and is never heard of again.
    let lost = store::check::claim_due(db.pool(), 10, Duration::ZERO).await.unwrap().pop().unwrap();
    let engine = Running::start(&db, |_| {});
    wait_until("the run", SOON, async || runs(&db, id).await == 1).await;
    let late = store::check::NewRun { ok: false, latency_ms: None, error: Some("late") };
    assert_eq!(store::check::finish_run(db.pool(), &lost, late, lost.interval).await.unwrap(), None);
    engine.stop().await;
    assert_eq!((runs(&db, id).await, system(&db, id).await.1.state), (1, State::Up));
}

#[tokio::test]
async fn an_engine_without_the_role_probes_nothing() {
    let db = TestDb::new().await;
    let workspace = db.workspace("Shop").await;
    let id = db.checked_system("Unprobed", workspace, Some(json!({ "type": "tcp", "address": "127.0.0.1:1" }))).await;
    let idle = Running::start(&db, |config| config.probes = false);
    idle.look();
    wait_until("its sign of life", SOON, async || !store::instance::list_instances(db.pool()).await.unwrap().is_empty()).await;
    let claimed = store::check::claim_due(db.pool(), 10, SOON).await.unwrap();
    assert_eq!(claimed.iter().map(|c| c.system_id).collect::<Vec<_>>(), [id]);
    idle.stop().await;
}

#[tokio::test]
async fn a_bad_range_is_refused_at_the_start() {
    let db = TestDb::new().await;
    let intentions = intentions::Intentions::new(db.pool().clone(), Arc::new(|| {}));
    let mut config = engine::EngineConfig::new(Uuid::now_v7(), "a", "0");
    config.guard.allow = vec!["169.254.0.0/99".to_owned()];
    let started =
        engine::start(config, db.pool().clone(), intentions, &Default::default(), Default::default(), &Default::default());
    assert!(matches!(started, Err(engine::StartError::Guard(_))));
}

#[tokio::test]
async fn a_state_of_an_old_claim_is_not_set() {
    let db = TestDb::new().await;
    let workspace = db.workspace("Shop").await;
    let id = db.checked_system("Checkout", workspace, Some(json!({ "type": "tcp", "address": "127.0.0.1:1" }))).await;
    let intentions = intentions::Intentions::new(db.pool().clone(), Arc::new(|| {}));
    let fence = store::check::claim_due(db.pool(), 1, SOON).await.unwrap()[0].fence;
    let (version, before) = system(&db, id).await;
    let set = async |fence, state, reason| intentions.set_state(id, fence, state, reason).await.unwrap();
    assert!(!set(fence - 1, State::Down, None).await);
    assert!(!set(fence + 1, State::Down, None).await);
    assert!(!set(fence, State::Unknown, Some("another reason alone")).await);
    assert_eq!(system(&db, id).await, (version, before));
    assert!(set(fence, State::Down, Some("connection refused")).await);
    let (after, now) = system(&db, id).await;
    assert_eq!((after, now.state, now.state_reason.as_deref()), (version + 1, State::Down, Some("connection refused")));
    // Nor of a system that is checked no longer, or is gone.
    sqlx::query("update systems set enabled = false").execute(db.owner_pool()).await.unwrap();
    assert!(!set(fence + 1, State::Up, None).await);
    assert_eq!(system(&db, id).await.1.state, State::Unknown);
    db.delete(id).await;
    assert!(!set(fence + 1, State::Up, None).await);
}
