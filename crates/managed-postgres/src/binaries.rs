//! Finds a PostgreSQL server on the machine.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Error;
use crate::account::Account;
use crate::command::{self, LOOKUP_TIMEOUT};
use crate::environment;

/// The oldest major version that is supported.
pub(crate) const OLDEST_MAJOR: u32 = 15;

/// Directories that packages number by version: (parent, what stands before the
/// number, what stands behind it).
const NUMBERED: [(&str, &str, &str); 6] = [
    ("/usr/lib/postgresql", "", "bin"),          // Debian, Ubuntu
    ("/usr", "pgsql-", "bin"),                   // Fedora, with PostgreSQL's own packages
    ("/usr/libexec", "postgresql", ""),          // Alpine
    ("/opt/homebrew/opt", "postgresql@", "bin"), // Homebrew on Apple silicon
    ("/usr/local/opt", "postgresql@", "bin"),    // Homebrew on Intel
    ("/home/linuxbrew/.linuxbrew/opt", "postgresql@", "bin"),
];

#[derive(Clone, Debug)]
pub(crate) struct Binaries {
    pub(crate) dir: PathBuf,
    pub(crate) major: u32,
}

/// The server to use: from `explicit` alone if given, else the first on the
/// machine that fits. `wanted` is the major version of existing data: no other
/// can read it, so an older server is taken when the newest does not fit.
pub(crate) async fn find(explicit: Option<&Path>, wanted: Option<(u32, &Path)>, account: &Account) -> Result<Binaries, Error> {
    let searched = match explicit {
        Some(dir) => vec![dir.to_owned()],
        None => candidates(account).await,
    };
    let mut found = Vec::new();
    for dir in &searched {
        match probe(dir, account).await {
            Ok(major) => found.push(Binaries { dir: dir.clone(), major }),
            Err(reason) if explicit.is_some() => {
                return Err(Error::UnusableBinaries { dir: dir.clone(), user: account.name.clone(), reason });
            }
            Err(reason) => tracing::debug!(?dir, %reason, "no PostgreSQL here"),
        }
    }
    select(found, wanted, &searched)
}

fn select(found: Vec<Binaries>, wanted: Option<(u32, &Path)>, searched: &[PathBuf]) -> Result<Binaries, Error> {
    let majors: Vec<u32> = found.iter().map(|b| b.major).collect();
    let fits = |major| match wanted {
        Some((wanted, _)) => major == wanted && major >= OLDEST_MAJOR,
        None => major >= OLDEST_MAJOR,
    };
    if let Some(binaries) = found.into_iter().find(|b| fits(b.major)) {
        return Ok(binaries);
    }
    match (majors.iter().max(), wanted) {
        (None, _) => Err(Error::NoBinaries { searched: list(searched.iter().map(|dir| dir.display().to_string())) }),
        (Some(_), Some((data_major, data))) if data_major >= OLDEST_MAJOR => {
            Err(Error::VersionMismatch { data: data.to_owned(), data_major, found: list(majors.iter().map(u32::to_string)) })
        }
        (Some(_), Some((found, _))) | (Some(&found), None) => Err(Error::TooOld { found }),
    }
}

fn list(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(", ")
}

/// Where a server may be, best first, without duplicates.
async fn candidates(account: &Account) -> Vec<PathBuf> {
    let mut dirs = Vec::new();
    // On Debian `pg_config` may come with the client library alone: the directory
    // it names is then found empty by `probe`.
    if let Ok(dir) = ask("pg_config", "--bindir", account).await {
        dirs.push(PathBuf::from(dir.trim()));
    }
    let path = environment::path().unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|dir| dir.join("postgres"));
    // Through links, since `initdb` lies beside the real file.
    dirs.extend(on_path.filter_map(|file| Some(file.canonicalize().ok()?.parent()?.to_owned())));
    for (parent, before, behind) in NUMBERED {
        dirs.extend(numbered(Path::new(parent), before, behind));
    }
    let mut unique: Vec<PathBuf> = Vec::new();
    for dir in dirs {
        if !unique.contains(&dir) {
            unique.push(dir);
        }
    }
    unique
}

/// The directories `parent/before<number>/behind`, highest number first.
fn numbered(parent: &Path, before: &str, behind: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    let mut found: Vec<(u32, PathBuf)> = entries
        .filter_map(|entry| {
            let number = entry.file_name().to_str()?.strip_prefix(before)?.parse();
            Some((number.ok()?, entry.path().join(behind)))
        })
        .collect();
    found.sort_by_key(|(number, _)| std::cmp::Reverse(*number));
    found.into_iter().map(|(_, dir)| dir).collect()
}

/// The major version of the server in `dir`, asked as the user that is to run it.
async fn probe(dir: &Path, account: &Account) -> Result<u32, String> {
    for name in ["initdb", "postgres"] {
        if !dir.join(name).is_file() {
            return Err(format!("it has no `{name}`"));
        }
    }
    let text = ask(dir.join("postgres"), "--version", account).await?;
    major(&text).ok_or_else(|| format!("`postgres --version` says {text:?}"))
}

/// What `program` answers to `option`, or why it does not.
async fn ask(program: impl AsRef<OsStr>, option: &str, account: &Account) -> Result<String, String> {
    let mut command = Command::new(program);
    command.arg(option);
    let output = command::output(command, account, LOOKUP_TIMEOUT).await;
    let output = output.map_err(|error| error.to_string())?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
    }
}

/// `postgres (PostgreSQL) 15.18 (Debian 15.18-1)` is 15, `… 18beta2` is 18.
fn major(text: &str) -> Option<u32> {
    let version = text.split_once("(PostgreSQL) ")?.1;
    let digits = version.find(|c: char| !c.is_ascii_digit());
    version[..digits.unwrap_or(version.len())].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(majors: &[u32], wanted: Option<u32>, expect: Result<u32, &str>) {
        let found = majors.iter().map(|&major| Binaries { dir: PathBuf::from(format!("/pg/{major}")), major });
        let wanted = wanted.map(|major| (major, Path::new("/data")));
        match (select(found.collect(), wanted, &[PathBuf::from("/pg")]), expect) {
            (Ok(found), Ok(major)) => assert_eq!(found.major, major),
            (Err(error), Err(part)) => assert!(error.to_string().contains(part), "{error}"),
            (found, expect) => panic!("{found:?}, expected {expect:?}"),
        }
    }

    #[test]
    fn the_first_server_that_fits_is_taken() {
        check(&[17, 15], None, Ok(17));
        check(&[13, 16], None, Ok(16));
        check(&[17, 15], Some(15), Ok(15));
        check(&[17, 16], Some(15), Err("apt-get install postgresql-15"));
        check(&[17, 16], Some(15), Err("only 17, 16"));
        check(&[13], None, Err("PostgreSQL 13 is too old"));
        check(&[13], Some(13), Err("PostgreSQL 13 is too old"));
        check(&[], None, Err("apt-get install postgresql`"));
        check(&[], Some(15), Err("Looked in: /pg"));
    }

    #[test]
    fn the_major_version_is_read() {
        assert_eq!(major("postgres (PostgreSQL) 15.18 (Debian 15.18-1)\n"), Some(15));
        assert_eq!(major("postgres (PostgreSQL) 18beta2\n"), Some(18));
        assert_eq!(major("postgres (PostgreSQL) devel"), None);
        assert_eq!(major(""), None);
    }

    #[test]
    fn numbered_directories_are_read_highest_first() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["pg9", "pg17", "pg15", "pg", "other18"] {
            fs::create_dir(dir.path().join(name)).unwrap();
        }
        let found = numbered(dir.path(), "pg", "bin");
        let expect = ["pg17/bin", "pg15/bin", "pg9/bin"].map(|name| dir.path().join(name));
        assert_eq!(found, expect);
    }
}
