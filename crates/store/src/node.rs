//! Nodes with their facets.

use crate::announcement::AnnouncementRow;
use crate::board::{CardRow, ColumnRow};
use crate::channel::ChannelRow;
use crate::connection::ConnectionRow;
use crate::device::DeviceRow;
use crate::geofence::GeofenceRow;
use crate::incident::IncidentRow;
use crate::maintenance::MaintenanceRow;
use crate::message::MessageRow;
use crate::status_page::StatusPageRow;
use domain::access::Visibility;
use domain::check::CheckSpec;
use domain::node::{Facet, Node, NodeKind, Scope};
use domain::person::Person;
use domain::system::{State, System};
use serde::Serialize;
use serde_json::{Map, Value};
use sqlx::PgExecutor;
use sqlx::types::Json;
use sqlx::types::chrono::{DateTime, Utc};
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// A node as the queries below read it: one row with everything its view needs.
struct NodeRow {
    id: Uuid,
    kind: String,
    scope_id: Uuid,
    parent_id: Option<Uuid>,
    title: String,
    body: String,
    attrs: Json<Map<String, Value>>,
    position: i32,
    version: i64,
    created_by: Option<Uuid>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    state: Option<String>,
    state_since: Option<DateTime<Utc>>,
    state_reason: Option<String>,
    check_spec: Option<Value>,
    enabled: Option<bool>,
    interval_s: Option<i32>,
    timeout_ms: Option<i32>,
    failures_to_down: Option<i16>,
    effective_state: Option<String>,
    effective_since: Option<DateTime<Utc>>,
    cause_id: Option<Uuid>,
    links: Option<Value>,
    incident_after_s: Option<i32>,
    incident_auto_resolve: Option<bool>,
    has_password: Option<bool>,
    login: Option<String>,
    email: Option<String>,
    disabled: Option<bool>,
    facet: Option<Value>,
    visibility: Option<String>,
    isolated: Option<bool>,
}

impl NodeRow {
    fn into_node(mut self) -> Result<Node> {
        let kind = NodeKind::parse(&self.kind).ok_or_else(|| unknown("kind", &self.kind))?;
        Ok(Node {
            id: self.id,
            kind,
            scope_id: self.scope_id,
            parent_id: self.parent_id,
            facet: self.facet(kind)?,
            scope: self.scope()?,
            title: self.title,
            body: self.body,
            attrs: self.attrs.0,
            position: self.position,
            version: self.version,
            created_by: self.created_by,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }

    fn facet(&mut self, kind: NodeKind) -> Result<Option<Facet>> {
        if let Some(row) = self.facet.take() {
            return facet_of(kind, row).map(Some);
        }
        if let (Some(state), Some(state_since), Some(enabled), Some(interval_s), Some(timeout_ms), Some(failures_to_down)) =
            (&self.state, self.state_since, self.enabled, self.interval_s, self.timeout_ms, self.failures_to_down)
        {
            let parse = |text: &str| State::parse(text).ok_or_else(|| unknown("state", text));
            return Ok(Some(Facet::System(System {
                state: parse(state)?,
                state_since,
                state_reason: self.state_reason.clone(),
                effective_state: parse(self.effective_state.as_deref().unwrap_or(state))?,
                effective_since: self.effective_since.unwrap_or(state_since),
                cause_id: self.cause_id,
                // What psql may have written there and is no check reads as none: the page then
                // asks for one, and nothing else breaks.
                check: self.check_spec.clone().and_then(|v| serde_json::from_value::<CheckSpec>(v).ok()),
                has_password: self.has_password == Some(true),
                enabled,
                interval_s,
                timeout_ms,
                failures_to_down,
                links: self.links.take().and_then(|links| serde_json::from_value(links).ok()).unwrap_or_default(),
                incident_after_s: self.incident_after_s,
                incident_auto_resolve: self.incident_auto_resolve == Some(true),
            })));
        }
        let person =
            self.login.clone().map(|login| Person { login, email: self.email.clone(), disabled: self.disabled == Some(true) });
        Ok(person.map(Facet::Person))
    }

    fn scope(&self) -> Result<Option<Scope>> {
        let Some(visibility) = &self.visibility else { return Ok(None) };
        let visibility = Visibility::parse(visibility).ok_or_else(|| unknown("visibility", visibility))?;
        Ok(Some(Scope { visibility, isolated: self.isolated == Some(true) }))
    }
}

/// What these kinds have besides, from its row as JSON: each is looked up where the kind asks for it, so
/// that reading a node costs the same however many kinds there are.
fn facet_of(kind: NodeKind, row: Value) -> Result<Facet> {
    let wrong = |error: serde_json::Error| sqlx::Error::Decode(error.into());
    match kind {
        NodeKind::Maintenance => {
            Ok(Facet::Maintenance(serde_json::from_value::<MaintenanceRow>(row).map_err(wrong)?.into_maintenance()?))
        }
        // A selection that psql wrote and that is none takes all.
        NodeKind::View => Ok(Facet::View(serde_json::from_value(row["filter"].clone()).unwrap_or_default())),
        NodeKind::Incident => Ok(Facet::Incident(serde_json::from_value::<IncidentRow>(row).map_err(wrong)?.into_incident()?)),
        NodeKind::Connection => {
            Ok(Facet::Connection(serde_json::from_value::<ConnectionRow>(row).map_err(wrong)?.into_connection()?))
        }
        NodeKind::Announcement => {
            Ok(Facet::Announcement(serde_json::from_value::<AnnouncementRow>(row).map_err(wrong)?.into_announcement()?))
        }
        NodeKind::Device => Ok(Facet::Device(serde_json::from_value::<DeviceRow>(row).map_err(wrong)?.into())),
        NodeKind::Geofence => Ok(Facet::Geofence(serde_json::from_value::<GeofenceRow>(row).map_err(wrong)?.into())),
        NodeKind::StatusPage => Ok(Facet::StatusPage(serde_json::from_value::<StatusPageRow>(row).map_err(wrong)?.into())),
        NodeKind::Channel => Ok(Facet::Channel(serde_json::from_value::<ChannelRow>(row).map_err(wrong)?.into_channel()?)),
        NodeKind::Message => Ok(Facet::Message(Box::new(serde_json::from_value::<MessageRow>(row).map_err(wrong)?.into()))),
        NodeKind::Column => Ok(Facet::Column(serde_json::from_value::<ColumnRow>(row).map_err(wrong)?.into())),
        NodeKind::Card => Ok(Facet::Card(serde_json::from_value::<CardRow>(row).map_err(wrong)?.into())),
        other => Err(unknown("facet of", other.as_str())),
    }
}

/// A text that the database's own checks should have refused.
pub(crate) fn unknown(what: &str, text: &str) -> sqlx::Error {
    sqlx::Error::Decode(format!("unknown {what} {text:?}").into())
}

/// The one list of columns and joins behind every read of nodes; the caller gives the rest.
macro_rules! nodes {
    ($rest:tt $(, $arg:expr)*) => {
        sqlx::query_as!(NodeRow,
            r#"select n.id as "id!", n.kind as "kind!", n.scope_id as "scope_id!", p.target_id as "parent_id?", n.title as "title!",
                 n.body as "body!", n.attrs as "attrs!: Json<Map<String, Value>>", n.position as "position!", n.version as "version!", n.created_by,
                 n.created_at as "created_at!", n.updated_at as "updated_at!",
                 s.state as "state?", s.state_since as "state_since?", s.state_reason, s.check_spec, s.enabled as "enabled?",
                 s.interval_s as "interval_s?", s.timeout_ms as "timeout_ms?", s.failures_to_down as "failures_to_down?",
                 s.effective_state as "effective_state?", s.effective_since as "effective_since?", s.cause_id, s.links as "links?", s.incident_after_s,
                 s.incident_auto_resolve as "incident_auto_resolve?",
                 (k.system_id is not null) as "has_password?",
                 a.login as "login?", a.email, a.disabled as "disabled?",
                 case n.kind
                   when 'maintenance' then (select to_jsonb(f) from maintenances f where f.node_id = n.id)
                   when 'view' then (select to_jsonb(f) from views f where f.node_id = n.id)
                   when 'incident' then (select to_jsonb(f) from incidents f where f.node_id = n.id)
                   when 'connection' then (select to_jsonb(f) from connections f where f.node_id = n.id)
                   when 'announcement' then (select to_jsonb(f) from announcements f where f.node_id = n.id)
                   when 'status_page' then (select to_jsonb(f) from status_pages f where f.node_id = n.id)
                   when 'device' then (select to_jsonb(f) from devices f where f.node_id = n.id)
                   when 'geofence' then (select to_jsonb(f) from geofences f where f.node_id = n.id)
                   when 'channel' then (select to_jsonb(f) from channels f where f.node_id = n.id)
                   when 'message' then message_facet(n.id)
                   when 'column' then (select to_jsonb(f) from board_columns f where f.node_id = n.id)
                   when 'card' then (select to_jsonb(f) from cards f where f.node_id = n.id)
                 end as "facet?",
                 c.visibility as "visibility?", c.isolated as "isolated?"
               from nodes n
               left join edges p on p.source_id = n.id and p.kind = 'part_of'
               left join systems s on s.node_id = n.id
               left join check_secrets k on k.system_id = n.id
               left join people a on a.node_id = n.id
               left join scopes c on c.node_id = n.id "# + $rest
            $(, $arg)*)
    };
}

fn into_nodes(rows: Vec<NodeRow>) -> Result<Vec<Node>> {
    rows.into_iter().map(NodeRow::into_node).collect()
}

/// One node, whoever asks.
pub async fn find_node(db: impl PgExecutor<'_>, id: Uuid) -> Result<Option<Node>> {
    nodes!("where n.id = $1", id).fetch_optional(db).await?.map(NodeRow::into_node).transpose()
}

/// One node if `reader` (`None`: nobody signed in) may see it.
pub async fn find_readable_node(db: impl PgExecutor<'_>, reader: Option<Uuid>, id: Uuid) -> Result<Option<Node>> {
    nodes!("where n.id = $1 and n.scope_id in (select r.scope_id from readable_scopes($2) r)", id, reader)
        .fetch_optional(db)
        .await?
        .map(NodeRow::into_node)
        .transpose()
}

/// These nodes, whoever asks, in no order; for the feed, which judges by the scope read here.
pub async fn list_nodes_by_id(db: impl PgExecutor<'_>, ids: &[Uuid]) -> Result<Vec<Node>> {
    into_nodes(nodes!("where n.id = any($1)", ids).fetch_all(db).await?)
}

/// Those of these nodes that `reader` may see, in no order.
pub async fn list_readable_nodes_by_id(db: impl PgExecutor<'_>, reader: Option<Uuid>, ids: &[Uuid]) -> Result<Vec<Node>> {
    let rows = nodes!("where n.id = any($1) and n.scope_id in (select r.scope_id from readable_scopes($2) r)", ids, reader);
    into_nodes(rows.fetch_all(db).await?)
}

/// Workspaces of this title as it is written, whoever asks; by id.
pub async fn list_workspaces_by_title(db: impl PgExecutor<'_>, title: &str, limit: i64) -> Result<Vec<Uuid>> {
    sqlx::query_scalar!("select id from nodes where kind = 'workspace' and title = $1 order by id limit $2", title, limit)
        .fetch_all(db)
        .await
}

/// Up to `limit` nodes of these scopes, whoever asks; without messages, which are read by their channels.
pub async fn list_nodes_of_scopes(db: impl PgExecutor<'_>, scope_ids: &[Uuid], limit: i64) -> Result<Vec<Node>> {
    into_nodes(nodes!("where n.scope_id = any($1) and n.kind <> 'message' limit $2", scope_ids, limit).fetch_all(db).await?)
}

/// What to list; `None` takes all.
#[derive(Clone, Debug, Default, Serialize)]
pub struct NodeFilter {
    /// `None`: all but messages, of which there are many.
    pub kind: Option<NodeKind>,
    pub parent_id: Option<Uuid>,
    pub scope_id: Option<Uuid>,
    /// A part of the title, in any case.
    pub title_contains: Option<String>,
}

/// Where a page begins: behind this title (lower case) and id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeCursor {
    pub title: String,
    pub id: Uuid,
}

/// Nodes of these scopes, by title (in any case), then id.
pub async fn list_nodes(
    db: impl PgExecutor<'_>,
    scope_ids: &[Uuid],
    filter: &NodeFilter,
    after: Option<&NodeCursor>,
    limit: i64,
) -> Result<Vec<Node>> {
    let pattern = filter.title_contains.as_ref().map(|text| format!("%{}%", escape_like(&text.to_lowercase())));
    let rows = nodes!(
        "where n.scope_id = any($1)
           and case when $2::text is null then n.kind <> 'message' else n.kind = $2 end
           and ($3::uuid is null or p.target_id = $3)
           and ($4::uuid is null or n.scope_id = $4)
           and ($5::text is null or lower(n.title) like $5)
           and ($6::text is null or (lower(n.title), n.id) > ($6, $7::uuid))
         order by lower(n.title), n.id limit $8",
        scope_ids,
        filter.kind.map(NodeKind::as_str),
        filter.parent_id,
        filter.scope_id,
        pattern,
        after.map(|c| c.title.as_str()),
        after.map(|c| c.id),
        limit
    )
    .fetch_all(db)
    .await?;
    into_nodes(rows)
}

/// The cursor behind this node, as the database orders titles.
pub async fn cursor_of(db: impl PgExecutor<'_>, node: &Node) -> Result<NodeCursor> {
    let title = sqlx::query_scalar!(r#"select lower($1::text) as "title!""#, node.title).fetch_one(db).await?;
    Ok(NodeCursor { title, id: node.id })
}

pub(crate) fn escape_like(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

/// A new node, in its parent's scope already; its `part_of` edge must follow in the transaction.
pub struct NewNode<'a> {
    pub id: Uuid,
    pub kind: NodeKind,
    pub scope_id: Uuid,
    pub title: &'a str,
    pub body: &'a str,
    pub attrs: &'a Map<String, Value>,
    pub position: i32,
    pub created_by: Option<Uuid>,
}

pub async fn insert_node(db: impl PgExecutor<'_>, new: NewNode<'_>) -> Result<()> {
    sqlx::query!(
        "insert into nodes (id, kind, scope_id, title, body, attrs, created_by, position) values ($1, $2, $3, $4, $5, $6, $7, $8)",
        new.id,
        new.kind.as_str(),
        new.scope_id,
        new.title,
        new.body,
        Json(new.attrs) as _,
        new.created_by,
        new.position
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The version, kind and place of a node, locked against other writers until the transaction ends.
pub struct LockedNode {
    pub version: i64,
    pub kind: NodeKind,
    pub scope_id: Uuid,
    pub title: String,
}

pub async fn lock_node(db: impl PgExecutor<'_>, id: Uuid) -> Result<Option<LockedNode>> {
    let row =
        sqlx::query!("select version, kind, scope_id, title from nodes where id = $1 for update", id).fetch_optional(db).await?;
    row.map(|r| {
        let kind = NodeKind::parse(&r.kind).ok_or_else(|| unknown("kind", &r.kind))?;
        Ok(LockedNode { version: r.version, kind, scope_id: r.scope_id, title: r.title })
    })
    .transpose()
}

/// Where a child of it is put. "For share" waits for a move of the parent and holds off the next.
pub async fn lock_parent(db: impl PgExecutor<'_>, id: Uuid) -> Result<Option<(NodeKind, Uuid)>> {
    let row = sqlx::query!("select kind, scope_id from nodes where id = $1 for share", id).fetch_optional(db).await?;
    row.map(|r| Ok((NodeKind::parse(&r.kind).ok_or_else(|| unknown("kind", &r.kind))?, r.scope_id))).transpose()
}

/// Sets what is given and raises the version, even when nothing is given: a facet follows.
pub async fn update_node(
    db: impl PgExecutor<'_>,
    id: Uuid,
    title: Option<&str>,
    body: Option<&str>,
    attrs: Option<&Map<String, Value>>,
    position: Option<i32>,
) -> Result<()> {
    sqlx::query!(
        "update nodes set title = coalesce($2, title), body = coalesce($3, body), attrs = coalesce($4, attrs),
           position = coalesce($5, position)
         where id = $1",
        id,
        title,
        body,
        attrs.map(Json) as _,
        position
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Has these nodes stand in this order among their neighbours. Those that do already are let be.
pub async fn update_positions(db: impl PgExecutor<'_>, ids: &[Uuid]) -> Result<()> {
    sqlx::query!(
        "update nodes n set position = o.place::int4 from unnest($1::uuid[]) with ordinality o(id, place)
          where n.id = o.id and n.position <> o.place::int4",
        ids
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Deletes it and, by cascades and triggers, all that hangs on it.
pub async fn delete_node(db: impl PgExecutor<'_>, id: Uuid) -> Result<()> {
    sqlx::query!("delete from nodes where id = $1", id).execute(db).await?;
    Ok(())
}

/// The titles of these nodes, whoever asks; for the audit log.
pub async fn list_titles(db: impl PgExecutor<'_>, ids: &[Uuid]) -> Result<Vec<(Uuid, String)>> {
    let rows = sqlx::query!("select id, title from nodes where id = any($1)", ids).fetch_all(db).await?;
    Ok(rows.into_iter().map(|r| (r.id, r.title)).collect())
}
