//! Programs that cargo itself installs, at versions that we have tried.

use anyhow::Context as _;
use tokio::process::Command;

use crate::programs;
use crate::session::Session;

/// A subcommand of cargo from crates.io.
pub(crate) struct CargoTool {
    subcommand: &'static str,
    package: &'static str,
    version: &'static str,
}

pub(crate) const CARGO_NEXTEST: CargoTool = CargoTool { subcommand: "nextest", package: "cargo-nextest", version: "0.9.143" };
pub(crate) const CARGO_DENY: CargoTool = CargoTool { subcommand: "deny", package: "cargo-deny", version: "0.20.2" };

/// Builds the tool if this machine has none; one that is there is taken as it is.
pub(crate) async fn ensure_cargo_tool(session: &mut Session, tool: &CargoTool) -> anyhow::Result<()> {
    if programs::runs("cargo", &[tool.subcommand, "--version"]) {
        return Ok(());
    }
    eprintln!("Building {} {} (once, some minutes)", tool.package, tool.version);
    session
        .run(Command::new("cargo").args(["install", "--locked", tool.package, "--version", tool.version]))
        .await
        .with_context(|| format!("cannot install {}", tool.package))
}
