use ::cache::{Fences, Trouble};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use store::Pool;

/// The fences of a shared store, drawn in the database that its values come from: what was loaded before a
/// number was drawn has not seen what was committed after it.
#[derive(Clone, Debug)]
pub struct Sequence(pub Pool);

impl Fences for Sequence {
    fn now(&self) -> BoxFuture<'_, Result<u64, Trouble>> {
        async { store::fence::last_fence(&self.0).await.map_err(Trouble::failed) }.boxed()
    }

    fn next(&self) -> BoxFuture<'_, Result<u64, Trouble>> {
        async { store::fence::next_fence(&self.0).await.map_err(Trouble::failed) }.boxed()
    }
}
