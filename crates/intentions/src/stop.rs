//! The steps by which a server stops for a maintenance of Synops itself. Each is one transaction: what
//! the server has done, and the word to people. They are conditional, so that a step is taken once.

use crate::Intentions;
use chrono::{DateTime, Utc};
use domain::timeline::Audience;
use sqlx::PgConnection;
use std::time::Duration;
use store::maintenance::TurnAsked;
use store::timeline::NewUpdateRow;

impl Intentions {
    /// Everybody who is connected to this server has been told. Answers whether that was news.
    pub async fn announce_stop(&self, who: TurnAsked<'_>) -> Result<bool, store::Error> {
        let mut tx = store::begin(&self.pool).await?;
        // First of all, as everybody does who writes about it.
        store::node::lock_node(&mut *tx, who.maintenance_id).await?;
        let is_news = store::maintenance::announce_stop(&mut *tx, who).await?;
        tx.commit().await?;
        if is_news {
            self.ring_for_maintenance();
        }
        Ok(is_news)
    }

    /// Takes the server's turn, if it has come: it closes from now on. Answers whether it was taken now. Those who
    /// stand in for it have been ready for `ready_pause`.
    pub async fn take_turn(&self, who: TurnAsked<'_>, ready_pause: Duration) -> Result<bool, store::Error> {
        if !store::maintenance::has_turn(&self.pool, who.maintenance_id, who.instance_id).await? {
            return Ok(false);
        }
        let mut tx = store::begin(&self.pool).await?;
        // Of two servers whose turn seems to have come, one sees that the other was first.
        if store::node::lock_node(&mut *tx, who.maintenance_id).await?.is_none()
            || store::maintenance::lock_maintenance(&mut *tx, who.maintenance_id).await?.is_none()
            || !store::maintenance::take_turn(&mut *tx, who.maintenance_id, who.instance_id, ready_pause).await?
        {
            return Ok(false);
        }
        tell(&mut tx, who, "closes: no job begins there any more.").await?;
        tx.commit().await?;
        self.ring_for_maintenance();
        Ok(true)
    }

    /// Its jobs have so long now. Answers until when; `None` when it drains already, or need not.
    pub async fn begin_draining(&self, who: TurnAsked<'_>) -> Result<Option<DateTime<Utc>>, store::Error> {
        let mut tx = store::begin(&self.pool).await?;
        store::node::lock_node(&mut *tx, who.maintenance_id).await?;
        let Some(until) = store::maintenance::begin_draining(&mut *tx, who.maintenance_id, who.instance_id).await? else {
            return Ok(None);
        };
        tell(&mut tx, who, &format!("drains: jobs may finish until {}.", until.format("%H:%M:%S UTC"))).await?;
        tx.commit().await?;
        self.ring_for_maintenance();
        Ok(Some(until))
    }

    /// It has stopped, but for what is `late`.
    pub async fn finish_stop(&self, who: TurnAsked<'_>, late: &[String]) -> Result<(), store::Error> {
        let mut tx = store::begin(&self.pool).await?;
        store::node::lock_node(&mut *tx, who.maintenance_id).await?;
        if !store::maintenance::finish_stop(&mut *tx, who.maintenance_id, who.instance_id, late).await? {
            return Ok(());
        }
        let said = match late {
            [] => "has stopped; its supervisor starts it again.".to_owned(),
            late => format!("has stopped; these did not end in time: {}.", late.join(", ")),
        };
        tell(&mut tx, who, &said).await?;
        tx.commit().await?;
        self.ring_for_maintenance();
        Ok(())
    }
}

async fn tell(db: &mut PgConnection, who: TurnAsked<'_>, said: &str) -> Result<(), store::Error> {
    let message = format!("{} {said}", who.name);
    let (maintenance_id, audience) = (who.maintenance_id, Audience::Internal);
    let update = NewUpdateRow { node_id: maintenance_id, by: None, message: &message, audience, state_change: None };
    store::timeline::insert_update(db, update).await
}
