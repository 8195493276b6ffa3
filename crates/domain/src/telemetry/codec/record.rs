//! One record of a device: where it was at a time, and what its inputs and outputs said.

use super::refused::Why;
use super::wide::Widths;
use crate::limits::TELEMETRY_IO_PER_RECORD_MAX;
use chrono::{DateTime, Utc};
use nom_teltonika::protocol::{AvlPacketView, AvlRecordView, GpsElement, IoValueView};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::fmt::Write;

/// 9999-12-31T23:59:59.999Z: later years are beyond what texts of times carry.
const TIME_MAX_MS: u64 = 253_402_300_799_999;
/// Up to here JSON's readers (the page is one) keep every integer apart.
const NUMBER_MAX: u64 = (1 << 53) - 1;

/// As a device sent it. Nothing says yet that it is true: see [`crate::telemetry::truth`].
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// By the device's clock.
    pub at: DateTime<Utc>,
    /// Which record it is, whatever packet carries it: see [`digest`].
    pub digest: i64,
    pub latitude: f64,
    pub longitude: f64,
    /// Above the sea; below it negative (two's complement, as the vendor's other fields are).
    pub altitude_m: i16,
    pub heading_deg: i16,
    pub speed_kmh: i16,
    pub satellites: i16,
    /// 0 low, 1 high, 2 panic.
    pub priority: i16,
    /// The IO value that caused it; 0: none did.
    pub event_id: i32,
    /// By id, each id once.
    pub io: Vec<(u16, IoValue)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IoValue {
    Number(u64),
    /// Of the groups whose values are longer than 8 bytes, or of any length.
    Bytes(Vec<u8>),
}

impl IoValue {
    /// A number; as text in hex where JSON's readers would round it, or where it is none.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Number(number) if *number <= NUMBER_MAX => Value::from(*number),
            Self::Number(number) => Value::from(format!("{number:016x}")),
            Self::Bytes(bytes) => Value::from(hex(bytes)),
        }
    }
}

impl Record {
    /// As `positions.io` keeps them: `{"239": 1, …}`.
    pub fn io_json(&self) -> Map<String, Value> {
        io_json(&self.io)
    }
}

/// IO values by id: numbers, and texts in hex (see [`IoValue::to_json`]).
pub fn io_json(io: &[(u16, IoValue)]) -> Map<String, Value> {
    io.iter().map(|(id, value)| (id.to_string(), value.to_json())).collect()
}

/// The first 8 bytes of the SHA-256 of a record's bytes as they came: the same record in another packet
/// has the same, another record of the same instant another.
pub fn digest(bytes: &[u8]) -> i64 {
    let [a, b, c, d, e, f, g, h, ..]: [u8; 32] = Sha256::digest(bytes).into();
    i64::from_be_bytes([a, b, c, d, e, f, g, h])
}

/// What stands at the same place in all codecs.
pub(super) struct Head {
    pub(super) at_ms: u64,
    pub(super) priority: u8,
    pub(super) gps: GpsElement,
    pub(super) event_id: u16,
}

impl Head {
    /// `bytes`: the whole record as it came.
    pub(super) fn into_record(self, bytes: &[u8], io: Vec<(u16, IoValue)>) -> Result<Record, Why> {
        let gps = self.gps;
        Ok(Record {
            at: time(self.at_ms)?,
            digest: digest(bytes),
            latitude: gps.latitude_degrees(),
            longitude: gps.longitude_degrees(),
            altitude_m: gps.altitude_meters_signed(),
            heading_deg: saturating(gps.angle_degrees),
            speed_kmh: saturating(gps.speed_kph),
            satellites: i16::from(gps.satellites),
            priority: i16::from(self.priority),
            event_id: i32::from(self.event_id),
            io: by_id(io)?,
        })
    }
}

fn time(ms: u64) -> Result<DateTime<Utc>, Why> {
    let whole = i64::try_from(ms).ok().filter(|_| ms <= TIME_MAX_MS);
    whole.and_then(DateTime::from_timestamp_millis).ok_or(Why::Time { ms })
}

/// The columns hold 15 bits; headings and speeds beyond them are noise.
fn saturating(value: u16) -> i16 {
    i16::try_from(value).unwrap_or(i16::MAX)
}

/// Of an id that comes twice the last one stands.
fn by_id(mut io: Vec<(u16, IoValue)>) -> Result<Vec<(u16, IoValue)>, Why> {
    if io.len() > TELEMETRY_IO_PER_RECORD_MAX {
        return Err(Why::TooManyIo { count: io.len(), max: TELEMETRY_IO_PER_RECORD_MAX });
    }
    io.reverse();
    io.sort_by_key(|(id, _)| *id);
    io.dedup_by_key(|(id, _)| *id);
    Ok(io)
}

/// The records of a packet; `data`: its bytes from the codec to the second count.
pub(super) fn of_packet(packet: AvlPacketView<'_>, data: &[u8]) -> Result<Vec<Record>, Why> {
    let widths = Widths::of(packet.codec());
    // Behind the codec and the count.
    let mut rest = data.get(2..).ok_or(Why::Truncated)?;
    let mut records = Vec::with_capacity(packet.records().len());
    for view in packet.records() {
        let io: Vec<(u16, IoValue)> =
            view.io_elements().map(|element| (element.id().into(), value_of(element.value()))).collect();
        let length = widths.record_bytes(view.io_elements().map(|element| bytes_of(element.value())));
        let (bytes, behind) = rest.split_at_checked(length).ok_or(Why::Truncated)?;
        rest = behind;
        records.push(head_of(&view).into_record(bytes, io)?);
    }
    Ok(records)
}

fn head_of(view: &AvlRecordView<'_>) -> Head {
    Head {
        at_ms: view.timestamp().into(),
        priority: view.priority().into(),
        gps: view.gps(),
        event_id: view.event_io_id().map_or(0, u16::from),
    }
}

fn value_of(value: IoValueView<'_>) -> IoValue {
    match value {
        IoValueView::U8(number) => IoValue::Number(number.into()),
        IoValueView::U16(number) => IoValue::Number(number.into()),
        IoValueView::U32(number) => IoValue::Number(number.into()),
        IoValueView::U64(number) => IoValue::Number(number),
        IoValueView::Bytes(bytes) => IoValue::Bytes(bytes.to_vec()),
    }
}

/// Of a value as it came, its length field with it.
fn bytes_of(value: IoValueView<'_>) -> usize {
    match value {
        IoValueView::U8(_) => 1,
        IoValueView::U16(_) => 2,
        IoValueView::U32(_) => 4,
        IoValueView::U64(_) => 8,
        IoValueView::Bytes(bytes) => 2 + bytes.len(),
    }
}

/// Two digits a byte.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a text does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn io_values_as_json() {
        let check = |value: IoValue, expect: &str| assert_eq!(value.to_json().to_string(), expect, "{value:?}");
        check(IoValue::Number(0), "0");
        check(IoValue::Number((1 << 53) - 1), "9007199254740991");
        check(IoValue::Number(1 << 53), "\"0020000000000000\"");
        check(IoValue::Number(u64::MAX), "\"ffffffffffffffff\"");
        check(IoValue::Bytes(vec![0, 0xab]), "\"00ab\"");
        check(IoValue::Bytes(Vec::new()), "\"\"");
    }

    #[test]
    fn of_an_id_that_comes_twice_the_last_stands() {
        let number = IoValue::Number;
        let io = vec![(9, number(1)), (2, number(2)), (9, number(3)), (1, number(4)), (9, number(5))];
        assert_eq!(by_id(io).unwrap(), [(1, number(4)), (2, number(2)), (9, number(5))]);
    }

    #[test]
    fn times_that_can_be_told() {
        let check = |ms: u64, expect: Option<&str>| {
            assert_eq!(time(ms).ok().map(|at| at.to_rfc3339()).as_deref(), expect, "{ms}");
        };
        check(0, Some("1970-01-01T00:00:00+00:00"));
        check(1_560_161_086_000, Some("2019-06-10T10:04:46+00:00"));
        check(TIME_MAX_MS, Some("9999-12-31T23:59:59.999+00:00"));
        check(TIME_MAX_MS + 1, None);
        check(u64::MAX, None);
    }
}
