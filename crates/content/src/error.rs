//! What can go wrong with a folder.

use std::io;
use std::path::PathBuf;

type Blocking<T> = Result<T, tokio::task::JoinError>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Nothing is deleted there.
    #[error("the folder belongs to another database, as {} says", .0.display())]
    Foreign(PathBuf),
}

/// Work that blocks, on a thread for that. Whoever does not wait for it any more has it end all the same, and what it
/// answers dropped.
pub(crate) async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    let done: Blocking<_> = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| Err(io::Error::other(error).into()))
}
