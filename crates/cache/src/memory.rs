//! Values in this process's memory.

use crate::provider::{Current, Provider, Stale, Trouble};
use crate::{Key, Value};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// What an entry takes besides its key's text and its value.
const ENTRY_BYTES: usize = 200;

pub(crate) struct Memory<V> {
    entries: moka::sync::Cache<Key, Arc<V>>,
    evictions: Arc<AtomicU64>,
    /// Nothing is inserted while a prefix is walked: an entry that moves within the map is not missed.
    walking: Mutex<()>,
}

impl<V: Value> Memory<V> {
    pub(crate) fn new(name: &str, ttl: Duration, max_bytes: u64) -> Self {
        let evictions: Arc<AtomicU64> = Arc::default();
        let counted = Arc::clone(&evictions);
        let entries = moka::sync::Cache::builder()
            .name(name)
            .max_capacity(max_bytes)
            .weigher(|key: &Key, value: &Arc<V>| {
                u32::try_from(ENTRY_BYTES + key.as_str().len() + value.bytes()).unwrap_or(u32::MAX)
            })
            .time_to_live(ttl)
            .eviction_listener(move |_, _, cause| {
                if cause.was_evicted() {
                    counted.fetch_add(1, Relaxed);
                }
            })
            .build();
        Self { entries, evictions, walking: Mutex::new(()) }
    }
}

impl<V: Value> Provider<V> for Memory<V> {
    fn begin(&self) -> BoxFuture<'_, Result<u64, Trouble>> {
        // Only this process loads and invalidates here: whether a load stands is known without a number.
        ready(Ok(0)).boxed()
    }

    fn get<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<Vec<Option<Arc<V>>>, Trouble>> {
        ready(Ok(keys.iter().map(|key| self.entries.get(key)).collect())).boxed()
    }

    fn peek(&self, key: &Key) -> Option<Arc<V>> {
        self.entries.get(key)
    }

    fn put<'a>(
        &'a self,
        values: &'a [(Key, Arc<V>)],
        _fence: u64,
        load: &'a dyn Current,
    ) -> BoxFuture<'a, Result<usize, Trouble>> {
        let refused = values.iter().filter(|(key, value)| {
            !load.if_current(key, &mut || {
                let _walking = self.walking.lock();
                self.entries.insert(key.clone(), Arc::clone(value));
            })
        });
        ready(Ok(refused.count())).boxed()
    }

    fn invalidate<'a>(&'a self, stale: &'a [Stale]) -> BoxFuture<'a, Result<(), Trouble>> {
        for stale in stale {
            if let Stale::Key(key) = stale {
                self.entries.invalidate(key);
                continue;
            }
            let _walking = self.walking.lock();
            let keys: Vec<Key> = self.entries.iter().map(|(key, _)| Key::clone(&key)).filter(|key| stale.names(key)).collect();
            keys.iter().for_each(|key| self.entries.invalidate(key));
        }
        ready(Ok(())).boxed()
    }

    fn size(&self) -> Option<(u64, u64)> {
        // Counts follow with the map's own upkeep, which this runs.
        self.entries.run_pending_tasks();
        Some((self.entries.entry_count(), self.entries.weighted_size()))
    }

    fn evictions(&self) -> u64 {
        self.evictions.load(Relaxed)
    }
}
