//! The id of a data directory: it stays when processes come and go. One process has it at a time: by
//! it jobs are taken over whose server is gone.

use rustix::fs::{FlockOperation, flock};
use std::fs::{self, File};
use std::io::{Read, Seek, Write};
use std::path::Path;
use uuid::Uuid;

const FILE: &str = "instance-id";

/// The id, and its file: locked until this is dropped, or the process has ended.
#[derive(Debug)]
pub(crate) struct Home {
    pub(crate) id: Uuid,
    _lock: File,
}

/// Reads it, or makes it. `None` where it can't be kept, or another process has it: then what was lost
/// is taken over when its lease has ended, and not at once.
pub(crate) fn take(data_dir: &Path) -> Option<Home> {
    match find_or_make(data_dir) {
        Ok(home) => Some(home),
        Err(error) => {
            tracing::warn!(%error, data_dir = %data_dir.display(), "the data directory can't give this server an id of its own");
            None
        }
    }
}

fn find_or_make(data_dir: &Path) -> std::io::Result<Home> {
    fs::create_dir_all(data_dir)?;
    let path = data_dir.join(FILE);
    let mut file = File::options().read(true).write(true).create(true).truncate(false).open(&path)?;
    flock(&file, FlockOperation::NonBlockingLockExclusive)?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    // Empty: it is new, or whoever made it was cut off.
    if text.trim().is_empty() {
        text = Uuid::new_v4().to_string();
        file.rewind()?;
        writeln!(file, "{text}")?;
        file.sync_all()?;
    }
    let id = text.trim().parse();
    let id = id.map_err(|_| std::io::Error::new(std::io::ErrorKind::InvalidData, format!("{} holds no id", path.display())))?;
    Ok(Home { id, _lock: file })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stays_and_what_is_none_is_no_reason_to_fail() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("data");
        let id = || take(&path).map(|home| home.id);
        let first = take(&path).unwrap();
        assert_eq!(id(), None, "one has it at a time");
        let kept = first.id;
        drop(first);
        assert_eq!(id(), Some(kept));
        fs::write(path.join(FILE), "").unwrap();
        assert!(id().is_some_and(|id| id != kept));
        fs::write(path.join(FILE), "nonsense").unwrap();
        assert_eq!(id(), None);
    }
}
