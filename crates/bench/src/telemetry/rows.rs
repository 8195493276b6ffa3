//! What is sent and kept in every variant: drives, as records, as frames, and as rows in PostgreSQL's binary form.

use chrono::{DateTime, TimeDelta, Utc};
use domain::telemetry::codec::{self, AvlCodec, Frame, Record, Step};
use domain::telemetry::track::{Track, TrackSpec};
use domain::telemetry::{Imei, Place};
use uuid::Uuid;

/// As `synops devices simulate` numbers them by default.
pub(super) const FIRST_IMEI: u64 = 101_000_000_000;
/// PostgreSQL counts from here.
const EPOCH_S: i64 = 946_684_800;
const COPY_HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const COPY_END: [u8; 2] = (-1_i16).to_be_bytes();
/// As `positions` has them.
pub(super) const COPY: &str = "copy positions (device_id, at, digest, latitude, longitude, altitude_m, heading_deg, speed_kmh,
    satellites, priority, event_id, io) from stdin (format binary)";
const COLUMNS: i16 = 12;

/// Where devices drive, as `synops devices simulate` has it.
pub(super) fn around() -> Place {
    Place::new(10.75, 59.91)
}

/// Frames of so many records, of drives that end now; in the order in which they would come.
pub(super) fn frames(devices: u32, records: u32, per_frame: usize, now: DateTime<Utc>) -> anyhow::Result<Vec<(u32, Vec<u8>)>> {
    let of_device = records / devices;
    let begins_at = now - TimeDelta::seconds(i64::from(of_device) + 60);
    let around = around();
    let mut of_devices = Vec::new();
    for device in 0..devices {
        let track = Track::new(TrackSpec { seed: 1, device: u64::from(device), around, begins_at, every_s: 1 });
        let records: Vec<Record> = track.take(usize::try_from(of_device)?).collect();
        let frames: Result<Vec<_>, _> =
            records.chunks(per_frame).map(|some| codec::encode(AvlCodec::Codec8Extended, some)).collect();
        of_devices.push((device, frames?.into_iter()));
    }
    let mut frames = Vec::new();
    loop {
        let before = frames.len();
        for (device, left) in &mut of_devices {
            frames.extend(left.next().map(|frame| (*device, frame)));
        }
        if frames.len() == before {
            return Ok(frames);
        }
    }
}

/// As a server reads it.
pub(super) fn read(frame: &[u8]) -> anyhow::Result<Vec<Record>> {
    match codec::frame(frame) {
        Ok(Step::Done { value: Frame::Records(records), .. }) => Ok(records),
        other => anyhow::bail!("a frame of ours can't be read: {other:?}"),
    }
}

pub(super) fn imei(device: u32) -> String {
    Imei::numbered(FIRST_IMEI + u64::from(device)).map(|imei| imei.to_string()).unwrap_or_default()
}

/// All of it as one message of `COPY`.
pub(super) fn binary(frames: &[(u32, Vec<u8>)], ids: &[Uuid]) -> anyhow::Result<Vec<u8>> {
    let mut bytes = COPY_HEADER.to_vec();
    for (device, frame) in frames {
        let id = ids.get(usize::try_from(*device)?).copied().unwrap_or_default();
        for record in read(frame)? {
            row(&mut bytes, id, &record)?;
        }
    }
    bytes.extend_from_slice(&COPY_END);
    Ok(bytes)
}

fn row(bytes: &mut Vec<u8>, id: Uuid, record: &Record) -> anyhow::Result<()> {
    bytes.extend_from_slice(&COLUMNS.to_be_bytes());
    let at_us = record.at.timestamp_micros() - EPOCH_S * 1_000_000;
    let mut field = |value: &[u8]| -> anyhow::Result<()> {
        bytes.extend_from_slice(&i32::try_from(value.len())?.to_be_bytes());
        bytes.extend_from_slice(value);
        Ok(())
    };
    field(id.as_bytes())?;
    field(&at_us.to_be_bytes())?;
    field(&record.digest.to_be_bytes())?;
    field(&record.latitude.to_be_bytes())?;
    field(&record.longitude.to_be_bytes())?;
    for small in [record.altitude_m, record.heading_deg, record.speed_kmh, record.satellites, record.priority] {
        field(&small.to_be_bytes())?;
    }
    field(&record.event_id.to_be_bytes())?;
    // The version of jsonb's binary form stands before its text.
    field(&[&[1], serde_json::to_string(&record.io_json())?.as_bytes()].concat())
}
