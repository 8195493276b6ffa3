//! `./dev up`: from a fresh machine to a running server with demo data.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};

use tokio::process::Command;

use crate::session::Session;
use crate::{repo, setup, web};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Passed on to `synops serve`.
    #[arg(last = true)]
    serve: Vec<String>,
}

pub(crate) async fn run(args: &Args) -> anyhow::Result<()> {
    setup::for_running()?;
    let mut session = Session::new()?;
    eprintln!("Building the page");
    web::build(&mut session).await?;
    eprintln!("Building the server (the first time takes some minutes)");
    session.run(&mut build_server()).await?;

    let synops = repo::target_dir()?.join("debug/synops");
    if repo::env("DATABASE_URL").is_some() && repo::env("SYNOPS_OWNER_URL").is_some() {
        session.run(Command::new(&synops).arg("migrate")).await?;
    }
    let mut serve = std::process::Command::new(&synops);
    serve.args(["serve", "--demo"]).args(&args.serve);
    if repo::env("SYNOPS_DATA_DIR").is_none() {
        serve.env("SYNOPS_DATA_DIR", data_dir(&repo::absolute_root()?)?);
    }
    // The server takes our place: signals and the exit code are its own.
    Err(serve.exec().into())
}

/// All programs at once, so that the crates below them are built with the same
/// features as for the tests, and no second time.
pub(crate) fn build_server() -> Command {
    repo::cargo(&["build", "--workspace", "--bins"]).into()
}

/// Where development data goes. As root the server becomes another user, who
/// cannot reach a repository that lies in a private directory.
fn data_dir(repo: &Path) -> anyhow::Result<PathBuf> {
    if !rustix::process::geteuid().is_root() || reachable_by_all(repo)? {
        Ok(repo.join("data"))
    } else {
        Ok(PathBuf::from("/var/lib/synops-dev"))
    }
}

fn reachable_by_all(directory: &Path) -> anyhow::Result<bool> {
    for ancestor in directory.ancestors() {
        if fs::metadata(ancestor)?.permissions().mode() & 0o001 == 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_parent_hides_a_directory() -> anyhow::Result<()> {
        let parent = tempfile::tempdir_in("/tmp")?;
        let inner = parent.path().join("inner");
        fs::create_dir(&inner)?;
        fs::set_permissions(&inner, fs::Permissions::from_mode(0o755))?;
        fs::set_permissions(parent.path(), fs::Permissions::from_mode(0o755))?;
        assert!(reachable_by_all(&inner)?);
        fs::set_permissions(parent.path(), fs::Permissions::from_mode(0o700))?;
        assert!(!reachable_by_all(&inner)?);
        Ok(())
    }
}
