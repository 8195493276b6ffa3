//! The windows of series that the clock makes ahead of time: each once, whichever server looks.

use crate::Intentions;
use crate::apply::Work;
use crate::carry_out::Stop;
use domain::limits::TRANSACTION_ATTEMPTS_MAX;
use domain::{Actor, Refusal};
use uuid::Uuid;

impl Intentions {
    /// Makes the windows of a series that are due to be made, in one transaction; answers how many. Of several servers
    /// that look one makes them, the others find them made.
    pub async fn make_occurrences(&self, series_id: Uuid) -> Result<usize, Refusal> {
        let mut attempt = 1;
        loop {
            match self.try_make_occurrences(series_id).await {
                Err(Stop::Database(error)) if store::may_retry(&error) && attempt < TRANSACTION_ATTEMPTS_MAX => attempt += 1,
                Err(Stop::Database(error)) => return Err(store::refusal(error)),
                Err(Stop::Refused(refusal)) => return Err(refusal),
                Ok(made) => {
                    if made > 0 {
                        self.ring_for_maintenance();
                    }
                    return Ok(made);
                }
            }
        }
    }

    async fn try_make_occurrences(&self, series_id: Uuid) -> Result<usize, Stop> {
        let mut tx = store::begin(&self.pool).await?;
        // It deletes what the series does not hold any more.
        store::access::lock_graph(&mut *tx).await?;
        store::dependency::lock_dependencies(&mut *tx).await?;
        let Some(series) = store::maintenance::lock_series(&mut *tx, series_id).await? else { return Ok(0) };
        if series.ended_at.is_some() {
            return Ok(0);
        }
        let now = store::database::now(&mut *tx).await?;
        let made = Work::new(&mut tx, &Actor::Server, None, None).make_occurrences(&series, now).await?;
        tx.commit().await?;
        Ok(made)
    }
}
