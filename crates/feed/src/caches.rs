use crate::batch::Batch;
use futures_util::future::BoxFuture;

/// What is derived from the database and kept right by the feed. None of it may fail, and none may wait
/// for long: the events wait meanwhile.
pub trait Caches: Send + Sync + 'static {
    /// Drops what this batch makes untrue. Only then is anybody told of it.
    fn apply<'a>(&'a self, batch: &'a Batch) -> BoxFuture<'a, ()>;

    /// Drops everything: changes may have been missed.
    fn renew(&self) -> BoxFuture<'_, ()>;
}
