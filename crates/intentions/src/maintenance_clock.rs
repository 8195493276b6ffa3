//! What the clock makes of maintenances: each move once, whoever else looks at the same time.

use crate::Intentions;
use crate::notify::{kind_of, tell_of_maintenance};
use domain::Refusal;
use domain::audit::AuditSubject;
use domain::lifecycle::Stops;
use domain::limits::TRANSACTION_ATTEMPTS_MAX;
use domain::maintenance::{Maintenance, MaintenanceState, Move, Verification};
use domain::node::{Facet, NodeKind};
use domain::notification::NoticeKind;
use domain::timeline::{Audience, StateChange};
use serde_json::json;
use sqlx::PgConnection;
use store::audit::NewEntry;
use store::node::LockedNode;
use store::timeline::NewUpdateRow;
use uuid::Uuid;

impl Intentions {
    /// Makes the one move that is due of a maintenance, if there is one, and answers it: in one
    /// transaction with the word to people and the audit entry. Of several servers that see it due
    /// one makes it, the others answer `None`.
    pub async fn advance_maintenance(&self, id: Uuid) -> Result<Option<Move>, Refusal> {
        let mut attempt = 1;
        loop {
            match self.try_advance(id).await {
                Err(error) if store::may_retry(&error) && attempt < TRANSACTION_ATTEMPTS_MAX => attempt += 1,
                Err(error) => return Err(store::refusal(error)),
                Ok(moved) => {
                    if let Some(moved) = moved {
                        self.ring_for_maintenance();
                        if moved.to == MaintenanceState::Verifying {
                            self.check_bell.notify_one();
                        }
                    }
                    return Ok(moved);
                }
            }
        }
    }

    /// Gives the reminders of one that are due, so many minutes before its begin; answers whether there were
    /// any. Of several servers that see them due one gives them.
    pub async fn remind_of_maintenance(&self, id: Uuid, minutes: &[i32]) -> Result<bool, Refusal> {
        let mut attempt = 1;
        loop {
            match self.try_remind(id, minutes).await {
                Err(error) if store::may_retry(&error) && attempt < TRANSACTION_ATTEMPTS_MAX => attempt += 1,
                Err(error) => return Err(store::refusal(error)),
                Ok(reminded) => {
                    if reminded {
                        self.ring_for_maintenance();
                    }
                    return Ok(reminded);
                }
            }
        }
    }

    async fn try_remind(&self, id: Uuid, minutes: &[i32]) -> Result<bool, store::Error> {
        let mut tx = store::begin(&self.pool).await?;
        if store::node::lock_node(&mut *tx, id).await?.is_none()
            || !store::maintenance::take_reminders(&mut *tx, id, minutes).await?
        {
            return Ok(false);
        }
        tell_of_maintenance(&mut tx, id, NoticeKind::MaintenanceReminder, None).await?;
        tx.commit().await?;
        Ok(true)
    }

    async fn try_advance(&self, id: Uuid) -> Result<Option<Move>, store::Error> {
        // A look without a lock: one that verifies is looked at again and again.
        if !self.is_due(id).await? {
            return Ok(None);
        }
        let mut tx = store::begin(&self.pool).await?;
        let Some(node) = store::node::lock_node(&mut *tx, id).await? else { return Ok(None) };
        let Some(before) = store::maintenance::lock_maintenance(&mut *tx, id).await? else { return Ok(None) };
        let Some(due) = due(&mut tx, id, &before).await? else { return Ok(None) };
        if !store::maintenance::move_maintenance(&mut tx, id, &before, due.to, due.outcome).await? {
            return Ok(None);
        }
        if due.to == MaintenanceState::Verifying {
            store::maintenance::check_affected_now(&mut *tx, id).await?;
        }
        if before.affects_instance && before.state == MaintenanceState::InProgress {
            tell_who_was_lost(&mut tx, id).await?;
        }
        let state_change = Some(StateChange::Maintenance(due.to));
        let update = NewUpdateRow { node_id: id, by: None, message: due.message, audience: Audience::Public, state_change };
        store::timeline::insert_update(&mut *tx, update).await?;
        tell_of_maintenance(&mut tx, id, kind_of(due.to), Some((due.message, Audience::Public))).await?;
        record(&mut tx, id, node, before.state, due).await?;
        tx.commit().await?;
        Ok(Some(due))
    }

    async fn is_due(&self, id: Uuid) -> Result<bool, store::Error> {
        let mut db = self.pool.acquire().await?;
        match store::node::find_node(&mut *db, id).await?.and_then(|node| node.facet) {
            Some(Facet::Maintenance(maintenance)) => Ok(due(&mut db, id, &maintenance).await?.is_some()),
            _ => Ok(false),
        }
    }
}

async fn due(db: &mut PgConnection, id: Uuid, maintenance: &Maintenance) -> Result<Option<Move>, store::Error> {
    let found = match maintenance.state {
        MaintenanceState::InProgress | MaintenanceState::Verifying => store::maintenance::find_verification(&mut *db, id).await?,
        _ => Verification::default(),
    };
    let stops = match maintenance.affects_instance {
        true => store::maintenance::count_stops(&mut *db, id).await?,
        false => Stops::default(),
    };
    Ok(maintenance.due(store::database::now(&mut *db).await?, found, stops))
}

/// Names the servers that went without having stopped for it as they should: for members.
async fn tell_who_was_lost(db: &mut PgConnection, id: Uuid) -> Result<(), store::Error> {
    let stops = store::maintenance::list_stops(&mut *db, id).await?;
    let lost = stops.iter().filter(|stop| stop.turn.is_some() && stop.stopped_at.is_none());
    for stop in lost {
        let message = match (stop.is_present, stop.draining_at.is_some()) {
            (true, _) => format!("{} kept running: its turn did not come.", stop.name),
            (false, true) => format!("{} ended while it drained. Jobs it had under way began again elsewhere.", stop.name),
            (false, false) => format!("{} ended before it drained. Jobs it had under way began again elsewhere.", stop.name),
        };
        let update = NewUpdateRow { node_id: id, by: None, message: &message, audience: Audience::Internal, state_change: None };
        store::timeline::insert_update(&mut *db, update).await?;
    }
    Ok(())
}

async fn record(
    db: &mut PgConnection,
    id: Uuid,
    node: LockedNode,
    from: MaintenanceState,
    due: Move,
) -> Result<(), store::Error> {
    let subject = AuditSubject {
        node_id: Some(id),
        edge_id: None,
        scope_id: node.scope_id,
        other_scope_id: node.scope_id,
        kind: Some(NodeKind::Maintenance),
        title: Some(node.title),
    };
    let summary = json!({
        "kind": subject.kind, "title": subject.title, "from": from, "to": due.to, "outcome": due.outcome,
    });
    let entry = NewEntry {
        id: Uuid::now_v7(),
        actor_id: None,
        actor_title: None,
        action: "advance_maintenance",
        subject: &subject,
        summary: &summary,
        request_id: None,
    };
    store::audit::insert_entry(db, entry).await
}
