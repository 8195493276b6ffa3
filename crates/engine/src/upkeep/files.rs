//! Files that were never sent, and contents that no file names any more. What is deleted, and in which order, is proved
//! by locks and not by time: an upload of the same content at that very moment is not lost.

use super::clear;
use content::{Digest, Folder};
use domain::limits::{FILE_DRAFTS_KEPT, FILES_PER_DIRECTORY_MAX, FILES_UNSENT_KEPT, UPKEEP_BATCH_ROWS};
use store::Pool;

/// Contents that the database is asked about at once.
const ASKED_AT_ONCE: usize = 1_000;

/// What keeps files from being kept in order.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    #[error(transparent)]
    Database(#[from] store::Error),
    #[error("the folder of files: {0}")]
    Folder(#[from] content::Error),
}

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FilesKept {
    /// Contents that no file named.
    pub deleted: u64,
}

/// All of it once. Each step is idempotent, may be done by two servers at once, and may be the last.
pub async fn keep_files(pool: &Pool, folder: &Folder) -> Result<FilesKept, FilesError> {
    clear(UPKEEP_BATCH_ROWS, |most| store::file::delete_unsent_files(pool, FILES_UNSENT_KEPT, most)).await?;
    let mended = folder.mend(FILE_DRAFTS_KEPT).await?;
    if mended != content::Mended::default() {
        tracing::info!(swept = mended.swept, put_back = mended.put_back, "what a crash left among the files is put right");
    }
    let mut kept = FilesKept::default();
    // Nothing was ever kept there: nothing is looked for.
    if !folder.is_own().await? {
        return Ok(kept);
    }
    let mut failed = None;
    for first in 0..=u8::MAX {
        let there = folder.list(first, FILES_PER_DIRECTORY_MAX).await?;
        for some in there.chunks(ASKED_AT_ONCE) {
            let asked: Vec<String> = some.iter().map(Digest::to_string).collect();
            for digest in store::file::list_unnamed_contents(pool, &asked).await? {
                // It is one of those that were asked about.
                let Ok(digest) = digest.parse::<Digest>() else { continue };
                match delete_unnamed(pool, folder, digest).await {
                    Ok(deleted) => kept.deleted += u64::from(deleted),
                    // One that can't be deleted does not keep the others.
                    Err(FilesError::Folder(error)) => _ = failed.get_or_insert(error),
                    Err(error) => return Err(error),
                }
            }
        }
    }
    if kept.deleted > 0 {
        tracing::info!(contents = kept.deleted, "contents that no file names any more were deleted");
    }
    failed.map_or(Ok(kept), |error| Err(error.into()))
}

/// Deletes a content if no file names it, and nobody is about to make one.
///
/// The lock keeps away whoever puts the same content, from before the look to the commit. That the commit succeeds
/// proves that it was held while the content was set aside; otherwise (the database was lost, the process slept, the
/// job was cut off) what stands aside goes back to its place. A crash before the commit or behind it leaves it aside:
/// the next pass puts it back, and judges it again.
async fn delete_unnamed(pool: &Pool, folder: &Folder, digest: Digest) -> Result<bool, FilesError> {
    let text = digest.to_string();
    let mut tx = store::begin(pool).await?;
    // Somebody is putting it: then it is named, or judged the next time.
    if !store::file::try_lock_content(&mut *tx, &text).await? || store::file::is_content_named(&mut *tx, &text).await? {
        return Ok(false);
    }
    let Some(aside) = folder.set_aside(&digest).await? else { return Ok(false) };
    tx.commit().await?;
    aside.discard().await?;
    Ok(true)
}
