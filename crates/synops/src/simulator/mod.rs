//! Devices that are made up: they drive about, and tell of it over real connections as real ones do, with what goes
//! wrong on the way. `synops devices simulate` runs them, and the demonstration.

mod device;
mod frames;
mod ledger;
mod plan;
mod tally;

pub(crate) use plan::{Ends, Faults, Plan, RECORDS_PER_FRAME_MAX};
pub(crate) use tally::Totals;

use device::Device;
use ledger::Ledger;
use std::fs::File;
use std::sync::Arc;
use std::time::Duration;
use tally::Tally;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

/// As many connections are in the making at once.
const DOORS: usize = 256;
const TOLD_EVERY: Duration = Duration::from_secs(1);

/// What all devices of a run have in common.
struct Run {
    plan: Plan,
    tally: Tally,
    ledger: Ledger,
    doors: Semaphore,
    /// Cancelled: nothing new is sent.
    stop: CancellationToken,
    /// Counts storms: at each all hang up.
    storms: watch::Receiver<u64>,
}

/// Drives until the plan's end or `stop`, whichever comes first; what is under way then is given `finish_within`
/// to be acknowledged. `tell` is called each second.
///
/// # Errors
///
/// Those of the ledger's file.
pub(crate) async fn run(
    plan: Plan,
    ledger: Option<File>,
    stop: &CancellationToken,
    finish_within: Duration,
    mut tell: impl FnMut(&Totals),
) -> anyhow::Result<Totals> {
    let (storm, storms) = watch::channel(0);
    let (ledger, writing) = Ledger::start(ledger);
    let (began, stop, cut) = (Instant::now(), stop.child_token(), CancellationToken::new());
    let run = Arc::new(Run { tally: Tally::default(), ledger, doors: Semaphore::new(DOORS), stop, storms, plan });
    let pace = run.plan.pace(now());
    let mut devices = JoinSet::new();
    for number in 0..run.plan.devices {
        let Some(device) = Device::new(&run, number, &pace) else { continue };
        devices.spawn(cut.clone().run_until_cancelled_owned(device.drive(began)));
    }
    let mut ticks = tokio::time::interval(TOLD_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let totals = || run.tally.totals(began.elapsed(), run.plan.devices);
    let mut storms = run.plan.faults.reconnect_every.map(tokio::time::interval);
    if let Some(storms) = &mut storms {
        storms.tick().await;
    }
    let mut cut_at = None;
    loop {
        tokio::select! {
            ended = devices.join_next() => if ended.is_none() { break },
            _ = ticks.tick() => tell(&totals()),
            () = next(&mut storms) => storm.send_modify(|count| *count += 1),
            () = at(run.plan.ends.at(began)), if !run.stop.is_cancelled() => run.stop.cancel(),
            () = run.stop.cancelled(), if cut_at.is_none() => cut_at = Some(Instant::now() + finish_within),
            () = at(cut_at), if !cut.is_cancelled() => cut.cancel(),
        }
    }
    let totals = totals();
    // With the last way in the ledger ends.
    drop(run);
    writing.await??;
    Ok(totals)
}

async fn next(interval: &mut Option<tokio::time::Interval>) {
    match interval {
        Some(interval) => drop(interval.tick().await),
        None => std::future::pending().await,
    }
}

async fn at(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time).await,
        None => std::future::pending().await,
    }
}

#[expect(clippy::disallowed_methods, reason = "the devices' clock, read once")]
fn now() -> chrono::DateTime<chrono::Utc> {
    chrono::Utc::now()
}
