//! `./dev test`: all that CI runs, in one order, timed, and nothing left behind.

use anyhow::Context as _;
use tempfile::TempDir;
use tokio::process::Command;

use crate::services::Services;
use crate::session::Session;
use crate::setup::{CARGO_DENY, CARGO_NEXTEST, ensure_cargo_tool};
use crate::steps::Steps;
use crate::{contract, generate, leftovers, repo, setup, sqlx, tidy, web};

/// The names that `--only` takes, in the order in which the steps run.
const STEPS: [&str; 15] = [
    "format",
    "tidy",
    "page",
    "page-check",
    "page-test",
    "clippy",
    "deny",
    "queries",
    "tests",
    "doctests",
    "binaries",
    "generated",
    "contract",
    "e2e",
    "leftovers",
];

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Run only the Rust tests whose name contains this.
    filter: Option<String>,
    /// Run only these steps.
    #[arg(long, value_delimiter = ',', value_parser = clap::builder::PossibleValuesParser::new(STEPS), conflicts_with = "filter")]
    only: Vec<String>,
}

pub(crate) async fn run(args: &Args) -> anyhow::Result<()> {
    setup::for_testing()?;
    leftovers::adopt_orphans();
    let mut only = args.only.clone();
    if args.filter.is_some() {
        only = ["page", "tests", "leftovers"].map(str::to_owned).to_vec();
    }
    let mut steps = Steps::new(Session::new()?, only);

    steps.step("format", async |session| session.run(&mut cargo(&["fmt", "--all", "--check"])).await).await;
    steps.step("tidy", async |_| tidy::run()).await;
    // The page comes before whatever compiles the server, which takes it in.
    steps.step("page", web::build).await;
    steps.step("page-check", async |session| web::script(session, "check").await).await;
    steps.step("page-test", async |session| web::script(session, "test").await).await;
    steps
        .step("clippy", async |session| {
            session.run(&mut cargo(&["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"])).await
        })
        .await;
    steps
        .step("deny", async |session| {
            ensure_cargo_tool(session, &CARGO_DENY).await?;
            session.run(&mut cargo(&["deny", "--log-level", "error", "check", "licenses", "bans", "sources"])).await
        })
        .await;
    steps.step("queries", async |session| sqlx::generate(session, true).await).await;
    let directory = with_services(&mut steps, args.filter.as_deref()).await;
    // Also after an interrupt, and before the directory goes in which they may work.
    let running = leftovers::end_all().await;
    steps
        .step("leftovers", async |_| {
            anyhow::ensure!(running.is_empty(), "still running at the end, now killed:\n{}", running.join("\n"));
            directory?.map_or(Ok(()), TempDir::close).context("cannot remove the suite's directory")
        })
        .await;
    steps.finish()
}

/// The steps that need PostgreSQL and Redis, which live no longer than these.
/// Answers the directory that all of them worked in.
async fn with_services(steps: &mut Steps, filter: Option<&str>) -> anyhow::Result<Option<TempDir>> {
    let names = ["tests", "doctests", "binaries", "generated", "contract", "e2e"];
    if !names.iter().any(|name| steps.wants(name)) {
        return Ok(None);
    }
    let services = match Services::start().await {
        Ok(services) => services,
        Err(error) => {
            steps.step("tests", async |_| Err(error.context("cannot start the suite's servers"))).await;
            return Ok(None);
        }
    };
    steps
        .step("tests", async |session| {
            ensure_cargo_tool(session, &CARGO_NEXTEST).await?;
            let mut nextest = cargo(&["nextest", "run", "--workspace"]);
            session.run(services.lend(&mut nextest).args(filter)).await
        })
        .await;
    steps
        .step("doctests", async |session| {
            let mut doctests = cargo(&["test", "--quiet", "--workspace", "--doc"]);
            session.run(services.lend(&mut doctests)).await
        })
        .await;
    // What is shipped: without the features that only tests ask for.
    steps.step("binaries", async |session| session.run(&mut crate::up::build_server()).await).await;
    let synops = || repo::target_dir().map(|dir| dir.join("debug/synops"));
    steps.step("generated", async |session| generate::api(session, &synops()?, true).await).await;
    steps.step("contract", async |session| contract::run(session, &services, &synops()?).await).await;
    end_to_end(steps, &services).await;
    services.stop().await.map(Some).context("cannot stop the suite's servers")
}

/// The browser's tests, against the binary that the steps before have built.
async fn end_to_end(steps: &mut Steps, services: &Services) {
    if !repo::root().join("e2e/package.json").is_file() {
        steps.skip("e2e", "there is no e2e/package.json");
        return;
    }
    steps
        .step("e2e", async |session| {
            web::install(session, "e2e").await?;
            let directory = repo::root().join("e2e");
            session.run(web::npm(&directory).args(["run", "--silent", "check"])).await?;
            // Not SYNOPS_…: the server refuses variables of that name that it does not know.
            let mut flows = web::npm(&directory);
            flows
                .args(["run", "--silent", "test"])
                .env("E2E_SERVER", repo::target_dir()?.join("debug/synops"))
                .env("E2E_PSQL", services.program("psql"));
            if let Some(chromium) = setup::chromium() {
                flows.env("E2E_CHROMIUM", chromium);
            }
            session.run(services.lend(&mut flows)).await
        })
        .await;
}

fn cargo(arguments: &[&str]) -> Command {
    repo::cargo(arguments).into()
}
