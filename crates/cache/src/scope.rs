use crate::Key;
use crate::cache::Standing;
use crate::counts::{Counting, Counts, add};
use crate::flight::{Flights, Load, Registered, This, Values};
use crate::provider::{Provider, Stale, Trouble, Value};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

/// What a scope is made from.
#[derive(Clone, Copy, Debug)]
pub struct ScopeConfig {
    pub name: &'static str,
    /// A value is not served when it is older, whatever became of its invalidation.
    pub ttl: Duration,
    /// In this process's memory; a shared store has a bound of its own.
    pub max_bytes: u64,
}

/// The values of one kind. Cheap to clone.
pub struct Scope<V: Value, E>(pub(crate) Arc<Inner<V, E>>);

impl<V: Value, E> Clone for Scope<V, E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

pub(crate) struct Inner<V: Value, E> {
    pub(crate) config: ScopeConfig,
    /// `None`: everything is loaded.
    pub(crate) provider: Option<Box<dyn Provider<V>>>,
    pub(crate) flights: Mutex<Flights<V, E>>,
    pub(crate) standing: Arc<Standing>,
    pub(crate) counting: Counting,
    /// How long the store may take to answer.
    pub(crate) answers_within: Duration,
}

type Loaded<V, E> = BoxFuture<'static, Result<HashMap<Key, V>, E>>;
/// A load, and which of the keys it is waited for.
type Wanted<V, E> = (Load<V, E>, Vec<Key>);

impl<V: Value, E: Send + Sync + 'static> Scope<V, E> {
    /// The value of this key: from the store, from a load that is under way, or by `load`, which is not
    /// called otherwise. (It only makes the future: the scope is locked meanwhile.)
    ///
    /// # Errors
    ///
    /// What the load failed with; all who wait for the same load are told the same.
    pub async fn wrap<F>(&self, key: Key, load: impl FnOnce() -> F + Send + 'static) -> Result<Arc<V>, Arc<E>>
    where
        F: Future<Output = Result<V, E>> + Send + 'static,
    {
        let of = key.clone();
        let start = move |_: Vec<Key>| -> Loaded<V, E> {
            let load = load();
            async move { Ok(HashMap::from([(of, load.await?)])) }.boxed()
        };
        let mut values = self.0.answer(vec![key.clone()], start).await?;
        Ok(values.remove(&key).expect("a load brings all of its keys"))
    }

    /// The values of these ids, in their order. `load_missing` is called once with those that are neither
    /// stored nor being loaded, each once and in their order; what it does not bring is `V::default()`.
    ///
    /// # Errors
    ///
    /// What a load failed with, its own or one that it waited for.
    pub async fn wrap_many<I, K, F>(
        &self,
        ids: &[I],
        key_for: K,
        load_missing: impl FnOnce(Vec<I>) -> F + Send + 'static,
    ) -> Result<Vec<Arc<V>>, Arc<E>>
    where
        I: Clone + Send + 'static,
        K: Fn(&I) -> Key + Copy + Send + 'static,
        F: Future<Output = Result<Vec<(I, V)>, E>> + Send + 'static,
        V: Default,
    {
        let keys: Vec<Key> = ids.iter().map(key_for).collect();
        let mut by_key: HashMap<Key, I> = HashMap::with_capacity(keys.len());
        let mut distinct = Vec::with_capacity(keys.len());
        for (key, id) in keys.iter().zip(ids) {
            if by_key.insert(key.clone(), id.clone()).is_none() {
                distinct.push(key.clone());
            }
        }
        let start = move |missing: Vec<Key>| -> Loaded<V, E> {
            let load = load_missing(missing.iter().filter_map(|key| by_key.remove(key)).collect());
            async move {
                let mut values: HashMap<Key, V> = load.await?.into_iter().map(|(id, value)| (key_for(&id), value)).collect();
                Ok(missing.into_iter().map(|key| (key.clone(), values.remove(&key).unwrap_or_default())).collect())
            }
            .boxed()
        };
        let values = self.0.answer(distinct, start).await?;
        Ok(keys.iter().filter_map(|key| values.get(key).cloned()).collect())
    }

    /// When it returns, nobody who asks from then on is answered with what these were before.
    pub async fn invalidate(&self, stale: &[Stale]) {
        self.0.invalidate(stale).await;
    }

    /// What became of what it was asked for.
    pub fn counts(&self) -> Counts {
        self.0.counts()
    }

    /// Loads under way that others may join.
    pub fn loading(&self) -> usize {
        self.0.flights.lock().len()
    }
}

impl<V: Value, E: Send + Sync + 'static> Inner<V, E> {
    /// The values of these keys, each named once; all of them.
    async fn answer(
        self: &Arc<Self>,
        keys: Vec<Key>,
        start: impl FnOnce(Vec<Key>) -> Loaded<V, E> + Send,
    ) -> Result<Values<V>, Arc<E>> {
        let mut values = self.stored(&keys).await;
        let (loads, wanted): (Vec<Load<V, E>>, Vec<Vec<Key>>) = self.missing(keys, &mut values, start).into_iter().unzip();
        for (loaded, wanted) in join_all(loads).await.into_iter().zip(wanted) {
            let loaded = loaded?;
            // Only what it was joined for: of what else it brings, some may have been invalidated since.
            values.extend(wanted.into_iter().filter_map(|key| loaded.get(&key).cloned().map(|value| (key, value))));
        }
        Ok(values)
    }

    async fn stored(&self, keys: &[Key]) -> Values<V> {
        let Some(provider) = self.provider() else { return HashMap::new() };
        let found = self.ask(provider.get(keys)).await.unwrap_or_default();
        let found: Values<V> = keys.iter().zip(found).filter_map(|(key, value)| Some((key.clone(), value?))).collect();
        add(&self.counting.hits, found.len());
        found
    }

    /// The loads that bring what is not there, each with what: those under way, and at most one of its own.
    fn missing(
        self: &Arc<Self>,
        keys: Vec<Key>,
        values: &mut Values<V>,
        start: impl FnOnce(Vec<Key>) -> Loaded<V, E>,
    ) -> Vec<Wanted<V, E>> {
        let mut flights = self.flights.lock();
        let mut loads: Vec<Wanted<V, E>> = Vec::new();
        let mut own: Vec<Key> = Vec::new();
        for key in keys {
            if values.contains_key(&key) {
                continue;
            }
            if let Some(load) = flights.find(&key) {
                add(&self.counting.joins, 1);
                match loads.iter_mut().find(|(other, _)| other.ptr_eq(&load)) {
                    Some((_, keys)) => keys.push(key),
                    None => loads.push((load, vec![key])),
                }
            } else if let Some(value) = self.provider().and_then(|provider| provider.peek(&key)) {
                // It was stored since it was looked for.
                add(&self.counting.hits, 1);
                values.insert(key, value);
            } else {
                own.push(key);
            }
        }
        if !own.is_empty() {
            add(&self.counting.misses, own.len());
            let id = flights.new_id();
            let load = Arc::clone(self).load(id, own.clone(), start(own.clone())).boxed().shared();
            flights.add(&own, id, &load);
            loads.push((load, own));
        }
        loads
    }

    async fn load(self: Arc<Self>, id: u64, keys: Vec<Key>, load: Loaded<V, E>) -> Result<Arc<Values<V>>, Arc<E>> {
        let _registered = Registered { scope: Arc::downgrade(&self), keys, id };
        // In this order: what is loaded is at least as new as its fence.
        let trusted_at = self.standing.trusted();
        let fence = match (&self.provider, trusted_at) {
            (Some(provider), Some(_)) => self.ask(provider.begin()).await,
            _ => None,
        };
        let values: Vec<(Key, Arc<V>)> = load.await?.into_iter().map(|(key, value)| (key, Arc::new(value))).collect();
        if let (Some(provider), Some(fence)) = (&self.provider, fence) {
            let is_trusted = || self.standing.trusted() == trusted_at;
            let this = This { flights: &self.flights, id, is_trusted: &is_trusted };
            let refused = self.ask(provider.put(&values, fence, &this)).await.unwrap_or(0);
            add(&self.counting.refusals, refused);
        }
        Ok(Arc::new(values.into_iter().collect()))
    }

    pub(crate) async fn invalidate(&self, stale: &[Stale]) {
        if stale.is_empty() {
            return;
        }
        self.flights.lock().detach(stale);
        // Also when the store is left alone: others may use it.
        if let Some(provider) = &self.provider {
            self.ask(provider.invalidate(stale)).await;
        }
    }

    /// The store, while it may be used.
    fn provider(&self) -> Option<&dyn Provider<V>> {
        self.provider.as_deref().filter(|_| self.standing.trusted().is_some())
    }

    /// An answer in time, or none: then the store is left alone from here on.
    async fn ask<T>(&self, answer: BoxFuture<'_, Result<T, Trouble>>) -> Option<T> {
        let answer = tokio::time::timeout(self.answers_within, answer).await.unwrap_or(Err(Trouble::TimedOut));
        answer
            .inspect_err(|trouble| {
                self.counting.troubles.fetch_add(1, Relaxed);
                self.provider.iter().for_each(|provider| provider.disconnect());
                if self.standing.distrust() {
                    tracing::warn!(scope = self.config.name, %trouble, "reads go to the database until the cache is emptied");
                }
            })
            .ok()
    }

    pub(crate) fn counts(&self) -> Counts {
        self.counting.read(self.provider.as_ref().map_or(0, |provider| provider.evictions()))
    }
}
