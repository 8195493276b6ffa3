//! The id of a data directory: it stays when processes come and go.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::Path;
use uuid::Uuid;

const FILE: &str = "instance-id";

/// Reads it, or makes it. `None` where it can't be kept: then what was lost is taken over when its
/// lease has ended, and not at once.
pub(crate) fn id(data_dir: &Path) -> Option<Uuid> {
    match find_or_make(data_dir) {
        Ok(id) => Some(id),
        Err(error) => {
            tracing::warn!(%error, data_dir = %data_dir.display(), "the data directory can't keep this server's id");
            None
        }
    }
}

fn find_or_make(data_dir: &Path) -> std::io::Result<Uuid> {
    fs::create_dir_all(data_dir)?;
    let path = data_dir.join(FILE);
    let id = Uuid::new_v4();
    match fs::File::options().write(true).create_new(true).open(&path) {
        Ok(mut file) => {
            file.write_all(format!("{id}\n").as_bytes())?;
            file.sync_all()?;
            Ok(id)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let text = fs::read_to_string(&path)?;
            if text.trim().is_empty() {
                // Whoever made it was cut off.
                fs::write(&path, format!("{id}\n"))?;
                return Ok(id);
            }
            text.trim()
                .parse()
                .map_err(|_| std::io::Error::new(ErrorKind::InvalidData, format!("{} holds no id", path.display())))
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stays_and_what_is_none_is_no_reason_to_fail() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("data");
        let first = id(&path).unwrap();
        assert_eq!(id(&path), Some(first));
        fs::write(path.join(FILE), "").unwrap();
        assert!(id(&path).is_some_and(|id| id != first));
        fs::write(path.join(FILE), "nonsense").unwrap();
        assert_eq!(id(&path), None);
    }
}
