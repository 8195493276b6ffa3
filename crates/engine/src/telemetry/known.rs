//! Which device introduces itself, remembered for a moment: over UDP each packet does.

use super::recent::Recent;
use domain::limits::{TELEMETRY_CONNECTIONS_MAX, TELEMETRY_KNOWN_FOR, TELEMETRY_UNKNOWN_FOR};
use domain::telemetry::Imei;
use parking_lot::Mutex;
use tokio::time::Instant;
use uuid::Uuid;

/// Strangers have a place of their own, so that many of them don't crowd out those that are known.
pub(super) struct Known {
    devices: Mutex<Recent<Imei, (Uuid, Instant)>>,
    strangers: Mutex<Recent<Imei, Instant>>,
}

impl Known {
    pub(super) fn new() -> Self {
        let max = TELEMETRY_CONNECTIONS_MAX;
        Self { devices: Mutex::new(Recent::new(max)), strangers: Mutex::new(Recent::new(max)) }
    }

    /// What was found lately: a device, or that there is none. `None`: it has to be looked up.
    pub(super) fn find(&self, imei: Imei) -> Option<Option<Uuid>> {
        let now = Instant::now();
        let device = self.devices.lock().get(&imei).filter(|(_, until)| *until > now).map(|(id, _)| *id);
        if device.is_some() {
            return Some(device);
        }
        self.strangers.lock().get(&imei).filter(|until| **until > now).map(|_| None)
    }

    pub(super) fn remember(&self, imei: Imei, found: Option<Uuid>) {
        let now = Instant::now();
        match found {
            Some(id) => {
                let value = (id, now + TELEMETRY_KNOWN_FOR);
                *self.devices.lock().entry(imei, || value) = value;
                self.strangers.lock().remove(&imei);
            }
            None => {
                let until = now + TELEMETRY_UNKNOWN_FOR;
                *self.strangers.lock().entry(imei, || until) = until;
                self.devices.lock().remove(&imei);
            }
        }
    }

    /// It is not there any more.
    pub(super) fn forget(&self, imei: Imei) {
        self.devices.lock().remove(&imei);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_was_found_is_believed_for_a_moment() {
        let (known, imei, id) = (Known::new(), Imei::numbered(1).unwrap(), Uuid::from_u128(1));
        assert_eq!(known.find(imei), None);
        known.remember(imei, None);
        assert_eq!(known.find(imei), Some(None));
        tokio::time::advance(TELEMETRY_UNKNOWN_FOR).await;
        assert_eq!(known.find(imei), None);
        known.remember(imei, Some(id));
        assert_eq!(known.find(imei), Some(Some(id)));
        known.forget(imei);
        assert_eq!(known.find(imei), None);
        known.remember(imei, Some(id));
        tokio::time::advance(TELEMETRY_KNOWN_FOR).await;
        assert_eq!(known.find(imei), None);
    }
}
