//! The ledger: devices send while servers, the network, Redis and PostgreSQL fail under them; what was acknowledged is
//! kept, once, what is told of visits is what it says, and nothing but what can't be kept is on the desk.

use crate::ledger_file::Ledger;
use crate::ledger_stage::{Stage, WHOLE_WITHIN, lasts};
use crate::program::synops;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, RngExt, SeedableRng};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::process::Stdio;
use std::time::Duration;
use testkit::wait_until;
use tokio::time::{Instant, timeout};

/// How long things fail, in seconds, and by which numbers; see CONTRIBUTING.md.
const SECONDS_VARIABLE: &str = "SYNOPS_TEST_LEDGER_S";
const SEED_VARIABLE: &str = "SYNOPS_TEST_LEDGER_SEED";
const SECONDS: u64 = 40;
/// Records that come through behind the last failure, and what can't be kept by then: it goes on.
const RECORDS_BEHIND: i64 = 1_000;
const LETTERS: i64 = 3;
const DEVICES: usize = 30;
const RECORDS_PER_FRAME: usize = 3;
const POSITIONS: &str = "select count(*) from positions";
const ON_THE_DESK: &str = "select count(*) from dead_letters where source = 'telemetry'";

#[expect(clippy::disallowed_methods, reason = "how long it takes is for whoever runs it to say")]
fn number_of(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a number"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_kept_once_whatever_fails() {
    check(false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_by_redis_is_kept_once_whatever_fails() {
    check(true).await;
}

async fn check(with_redis: bool) {
    let seconds = number_of(SECONDS_VARIABLE).unwrap_or(SECONDS);
    let seed = number_of(SEED_VARIABLE).unwrap_or_else(|| rand::rng().next_u64());
    println!("{SEED_VARIABLE}={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let mut stage = Stage::new(with_redis).await;
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("ledger");
    let arguments = format!(
        "devices simulate --create --in Fleet --to {} --devices {DEVICES} --rate 600 --records-per-frame {RECORDS_PER_FRAME} \
         --loss 0.02 --duplicates 0.02 --poison 0.015 --reconnect-every 9 --seed {seed} --ledger {} --json",
        stage.network.address(),
        file.display()
    );
    let arguments: Vec<&str> = arguments.split_whitespace().collect();
    let url = stage.db.server_url();
    let mut command = synops(&arguments, &[("DATABASE_URL", &url)]);
    let simulator = command.stdout(Stdio::piped()).spawn().expect("it starts");
    wait_until("devices are made, and send", WHOLE_WITHIN, async || stage.count(POSITIONS).await > 0).await;
    let until = Instant::now() + Duration::from_secs(seconds);
    let (mut failures, mut counted, all) = (Vec::new(), 0, stage.failures().len());
    while Instant::now() < until || counted < all {
        lasts(Duration::from_millis(random.random_range(1_000..4_000))).await;
        if failures.is_empty() {
            failures = stage.failures();
            failures.shuffle(&mut random);
        }
        let Some(failure) = failures.pop() else { continue };
        stage.fail(failure, &mut random).await;
        counted += 1;
    }
    let before = stage.count(POSITIONS).await;
    let goes_on = async || stage.count(POSITIONS).await >= before + RECORDS_BEHIND && stage.count(ON_THE_DESK).await >= LETTERS;
    wait_until("they go on behind the last failure", WHOLE_WITHIN, goes_on).await;
    let pid = simulator.id().and_then(|id| Pid::from_raw(id.cast_signed())).expect("it runs");
    kill_process(pid, Signal::TERM).expect("a signal");
    let ended = timeout(WHOLE_WITHIN, simulator.wait_with_output()).await.expect("it ends").expect("its output");
    let totals: Value = serde_json::from_slice(&ended.stdout).expect("totals");
    stage.drain().await;
    let ledger = Ledger::read(&file);
    let silent = ledger.compare(stage.db.owner_pool()).await;
    stage.check_order().await;
    let visits = stage.compare_visits().await;
    println!(
        "{counted} failures: {} records acknowledged, {} frames or records of poison, {silent} kept beyond, {visits} visits\n{totals}",
        ledger.healthy.len(),
        ledger.poison.len()
    );
    // What nobody was told of was sent and is not acknowledged: of each device a frame at most.
    assert!(silent <= DEVICES * RECORDS_PER_FRAME, "{silent}");
    assert!(ledger.healthy.len() > DEVICES * RECORDS_PER_FRAME && !ledger.poison.is_empty(), "{totals}");
    assert!(visits > 0, "somebody enters somewhere");
    assert!(totals["reconnects"].as_u64() > Some(0), "{totals}");
    stage.stop().await;
}
