//! Uploads, deletions and upkeep of the same contents, at the same moment: what is committed is there.

use crate::client::Client;
use crate::files::{Place, get, upload};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use reqwest::StatusCode;
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use store::PoolOptions;
use testkit::{TcpProxy, wait_until};
use tokio::task::JoinSet;
use uuid::Uuid;

const LIMIT: Duration = Duration::from_secs(30);
/// So few that lanes meet.
const CONTENTS: usize = 2;
const LANES: usize = 4;
const ROUNDS: usize = 120;
/// While upkeep loses its lock again and again.
const ROUNDS_CUT: usize = 40;
/// At least so long.
const CUT_EVERY: Duration = Duration::from_millis(7);

fn content(n: usize) -> Vec<u8> {
    format!("content {n}").into_bytes()
}

fn id_of(file: &Value) -> Uuid {
    file["id"].as_str().unwrap().parse().unwrap()
}

/// Uploads one, reads it, and deletes it again, in a place that upkeep cleans all the while.
async fn lane(place: Arc<Place>, (seed, rounds): (u64, usize), is_there: impl AsyncFn(&Client, &Value, &[u8])) {
    let mut random = StdRng::seed_from_u64(seed);
    for _ in 0..rounds {
        let content = content(random.random_range(0..CONTENTS));
        let file = upload(&place.admin, &place.uploads(), "a.txt", "text/plain", &content).await.ok();
        is_there(&place.admin, &file, &content).await;
        for _ in 0..random.random_range(0..4) {
            tokio::task::yield_now().await;
        }
        is_there(&place.admin, &file, &content).await;
        let deleted = sqlx::query("delete from files where id = $1").bind(id_of(&file));
        deleted.execute(place.app.db.owner_pool()).await.unwrap();
    }
}

/// Another each time; printed when the test fails.
fn seed() -> u64 {
    let seed = rand::random::<u32>().into();
    println!("seed {seed}");
    seed
}

async fn lanes(
    place: &Arc<Place>,
    (seed, rounds): (u64, usize),
    is_there: impl AsyncFn(&Client, &Value, &[u8]) + Clone + 'static,
) {
    // Each on a connection of its own, in this one thread: what they do meets in the server.
    let all = tokio::task::LocalSet::new();
    for n in 0..LANES {
        all.spawn_local(lane(Arc::clone(place), (seed + n as u64, rounds), is_there.clone()));
    }
    all.await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn no_upload_is_lost_to_upkeep() {
    let place = Arc::new(Place::new().await);
    let (done, deleted) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let mut cleaners = JoinSet::new();
    for _ in 0..2 {
        let (place, done, deleted) = (Arc::clone(&place), Arc::clone(&done), Arc::clone(&deleted));
        cleaners.spawn(async move {
            while !done.load(Ordering::Relaxed) {
                deleted.fetch_add(place.keep().await, Ordering::Relaxed);
            }
        });
    }
    lanes(&place, (seed(), ROUNDS), async |client: &Client, file: &Value, content: &[u8]| {
        let answer = get(client, file, &[]).await;
        assert_eq!((answer.status, answer.bytes.as_slice()), (StatusCode::OK, content), "{file}");
    })
    .await;
    done.store(true, Ordering::Relaxed);
    while let Some(ended) = cleaners.join_next().await {
        ended.unwrap();
    }
    place.keep().await;
    assert_eq!(place.on_disk(), Vec::<std::path::PathBuf>::new());
    let deleted = deleted.load(Ordering::Relaxed);
    assert!(deleted > 10, "upkeep and uploads have met: {deleted} contents were deleted meanwhile");
}

/// Upkeep loses its connection, and with it the lock, at any moment: what it took away comes back.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn no_upload_is_lost_to_upkeep_that_loses_its_lock() {
    let seed = seed();
    let place = Arc::new(Place::new().await);
    let proxy = Arc::new(TcpProxy::start(place.app.db.target()).await);
    let options = PoolOptions { connections_max: 2, acquire_timeout: Duration::from_secs(5) };
    let pool = store::connect(&place.app.db.server_url_via(proxy.address()), &options).await.unwrap();
    let (done, failed) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let mut others = JoinSet::new();
    let (folder, cleaning, until, failures) = (place.folder().await, pool.clone(), Arc::clone(&done), Arc::clone(&failed));
    others.spawn(async move {
        while !until.load(Ordering::Relaxed) {
            failures.fetch_add(u64::from(engine::keep_files(&cleaning, &folder).await.is_err()), Ordering::Relaxed);
        }
    });
    let (cut, until) = (Arc::clone(&proxy), Arc::clone(&done));
    others.spawn(async move {
        let mut random = StdRng::seed_from_u64(seed);
        let mut pace = tokio::time::interval(CUT_EVERY);
        while !until.load(Ordering::Relaxed) {
            // In between there is time for some deletions, and not for many.
            for _ in 0..random.random_range(1..8) {
                pace.tick().await;
            }
            cut.cut();
        }
    });
    lanes(&place, (seed, ROUNDS_CUT), async |client: &Client, file: &Value, content: &[u8]| {
        // While it stands aside it is not there for a moment.
        wait_until("it is there", LIMIT, async || get(client, file, &[]).await.bytes == content).await;
    })
    .await;
    done.store(true, Ordering::Relaxed);
    while let Some(ended) = others.join_next().await {
        ended.unwrap();
    }
    pool.close().await;
    assert!(failed.load(Ordering::Relaxed) > 3, "it has lost its connection again and again");
    place.keep().await;
    assert_eq!(place.on_disk(), Vec::<std::path::PathBuf>::new());
    let Ok(proxy) = Arc::try_unwrap(proxy) else { panic!("somebody has the proxy") };
    proxy.stop().await;
}

#[tokio::test]
async fn a_deletion_whose_commit_is_not_heard_of_is_undone() {
    let place = Place::new().await;
    let file = upload(&place.admin, &place.uploads(), "a.txt", "text/plain", b"hello").await.ok();
    sqlx::query("delete from files where id = $1").bind(id_of(&file)).execute(place.app.db.owner_pool()).await.unwrap();
    let proxy = TcpProxy::start(place.app.db.target()).await;
    let options = PoolOptions { connections_max: 1, acquire_timeout: Duration::from_secs(5) };
    let pool = store::connect(&place.app.db.server_url_via(proxy.address()), &options).await.unwrap();
    let there = place.on_disk();
    let caught = proxy.catch(b"pg_try_advisory_xact_lock", b"COMMIT");
    let folder = place.folder().await;
    let kept = async {
        let keeping = engine::keep_files(&pool, &folder);
        tokio::pin!(keeping);
        tokio::select! {
            kept = &mut keeping => return kept,
            () = caught.cancelled() => assert_ne!(place.on_disk(), there, "it stands aside"),
        }
        proxy.cut();
        keeping.await
    };
    assert!(kept.await.is_err());
    assert_eq!(place.on_disk(), there, "it is back");
    pool.close().await;
    proxy.stop().await;
    assert_eq!(place.keep().await, 1, "and judged again");
    assert_eq!(place.on_disk(), Vec::<std::path::PathBuf>::new());
}

#[tokio::test]
async fn a_deletion_that_a_crash_cuts_off_is_undone() {
    let place = Place::new().await;
    let file = upload(&place.admin, &place.uploads(), "a.txt", "text/plain", b"hello").await.ok();
    let there = place.on_disk();
    let digest = there[0].file_name().unwrap().to_str().unwrap().parse().unwrap();
    // As a process does that is killed, with the lock or without.
    std::mem::forget(place.folder().await.set_aside(&digest).await.unwrap());
    assert_eq!(get(&place.admin, &file, &[]).await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(place.keep().await, 0);
    assert_eq!(place.on_disk(), there);
    assert_eq!(get(&place.admin, &file, &[]).await.bytes, b"hello");
}

#[tokio::test]
async fn an_upload_waits_for_a_deletion_of_the_same() {
    let place = Place::new().await;
    let file = upload(&place.admin, &place.uploads(), "a.txt", "text/plain", b"hello").await.ok();
    sqlx::query("delete from files where id = $1").bind(id_of(&file)).execute(place.app.db.owner_pool()).await.unwrap();
    let digest: content::Digest = place.on_disk()[0].file_name().unwrap().to_str().unwrap().parse().unwrap();
    // As upkeep does it, step by step.
    let mut tx = store::begin(place.app.db.pool()).await.unwrap();
    assert!(store::file::try_lock_content(&mut *tx, &digest.to_string()).await.unwrap());
    let aside = place.folder().await.set_aside(&digest).await.unwrap().unwrap();
    let uploads = place.uploads();
    let uploading = upload(&place.admin, &uploads, "b.txt", "text/plain", b"hello");
    tokio::pin!(uploading);
    let waits = wait_until("it waits", LIMIT, async || {
        let statement = "select exists (select from pg_locks where locktype = 'advisory' and not granted)";
        sqlx::query_scalar::<_, bool>(statement).fetch_one(place.app.db.superuser_pool()).await.unwrap()
    });
    tokio::select! {
        answer = &mut uploading => panic!("it does not wait: {answer:?}"),
        () = waits => {}
    }
    tx.commit().await.unwrap();
    aside.discard().await.unwrap();
    let file = uploading.await.ok();
    assert_eq!(get(&place.admin, &file, &[]).await.bytes, b"hello");
    assert_eq!(place.keep().await, 0);

    // And the other way round: what somebody is about to name is left alone.
    sqlx::query("delete from files where id = $1").bind(id_of(&file)).execute(place.app.db.owner_pool()).await.unwrap();
    let mut tx = store::begin(place.app.db.pool()).await.unwrap();
    store::file::lock_content(&mut *tx, &digest.to_string()).await.unwrap();
    assert_eq!(place.keep().await, 0);
    tx.rollback().await.unwrap();
    assert_eq!(place.keep().await, 1);
}
