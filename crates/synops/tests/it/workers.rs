//! Workers that are killed, stopped and cut off from their database: no job is lost, none counts twice.

use crate::crash::Database;
use crate::managed::{client, data_dir};
use crate::program::Served;
use crate::worker_load::{LIMIT, Ledger, check_all, ended, enqueue, keep_enqueueing, tool};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rustix::process::{Pid, Signal, kill_process};
use std::path::Path;
use std::time::Duration;
use testkit::{TestDb, wait_until};
use tokio::task::JoinSet;
use tokio::time::{Instant, interval};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const KILLS: usize = 100;
/// Between two moments at which a kill may come.
const STEP: Duration = Duration::from_millis(5);
const STEPS_MAX: usize = 60;
/// For how long PostgreSQL is away.
const AWAY: Duration = Duration::from_secs(3);
/// What a worker may say meanwhile: some of its tasks try again each second.
const LINES_PER_SECOND_MAX: usize = 40;

/// Who runs a job, in which attempt.
async fn run_by(db: &sqlx::PgPool, id: Uuid) -> Option<(Uuid, i16)> {
    let statement = "select worker_id, attempt from jobs where id = $1 and state = 'running' and progress is not null";
    sqlx::query_as(statement).bind(id).fetch_optional(db).await.expect("the job")
}

async fn history(db: &sqlx::PgPool, id: Uuid) -> Vec<(String, i16, Option<Uuid>)> {
    let statement = "select outcome, attempt, worker_id from job_history where id = $1";
    sqlx::query_as(statement).bind(id).fetch_all(db).await.expect("the history")
}

/// Kills a worker and starts it anew, `kills` times, each time at another moment; answers the last.
async fn kill_again_and_again(ledger: &Ledger, dir: &Path, url: &str, seed: u64, kills: usize) -> Served {
    let mut random = StdRng::seed_from_u64(seed);
    let mut served = ledger.worker(dir, url).await;
    for _ in 0..kills {
        let mut step = interval(STEP);
        for _ in 0..random.random_range(1..=STEPS_MAX) {
            step.tick().await;
        }
        served.signal(Signal::KILL);
        served.ended().await;
        served = ledger.worker(dir, url).await;
    }
    served
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_at_a_hundred_moments_lose_no_job_and_repeat_none() {
    let seed = rand::random();
    println!("seed {seed}");
    let (db, ledger, stop) = (TestDb::new().await, Ledger::new(10), CancellationToken::new());
    let (one, two, url) = (data_dir(), data_dir(), db.server_url());
    let mut load = JoinSet::new();
    load.spawn(keep_enqueueing(db.owner_pool().clone(), stop.clone()));
    let (one, two) = tokio::join!(
        kill_again_and_again(&ledger, one.path(), &url, seed, KILLS / 2),
        kill_again_and_again(&ledger, two.path(), &url, seed + 1, KILLS / 2)
    );
    stop.cancel();
    let jobs = load.join_next().await.expect("the load").expect("it enqueued");
    check_all(db.owner_pool(), &ledger, &jobs).await;
    assert_eq!((one.terminate().await, two.terminate().await), (Some(0), Some(0)));
}

/// A worker that is stopped for longer than its lease finds its job with another when it goes on:
/// what it says of it changes nothing.
#[tokio::test]
async fn a_worker_that_was_asleep_past_its_lease_is_not_believed() {
    let (db, ledger) = (TestDb::new().await, Ledger::new(0));
    let (one, two, url) = (data_dir(), data_dir(), db.server_url());
    let pool = db.superuser_pool();
    let asleep = ledger.worker(one.path(), &url).await;
    let job = tool("waits");
    enqueue(pool, std::slice::from_ref(&job)).await.unwrap();
    let (first, attempt) = wait_until("it runs", LIMIT, async || run_by(pool, job.id).await).await;
    assert_eq!(attempt, 1);
    asleep.signal(Signal::STOP);
    let aged = "update instances set seen_at = seen_at - interval '10 minutes' where id = $1";
    sqlx::query(aged).bind(first).execute(pool).await.unwrap();
    let other = ledger.worker(two.path(), &url).await;
    let taken = async || run_by(pool, job.id).await.filter(|(worker, _)| *worker != first);
    let (second, attempt) = wait_until("another has taken it over", LIMIT, taken).await;
    assert_eq!(attempt, 2, "the lost attempt counts");
    // The first one's command ends while it sleeps; it wakes up to good news that are none.
    ledger.go(1);
    wait_until("it is done once", LIMIT, async || ledger.done().get(&job.id) == Some(&1)).await;
    asleep.signal(Signal::CONT);
    let caller = client(&asleep);
    wait_until("it has learned that the job is not its own", LIMIT, async || {
        let figures = caller.get("/metrics").await.text;
        figures.contains("synops_jobs_fenced_total 1") || figures.contains(r#"kind="tool",outcome="lost"} 1"#)
    })
    .await;
    assert_eq!(run_by(pool, job.id).await, Some((second, 2)), "it still runs where it was taken over");
    assert_eq!(history(pool, job.id).await, []);
    ledger.go(2);
    wait_until("it has ended", LIMIT, async || !history(pool, job.id).await.is_empty()).await;
    assert_eq!(history(pool, job.id).await, [("succeeded".to_owned(), 2, Some(second))]);
    assert_eq!((asleep.terminate().await, other.terminate().await), (Some(0), Some(0)));
}

/// Whoever starts with the data directory of a killed server runs its jobs at once: not when the lease ends.
#[tokio::test]
async fn jobs_of_a_killed_server_run_again_when_it_is_back() {
    let (db, ledger, dir) = (TestDb::new().await, Ledger::new(0), data_dir());
    let (url, pool) = (db.server_url(), db.superuser_pool());
    let killed = ledger.worker(dir.path(), &url).await;
    let job = tool("waits");
    enqueue(pool, std::slice::from_ref(&job)).await.unwrap();
    let (first, _) = wait_until("it runs", LIMIT, async || run_by(pool, job.id).await).await;
    // As if it had just told that it lives: for 45 s nobody else would touch its jobs.
    killed.signal(Signal::KILL);
    killed.ended().await;
    sqlx::query("update instances set seen_at = clock_timestamp() + interval '1 hour'").execute(pool).await.unwrap();
    let began = Instant::now();
    let back = ledger.worker(dir.path(), &url).await;
    let again = async || run_by(pool, job.id).await.filter(|(worker, _)| *worker != first);
    let (_, attempt) = wait_until("it runs again", LIMIT, again).await;
    println!("it ran again {:?} after the start", began.elapsed());
    assert_eq!(attempt, 2);
    ledger.go(2);
    wait_until("it has ended", LIMIT, async || !history(pool, job.id).await.is_empty()).await;
    assert_eq!(back.terminate().await, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_wait_for_a_database_that_is_away_and_go_on() {
    let mut database = Database::start().await;
    let (ledger, stop, url) = (Ledger::new(10), CancellationToken::new(), database.server_url());
    let (one, two) = (data_dir(), data_dir());
    let workers = [ledger.worker(one.path(), &url).await, ledger.worker(two.path(), &url).await];
    let mut load = JoinSet::new();
    load.spawn(keep_enqueueing(database.pool.clone(), stop.clone()));
    for _ in 0..3 {
        let from = ended(&database.pool).await.unwrap();
        wait_until("they work", LIMIT, async || ended(&database.pool).await.is_some_and(|now| now > from + 100)).await;
        let lines_before = workers.each_ref().map(|worker| worker.log().lines().count());
        let exited = database.cluster.exited();
        let postmaster = database.cluster.pid().and_then(|pid| Pid::from_raw(pid.cast_signed())).unwrap();
        // Fast: whoever is connected is cut off.
        kill_process(postmaster, Signal::INT).unwrap();
        exited.await;
        let mut away = interval(AWAY);
        away.tick().await;
        away.tick().await;
        for (worker, before) in workers.iter().zip(lines_before) {
            let lines = worker.log().lines().count() - before;
            println!("{lines} lines in {AWAY:?} without a database");
            let most = LINES_PER_SECOND_MAX * usize::try_from(AWAY.as_secs()).unwrap();
            assert!(lines <= most, "{lines} lines while the database was away: a busy loop?\n{}", worker.log());
        }
        database.cluster.restart().await.unwrap();
        let (back, from) = (Instant::now(), wait_until("it answers", LIMIT, async || ended(&database.pool).await).await);
        wait_until("they work again", LIMIT, async || ended(&database.pool).await.is_some_and(|now| now > from)).await;
        println!("the first job ended {:?} after PostgreSQL was back", back.elapsed());
    }
    stop.cancel();
    let jobs = load.join_next().await.unwrap().unwrap();
    check_all(&database.pool, &ledger, &jobs).await;
    for worker in workers {
        assert_eq!(worker.terminate().await, Some(0));
    }
    database.pool.close().await;
    database.cluster.stop().await.unwrap();
}
