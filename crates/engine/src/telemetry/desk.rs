//! Frames that are refused: a device sends such a one again and again, and nothing behind it. So after some times
//! its bytes go to the desk, and the device is let off.

use super::letters::Letters;
use super::recent::Recent;
use super::sent::{hex, id_of};
use domain::limits::{TELEMETRY_ATTEMPTS_MAX, TELEMETRY_CONNECTIONS_MAX};
use domain::telemetry::Imei;
use parking_lot::Mutex;
use serde_json::json;
use std::sync::Arc;
use store::Pool;
use store::dead_letter::TelemetryLetter;
use uuid::Uuid;

/// Counts over connections: a device that is refused may come again for each attempt.
pub(crate) struct Desk {
    pool: Pool,
    letters: Arc<Letters>,
    /// By device: which frame, and how often it was refused. What a restart forgets is counted anew.
    refused: Mutex<Recent<Uuid, (Uuid, i16)>>,
}

impl Desk {
    pub(crate) fn new(pool: Pool, letters: Arc<Letters>) -> Self {
        Self { pool, letters, refused: Mutex::new(Recent::new(TELEMETRY_CONNECTIONS_MAX)) }
    }

    /// A frame was refused. Answers whether the device may be let off: its bytes are on the desk.
    pub(crate) async fn refuse(&self, device_id: Uuid, imei: Imei, bytes: &[u8], error: &str) -> bool {
        let id = id_of(&[device_id.as_bytes(), bytes]);
        let attempts = self.count(device_id, id);
        metrics::counter!("synops_telemetry_refused_frames_total").increment(1);
        if attempts < TELEMETRY_ATTEMPTS_MAX {
            tracing::debug!(imei = imei.as_str(), attempts, error, "a frame was refused");
            return false;
        }
        let payload = json!({ "device_id": device_id, "imei": imei.as_str(), "hex": hex(bytes) });
        let id = self.letters.admit(device_id, id);
        let letter =
            TelemetryLetter { id, device_id: Some(device_id), kind: "frame", payload, error: error.to_owned(), attempts };
        match store::dead_letter::insert_telemetry_letters(&self.pool, &[letter]).await {
            Ok(()) => {
                tracing::warn!(imei = imei.as_str(), error, "a frame that was refused {attempts} times is a dead letter");
                self.refused.lock().remove(&device_id);
                true
            }
            Err(error) => {
                tracing::warn!(%error, imei = imei.as_str(), "a frame could not be put on the desk; the device sends it again");
                false
            }
        }
    }

    fn count(&self, device_id: Uuid, id: Uuid) -> i16 {
        let mut refused = self.refused.lock();
        let (last, attempts) = refused.entry(device_id, || (id, 0));
        if *last != id {
            (*last, *attempts) = (id, 0);
        }
        *attempts = attempts.saturating_add(1);
        *attempts
    }
}
