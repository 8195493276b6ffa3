//! The folder itself.

use crate::aside::Aside;
use crate::digest::Digest;
use crate::draft::Draft;
use crate::error::{Error, off_thread};
use crate::owner;
use std::fs::{self, DirBuilder};
use std::io::{self, ErrorKind};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::NamedTempFile;
use uuid::Uuid;

const TMP: &str = "tmp";
const ASIDE: &str = "aside";

/// Cheap to clone. Nothing is made on disk before something is received.
#[derive(Clone, Debug)]
pub struct Folder(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    root: PathBuf,
    /// Whose it is, in one line.
    owner: String,
}

/// What was put right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mended {
    /// Drafts that nobody writes any more.
    pub swept: usize,
    /// Contents whose deletion was cut off.
    pub put_back: usize,
}

impl Folder {
    pub fn new(root: impl Into<PathBuf>, owner: impl Into<String>) -> Self {
        Self(Arc::new(Inner { root: root.into(), owner: owner.into() }))
    }

    pub fn root(&self) -> &Path {
        &self.0.root
    }

    /// Where it is, if it is there.
    pub fn path_of(&self, digest: &Digest) -> PathBuf {
        self.dir_of(digest.first()).join(digest.to_string())
    }

    pub(crate) fn dir_of(&self, first: u8) -> PathBuf {
        self.0.root.join(format!("{first:02x}"))
    }

    fn tmp(&self) -> PathBuf {
        self.0.root.join(TMP)
    }

    fn aside(&self) -> PathBuf {
        self.0.root.join(ASIDE)
    }

    /// Fails where it is another's; answers whether it is ours already.
    pub async fn is_own(&self) -> Result<bool, Error> {
        let folder = self.clone();
        off_thread(move || folder.is_own_now()).await
    }

    fn is_own_now(&self) -> Result<bool, Error> {
        owner::is_own(&self.0.root.join(owner::FILE), &self.0.owner)
    }

    /// Begins to receive one. The first time the folder is made, for nobody else to read; if it is nobody's it becomes
    /// ours.
    pub async fn begin(&self) -> Result<Draft, Error> {
        let folder = self.clone();
        off_thread(move || {
            let tmp = folder.tmp();
            make_dir(&tmp)?;
            if owner::claim(folder.root(), &tmp, &folder.0.owner)? {
                sync_dir(folder.root())?;
                sync_dir(&folder.0.root.join(".."))?;
            }
            let (file, temp) = NamedTempFile::new_in(&tmp)?.into_parts();
            Ok(Draft::new(folder, file, temp))
        })
        .await
    }

    /// The contents whose digests begin with this byte, at most so many, in no order.
    pub async fn list(&self, first: u8, most: usize) -> Result<Vec<Digest>, Error> {
        let dir = self.dir_of(first);
        off_thread(move || {
            let Some(entries) = entries(&dir)? else { return Ok(Vec::new()) };
            // What has another name is none of ours.
            let mut digests = Vec::new();
            for entry in entries {
                let name = entry?.file_name();
                digests.extend(name.to_str().and_then(|name| name.parse::<Digest>().ok()).filter(|d| d.first() == first));
                if digests.len() == most {
                    break;
                }
            }
            Ok(digests)
        })
        .await
    }

    /// Takes one from its place, to be deleted. `None`: it is not there. The caller holds a lock that keeps away those
    /// who put it there, and makes sure that it was held until now before it is discarded.
    pub async fn set_aside(&self, digest: &Digest) -> Result<Option<Aside>, Error> {
        let (folder, digest) = (self.clone(), *digest);
        off_thread(move || {
            // Nothing is deleted of another's folder, nor of one that nobody has written to.
            if !folder.is_own_now()? {
                return Ok(None);
            }
            let (place, dir) = (folder.path_of(&digest), folder.aside());
            make_dir(&dir)?;
            let at = dir.join(format!("{digest}.{}", Uuid::new_v4()));
            match fs::rename(&place, &at) {
                Ok(()) => Ok(Some(Aside { at, place, is_gone: false })),
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
                Err(error) => Err(error.into()),
            }
        })
        .await
    }

    /// Puts right what a crash has left: deletes drafts that nobody has written for so long, and puts back what stands
    /// aside. May be done by two at once, and beside everything else.
    pub async fn mend(&self, drafts_older_than: Duration) -> Result<Mended, Error> {
        let folder = self.clone();
        off_thread(move || Ok(Mended { swept: sweep(&folder.tmp(), drafts_older_than)?, put_back: folder.put_back()? })).await
    }

    fn put_back(&self) -> io::Result<usize> {
        let mut put_back = 0;
        for entry in entries(&self.aside())?.into_iter().flatten() {
            let entry = entry?;
            let name = entry.file_name();
            let digest = name.to_str().and_then(|name| name.split_once('.')).and_then(|(digest, _)| digest.parse().ok());
            if let Some(digest) = digest {
                // The same by the same name: should it be there by now, it takes its place.
                put_back += usize::from(without_missing(fs::rename(entry.path(), self.path_of(&digest)))?);
            }
        }
        Ok(put_back)
    }
}

/// By the folder's own clock, which may be another machine's.
fn sweep(tmp: &Path, older_than: Duration) -> io::Result<usize> {
    let Some(entries) = entries(tmp)? else { return Ok(0) };
    let now = NamedTempFile::new_in(tmp)?.as_file().metadata()?.modified()?;
    let mut swept = 0;
    for entry in entries {
        let entry = entry?;
        let written = match entry.metadata() {
            Ok(found) if found.is_file() => found.modified()?,
            Ok(_) => continue,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        if now.duration_since(written).is_ok_and(|age| age > older_than) {
            swept += usize::from(without_missing(fs::remove_file(entry.path()))?);
        }
    }
    Ok(swept)
}

/// `None`: there is no such directory.
fn entries(dir: &Path) -> io::Result<Option<fs::ReadDir>> {
    match fs::read_dir(dir) {
        Ok(entries) => Ok(Some(entries)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether it was done; false when somebody else was first.
fn without_missing(done: io::Result<()>) -> io::Result<bool> {
    match done {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// For its owner alone, with all above it that is missing.
pub(crate) fn make_dir(dir: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)
}

pub(crate) fn sync_dir(dir: &Path) -> io::Result<()> {
    fs::File::open(dir)?.sync_all()
}
