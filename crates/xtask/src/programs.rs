//! Finds the programs of the machine, and tells their versions.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::repo;

/// The first of `names` that is on the PATH, with its whole path.
pub(crate) fn find(names: &[&str]) -> Option<PathBuf> {
    let path = repo::env("PATH")?;
    names.iter().find_map(|name| path.split(':').map(|dir| Path::new(dir).join(name)).find(|file| file.is_file()))
}

/// The major version that `program ARGUMENTS` prints, if it runs at all.
pub(crate) fn major_version(program: &Path, arguments: &[&str]) -> Option<u32> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(repo::root())
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    first_number(&String::from_utf8_lossy(&output.stdout))
}

/// Whether a program is on the PATH and says a version when asked.
pub(crate) fn runs(name: &str, arguments: &[&str]) -> bool {
    major_version(Path::new(name), arguments).is_some()
}

/// `v20.11.1` → 20; `postgres (PostgreSQL) 15.6` → 15.
pub(crate) fn first_number(text: &str) -> Option<u32> {
    let digits: String = text.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_what_programs_print() {
        fn check(printed: &str, expect: Option<u32>) {
            assert_eq!(first_number(printed), expect, "{printed}");
        }
        check("v20.11.1\n", Some(20));
        check("postgres (PostgreSQL) 15.6 (Debian 15.6-0+deb12u1)", Some(15));
        check("Redis server v=7.0.15 sha=0", Some(7));
        check("command not found", None);
    }
}
