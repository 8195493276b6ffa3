//! `bench jobs`: the queue beside graphile-worker and pg-boss, on one database server, with the same
//! durability, in one run.

mod ours;
mod rival;

use crate::machine::{Cpu, Postgres, binaries_dir, scratch};
use crate::report::{Bar, Report};
use crate::stats::{Spread, ms, quantile, rate, ratio};
use ours::{CONNECTIONS, Ours};
use rival::Rival;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use store::PoolOptions;
use store::bootstrap::DATABASE;

const RIVALS: [&str; 2] = ["graphile-worker", "pg-boss"];
const BATCH: u32 = 1_000;
const START_BAR_MS: f64 = 6.0;

/// Options of `bench jobs`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How often everything is measured; the medians are reported.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=50))]
    runs: u32,
    /// Jobs that are run in a drain.
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1_000..=1_000_000))]
    jobs: u32,
    /// Where the scripts of the rivals are, with what they need.
    #[arg(long)]
    rivals: PathBuf,
}

/// One queue's figures of one run.
struct Measured {
    insert_per_s: f64,
    insert_many_per_s: f64,
    drain_per_s: f64,
    /// Of the processors, worker and PostgreSQL together.
    us_per_job: f64,
    start_ms: (f64, f64),
}

/// How much of everything.
struct Plan {
    jobs: u32,
    inserts: u32,
    starts: u32,
    every: Duration,
}

pub(crate) async fn run(args: &Args) -> anyhow::Result<()> {
    let began = Instant::now();
    let plan = Plan { jobs: args.jobs, inserts: args.jobs / 5, starts: 150, every: Duration::from_millis(20) };
    let place = scratch()?;
    let mut measured: Vec<(&str, Vec<Measured>)> =
        std::iter::once("Synops").chain(RIVALS).map(|name| (name, Vec::new())).collect();
    let postgres = Postgres::start(&place.path().join("postgres"), &[]).await?;
    for name in RIVALS {
        postgres.run("postgres", &format!("create database \"{name}\"")).await?;
    }
    // The first warms everything up.
    for run in 0..=args.runs {
        for (name, results) in &mut measured {
            let one = match *name {
                "Synops" => measure_ours(&postgres, place.path(), &plan).await?,
                rival => measure_rival(&postgres, &args.rivals, place.path(), rival, &plan).await?,
            };
            eprintln!("run {run}, {name}: {} drained, start p99 {}", rate(one.drain_per_s), ms(one.start_ms.1));
            if run > 0 {
                results.push(one);
            }
        }
    }
    let mut report = Report::new("jobs");
    tell(&measured, &plan, &mut report);
    println!("\nMedians, with the lowest and highest run. Workers, PostgreSQL and whoever enqueues share the cores.");
    report.print();
    let profile = binaries_dir()?;
    let path = report.write(profile.parent().unwrap_or(Path::new("target")))?;
    println!("\n{} after {} s", path.display(), began.elapsed().as_secs());
    Ok(())
}

async fn measure_ours(postgres: &Postgres, place: &Path, plan: &Plan) -> anyhow::Result<Measured> {
    let options = PoolOptions { connections_max: CONNECTIONS + 2, acquire_timeout: Duration::from_secs(30) };
    let ours = Ours { postgres, place, pool: store::connect(&postgres.server_url(DATABASE), &options).await? };
    ours.clear().await?;
    let insert_per_s = f64::from(plan.inserts) / ours.insert(plan.inserts).await?;
    ours.clear().await?;
    let insert_many_per_s = f64::from(plan.jobs) / ours.insert_many(plan.jobs, BATCH).await?;
    let (database, began) = (Cpu::of_family(postgres.pid()), Instant::now());
    let server = ours.server().await?;
    let worker = Cpu::of(vec![server.pid()]);
    let drain_s = ours.drain(&server).await?;
    let wall_s = began.elapsed().as_secs_f64();
    let us_per_job = (database.cores() + worker.cores()) * wall_s * 1e6 / f64::from(plan.jobs);
    ours.clear().await?;
    let waits = ours.measure(plan.starts, plan.every).await?;
    drop(server);
    ours.pool.close().await;
    Ok(Measured {
        insert_per_s,
        insert_many_per_s,
        drain_per_s: f64::from(plan.jobs) / drain_s,
        us_per_job,
        start_ms: ends(waits),
    })
}

async fn measure_rival(postgres: &Postgres, scripts: &Path, place: &Path, name: &str, plan: &Plan) -> anyhow::Result<Measured> {
    let mut rival = Rival::start(scripts, place, name, &postgres.superuser_url(name))?;
    let per_s = |count: u32, answer: &serde_json::Value| f64::from(count) * 1e3 / answer["took_ms"].as_f64().unwrap_or(f64::NAN);
    let inserted = rival.tell("insert", json!({ "count": plan.inserts })).await?;
    rival.tell("drain", json!({ "count": plan.inserts })).await?;
    let inserted_many = rival.tell("insert_many", json!({ "count": plan.jobs, "batch": BATCH })).await?;
    let (database, worker, began) = (Cpu::of_family(postgres.pid()), Cpu::of(vec![rival.pid()]), Instant::now());
    let drained = rival.tell("drain", json!({ "count": plan.jobs })).await?;
    let us_per_job = (database.cores() + worker.cores()) * began.elapsed().as_secs_f64() * 1e6 / f64::from(plan.jobs);
    let started = rival.tell("measure", json!({ "count": plan.starts, "every_ms": plan.every.as_millis() })).await?;
    let waits = started["waits_ms"].as_array().into_iter().flatten().filter_map(serde_json::Value::as_f64).collect();
    Ok(Measured {
        insert_per_s: per_s(plan.inserts, &inserted),
        insert_many_per_s: per_s(plan.jobs, &inserted_many),
        drain_per_s: per_s(plan.jobs, &drained),
        us_per_job,
        start_ms: ends(waits),
    })
}

/// p50 and p99.
fn ends(mut values: Vec<f64>) -> (f64, f64) {
    values.sort_by(f64::total_cmp);
    (quantile(&values, 0.5), quantile(&values, 0.99))
}

fn tell(measured: &[(&str, Vec<Measured>)], plan: &Plan, report: &mut Report) {
    let spread = |at: usize, pick: fn(&Measured) -> f64| Spread::of(measured[at].1.iter().map(pick));
    report.section(format!("Jobs that do nothing: {} of them, 20 at once", plan.jobs));
    report.note("graphile-worker with a local queue of 500 and batched completion; both rivals forget what succeeded or say no more than that, ours keeps a history");
    report.note("pg-boss polls twice a second at most, so it is given 5,000 jobs with one call of its handler, which end as one; the others begin and end each job by itself");
    report.note(
        "start: from enqueued to begun, one job every 20 ms, enqueued by another program for ours, by the same for the others",
    );
    let drain = |m: &Measured| m.drain_per_s;
    let bars = [1.2, 3.0];
    for (at, (name, _)) in measured.iter().enumerate() {
        report.line(format!("{name}: run"), None, spread(at, drain).show(rate));
        report.line("    processor time a job", None, spread(at, |m| m.us_per_job).show(|us| format!("{us:.0} µs")));
        report.line("    enqueue one by one", None, spread(at, |m| m.insert_per_s).show(rate));
        report.line("    enqueue 1,000 at once", None, spread(at, |m| m.insert_many_per_s).show(rate));
        let (p50, p99) = (spread(at, |m| m.start_ms.0), spread(at, |m| m.start_ms.1));
        let bar = (at == 0).then(|| Bar::at_most(START_BAR_MS, " ms", p99.median));
        report.line("    start, p50", None, p50.show(ms));
        report.line("    start, p99", bar, p99.show(ms));
    }
    for (at, bar) in bars.into_iter().enumerate() {
        let times = spread(0, drain).median / spread(at + 1, drain).median;
        report.line(format!("run, times {}", RIVALS[at]), Some(Bar::at_least(&format!("{bar}"), bar, times)), ratio(times));
    }
    let details = measured.iter().map(|(name, all)| {
        let runs: Vec<_> = all
            .iter()
            .map(|m| {
                json!({ "insert_per_s": m.insert_per_s, "insert_many_per_s": m.insert_many_per_s, "drain_per_s": m.drain_per_s,
                             "us_per_job": m.us_per_job, "start_p50_ms": m.start_ms.0, "start_p99_ms": m.start_ms.1 })
            })
            .collect();
        json!({ "name": name, "runs": runs })
    });
    report.detail("queues", details.collect());
}
