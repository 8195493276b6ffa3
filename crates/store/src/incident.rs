//! Incidents: their states, what they affect, and which a rule opens or ends. (Their nodes are read in
//! `node.rs`, like all others.)

mod rule;

pub use rule::{DueIncident, find_due_incident, is_resolvable, list_resolvable, list_systems_to_report};

use crate::node::unknown;
use domain::incident::{HealthOverride, Incident, IncidentPatch, IncidentState, Severity};
use serde::Deserialize;
use serde::Serialize;
use sqlx::PgExecutor;
use sqlx::types::Json;
use sqlx::types::chrono::{DateTime, Utc};
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// A row of `incidents` as PostgreSQL writes it in JSON: one column of a node's row.
#[derive(Deserialize)]
pub(crate) struct IncidentRow {
    state: String,
    severity: String,
    health_override: Option<String>,
    fence: i64,
    started_at: DateTime<Utc>,
    acknowledged_at: Option<DateTime<Utc>>,
    acknowledged_by: Option<Uuid>,
    resolved_at: Option<DateTime<Utc>>,
    suppress: bool,
    automatic: bool,
    cause_id: Option<Uuid>,
    links: serde_json::Value,
}

impl IncidentRow {
    pub(crate) fn into_incident(self) -> Result<Incident> {
        Ok(Incident {
            state: IncidentState::parse(&self.state).ok_or_else(|| unknown("state", &self.state))?,
            severity: Severity::parse(&self.severity).ok_or_else(|| unknown("severity", &self.severity))?,
            health_override: self.health_override.as_deref().and_then(HealthOverride::parse),
            fence: self.fence,
            started_at: self.started_at,
            acknowledged_at: self.acknowledged_at,
            acknowledged_by: self.acknowledged_by,
            resolved_at: self.resolved_at,
            suppress: self.suppress,
            automatic: self.automatic,
            cause_id: self.cause_id,
            links: serde_json::from_value(self.links).unwrap_or_default(),
        })
    }
}

/// The incident, locked until the transaction ends. The caller has locked its node before: that is the
/// order of all who write facets.
pub async fn lock_incident(db: impl PgExecutor<'_>, id: Uuid) -> Result<Option<Incident>> {
    let row = sqlx::query_scalar!(
        r#"select to_jsonb(i) as "row!: Json<IncidentRow>" from incidents i where i.node_id = $1 for update"#,
        id
    )
    .fetch_optional(db)
    .await?;
    row.map(|row| row.0.into_incident()).transpose()
}

/// The facet of a new node. `cause_id`: of one that a rule opens. What is absent has its default.
pub async fn insert_incident(db: impl PgExecutor<'_>, id: Uuid, patch: &IncidentPatch, cause_id: Option<Uuid>) -> Result<()> {
    sqlx::query!(
        "insert into incidents (node_id, severity, health_override, started_at, suppress, links, automatic, cause_id)
         values ($1, coalesce($2, 'minor'), $3, coalesce($4, clock_timestamp()), coalesce($5, false),
           coalesce($6, '[]'::jsonb), $7::uuid is not null, $7)",
        id,
        patch.severity.map(Severity::as_str),
        patch.health_override.flatten().map(HealthOverride::as_str),
        patch.started_at,
        patch.suppress,
        patch.links.as_ref().map(Json) as _,
        cause_id
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Sets what is given, but for `affects`, which are edges.
pub async fn update_incident(db: impl PgExecutor<'_>, id: Uuid, patch: &IncidentPatch) -> Result<()> {
    sqlx::query!(
        "update incidents set severity = coalesce($2, severity),
           health_override = case when $3 then $4 else health_override end, started_at = coalesce($5, started_at),
           suppress = coalesce($6, suppress), links = coalesce($7, links)
         where node_id = $1",
        id,
        patch.severity.map(Severity::as_str),
        patch.health_override.is_some(),
        patch.health_override.flatten().map(HealthOverride::as_str),
        patch.started_at,
        patch.suppress,
        patch.links.as_ref().map(Json) as _
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Moves the state on, unless somebody else has changed it since `from` was read: then nothing is written,
/// and the answer is false.
pub async fn move_incident(db: impl PgExecutor<'_>, id: Uuid, from: &Incident, to: IncidentState) -> Result<bool> {
    let done = sqlx::query!(
        "update incidents set state = $4, resolved_at = case when $4 = 'resolved' then clock_timestamp() end
          where node_id = $1 and state = $2 and fence = $3",
        id,
        from.state.as_str(),
        from.fence,
        to.as_str()
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Says who is at it. False: somebody was already.
pub async fn acknowledge(db: impl PgExecutor<'_>, id: Uuid, by: Option<Uuid>) -> Result<bool> {
    let done = sqlx::query!(
        "update incidents set acknowledged_at = clock_timestamp(), acknowledged_by = $2
          where node_id = $1 and acknowledged_at is null",
        id,
        by
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What to list; `None` takes all.
#[derive(Clone, Debug, Default, Serialize)]
pub struct IncidentFilter {
    pub states: Option<Vec<IncidentState>>,
    pub severities: Option<Vec<Severity>>,
    /// Affecting this system or group: by name, or by a group around it.
    pub affects: Option<Uuid>,
    pub open: Option<bool>,
    /// With a word in title or text that begins with each of these, as `domain::search::words_of` makes them.
    pub words: Option<Vec<String>>,
}

/// A place in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IncidentPlace {
    pub started_at: DateTime<Utc>,
    pub id: Uuid,
}

/// Incidents of these scopes, newest first: their places. What they affect counts only as far as it is in
/// these scopes, too.
pub async fn list_incidents(
    db: impl PgExecutor<'_>,
    scope_ids: &[Uuid],
    filter: &IncidentFilter,
    after: Option<IncidentPlace>,
    limit: i64,
) -> Result<Vec<IncidentPlace>> {
    let states: Option<Vec<String>> =
        filter.states.as_ref().map(|all| all.iter().map(|state| state.as_str().to_owned()).collect());
    let severities: Option<Vec<String>> =
        filter.severities.as_ref().map(|all| all.iter().map(|severity| severity.as_str().to_owned()).collect());
    sqlx::query_as!(
        IncidentPlace,
        r#"with recursive around(id) as (
             select $4::uuid
             union
             select e.target_id from around a join edges e on e.source_id = a.id and e.kind = 'part_of' where $4 is not null)
           select i.started_at as "started_at!", i.node_id as "id!" from incidents i join nodes n on n.id = i.node_id
            where n.scope_id = any($1)
              and ($2::text[] is null or i.state = any($2))
              and ($3::text[] is null or i.severity = any($3))
              and ($4::uuid is null or exists (
                select from edges e
                 where e.source_id = i.node_id and e.kind = 'affects' and e.target_id in (select id from around)
                   and e.target_scope_id = any($1)))
              and ($5::boolean is null or $5 = (i.state <> 'resolved'))
              and ($6::text[] is null or n.search @@ search_query($6))
              and ($7::timestamptz is null or (i.started_at, i.node_id) < ($7, $8::uuid))
            order by i.started_at desc, i.node_id desc limit $9"#,
        scope_ids,
        states.as_deref(),
        severities.as_deref(),
        filter.affects,
        filter.open,
        filter.words.as_deref(),
        after.map(|a| a.started_at),
        after.map(|a| a.id),
        limit
    )
    .fetch_all(db)
    .await
}

/// Incidents that are not over, whoever asks: the newest first. For the command line.
pub async fn list_open_incidents(db: impl PgExecutor<'_>, limit: i64) -> Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        "select node_id from incidents where state <> 'resolved' order by started_at desc, node_id desc limit $1",
        limit
    )
    .fetch_all(db)
    .await
}

/// Which of these systems are kept quiet now: by an open incident that says so, or by a maintenance.
pub async fn list_suppressed_systems(db: impl PgExecutor<'_>, ids: &[Uuid]) -> Result<Vec<Uuid>> {
    sqlx::query_scalar!(r#"select system_id as "system_id!" from suppressed_systems($1) order by 1"#, ids).fetch_all(db).await
}
