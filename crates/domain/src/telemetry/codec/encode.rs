//! The device's side: what the simulator and tests send.

use super::record::{IoValue, Record};
use crate::telemetry::Imei;
use nom_teltonika::encoder::{self, AvlRecordFields, DatagramHeaderFields, EncodeAvlError};
use nom_teltonika::protocol::{AvlTimestamp, GenerationType, GpsElement, ImeiView, IoId, Priority};

pub use nom_teltonika::protocol::AvlCodec;

/// Degrees as the wire counts them.
const UNITS_PER_DEGREE: f64 = 1e7;

/// Records that a codec can't carry: ids or numbers of values over a byte in codec 8, bytes outside 8E, too
/// many bytes in all.
#[derive(Debug, thiserror::Error)]
#[error("the codec can't carry it: {0}")]
pub struct Unsendable(String);

/// With what a device begins a connection.
pub fn introduce(imei: Imei) -> Vec<u8> {
    [&[0, Imei::BYTES as u8][..], imei.as_str().as_bytes()].concat()
}

/// A frame with these records. Read again they are the same, but for their digest (which is made of the
/// bytes) and for positions finer than 1e-7 degrees.
pub fn encode(codec: AvlCodec, records: &[Record]) -> Result<Vec<u8>, Unsendable> {
    let parts: Vec<Parts<'_>> = records.iter().map(Parts::of).collect();
    let fields = parts.iter().map(|parts| parts.fields(codec)).collect::<Result<Vec<_>, _>>()?;
    encoder::encode_avl_frame(codec, &fields).map_err(unsendable)
}

/// The same over UDP.
pub fn encode_datagram(
    imei: Imei,
    packet_id: u16,
    avl_packet_id: u8,
    codec: AvlCodec,
    records: &[Record],
) -> Result<Vec<u8>, Unsendable> {
    let imei = ImeiView::try_from(imei.as_str().as_bytes()).map_err(|error| Unsendable(error.to_string()))?;
    let parts: Vec<Parts<'_>> = records.iter().map(Parts::of).collect();
    let fields = parts.iter().map(|parts| parts.fields(codec)).collect::<Result<Vec<_>, _>>()?;
    let header = DatagramHeaderFields { packet_id, avl_packet_id, imei };
    encoder::encode_avl_datagram(header, codec, &fields).map_err(unsendable)
}

fn unsendable(error: EncodeAvlError) -> Unsendable {
    Unsendable(error.to_string())
}

/// A record with its IO values in groups by how many bytes they need.
struct Parts<'a> {
    record: &'a Record,
    bytes1: Vec<(IoId, u8)>,
    bytes2: Vec<(IoId, u16)>,
    bytes4: Vec<(IoId, u32)>,
    bytes8: Vec<(IoId, u64)>,
    any: Vec<(IoId, &'a [u8])>,
}

impl<'a> Parts<'a> {
    fn of(record: &'a Record) -> Self {
        let (bytes1, bytes2, bytes4, bytes8) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut parts = Self { record, bytes1, bytes2, bytes4, bytes8, any: Vec::new() };
        for (id, value) in &record.io {
            parts.push(IoId::from(*id), value);
        }
        parts
    }

    fn push(&mut self, id: IoId, value: &'a IoValue) {
        let number = match value {
            IoValue::Bytes(bytes) => return self.any.push((id, bytes)),
            IoValue::Number(number) => *number,
        };
        if let Ok(number) = u8::try_from(number) {
            self.bytes1.push((id, number));
        } else if let Ok(number) = u16::try_from(number) {
            self.bytes2.push((id, number));
        } else if let Ok(number) = u32::try_from(number) {
            self.bytes4.push((id, number));
        } else {
            self.bytes8.push((id, number));
        }
    }

    fn fields(&self, codec: AvlCodec) -> Result<AvlRecordFields<'_>, Unsendable> {
        let record = self.record;
        let outside = |what: &str| Unsendable(format!("{what} is outside what a record holds"));
        let at = u64::try_from(record.at.timestamp_millis()).map_err(|_| outside("the time"))?;
        let priority = u8::try_from(record.priority).map_err(|_| outside("the priority"))?;
        let priority = Priority::try_from(priority).map_err(|_| outside("the priority"))?;
        let gps = GpsElement {
            longitude_raw: units(record.longitude),
            latitude_raw: units(record.latitude),
            altitude_meters: record.altitude_m.cast_unsigned(),
            angle_degrees: u16::try_from(record.heading_deg).map_err(|_| outside("the heading"))?,
            satellites: u8::try_from(record.satellites).map_err(|_| outside("the number of satellites"))?,
            speed_kph: u16::try_from(record.speed_kmh).map_err(|_| outside("the speed"))?,
        };
        let mut fields = AvlRecordFields::new(AvlTimestamp::from(at), priority, gps)
            .with_io_u8(&self.bytes1)
            .with_io_u16(&self.bytes2)
            .with_io_u32(&self.bytes4)
            .with_io_u64(&self.bytes8)
            .with_io_bytes(&self.any);
        if record.event_id != 0 {
            let event = u16::try_from(record.event_id).map_err(|_| outside("the event"))?;
            fields = fields.with_event_io_id(IoId::from(event));
        }
        if codec == AvlCodec::Codec16 {
            fields = fields.with_generation_type(GenerationType::Periodical);
        }
        Ok(fields)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a float becomes the nearest integer there is, which is what is meant")]
fn units(degrees: f64) -> i32 {
    (degrees * UNITS_PER_DEGREE).round() as i32
}
