//! The audit log.

use domain::audit::{AuditEntry, AuditSubject};
use serde_json::Value;
use sqlx::PgExecutor;
use sqlx::types::chrono::{DateTime, Utc};
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

pub struct NewEntry<'a> {
    pub id: Uuid,
    pub actor_id: Option<Uuid>,
    pub actor_title: Option<&'a str>,
    pub action: &'a str,
    pub subject: &'a AuditSubject,
    pub summary: &'a Value,
    pub request_id: Option<&'a str>,
}

pub async fn insert_entry(db: impl PgExecutor<'_>, new: NewEntry<'_>) -> Result<()> {
    sqlx::query!(
        "insert into audit_log (id, actor_id, actor_title, action, node_id, edge_id, scope_id, other_scope_id, summary, request_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        new.id,
        new.actor_id,
        new.actor_title,
        new.action,
        new.subject.node_id,
        new.subject.edge_id,
        new.subject.scope_id,
        new.subject.other_scope_id,
        new.summary,
        new.request_id
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Entries that `reader` may see, newest first: of one node (what was done to edges that lead to it
/// too, such as its grants), or of all but what was said in channels, of which there is much.
pub async fn list_readable_entries(
    db: impl PgExecutor<'_>,
    reader: Option<Uuid>,
    node_id: Option<Uuid>,
    before: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<AuditEntry>> {
    let (before_at, before_id) = before.unzip();
    let Some(node_id) = node_id else {
        return sqlx::query_as!(
            AuditEntry,
            "select id, at, actor_id, actor_title, action, node_id, edge_id, summary from audit_log
              where summary ->> 'kind' is distinct from 'message'
                and ($2::timestamptz is null or (at, id) < ($2, $3::uuid))
                and scope_id in (select r.scope_id from readable_scopes($1) r)
                and other_scope_id in (select r.scope_id from readable_scopes($1) r)
              order by at desc, id desc limit $4",
            reader,
            before_at,
            before_id,
            limit
        )
        .fetch_all(db)
        .await;
    };
    sqlx::query_as!(
        AuditEntry,
        "select id, at, actor_id, actor_title, action, node_id, edge_id, summary from audit_log
          where (node_id = $2 or (edge_id is not null and summary #>> '{target,id}' = $2::uuid::text))
            and ($3::timestamptz is null or (at, id) < ($3, $4::uuid))
            and scope_id in (select r.scope_id from readable_scopes($1) r)
            and other_scope_id in (select r.scope_id from readable_scopes($1) r)
          order by at desc, id desc limit $5",
        reader,
        node_id,
        before_at,
        before_id,
        limit
    )
    .fetch_all(db)
    .await
}
