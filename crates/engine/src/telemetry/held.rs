//! What is in memory and nowhere else: frames that were taken and are not kept yet. For the figures, and for a
//! dump when a fault ends the process.

use chrono::{DateTime, Utc};
use domain::telemetry::Imei;
use domain::telemetry::stream::{Carrier, Frame, Lag};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::time::Instant;
use uuid::Uuid;

/// Bounded by those who hold: connections, and what a processor reads at once.
#[derive(Debug, Default)]
pub struct Held(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    next: u64,
    frames: BTreeMap<u64, HeldFrame>,
}

#[derive(Clone, Debug)]
pub(crate) struct HeldFrame {
    since: Instant,
    pub(crate) device_id: Uuid,
    pub(crate) imei: Imei,
    pub(crate) received_at: DateTime<Utc>,
    pub(crate) carrier: Carrier,
    pub(crate) records: usize,
    pub(crate) bytes: Arc<[u8]>,
}

/// Held until this is dropped.
#[derive(Debug)]
pub(crate) struct Holding {
    held: Arc<Held>,
    number: u64,
}

impl Held {
    pub(crate) fn hold(self: &Arc<Self>, frame: &Frame) -> Holding {
        let Frame { device_id, imei, received_at, carrier, .. } = *frame;
        let (records, bytes) = (frame.records.len(), Arc::clone(&frame.bytes));
        let held = HeldFrame { since: Instant::now(), device_id, imei, received_at, carrier, records, bytes };
        let mut inner = self.0.lock();
        let number = inner.next;
        inner.next += 1;
        inner.frames.insert(number, held);
        Holding { held: Arc::clone(self), number }
    }

    pub(crate) fn lag(&self) -> Lag {
        let inner = self.0.lock();
        let oldest = inner.frames.values().next().map(|frame| frame.since.elapsed());
        Lag { pending: inner.frames.len() as u64, oldest_s: oldest.unwrap_or_default().as_secs_f64() }
    }

    /// The oldest first.
    pub(crate) fn frames(&self) -> Vec<HeldFrame> {
        self.0.lock().frames.values().cloned().collect()
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        self.held.0.lock().frames.remove(&self.number);
    }
}
