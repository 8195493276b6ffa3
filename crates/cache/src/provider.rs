//! What a store must do to stand behind a scope.

use crate::Key;
use futures_util::future::BoxFuture;
use std::fmt;
use std::sync::Arc;

/// What is cached. Kept as it is in memory, as bytes in a shared store.
pub trait Value: Send + Sync + Sized + 'static {
    fn encode(&self) -> Vec<u8>;
    /// `None` for bytes that are none of this program's: they count as absent.
    fn decode(bytes: &[u8]) -> Option<Self>;
    /// What it takes in memory, roughly.
    fn bytes(&self) -> usize;
}

/// The store failed. Never told to readers: their values are loaded.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    #[error("the cache did not answer in time")]
    TimedOut,
    #[error("the cache is not reached: {0}")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It has lost what it had, and with it what it must refuse.
    #[error("the cache was emptied by somebody else")]
    Emptied,
}

impl Trouble {
    pub fn failed(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Failed(error.into())
    }
}

/// What holds no more.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Stale {
    Key(Key),
    /// Every key that begins with it; all of them for an empty one.
    Prefix(Arc<str>),
}

impl Stale {
    pub fn prefix(text: impl Into<Arc<str>>) -> Self {
        Self::Prefix(text.into())
    }

    pub(crate) fn names(&self, key: &Key) -> bool {
        match self {
            Self::Key(stale) => stale == key,
            Self::Prefix(prefix) => key.as_str().starts_with(&**prefix),
        }
    }
}

/// Whether a load still stands: nothing has been invalidated since it began.
pub trait Current: Send + Sync {
    /// Does it if the load of this key stands, and says whether it did. No invalidation comes between.
    fn if_current(&self, key: &Key, act: &mut dyn FnMut()) -> bool;
}

/// A store of one scope's values.
pub trait Provider<V>: Send + Sync + 'static {
    /// Called before a load begins. The answer goes with the load's values: they are refused when any of
    /// them was invalidated later than this.
    fn begin(&self) -> BoxFuture<'_, Result<u64, Trouble>>;

    /// In the order of the keys.
    fn get<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<Vec<Option<Arc<V>>>, Trouble>>;

    /// What can be said at once, for whoever is about to load: a load may just have ended.
    fn peek(&self, _key: &Key) -> Option<Arc<V>> {
        None
    }

    /// Stores what is current; answers how many values it refused.
    fn put<'a>(&'a self, values: &'a [(Key, Arc<V>)], fence: u64, load: &'a dyn Current)
    -> BoxFuture<'a, Result<usize, Trouble>>;

    /// When it returns, nobody finds these any more, and no load that began before can store them.
    fn invalidate<'a>(&'a self, stale: &'a [Stale]) -> BoxFuture<'a, Result<(), Trouble>>;

    /// After trouble: nothing is asked over the same connection again.
    fn disconnect(&self) {}

    /// Entries, and their bytes; `None` where that is not known.
    fn size(&self) -> Option<(u64, u64)> {
        None
    }

    /// Entries dropped for want of room or for their age.
    fn evictions(&self) -> u64 {
        0
    }
}

/// One rising sequence for all processes that share a store.
pub trait Fences: Send + Sync + fmt::Debug + 'static {
    /// The last number that was drawn.
    fn now(&self) -> BoxFuture<'_, Result<u64, Trouble>>;
    /// Draws the next.
    fn next(&self) -> BoxFuture<'_, Result<u64, Trouble>>;
}
