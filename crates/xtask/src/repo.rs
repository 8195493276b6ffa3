//! Where the repository is, and which files belong to it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

/// Makes the root of the repository the current directory, from wherever
/// `cargo xtask` was called. To be called first.
pub(crate) fn enter() -> anyhow::Result<()> {
    // cargo tells it when it runs us; what was compiled in may mean another clone
    // that shares the directory of what is built.
    let manifest = env("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").to_owned());
    let root = Path::new(&manifest).join("../..");
    std::env::set_current_dir(&root).with_context(|| format!("{} is gone", root.display()))
}

/// The root of the repository, for paths below it.
pub(crate) fn root() -> &'static Path {
    Path::new(".")
}

/// The root as other programs need it.
pub(crate) fn absolute_root() -> anyhow::Result<PathBuf> {
    root().canonicalize().context("the repository has moved")
}

/// Where cargo puts what it builds.
pub(crate) fn target_dir() -> anyhow::Result<PathBuf> {
    Ok(match env("CARGO_TARGET_DIR") {
        Some(dir) => PathBuf::from(dir),
        None => absolute_root()?.join("target"),
    })
}

/// Paths, relative to the root, of all files that git has or would take.
pub(crate) fn files() -> anyhow::Result<Vec<String>> {
    let output = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .context("git is needed to list the files of the repository")?;
    if !output.status.success() {
        bail!("git ls-files: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let list = String::from_utf8(output.stdout).context("a file name is not UTF-8")?;
    let mut files: Vec<String> =
        list.split('\0').filter(|path| !path.is_empty() && root().join(path).is_file()).map(str::to_owned).collect();
    files.sort();
    files.dedup();
    Ok(files)
}

/// Cargo, in the repository, with an environment as in a shell: what cargo tells of xtask's own
/// package, when it runs us, makes build scripts (ring's) run again, and all above them.
#[expect(clippy::disallowed_methods, reason = "see `env`")]
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    command.args(arguments).current_dir(root());
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
            command.env_remove(name);
        }
    }
    command
}

/// A variable of the environment; empty counts as unset.
#[expect(
    clippy::disallowed_methods,
    reason = "xtask has no configuration: the environment is its input, and this is the one place that reads it"
)]
pub(crate) fn env(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
