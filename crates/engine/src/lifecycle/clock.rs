//! What is due of maintenances happens when it is due. Every server may look; each move is made by one of
//! them (see `Intentions::advance_maintenance`).

use domain::limits::MAINTENANCE_POLL;
use intentions::Intentions;
use std::time::Duration;
use store::Pool;

/// Maintenances looked at in one round; the next follows at once when there are more.
const AT_ONCE: i64 = 100;
/// Timers are exact to a millisecond.
const TIMER_MIN: Duration = Duration::from_millis(1);
/// Before a series is looked at again that could not be looked after.
const SERIES_FAILED_PAUSE: Duration = Duration::from_secs(60);
/// After a look that found something due which another server is at.
const LOOK_PAUSE: Duration = Duration::from_millis(20);

pub(super) struct Clock {
    pub(super) pool: Pool,
    pub(super) intentions: Intentions,
    /// So many minutes before a begin.
    pub(super) reminders_min: Vec<i32>,
}

impl Clock {
    /// Makes what is due; answers how long to wait before the next look.
    /// Not of Synops itself, as long as signs of life can't be trusted (`steady` false).
    pub(super) async fn look(&self, steady: bool) -> Result<Duration, store::Error> {
        let (mut moved, mut failed) = (false, false);
        for id in store::maintenance::list_due(&self.pool, steady, AT_ONCE).await? {
            match self.intentions.advance_maintenance(id).await {
                Ok(Some(made)) => {
                    tracing::info!(maintenance_id = %id, to = %made.to, "a maintenance has moved on");
                    moved = true;
                }
                Ok(None) => {}
                // One that fails keeps nobody else waiting.
                Err(error) => {
                    tracing::warn!(%error, maintenance_id = %id, "a maintenance could not be moved on; tried again shortly");
                    failed = true;
                }
            }
        }
        failed |= !self.look_after_series().await?;
        failed |= self.remind().await?;
        let announced = self.announce().await?;
        if failed {
            return Ok(MAINTENANCE_POLL);
        }
        if moved || announced {
            // Another move may be due after it: of a window that was slept through.
            return Ok(Duration::ZERO);
        }
        let announcement = store::announcement::find_next_announcement_due(&self.pool).await?;
        let next = store::maintenance::find_next_due(&self.pool).await?.into_iter().chain(announcement).min();
        Ok(match next {
            Some(Duration::ZERO) => LOOK_PAUSE,
            Some(next) => next.clamp(TIMER_MIN, MAINTENANCE_POLL),
            None => MAINTENANCE_POLL,
        })
    }

    /// Gives the reminders that are due; answers whether one failed.
    async fn remind(&self) -> Result<bool, store::Error> {
        let mut failed = false;
        for id in store::maintenance::list_reminders_due(&self.pool, &self.reminders_min, AT_ONCE).await? {
            if let Err(error) = self.intentions.remind_of_maintenance(id, &self.reminders_min).await {
                tracing::warn!(%error, maintenance_id = %id, "people could not be reminded; tried again shortly");
                failed = true;
            }
        }
        Ok(failed)
    }

    /// Brings announcements level with the clock; answers whether any moved.
    async fn announce(&self) -> Result<bool, store::Error> {
        let mut moved = false;
        for id in store::announcement::list_announcements_due(&self.pool, AT_ONCE).await? {
            match self.intentions.advance_announcement(id).await {
                Ok(state) => moved |= state.is_some(),
                Err(error) => {
                    tracing::warn!(%error, announcement_id = %id, "an announcement could not be moved on; tried again shortly")
                }
            }
        }
        Ok(moved)
    }

    /// Has the windows made that series have ahead; answers whether all of it went well.
    async fn look_after_series(&self) -> Result<bool, store::Error> {
        let mut well = true;
        for id in store::maintenance::list_due_series(&self.pool, AT_ONCE).await? {
            match self.intentions.make_occurrences(id).await {
                Ok(0) => {}
                Ok(made) => tracing::info!(series_id = %id, made, "windows of a series were planned"),
                Err(error) => {
                    tracing::warn!(%error, series_id = %id, "windows of a series could not be planned; tried again in a while");
                    store::maintenance::put_off_series(&self.pool, id, SERIES_FAILED_PAUSE).await?;
                    well = false;
                }
            }
        }
        Ok(well)
    }
}
