//! Jobs: each runs to its end once, whatever happens on the way.

use crate::{Running, SOON};
use domain::job::{JobClass, JobSpec, NewJob};
use domain::lifecycle::InstanceState;
use engine::jobs::{Bell, Context, Done, Failure, Kinds};
use engine::{EngineConfig, WorkConfig};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use store::job::{Held, Inserted, PastOutcome};
use testkit::{TestDb, wait_until};
use uuid::Uuid;

pub(crate) const SPEC: JobSpec = JobSpec {
    name: "tested",
    class: JobClass::Tools,
    attempts_max: 3,
    time_limit: Duration::from_secs(60),
    at_once: 4,
    is_short: false,
};

/// A server that runs jobs, and its bell.
pub(crate) struct Server {
    running: Running,
    pub(crate) bell: Bell,
}

impl Server {
    /// With these kinds, whose jobs get no time to finish when it stops.
    fn start(db: &TestDb, kinds: Kinds) -> Self {
        Self::start_at(db, kinds, None)
    }

    fn start_at(db: &TestDb, kinds: Kinds, home_id: Option<Uuid>) -> Self {
        Self::start_with(db, WorkConfig { home_id, kinds, ..WorkConfig::new(db.server_url()) })
    }

    pub(crate) fn start_with(db: &TestDb, work: WorkConfig) -> Self {
        Self::start_as(db, work, Uuid::now_v7())
    }

    pub(crate) fn start_as(db: &TestDb, work: WorkConfig, id: Uuid) -> Self {
        Self::start_and(db, work, |config| config.instance_id = id)
    }

    pub(crate) fn start_and(db: &TestDb, work: WorkConfig, change: impl FnOnce(&mut EngineConfig)) -> Self {
        let bell = work.bell.clone();
        let running = Running::start(db, |config| {
            config.probes = false;
            config.work = Some(work);
            change(config);
        });
        Self { running, bell }
    }

    pub(crate) fn drain(&self) -> &drain::Drain {
        &self.running.drain
    }

    pub(crate) async fn stop(self) {
        self.running.stop().await;
    }
}

pub(crate) async fn enqueue(db: &TestDb, jobs: &[NewJob]) -> Vec<Inserted> {
    let mut db = db.pool().acquire().await.unwrap();
    store::job::insert_jobs(&mut db, jobs).await.unwrap()
}

pub(crate) fn job(payload: Value) -> NewJob {
    NewJob::of(&SPEC, payload)
}

pub(crate) async fn ended(db: &TestDb, id: Uuid) -> store::job::PastJob {
    wait_until("the job has ended", SOON, async || store::job::find_past_job(db.pool(), id).await.unwrap()).await
}

/// Makes every waiting job due now.
async fn hurry(db: &TestDb) {
    let statement = "update jobs set run_at = clock_timestamp() where state = 'scheduled'";
    sqlx::query(statement).execute(db.superuser_pool()).await.unwrap();
}

#[tokio::test]
async fn jobs_run_and_their_results_are_kept() {
    let db = TestDb::new().await;
    let kinds = Kinds::default().with(SPEC, async |context: Context| {
        let number: i64 = context.payload::<Value>()?["number"].as_i64().unwrap_or(0);
        Ok(Some(json!({ "twice": number * 2 })))
    });
    let server = Server::start(&db, kinds);
    let jobs: Vec<NewJob> = (0..300).map(|n| job(json!({ "number": n }))).collect();
    assert!(enqueue(&db, &jobs).await.iter().all(|inserted| matches!(inserted, Inserted::New(_))));
    server.bell.ring();
    for (n, job) in jobs.iter().enumerate() {
        let past = ended(&db, job.id).await;
        assert_eq!((past.outcome.as_str(), past.attempt), ("succeeded", 1));
        assert_eq!(past.result, Some(json!({ "twice": n * 2 })));
    }
    // (The server's own may be among them, by the clock.)
    let left = sqlx::query_scalar("select count(*) from jobs where kind = $1").bind(SPEC.name);
    let left: i64 = left.fetch_one(db.pool()).await.unwrap();
    assert_eq!(left, 0);
    server.stop().await;
}

#[tokio::test]
async fn what_fails_is_tried_again_and_then_buried() {
    let db = TestDb::new().await;
    let attempts = Arc::new(AtomicUsize::new(0));
    let counted = attempts.clone();
    let kinds = Kinds::default().with(SPEC, move |context: Context| {
        let attempts = counted.clone();
        async move {
            match context.payload::<Value>()?["how"].as_str() {
                Some("panic") => {
                    attempts.fetch_add(1, Ordering::SeqCst);
                    panic!("out of cheese")
                }
                Some("never") => Err(Failure::Never("it can't be done".to_owned())),
                _ if context.attempt() < 3 => Err(Failure::Again(format!("not at attempt {}", context.attempt()))),
                _ => Ok(None),
            }
        }
    });
    let server = Server::start(&db, kinds);
    let (panics, never, third) = (job(json!({ "how": "panic" })), job(json!({ "how": "never" })), job(json!({})));
    enqueue(&db, &[panics.clone(), never.clone(), third.clone()]).await;
    server.bell.ring();
    wait_until("all have ended", SOON, async || {
        hurry(&db).await;
        store::job::list_past_jobs(db.pool(), None, Some(SPEC.name), None, 10).await.unwrap().len() == 3
    })
    .await;
    assert_eq!(ended(&db, third.id).await.attempt, 3);
    assert_eq!(attempts.load(Ordering::SeqCst), 3, "as often as it may, and no more");
    let failed = store::job::list_past_jobs(db.pool(), Some(PastOutcome::Failed), None, None, 10).await.unwrap();
    assert_eq!(failed.len(), 2);
    let letters = store::dead_letter::list_dead_letters(db.pool(), true, None, None, None, 10).await.unwrap();
    let of = |id: Uuid| letters.iter().find(|letter| letter.id == id).unwrap();
    assert_eq!((of(panics.id).attempts, of(panics.id).error.as_str()), (3, "it panicked: out of cheese"));
    assert_eq!((of(never.id).attempts, of(never.id).error.as_str()), (1, "it can't be done"));
    assert_eq!(of(never.id).payload, json!({ "how": "never" }));
    server.stop().await;
}

#[tokio::test]
async fn what_takes_too_long_is_told_to_stop() {
    let db = TestDb::new().await;
    let spec = JobSpec { time_limit: Duration::from_millis(50), attempts_max: 1, ..SPEC };
    let kinds = Kinds::default().with(spec, async |context: Context| {
        context.stop().cancelled().await;
        Err(Failure::Stopped)
    });
    let server = Server::start(&db, kinds);
    let job = NewJob::of(&spec, json!({}));
    enqueue(&db, std::slice::from_ref(&job)).await;
    server.bell.ring();
    assert_eq!(ended(&db, job.id).await.error.as_deref(), Some("it took longer than 0 s"));
    server.stop().await;
}

#[tokio::test]
async fn a_running_job_is_cancelled() {
    let db = TestDb::new().await;
    let kinds = Kinds::default().with(SPEC, async |context: Context| {
        context.progress(0.25, Some("waiting"));
        context.stop().cancelled().await;
        Err(Failure::Stopped)
    });
    let server = Server::start(&db, kinds);
    let job = job(json!({}));
    enqueue(&db, std::slice::from_ref(&job)).await;
    server.bell.ring();
    wait_until("it tells how far it is", SOON, async || {
        store::job::find_job(db.pool(), job.id).await.unwrap().is_some_and(|job| job.progress == Some(0.25))
    })
    .await;
    assert_eq!(store::job::cancel_job(&mut db.pool().acquire().await.unwrap(), job.id).await.unwrap(), Some(false));
    assert_eq!(ended(&db, job.id).await.outcome, "cancelled");
    server.stop().await;
}

/// A drain costs no attempt, and the next one goes on where this one was.
#[tokio::test]
async fn what_a_stop_interrupts_goes_on_elsewhere() {
    async fn counts_to_ten(context: Context) -> Result<Done, Failure> {
        let mut at = context.kept().and_then(|kept| kept["at"].as_i64()).unwrap_or(0);
        let from = at;
        while at < 10 {
            if at == 4 && from < 4 {
                context.keep(&json!({ "at": at })).await?;
                context.progress(0.4, None);
                context.stop().cancelled().await;
                return Err(Failure::Stopped);
            }
            at += 1;
        }
        Ok(Some(json!({ "from": from, "attempt": context.attempt() })))
    }
    let db = TestDb::new().await;
    let one = Server::start(&db, Kinds::default().with(SPEC, counts_to_ten));
    let job = job(json!({}));
    enqueue(&db, std::slice::from_ref(&job)).await;
    one.bell.ring();
    wait_until("it is on its way", SOON, async || {
        store::job::find_job(db.pool(), job.id).await.unwrap().is_some_and(|job| job.checkpoint.is_some())
    })
    .await;
    one.stop().await;
    let waiting = store::job::find_job(db.pool(), job.id).await.unwrap().unwrap();
    assert_eq!((waiting.state.as_str(), waiting.attempt), ("ready", 0));
    let two = Server::start(&db, Kinds::default().with(SPEC, counts_to_ten));
    assert_eq!(ended(&db, job.id).await.result, Some(json!({ "from": 4, "attempt": 1 })));
    two.stop().await;
}

/// Whoever starts with the data directory of a process that is gone runs its jobs at once, not when
/// its lease ends; and what the old one still writes changes nothing.
#[tokio::test]
async fn jobs_of_the_process_before_are_taken_over_at_once() {
    let db = TestDb::new().await;
    let (home_id, gone) = (Uuid::new_v4(), Uuid::new_v4());
    let instance = store::instance::NewInstance {
        id: gone,
        name: "gone".into(),
        version: "1".into(),
        roles: Vec::new(),
        home_id: Some(home_id),
    };
    store::instance::upsert_instance(db.pool(), &instance, InstanceState::Ready, &Default::default()).await.unwrap();
    let (first, last) = (job(json!({})), NewJob { attempts_max: 1, ..job(json!({})) });
    enqueue(&db, &[first.clone(), last.clone()]).await;
    let wanted = [store::job::Wanted { kind: SPEC.name, class: SPEC.class.as_str(), room: 2 }];
    let claimed = store::job::claim_jobs(db.pool(), gone, &wanted, 10).await.unwrap();
    assert_eq!(claimed.len(), 2);
    let runs = async |context: Context| Ok(Some(json!(context.attempt())));
    let server = Server::start_at(&db, Kinds::default().with(SPEC, runs), Some(home_id));
    assert_eq!(ended(&db, first.id).await.result, Some(json!(2)), "the lost attempt counts");
    assert_eq!(ended(&db, last.id).await.outcome, "failed", "it had but one");
    let late: Vec<_> = claimed
        .iter()
        .map(|job| store::job::Finished { held: Held { id: job.id, fence: job.fence }, succeeded: true, result: None })
        .collect();
    assert!(store::job::complete_jobs(db.pool(), &late).await.unwrap().is_empty());
    server.stop().await;
}

#[tokio::test]
async fn one_of_a_key_waits_and_a_period_outlasts_the_job() {
    let db = TestDb::new().await;
    let keyed = |key: &str| NewJob { unique_key: Some(key.to_owned()), ..job(json!({})) };
    let inserted = enqueue(&db, &[keyed("a"), keyed("a"), keyed("b")]).await;
    assert!(matches!(inserted[..], [Inserted::New(_), Inserted::Duplicate, Inserted::New(_)]));
    let wanted = [store::job::Wanted { kind: SPEC.name, class: SPEC.class.as_str(), room: 10 }];
    let claimed = store::job::claim_jobs(db.pool(), Uuid::new_v4(), &wanted, 10).await.unwrap();
    // While it runs another may wait, and keeps the key when the first comes back.
    let second = keyed("a");
    assert!(matches!(enqueue(&db, std::slice::from_ref(&second)).await[..], [Inserted::New(_)]));
    let again = store::job::claim_jobs(db.pool(), Uuid::new_v4(), &wanted, 10).await.unwrap();
    let third = keyed("a");
    enqueue(&db, std::slice::from_ref(&third)).await;
    let held: Vec<Held> = claimed.iter().chain(&again).map(|job| Held { id: job.id, fence: job.fence }).collect();
    assert_eq!(store::job::release_jobs(db.pool(), &held).await.unwrap().len(), 3);
    let keys: Vec<(Uuid, String)> =
        sqlx::query_as("select id, unique_key from jobs where unique_key is not null order by unique_key")
            .fetch_all(db.pool())
            .await
            .unwrap();
    assert_eq!(keys.iter().map(|(_, key)| key.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(keys[0].0, third.id);

    let daily = || NewJob { unique_for: Some(Duration::from_secs(3600)), ..keyed("daily") };
    assert!(matches!(enqueue(&db, &[daily()]).await[..], [Inserted::New(_)]));
    let claimed = store::job::claim_jobs(db.pool(), Uuid::new_v4(), &wanted, 10).await.unwrap();
    let done: Vec<_> = claimed
        .iter()
        .map(|job| store::job::Finished { held: Held { id: job.id, fence: job.fence }, succeeded: true, result: None })
        .collect();
    store::job::complete_jobs(db.pool(), &done).await.unwrap();
    assert_eq!(enqueue(&db, &[daily()]).await, [Inserted::Duplicate]);
}

/// Once a pause has returned, no claim of its class commits: under 8 that claim without a break.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_pause_is_exact() {
    let db = TestDb::new().await;
    let jobs: Vec<NewJob> = (0..1_000).map(|_| job(json!({}))).collect();
    for _ in 0..5 {
        enqueue(&db, &jobs.iter().map(|_| job(json!({}))).collect::<Vec<_>>()).await;
    }
    let stop = tokio_util::sync::CancellationToken::new();
    let claims = Arc::new(AtomicUsize::new(0));
    let mut claimers = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (pool, stop, claims) = (db.pool().clone(), stop.clone(), claims.clone());
        claimers.spawn(async move {
            let (worker, wanted) =
                (Uuid::new_v4(), [store::job::Wanted { kind: SPEC.name, class: SPEC.class.as_str(), room: 1 }]);
            while !stop.is_cancelled() {
                let claimed = store::job::claim_jobs(&pool, worker, &wanted, 1).await.unwrap();
                claims.fetch_add(claimed.len(), Ordering::SeqCst);
            }
        });
    }
    let claimed = "select count(*) from jobs where fence > 0";
    for round in 0..10 {
        let from = claims.load(Ordering::SeqCst);
        wait_until("they claim", SOON, async || claims.load(Ordering::SeqCst) > from + 20).await;
        assert_eq!(store::job_class::pause_job_class(db.pool(), "tools", None, Some("test")).await.unwrap(), Some(true));
        let at_once: i64 = sqlx::query_scalar(claimed).fetch_one(db.superuser_pool()).await.unwrap();
        // They go on trying, many times each.
        for _ in 0..50 {
            store::job_class::list_job_classes(db.pool()).await.unwrap();
        }
        let later: i64 = sqlx::query_scalar(claimed).fetch_one(db.superuser_pool()).await.unwrap();
        assert_eq!(at_once, later, "round {round}");
        assert_eq!(store::job_class::resume_job_class(db.pool(), "tools").await.unwrap(), Some(true));
    }
    stop.cancel();
    while let Some(done) = claimers.join_next().await {
        done.unwrap();
    }
}
