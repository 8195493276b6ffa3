//! Several servers and one window of Synops: one after the other, or all at once.

use crate::balancer::Balancer;
use crate::held_step::{HeldStep, Step};
use crate::planned::{Admin, instances, now};
use crate::supervisor::Supervisor;
use crate::worker_load::{LIMIT, Ledger, check_all, keep_enqueueing};
use chrono::{DateTime, TimeDelta, Utc};
use domain::limits::CLOSED_TOGETHER_MAX;
use rustix::process::Signal;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;
use testkit::{TestDb, wait_until};
use tokio::task::JoinSet;
use tokio::time::interval;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// No answer within this counts as a failure.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);
/// Between two requests of one caller.
const PACE: Duration = Duration::from_millis(30);
const CALLERS: usize = 4;
/// For the balancer to notice that a server closes; on a busy machine it needs more than its period.
const READY_PAUSE: (&str, &str) = ("SYNOPS_DRAIN_READY_PAUSE_S", "5");
const READY_PAUSE_S: i64 = 5;

/// What one caller saw.
#[derive(Default)]
struct Seen {
    reads: usize,
    /// What it was told was made.
    made: Vec<Uuid>,
    failures: Vec<String>,
}

/// Writes and reads through the balancer until told to stop: each request on a connection of its own, or
/// (`keeps`) on one that is kept as long as the server lets it.
async fn call(address: SocketAddr, token: String, parent: Uuid, keeps: bool, stop: CancellationToken) -> Seen {
    let idle_max = usize::from(keeps);
    let http = reqwest::Client::builder().timeout(ANSWER_LIMIT).pool_max_idle_per_host(idle_max).build().expect("a client");
    let base = format!("http://{address}/api/v1");
    let (mut seen, mut pace) = (Seen::default(), interval(PACE));
    while stop.run_until_cancelled(pace.tick()).await.is_some() {
        let group = json!({ "title": "made under way", "parent_id": parent });
        let write = http.post(format!("{base}/groups")).bearer_auth(&token).json(&group);
        match answer(write).await {
            Ok(node) => seen.made.extend(node["id"].as_str().and_then(|id| id.parse::<Uuid>().ok())),
            Err(failure) => seen.failures.push(format!("write: {failure}")),
        }
        match answer(http.get(format!("{base}/nodes?kind=group&limit=20")).bearer_auth(&token)).await {
            Ok(_) => seen.reads += 1,
            Err(failure) => seen.failures.push(format!("read: {failure}")),
        }
    }
    seen
}

async fn answer(request: reqwest::RequestBuilder) -> Result<Value, String> {
    let answer = request.send().await.map_err(|error| format!("{error:?}"))?;
    let status = answer.status();
    let text = answer.text().await.map_err(|error| format!("{status}, then {error:?}"))?;
    if status.is_success() {
        serde_json::from_str(&text).map_err(|error| error.to_string())
    } else {
        Err(format!("{status} {text}"))
    }
}

/// Nobody who comes by a balancer notices that both servers are started anew.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rolling_restart_fails_no_request() {
    synops::tls::install_provider();
    let (db, ledger, stop) = (TestDb::new().await, Ledger::new(10), CancellationToken::new());
    let (url, parent) = (db.server_url(), db.workspace("Shop").await);
    let one = Supervisor::start(&ledger, &url, &[READY_PAUSE]).await;
    let up = one.until_up(0).await;
    let admin = Admin::sign_in(&up).await;
    let two = Supervisor::start(&ledger, &url, &[READY_PAUSE]).await;
    let balancer = Balancer::start(vec![one.ups(), two.ups()]).await;
    let first: BTreeSet<Uuid> = instances(&db).await.into_iter().map(|(id, ..)| id).collect();
    assert_eq!(first.len(), 2);

    let (mut callers, mut load) = (JoinSet::new(), JoinSet::new());
    for number in 0..CALLERS {
        callers.spawn(call(balancer.address, admin.token().to_owned(), parent, number % 2 == 0, stop.clone()));
    }
    load.spawn(keep_enqueueing(db.superuser_pool().clone(), stop.clone()));
    let window = admin.plan(&up, &db, &json!({ "rolling": true, "drain_bound_s": 30 })).await;
    window.becomes(&db, "completed").await;
    let (again, other) = (one.until_up(1).await, two.until_up(1).await);
    // Both are served by again.
    let from = balancer.sent();
    let more = async || balancer.sent().iter().zip(&from).all(|(now, from)| *now > from + 20);
    wait_until("both serve", LIMIT, more).await;
    stop.cancel();
    let seen = callers.join_all().await;
    let jobs = load.join_next().await.unwrap().unwrap();

    let failures: Vec<&String> = seen.iter().flat_map(|seen| &seen.failures).collect();
    let made: Vec<Uuid> = seen.iter().flat_map(|seen| seen.made.iter().copied()).collect();
    let reads: usize = seen.iter().map(|seen| seen.reads).sum();
    println!("{} writes, {reads} reads, {} failures, sent {:?}", made.len(), failures.len(), balancer.sent());
    assert!(failures.is_empty(), "{failures:?}");
    assert_eq!(balancer.unserved(), 0);
    let statement = "select count(*) from nodes where id = any($1)";
    let there: i64 = sqlx::query_scalar(statement).bind(&made).fetch_one(db.superuser_pool()).await.unwrap();
    assert_eq!(usize::try_from(there).unwrap(), made.len(), "all that was acknowledged is there");
    check_all(db.superuser_pool(), &ledger, &jobs).await;

    let stops = window.stops(&db).await;
    assert_eq!(stops.iter().map(|stop| stop.turn).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(stops.iter().map(|stop| stop.instance_id).collect::<BTreeSet<_>>(), first);
    assert!(stops.iter().all(|stop| stop.late.is_empty()), "{stops:?}");
    // The second closed when the first had been there again for as long as a balancer takes to notice.
    let anew: Vec<_> = instances(&db).await.into_iter().filter(|(id, ..)| !first.contains(id)).collect();
    assert_eq!(anew.len(), 2, "{anew:?}");
    let (stopped, closed) = (stops[0].stopped_at.unwrap(), stops[1].closed_at.unwrap());
    assert!(stopped < anew[0].2 && anew[0].2 < closed, "{stopped} {closed} {anew:?}");
    let ready = ready_at(&db, anew[0].0).await;
    assert!((closed - ready).num_seconds() >= READY_PAUSE_S, "{ready} {closed}");
    assert!(stops[1].stopped_at.unwrap() < anew[1].2, "{stops:?} {anew:?}");
    assert_eq!((again.run, other.run), (1, 1));
    assert_eq!((one.exits(), two.exits()), (vec![Some(0)], vec![Some(0)]));
    assert_eq!((one.stop().await, two.stop().await), (vec![Some(0); 2], vec![Some(0); 2]));
    balancer.stop().await;
}

/// The first is killed in its turn. The second takes its own all the same, when there is somebody to stand in
/// for it.
#[tokio::test]
async fn a_rolling_stop_goes_on_over_a_kill() {
    let (db, ledger) = (TestDb::new().await, Ledger::new(10));
    let url = db.server_url();
    let one = Supervisor::start(&ledger, &url, &[READY_PAUSE]).await;
    let up = one.until_up(0).await;
    let admin = Admin::sign_in(&up).await;
    let two = Supervisor::start(&ledger, &url, &[READY_PAUSE]).await;
    let both_ready = async || instances(&db).await.iter().filter(|(_, state, _)| state == "ready").count() == 2;
    wait_until("both are ready", LIMIT, both_ready).await;
    let first: Vec<Uuid> = instances(&db).await.into_iter().map(|(id, ..)| id).collect();
    let held = HeldStep::new(&db, Step::Draining).await;
    let window = admin.plan(&up, &db, &json!({ "rolling": true, "drain_bound_s": 30 })).await;
    let pid = held.caught().await;
    let no_restart = one.hold().await;
    one.kill(&no_restart).await;
    held.cut_off(pid).await;
    held.let_go().await;
    let (killed, waits) = (window.stops(&db).await, two.exits());
    assert_eq!(killed.iter().map(|stop| stop.closed_at.is_some()).collect::<Vec<_>>(), [true, false], "{killed:?}");
    assert!(waits.is_empty() && killed[0].instance_id == first[0]);
    drop(no_restart);
    window.becomes(&db, "completed").await;
    two.until_up(1).await;

    let stops = window.stops(&db).await;
    assert_eq!(stops.iter().map(|stop| stop.instance_id).collect::<Vec<_>>(), first);
    assert_eq!(stops.iter().map(|stop| stop.stopped_at.is_some()).collect::<Vec<_>>(), [false, true], "{stops:?}");
    let anew: Vec<_> = instances(&db).await.into_iter().filter(|(id, ..)| !first.contains(id)).collect();
    let (back, closed) = (ready_at(&db, anew[0].0).await, stops[1].closed_at.unwrap());
    assert!((closed - back).num_seconds() >= READY_PAUSE_S, "{back} {closed}: nobody stood in for it");
    assert_eq!((one.stop().await, two.stop().await), (vec![None, Some(0)], vec![Some(0); 2]));
}

/// Since when others count on it.
async fn ready_at(db: &TestDb, instance_id: Uuid) -> DateTime<Utc> {
    let statement = "select ready_at from instances where id = $1";
    sqlx::query_scalar(statement).bind(instance_id).fetch_one(db.superuser_pool()).await.unwrap()
}

/// As if this server had last told so long from now that it lives.
async fn seen(db: &TestDb, instance_id: Uuid, from_now: &str) {
    let statement = "update instances set seen_at = clock_timestamp() + $2::text::interval where id = $1";
    sqlx::query(statement).bind(instance_id).bind(from_now).execute(db.superuser_pool()).await.unwrap();
}

/// Each says each step, and they wait for each other; one that says nothing any more is waited for by
/// nobody, and when it wakes up it goes on.
#[tokio::test]
async fn a_full_stop_waits_for_those_that_live() {
    let (db, ledger) = (TestDb::new().await, Ledger::new(10));
    let url = db.server_url();
    let one = Supervisor::start(&ledger, &url, &[]).await;
    let up = one.until_up(0).await;
    let admin = Admin::sign_in(&up).await;
    let two = Supervisor::start(&ledger, &url, &[]).await;
    let before: BTreeSet<Uuid> = instances(&db).await.into_iter().map(|(id, ..)| id).collect();
    let asleep = Supervisor::start(&ledger, &url, &[]).await;
    let sleeper = instances(&db).await.into_iter().map(|(id, ..)| id).find(|id| !before.contains(id)).unwrap();
    asleep.signal(Signal::STOP);
    // However long this takes, it counts as alive until the test says otherwise.
    seen(&db, sleeper, "1 hour").await;

    let starts_at = now(&db).await + TimeDelta::hours(1);
    let plan = json!({ "starts_at": starts_at, "ends_at": starts_at + TimeDelta::hours(1), "drain_bound_s": 60 });
    let window = admin.plan(&up, &db, &plan).await;
    let announced = "select count(*) from maintenance_stops where maintenance_id = $1 and announced_at is not null";
    wait_until("those that live have announced it", LIMIT, async || {
        let count = sqlx::query_scalar::<_, i64>(announced).bind(window.id);
        count.fetch_one(db.superuser_pool()).await.unwrap() == 2
    })
    .await;
    admin.act(&up, &window, "start", json!(null)).await;
    let closed = async || window.stops(&db).await.iter().filter(|stop| stop.closed_at.is_some()).count() == 2;
    wait_until("those that live have closed", LIMIT, closed).await;
    // Time enough to go on without the third, for who did not wait: each says again that it lives, and again.
    let closed_at = now(&db).await;
    let alive = "select count(*) from instances where id = any($1) and seen_at < $2 + interval '2 seconds'";
    let before_ids: Vec<Uuid> = before.iter().copied().collect();
    wait_until("they wait", LIMIT, async || {
        let silent = sqlx::query_scalar::<_, i64>(alive).bind(&before_ids).bind(closed_at);
        silent.fetch_one(db.superuser_pool()).await.unwrap() == 0
    })
    .await;
    let waited_until = now(&db).await;
    // As if its last sign of life had been long ago.
    seen(&db, sleeper, "-10 minutes").await;
    window.becomes(&db, "completed").await;
    one.until_up(1).await;
    two.until_up(1).await;

    let stops = window.stops(&db).await;
    assert!(stops.len() == 3 && stops.iter().all(|stop| stop.turn == 0), "{stops:?}");
    let (slept, stopped): (Vec<_>, Vec<_>) = stops.into_iter().partition(|stop| stop.instance_id == sleeper);
    assert!(slept[0].closed_at.is_none() && slept[0].stopped_at.is_none(), "{slept:?}");
    assert_eq!(stopped.iter().map(|stop| stop.instance_id).collect::<BTreeSet<_>>(), before);
    let last_closed = stopped.iter().map(|stop| stop.closed_at.unwrap()).max().unwrap();
    for stop in &stopped {
        let drained = stop.draining_at.unwrap();
        assert!(drained > last_closed && stop.stopped_at.unwrap() > drained, "{stopped:?}");
        // Only a machine that is busier than the bound may have them go on without the third.
        let patient = (drained - stop.closed_at.unwrap()).to_std().unwrap() >= CLOSED_TOGETHER_MAX;
        assert!(drained > waited_until || patient, "they did not wait for the third: {stopped:?}, {waited_until}");
    }
    let woken = now(&db).await;
    asleep.signal(Signal::CONT);
    let is_ready = "select exists (select from instances where id = $1 and state = 'ready' and seen_at > $2)";
    wait_until("it is there again", LIMIT, async || {
        let ready = sqlx::query_scalar::<_, bool>(is_ready).bind(sleeper).bind(woken);
        ready.fetch_one(db.superuser_pool()).await.unwrap()
    })
    .await;
    assert_eq!((one.exits(), two.exits(), asleep.exits()), (vec![Some(0)], vec![Some(0)], Vec::new()));
    for supervisor in [one, two, asleep] {
        assert_eq!(supervisor.stop().await.last(), Some(&Some(0)));
    }
}
