//! Incidents that rules of systems open and end.

use sqlx::PgExecutor;
use sqlx::types::chrono::{DateTime, Utc};
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// Systems that have been down for as long as their rule allows, by their own failure, with nobody who keeps
/// them quiet and without an incident of this failure: longest down first.
pub async fn list_systems_to_report(db: impl PgExecutor<'_>, limit: i64) -> Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        "select s.node_id from systems s
          where s.state = 'down' and s.incident_after_s is not null
            and s.state_since <= clock_timestamp() - make_interval(secs => s.incident_after_s)
            and s.root_id = s.node_id
            and not exists (
              select from incidents i
               where i.automatic and i.cause_id = s.node_id and (i.state <> 'resolved' or i.resolved_at >= s.state_since))
            and not exists (select from suppressed_systems(array[s.node_id]))
          order by s.state_since limit $1",
        limit
    )
    .fetch_all(db)
    .await
}

/// An incident that is to be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueIncident {
    /// What the system is part of: so is the incident.
    pub parent_id: Uuid,
    pub parent_scope_id: Uuid,
    /// Since when it is down.
    pub since: DateTime<Utc>,
    /// For how long it may be.
    pub after_s: i32,
}

/// The same of one system, whose node the caller has locked; `None`: not (any more).
pub async fn find_due_incident(db: impl PgExecutor<'_>, system_id: Uuid) -> Result<Option<DueIncident>> {
    sqlx::query_as!(
        DueIncident,
        r#"select p.id as parent_id, p.scope_id as parent_scope_id, s.state_since as since, s.incident_after_s as "after_s!"
             from systems s join edges e on e.source_id = s.node_id and e.kind = 'part_of' join nodes p on p.id = e.target_id
            where s.node_id = $1 and s.state = 'down' and s.incident_after_s is not null
              and s.state_since <= clock_timestamp() - make_interval(secs => s.incident_after_s)
              and s.root_id = s.node_id
              and not exists (
                select from incidents i
                 where i.automatic and i.cause_id = s.node_id and (i.state <> 'resolved' or i.resolved_at >= s.state_since))
              and not exists (select from suppressed_systems(array[s.node_id]))"#,
        system_id
    )
    .fetch_optional(db)
    .await
}

/// Open incidents that a rule opened and whose system is up again, where its rule ends them: longest open
/// first.
pub async fn list_resolvable(db: impl PgExecutor<'_>, limit: i64) -> Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        "select i.node_id from incidents i join systems s on s.node_id = i.cause_id
          where i.automatic and i.state <> 'resolved' and s.incident_auto_resolve and s.state = 'up'
          order by i.started_at limit $1",
        limit
    )
    .fetch_all(db)
    .await
}

/// The same of one incident.
pub async fn is_resolvable(db: impl PgExecutor<'_>, id: Uuid) -> Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (
             select from incidents i join systems s on s.node_id = i.cause_id
              where i.node_id = $1 and i.automatic and i.state <> 'resolved' and s.incident_auto_resolve and s.state = 'up') as "is!""#,
        id
    )
    .fetch_one(db)
    .await
}
