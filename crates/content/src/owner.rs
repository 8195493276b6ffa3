//! Whose a folder is: written down by whoever first writes there.

use crate::error::Error;
use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use tempfile::NamedTempFile;

pub(crate) const FILE: &str = "owner";

/// Makes it ours if it is nobody's; answers whether it did. `tmp` is a directory there.
pub(crate) fn claim(root: &Path, tmp: &Path, owner: &str) -> io::Result<bool> {
    let path = root.join(FILE);
    if path.try_exists()? {
        return Ok(false);
    }
    // Whole from the first moment on that somebody may read it.
    let mut new = NamedTempFile::new_in(tmp)?;
    writeln!(new, "{owner}")?;
    new.as_file().sync_all()?;
    match new.persist_noclobber(&path) {
        Ok(_) => Ok(true),
        // Somebody was first: they or we.
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error.error),
    }
}

/// Fails where it is another's; false: it is nobody's yet.
pub(crate) fn is_own(path: &Path, owner: &str) -> Result<bool, Error> {
    match fs::read_to_string(path) {
        Ok(text) if text.trim() == owner => Ok(true),
        Ok(_) => Err(Error::Foreign(path.to_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error.into()),
    }
}
