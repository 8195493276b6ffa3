//! Takes in what a device sent and was a dead letter, once somebody has decided so. What is there already stays as
//! it is.

use crate::jobs::{Context, Done, Failure};
use crate::telemetry::position_of;
use chrono::{DateTime, Utc};
use domain::telemetry::replay::{RecordInLetter, Replay};
use intentions::Intentions;
use serde_json::{Value, json};
use std::time::Duration;
use store::position::Position;
use uuid::Uuid;

pub(super) async fn run(context: Context, intentions: Intentions, kept: Duration) -> Result<Done, Failure> {
    let never = |error: String| Failure::Never(error);
    let replay = Replay::of(&context.payload::<Value>()?).map_err(|refusal| never(refusal.to_string()))?;
    let now = store::database::now(context.pool()).await?;
    let positions: Vec<Position> = match &replay {
        Replay::Frame(letter) => {
            let records = letter.records().map_err(never)?;
            records.iter().map(|record| position_of(letter.device_id, record, now)).collect()
        }
        Replay::Records(letter) => {
            letter.records.iter().try_for_each(|record| record.timely(now, kept)).map_err(never)?;
            letter
                .records
                .iter()
                .map(|record| position(letter.device_id, record, now).map_err(never))
                .collect::<Result<_, _>>()?
        }
    };
    let count = positions.len();
    let done = intentions.keep_positions(positions, &[], None).await?;
    if done.unknown.contains(&replay.device_id()) {
        return Err(never("its device is not there any more".to_owned()));
    }
    Ok(Some(json!({ "records": count, "new": done.new })))
}

fn position(device_id: Uuid, record: &RecordInLetter, received_at: DateTime<Utc>) -> Result<Position, String> {
    let digest = record.digest().map_err(|refusal| refusal.to_string())?;
    let RecordInLetter { at, latitude, longitude, altitude_m, heading_deg, speed_kmh, satellites, .. } = *record;
    let RecordInLetter { priority, event_id, ref io, .. } = *record;
    let (io, faulty) = (io.clone(), None);
    Ok(Position {
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
    })
}
