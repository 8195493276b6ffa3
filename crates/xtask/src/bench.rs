//! `./dev bench NAME`: benchmarks live in the crate `bench`, with the optimiser on.

use anyhow::bail;
use tokio::process::Command;

use crate::session::Session;
use crate::{repo, setup, web};

/// Job queues of others, for `bench jobs`.
const RIVALS: &str = "crates/bench/src/jobs/rivals";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Which benchmark; without one they are listed.
    name: Option<String>,
    /// Passed on to the benchmark.
    #[arg(last = true)]
    rest: Vec<String>,
}

pub(crate) async fn run(args: &Args) -> anyhow::Result<()> {
    if !repo::root().join("crates/bench/Cargo.toml").is_file() {
        bail!("there is no benchmark yet; they will be in crates/bench");
    }
    setup::for_benchmarks()?;
    let mut session = Session::new()?;
    web::build(&mut session).await?;
    // The benchmark runs the server as a program of its own, which it finds beside itself.
    session.run(&mut repo::cargo(&["build", "--release", "--package", "synops", "--package", "bench"]).into()).await?;
    let name = args.name.as_deref().unwrap_or("--help");
    let mut options = Vec::new();
    if name == "jobs" {
        web::install(&mut session, RIVALS).await?;
        options = vec!["--rivals".to_owned(), repo::absolute_root()?.join(RIVALS).display().to_string()];
    }
    let mut bench = Command::new(repo::target_dir()?.join("release/bench"));
    session.run(bench.arg(name).args(options).args(&args.rest).current_dir(repo::root())).await
}
