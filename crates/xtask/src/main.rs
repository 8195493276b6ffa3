//! What `./dev` does: set-up, the suite, the house rules, generation, benchmarks.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod bench;
mod contract;
mod generate;
mod leftovers;
mod programs;
mod repo;
mod services;
mod session;
mod setup;
mod sqlx;
mod steps;
mod suite;
mod tidy;
mod up;
mod web;

/// Set-up, checks, generation and benchmarks of Synops.
#[derive(Parser)]
#[command(name = "cargo xtask", disable_version_flag = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Install what is missing, build page and server, and run with demo data.
    Up(up::Args),
    /// Run all that CI runs.
    Test(suite::Args),
    /// Check the rules of the house.
    Tidy,
    /// Renew the query data in .sqlx/ from the migrations.
    Sqlx {
        /// Change nothing; fail when .sqlx/ is not what the migrations make.
        #[arg(long)]
        check: bool,
    },
    /// Renew all that is generated: .sqlx/, docs/openapi.json, the page's types.
    Gen {
        /// Change nothing; fail on drift (of OpenAPI and types; `sqlx --check` has its own).
        #[arg(long)]
        check: bool,
    },
    /// Run a benchmark with its baselines.
    Bench(bench::Args),
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is::<session::Interrupted>() => {
            eprintln!("interrupted; everything that was started has been stopped");
            ExitCode::from(130)
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// One thread for everything: the servers we start ask the kernel to end them
/// with the *thread* that started them, so that thread must be the main one.
fn run(command: Command) -> anyhow::Result<()> {
    repo::enter()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match command {
            Command::Up(args) => up::run(&args).await,
            Command::Test(args) => suite::run(&args).await,
            Command::Tidy => tidy::run(),
            Command::Sqlx { check } => sqlx::run(check).await,
            Command::Gen { check } => generate::run(check).await,
            Command::Bench(args) => bench::run(&args).await,
        }
    })
}
