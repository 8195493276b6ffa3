//! Three instances, one Redis.

use crate::model::{Dice, Truth, Version};
use crate::redis::{Sequence, connect, prefix, url};
use cache::{Backing, Cache, Fences, Key, Scope, ScopeConfig, Stale, Trouble};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;
use testkit::{Target, TcpProxy};
use tokio::sync::Notify;
use tokio::task::JoinSet;

const KEYS: u64 = 5;
const LONGEST: Duration = Duration::from_millis(3);
const CONFIG: ScopeConfig = ScopeConfig { name: "test", ttl: Duration::from_secs(60), max_bytes: 0 };

struct Instance {
    cache: Cache,
    scope: Scope<Version, String>,
}

impl Instance {
    async fn start(url: &str, prefix: &str, sequence: &Arc<Sequence>) -> Self {
        let cache = Cache::new(Backing::Redis(connect(url, prefix, sequence)));
        let scope = cache.scope(CONFIG);
        assert!(!cache.is_used(), "what the store holds from before is not known to be right");
        assert!(cache.renew().await, "Redis answers");
        Self { cache, scope }
    }

    async fn read(&self, key: &str, otherwise: u64) -> u64 {
        self.scope.wrap(Key::new(key), move || async move { Ok(Version(otherwise)) }).await.expect("a load that does not fail").0
    }
}

fn key(n: u64) -> Key {
    Key::new(format!("k:{n}"))
}

#[tokio::test]
async fn a_value_is_shared_and_gone_for_all() {
    let (prefix, sequence) = (prefix(), Arc::default());
    let a = Instance::start(&url(), &prefix, &sequence).await;
    let b = Instance::start(&url(), &prefix, &sequence).await;
    assert_eq!((a.read("x", 1).await, b.read("x", 2).await), (1, 1));
    b.scope.invalidate(&[Stale::Key(Key::new("x"))]).await;
    assert_eq!((a.read("x", 3).await, b.read("x", 4).await), (3, 3));
    a.scope.invalidate(&[Stale::prefix("x")]).await;
    assert_eq!((b.read("x", 5).await, a.read("x", 6).await), (5, 5));
    // Another prefix is another installation.
    let other = Instance::start(&url(), &crate::redis::prefix(), &sequence).await;
    assert_eq!(other.read("x", 7).await, 7);
}

#[tokio::test]
async fn a_load_at_one_is_overtaken_by_an_invalidation_at_another() {
    for stale in [Stale::Key(key(1)), Stale::prefix("k:")] {
        let (prefix, sequence) = (prefix(), Arc::default());
        let a = Instance::start(&url(), &prefix, &sequence).await;
        let b = Instance::start(&url(), &prefix, &sequence).await;
        let (begun, wait) = tokio::sync::oneshot::channel();
        let (end, told) = tokio::sync::oneshot::channel::<()>();
        let scope = a.scope.clone();
        let mut reading = JoinSet::new();
        reading.spawn(async move {
            scope
                .wrap(key(1), move || async move {
                    begun.send(()).unwrap();
                    told.await.map(|()| Version(1)).map_err(|_| String::new())
                })
                .await
        });
        wait.await.unwrap();
        b.scope.invalidate(std::slice::from_ref(&stale)).await;
        end.send(()).unwrap();
        assert_eq!(reading.join_next().await.unwrap().unwrap().unwrap().0, 1);
        assert_eq!((b.read("k:1", 2).await, a.read("k:1", 3).await), (2, 2), "{stale:?}");
        assert_eq!(a.scope.counts().refusals, 1);
    }
}

#[tokio::test]
async fn an_instance_that_starts_empties_the_store() {
    let (prefix, sequence) = (prefix(), Arc::default());
    let a = Instance::start(&url(), &prefix, &sequence).await;
    assert_eq!(a.read("x", 1).await, 1);
    // Somebody wrote while nobody followed the feed.
    let b = Instance::start(&url(), &prefix, &sequence).await;
    assert_eq!((a.read("x", 2).await, b.read("x", 3).await), (2, 2));
}

#[tokio::test]
async fn a_store_that_is_not_reached_is_left_alone_and_then_emptied() {
    for stalls in [false, true] {
        let (prefix, sequence) = (prefix(), Arc::default());
        let address = url().trim_start_matches("redis://").trim_end_matches("/0").trim_end_matches('/').to_owned();
        let proxy = TcpProxy::start(Target::Tcp(address)).await;
        let b = Instance::start(&url(), &prefix, &sequence).await;
        let a = Instance::start(&format!("redis://{}", proxy.address()), &prefix, &sequence).await;
        assert_eq!((a.read("x", 1).await, b.read("x", 9).await), (1, 1));
        if stalls {
            proxy.stall();
        } else {
            proxy.refuse();
            proxy.cut();
        }
        a.scope.invalidate(&[Stale::Key(Key::new("x"))]).await;
        assert!(!a.cache.is_used());
        assert_eq!(a.read("x", 2).await, 2, "the store still has the old one");
        assert!(!a.cache.renew().await, "it can't be emptied now");
        proxy.forward();
        testkit::wait_until("the store is used again", Duration::from_secs(30), async || {
            a.cache.mend().await;
            a.cache.is_used()
        })
        .await;
        assert_eq!((a.read("x", 3).await, b.read("x", 4).await), (3, 3));
        proxy.stop().await;
    }
}

#[tokio::test]
async fn a_store_that_somebody_emptied_is_no_longer_trusted() {
    let (prefix, sequence) = (prefix(), Arc::default());
    let a = Instance::start(&url(), &prefix, &sequence).await;
    let client = redis::Client::open(url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let namespace = format!("{{{prefix}}}:namespace");
    for what in ["namespace", "fences"] {
        assert_eq!(a.read("x", 1).await, 1);
        let id: String = redis::cmd("GET").arg(&namespace).query_async(&mut connection).await.unwrap();
        let key = if what == "fences" { format!("{{{prefix}}}:{id}:fences") } else { namespace.clone() };
        let gone: u64 = redis::cmd("DEL").arg(&key).query_async(&mut connection).await.unwrap();
        assert_eq!(gone, 1, "{key}");
        assert_eq!(a.read("x", 2).await, 2, "without its {what}");
        assert!(!a.cache.is_used());
        a.cache.mend().await;
        assert!(a.cache.is_used());
        assert_eq!((a.read("x", 3).await, a.read("x", 4).await), (3, 3));
        a.scope.invalidate(&[Stale::Key(Key::new("x"))]).await;
    }
}

/// Draws its number, and waits with it.
#[derive(Debug)]
struct Hesitant {
    sequence: Arc<Sequence>,
    drawn: Notify,
    go_on: Notify,
}

impl Fences for Hesitant {
    fn now(&self) -> BoxFuture<'_, Result<u64, Trouble>> {
        self.sequence.now()
    }

    fn next(&self) -> BoxFuture<'_, Result<u64, Trouble>> {
        async {
            let number = self.sequence.next().await;
            self.drawn.notify_one();
            self.go_on.notified().await;
            number
        }
        .boxed()
    }
}

#[tokio::test]
async fn an_instance_that_empties_the_store_takes_back_no_invalidation() {
    let (prefix, sequence): (_, Arc<Sequence>) = (prefix(), Arc::default());
    let b = Instance::start(&url(), &prefix, &sequence).await;
    let c = Instance::start(&url(), &prefix, &sequence).await;
    let hesitant = Arc::new(Hesitant { sequence: Arc::clone(&sequence), drawn: Notify::new(), go_on: Notify::new() });
    let fences: Arc<dyn Fences> = Arc::clone(&hesitant) as Arc<dyn Fences>;
    let slow = Arc::new(Cache::new(Backing::Redis(Arc::new(cache::Redis::new(&url(), &prefix, fences).unwrap()))));
    let mut starting = JoinSet::new();
    starting.spawn({
        let slow = Arc::clone(&slow);
        async move { slow.renew().await }
    });
    hesitant.drawn.notified().await;
    // Elsewhere a load begins, and what it loads is invalidated, before the store is emptied.
    let (begun, wait) = tokio::sync::oneshot::channel();
    let (end, told) = tokio::sync::oneshot::channel::<()>();
    let scope = c.scope.clone();
    let mut reading = JoinSet::new();
    reading.spawn(async move {
        let load = move || async move {
            begun.send(()).unwrap();
            told.await.map(|()| Version(1)).map_err(|_| String::new())
        };
        scope.wrap(key(1), load).await
    });
    wait.await.unwrap();
    b.scope.invalidate(&[Stale::Key(key(1))]).await;
    hesitant.go_on.notify_one();
    assert!(starting.join_next().await.unwrap().unwrap());
    end.send(()).unwrap();
    assert_eq!(reading.join_next().await.unwrap().unwrap().unwrap().0, 1);
    assert_eq!(b.read("k:1", 2).await, 2);
}

async fn interleave(seed: u64) {
    let (dice, prefix, sequence, truth) = (Dice::new(seed), prefix(), Arc::default(), Arc::new(Truth::default()));
    let mut instances = Vec::new();
    for _ in 0..3 {
        instances.push(Arc::new(Instance::start(&url(), &prefix, &sequence).await));
    }
    let mut tasks = JoinSet::new();
    for task in 0..12_usize {
        let (at, truth, dice, instances) = (task % 3, Arc::clone(&truth), dice.clone(), instances.clone());
        tasks.spawn(async move {
            for _ in 0..30 {
                dice.dawdle(LONGEST).await;
                if task < 4 {
                    write(&instances, at, &truth, &dice).await;
                    // By one of each instance's: who waits for another's turn is overtaken at a time of its own.
                    if task < 3 && dice.one_in(20) {
                        truth.overtake(at, |_| true);
                        assert!(instances[at].cache.renew().await);
                    }
                } else {
                    read(&instances[at], at, &truth, &dice).await;
                }
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    }
    assert_eq!(truth.worst_at_once.load(SeqCst), 1, "seed {seed}");
    let counts = instances.iter().map(|instance| instance.scope.counts());
    let (hits, refusals) = counts.fold((0, 0), |(hits, refusals), c| (hits + c.hits, refusals + c.refusals));
    assert!(hits > 0 && refusals > 0, "seed {seed}: nothing was at stake: {hits} hits, {refusals} refusals");
}

/// A write at one instance, of which the others learn later, by their feeds.
async fn write(instances: &[Arc<Instance>], by: usize, truth: &Truth, dice: &Dice) {
    let one = key(dice.below(KEYS));
    let all = dice.one_in(4);
    let stale = if all { Stale::prefix("k:") } else { Stale::Key(one.clone()) };
    let keys: Vec<Key> = if all { (0..KEYS).map(key).collect() } else { vec![one.clone()] };
    let seen: Vec<(Key, u64)> = keys.iter().map(|key| (key.clone(), truth.commit(key))).collect();
    for at in [by, (by + 1) % 3, (by + 2) % 3] {
        truth.overtake(at, |key| keys.contains(key));
        instances[at].scope.invalidate(std::slice::from_ref(&stale)).await;
        truth.promise(at, &seen);
        dice.dawdle(LONGEST).await;
    }
}

async fn read(instance: &Instance, at: usize, truth: &Arc<Truth>, dice: &Dice) {
    let keys: Vec<Key> = (0..1 + dice.below(3)).map(|_| key(dice.below(KEYS))).collect();
    let least: Vec<u64> = keys.iter().map(|key| truth.promised(at, key)).collect();
    let (loads, rolls) = (Arc::clone(truth), dice.clone());
    let load = move |missing: Vec<Key>| {
        let begun = loads.begin_all(at, &missing);
        async move { Ok(loads.load(at, &missing, begun, &rolls, LONGEST).await) }
    };
    let values = instance.scope.wrap_many(&keys, Key::clone, load).await.expect("loads that do not fail");
    for ((key, value), least) in keys.iter().zip(values).zip(least) {
        assert!(value.0 >= least, "{key}: {} was read at {at}, and {least} was promised", value.0);
    }
}

// One thread: that a load is overtaken is written down in the same breath.
#[tokio::test]
async fn nothing_stale_is_read_anywhere() {
    for seed in 0..25 {
        interleave(seed).await;
    }
}
