//! Many positions at once, by `COPY` in PostgreSQL's binary form: a third of the work of inserting them with a look
//! at what is there. (Form: the documentation of `COPY`, "Binary Format"; of types: their `send` functions.)

use super::Position;
use domain::telemetry::Faulty;
use sqlx::PgConnection;
use sqlx::types::chrono::{DateTime, Utc};

const COPY: &str = "copy positions (device_id, at, digest, latitude, longitude, altitude_m, heading_deg, speed_kmh, satellites,
    priority, event_id, io, faulty, received_at) from stdin (format binary)";
const COLUMNS: i16 = 14;
/// Signature, flags, and no extension of the header.
const HEAD: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const END: [u8; 2] = (-1_i16).to_be_bytes();
const NULL: [u8; 4] = (-1_i32).to_be_bytes();
/// PostgreSQL counts from 2000-01-01.
const EPOCH_US: i64 = 946_684_800_000_000;
/// Stands before the text of a `jsonb`.
const JSONB_VERSION: u8 = 1;
/// A guess at a row's size.
const ROW_BYTES: usize = 300;

/// Keeps positions of which none is there yet; one that is (23505) fails them all.
pub async fn copy_positions(db: &mut PgConnection, new: &[&Position]) -> Result<(), sqlx::Error> {
    if new.is_empty() {
        return Ok(());
    }
    let mut rows = Rows(Vec::with_capacity(HEAD.len() + new.len() * ROW_BYTES));
    rows.0.extend_from_slice(HEAD);
    for position in new {
        rows.push(position)?;
    }
    rows.0.extend_from_slice(&END);
    let mut stream = db.copy_in_raw(COPY).await?;
    stream.send(rows.0).await?;
    stream.finish().await.map(drop)
}

struct Rows(Vec<u8>);

impl Rows {
    fn push(&mut self, position: &Position) -> Result<(), sqlx::Error> {
        self.0.extend_from_slice(&COLUMNS.to_be_bytes());
        self.field(position.device_id.as_bytes());
        self.time(position.at);
        self.field(&position.digest.to_be_bytes());
        self.field(&position.latitude.to_be_bytes());
        self.field(&position.longitude.to_be_bytes());
        for small in [position.altitude_m, position.heading_deg, position.speed_kmh, position.satellites, position.priority] {
            self.field(&small.to_be_bytes());
        }
        self.field(&position.event_id.to_be_bytes());
        // Its length is known once it is there.
        let at = self.0.len();
        self.0.extend_from_slice(&NULL);
        self.0.push(JSONB_VERSION);
        serde_json::to_writer(&mut self.0, &position.io).map_err(|error| sqlx::Error::Encode(error.into()))?;
        let length = i32::try_from(self.0.len() - at - NULL.len()).map_err(|error| sqlx::Error::Encode(error.into()))?;
        if let Some(place) = self.0.get_mut(at..at + NULL.len()) {
            place.copy_from_slice(&length.to_be_bytes());
        }
        match position.faulty.map(Faulty::as_str) {
            Some(faulty) => self.field(faulty.as_bytes()),
            None => self.0.extend_from_slice(&NULL),
        }
        self.time(position.received_at);
        Ok(())
    }

    fn time(&mut self, at: DateTime<Utc>) {
        self.field(&(at.timestamp_micros() - EPOCH_US).to_be_bytes());
    }

    /// Of a type whose values are short.
    fn field(&mut self, value: &[u8]) {
        self.0.extend_from_slice(&i32::try_from(value.len()).unwrap_or(i32::MAX).to_be_bytes());
        self.0.extend_from_slice(value);
    }
}
