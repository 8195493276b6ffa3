//! What the tests share: a value that says which version it is, a truth that it comes from, and a store
//! that is slow, fails, hangs and forgets.

use cache::{Current, Key, Provider, Stale, Trouble, Value};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, pending};
use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Version(pub(crate) u64);

impl Value for Version {
    fn encode(&self) -> Vec<u8> {
        self.0.to_string().into_bytes()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        std::str::from_utf8(bytes).ok()?.parse().ok().map(Self)
    }

    fn bytes(&self) -> usize {
        8
    }
}

/// Chances and delays, all from one seed.
#[derive(Clone)]
pub(crate) struct Dice(Arc<Mutex<StdRng>>);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(StdRng::seed_from_u64(seed))))
    }

    pub(crate) fn below(&self, n: u64) -> u64 {
        self.0.lock().random_range(0..n)
    }

    pub(crate) fn one_in(&self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// Lets others go first, now and then for a while.
    pub(crate) async fn dawdle(&self, longest: Duration) {
        match self.below(4) {
            0 => {}
            1 => tokio::task::yield_now().await,
            _ => {
                let wait = longest.mul_f64((1 + self.below(1_000)) as f64 / 1_000.0);
                tokio::time::interval_at(tokio::time::Instant::now() + wait, wait).tick().await;
            }
        }
    }
}

/// Of a load: whether an invalidation has overtaken it.
type Overtaken = Arc<AtomicUsize>;

/// What the database has: a version for each key, and what readers must see at least.
#[derive(Default)]
pub(crate) struct Truth {
    committed: Mutex<HashMap<Key, u64>>,
    /// By process and key: the version that stood when the last invalidation there returned.
    promised: Mutex<HashMap<(usize, Key), u64>>,
    /// By process and key: loads under way, and how many of them an invalidation there has overtaken.
    loading: Mutex<HashMap<(usize, Key), Vec<Overtaken>>>,
    pub(crate) worst_at_once: AtomicUsize,
}

impl Truth {
    pub(crate) fn commit(&self, key: &Key) -> u64 {
        let mut committed = self.committed.lock();
        let version = committed.entry(key.clone()).or_default();
        *version += 1;
        *version
    }

    pub(crate) fn now(&self, key: &Key) -> u64 {
        self.committed.lock().get(key).copied().unwrap_or(0)
    }

    /// An invalidation of these has returned at this process; `seen` was committed before it was called.
    pub(crate) fn promise(&self, process: usize, seen: &[(Key, u64)]) {
        let mut promised = self.promised.lock();
        for (key, version) in seen {
            let least = promised.entry((process, key.clone())).or_default();
            *least = (*least).max(*version);
        }
    }

    pub(crate) fn promised(&self, process: usize, key: &Key) -> u64 {
        self.promised.lock().get(&(process, key.clone())).copied().unwrap_or(0)
    }

    /// An invalidation is about to be called: loads under way at this process may not be joined any more.
    pub(crate) fn overtake(&self, process: usize, names: impl Fn(&Key) -> bool) {
        for ((of, key), loads) in self.loading.lock().iter() {
            if *of == process && names(key) {
                loads.iter().for_each(|load| load.store(1, SeqCst));
            }
        }
    }

    /// Loads begin with their being asked for.
    pub(crate) fn begin_all(&self, process: usize, keys: &[Key]) -> Vec<Arc<AtomicUsize>> {
        keys.iter().map(|key| self.begin(process, key)).collect()
    }

    /// A load as a database does it: what it sees stands when it begins.
    pub(crate) async fn load(
        &self,
        process: usize,
        keys: &[Key],
        mine: Vec<Arc<AtomicUsize>>,
        dice: &Dice,
        longest: Duration,
    ) -> Vec<(Key, Version)> {
        let seen: Vec<(Key, Version)> = keys.iter().map(|key| (key.clone(), Version(self.now(key)))).collect();
        dice.dawdle(longest).await;
        for (key, load) in keys.iter().zip(mine) {
            if let Some(loads) = self.loading.lock().get_mut(&(process, key.clone())) {
                loads.retain(|other| !Arc::ptr_eq(other, &load));
            }
        }
        seen
    }

    fn begin(&self, process: usize, key: &Key) -> Arc<AtomicUsize> {
        let load = Arc::new(AtomicUsize::new(0));
        let mut loading = self.loading.lock();
        let loads = loading.entry((process, key.clone())).or_default();
        loads.push(Arc::clone(&load));
        // Those that nobody waits for any more are dropped with their reader: only this list holds them.
        loads.retain(|load| Arc::strong_count(load) > 1);
        let at_once = loads.iter().filter(|load| load.load(SeqCst) == 0).count();
        self.worst_at_once.fetch_max(at_once, SeqCst);
        load
    }
}

/// A store in memory that takes its time, forgets, fails, and at times does not answer at all.
pub(crate) struct Unreliable {
    entries: Mutex<HashMap<Key, Arc<Version>>>,
    dice: Dice,
    /// One call in so many fails, and one hangs; 0: none does.
    fails_one_in: u64,
}

impl Unreliable {
    pub(crate) fn new(dice: Dice, fails_one_in: u64) -> Self {
        Self { entries: Mutex::default(), dice, fails_one_in }
    }

    async fn trouble(&self) -> Result<(), Trouble> {
        if self.fails_one_in > 0 {
            if self.dice.one_in(self.fails_one_in) {
                return Err(Trouble::failed("broken"));
            }
            if self.dice.one_in(self.fails_one_in) {
                pending::<()>().await;
            }
        }
        self.dice.dawdle(Duration::from_millis(3)).await;
        Ok(())
    }
}

impl Provider<Version> for Unreliable {
    fn begin(&self) -> BoxFuture<'_, Result<u64, Trouble>> {
        async { self.trouble().await.map(|()| 0) }.boxed()
    }

    fn get<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<Vec<Option<Arc<Version>>>, Trouble>> {
        async move {
            self.trouble().await?;
            let found = keys.iter().map(|key| self.entries.lock().get(key).cloned()).collect();
            if self.dice.one_in(8) {
                let dice = &self.dice;
                self.entries.lock().retain(|_, _| !dice.one_in(3));
            }
            Ok(found)
        }
        .boxed()
    }

    fn put<'a>(
        &'a self,
        values: &'a [(Key, Arc<Version>)],
        _: u64,
        load: &'a dyn Current,
    ) -> BoxFuture<'a, Result<usize, Trouble>> {
        async move {
            self.trouble().await?;
            let mut refused = 0;
            for (key, value) in values {
                let stored = load.if_current(key, &mut || {
                    self.entries.lock().insert(key.clone(), Arc::clone(value));
                });
                refused += usize::from(!stored);
            }
            Ok(refused)
        }
        .boxed()
    }

    fn invalidate<'a>(&'a self, stale: &'a [Stale]) -> BoxFuture<'a, Result<(), Trouble>> {
        async move {
            // One that empties it works in the end.
            if *stale != [Stale::prefix("")] {
                self.trouble().await?;
            }
            self.entries.lock().retain(|key, _| {
                !stale.iter().any(|stale| match stale {
                    Stale::Key(stale) => stale == key,
                    Stale::Prefix(prefix) => key.as_str().starts_with(&**prefix),
                })
            });
            Ok(())
        }
        .boxed()
    }
}
