//! What PostgreSQL says, into a file of bounded size.
//!
//! PostgreSQL's own collector rotates by size only under a new name each time and
//! never deletes, so a noisy client could fill the disk. Here two files are kept.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, mpsc};

/// Of each of the two files.
const FILE_LIMIT_BYTES: u64 = 10 * 1024 * 1024;

/// Kept in memory for error messages.
const TAIL_LIMIT_BYTES: usize = 4 * 1024;

/// The end of what one postmaster said.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tail(Arc<Mutex<Vec<u8>>>);

impl Tail {
    pub(crate) fn text(&self) -> String {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).trim().to_owned()
    }

    fn push(&self, bytes: &[u8]) {
        let mut tail = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tail.extend_from_slice(bytes);
        let excess = tail.len().saturating_sub(TAIL_LIMIT_BYTES);
        tail.drain(..excess);
    }
}

/// Copies `from` to the file at `path` on a thread of its own. The receiver is
/// disconnected once `from` has ended.
pub(crate) fn follow(mut from: impl Read + Send + 'static, path: PathBuf, tail: Tail) -> io::Result<mpsc::Receiver<()>> {
    let (done, ended) = mpsc::channel();
    let mut file = RotatingFile::new(path, FILE_LIMIT_BYTES);
    std::thread::Builder::new().name("postgres-log".to_owned()).spawn(move || {
        let _done: mpsc::Sender<()> = done;
        let mut buffer = [0; 8 * 1024];
        let mut is_failing = false;
        loop {
            let read = match from.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => &buffer[..read],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => break,
            };
            tail.push(read);
            // A full disk must not stop the reading: PostgreSQL would block.
            let written = file.write(read);
            if let (Err(error), false) = (&written, is_failing) {
                tracing::warn!(path = ?file.path, %error, "PostgreSQL's log is not written");
            }
            is_failing = written.is_err();
        }
    })?;
    Ok(ended)
}

struct RotatingFile {
    path: PathBuf,
    limit_bytes: u64,
    open: Option<(File, u64)>,
}

impl RotatingFile {
    fn new(path: PathBuf, limit_bytes: u64) -> Self {
        Self { path, limit_bytes, open: None }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.open.as_ref().is_some_and(|o| o.1 >= self.limit_bytes) {
            self.open = None;
            fs::rename(&self.path, previous(&self.path))?;
        }
        let (file, size_bytes) = match &mut self.open {
            Some(open) => open,
            none => {
                let mut options = File::options();
                let file = options.append(true).create(true).mode(0o600);
                let file = file.open(&self.path)?;
                let size_bytes = file.metadata()?.len();
                none.insert((file, size_bytes))
            }
        };
        file.write_all(bytes)?;
        *size_bytes += bytes.len() as u64;
        Ok(())
    }
}

fn previous(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".1");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_files_are_kept_and_a_restart_appends() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("postgres.log");
        let mut file = RotatingFile::new(path.clone(), 10);
        for line in ["first\n", "second\n", "third\n"] {
            file.write(line.as_bytes()).unwrap();
        }
        drop(file);
        let mut file = RotatingFile::new(path.clone(), 10);
        file.write(b"fourth\n").unwrap();
        file.write(b"fifth\n").unwrap();
        assert_eq!(fs::read_to_string(previous(&path)).unwrap(), "third\nfourth\n");
        assert_eq!(fs::read_to_string(&path).unwrap(), "fifth\n");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
    }

    #[test]
    fn the_tail_is_the_bounded_end() {
        let tail = Tail::default();
        tail.push(&vec![b'x'; TAIL_LIMIT_BYTES * 2]);
        tail.push(b"the end\n");
        assert!(tail.text().ends_with("xthe end"));
        assert!(tail.text().len() <= TAIL_LIMIT_BYTES);
    }
}
