//! Records with a group of 16-byte IO values, which newer devices send between the 8-byte group and the one
//! of any length. `nom-teltonika` doesn't know that group. Nothing announces it: a packet is read this way
//! only after the usual way has failed, and taken only if then every count in it is right.

use super::reader::Reader;
use super::record::{Head, IoValue, Record};
use super::refused::Why;
use nom_teltonika::protocol::{AvlCodec, GpsElement};

/// Time, priority and GPS element: the same in every codec.
const HEAD_BYTES: usize = 8 + 1 + GPS_BYTES;
const GPS_BYTES: usize = 15;
const FIXED_GROUPS: [usize; 4] = [1, 2, 4, 8];
const WIDE_BYTES: usize = 16;

/// How many bytes the fields of a codec take that differ between codecs.
#[derive(Clone, Copy)]
pub(super) struct Widths {
    id: usize,
    count: usize,
    generation: usize,
    /// There is a group of values of any length.
    variable: bool,
}

impl Widths {
    pub(super) const fn of(codec: AvlCodec) -> Self {
        match codec {
            AvlCodec::Codec8 => Self { id: 1, count: 1, generation: 0, variable: false },
            AvlCodec::Codec8Extended => Self { id: 2, count: 2, generation: 0, variable: true },
            AvlCodec::Codec16 => Self { id: 2, count: 1, generation: 1, variable: false },
        }
    }

    /// A record without the wide group, whose IO values take these many bytes each.
    pub(super) fn record_bytes(self, values: impl Iterator<Item = usize>) -> usize {
        let groups = FIXED_GROUPS.len() + usize::from(self.variable);
        let frame = HEAD_BYTES + self.id + self.generation + self.count * (1 + groups);
        values.fold(frame, |bytes, value| bytes + self.id + value)
    }
}

/// The records of `data`, which runs from the codec to the second count.
pub(super) fn records(codec: AvlCodec, data: &[u8]) -> Result<Vec<Record>, Why> {
    let mut reader = Reader::new(data);
    let [_, count] = reader.array()?;
    if count == 0 {
        return Err(Why::Empty);
    }
    let mut records = Vec::with_capacity(usize::from(count));
    for _ in 0..count {
        records.push(record(Widths::of(codec), &mut reader)?);
    }
    match *reader.rest() {
        [] => Err(Why::Truncated),
        [second] if second == count => Ok(records),
        [second] => Err(Why::Counts { first: count, second }),
        _ => Err(Why::Trailing),
    }
}

fn record(widths: Widths, reader: &mut Reader<'_>) -> Result<Record, Why> {
    let start = reader.rest();
    let at_ms = reader.number(8)?;
    let priority = reader.byte()?;
    if priority > 2 {
        return Err(Why::Priority(priority));
    }
    let gps = gps(reader)?;
    let event_id = small(reader, widths.id)?;
    if widths.generation > 0 {
        let generation = reader.byte()?;
        if generation > 7 {
            return Err(Why::Generation(generation));
        }
    }
    let declared = u32::from(small(reader, widths.count)?);
    let mut io = Vec::new();
    for bytes in FIXED_GROUPS {
        for _ in 0..small(reader, widths.count)? {
            io.push((small(reader, widths.id)?, IoValue::Number(reader.number(bytes)?)));
        }
    }
    for _ in 0..small(reader, widths.count)? {
        io.push((small(reader, widths.id)?, IoValue::Bytes(reader.take(WIDE_BYTES)?.to_vec())));
    }
    if widths.variable {
        for _ in 0..small(reader, widths.count)? {
            let id = small(reader, widths.id)?;
            let bytes = small(reader, 2)?;
            io.push((id, IoValue::Bytes(reader.take(usize::from(bytes))?.to_vec())));
        }
    }
    let counted = u32::try_from(io.len()).unwrap_or(u32::MAX);
    if counted != declared {
        return Err(Why::IoCount { declared, counted });
    }
    let bytes = start.get(..start.len() - reader.rest().len()).ok_or(Why::Truncated)?;
    Head { at_ms, priority, gps, event_id }.into_record(bytes, io)
}

fn gps(reader: &mut Reader<'_>) -> Result<GpsElement, Why> {
    Ok(GpsElement {
        longitude_raw: i32::from_be_bytes(reader.array()?),
        latitude_raw: i32::from_be_bytes(reader.array()?),
        altitude_meters: u16::from_be_bytes(reader.array()?),
        angle_degrees: u16::from_be_bytes(reader.array()?),
        satellites: reader.byte()?,
        speed_kph: u16::from_be_bytes(reader.array()?),
    })
}

/// An id, a count or a length, of 1 or 2 bytes.
fn small(reader: &mut Reader<'_>, bytes: usize) -> Result<u16, Why> {
    reader.number(bytes).and_then(|number| u16::try_from(number).map_err(|_| Why::Unreadable))
}
