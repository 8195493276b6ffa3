//! What happens to credentials goes into the audit log; the secrets themselves never do.

use domain::NodeKind;
use domain::audit::AuditSubject;
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

/// What happened to whose account.
pub(crate) struct AccountEvent<'a> {
    pub(crate) action: &'static str,
    /// Who did it.
    pub(crate) actor_id: Uuid,
    pub(crate) actor_title: &'a str,
    /// Whose account it is.
    pub(crate) person_id: Uuid,
    pub(crate) person_title: &'a str,
    /// What else is worth keeping.
    pub(crate) more: Value,
    pub(crate) request_id: Option<&'a str>,
}

/// Writes the entry, in the transaction of what happened. Its scope is nobody's: people see each
/// other, but not each other's sign-ins. It is for those who read the database.
pub(crate) async fn record(db: &mut PgConnection, event: AccountEvent<'_>) -> Result<(), store::Error> {
    let mut summary = json!({ "kind": NodeKind::Person, "title": event.person_title });
    if let (Some(summary), Value::Object(more)) = (summary.as_object_mut(), event.more) {
        summary.extend(more);
    }
    let subject = AuditSubject {
        node_id: Some(event.person_id),
        edge_id: None,
        scope_id: Uuid::nil(),
        other_scope_id: Uuid::nil(),
        kind: Some(NodeKind::Person),
        title: Some(event.person_title.to_owned()),
    };
    let entry = store::audit::NewEntry {
        id: Uuid::now_v7(),
        actor_id: Some(event.actor_id),
        actor_title: Some(event.actor_title),
        action: event.action,
        subject: &subject,
        summary: &summary,
        request_id: event.request_id,
    };
    store::audit::insert_entry(db, entry).await
}
