//! Makes a new data directory, whole or not at all.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::Error;
use crate::account::Account;
use crate::binaries::Binaries;
use crate::command;

/// Names the directories in which `initdb` works until it is done.
const STAGE_PREFIX: &str = "postgres.init-";

/// In order of preference: character classes of Unicode without a language's
/// collation, and, where the system has no such locale, bytes.
const LOCALES: [&str; 2] = ["C.UTF-8", "C"];

pub(crate) struct Request<'a> {
    pub(crate) binaries: &'a Binaries,
    pub(crate) account: &'a Account,
    pub(crate) superuser: &'a str,
    /// Whether to wait until all is on disk.
    pub(crate) sync: bool,
    pub(crate) timeout: Duration,
}

/// Makes `data`, whose parent is `dir`. `initdb` works beside it and the result
/// is renamed: it writes `PG_VERSION` early, so that a half-made directory would
/// later be taken for a cluster.
pub(crate) async fn run(request: &Request<'_>, dir: &Path, data: &Path) -> Result<(), Error> {
    remove_stages(dir)?;
    for locale in LOCALES {
        let stage = tempfile::Builder::new()
            .prefix(STAGE_PREFIX)
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in(dir)
            .map_err(Error::io("make a directory in", dir))?;
        request.account.own(stage.path())?;
        match initdb(request, stage.path(), locale).await {
            Ok(()) => {
                fs::rename(stage.path(), data).map_err(Error::io("put in place", data))?;
                // Its name is gone: nothing is left to remove.
                let _ = stage.keep();
                return File::open(dir).and_then(|dir| dir.sync_all()).map_err(Error::io("flush to disk", dir));
            }
            Err(Error::InitDb { output, .. }) if output.contains("locale") && locale != LOCALES[LOCALES.len() - 1] => {
                tracing::info!(locale, "the system lacks this locale");
            }
            Err(error) => return Err(error),
        }
    }
    unreachable!("the last locale either works or is refused")
}

/// Removes what an `initdb` left whose owner was killed. It was never a cluster.
fn remove_stages(dir: &Path) -> Result<(), Error> {
    for entry in fs::read_dir(dir).map_err(Error::io("read", dir))?.flatten() {
        let name = entry.file_name();
        if name.to_string_lossy().starts_with(STAGE_PREFIX) {
            fs::remove_dir_all(entry.path()).map_err(Error::io("remove", &entry.path()))?;
        }
    }
    Ok(())
}

async fn initdb(request: &Request<'_>, stage: &Path, locale: &str) -> Result<(), Error> {
    let mut command = Command::new(request.binaries.dir.join("initdb"));
    command
        .arg("-D")
        .arg(stage)
        .args(["-U", request.superuser, "-E", "UTF8", "--auth=trust"])
        .args(["--data-checksums", "--no-instructions"])
        .arg(format!("--locale={locale}"));
    if request.binaries.major >= 17 {
        // Sorts the same under every version of the C library.
        command.args(["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]);
    }
    if !request.sync {
        command.arg("--no-sync");
    }
    let refuse = |reason: String, output: String| Err(Error::InitDb { reason, output });
    match command::output(command, request.account, request.timeout).await {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            let hint = if said.contains("could not look up effective user") {
                "\nThis user id needs a line in /etc/passwd."
            } else {
                ""
            };
            refuse(output.status.to_string(), format!("{said}{hint}"))
        }
        Err(error) => refuse(error.to_string(), String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_stages_are_removed() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["postgres.init-1", "postgres", "else"] {
            fs::create_dir(dir.path().join(name)).unwrap();
            fs::write(dir.path().join(name).join("PG_VERSION"), "15\n").unwrap();
        }
        remove_stages(dir.path()).unwrap();
        assert!(!dir.path().join("postgres.init-1").exists());
        assert!(dir.path().join("postgres/PG_VERSION").exists());
        assert!(dir.path().join("else").exists());
    }
}
