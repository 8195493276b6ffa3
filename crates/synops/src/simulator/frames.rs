//! What a device sends: its records, and now and then something that can't be kept.

use super::ledger::Line;
use chrono::{DateTime, TimeDelta};
use domain::telemetry::Imei;
use domain::telemetry::codec::{self, AvlCodec, Record, Step, Unsendable};

const CODEC: AvlCodec = AvlCodec::Codec8Extended;
/// What a clock says whose battery is empty: 2000-01-01.
const DEAD_CLOCK_S: i64 = 946_684_800;

pub(super) struct Frame {
    pub(super) bytes: Vec<u8>,
    /// How many records it has: what an acknowledgement says.
    pub(super) count: u32,
    /// For the ledger; none when there is none.
    pub(super) lines: Vec<Line>,
}

/// How a frame can't be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Poison {
    /// Its CRC is wrong: refused again and again.
    Broken,
    /// Its records are of a time that is not kept.
    DeadClock,
}

impl Frame {
    /// These records; with what the ledger says of them, if it is wanted.
    pub(super) fn new(imei: Imei, records: &[Record], with_lines: bool) -> Result<Self, Unsendable> {
        let bytes = codec::encode(CODEC, records)?;
        let lines = if with_lines { lines(imei, &bytes, false) } else { Vec::new() };
        Ok(Self { count: u32::try_from(records.len()).unwrap_or(u32::MAX), bytes, lines })
    }

    /// The same as something that can't be kept.
    pub(super) fn poisoned(imei: Imei, records: &[Record], poison: Poison, with_lines: bool) -> Result<Self, Unsendable> {
        let mut frame = match poison {
            Poison::Broken => Self::new(imei, records, with_lines)?,
            Poison::DeadClock => {
                let since = |at: DateTime<_>| records.first().map_or(TimeDelta::zero(), |first| at - first.at);
                let dead = DateTime::from_timestamp(DEAD_CLOCK_S, 0).unwrap_or_default();
                let records: Vec<Record> = records.iter().map(|one| Record { at: dead + since(one.at), ..one.clone() }).collect();
                let frame = Self::new(imei, &records, false)?;
                return Ok(Self { lines: if with_lines { lines(imei, &frame.bytes, true) } else { Vec::new() }, ..frame });
            }
        };
        if let Some(last) = frame.bytes.last_mut() {
            *last ^= 1;
        }
        if let (true, Some(first)) = (with_lines, records.first()) {
            let digest = codec::digest(&frame.bytes);
            frame.lines = vec![Line::of(imei, &Record { digest, ..first.clone() }, true)];
        }
        Ok(frame)
    }
}

/// As a server reads them: the digest is made of the bytes.
fn lines(imei: Imei, bytes: &[u8], poison: bool) -> Vec<Line> {
    match codec::frame(bytes) {
        Ok(Step::Done { value: codec::Frame::Records(records), .. }) => {
            records.iter().map(|record| Line::of(imei, record, poison)).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::RECORDS_PER_FRAME_MAX;
    use domain::telemetry::Place;
    use domain::telemetry::codec::IoValue;
    use domain::telemetry::track::{NUMBER_IO, Track, TrackSpec};

    const ODOMETER_IO: u16 = 16;

    fn records(count: usize) -> Vec<Record> {
        let begins_at = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let around = Place::new(10.75, 59.91);
        Track::new(TrackSpec { seed: 1, device: 1, around, begins_at, every_s: 1 }).take(count).collect()
    }

    #[test]
    fn they_are_read_as_they_were_meant() {
        let (imei, records) = (Imei::numbered(1).unwrap(), records(3));
        let good = Frame::new(imei, &records, true).unwrap();
        assert!(matches!(codec::frame(&good.bytes), Ok(Step::Done { .. })));
        assert_eq!((good.count, good.lines.len()), (3, 3));
        assert!(
            good.lines
                .iter()
                .zip(&records)
                .all(|(line, record)| line.to_string().contains(&format!("{imei} {} ", record.at.timestamp_millis())))
        );
        let broken = Frame::poisoned(imei, &records, Poison::Broken, true).unwrap();
        assert!(codec::frame(&broken.bytes).is_err_and(|refused| refused.used == Some(broken.bytes.len())));
        assert_eq!((codec::claimed(&broken.bytes), broken.lines.len()), (3, 1));
        assert!(broken.lines[0].to_string().ends_with(" poison"));
        let dead = Frame::poisoned(imei, &records, Poison::DeadClock, true).unwrap();
        let Ok(Step::Done { value: codec::Frame::Records(read), .. }) = codec::frame(&dead.bytes) else { panic!() };
        assert_eq!(read[2].at.timestamp(), DEAD_CLOCK_S + 2);
        assert_eq!(dead.lines, read.iter().map(|record| Line::of(imei, record, true)).collect::<Vec<_>>());
    }

    #[test]
    fn the_longest_one_can_be_sent() {
        let mut longest = records(RECORDS_PER_FRAME_MAX as usize);
        // What counts up, at the end of a long drive.
        let counting = |(id, _): &&mut (u16, IoValue)| [ODOMETER_IO, NUMBER_IO].contains(id);
        for (_, value) in longest.iter_mut().flat_map(|record| &mut record.io).filter(counting) {
            *value = IoValue::Number(u32::MAX.into());
        }
        let longest = Frame::new(Imei::numbered(1).unwrap(), &longest, false);
        assert!(longest.is_ok_and(|frame| frame.count == RECORDS_PER_FRAME_MAX));
    }
}
