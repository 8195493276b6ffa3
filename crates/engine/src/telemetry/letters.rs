//! How many letters a device may put on the desk: its clock may be dead, or somebody may know its IMEI.

use super::recent::Recent;
use super::sent::id_of;
use domain::limits::{TELEMETRY_CONNECTIONS_MAX, TELEMETRY_LETTERS_PER_HOUR_MAX};
use domain::telemetry::Imei;
use domain::telemetry::codec::Record;
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::time::Duration;
use store::dead_letter::TelemetryLetter;
use tokio::time::Instant;
use uuid::Uuid;

const HOUR: Duration = Duration::from_secs(3_600);

/// Counts by device. What a restart forgets is counted anew.
pub(crate) struct Letters(Mutex<Recent<Uuid, Hour>>);

struct Hour {
    began: Instant,
    letters: u32,
    last: Uuid,
}

impl Letters {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Recent::new(TELEMETRY_CONNECTIONS_MAX)))
    }

    /// As which letter this one of a device goes to the desk: as itself, or, when the device has had enough of them
    /// in this hour, as the last one, whose attempts then count it.
    pub(crate) fn admit(&self, device_id: Uuid, id: Uuid) -> Uuid {
        let now = Instant::now();
        let fresh = || Hour { began: now, letters: 0, last: id };
        let mut letters = self.0.lock();
        let hour = letters.entry(device_id, fresh);
        if now.duration_since(hour.began) >= HOUR {
            *hour = fresh();
        }
        // The same again: its answer was lost on the way.
        if hour.letters > 0 && hour.last == id {
            return id;
        }
        if hour.letters < TELEMETRY_LETTERS_PER_HOUR_MAX {
            (hour.letters, hour.last) = (hour.letters + 1, id);
            return id;
        }
        if hour.letters == TELEMETRY_LETTERS_PER_HOUR_MAX {
            hour.letters += 1;
            tracing::warn!(%device_id, "a device has sent too much that can't be kept: for an hour more of it is only counted");
        }
        metrics::counter!("synops_telemetry_letters_beyond_total").increment(1);
        hour.last
    }

    /// One letter with all records of a frame whose time can't be, each with its reason; the first one's is the
    /// letter's. `None` when there are none.
    pub(crate) fn untimely(&self, device_id: Uuid, imei: Imei, records: &[(&Record, &str)]) -> Option<TelemetryLetter> {
        let (_, error) = records.first()?;
        let keys = records.iter().flat_map(|(one, _)| [one.at.timestamp_millis().to_be_bytes(), one.digest.to_be_bytes()]);
        let id = id_of(&[device_id.as_bytes(), keys.collect::<Vec<_>>().as_flattened()]);
        let records: Vec<Value> = records.iter().map(|(record, error)| in_letter(record, error)).collect();
        let payload = json!({ "device_id": device_id, "imei": imei.as_str(), "records": records });
        let id = self.admit(device_id, id);
        Some(TelemetryLetter {
            id,
            device_id: Some(device_id),
            kind: "records",
            payload,
            error: (*error).to_owned(),
            attempts: 1,
        })
    }
}

fn in_letter(record: &Record, error: &str) -> Value {
    json!({
        "at": record.at, "digest": record.digest.to_string(), "error": error, "latitude": record.latitude,
        "longitude": record.longitude, "altitude_m": record.altitude_m, "heading_deg": record.heading_deg,
        "speed_kmh": record.speed_kmh, "satellites": record.satellites, "priority": record.priority,
        "event_id": record.event_id, "io": record.io_json(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_device_has_so_many_in_an_hour() {
        let letters = Letters::new();
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let id = |number: u32| Uuid::from_u128(1_000 + u128::from(number));
        for number in 0..TELEMETRY_LETTERS_PER_HOUR_MAX {
            assert_eq!(letters.admit(one, id(number)), id(number));
            assert_eq!(letters.admit(one, id(number)), id(number), "the same again is no other");
        }
        let last = id(TELEMETRY_LETTERS_PER_HOUR_MAX - 1);
        assert_eq!([letters.admit(one, id(7_777)), letters.admit(one, id(7_778)), letters.admit(one, last)], [last; 3]);
        assert_eq!(letters.admit(other, id(7_777)), id(7_777), "others have their own");
        tokio::time::advance(HOUR).await;
        assert_eq!(letters.admit(one, id(7_777)), id(7_777));
    }
}
