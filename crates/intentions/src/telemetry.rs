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
use store::position::Position;
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
        let (mut attempt, mut trusted) = (1, true);
        loop {
            match self.try_keep(&mut positions, letters, lease, trusted).await {
                Ok(Some((kept, has_news))) => {
                    if has_news {
                        (self.bell)();
                    }
                    if let Err(error) = store::device_state::tell_moved(&self.pool, &kept.moved).await {
                        tracing::debug!(%error, "maps could not be told where devices are; they look by themselves");
                    }
                    return Ok(kept);
                }
                // One is there already though it looked new: each is looked for.
                Err(error) if trusted && store::is_there_already(&error) => trusted = false,
                // Somebody else has found something of one of these devices meanwhile.
                Ok(None) if attempt < TRANSACTION_ATTEMPTS_MAX => attempt += 1,
                Ok(None) => return Err(sqlx::Error::Protocol("states of devices keep changing".to_owned())),
                Err(error) if store::may_retry(&error) && attempt < TRANSACTION_ATTEMPTS_MAX => attempt += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// `None`: a device's state was changed by somebody else meanwhile. Otherwise whether nodes or edges changed, too.
    /// With `trusted` positions behind all that their device's state knows are taken for new, which spares a look for
    /// each; one that is not fails it all.
    async fn try_keep(
        &self,
        positions: &mut [Position],
        letters: &[TelemetryLetter],
        lease: Option<&ShardLease>,
        trusted: bool,
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
        positions.iter_mut().for_each(|one| receive(one, now));
        let standings = store::device_state::list_standings(&mut *tx, &known).await?;
        let standings: HashMap<Uuid, Standing> = standings.into_iter().map(|one| (one.device_id, one)).collect();
        let is_behind = |one: &Position| {
            trusted && standings.get(&one.device_id).and_then(|it| it.state.told).is_none_or(|told| told < (one.at, one.digest))
        };
        let of_known = positions.iter().filter(|one| is_known(one.device_id));
        let (behind, others): (Vec<&Position>, Vec<&Position>) = of_known.partition(|one| is_behind(one));
        store::position::copy_positions(&mut tx, &behind).await?;
        let found = store::position::insert_positions(&mut *tx, &others).await?;
        let new = positions.iter().filter(|one| is_known(one.device_id));
        let new: Vec<&Position> = new.filter(|one| is_behind(one) || found.binary_search(&one.key()).is_ok()).collect();
        let count = new.len();
        let (told, late) = self.tell_new(&mut tx, &known, &new, standings, now).await?;
        let letters: Vec<TelemetryLetter> =
            letters.iter().filter(|letter| letter.device_id.is_none_or(is_known)).cloned().collect();
        store::dead_letter::insert_telemetry_letters(&mut *tx, &letters).await?;
        let moved = told.iter().filter(|one| one.has_moved).map(|one| one.standing.device_id).collect();
        let Some(changed) = told::write(&mut tx, told).await? else { return Ok(None) };
        let came = store::device::set_online(&mut *tx, &known).await?;
        tx.commit().await?;
        Ok(Some((Kept { new: count, unknown, moved, has_late: late }, changed || came > 0)))
    }

    /// What these new positions, in order, tell of their devices, and whether some came late.
    async fn tell_new(
        &self,
        db: &mut PgConnection,
        known: &[Uuid],
        new: &[&Position],
        mut standings: HashMap<Uuid, Standing>,
        now: DateTime<Utc>,
    ) -> Result<(Vec<Told>, bool), store::Error> {
        let fences = self.fences.current(db).await?;
        let mut left = new;
        let mut late = false;
        let mut told = Vec::with_capacity(known.len());
        // Devices and positions are in the same order.
        for device_id in known {
            let (theirs, others) = left.split_at(left.partition_point(|one| one.device_id <= *device_id));
            left = others;
            let before = standings.remove(device_id).unwrap_or_else(|| told::unheard(*device_id));
            // One that only repeats itself is heard all the same.
            let one = tell(Standing { received_at: now, ..before }, theirs, &fences);
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

/// It was received then, and is what it is by itself.
fn receive(position: &mut Position, now: DateTime<Utc>) {
    position.received_at = now;
    position.faulty = position.to_judge().faulty_alone();
}
