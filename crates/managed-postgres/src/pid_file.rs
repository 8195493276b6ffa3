//! `postmaster.pid`, as PostgreSQL's `src/include/utils/pidfile.h` documents it:
//! line 1 the pid, line 8 the state, padded with spaces.

use std::fs;
use std::path::{Path, PathBuf};

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PidFile {
    pub(crate) pid: u32,
    /// Accepts connections, as far as the postmaster knows.
    pub(crate) is_ready: bool,
}

pub(crate) fn path(data: &Path) -> PathBuf {
    data.join("postmaster.pid")
}

/// `None` if there is no file, or one that is not written to its end yet.
pub(crate) fn read(data: &Path) -> Option<PidFile> {
    parse(&fs::read_to_string(path(data)).ok()?)
}

fn parse(text: &str) -> Option<PidFile> {
    // A postmaster in single-user mode writes its pid negated.
    let pid: i32 = text.lines().next()?.trim().parse().ok()?;
    Some(PidFile { pid: pid.unsigned_abs(), is_ready: text.lines().nth(7).is_some_and(|s| s.trim() == "ready") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: Option<(u32, bool)>) {
        let expect = expect.map(|(pid, is_ready)| PidFile { pid, is_ready });
        assert_eq!(parse(text), expect, "{text:?}");
    }

    #[test]
    fn pid_and_state_are_read() {
        let head = "4711\n/data\n1700000000\n5432\n/socket\n\n  123  456\n";
        check(&format!("{head}ready   \n"), Some((4711, true)));
        check(&format!("{head}starting\n"), Some((4711, false)));
        check(head, Some((4711, false)));
        check("-12\n", Some((12, false)));
        check("", None);
        check("postgres\n", None);
    }
}
