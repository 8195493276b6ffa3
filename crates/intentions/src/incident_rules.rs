//! Incidents that open and end by the rule of a system: each once, whoever else looks at the same time.

use crate::Intentions;
use crate::notify::{kind_of_incident, tell_of_incident};
use domain::Refusal;
use domain::audit::AuditSubject;
use domain::edge::EdgeKind;
use domain::incident::{IncidentPatch, IncidentState, Severity};
use domain::limits::TRANSACTION_ATTEMPTS_MAX;
use domain::node::NodeKind;
use domain::notification::NoticeKind;
use domain::timeline::{Audience, StateChange};
use serde_json::{Map, Value, json};
use sqlx::PgConnection;
use store::audit::NewEntry;
use store::edge::NewEdge;
use store::incident::DueIncident;
use store::node::{LockedNode, NewNode};
use store::timeline::NewUpdateRow;
use uuid::Uuid;

impl Intentions {
    /// Opens the incident of a system that has been down for as long as its rule allows; answers its id. In
    /// one transaction with the word to people and the audit entry. `None`: nothing is due (any more); of
    /// several servers that see it due one opens it.
    pub async fn open_due_incident(&self, system_id: Uuid) -> Result<Option<Uuid>, Refusal> {
        let mut attempt = 1;
        loop {
            match self.try_open(system_id).await {
                Err(error) if store::may_retry(&error) && attempt < TRANSACTION_ATTEMPTS_MAX => attempt += 1,
                Err(error) => return Err(store::refusal(error)),
                Ok(opened) => {
                    if opened.is_some() {
                        (self.bell)();
                        self.ring_jobs().await;
                    }
                    return Ok(opened);
                }
            }
        }
    }

    /// Ends an incident that a rule opened when its system is up again; answers whether it did.
    pub async fn resolve_due_incident(&self, id: Uuid) -> Result<bool, Refusal> {
        let mut attempt = 1;
        loop {
            match self.try_resolve(id).await {
                Err(error) if store::may_retry(&error) && attempt < TRANSACTION_ATTEMPTS_MAX => attempt += 1,
                Err(error) => return Err(store::refusal(error)),
                Ok(resolved) => {
                    if resolved {
                        (self.bell)();
                        self.ring_jobs().await;
                    }
                    return Ok(resolved);
                }
            }
        }
    }

    async fn try_open(&self, system_id: Uuid) -> Result<Option<Uuid>, store::Error> {
        let mut tx = store::begin(&self.pool).await?;
        // Who else opens it waits here, and then sees it.
        let Some(system) = store::node::lock_node(&mut *tx, system_id).await? else { return Ok(None) };
        let Some(due) = store::incident::find_due_incident(&mut *tx, system_id).await? else { return Ok(None) };
        let id = Uuid::now_v7();
        insert(&mut tx, id, system_id, &system, &due).await?;
        let summary = json!({ "cause_id": system_id, "after_s": due.after_s });
        record(&mut tx, "open_due_incident", id, due.parent_scope_id, &title_of(system_id, &system), summary).await?;
        tx.commit().await?;
        Ok(Some(id))
    }

    async fn try_resolve(&self, id: Uuid) -> Result<bool, store::Error> {
        let mut tx = store::begin(&self.pool).await?;
        store::dependency::lock_dependencies(&mut *tx).await?;
        let Some(node) = store::node::lock_node(&mut *tx, id).await? else { return Ok(false) };
        let Some(before) = store::incident::lock_incident(&mut *tx, id).await? else { return Ok(false) };
        if !store::incident::is_resolvable(&mut *tx, id).await?
            || !store::incident::move_incident(&mut *tx, id, &before, IncidentState::Resolved).await?
        {
            return Ok(false);
        }
        tell(&mut tx, id, "Up again: resolved by itself.", IncidentState::Resolved).await?;
        let summary = json!({ "from": before.state, "to": IncidentState::Resolved });
        record(&mut tx, "resolve_due_incident", id, node.scope_id, &node.title, summary).await?;
        tx.commit().await?;
        Ok(true)
    }
}

/// Who sees what a system is part of need not see a system with access of its own: not even its name.
fn title_of(system_id: Uuid, system: &LockedNode) -> String {
    if system.scope_id == system_id {
        return "A system is down".to_owned();
    }
    // Titles have a bound.
    let room = domain::limits::TITLE_MAX_CHARS - " is down".len();
    format!("{} is down", system.title.chars().take(room).collect::<String>())
}

async fn insert(
    db: &mut PgConnection,
    id: Uuid,
    system_id: Uuid,
    system: &LockedNode,
    due: &DueIncident,
) -> Result<(), store::Error> {
    let (title, none) = (title_of(system_id, system), Map::new());
    let new = NewNode {
        id,
        kind: NodeKind::Incident,
        scope_id: due.parent_scope_id,
        title: &title,
        body: "",
        attrs: &none,
        position: 0,
        created_by: None,
    };
    store::node::insert_node(&mut *db, new).await?;
    for (kind, target_id) in [(EdgeKind::PartOf, due.parent_id), (EdgeKind::Affects, system_id)] {
        let edge = NewEdge { id: Uuid::now_v7(), kind, source_id: id, target_id, attrs: &none, created_by: None };
        store::edge::insert_edge(&mut *db, edge).await?;
    }
    let patch = IncidentPatch { severity: Some(Severity::Major), started_at: Some(due.since), ..IncidentPatch::default() };
    store::incident::insert_incident(&mut *db, id, &patch, Some(system_id)).await?;
    let message = format!("Opened by itself: down for {} s.", due.after_s);
    tell(db, id, &message, IncidentState::Investigating).await
}

async fn tell(db: &mut PgConnection, node_id: Uuid, message: &str, state: IncidentState) -> Result<(), store::Error> {
    let state_change = Some(StateChange::Incident(state));
    let update = NewUpdateRow { node_id, by: None, message, audience: Audience::Public, state_change };
    store::timeline::insert_update(&mut *db, update).await?;
    let kind = if state == IncidentState::Investigating { NoticeKind::IncidentOpened } else { kind_of_incident(state) };
    tell_of_incident(db, node_id, kind, Some((message, Audience::Public))).await
}

async fn record(
    db: &mut PgConnection,
    action: &str,
    id: Uuid,
    scope_id: Uuid,
    title: &str,
    mut summary: Value,
) -> Result<(), store::Error> {
    let subject = AuditSubject {
        node_id: Some(id),
        edge_id: None,
        scope_id,
        other_scope_id: scope_id,
        kind: Some(NodeKind::Incident),
        title: Some(title.to_owned()),
    };
    if let Some(fields) = summary.as_object_mut() {
        fields.insert("kind".into(), json!(subject.kind));
        fields.insert("title".into(), json!(subject.title));
    }
    let entry = NewEntry {
        id: Uuid::now_v7(),
        actor_id: None,
        actor_title: None,
        action,
        subject: &subject,
        summary: &summary,
        request_id: None,
    };
    store::audit::insert_entry(db, entry).await
}
