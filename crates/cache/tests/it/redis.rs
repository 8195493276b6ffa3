//! The Redis of the suite, or one of the test's own.

use cache::{Fences, Redis, Trouble};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use uuid::Uuid;

/// Stands in for PostgreSQL's sequence: all instances of a test draw from it.
#[derive(Debug, Default)]
pub(crate) struct Sequence(AtomicU64);

impl Fences for Sequence {
    fn now(&self) -> BoxFuture<'_, Result<u64, Trouble>> {
        async { Ok(self.0.load(SeqCst)) }.boxed()
    }

    fn next(&self) -> BoxFuture<'_, Result<u64, Trouble>> {
        async { Ok(self.0.fetch_add(1, SeqCst) + 1) }.boxed()
    }
}

/// A key prefix that no other test has.
pub(crate) fn prefix() -> String {
    format!("cache-test-{}", Uuid::new_v4().simple())
}

#[expect(clippy::disallowed_methods, reason = "the suite says where its Redis is")]
pub(crate) fn url() -> String {
    std::env::var("SYNOPS_TEST_REDIS_URL").expect("SYNOPS_TEST_REDIS_URL: ./dev test starts a Redis and sets it")
}

pub(crate) fn connect(url: &str, prefix: &str, sequence: &Arc<Sequence>) -> Arc<Redis> {
    Arc::new(Redis::new(url, prefix, Arc::clone(sequence) as Arc<dyn Fences>).expect("a Redis address"))
}
