//! `bench feed`: what a commit's way to a socket takes, what the feed costs writers, how much one
//! stream fans out.

mod fan_out;
mod latency;
pub(crate) mod seed;
mod share;
mod variants;
mod write_rate;
mod writers;

use crate::machine::{Nchan, Postgres, binaries_dir, scratch};
use crate::report::Report;
use clap::ValueEnum;
use seed::Shape;
use serde_json::json;
use std::path::Path;
use std::time::{Duration, Instant};

/// Options of `bench feed`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How often everything is measured; the medians are reported.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=50))]
    runs: u32,
    /// How long each measurement takes, in milliseconds.
    #[arg(long, default_value_t = 2_500, value_parser = clap::value_parser!(u64).range(200..=60_000))]
    window_ms: u64,
    /// Small and short, to try the benchmark itself: its numbers mean little.
    #[arg(long)]
    quick: bool,
    /// Only these parts.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// From commit to socket.
    Latency,
    /// Write rates with and without the feed.
    Writes,
    /// Deliveries of one stream, beside nchan.
    FanOut,
}

/// How much of everything.
pub(crate) struct Plan {
    pub(crate) runs: u32,
    pub(crate) window: Duration,
    pub(crate) shape: Shape,
}

impl Plan {
    fn of(args: &Args) -> Self {
        if args.quick {
            return Self { runs: args.runs.min(2), window: Duration::from_secs(1), shape: Shape { scopes: 20, people: 200 } };
        }
        Self { runs: args.runs, window: Duration::from_millis(args.window_ms), shape: Shape { scopes: 20, people: 1_000 } }
    }
}

pub(crate) async fn run(args: &Args) -> anyhow::Result<()> {
    let (plan, began) = (Plan::of(args), Instant::now());
    let wants = |part: Part| args.only.is_empty() || args.only.contains(&part);
    let mut report = Report::new("feed");
    let place = scratch()?;
    let cores = std::thread::available_parallelism().map_or(0, usize::from);

    eprintln!("starting PostgreSQL, twice, with {} people and their systems", plan.shape.people);
    let fast = Postgres::start(&place.path().join("fast"), &[]).await?;
    seed::fill(&fast, &plan.shape).await?;
    report.detail(
        "machine",
        json!({ "cores": cores, "postgresql": fast.version(), "runs": plan.runs, "window_ms": plan.window.as_millis() }),
    );

    if wants(Part::Writes) {
        let slow = Postgres::start(&place.path().join("slow"), &[("commit_delay", "5000"), ("commit_siblings", "0")]).await?;
        seed::fill(&slow, &plan.shape).await?;
        write_rate::fast(&fast, place.path(), &plan, &mut report).await?;
        write_rate::slow(&slow, place.path(), &plan, &mut report).await?;
    }
    if wants(Part::FanOut) {
        let rivals = [Nchan::start(place.path(), 1).await?, Nchan::start(place.path(), 2).await?];
        fan_out::run(&fast, &rivals, place.path(), &plan, &mut report).await?;
    }
    if wants(Part::Latency) {
        latency::run(&fast, place.path(), &plan, &mut report).await?;
    }
    finish(&report, began)
}

fn finish(report: &Report, began: Instant) -> anyhow::Result<()> {
    println!();
    println!("The load generator shares the cores with what it measures. Medians, with the lowest and highest run.");
    report.print();
    let profile = binaries_dir()?;
    let path = report.write(profile.parent().unwrap_or(Path::new("target")))?;
    println!("\n{} after {} s", path.display(), began.elapsed().as_secs());
    Ok(())
}
