//! Jobs whose database loses an answer, refuses one, or gives a job to somebody else.

use crate::SOON;
use crate::jobs::{SPEC, Server, ended, enqueue, job};
use domain::job::{JobSpec, NewJob};
use engine::WorkConfig;
use engine::jobs::{Context, Failure, Kinds};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use store::job::Wanted;
use testkit::{TestDb, wait_until};
use tokio::sync::Semaphore;
use uuid::Uuid;

/// Longer than a worker waits between two looks, and shorter than it insists.
const BROKEN_FOR: Duration = Duration::from_millis(1_200);
const WANTED: [Wanted<'static>; 1] = [Wanted { kind: SPEC.name, class: SPEC.class.as_str(), room: 10 }];

async fn as_superuser(db: &TestDb, statement: &'static str) {
    sqlx::raw_sql(statement).execute(db.superuser_pool()).await.unwrap();
}

/// Breaks something for a while.
async fn for_a_while(db: &TestDb, breaks: &'static str, mends: &'static str) {
    as_superuser(db, breaks).await;
    let mut pace = tokio::time::interval(BROKEN_FOR);
    pace.tick().await;
    pace.tick().await;
    as_superuser(db, mends).await;
}

async fn state(db: &TestDb, id: Uuid) -> Option<String> {
    store::job::find_job(db.pool(), id).await.unwrap().map(|job| job.state)
}

fn work(db: &TestDb, kinds: Kinds) -> WorkConfig {
    WorkConfig { kinds, ..WorkConfig::new(db.server_url()) }
}

/// PostgreSQL keeps any JSON but such with U+0000: one job that answers so fails alone.
#[tokio::test]
async fn an_answer_that_cannot_be_kept_fails_its_job_alone() {
    let db = TestDb::new().await;
    let spec = JobSpec { at_once: 50, ..SPEC };
    let all = Arc::new(tokio::sync::Barrier::new(20));
    let kinds = Kinds::default().with(spec, move |context: Context| {
        let all = all.clone();
        async move {
            // All end at once, so that they are told together.
            all.wait().await;
            match context.payload::<Value>()?["how"].as_str() {
                Some("result") => Ok(Some(json!("a\0b"))),
                Some("error") => Err(Failure::Never("c\0d".to_owned())),
                _ => {
                    context.progress(f32::NAN, Some("e\0f"));
                    Ok(None)
                }
            }
        }
    });
    let server = Server::start_with(&db, work(&db, kinds));
    let (result, error) = (job(json!({ "how": "result" })), job(json!({ "how": "error" })));
    let good: Vec<NewJob> = (0..18).map(|_| job(json!({}))).collect();
    enqueue(&db, &[good.clone(), vec![result.clone(), error.clone()]].concat()).await;
    server.bell.ring();
    for job in good {
        assert_eq!(ended(&db, job.id).await.outcome, "succeeded");
    }
    let told = async |job: &NewJob| ended(&db, job.id).await.error;
    assert_eq!(told(&result).await.as_deref(), Some("it was done, but what it answered can't be kept"));
    assert_eq!(told(&error).await.as_deref(), Some("cd"));
    server.stop().await;
}

/// A claim was made, and its answer lost on the way: the worker never heard of the job.
#[tokio::test]
async fn a_job_whose_claim_was_not_heard_of_is_given_back() {
    let (db, id) = (TestDb::new().await, Uuid::now_v7());
    let server = Server::start_as(
        &db,
        work(&db, Kinds::default().with(SPEC, async |context: Context| Ok(Some(json!(context.attempt()))))),
        id,
    );
    let lost = job(json!({}));
    let mut tx = db.pool().begin().await.unwrap();
    store::job::insert_jobs(&mut tx, std::slice::from_ref(&lost)).await.unwrap();
    assert_eq!(store::job::claim_jobs(&mut *tx, id, &WANTED, 1).await.unwrap().len(), 1);
    tx.commit().await.unwrap();
    for_a_while(&db, "alter table job_classes rename to away", "alter table away rename to job_classes").await;
    assert_eq!(ended(&db, lost.id).await.result, Some(json!(1)), "it was never begun: that was no attempt");
    server.stop().await;
}

/// What a pause takes back from the desk is given back, even if the database refuses at first.
#[tokio::test]
async fn what_a_pause_withdraws_is_not_lost() {
    let db = TestDb::new().await;
    let (spec, go) = (JobSpec { at_once: 1, is_short: true, ..SPEC }, Arc::new(Semaphore::new(0)));
    let gate = go.clone();
    let kinds = Kinds::default().with(spec, move |_: Context| {
        let gate = gate.clone();
        async move {
            gate.acquire().await.map_err(|error| Failure::Never(error.to_string()))?.forget();
            Ok(None)
        }
    });
    let server = Server::start_with(&db, work(&db, kinds));
    let jobs: Vec<NewJob> = (0..5).map(|_| job(json!({}))).collect();
    enqueue(&db, &jobs).await;
    server.bell.ring();
    let count = async |state: &str| {
        let statement = "select count(*) from jobs where kind = 'tested' and state = $1";
        sqlx::query_scalar::<_, i64>(statement).bind(state).fetch_one(db.pool()).await.unwrap()
    };
    wait_until("all are claimed", SOON, async || count("running").await == 5).await;
    as_superuser(&db, "revoke update on jobs from synops_server").await;
    store::job_class::pause_job_class(db.pool(), SPEC.class.as_str(), None, None).await.unwrap();
    for_a_while(&db, "select 1", "grant update on jobs to synops_server").await;
    wait_until("four are given back", SOON, async || count("ready").await == 4).await;
    assert_eq!(count("running").await, 1);
    store::job_class::resume_job_class(db.pool(), SPEC.class.as_str()).await.unwrap();
    go.add_permits(5);
    for job in jobs {
        assert_eq!(ended(&db, job.id).await.attempt, 1);
    }
    server.stop().await;
}

/// A job that was given to somebody else while it ran is told to stop, and its end is nobody's news.
#[tokio::test]
async fn a_job_that_somebody_else_has_by_now_is_given_up() {
    let (db, gone) = (TestDb::new().await, Arc::new(Semaphore::new(0)));
    let told = gone.clone();
    let kinds = Kinds::default().with(SPEC, move |context: Context| {
        let told = told.clone();
        async move {
            context.stop().cancelled().await;
            told.add_permits(1);
            Ok(None)
        }
    });
    let server = Server::start_with(&db, work(&db, kinds));
    let job = job(json!({}));
    enqueue(&db, std::slice::from_ref(&job)).await;
    server.bell.ring();
    wait_until("it runs", SOON, async || state(&db, job.id).await.as_deref() == Some("running")).await;
    as_superuser(&db, "update jobs set fence = fence + 1, worker_id = gen_random_uuid() where kind = 'tested'").await;
    wait_until("it is told to stop", SOON, async || gone.available_permits() == 1).await;
    server.stop().await;
    assert_eq!(state(&db, job.id).await.as_deref(), Some("running"), "the other still runs it");
    assert!(store::job::find_past_job(db.pool(), job.id).await.unwrap().is_none());
}

/// Closed, a server claims nothing; when the stop is called off it goes on.
#[tokio::test]
async fn a_server_that_closes_claims_nothing_until_it_opens_again() {
    let db = TestDb::new().await;
    let server = Server::start_with(&db, work(&db, Kinds::default().with(SPEC, async |_: Context| Ok(None))));
    let before = job(json!({}));
    enqueue(&db, std::slice::from_ref(&before)).await;
    server.bell.ring();
    ended(&db, before.id).await;
    for round in 0..5 {
        assert!(server.drain().close());
        let job = job(json!({}));
        // A claim under way when it closed may still take this one, and gives it back.
        enqueue(&db, std::slice::from_ref(&job)).await;
        for _ in 0..50 {
            server.bell.ring();
            assert!(state(&db, job.id).await.is_some(), "round {round}");
        }
        assert!(server.drain().abort());
        assert_eq!(ended(&db, job.id).await.attempt, 1, "round {round}");
    }
    server.stop().await;
}
