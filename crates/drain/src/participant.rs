//! Who has work under way.

use crate::Shared;
use crate::phase::{Class, Phase};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// What a participant has under way.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InFlight {
    /// All of it.
    pub count: usize,
    /// For the eye: as much of it as has a name worth telling.
    pub work: Vec<Work>,
}

impl InFlight {
    pub const fn of(count: usize) -> Self {
        Self { count, work: Vec::new() }
    }
}

/// One thing under way.
#[derive(Clone, Debug, PartialEq)]
pub struct Work {
    pub name: String,
    /// From 0 to 1, when it is known.
    pub progress: Option<f32>,
}

pub(crate) struct Entry {
    pub(crate) id: u64,
    pub(crate) name: &'static str,
    pub(crate) class: Class,
    /// From `end` on it has so long.
    pub(crate) bound: Duration,
    pub(crate) end: CancellationToken,
    /// Set with `end`.
    pub(crate) ends_by: Option<Instant>,
    pub(crate) in_flight: Arc<dyn Fn() -> InFlight + Send + Sync>,
}

/// A place among those who are waited for, until it is dropped.
pub struct Participant {
    pub(crate) shared: Arc<Shared>,
    pub(crate) id: u64,
    pub(crate) end: CancellationToken,
}

impl Participant {
    /// To know when to take no new work, and when to take some again.
    pub fn phases(&self) -> watch::Receiver<Phase> {
        self.shared.phase.subscribe()
    }

    /// Cancelled when what is under way must end: within the bound this must be dropped.
    pub fn end(&self) -> &CancellationToken {
        &self.end
    }

    /// Has the drain look again: there is less under way. (It also looks by itself.)
    pub fn changed(&self) {
        self.shared.changed.notify_one();
    }
}

impl Drop for Participant {
    fn drop(&mut self) {
        self.shared.entries.lock().retain(|entry| entry.id != self.id);
        self.shared.changed.notify_one();
    }
}

impl fmt::Debug for Participant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Participant").field("id", &self.id).finish_non_exhaustive()
    }
}
