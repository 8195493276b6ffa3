//! The clock of maintenances: what is due happens then, once, whoever else looks.

use crate::{Running, SOON};
use domain::maintenance::{Maintenance, MaintenanceState, Outcome};
use domain::node::Facet;
use domain::timeline::{Audience, StateChange, Update};
use domain::{Actor, Intention, Refusal};
use intentions::{Context, Intentions};
use serde_json::{Value, json};
use std::sync::Arc;
use testkit::{TestDb, wait_until};
use uuid::Uuid;

fn engine(db: &TestDb) -> Running {
    Running::start(db, |config| config.probes = false)
}

async fn maintenance(db: &TestDb, id: Uuid) -> Maintenance {
    match store::node::find_node(db.pool(), id).await.unwrap().unwrap().facet {
        Some(Facet::Maintenance(maintenance)) => maintenance,
        other => panic!("{other:?}"),
    }
}

/// Oldest first.
async fn told(db: &TestDb, id: Uuid) -> Vec<Update> {
    let mut told = store::timeline::list_updates(db.pool(), id, Audience::ALL, None, 100).await.unwrap();
    told.reverse();
    told
}

fn state(update: &Update) -> Option<MaintenanceState> {
    update.state_change.and_then(StateChange::of_maintenance)
}

async fn becomes(db: &TestDb, id: Uuid, state: MaintenanceState) -> Maintenance {
    wait_until(state.as_str(), SOON, async || Some(maintenance(db, id).await).filter(|m| m.state == state)).await
}

async fn moves_logged(db: &TestDb, id: Uuid) -> i64 {
    sqlx::query_scalar("select count(*) from audit_log where node_id = $1 and action = 'advance_maintenance'")
        .bind(id)
        .fetch_one(db.pool())
        .await
        .unwrap()
}

async fn set(db: &TestDb, statement: &'static str, id: Uuid) {
    sqlx::query(statement).bind(id).execute(db.owner_pool()).await.unwrap();
}

/// Two servers see each of them due; one makes each move, and neither before its time.
#[tokio::test]
async fn two_clocks_make_each_move_once() {
    let db = TestDb::new().await;
    let shop = db.workspace("Shop").await;
    let (one, two) = (engine(&db), engine(&db));
    let mut windows = Vec::new();
    for number in 0..20 {
        let soon = 0.05 * f64::from(number);
        windows.push(db.maintenance("Disks", shop, (soon, 3_600.0), &[]).await);
    }
    for id in windows {
        let after = becomes(&db, id, MaintenanceState::InProgress).await;
        assert!(after.started_at.unwrap() >= after.starts_at, "{after:?}");
        let told = told(&db, id).await;
        let said: Vec<_> = told.iter().map(|update| (update.message.as_str(), update.by_id, state(update))).collect();
        assert_eq!(said, [("Started by the clock.", None, Some(MaintenanceState::InProgress))]);
        assert_eq!(moves_logged(&db, id).await, 1);
    }
    assert!(one.rings.load(std::sync::atomic::Ordering::SeqCst) + two.rings.load(std::sync::atomic::Ordering::SeqCst) >= 20);
    one.stop().await;
    two.stop().await;
}

/// What was slept through goes its whole way, and what is over stays so.
#[tokio::test]
async fn a_window_that_was_slept_through_is_made_up_for() {
    let db = TestDb::new().await;
    let shop = db.workspace("Shop").await;
    let past = db.maintenance("Past", shop, (-7_200.0, -3_600.0), &[]).await;
    let ending = db.maintenance("Ending", shop, (-3_600.0, 0.3), &[]).await;
    let ahead = db.maintenance("Ahead", shop, (3_600.0, 7_200.0), &[]).await;
    let engine = engine(&db);
    for id in [past, ending] {
        let after = becomes(&db, id, MaintenanceState::Completed).await;
        assert_eq!(after.outcome, Some(Outcome::Ended));
        assert!(after.ended_at.unwrap() >= after.ends_at && after.finished_at >= after.ended_at, "{after:?}");
        let states: Vec<_> = told(&db, id).await.into_iter().filter_map(|update| state(&update)).collect();
        assert_eq!(states, [MaintenanceState::InProgress, MaintenanceState::Completed]);
        assert_eq!(moves_logged(&db, id).await, 2);
    }
    assert_eq!(maintenance(&db, ahead).await.state, MaintenanceState::Scheduled);
    engine.stop().await;
}

/// What was checked before the end says nothing about it; nor does a system that is not checked.
#[tokio::test]
async fn it_is_completed_when_what_it_affected_is_green() {
    let db = TestDb::new().await;
    let shop = db.workspace("Shop").await;
    let group = db.group("Cards", shop).await;
    let spec = || Some(json!({ "type": "tcp", "address": "127.0.0.1:9" }));
    let (named, inner) = (db.checked_system("Named", shop, spec()).await, db.checked_system("Inner", group, spec()).await);
    db.system("Unchecked", group).await;
    for id in [named, inner] {
        set(&db, "update systems set state = 'up' where node_id = $1", id).await;
        set(&db, "insert into check_runs (system_id, ok) values ($1, true)", id).await;
        set(&db, "update check_schedule set next_at = clock_timestamp() + interval '1 hour' where system_id = $1", id).await;
    }
    let id = db.maintenance("Disks", shop, (-3_600.0, -1.0), &[named, group]).await;
    let engine = engine(&db);
    becomes(&db, id, MaintenanceState::Verifying).await;
    // Nobody waits for an interval to pass.
    let due: i64 =
        sqlx::query_scalar("select count(*) from check_schedule where next_at <= clock_timestamp() and system_id = any($1)")
            .bind([named, inner])
            .fetch_one(db.pool())
            .await
            .unwrap();
    assert_eq!(due, 2);
    set(&db, "insert into check_runs (system_id, ok) values ($1, true)", named).await;
    set(&db, "insert into check_runs (system_id, ok) values ($1, false)", inner).await;
    // Looked at, and found wanting: one green of two.
    let found = store::maintenance::find_verification(db.pool(), id).await.unwrap();
    assert_eq!((found.checked, found.up, found.green), (2, 2, 1));
    assert!(engine.intentions.advance_maintenance(id).await.unwrap().is_none());
    set(&db, "insert into check_runs (system_id, ok) values ($1, true)", inner).await;
    let after = becomes(&db, id, MaintenanceState::Completed).await;
    assert_eq!(after.outcome, Some(Outcome::Green));
    let states: Vec<_> = told(&db, id).await.into_iter().filter_map(|update| state(&update)).collect();
    assert_eq!(states, [MaintenanceState::InProgress, MaintenanceState::Verifying, MaintenanceState::Completed]);
    engine.stop().await;
}

#[tokio::test]
async fn verifying_has_an_end() {
    let db = TestDb::new().await;
    let shop = db.workspace("Shop").await;
    let down = db.checked_system("Down", shop, Some(json!({ "type": "tcp", "address": "127.0.0.1:9" }))).await;
    let id = db.maintenance("Disks", shop, (-3_600.0, -1.0), &[down]).await;
    let engine = engine(&db);
    becomes(&db, id, MaintenanceState::Verifying).await;
    set(&db, "update maintenances set ended_at = ended_at - make_interval(secs => verify_timeout_s) where node_id = $1", id)
        .await;
    let after = becomes(&db, id, MaintenanceState::Completed).await;
    assert_eq!(after.outcome, Some(Outcome::VerifyTimedOut));
    assert!(told(&db, id).await.iter().any(|update| update.message.contains("not up again in time")));
    engine.stop().await;
}

/// A change of this process wakes its clock; one of others is seen at its next look.
#[tokio::test]
async fn a_plan_is_seen_by_the_clock_at_once_and_from_elsewhere_soon() {
    let db = TestDb::new().await;
    let shop = db.workspace("Shop").await;
    let system = db.system("Checkout", shop).await;
    let engine = engine(&db);
    let now = store::database::now(db.pool()).await.unwrap();
    let plan = |starts_at: chrono::DateTime<chrono::Utc>| {
        serde_json::from_value::<Intention>(json!({
            "type": "plan_maintenance", "title": "Disks",
            "maintenance": { "starts_at": starts_at, "ends_at": now + chrono::TimeDelta::hours(1), "affects": [system] },
        }))
        .unwrap()
    };
    let elsewhere = Intentions::new(db.pool().clone(), Arc::new(|| {}));
    for intentions in [&engine.intentions, &elsewhere] {
        let outcomes = carry_out(intentions, plan(now)).await.unwrap();
        becomes(&db, outcomes, MaintenanceState::InProgress).await;
    }
    engine.stop().await;
}

/// Answers the id of the node.
async fn carry_out(intentions: &Intentions, intention: Intention) -> Result<Uuid, Refusal> {
    let done = intentions.carry_out(&Actor::Server, vec![intention], &Context::default(), |_| (200, Value::Null)).await?;
    match done {
        intentions::Done::Now { outcomes, .. } => match outcomes.first() {
            Some(intentions::Outcome::Node(node)) => Ok(node.id),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

/// Whole intentions against a running clock: who is told that it is cancelled can rely on it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_that_was_answered_holds() {
    let db = TestDb::new().await;
    let shop = db.workspace("Shop").await;
    let engine = engine(&db);
    let mut cancelled = 0;
    for round in 0..40 {
        let id = db.maintenance("Raced", shop, (0.02, 3_600.0), &[]).await;
        engine.intentions.maintenance_bell().notify_one();
        if round % 2 == 1 {
            becomes(&db, id, MaintenanceState::InProgress).await;
        }
        let answer = carry_out(&engine.intentions, Intention::CancelMaintenance { id, reason: None }).await;
        let state = maintenance(&db, id).await.state;
        match answer {
            Ok(_) => {
                cancelled += 1;
                assert_eq!(state, MaintenanceState::Cancelled, "round {round}");
            }
            Err(Refusal::Conflict { detail }) => {
                assert!(detail.contains("has started"), "{detail}");
                assert_eq!(state, MaintenanceState::InProgress, "round {round}");
            }
            Err(other) => panic!("round {round}: {other}"),
        }
        assert_eq!(told(&db, id).await.len(), 1, "round {round}");
    }
    assert!(cancelled <= 20, "what has started is not cancelled: {cancelled}");
    engine.stop().await;
}
