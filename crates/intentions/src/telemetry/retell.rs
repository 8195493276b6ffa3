//! A device's story told anew, from a state that was kept before what came late, or is judged otherwise now. What it
//! tells is a function of the positions that are kept, so it may be done again, and by anybody.

use super::told::{self, Told};
use crate::Intentions;
use chrono::{DateTime, Utc};
use domain::limits::{RETOLD_AT_ONCE, TELEMETRY_BATCH_RECORDS_MAX};
use domain::telemetry::fence::FenceIndex;
use domain::telemetry::fold::{Stop, Trip};
use domain::telemetry::story::{self, Row, Story};
use domain::telemetry::{DeviceState, Visit};
use sqlx::PgConnection;
use std::collections::BTreeMap;
use store::device_state::Standing;
use store::position::Position;
use uuid::Uuid;

/// The rows of a story, by what they are.
#[derive(Default)]
struct Rows {
    visits: BTreeMap<(Uuid, DateTime<Utc>), Visit>,
    trips: BTreeMap<DateTime<Utc>, Trip>,
    stops: BTreeMap<DateTime<Utc>, Stop>,
}

impl Rows {
    /// Over those that were there: what was open goes on.
    fn take(&mut self, story: Story) {
        self.visits.extend(story.visits.into_iter().map(|visit| ((visit.fence, visit.entered_at), visit)));
        self.trips.extend(story.trips.into_iter().map(|trip| (trip.began_at, trip)));
        self.stops.extend(story.stops.into_iter().map(|stop| (stop.began_at, stop)));
    }
}

impl Intentions {
    /// Tells the stories of devices anew that wait for it, at most so many ([`RETOLD_AT_ONCE`]); answers how many. Each is a
    /// transaction of its own; while it lasts, what that device sends waits.
    ///
    /// # Errors
    ///
    /// Those that are left wait for the next time.
    pub async fn retell_devices(&self) -> Result<usize, store::Error> {
        let waiting = store::device_state::list_to_retell(&self.pool, RETOLD_AT_ONCE).await?;
        let mut failed = None;
        for device_id in &waiting {
            match self.retell(*device_id).await {
                Ok(true) => (self.bell)(),
                Ok(false) => {}
                // The others' are told all the same.
                Err(error) => {
                    tracing::warn!(%error, %device_id, "a device's story could not be told anew");
                    failed = Some(error);
                }
            }
        }
        failed.map_or(Ok(waiting.len()), Err)
    }

    /// Answers whether nodes or edges changed by it.
    async fn retell(&self, device_id: Uuid) -> Result<bool, store::Error> {
        let mut tx = store::begin(&self.pool).await?;
        // In the order in which whoever keeps positions takes them.
        store::device::hold_devices(&mut *tx, &[device_id]).await?;
        let Some(standing) = store::device_state::lock_standing(&mut *tx, device_id).await? else { return Ok(false) };
        let Some(retell_from) = standing.retell_from else { return Ok(false) };
        // Told from before what is still kept, what was told of the rest would be lost.
        let Some(first_at) = store::position::find_first_time(&mut *tx, device_id).await? else {
            store::device_state::update_standings(&mut tx, &[Standing { retell_from: None, ..standing }]).await?;
            tx.commit().await?;
            return Ok(false);
        };
        let retell_from = retell_from.max(first_at);
        let from = store::device_state::find_checkpoint(&mut *tx, device_id, retell_from).await?.unwrap_or_default();
        let fences = self.fences.current(&mut tx).await?;
        store::device_state::delete_checkpoints(&mut *tx, device_id, from.told.map_or(DateTime::UNIX_EPOCH, |(at, _)| at))
            .await?;
        let (told, rows) = tell_from(&mut tx, standing, &from, &fences).await?;
        forget_later(&mut tx, device_id, &from, &rows).await?;
        let told = Told {
            visits: rows.visits.into_values().collect(),
            trips: rows.trips.into_values().collect(),
            stops: rows.stops.into_values().collect(),
            ..told
        };
        let changed = told::write(&mut tx, vec![told]).await?.unwrap_or_default();
        tx.commit().await?;
        metrics::counter!("synops_telemetry_retold_total").increment(1);
        Ok(changed)
    }
}

/// Tells all that is kept behind `from`, part by part.
async fn tell_from(
    db: &mut PgConnection,
    standing: Standing,
    from: &DeviceState,
    fences: &FenceIndex,
) -> Result<(Told, Rows), sqlx::Error> {
    let device_id = standing.device_id;
    let (mut state, mut rows) = (from.clone(), Rows::default());
    let mut checkpoint_at = from.told.map(|(at, _)| at);
    let checkpoint = from.told.is_some().then(|| from.clone());
    let mut told = Told::anew(Standing { latest: None, retell_from: None, ..standing });
    told.checkpoints.extend(checkpoint);
    let mut behind = from.told;
    loop {
        let limit = i64::try_from(TELEMETRY_BATCH_RECORDS_MAX).unwrap_or(i64::MAX);
        let part = store::position::list_positions_behind(&mut *db, device_id, behind, limit).await?;
        let Some(last) = part.last() else { break };
        behind = Some((last.at, last.digest));
        let judged: Vec<_> = part.iter().map(Position::to_judge).collect();
        let story = story::tell(state, &judged, fences);
        let changed = part.iter().zip(&story.verdicts).filter(|(position, verdict)| position.faulty != **verdict);
        told.verdicts.extend(changed.map(|(position, verdict)| (position.key(), *verdict)));
        state = story.state.clone();
        told.standing.latest = told::latest_of(&state, part.iter()).or(told.standing.latest.take());
        if story::is_worth_keeping(&state, checkpoint_at) {
            checkpoint_at = state.told.map(|(at, _)| at);
            told.checkpoints.push(state.clone());
        }
        rows.take(story);
    }
    if told.standing.latest.is_none()
        && let Some(last) = state.last
    {
        // Nothing true came behind it.
        let here = store::position::list_positions_behind(&mut *db, device_id, Some((last.at, i64::MIN)), 1_000).await?;
        told.standing.latest = told::latest_of(&state, here.iter());
    }
    (told.standing.state, told.standing.checkpoint_at) = (state, checkpoint_at);
    Ok((told, rows))
}

/// Rows that `from` did not know of, and that are not told any more.
async fn forget_later(db: &mut PgConnection, device_id: Uuid, from: &DeviceState, rows: &Rows) -> Result<(), sqlx::Error> {
    let told = from.told.map_or(DateTime::UNIX_EPOCH, |(at, _)| at);
    let since = from.motion_since.unwrap_or(DateTime::UNIX_EPOCH);
    let mut visits = store::story::list_visit_keys(&mut *db, device_id, told).await?;
    visits.retain(|key| {
        let (fence, entered_at) = *key;
        !rows.visits.contains_key(key) && story::is_later(from, Row::Visit { fence, entered_at })
    });
    let (mut trips, mut stops) = store::story::list_trips_and_stops(&mut *db, device_id, since).await?;
    trips.retain(|began_at| !rows.trips.contains_key(began_at) && story::is_later(from, Row::Trip { began_at: *began_at }));
    stops.retain(|began_at| !rows.stops.contains_key(began_at) && story::is_later(from, Row::Stop { began_at: *began_at }));
    store::story::delete_visits(&mut *db, device_id, &visits).await?;
    store::story::delete_trips(&mut *db, device_id, &trips).await?;
    store::story::delete_stops(&mut *db, device_id, &stops).await
}
