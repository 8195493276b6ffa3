//! What became of a test message.

use crate::{Context, Intentions, authorise};
use domain::audit::AuditSubject;
use domain::connection::TestOutcome;
use domain::{Actor, Refusal};
use serde_json::json;
use store::audit::NewEntry;
use uuid::Uuid;

impl Intentions {
    /// Writes it down at the connection, and in the log who sent it.
    pub async fn record_connection_test(
        &self,
        actor: &Actor,
        id: Uuid,
        outcome: &TestOutcome,
        context: &Context,
    ) -> Result<(), Refusal> {
        authorise::writer(actor)?;
        self.try_record_test(actor, id, outcome, context).await.map_err(store::refusal)?;
        (self.bell)();
        Ok(())
    }

    async fn try_record_test(
        &self,
        actor: &Actor,
        id: Uuid,
        outcome: &TestOutcome,
        context: &Context,
    ) -> Result<(), store::Error> {
        let mut tx = store::begin(&self.pool).await?;
        let Some(node) = store::node::lock_node(&mut *tx, id).await? else { return Ok(()) };
        let error = (!outcome.ok).then_some(outcome.detail.as_str());
        store::connection::update_connection_test(&mut *tx, id, error).await?;
        let subject = AuditSubject {
            node_id: Some(id),
            edge_id: None,
            scope_id: node.scope_id,
            other_scope_id: node.scope_id,
            kind: Some(node.kind),
            title: Some(node.title),
        };
        let summary = json!({ "kind": subject.kind, "title": subject.title, "ok": outcome.ok });
        let actor_title = if let Actor::Person { title, .. } = actor { Some(title.as_str()) } else { None };
        let entry = NewEntry {
            id: Uuid::now_v7(),
            actor_id: actor.person_id(),
            actor_title,
            action: "test_connection",
            subject: &subject,
            summary: &summary,
            request_id: context.request_id.as_deref(),
        };
        store::audit::insert_entry(&mut *tx, entry).await?;
        tx.commit().await
    }
}
