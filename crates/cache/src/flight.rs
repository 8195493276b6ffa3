//! Loads under way.

use crate::provider::{Current, Stale};
use crate::scope::Inner;
use crate::{Key, Value};
use futures_util::future::{BoxFuture, Shared, WeakShared};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::{Arc, Weak};

/// What a load comes to, shared by all who wait for it. The loader itself runs in whoever of them is
/// polled: it ends with the last of them, and goes on when one of them is cancelled.
pub(crate) type Load<V, E> = Shared<Loading<V, E>>;
type Loading<V, E> = BoxFuture<'static, Result<Arc<Values<V>>, Arc<E>>>;
pub(crate) type Values<V> = HashMap<Key, Arc<V>>;

pub(crate) struct Flights<V, E> {
    next_id: u64,
    by_key: HashMap<Key, Flight<V, E>>,
}

struct Flight<V, E> {
    id: u64,
    load: WeakShared<Loading<V, E>>,
}

impl<V, E> Default for Flights<V, E> {
    fn default() -> Self {
        Self { next_id: 0, by_key: HashMap::new() }
    }
}

impl<V, E> Flights<V, E> {
    pub(crate) fn new_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    /// The load of this key that anybody may join; none of those that an invalidation has overtaken.
    pub(crate) fn find(&self, key: &Key) -> Option<Load<V, E>> {
        self.by_key.get(key)?.load.upgrade()
    }

    pub(crate) fn add(&mut self, keys: &[Key], id: u64, load: &Load<V, E>) {
        for key in keys {
            if let Some(load) = load.downgrade() {
                self.by_key.insert(key.clone(), Flight { id, load });
            }
        }
    }

    /// From here on nobody joins these, and they store nothing.
    pub(crate) fn detach(&mut self, stale: &[Stale]) {
        for stale in stale {
            match stale {
                Stale::Key(key) => {
                    self.by_key.remove(key);
                }
                Stale::Prefix(_) => self.by_key.retain(|key, _| !stale.names(key)),
            }
        }
    }

    pub(crate) fn stands(&self, key: &Key, id: u64) -> bool {
        self.by_key.get(key).is_some_and(|flight| flight.id == id)
    }

    pub(crate) fn len(&self) -> usize {
        self.by_key.len()
    }

    fn end(&mut self, keys: &[Key], id: u64) {
        for key in keys {
            // By its own id: a newer load of the key is not its to end.
            if self.stands(key, id) {
                self.by_key.remove(key);
            }
        }
    }
}

/// Takes the load out again however it ends: done, failed or dropped by all who waited.
pub(crate) struct Registered<V: Value, E> {
    pub(crate) scope: Weak<Inner<V, E>>,
    pub(crate) keys: Vec<Key>,
    pub(crate) id: u64,
}

impl<V: Value, E> Drop for Registered<V, E> {
    fn drop(&mut self) {
        if let Some(scope) = self.scope.upgrade() {
            scope.flights.lock().end(&self.keys, self.id);
        }
    }
}

/// One load, for the provider that stores its values.
pub(crate) struct This<'a, V, E> {
    pub(crate) flights: &'a Mutex<Flights<V, E>>,
    pub(crate) id: u64,
    /// Whether the store may still be used as it could when the load began.
    pub(crate) is_trusted: &'a (dyn Fn() -> bool + Send + Sync),
}

impl<V: Send + Sync, E: Send + Sync> Current for This<'_, V, E> {
    fn if_current(&self, key: &Key, act: &mut dyn FnMut()) -> bool {
        let flights = self.flights.lock();
        let stands = flights.stands(key, self.id) && (self.is_trusted)();
        if stands {
            act();
        }
        stands
    }
}
