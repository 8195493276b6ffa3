//! Whose a folder is: written down by whoever first writes there.

use crate::error::Error;
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::Path;
use tempfile::NamedTempFile;

pub(crate) const FILE: &str = "owner";

/// Fails where it is another's; answers whether it has become ours just now. `tmp` is a directory there.
pub(crate) fn claim(root: &Path, tmp: &Path, owner: &str) -> Result<bool, Error> {
    let path = root.join(FILE);
    if is_own(&path, owner)? {
        return Ok(false);
    }
    // Whole from the first moment on that somebody may read it.
    let mut new = NamedTempFile::new_in(tmp)?;
    writeln!(new, "{owner}")?;
    new.as_file().sync_all()?;
    match new.persist_noclobber(&path) {
        Err(error) if error.error.kind() != ErrorKind::AlreadyExists => return Err(error.error.into()),
        // Somebody was first: them or us.
        _ => {}
    }
    is_own(&path, owner)
}

/// False: it is nobody's yet.
pub(crate) fn is_own(path: &Path, owner: &str) -> Result<bool, Error> {
    match fs::read_to_string(path) {
        Ok(text) if text.trim() == owner => Ok(true),
        Ok(_) => Err(Error::Foreign(path.to_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error.into()),
    }
}
