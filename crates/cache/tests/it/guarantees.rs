//! Each promise on its own, in the order in which it would be broken.

use crate::model::Version;
use cache::{Backing, Cache, Counts, Current, Key, Provider, Scope, ScopeConfig, Stale, Trouble};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, pending};
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;
use tokio::sync::oneshot;

const CONFIG: ScopeConfig = ScopeConfig { name: "test", ttl: Duration::from_secs(3_600), max_bytes: 1 << 20 };

fn scope<E: Send + Sync + 'static>() -> Scope<Version, E> {
    Cache::new(Backing::Memory).scope(CONFIG)
}

type Reading = BoxFuture<'static, Result<Arc<Version>, Arc<String>>>;

/// A load that ends when it is told to, with what it is told.
fn slow(scope: &Scope<Version, String>, key: &str) -> (oneshot::Sender<u64>, Reading) {
    let (end, told) = oneshot::channel();
    let (scope, key) = (scope.clone(), Key::new(key));
    let reading =
        async move { scope.wrap(key, move || async move { told.await.map(Version).map_err(|_| "dropped".to_owned()) }).await };
    (end, reading.boxed())
}

async fn value(scope: &Scope<Version, String>, key: &str, otherwise: u64) -> u64 {
    scope.wrap(Key::new(key), move || async move { Ok(Version(otherwise)) }).await.expect("a load that does not fail").0
}

/// Polls once, so that it has begun.
async fn begin<T>(reading: &mut BoxFuture<'static, T>) {
    assert!(futures_util::poll!(reading).is_pending());
}

#[tokio::test]
async fn a_load_from_before_stores_nothing() {
    for stale in [Stale::Key(Key::new("a")), Stale::prefix("a"), Stale::prefix("")] {
        let scope = scope();
        let (end, mut reading) = slow(&scope, "a");
        begin(&mut reading).await;
        // Nobody has ever stored anything under this key.
        scope.invalidate(std::slice::from_ref(&stale)).await;
        end.send(1).unwrap();
        assert_eq!(reading.await.unwrap().0, 1, "whoever asked before may be told what was before");
        assert_eq!(value(&scope, "a", 2).await, 2, "{stale:?}");
        assert_eq!(scope.counts().refusals, 1);
    }
}

#[tokio::test]
async fn another_key_is_left_alone() {
    let scope = scope();
    assert_eq!(value(&scope, "b:1", 1).await, 1);
    let (end, mut reading) = slow(&scope, "b:2");
    begin(&mut reading).await;
    scope.invalidate(&[Stale::prefix("a"), Stale::Key(Key::new("b"))]).await;
    end.send(2).unwrap();
    reading.await.unwrap();
    assert_eq!((value(&scope, "b:1", 9).await, value(&scope, "b:2", 9).await), (1, 2));
}

#[tokio::test]
async fn nobody_joins_a_load_from_before_and_a_new_one_is_shared() {
    let scope = scope();
    let (end_old, mut old) = slow(&scope, "a");
    begin(&mut old).await;
    scope.invalidate(&[Stale::Key(Key::new("a"))]).await;
    let (end_new, mut new) = slow(&scope, "a");
    begin(&mut new).await;
    // The old one ends first: the new one must stay known.
    end_old.send(1).unwrap();
    assert_eq!(old.await.unwrap().0, 1);
    let (end_third, mut third) = slow(&scope, "a");
    begin(&mut third).await;
    assert!(end_third.is_closed(), "its loader was not needed");
    end_new.send(2).unwrap();
    assert_eq!((new.await.unwrap().0, third.await.unwrap().0), (2, 2));
    assert_eq!(scope.counts(), Counts { misses: 2, joins: 1, refusals: 1, ..Counts::default() });
}

#[tokio::test]
async fn many_are_loaded_at_once_each_once_and_in_order() {
    let scope: Scope<Version, Infallible> = scope();
    let asked: Arc<parking_lot::Mutex<Vec<Vec<u64>>>> = Arc::default();
    let ask = |ids: Vec<u64>| {
        let (scope, asked) = (scope.clone(), Arc::clone(&asked));
        async move {
            let key = |id: &u64| Key::new(id.to_string());
            let found = scope.wrap_many(&ids, key, move |missing| async move {
                asked.lock().push(missing.clone());
                tokio::task::yield_now().await;
                // What there is none of is left out.
                Ok(missing.into_iter().filter(|id| *id != 4).map(|id| (id, Version(id * 10))).collect())
            });
            found.await.unwrap().iter().map(|value| value.0).collect::<Vec<u64>>()
        }
    };
    let (first, second) = tokio::join!(ask(vec![3, 1, 3, 4]), ask(vec![1, 2, 3]));
    assert_eq!((first, second), (vec![30, 10, 30, 0], vec![10, 20, 30]));
    assert_eq!(*asked.lock(), [vec![3, 1, 4], vec![2]], "the second waits for the first's, and loads what it lacks");
    assert_eq!(ask(vec![4, 3, 2]).await, [0, 30, 20]);
    assert_eq!(asked.lock().len(), 2, "that there is none is known, too");
    assert_eq!(ask(Vec::new()).await, [0_u64; 0]);
}

#[tokio::test]
async fn what_is_written_down_is_bounded() {
    let cache = Cache::new(Backing::Memory);
    let scope: Scope<Version, String> = cache.scope(ScopeConfig { max_bytes: 100_000, ..CONFIG });
    for n in 0..2_000_u64 {
        scope.invalidate(&[Stale::Key(Key::new(format!("gone:{n}"))), Stale::prefix(format!("{n}:"))]).await;
        value(&scope, &format!("key:{n}"), n).await;
    }
    let info = &cache.scopes()[0];
    let (entries, bytes) = info.size.unwrap();
    assert!(bytes <= 100_000 && entries < 500, "{entries} entries of {bytes} bytes");
    assert!(info.counts.evictions > 1_400, "{:?}", info.counts);
    assert_eq!(info.loading, 0);
    // Whoever gives up takes the load along.
    let (_end, mut reading) = slow(&scope, "given up");
    begin(&mut reading).await;
    assert_eq!(scope.loading(), 1);
    drop(reading);
    assert_eq!(scope.loading(), 0);
}

#[tokio::test]
async fn a_load_goes_on_when_the_one_who_began_it_is_gone() {
    let scope = scope();
    let (end, mut first) = slow(&scope, "a");
    begin(&mut first).await;
    let (_never, mut second) = slow(&scope, "a");
    begin(&mut second).await;
    drop(first);
    end.send(7).unwrap();
    assert_eq!(second.await.unwrap().0, 7);
    assert_eq!(value(&scope, "a", 8).await, 7);
}

#[tokio::test]
async fn what_a_load_fails_with_is_shared_and_not_stored() {
    let scope = scope();
    let (end, mut first) = slow(&scope, "a");
    begin(&mut first).await;
    let (_never, mut second) = slow(&scope, "a");
    begin(&mut second).await;
    drop(end);
    let (first, second) = (first.await.unwrap_err(), second.await.unwrap_err());
    assert!(Arc::ptr_eq(&first, &second) && *first == "dropped");
    assert_eq!(value(&scope, "a", 3).await, 3);
}

#[tokio::test(start_paused = true)]
async fn a_value_is_not_older_than_its_time() {
    let scope: Scope<Version, String> =
        Cache::new(Backing::Memory).scope(ScopeConfig { ttl: Duration::from_millis(30), ..CONFIG });
    assert_eq!(value(&scope, "a", 1).await, 1);
    // The store goes by the machine's clock, not by the paused one.
    let began = std::time::Instant::now();
    let mut read = 1;
    while read == 1 && began.elapsed() < Duration::from_secs(30) {
        tokio::task::yield_now().await;
        read = value(&scope, "a", 2).await;
    }
    assert_eq!(read, 2);
    assert!(began.elapsed() >= Duration::from_millis(25));
}

/// A store of which one call never answers, or fails.
struct Broken {
    call: &'static str,
    hangs: bool,
    asked: Arc<AtomicUsize>,
}

impl Broken {
    fn answer<T: Send + 'static>(&self, call: &str, value: T) -> BoxFuture<'static, Result<T, Trouble>> {
        self.asked.fetch_add(1, SeqCst);
        match (self.call == call, self.hangs) {
            (true, true) => pending().boxed(),
            (true, false) => async { Err(Trouble::failed("broken")) }.boxed(),
            (false, _) => async { Ok(value) }.boxed(),
        }
    }
}

impl Provider<Version> for Broken {
    fn begin(&self) -> BoxFuture<'_, Result<u64, Trouble>> {
        self.answer("begin", 0)
    }

    fn get<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<Vec<Option<Arc<Version>>>, Trouble>> {
        // It has something for everybody, and never drops it.
        self.answer("get", keys.iter().map(|key| (key.as_str() == "stored").then(|| Arc::new(Version(1)))).collect())
    }

    fn put<'a>(&'a self, _: &'a [(Key, Arc<Version>)], _: u64, _: &'a dyn Current) -> BoxFuture<'a, Result<usize, Trouble>> {
        self.answer("put", 0)
    }

    fn invalidate<'a>(&'a self, _: &'a [Stale]) -> BoxFuture<'a, Result<(), Trouble>> {
        self.answer("invalidate", ())
    }
}

#[tokio::test(start_paused = true)]
async fn trouble_with_the_store_holds_up_nobody() {
    for call in ["begin", "get", "put"] {
        for hangs in [true, false] {
            let asked: Arc<AtomicUsize> = Arc::default();
            let cache = Cache::new(Backing::Memory);
            let scope: Scope<Version, String> =
                cache.scope_over(CONFIG, Some(Box::new(Broken { call, hangs, asked: Arc::clone(&asked) })));
            let began = tokio::time::Instant::now();
            assert_eq!(value(&scope, "a", 2).await, 2, "{call}");
            assert!(began.elapsed() < Duration::from_secs(1), "{call} held it up for {:?}", began.elapsed());
            assert!(!cache.is_used() && scope.counts().troubles == 1, "{call}");
            // From then on it is not even asked.
            let before = asked.load(SeqCst);
            assert_eq!((value(&scope, "stored", 3).await, value(&scope, "a", 4).await), (3, 4));
            assert_eq!(asked.load(SeqCst), before, "{call}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_may_have_missed_an_invalidation_is_left_alone() {
    for hangs in [true, false] {
        let cache = Cache::new(Backing::Memory);
        let broken = Broken { call: "invalidate", hangs, asked: Arc::default() };
        let scope: Scope<Version, String> = cache.scope_over(CONFIG, Some(Box::new(broken)));
        assert_eq!(value(&scope, "stored", 2).await, 1);
        scope.invalidate(&[Stale::Key(Key::new("stored"))]).await;
        assert_eq!(value(&scope, "stored", 2).await, 2);
        // It can't be emptied either.
        cache.mend().await;
        assert!(!cache.is_used());
        assert_eq!(value(&scope, "stored", 3).await, 3);
    }
}

/// Is emptied when it is told to, and fails at all else.
struct Gate(tokio::sync::Notify);

impl Provider<Version> for Gate {
    fn begin(&self) -> BoxFuture<'_, Result<u64, Trouble>> {
        async { Ok(0) }.boxed()
    }

    fn get<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<Vec<Option<Arc<Version>>>, Trouble>> {
        async { Ok(vec![None; keys.len()]) }.boxed()
    }

    fn put<'a>(&'a self, _: &'a [(Key, Arc<Version>)], _: u64, _: &'a dyn Current) -> BoxFuture<'a, Result<usize, Trouble>> {
        async { Ok(0) }.boxed()
    }

    fn invalidate<'a>(&'a self, stale: &'a [Stale]) -> BoxFuture<'a, Result<(), Trouble>> {
        async {
            match stale {
                [Stale::Prefix(_)] => self.0.notified().await,
                _ => {
                    self.0.notify_one();
                    return Err(Trouble::failed("broken"));
                }
            }
            Ok(())
        }
        .boxed()
    }
}

#[tokio::test]
async fn an_invalidation_that_fails_while_the_store_is_emptied_counts() {
    let cache = Cache::new(Backing::Memory);
    let scope: Scope<Version, String> = cache.scope_over(CONFIG, Some(Box::new(Gate(tokio::sync::Notify::new()))));
    let stale = [Stale::Key(Key::new("a"))];
    let (renewed, ()) = tokio::join!(cache.renew(), scope.invalidate(&stale));
    assert!(renewed && !cache.is_used(), "what it should have dropped may have been stored since");
}

#[tokio::test]
async fn without_a_store_loads_are_shared_all_the_same() {
    let scope: Scope<Version, String> = Cache::new(Backing::Off).scope(CONFIG);
    let (end, mut first) = slow(&scope, "a");
    begin(&mut first).await;
    let (_never, mut second) = slow(&scope, "a");
    begin(&mut second).await;
    end.send(1).unwrap();
    assert_eq!((first.await.unwrap().0, second.await.unwrap().0), (1, 1));
    assert_eq!(value(&scope, "a", 2).await, 2);
}
