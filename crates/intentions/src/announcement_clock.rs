//! What the clock makes of announcements: each begins and ends once, whoever else looks at the same time.

use crate::Intentions;
use crate::apply::tell_announcement;
use domain::Refusal;
use domain::announcement::AnnouncementState;
use domain::audit::AuditSubject;
use domain::limits::TRANSACTION_ATTEMPTS_MAX;
use domain::node::NodeKind;
use serde_json::json;
use store::audit::NewEntry;
use uuid::Uuid;

impl Intentions {
    /// Brings one level with the clock, if it is not, and answers its state: in one transaction with who may
    /// see it, the word to people and the audit entry. Of several servers that see it due one does, the others
    /// answer `None`.
    pub async fn advance_announcement(&self, id: Uuid) -> Result<Option<AnnouncementState>, Refusal> {
        let mut attempt = 1;
        loop {
            match self.try_advance_announcement(id).await {
                Err(error) if store::may_retry(&error) && attempt < TRANSACTION_ATTEMPTS_MAX => attempt += 1,
                Err(error) => return Err(store::refusal(error)),
                Ok(moved) => {
                    if moved.is_some() {
                        (self.bell)();
                        self.ring_jobs().await;
                    }
                    return Ok(moved);
                }
            }
        }
    }

    async fn try_advance_announcement(&self, id: Uuid) -> Result<Option<AnnouncementState>, store::Error> {
        let mut tx = store::begin(&self.pool).await?;
        let Some(node) = store::node::lock_node(&mut *tx, id).await? else { return Ok(None) };
        let Some(before) = store::announcement::lock_announcement(&mut *tx, id).await? else { return Ok(None) };
        let state = before.state_at(store::database::now(&mut *tx).await?);
        if state == before.state {
            return Ok(None);
        }
        let after = domain::announcement::Announcement { state, ..before.clone() };
        store::announcement::upsert_announcement(&mut *tx, id, &after).await?;
        store::scope::upsert_scope(&mut *tx, id, Some(after.visibility()), None).await?;
        if state == AnnouncementState::Active {
            let body = store::node::find_node(&mut *tx, id).await?.map(|node| node.body).unwrap_or_default();
            tell_announcement(&mut tx, id, &node.title, &body, &after).await?;
        }
        let subject = AuditSubject {
            node_id: Some(id),
            edge_id: None,
            scope_id: node.scope_id,
            other_scope_id: node.scope_id,
            kind: Some(NodeKind::Announcement),
            title: Some(node.title),
        };
        let summary = json!({ "kind": subject.kind, "title": subject.title, "from": before.state, "to": state });
        let entry = NewEntry {
            id: Uuid::now_v7(),
            actor_id: None,
            actor_title: None,
            action: "advance_announcement",
            subject: &subject,
            summary: &summary,
            request_id: None,
        };
        store::audit::insert_entry(&mut *tx, entry).await?;
        tx.commit().await?;
        Ok(Some(state))
    }
}
