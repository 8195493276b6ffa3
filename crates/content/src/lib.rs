//! Keeps files on disk, each content once, by the digest of what it holds. Knows nothing of Synops: who names a
//! content, and until when, is for the caller to know.
//!
//! In the folder:
//!
//! | path | what |
//! | --- | --- |
//! | `owner` | whose folder it is: who else uses it deletes no content there, which somebody else may name |
//! | `ab/ab12…` | a content, whole and on the disk, by its SHA-256 in hexadecimal digits |
//! | `tmp/…` | one that is being received |
//! | `aside/ab12….<uuid>` | one that is being deleted |
//!
//! **A content is put there in this order**, so that whatever is cut off between any two steps leaves nothing that
//! is half: written to `tmp` ([`Draft`]), synced, renamed to its place, the directories synced ([`Whole::put`]). A
//! draft that is dropped is deleted; what a crash leaves in `tmp` is swept by its age ([`Folder::mend`]).
//!
//! **It is deleted in this order**, by whoever holds a lock that keeps away those who put the same there: set aside by
//! a rename ([`Folder::set_aside`]), then the lock is proved to have been held until now (its transaction commits), then
//! deleted ([`Aside::discard`]). Without that proof it is put back: a process can sleep past its lock, and what it
//! deletes then somebody else may have found there a moment before. What a crash leaves aside is put back, too, and
//! judged again.

mod aside;
mod digest;
mod draft;
mod error;
mod folder;
mod owner;
#[cfg(test)]
mod tests;

pub use aside::Aside;
pub use digest::Digest;
pub use draft::{Draft, Whole};
pub use error::Error;
pub use folder::{Folder, Mended};
