use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What became of the keys that a scope was asked for, since it began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Found in the store.
    pub hits: u64,
    /// Loaded.
    pub misses: u64,
    /// Answered by a load that was under way.
    pub joins: u64,
    /// Loaded, and not stored because it was invalidated meanwhile.
    pub refusals: u64,
    /// Dropped for want of room, or because their time was over.
    pub evictions: u64,
    /// Times that the store failed or did not answer.
    pub troubles: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counting {
    pub(crate) hits: AtomicU64,
    pub(crate) misses: AtomicU64,
    pub(crate) joins: AtomicU64,
    pub(crate) refusals: AtomicU64,
    pub(crate) troubles: AtomicU64,
}

impl Counting {
    pub(crate) fn read(&self, evictions: u64) -> Counts {
        let read = |count: &AtomicU64| count.load(Relaxed);
        Counts {
            hits: read(&self.hits),
            misses: read(&self.misses),
            joins: read(&self.joins),
            refusals: read(&self.refusals),
            evictions,
            troubles: read(&self.troubles),
        }
    }
}

pub(crate) fn add(count: &AtomicU64, by: usize) {
    count.fetch_add(by as u64, Relaxed);
}
