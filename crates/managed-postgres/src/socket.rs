//! The private directory for the socket.

use std::fs::{self, DirBuilder, Permissions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::Error;
use crate::account::Account;
use crate::{environment, reach};

/// The port names the socket's file and nothing else.
pub(crate) const PORT: u16 = 5432;

/// What the kernel's `sockaddr_un` holds beside the closing zero.
pub(crate) const PATH_LIMIT_BYTES: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

/// A directory that only the account (and root) can enter.
#[derive(Debug)]
pub(crate) struct SocketDir {
    pub(crate) path: PathBuf,
    /// Outside the caller's directory, so it is removed at the end.
    is_elsewhere: bool,
}

impl SocketDir {
    /// `<dir>/socket`, or, when no socket could have its path there, a
    /// directory called `mark` among the run-time or temporary files. The name is
    /// fixed, so that an owner that was killed leaves one directory, not many.
    pub(crate) async fn make(dir: &Path, mark: &str, account: &Account) -> Result<Self, Error> {
        let near = dir.join("socket");
        if fits(&near) {
            make_private(&near, account)?;
            return Ok(Self { path: near, is_elsewhere: false });
        }
        // The run-time directory is private to us: of no use to another account.
        let run = environment::runtime_dir().filter(|_| !account.drops_root);
        for base in run.into_iter().chain([std::env::temp_dir(), "/tmp".into()]) {
            let path = base.join(mark);
            if fits(&path) && is_safe(&base) && reach::check(&base, account).await.is_ok() {
                make_private(&path, account)?;
                return Ok(Self { path, is_elsewhere: true });
            }
        }
        Err(refuse(&near, "is too long or holds a comma, and no other place will do"))
    }

    /// The socket's own path.
    pub(crate) fn socket(&self) -> PathBuf {
        socket_in(&self.path)
    }

    /// Removes what a postmaster that is known to be gone left here. PostgreSQL
    /// itself would refuse to start if the pid in the lock file was in use again.
    pub(crate) fn clear(&self) {
        let socket = self.socket();
        let lock = socket.with_extension(format!("{PORT}.lock"));
        for path in [socket, lock] {
            if let Err(error) = fs::remove_file(&path)
                && error.kind() != std::io::ErrorKind::NotFound
            {
                tracing::warn!(?path, %error, "could not remove a stale file");
            }
        }
    }
}

impl Drop for SocketDir {
    fn drop(&mut self) {
        if self.is_elsewhere {
            // It is full while something still runs, and then it is to stay.
            let _ = fs::remove_dir(&self.path);
        }
    }
}

fn socket_in(dir: &Path) -> PathBuf {
    dir.join(format!(".s.PGSQL.{PORT}"))
}

/// Short enough for the kernel, and without the comma at which libpq would part
/// it into two hosts.
fn fits(dir: &Path) -> bool {
    let socket = socket_in(dir);
    let bytes = socket.as_os_str().as_bytes();
    bytes.len() <= PATH_LIMIT_BYTES && !bytes.contains(&b',')
}

/// Whoever may rename our directory could put another in its place.
fn is_safe(base: &Path) -> bool {
    fs::metadata(base).is_ok_and(|found| {
        let mode = found.mode();
        found.is_dir() && (mode & 0o022 == 0 || mode & 0o1000 != 0)
    })
}

fn make_private(path: &Path, account: &Account) -> Result<(), Error> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            return Err(Error::io("make the directory", path)(error));
        }
        _ => {}
    }
    // Not through a link: it might have been laid by someone else.
    let found = fs::symlink_metadata(path).map_err(Error::io("look at", path))?;
    // Root's own is from a start that ended before the next line gave it away.
    let is_ours = found.uid() == account.uid || (account.drops_root && found.uid() == 0);
    if !found.is_dir() || !is_ours {
        return Err(refuse(path, "exists and is not ours"));
    }
    fs::set_permissions(path, Permissions::from_mode(0o700)).map_err(Error::io("make private", path))?;
    account.own(path)
}

fn refuse(path: &Path, reason: &str) -> Error {
    Error::SocketDir { path: path.to_owned(), reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn me() -> Account {
        Account {
            name: "me".to_owned(),
            uid: rustix::process::geteuid().as_raw(),
            gid: rustix::process::getegid().as_raw(),
            drops_root: false,
        }
    }

    #[test]
    fn a_directory_becomes_private_and_a_link_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let open = dir.path().join("open");
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, Permissions::from_mode(0o777)).unwrap();
        make_private(&open, &me()).unwrap();
        assert_eq!(fs::metadata(&open).unwrap().mode() & 0o7777, 0o700);

        let link = dir.path().join("link");
        std::os::unix::fs::symlink(&open, &link).unwrap();
        assert!(matches!(make_private(&link, &me()), Err(Error::SocketDir { .. })));
    }

    #[test]
    fn a_directory_of_another_user_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let other = Account { uid: me().uid + 1, ..me() };
        let refused = make_private(dir.path(), &other);
        assert!(matches!(refused, Err(Error::SocketDir { .. })), "{refused:?}");
    }

    #[test]
    fn a_base_that_anyone_may_rename_in_is_unsafe() {
        let dir = tempfile::tempdir().unwrap();
        for (mode, safe) in [(0o755, true), (0o1777, true), (0o777, false), (0o775, false)] {
            fs::set_permissions(dir.path(), Permissions::from_mode(mode)).unwrap();
            assert_eq!(is_safe(dir.path()), safe, "{mode:o}");
        }
        assert!(!is_safe(&dir.path().join("absent")));
    }

    #[test]
    fn a_path_fits_with_the_sockets_name_and_no_comma() {
        let name = "/.s.PGSQL.5432".len();
        let longest = format!("/{}", "d".repeat(PATH_LIMIT_BYTES - name - 1));
        assert!(fits(Path::new(&longest)));
        assert!(!fits(Path::new(&format!("{longest}d"))));
        assert!(!fits(Path::new("/a,b")));
    }
}
