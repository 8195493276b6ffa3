//! What devices send: a write that nobody asked for, like that of a check. A batch of positions is one
//! transaction: what is kept, what each device is found to be by it, and what is told of that.
//!
//! Positions that come in order go on from the state that was kept (`told.rs`). One that comes late is kept, and
//! its device's story is told anew from before it, soon after and by itself (`retell.rs`): so a device that sends its
//! oldest records last holds up nobody.

mod fences;
mod retell;
mod told;

pub(crate) use fences::Fences;

use crate::Intentions;
use chrono::{DateTime, SubsecRound, Utc};
use domain::limits::TRANSACTION_ATTEMPTS_MAX;
use sqlx::PgConnection;
use std::collections::HashMap;
use std::time::Duration;
use store::dead_letter::TelemetryLetter;
use store::device_state::Standing;
use store::position::{Position, PositionKey};
use store::telemetry_shard::ShardLease;
use told::{Told, tell};
use uuid::Uuid;

/// What became of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Of those given: the others were there already, or are of nobody's.
    pub new: usize,
    /// Devices that are not there: nothing of theirs is kept.
    pub unknown: Vec<Uuid>,
    /// Devices whose latest position is another one now.
    pub moved: Vec<Uuid>,
    /// Whether some device's story is to be told anew.
    pub has_late: bool,
}

impl Intentions {
    /// Keeps these positions, each once however often it is given, and puts these letters on the desk. When this
    /// answers they are committed. With a lease: only if it still holds, to the end of the commit.
    ///
    /// # Errors
    ///
    /// Nothing is kept; what the database can't keep, and nothing else, is worth giving in parts.
    pub async fn keep_positions(
        &self,
        mut positions: Vec<Position>,
        letters: &[TelemetryLetter],
        lease: Option<&ShardLease>,
    ) -> Result<Kept, store::Error> {
        // As exactly as PostgreSQL keeps it: what it says is new is looked for by that.
        positions.iter_mut().for_each(|one| one.at = one.at.trunc_subsecs(6));
        // In one order for all: two who keep the same don't wait for each other.
        positions.sort_unstable_by_key(Position::key);
        positions.dedup_by_key(|one| one.key());
        let mut attempt = 1;
        loop {
            match self.try_keep(&positions, letters, lease).await {
                Ok(Some((kept, has_news))) => {
                    if has_news {
                        (self.bell)();
                    }
                    if let Err(error) = store::device_state::tell_moved(&self.pool, &kept.moved).await {
                        tracing::debug!(%error, "maps could not be told where devices are; they look by themselves");
                    }
                    return Ok(kept);
                }
                // Somebody else has found something of one of these devices meanwhile.
                Ok(None) if attempt < TRANSACTION_ATTEMPTS_MAX => attempt += 1,
                Ok(None) => return Err(sqlx::Error::Protocol("states of devices keep changing".to_owned())),
                Err(error) if store::may_retry(&error) && attempt < TRANSACTION_ATTEMPTS_MAX => attempt += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// `None`: a device's state was changed by somebody else meanwhile. Otherwise whether nodes or edges changed, too.
    async fn try_keep(
        &self,
        positions: &[Position],
        letters: &[TelemetryLetter],
        lease: Option<&ShardLease>,
    ) -> Result<Option<(Kept, bool)>, store::Error> {
        let mut device_ids: Vec<Uuid> =
            positions.iter().map(|one| one.device_id).chain(letters.iter().filter_map(|letter| letter.device_id)).collect();
        device_ids.sort_unstable();
        device_ids.dedup();
        let mut tx = store::begin(&self.pool).await?;
        // Whoever does not own what this came from any more keeps nothing of it.
        if let Some(lease) = lease {
            store::telemetry_shard::hold_lease(&mut *tx, lease).await?;
        }
        // Before all else of the graph, as whoever changes a device does it: so two of them never wait for each other.
        let known = store::device::hold_devices(&mut *tx, &device_ids).await?;
        let is_known = |id: Uuid| known.binary_search(&id).is_ok();
        let unknown: Vec<Uuid> = device_ids.iter().copied().filter(|id| !is_known(*id)).collect();
        let now = store::database::now(&mut *tx).await?;
        let judged: Vec<Position> =
            positions.iter().filter(|one| is_known(one.device_id)).map(|one| received(one, now)).collect();
        let new = store::position::insert_positions(&mut *tx, &judged).await?;
        let (told, late) = self.tell_new(&mut tx, &known, judged, &new, now).await?;
        let letters: Vec<TelemetryLetter> =
            letters.iter().filter(|letter| letter.device_id.is_none_or(is_known)).cloned().collect();
        store::dead_letter::insert_telemetry_letters(&mut *tx, &letters).await?;
        let moved = told.iter().filter(|one| one.has_moved).map(|one| one.standing.device_id).collect();
        let Some(changed) = told::write(&mut tx, told).await? else { return Ok(None) };
        let came = store::device::set_online(&mut *tx, &known).await?;
        tx.commit().await?;
        Ok(Some((Kept { new: new.len(), unknown, moved, has_late: late }, changed || came > 0)))
    }

    /// What the new ones of these positions tell of their devices, and whether some came late.
    async fn tell_new(
        &self,
        db: &mut PgConnection,
        known: &[Uuid],
        positions: Vec<Position>,
        new: &[PositionKey],
        now: DateTime<Utc>,
    ) -> Result<(Vec<Told>, bool), store::Error> {
        let standings = store::device_state::list_standings(&mut *db, known).await?;
        let mut standings: HashMap<Uuid, Standing> = standings.into_iter().map(|one| (one.device_id, one)).collect();
        let fences = self.fences.current(db).await?;
        let mut by_device: Vec<(Uuid, Vec<Position>)> = known.iter().map(|id| (*id, Vec::new())).collect();
        for position in positions {
            if new.binary_search(&position.key()).is_ok()
                && let Ok(at) = by_device.binary_search_by_key(&position.device_id, |(id, _)| *id)
                && let Some((_, theirs)) = by_device.get_mut(at)
            {
                theirs.push(position);
            }
        }
        let mut late = false;
        let mut told = Vec::with_capacity(by_device.len());
        for (device_id, theirs) in by_device {
            let before = standings.remove(&device_id).unwrap_or_else(|| told::unheard(device_id));
            // One that only repeats itself is heard all the same.
            let one = tell(Standing { received_at: now, ..before }, &theirs, &fences);
            late |= one.is_late;
            told.push(one);
        }
        Ok((told, late))
    }

    /// Devices that were not heard of for so long are offline from now on; answers how many.
    pub async fn leave_offline(&self, silent_for: Duration) -> Result<u64, store::Error> {
        let went = store::device::set_offline(&self.pool, silent_for).await?;
        if went > 0 {
            (self.bell)();
        }
        Ok(went)
    }
}

/// With when it was received, and what it is by itself.
fn received(position: &Position, now: DateTime<Utc>) -> Position {
    let mut position = Position { received_at: now, ..position.clone() };
    position.faulty = position.to_judge().faulty_alone();
    position
}
