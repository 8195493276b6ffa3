//! The bell: says that something was committed, and nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;

/// Rung after each commit of our own. Cheap to clone, never waits.
#[derive(Clone, Debug, Default)]
pub struct Bell(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    here: Notify,
    elsewhere: Notify,
    /// Whether other instances are there to be told.
    others: AtomicBool,
}

impl Bell {
    pub fn new() -> Self {
        Self::default()
    }

    /// Wakes this process's tailer and, by way of its ringer, those of other instances.
    pub fn ring(&self) {
        self.0.here.notify_one();
        if self.0.others.load(Ordering::Relaxed) {
            self.0.elsewhere.notify_one();
        }
    }

    /// Wakes this process's tailer alone.
    pub fn ring_here(&self) {
        self.0.here.notify_one();
    }

    /// Waits for a ring. One that came before is not lost.
    pub async fn rung(&self) {
        self.0.here.notified().await;
    }

    pub(crate) async fn rung_for_others(&self) {
        self.0.elsewhere.notified().await;
    }

    pub(crate) fn set_others(&self, there: bool) {
        self.0.others.store(there, Ordering::Relaxed);
    }
}
