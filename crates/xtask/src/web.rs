//! Builds the page, and only what changed of it.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

use tokio::process::Command;

use crate::repo;
use crate::session::Session;

/// Written into `node_modules` when what is in it belongs to the lock file.
const INSTALLED: &str = ".synops-installed";
/// Written into `web/node_modules` when `web/build` belongs to the sources.
const BUILT: &str = ".synops-built";

/// `npm ci` in `directory` (of the repository), unless it was done for this very lock file.
pub(crate) async fn install(session: &mut Session, directory: &str) -> anyhow::Result<()> {
    let directory = repo::root().join(directory);
    let lock = std::fs::read_to_string(directory.join("package-lock.json"))?;
    let stamp = directory.join("node_modules").join(INSTALLED);
    if is(&stamp, &lock) {
        return Ok(());
    }
    session.run(npm(&directory).args(["ci", "--no-audit", "--no-fund"])).await?;
    std::fs::write(stamp, lock)?;
    Ok(())
}

/// Makes `web/build`, which the server takes into its binary, if the sources changed.
pub(crate) async fn build(session: &mut Session) -> anyhow::Result<()> {
    install(session, "web").await?;
    let directory = repo::root().join("web");
    let digest = digest_of_sources()?;
    let stamp = directory.join("node_modules").join(BUILT);
    if directory.join("build/index.html").is_file() && is(&stamp, &digest) {
        return Ok(());
    }
    session.run(npm(&directory).args(["run", "--silent", "build", "--", "--logLevel", "warn"])).await?;
    std::fs::write(stamp, digest)?;
    Ok(())
}

/// Runs a script of `web/package.json`.
pub(crate) async fn script(session: &mut Session, name: &str) -> anyhow::Result<()> {
    session.run(npm(&repo::root().join("web")).args(["run", name])).await
}

/// npm in `directory`, without questions and advertisements.
pub(crate) fn npm(directory: &Path) -> Command {
    let mut command = Command::new("npm");
    command.current_dir(directory).env("npm_config_update_notifier", "false");
    command
}

/// A stamp whose content says what it was made from; a missing one is not.
fn is(stamp: &Path, content: &str) -> bool {
    std::fs::read_to_string(stamp).is_ok_and(|stamped| stamped == content)
}

fn digest_of_sources() -> anyhow::Result<String> {
    let mut hasher = DefaultHasher::new();
    let sources: Vec<PathBuf> = repo::files()?.into_iter().filter(|path| path.starts_with("web/")).map(PathBuf::from).collect();
    for path in sources {
        path.hash(&mut hasher);
        std::fs::read(repo::root().join(&path))?.hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}
