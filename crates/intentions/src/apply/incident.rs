//! Incidents: opened, told about, acknowledged and resolved by people. (What rules do is in
//! `incident_rules.rs`.)

use super::{Touched, Work, changed_fields, distinct, fresh, node_subject};
use crate::authorise;
use crate::carry_out::Stop;
use crate::notify::{kind_of_incident, tell_of_incident, tell_word_on_incident};
use domain::access::Level;
use domain::incident::{Incident, IncidentState, NewIncidentUpdate, check_start};
use domain::intention::Intention;
use domain::node::NodeKind;
use domain::notification::NoticeKind;
use domain::timeline::{Audience, StateChange, UpdatePatch};
use domain::{Actor, EdgeKind, Refusal};
use serde_json::{Map, json};
use store::node::LockedNode;
use store::timeline::NewUpdateRow;
use uuid::Uuid;

const NO_SUCH: Refusal = Refusal::NotFound { what: "incident" };

impl Work<'_> {
    pub(super) async fn open_incident(&mut self, intention: &Intention) -> Result<(), Stop> {
        let Intention::OpenIncident { id, parent_id, title, body, attrs, incident, update } = intention else {
            return Ok(());
        };
        let id = id.unwrap_or_else(Uuid::now_v7);
        let affects = distinct(incident.affects.as_deref().unwrap_or_default());
        let parent_id = match (parent_id, affects.first()) {
            (Some(parent_id), _) => *parent_id,
            (None, Some(first)) => {
                let first = self.end(*first, "affected node").await?;
                // Seen before anything is told of it.
                self.rights(first.scope_id).await?.need(Level::Reader, "affected node")?;
                first.scope_id
            }
            (None, None) => return Err(Refusal::invalid("parent_id", "where it belongs, or what it affects").into()),
        };
        if let Some(started_at) = incident.started_at {
            check_start(started_at, self.now().await?).map_err(|refusal| refusal.within("incident"))?;
        }
        let parent = self.end(parent_id, "parent").await?;
        self.insert_placed(id, NodeKind::Incident, parent, (title, body, attrs)).await?;
        store::incident::insert_incident(&mut *self.db, id, incident, None).await?;
        for target_id in &affects {
            self.hit(id, parent.scope_id, *target_id).await?;
        }
        let first = NewIncidentUpdate { message: "Opened.".to_owned(), audience: Audience::Public, state_change: None };
        let first = update.as_ref().unwrap_or(&first);
        let state = first.state_change.unwrap_or(IncidentState::Investigating);
        if state != IncidentState::Investigating {
            let before = store::incident::lock_incident(&mut *self.db, id).await?.ok_or(NO_SUCH)?;
            self.move_on(id, &before, state).await?;
        }
        self.say(id, &first.message, first.audience, Some(StateChange::Incident(state))).await?;
        let said = update.as_ref().map(|update| (update.message.as_str(), update.audience));
        tell_of_incident(&mut *self.db, id, NoticeKind::IncidentOpened, said).await?;
        self.touched.push(Touched::Node(id));
        let summary = json!({ "severity": incident.severity, "state": state, "affects": affects.len() });
        self.record("open_incident", node_subject(id, parent.scope_id, NodeKind::Incident, title), summary).await
    }

    pub(super) async fn update_incident(&mut self, intention: &Intention) -> Result<(), Stop> {
        let Intention::UpdateIncident { id, version, title, body, attrs, incident: patch } = intention else {
            return Ok(());
        };
        let (node, before) = self.locked_incident(*id).await?;
        fresh(*version, node.version)?;
        if let Some(started_at) = patch.started_at {
            check_start(started_at, self.now().await?).map_err(|refusal| refusal.within("incident"))?;
        }
        store::node::update_node(&mut *self.db, *id, title.as_deref(), body.as_deref(), attrs.as_ref(), None).await?;
        store::incident::update_incident(&mut *self.db, *id, patch).await?;
        if let Some(affects) = &patch.affects {
            self.set_hit(*id, node.scope_id, affects).await?;
        }
        self.touched.push(Touched::Node(*id));
        let title = title.as_deref().unwrap_or(&node.title);
        let summary = json!({
            "fields": changed_fields(intention), "title_before": node.title,
            "severity_before": before.severity, "severity": patch.severity.unwrap_or(before.severity),
        });
        self.record("update_incident", node_subject(*id, node.scope_id, node.kind, title), summary).await
    }

    pub(super) async fn acknowledge_incident(&mut self, id: Uuid) -> Result<(), Stop> {
        let (node, before) = self.locked_incident(id).await?;
        if !before.state.is_open() {
            return Err(Refusal::conflict("it is resolved already").into());
        }
        if !store::incident::acknowledge(&mut *self.db, id, self.actor.person_id()).await? {
            return Err(Refusal::conflict("somebody is at it already").into());
        }
        tell_of_incident(&mut *self.db, id, NoticeKind::IncidentAcknowledged, None).await?;
        self.touched.push(Touched::Node(id));
        self.record("acknowledge_incident", node_subject(id, node.scope_id, node.kind, &node.title), json!({})).await
    }

    pub(super) async fn resolve_incident(
        &mut self,
        id: Uuid,
        message: Option<&str>,
        audience: Option<Audience>,
    ) -> Result<(), Stop> {
        let (node, before) = self.locked_incident(id).await?;
        let said = (message.unwrap_or("Resolved."), audience.unwrap_or(Audience::Public));
        self.turn_incident("resolve_incident", id, &node, &before, IncidentState::Resolved, said).await
    }

    pub(super) async fn add_incident_update(&mut self, id: Uuid, update: &NewIncidentUpdate) -> Result<(), Stop> {
        let (node, before) = self.locked_incident(id).await?;
        let said = (update.message.as_str(), update.audience);
        // Where it is already it need not go.
        if let Some(to) = update.state_change.filter(|to| *to != before.state) {
            return self.turn_incident("add_incident_update", id, &node, &before, to, said).await;
        }
        self.say(id, said.0, said.1, None).await?;
        tell_word_on_incident(&mut *self.db, id, said).await?;
        self.touched.push(Touched::Node(id));
        // Not the message: it may be for fewer than those who read the log.
        let summary = json!({ "audience": update.audience });
        self.record("add_incident_update", node_subject(id, node.scope_id, node.kind, &node.title), summary).await
    }

    /// Moves the state on and says so, to people and in the log.
    async fn turn_incident(
        &mut self,
        action: &str,
        id: Uuid,
        node: &LockedNode,
        before: &Incident,
        to: IncidentState,
        (message, audience): (&str, Audience),
    ) -> Result<(), Stop> {
        self.move_on(id, before, to).await?;
        self.say(id, message, audience, Some(StateChange::Incident(to))).await?;
        tell_of_incident(&mut *self.db, id, kind_of_incident(to), Some((message, audience))).await?;
        self.touched.push(Touched::Node(id));
        let summary = json!({ "from": before.state, "to": to, "audience": audience });
        self.record(action, node_subject(id, node.scope_id, node.kind, &node.title), summary).await
    }

    async fn move_on(&mut self, id: Uuid, before: &Incident, to: IncidentState) -> Result<(), Stop> {
        if !before.state.may_become(to) {
            return Err(Refusal::conflict(match (before.state, to) {
                (IncidentState::Resolved, IncidentState::Resolved) => "it is resolved already".to_owned(),
                (IncidentState::Resolved, _) => "it is resolved: investigating opens it again".to_owned(),
                (state, _) => format!("it is {state} already"),
            })
            .into());
        }
        if !store::incident::move_incident(&mut *self.db, id, before, to).await? {
            return Err(Refusal::conflict("its state has changed meanwhile").into());
        }
        Ok(())
    }

    /// Tells people something about a maintenance or an incident.
    pub(super) async fn say(
        &mut self,
        node_id: Uuid,
        message: &str,
        audience: Audience,
        state_change: Option<StateChange>,
    ) -> Result<(), Stop> {
        let by = author(self.actor);
        Ok(store::timeline::insert_update(&mut *self.db, NewUpdateRow { node_id, by, message, audience, state_change }).await?)
    }

    pub(super) async fn edit_update(&mut self, id: Uuid, update_id: Uuid, version: i64, patch: &UpdatePatch) -> Result<(), Stop> {
        let node = self.locked(id, Level::Reader).await?;
        if !matches!(node.kind, NodeKind::Maintenance | NodeKind::Incident) {
            return Err(Refusal::NotFound { what: "update" }.into());
        }
        // Members are told all of them.
        self.rights(node.scope_id).await?.need(Level::Member, "update")?;
        self.guard_maintenance(id, &node).await?;
        let no_update = Refusal::NotFound { what: "update" };
        let before = store::timeline::find_update(&mut *self.db, id, update_id).await?.ok_or(no_update)?;
        fresh(version, before.version)?;
        let by = author(self.actor);
        store::timeline::update_update(self.db, &before, patch, by).await?;
        self.touched.push(Touched::Node(id));
        let summary = json!({
            "update_id": update_id, "audience_before": before.audience, "audience": patch.audience.unwrap_or(before.audience),
        });
        self.record("edit_update", node_subject(id, node.scope_id, node.kind, &node.title), summary).await
    }

    /// The incident, locked, for somebody who may change it.
    async fn locked_incident(&mut self, id: Uuid) -> Result<(LockedNode, Incident), Stop> {
        let node = store::node::lock_node(&mut *self.db, id).await?.ok_or(NO_SUCH)?;
        let rights = self.rights(node.scope_id).await?;
        rights.need(Level::Reader, "incident")?;
        let facet = store::incident::lock_incident(&mut *self.db, id).await?.ok_or(NO_SUCH)?;
        rights.need(Level::Member, "incident")?;
        Ok((node, facet))
    }

    async fn hit(&mut self, id: Uuid, scope_id: Uuid, target_id: Uuid) -> Result<(), Stop> {
        let source = authorise::End { id, kind: NodeKind::Incident, scope_id };
        let target = self.end(target_id, "affected node").await?;
        authorise::edge(self.db, self.actor, EdgeKind::Affects, source, target).await?;
        if !EdgeKind::Affects.allows(NodeKind::Incident, target.kind, false) {
            return Err(Refusal::invalid("incident.affects", "systems or groups").into());
        }
        Ok(self.insert_edge(Uuid::now_v7(), EdgeKind::Affects, id, target_id, &Map::new()).await?)
    }

    /// Makes these, and no others, what it affects.
    async fn set_hit(&mut self, id: Uuid, scope_id: Uuid, wanted: &[Uuid]) -> Result<(), Stop> {
        let there = store::maintenance::list_affects(&mut *self.db, id).await?;
        for (edge_id, target_id) in there.iter().filter(|(_, target)| !wanted.contains(target)) {
            let source = authorise::End { id, kind: NodeKind::Incident, scope_id };
            let target = self.end(*target_id, "affected node").await?;
            authorise::edge(self.db, self.actor, EdgeKind::Affects, source, target).await?;
            store::edge::delete_edge(&mut *self.db, *edge_id).await?;
        }
        for target_id in distinct(wanted).into_iter().filter(|id| !there.iter().any(|(_, target)| target == id)) {
            self.hit(id, scope_id, target_id).await?;
        }
        Ok(())
    }
}

/// Who says it; `None`: the server itself.
fn author(actor: &Actor) -> Option<(Uuid, &str)> {
    if let Actor::Person { id, title, .. } = actor { Some((*id, title.as_str())) } else { None }
}
