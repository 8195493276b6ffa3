//! What checks find: the one write of the graph that nobody asked for.

use crate::Intentions;
use crate::notify::notify;
use domain::audit::AuditSubject;
use domain::limits::TRANSACTION_ATTEMPTS_MAX;
use domain::notification::{Notice, NoticeKind};
use domain::system::State;
use domain::{NodeKind, Refusal};
use serde_json::json;
use sqlx::PgConnection;
use store::audit::NewEntry;
use uuid::Uuid;

impl Intentions {
    /// Sets the state that a run of a system's check led to, with the reason for people. Answers
    /// whether anything was written: not when the state is that already (another reason alone is no
    /// news), when the system is gone or checked no longer, nor when `fence` is old, because then
    /// somebody else checks it by now, or it is checked for something else.
    pub async fn set_state(&self, system_id: Uuid, fence: i64, state: State, reason: Option<&str>) -> Result<bool, Refusal> {
        let mut attempt = 1;
        loop {
            match self.try_set_state(system_id, fence, state, reason).await {
                Err(error) if store::may_retry(&error) && attempt < TRANSACTION_ATTEMPTS_MAX => attempt += 1,
                Err(error) => return Err(store::refusal(error)),
                Ok(written) => {
                    if written {
                        (self.bell)();
                        self.ring_jobs().await;
                    }
                    return Ok(written);
                }
            }
        }
    }

    async fn try_set_state(&self, system_id: Uuid, fence: i64, state: State, reason: Option<&str>) -> Result<bool, store::Error> {
        let mut tx = store::begin(&self.pool).await?;
        // Its state is others' affair too: then that lock comes before all rows.
        if store::dependency::takes_part(&mut *tx, system_id).await? {
            store::dependency::lock_dependencies(&mut *tx).await?;
        }
        // The node first, as every writer of facets does it: so two of them never wait for each other.
        let Some(node) = store::node::lock_node(&mut *tx, system_id).await? else { return Ok(false) };
        if store::check::lock_fence(&mut *tx, system_id).await? != Some(fence) {
            return Ok(false);
        }
        let Some(before) = store::check::update_state(&mut *tx, system_id, state, reason).await? else { return Ok(false) };
        let subject = AuditSubject {
            node_id: Some(system_id),
            edge_id: None,
            scope_id: node.scope_id,
            other_scope_id: node.scope_id,
            kind: Some(NodeKind::System),
            title: Some(node.title),
        };
        tell_of_state(&mut tx, &subject, before, state, reason).await?;
        let summary = json!({ "kind": subject.kind, "title": subject.title, "from": before, "to": state, "reason": reason });
        let entry = NewEntry {
            id: Uuid::now_v7(),
            actor_id: None,
            actor_title: None,
            action: "set_state",
            subject: &subject,
            summary: &summary,
            request_id: None,
        };
        store::audit::insert_entry(&mut *tx, entry).await?;
        tx.commit().await?;
        Ok(true)
    }
}

/// Tells that a system is down, or up again; not while it is being worked on.
async fn tell_of_state(
    db: &mut PgConnection,
    subject: &AuditSubject,
    before: State,
    state: State,
    reason: Option<&str>,
) -> Result<(), store::Error> {
    let kind = match (before, state) {
        (_, State::Down) => NoticeKind::SystemDown,
        (State::Down, State::Up) => NoticeKind::SystemUp,
        _ => return Ok(()),
    };
    let (Some(system_id), Some(title)) = (subject.node_id, &subject.title) else { return Ok(()) };
    if !store::incident::list_suppressed_systems(&mut *db, &[system_id]).await?.is_empty() {
        return Ok(());
    }
    let message = reason.map(str::to_owned);
    let notice = Notice { message, ..Notice::new(kind, system_id, NodeKind::System, subject.scope_id, title.clone()) };
    notify(db, &notice).await
}
