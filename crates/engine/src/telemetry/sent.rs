//! What is made of frames: positions, and letters for the desk of what can't be kept.

use super::letters::Letters;
use chrono::{DateTime, TimeDelta, Utc};
use domain::limits::TELEMETRY_AHEAD_MAX;
use domain::telemetry::codec::Record;
use domain::telemetry::stream::{Frame, NoFrame};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use std::time::Duration;
use store::dead_letter::TelemetryLetter;
use store::position::Position;
use uuid::Uuid;

/// What is kept, and what goes to the desk because its time can't be: before what is kept (`retention`) or too
/// far ahead of its receipt.
pub(super) fn of_frames<'a>(
    frames: impl IntoIterator<Item = &'a Frame>,
    desk: &Letters,
    retention: Duration,
) -> (Vec<Position>, Vec<TelemetryLetter>) {
    let delta = |duration| TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX);
    let (mut positions, mut letters) = (Vec::new(), Vec::new());
    for frame in frames {
        let received_at = frame.received_at;
        let oldest = received_at.checked_sub_signed(delta(retention)).unwrap_or(DateTime::<Utc>::MIN_UTC);
        let newest = received_at.checked_add_signed(delta(TELEMETRY_AHEAD_MAX)).unwrap_or(DateTime::<Utc>::MAX_UTC);
        let mut untimely = Vec::new();
        for record in &frame.records {
            if record.at < oldest {
                untimely.push((record, "its time is before what is kept"));
            } else if record.at > newest {
                untimely.push((record, "its time is more than an hour ahead"));
            } else {
                positions.push(position(frame.device_id, record, received_at));
            }
        }
        letters.extend(desk.untimely(frame.device_id, frame.imei, &untimely));
    }
    // A device may send the same twice.
    letters.sort_unstable_by_key(|letter: &TelemetryLetter| letter.id);
    letters.dedup_by_key(|letter| letter.id);
    (positions, letters)
}

/// A whole frame, byte for byte.
pub(super) fn of_frame(frame: &Frame, error: &str, attempts: i16) -> TelemetryLetter {
    let id = id_of(&[frame.device_id.as_bytes(), &frame.bytes]);
    let payload = json!({ "device_id": frame.device_id, "imei": frame.imei.as_str(), "hex": hex(&frame.bytes) });
    TelemetryLetter { id, device_id: Some(frame.device_id), kind: "frame", payload, error: error.to_owned(), attempts }
}

/// What was found in the stream and is no frame.
pub(super) fn of_nothing(place: &str, nothing: &NoFrame) -> TelemetryLetter {
    let fields: Vec<String> = nothing.fields.iter().map(|field| hex(field)).collect();
    let payload = json!({ "device_id": Value::Null, "imei": Value::Null, "entry": place, "fields_hex": fields });
    let id = id_of(&[place.as_bytes()]);
    TelemetryLetter { id, device_id: None, kind: "frame", payload, error: nothing.why.clone(), attempts: 1 }
}

/// The same for the same: what is sent again finds its letter.
pub(super) fn id_of(parts: &[&[u8]]) -> Uuid {
    let mut hash = Sha256::new();
    parts.iter().for_each(|part| hash.update(part));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Judged, and told when it was received, where it is kept.
pub(crate) fn position(device_id: Uuid, record: &Record, received_at: DateTime<Utc>) -> Position {
    let Record { at, digest, latitude, longitude, altitude_m, heading_deg, speed_kmh, satellites, priority, event_id, .. } =
        *record;
    let (io, faulty) = (record.io_json(), None);
    Position {
        device_id,
        at,
        digest,
        received_at,
        latitude,
        longitude,
        altitude_m,
        heading_deg,
        speed_kmh,
        satellites,
        priority,
        event_id,
        io,
        faulty,
    }
}
