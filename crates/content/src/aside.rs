//! A content that is about to be deleted, and may still be put back.

use crate::error::{Error, off_thread};
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

/// Not at its place any more. Dropped, it is there again.
#[derive(Debug)]
#[must_use]
pub struct Aside {
    pub(crate) at: PathBuf,
    pub(crate) place: PathBuf,
    pub(crate) is_gone: bool,
}

impl Aside {
    /// Deletes it for good.
    pub async fn discard(mut self) -> Result<(), Error> {
        self.is_gone = true;
        off_thread(move || match fs::remove_file(&self.at) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
            // Another process took it for a crash's, and put it back: it is judged anew.
            _ => Ok(()),
        })
        .await
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        if !self.is_gone {
            // Should the same stand there by now, it takes its place. What fails is done by the next `mend`.
            let _ = fs::rename(&self.at, &self.place);
        }
    }
}
