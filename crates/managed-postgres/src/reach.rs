//! Whether the user that PostgreSQL runs as can get to a directory at all.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Error;
use crate::account::Account;
use crate::command::{self, LOOKUP_TIMEOUT};

/// Prints the first directory of its arguments that may not be entered. Asking as
/// that user, rather than reading mode bits, also honours ACLs and mount options.
const PROBE: &str = r#"for d do [ -x "$d" ] || { printf %s "$d"; exit; }; done"#;

/// Checks every existing directory on the way to `dir` and `dir` itself. Their
/// permissions are the administrator's and are never changed here.
pub(crate) async fn check(dir: &Path, account: &Account) -> Result<(), Error> {
    if !account.drops_root {
        return Ok(());
    }
    let existing = dir.ancestors().find(|path| path.exists());
    let existing = existing.unwrap_or(Path::new("/"));
    let existing = existing.canonicalize().map_err(Error::io("find the directory", existing))?;
    let mut way: Vec<&Path> = existing.ancestors().collect();
    way.reverse();

    let mut probe = Command::new("/bin/sh");
    probe.args(["-c", PROBE, "sh"]).args(way);
    let output = command::output(probe, account, LOOKUP_TIMEOUT).await.map_err(Error::io("check the way to", dir))?;
    let blocked = String::from_utf8_lossy(&output.stdout);
    if blocked.is_empty() {
        return Ok(());
    }
    Err(Error::Unreachable { user: account.name.clone(), blocked: PathBuf::from(blocked.into_owned()), dir: dir.to_owned() })
}
