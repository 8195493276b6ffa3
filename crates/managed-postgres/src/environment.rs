//! The variables that are the machine's way of saying where things are. They are
//! no configuration of ours: that comes from the caller.

use std::ffi::OsString;
use std::path::PathBuf;

/// Where programs are.
pub(crate) fn path() -> Option<OsString> {
    read("PATH")
}

/// Where the user's sockets belong, on machines with sessions.
pub(crate) fn runtime_dir() -> Option<PathBuf> {
    let dir = PathBuf::from(read("XDG_RUNTIME_DIR")?);
    dir.is_absolute().then_some(dir)
}

#[expect(clippy::disallowed_methods, reason = "set by the machine for every program alike, not by the operator for this one")]
fn read(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}
