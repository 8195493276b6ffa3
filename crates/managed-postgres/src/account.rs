//! Who PostgreSQL runs as: whoever we are, or, since it refuses root, someone lesser.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use crate::{Error, environment};

/// Asked for in this order when we are root.
const ACCOUNTS: [&str; 2] = ["postgres", "nobody"];

#[derive(Clone, Debug)]
pub(crate) struct Account {
    /// For messages.
    pub(crate) name: String,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    /// Whether a child has to change to this account first.
    pub(crate) drops_root: bool,
}

impl Account {
    /// The account for the data directory `data`, which need not exist yet.
    ///
    /// An existing cluster stays with its owner, so that a package which adds the
    /// user `postgres` later, or renumbers it, does not lock the data out.
    pub(crate) fn choose(data: &Path) -> Result<Self, Error> {
        let uid = rustix::process::geteuid().as_raw();
        let owner = fs::metadata(data).ok().map(|m| (m.uid(), m.gid()));
        let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
        if uid != 0 {
            return match owner {
                Some((owner, _)) if owner != uid => Err(Error::WrongOwner {
                    data: data.to_owned(),
                    owner,
                    advice: format!("Start this server as that user instead of {uid}"),
                }),
                _ => Ok(Self { name: name_of(&passwd, uid), uid, gid: rustix::process::getegid().as_raw(), drops_root: false }),
            };
        }
        match owner {
            Some((owner, gid)) if owner != 0 => Ok(Self { name: name_of(&passwd, owner), uid: owner, gid, drops_root: true }),
            Some(_) if !is_empty(data) => Err(Error::WrongOwner {
                data: data.to_owned(),
                owner: 0,
                advice: format!(
                    "Give it to the database's user with `chown -R {} {}`",
                    lesser(&passwd).map_or_else(|| "postgres".to_owned(), |a| a.name),
                    data.display()
                ),
            }),
            _ => lesser(&passwd).ok_or(Error::NoAccount),
        }
    }

    /// Makes `command` run as this account, with our `PATH` and otherwise a clean
    /// environment: `PG*` variables would change what PostgreSQL does, and our own
    /// may hold secrets. As root the standard library also clears the
    /// supplementary groups.
    pub(crate) fn apply<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.env_clear().env("LC_ALL", "C").current_dir("/");
        if let Some(path) = environment::path() {
            command.env("PATH", path);
        }
        if self.drops_root {
            command.uid(self.uid).gid(self.gid);
        }
        command
    }

    /// Gives `path` to this account when we are root; else it is ours already.
    pub(crate) fn own(&self, path: &Path) -> Result<(), Error> {
        if !self.drops_root {
            return Ok(());
        }
        std::os::unix::fs::lchown(path, Some(self.uid), Some(self.gid)).map_err(Error::io("give to the database's user", path))
    }
}

fn is_empty(dir: &Path) -> bool {
    fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_none())
}

/// The lines of a passwd file as (name, uid, gid).
fn entries(passwd: &str) -> impl Iterator<Item = (&str, u32, u32)> {
    passwd.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let mut number = || fields.next()?.parse().ok();
        number(); // the password
        Some((name, number()?, number()?))
    })
}

fn name_of(passwd: &str, uid: u32) -> String {
    entries(passwd).find(|entry| entry.1 == uid).map_or_else(|| uid.to_string(), |entry| entry.0.to_owned())
}

fn lesser(passwd: &str) -> Option<Account> {
    ACCOUNTS.iter().find_map(|wanted| {
        let (name, uid, gid) = entries(passwd).find(|e| e.0 == *wanted && e.1 != 0)?;
        Some(Account { name: name.to_owned(), uid, gid, drops_root: true })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(passwd: &str, expect: Option<(&str, u32, u32)>) {
        let found = lesser(passwd);
        let found = found.as_ref().map(|a| (a.name.as_str(), a.uid, a.gid));
        assert_eq!(found, expect, "{passwd}");
    }

    #[test]
    fn root_becomes_postgres_or_else_nobody() {
        let nobody = "root:x:0:0::/root:/bin/sh\nnobody:x:65534:65533::/:/bin/false\n";
        check(nobody, Some(("nobody", 65534, 65533)));
        let both = format!("{nobody}postgres:x:101:104::/:/bin/sh\n");
        check(&both, Some(("postgres", 101, 104)));
        check("postgres:x:0:0::/:/bin/sh\n", None);
        check("postgres\nnobody:x:many:1::\n", None);
    }
}
