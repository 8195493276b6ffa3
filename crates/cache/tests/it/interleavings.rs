//! Readers, writers, a store in trouble: whatever goes before what, in one process.

use crate::model::{Dice, Truth, Unreliable, Version};
use cache::{Backing, Cache, Key, Scope, ScopeConfig, Stale};
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;
use tokio::task::JoinSet;

const KEYS: u64 = 6;
const LONGEST: Duration = Duration::from_millis(5);
const CONFIG: ScopeConfig = ScopeConfig { name: "test", ttl: Duration::from_secs(3_600), max_bytes: 1 << 20 };

type Tested = Scope<Version, String>;

fn key(n: u64) -> Key {
    // Two prefixes, so that one of them leaves the other alone.
    Key::new(format!("{}:{n}", if n.is_multiple_of(2) { "even" } else { "odd" }))
}

async fn write(cache: &Cache, scope: &Tested, truth: &Truth, dice: &Dice) {
    let stale = match dice.below(4) {
        0 => Stale::prefix("even:"),
        1 => Stale::prefix(""),
        _ => Stale::Key(key(dice.below(KEYS))),
    };
    let names = |key: &Key| match &stale {
        Stale::Key(stale) => stale == key,
        Stale::Prefix(prefix) => key.as_str().starts_with(&**prefix),
    };
    let seen: Vec<(Key, u64)> = (0..KEYS).map(key).filter(&names).map(|key| (key.clone(), truth.commit(&key))).collect();
    dice.dawdle(LONGEST).await;
    truth.overtake(0, names);
    scope.invalidate(std::slice::from_ref(&stale)).await;
    truth.promise(0, &seen);
    if dice.one_in(3) {
        truth.overtake(0, |_| true);
        cache.mend().await;
    }
}

async fn read(scope: &Tested, truth: &Arc<Truth>, dice: &Dice) {
    let keys: Vec<Key> = if dice.one_in(2) {
        vec![key(dice.below(KEYS))]
    } else {
        (0..1 + dice.below(8)).map(|_| key(dice.below(KEYS))).collect()
    };
    let least: Vec<u64> = keys.iter().map(|key| truth.promised(0, key)).collect();
    let (loads, rolls, fails) = (Arc::clone(truth), dice.clone(), dice.one_in(10));
    let reading = scope.wrap_many(&keys, Key::clone, move |missing| {
        let begun = loads.begin_all(0, &missing);
        async move {
            let found = loads.load(0, &missing, begun, &rolls, LONGEST).await;
            if fails { Err("the database is away".to_owned()) } else { Ok(found) }
        }
    });
    // Some readers give up.
    let patience = Duration::from_millis(if dice.one_in(5) { dice.below(5) } else { 60_000 });
    let Ok(answer) = tokio::time::timeout(patience, reading).await else {
        assert!(patience < Duration::from_secs(1), "a read hung");
        return;
    };
    let Ok(values) = answer else { return };
    assert_eq!(values.len(), keys.len());
    for ((key, value), least) in keys.iter().zip(values).zip(least) {
        assert!(value.0 >= least, "{key}: {} was read, and {least} was promised", value.0);
    }
}

async fn interleave(seed: u64, fails_one_in: u64) {
    let dice = Dice::new(seed);
    let cache = Arc::new(Cache::new(Backing::Memory));
    let scope: Tested = match dice.one_in(3) {
        true => cache.scope(CONFIG),
        false => cache.scope_over(CONFIG, Some(Box::new(Unreliable::new(dice.clone(), fails_one_in)))),
    };
    let truth = Arc::new(Truth::default());
    let mut tasks = JoinSet::new();
    for task in 0..10 {
        let (cache, scope, truth, dice) = (Arc::clone(&cache), scope.clone(), Arc::clone(&truth), dice.clone());
        tasks.spawn(async move {
            for _ in 0..25 {
                dice.dawdle(LONGEST).await;
                if task < 3 {
                    write(&cache, &scope, &truth, &dice).await;
                } else {
                    read(&scope, &truth, &dice).await;
                }
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    }
    assert_eq!(truth.worst_at_once.load(SeqCst), 1, "seed {seed}: loads of one key at once that an invalidation came before");
    assert_eq!(scope.loading(), 0, "seed {seed}: loads are still written down");
}

fn run(seeds: std::ops::Range<u64>, fails_one_in: u64) {
    for seed in seeds {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
        runtime.block_on(interleave(seed, fails_one_in));
    }
}

#[test]
fn nothing_stale_is_read_and_nothing_is_loaded_twice() {
    run(0..200, 0);
}

#[test]
fn nothing_stale_is_read_from_a_store_in_trouble() {
    run(1_000..1_200, 12);
}
