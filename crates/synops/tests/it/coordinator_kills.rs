//! The server is killed at each step of a maintenance of Synops itself, before the step is committed and
//! after it. Whatever happens when: no window stops a server twice, each comes to its end and says how,
//! and no job is lost.

use crate::held_step::{HeldStep, Step};
use crate::planned::{Admin, instances};
use crate::supervisor::Supervisor;
use crate::worker_load::{LIMIT, Ledger, check_all, enqueue, tool};
use domain::job::NewJob;
use serde_json::json;
use testkit::{TestDb, wait_until};
use uuid::Uuid;

/// When the kill comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    /// The server stands in the step's transaction.
    Before,
    /// Others see the step; the server stands before the next one, or has ended.
    After,
}

const STEPS: [Step; 6] = [Step::Started, Step::Closed, Step::Draining, Step::Stopped, Step::Verifying, Step::Completed];

async fn runs(db: &TestDb, job: &NewJob) {
    let statement = "select exists (select from jobs where id = $1 and progress is not null)";
    let seen = async || sqlx::query_scalar::<_, bool>(statement).bind(job.id).fetch_one(db.superuser_pool()).await.unwrap();
    wait_until("it runs", LIMIT, seen).await;
}

/// The window's whole way, with one kill in it.
async fn survives_a_kill(step: Step, when: When) {
    let (db, ledger) = (TestDb::new().await, Ledger::new(10));
    let supervisor = Supervisor::start(&ledger, &db.server_url(), &[]).await;
    let up = supervisor.until_up(0).await;
    let admin = Admin::sign_in(&up).await;
    let first: Vec<Uuid> = instances(&db).await.into_iter().map(|(id, ..)| id).collect();
    assert_eq!(first.len(), 1);

    // One that runs when the window begins, and others that come while it lasts.
    let mut jobs = vec![tool("waits")];
    enqueue(db.superuser_pool(), &jobs).await.unwrap();
    runs(&db, &jobs[0]).await;
    let held_at = match when {
        When::Before => Some(step),
        When::After => STEPS.into_iter().skip_while(|s| *s != step).nth(1),
    };
    let held = match held_at {
        Some(step) => Some(HeldStep::new(&db, step).await),
        None => None,
    };
    let window = admin.plan(&up, &db, &json!({ "blocked_classes": ["tools"], "drain_bound_s": 60 })).await;
    if held_at != Some(Step::Started) {
        Step::Started.until_taken(&db).await;
        jobs.push(tool("counts"));
        enqueue(db.superuser_pool(), &jobs[1..]).await.unwrap();
    }
    // Only now: before that the server would not have to wait for anything.
    ledger.go(1);
    match (&held, when) {
        (Some(held), When::Before) => {
            held.caught().await;
        }
        _ => step.until_taken(&db).await,
    }
    let no_restart = supervisor.hold().await;
    supervisor.kill(&no_restart).await;
    if let Some(held) = held {
        held.cut_off_servers().await;
        assert_eq!(step.is_taken(&db).await, when == When::After, "{step:?}");
        held.let_go().await;
    }
    // For what is run again because its attempt was lost.
    for attempt in 2..=4 {
        ledger.go(attempt);
    }
    drop(no_restart);

    window.becomes(&db, "completed").await;
    let last = supervisor.until_up(1).await;
    check_all(db.superuser_pool(), &ledger, &jobs).await;
    let (exits, told, outcome) = (supervisor.exits(), window.told(&db).await, window.outcome(&db).await);
    println!("{step:?} {when:?}: exits {exits:?}, {outcome:?}, told {told:#?}");
    check_story(step, when, &told, outcome.as_deref());
    let stops = window.stops(&db).await;
    assert!(stops.iter().all(|stop| stop.instance_id == first[0]), "a server that came later stopped for it: {stops:?}");
    assert_eq!(window.blocked(&db).await, [""; 0]);
    // After its stop it ends by itself, perhaps before the kill comes; from then on another is killed.
    let allowed = match (step, when) {
        (Step::Stopped, When::After) => vec![vec![None], vec![Some(0)]],
        (Step::Verifying | Step::Completed, _) => vec![vec![Some(0), None]],
        _ => vec![vec![None]],
    };
    assert!(allowed.contains(&exits) && last.run == exits.len(), "{exits:?}");
    wait_until("nothing is told any more", LIMIT, async || {
        let told = admin.at(&last).get("/api/v1/lifecycle").await.ok();
        told["phase"] == "running" && told["window"].is_null()
    })
    .await;
    assert_eq!(supervisor.stop().await, [exits, vec![Some(0)]].concat(), "it went on until it was told to stop");
}

/// What people read afterwards. The server's name stands before what is told of it.
fn check_story(step: Step, when: When, told: &[String], outcome: Option<&str>) {
    const CLOSES: &str = "closes: no job begins there any more.";
    const DRAINS: &str = "drains: jobs may finish until";
    const BEFORE_IT_DRAINED: &str = "ended before it drained. Jobs it had under way began again elsewhere.";
    const WHILE_IT_DRAINED: &str = "ended while it drained. Jobs it had under way began again elsewhere.";
    const STOPPED: &str = "has stopped; its supervisor starts it again.";
    let way: &[&str] = match (step, when) {
        // It was killed and forgotten before anybody looked who had to stop.
        (Step::Started, When::Before) if outcome == Some("ended") => {
            assert_eq!(told, ["Started by the clock.", "No server had to stop for it."]);
            return;
        }
        (Step::Started, _) | (Step::Closed, When::Before) => &[BEFORE_IT_DRAINED],
        (Step::Closed, When::After) | (Step::Draining, When::Before) => &[CLOSES, BEFORE_IT_DRAINED],
        (Step::Draining, When::After) | (Step::Stopped, When::Before) => &[CLOSES, DRAINS, WHILE_IT_DRAINED],
        _ => &[CLOSES, DRAINS, STOPPED],
    };
    let expected = [&["Started by the clock."], way, &["Synops has restarted.", "Everything affected is up again."]].concat();
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    assert!(told.iter().zip(&expected).all(|(told, expected)| told.contains(expected)), "{told:#?} is not {expected:#?}");
    assert_eq!(outcome, Some("green"));
}

#[tokio::test]
async fn killed_before_it_has_started() {
    survives_a_kill(Step::Started, When::Before).await;
}

#[tokio::test]
async fn killed_after_it_has_started() {
    survives_a_kill(Step::Started, When::After).await;
}

#[tokio::test]
async fn killed_before_it_has_closed() {
    survives_a_kill(Step::Closed, When::Before).await;
}

#[tokio::test]
async fn killed_after_it_has_closed() {
    survives_a_kill(Step::Closed, When::After).await;
}

#[tokio::test]
async fn killed_before_it_drains() {
    survives_a_kill(Step::Draining, When::Before).await;
}

#[tokio::test]
async fn killed_after_it_drains() {
    survives_a_kill(Step::Draining, When::After).await;
}

#[tokio::test]
async fn killed_before_it_has_stopped() {
    survives_a_kill(Step::Stopped, When::Before).await;
}

#[tokio::test]
async fn killed_after_it_has_stopped() {
    survives_a_kill(Step::Stopped, When::After).await;
}

#[tokio::test]
async fn killed_before_it_verifies() {
    survives_a_kill(Step::Verifying, When::Before).await;
}

#[tokio::test]
async fn killed_after_it_verifies() {
    survives_a_kill(Step::Verifying, When::After).await;
}

#[tokio::test]
async fn killed_before_it_is_completed() {
    survives_a_kill(Step::Completed, When::Before).await;
}

#[tokio::test]
async fn killed_after_it_is_completed() {
    survives_a_kill(Step::Completed, When::After).await;
}
