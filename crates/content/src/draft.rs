//! A content on its way to its place.

use crate::digest::Digest;
use crate::error::{Error, off_thread};
use crate::folder::{Folder, make_dir, sync_dir};
use sha2::{Digest as _, Sha256};
use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;
use tempfile::TempPath;
use tokio::fs::File;
use tokio::io::AsyncWriteExt;

/// One that is being received. Dropped, nothing is left of it.
#[derive(Debug)]
pub struct Draft {
    folder: Folder,
    // Closed before it is deleted.
    file: File,
    temp: TempPath,
    hash: Sha256,
    size_bytes: u64,
}

impl Draft {
    pub(crate) fn new(folder: Folder, file: fs::File, temp: TempPath) -> Self {
        Self { folder, file: File::from_std(file), temp, hash: Sha256::new(), size_bytes: 0 }
    }

    /// What more there is of it. What the disk says to it may come with the next call.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.hash.update(bytes);
        self.size_bytes = self.size_bytes.saturating_add(bytes.len() as u64);
        Ok(self.file.write_all(bytes).await?)
    }

    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// That is all; it is on the disk.
    pub async fn finish(mut self) -> Result<Whole, Error> {
        self.file.flush().await?;
        self.file.sync_all().await?;
        let Self { folder, file, temp, hash, size_bytes } = self;
        drop(file);
        let digest = Digest::new(hash.finalize().into());
        Ok(Whole { folder, temp: Some(temp), digest, size_bytes })
    }
}

/// One that was received whole. Dropped before it was put to its place, nothing is left of it.
#[derive(Debug)]
pub struct Whole {
    folder: Folder,
    /// `None`: it was put there.
    temp: Option<TempPath>,
    digest: Digest,
    size_bytes: u64,
}

impl Whole {
    pub fn digest(&self) -> Digest {
        self.digest
    }

    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// Sees to it that it is at its place, to outlive the machine's power; not written twice if it is there. The caller
    /// holds a lock that keeps away those who delete it. May be called again.
    pub async fn put(&mut self) -> Result<(), Error> {
        let (folder, digest, size_bytes) = (self.folder.clone(), self.digest, self.size_bytes);
        let mut temp = self.temp.take();
        let placing = move || {
            let placed = place(&folder, &digest, size_bytes, &mut temp);
            Ok((placed, temp))
        };
        let (placed, temp) = off_thread(placing).await?;
        self.temp = temp;
        placed
    }
}

fn place(folder: &Folder, digest: &Digest, size_bytes: u64, temp: &mut Option<TempPath>) -> Result<(), Error> {
    let (place, dir) = (folder.path_of(digest), folder.dir_of(digest.first()));
    if !is_there(&place, size_bytes)? {
        make_dir(&dir)?;
        // It was there a moment ago, and so it is nowhere else.
        let whole = temp.take().ok_or_else(|| io::Error::new(ErrorKind::NotFound, "a content was deleted while it was put"))?;
        if let Err(error) = whole.persist(&place) {
            *temp = Some(error.path);
            return Err(error.error.into());
        }
    }
    // Whoever put it there before may have been cut off before this.
    sync_dir(&dir)?;
    Ok(sync_dir(folder.root())?)
}

/// One of another length is no content of ours: it is replaced.
fn is_there(place: &Path, size_bytes: u64) -> io::Result<bool> {
    match fs::metadata(place) {
        Ok(found) => Ok(found.is_file() && found.len() == size_bytes),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
