//! Benchmarks of Synops (`./dev bench NAME`): real servers, real sockets, and the baselines beside
//! them in the same run, so that a slow minute of the machine hits both alike.

use clap::{Parser, Subcommand};
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};

mod chat;
mod feed;
mod jobs;
mod load;
mod machine;
mod reads;
mod report;
mod stats;
mod telemetry;

/// Benchmarks of Synops, each beside its baselines in the same run.
#[derive(Parser)]
#[command(name = "bench", disable_version_flag = true)]
struct Cli {
    #[command(subcommand)]
    bench: Bench,
}

#[derive(Subcommand)]
enum Bench {
    /// The change feed: commit to socket, what it costs writers, fan-out.
    Feed(feed::Args),
    /// The job queue: enqueuing, running, how soon a job starts.
    Jobs(jobs::Args),
    /// Cached reads: a page of maintenances over HTTP.
    Reads(reads::Args),
    /// Devices: from the socket to the committed row.
    Telemetry(telemetry::Args),
    /// Conversations: one channel with many readers, and opening a long one.
    Chat(chat::Args),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(&cli) {
        Ok(Some(())) => ExitCode::SUCCESS,
        Ok(None) => {
            eprintln!("interrupted; everything that was started has been stopped");
            ExitCode::from(130)
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// `None` when a signal ended it: what runs is dropped then, and with it every program and directory.
fn run(cli: &Cli) -> anyhow::Result<Option<()>> {
    machine::raise_file_limit()?;
    // Programs are started by this very thread: the kernel ends them when it ends.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
        let bench = async {
            match &cli.bench {
                Bench::Feed(args) => feed::run(args).await,
                Bench::Jobs(args) => jobs::run(args).await,
                Bench::Reads(args) => reads::run(args).await,
                Bench::Telemetry(args) => telemetry::run(args).await,
                Bench::Chat(args) => chat::run(args).await,
            }
        };
        tokio::select! {
            done = bench => done.map(Some),
            _ = interrupt.recv() => Ok(None),
            _ = terminate.recv() => Ok(None),
        }
    })
}
