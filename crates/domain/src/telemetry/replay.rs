//! What a device sent and could not be taken, as a dead letter carries it: somebody may correct it, and have it taken
//! in once more.

use super::codec::{Frame, Record, Step, datagram, frame};
use super::truth::timely;
use crate::job::shaped;
use crate::refusal::Refusal;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::time::Duration;
use uuid::Uuid;

#[derive(Clone, Debug, PartialEq)]
pub enum Replay {
    Frame(FrameLetter),
    Records(RecordsLetter),
}

/// A frame or a datagram, as it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrameLetter {
    pub device_id: Uuid,
    pub imei: String,
    pub hex: String,
}

/// The records of a frame whose times can't be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordsLetter {
    pub device_id: Uuid,
    pub imei: String,
    pub records: Vec<RecordInLetter>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordInLetter {
    pub at: DateTime<Utc>,
    /// Why it is here; not looked at.
    #[serde(default)]
    pub error: String,
    /// As a text: it has more digits than JSON's readers keep apart.
    pub digest: String,
    pub latitude: f64,
    pub longitude: f64,
    pub altitude_m: i16,
    pub heading_deg: i16,
    pub speed_kmh: i16,
    pub satellites: i16,
    pub priority: i16,
    pub event_id: i32,
    pub io: Map<String, Value>,
}

impl Replay {
    /// By what it carries: bytes, or a record.
    pub fn of(payload: &Value) -> Result<Self, Refusal> {
        let replay = match payload.get("hex") {
            Some(_) => Self::Frame(shaped(payload)?),
            None => Self::Records(shaped(payload)?),
        };
        replay.check().map(|()| replay)
    }

    fn check(&self) -> Result<(), Refusal> {
        match self {
            Self::Frame(letter) => letter.bytes().map(drop),
            Self::Records(letter) => letter.records.iter().try_for_each(|record| record.digest().map(drop)),
        }
    }

    pub const fn device_id(&self) -> Uuid {
        match self {
            Self::Frame(letter) => letter.device_id,
            Self::Records(letter) => letter.device_id,
        }
    }
}

impl FrameLetter {
    fn bytes(&self) -> Result<Vec<u8>, Refusal> {
        let expects = || Refusal::invalid("payload.hex", "an even number of hexadecimal digits");
        let digits = self.hex.as_bytes();
        if !digits.len().is_multiple_of(2) || !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(expects());
        }
        (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&self.hex[at..at + 2], 16).map_err(|_| expects())).collect()
    }

    /// The records in it.
    ///
    /// # Errors
    ///
    /// Why they can't be read, in words.
    pub fn records(&self) -> Result<Vec<Record>, String> {
        let bytes = self.bytes().map_err(|refusal| refusal.to_string())?;
        match frame(&bytes) {
            Ok(Step::Done { value: Frame::Records(records), used }) if used == bytes.len() => Ok(records),
            Ok(Step::Done { .. }) => Err("it is a frame without records, or there is something behind it".to_owned()),
            Ok(Step::More { needed }) => Err(format!("{needed} bytes are missing at its end")),
            Err(refused) => match datagram(&bytes) {
                Ok(datagram) => Ok(datagram.records),
                Err(_) => Err(refused.to_string()),
            },
        }
    }
}

impl RecordInLetter {
    /// Which record it is.
    pub fn digest(&self) -> Result<i64, Refusal> {
        self.digest.parse().map_err(|_| Refusal::invalid("payload.records.digest", "a whole number, as a text"))
    }

    /// Whether its time is one by now that is kept.
    ///
    /// # Errors
    ///
    /// Why not, in words.
    pub fn timely(&self, now: DateTime<Utc>, kept: Duration) -> Result<(), String> {
        timely(self.at, now, kept).map_err(|untimely| untimely.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_letter_carries() {
        let id = Uuid::nil();
        let check = |payload: Value, expect: bool| assert_eq!(Replay::of(&payload).is_ok(), expect, "{payload}");
        check(json!({ "device_id": id, "imei": "1", "hex": "00ff" }), true);
        check(json!({ "device_id": id, "imei": "1", "hex": "00f" }), false);
        check(json!({ "device_id": id, "imei": "1", "hex": "zz" }), false);
        check(json!({ "device_id": id, "imei": "1", "hex": "é" }), false);
        check(json!({ "device_id": id, "imei": "1", "hex": "00", "more": 1 }), false);
        let record = json!({ "at": "2026-11-22T10:00:00Z", "digest": "-7", "latitude": 1.0,
            "longitude": 2.0, "altitude_m": 3, "heading_deg": 4, "speed_kmh": 5, "satellites": 6, "priority": 0, "event_id": 0,
            "io": {} });
        let letter = |record: Value| json!({ "device_id": id, "imei": "1", "records": [record] });
        check(letter(record.clone()), true);
        let mut wrong = record;
        wrong["digest"] = json!("x");
        check(letter(wrong), false);
    }

    #[test]
    fn what_is_no_frame_says_why() {
        let letter = |hex: &str| FrameLetter { device_id: Uuid::nil(), imei: String::new(), hex: hex.to_owned() };
        assert!(letter("0000000000000036").records().unwrap_err().contains("missing"));
        assert!(letter("ff").records().unwrap_err().contains("without records"));
        assert!(letter("deadbeefdeadbeef").records().is_err());
    }
}
