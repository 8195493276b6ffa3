//! Geofences in memory. Whoever keeps a batch asks for their revision in its transaction, so that none is told by
//! shapes that have changed before.

use domain::telemetry::FenceIndex;
use parking_lot::Mutex;
use sqlx::PgConnection;
use std::sync::Arc;

/// Shared by all clones of one [`crate::Intentions`].
#[derive(Clone, Default)]
pub(crate) struct Fences(Arc<Mutex<Option<Known>>>);

struct Known {
    revision: i64,
    index: Arc<FenceIndex>,
}

impl Fences {
    /// As the transaction of `db` sees them.
    pub(crate) async fn current(&self, db: &mut PgConnection) -> Result<Arc<FenceIndex>, sqlx::Error> {
        let revision = store::geofence::find_revision(&mut *db).await?;
        if let Some(known) = &*self.0.lock()
            && known.revision == revision
        {
            return Ok(Arc::clone(&known.index));
        }
        // A change that is committed between these two looks raises the revision again: it is read anew the next time.
        let index = Arc::new(FenceIndex::new(store::geofence::list_shapes(&mut *db).await?));
        metrics::gauge!("synops_geofences").set(f64::from(u32::try_from(index.len()).unwrap_or(u32::MAX)));
        *self.0.lock() = Some(Known { revision, index: Arc::clone(&index) });
        Ok(index)
    }
}
