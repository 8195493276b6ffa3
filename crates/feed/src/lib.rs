//! The one way out: every committed change, once, in the order of commits, to whoever is told.
//!
//! One tailer per process reads `change_log` by the difference between two snapshots
//! ([`snapshot`]), so that nothing is skipped and nobody waits for a slow transaction. What it
//! reads becomes a [`Batch`]; a [`Sink`] gets the batches one after the other.

mod batch;
mod bell;
mod caches;
mod delta;
mod progress;
mod release;
pub mod snapshot;
mod tailer;
pub mod token;

pub use batch::{
    AccessChange, Batch, Change, Control, Credential, EdgeScopes, Event, InboxChange, InboxPart, ListChange, ListPart,
    ScopeChange,
};
pub use bell::Bell;
pub use caches::Caches;
pub use delta::{Page, Reading, TooMuch};
pub use progress::{Position, Progress};
pub use tailer::{Health, Sink, Start, Tailer};
