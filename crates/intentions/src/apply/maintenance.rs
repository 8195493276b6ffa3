//! Maintenances: planned, moved, started, closed and called off by people. (What the clock does is in
//! `maintenance_clock.rs`.)

use super::{Touched, Work, distinct, fresh, node_subject};
use crate::authorise;
use crate::carry_out::Stop;
use crate::notify::{Said, kind_of, tell_of_maintenance};
use chrono::{DateTime, Utc};
use domain::access::Level;
use domain::intention::Intention;
use domain::maintenance::{Maintenance, MaintenancePatch, MaintenanceState, Move, NewUpdate, Outcome, check_end, check_window};
use domain::node::{INSTANCE_ID, NodeKind};
use domain::notification::NoticeKind;
use domain::timeline::{Audience, StateChange};
use domain::{EdgeKind, Refusal};
use serde_json::{Map, Value, json};
use store::node::{LockedNode, NewNode};
use uuid::Uuid;

const NO_SUCH: Refusal = Refusal::NotFound { what: "maintenance" };

impl Work<'_> {
    pub(super) async fn plan_maintenance(&mut self, intention: &Intention) -> Result<(), Stop> {
        let Some(id) = self.plan(intention).await? else { return Ok(()) };
        Ok(tell_of_maintenance(&mut *self.db, id, NoticeKind::MaintenancePlanned, None).await?)
    }

    /// Without a word to those who subscribe; answers its id.
    pub(super) async fn plan(&mut self, intention: &Intention) -> Result<Option<Uuid>, Stop> {
        let Intention::PlanMaintenance { id, parent_id, title, body, attrs, maintenance: plan } = intention else {
            return Ok(None);
        };
        // Both given, as `validate` has seen.
        let (Some(starts_at), Some(ends_at)) = (plan.starts_at, plan.ends_at) else { return Ok(None) };
        let id = id.unwrap_or_else(Uuid::now_v7);
        let affects = distinct(plan.affects.as_deref().unwrap_or_default());
        let first = match affects.first() {
            Some(first) => self.end(*first, "affected node").await?,
            None => return Err(Refusal::invalid("maintenance.affects", "it must be given").into()),
        };
        // Seen before anything is told of it.
        self.rights(first.scope_id).await?.need(Level::Reader, "affected node")?;
        let parent = self.end(parent_id.unwrap_or(first.scope_id), "parent").await?;
        let rights = self.rights(parent.scope_id).await?;
        rights.need(Level::Reader, "parent")?;
        if !EdgeKind::PartOf.allows(NodeKind::Maintenance, parent.kind, true) {
            return Err(Refusal::invalid("parent_id", format!("a maintenance can't be part of a {}", parent.kind)).into());
        }
        rights.need(Level::Member, "parent")?;
        check_window(starts_at, ends_at, self.now().await?).map_err(|refusal| refusal.within("maintenance"))?;

        let created_by = self.actor.person_id();
        let (kind, scope_id) = (NodeKind::Maintenance, parent.scope_id);
        let new = NewNode { id, kind, scope_id, title, body, attrs, position: 0, created_by };
        store::node::insert_node(&mut *self.db, new).await?;
        self.insert_edge(Uuid::now_v7(), EdgeKind::PartOf, id, parent.id, &Map::new()).await?;
        store::maintenance::insert_maintenance(&mut *self.db, id, starts_at, ends_at, plan).await?;
        for target_id in &affects {
            self.affect(id, parent.scope_id, *target_id).await?;
        }
        self.touched.push(Touched::Node(id));
        let summary = json!({ "starts_at": starts_at, "ends_at": ends_at, "affects": affects.len() });
        self.record("plan_maintenance", node_subject(id, parent.scope_id, NodeKind::Maintenance, title), summary).await?;
        Ok(Some(id))
    }

    pub(super) async fn update_maintenance(&mut self, intention: &Intention) -> Result<(), Stop> {
        let Intention::UpdateMaintenance { id, version, title, body, attrs, maintenance: patch } = intention else {
            return Ok(());
        };
        let (node, before) = self.locked_maintenance(*id).await?;
        fresh(*version, node.version)?;
        if patch.changes_the_plan() && before.state.is_over() {
            return Err(Refusal::conflict(format!("it is {}: only what is told about it can be changed", before.state)).into());
        }
        if before.affects_instance && before.state != MaintenanceState::Scheduled && patch.changes_the_stop() {
            let detail = format!("it is {}: how Synops goes down was decided at its begin; its end can be moved", before.state);
            return Err(Refusal::conflict(detail).into());
        }
        if patch.starts_at.is_some() || patch.ends_at.is_some() {
            let now = self.now().await?;
            before.changed_window(patch.starts_at, patch.ends_at, now).map_err(|refusal| refusal.within("maintenance"))?;
        }
        store::node::update_node(&mut *self.db, *id, title.as_deref(), body.as_deref(), attrs.as_ref(), None).await?;
        store::maintenance::update_maintenance(&mut *self.db, *id, patch).await?;
        store::maintenance::mark_edited(&mut *self.db, *id).await?;
        self.move_deadlines(*id, &before, patch.ends_at).await?;
        if let Some(affects) = &patch.affects {
            self.set_affects(*id, node.scope_id, before.state, affects).await?;
        }
        if patch.starts_at.is_some() || patch.ends_at.is_some() || patch.affects.is_some() {
            tell_of_maintenance(&mut *self.db, *id, NoticeKind::MaintenanceChanged, None).await?;
        }
        self.touched.push(Touched::Node(*id));
        let title = title.as_deref().unwrap_or(&node.title);
        let mut summary = json!({ "fields": super::changed_fields(intention), "title_before": node.title });
        if let Some(fields) = summary.as_object_mut() {
            fields.extend(window_summary(patch.starts_at, patch.ends_at));
        }
        self.record("update_maintenance", node_subject(*id, node.scope_id, node.kind, title), summary).await
    }

    pub(super) async fn extend_maintenance(&mut self, id: Uuid, ends_at: DateTime<Utc>) -> Result<(), Stop> {
        let (node, before) = self.locked_maintenance(id).await?;
        if ends_at <= before.ends_at {
            return Err(Refusal::invalid("ends_at", format!("later than now planned, which is {}", before.ends_at)).into());
        }
        let now = self.now().await?;
        match before.state {
            // Its begin may be due this very moment: the end alone is asked about.
            MaintenanceState::Scheduled | MaintenanceState::InProgress => check_end(before.starts_at, ends_at, now)?,
            state => return Err(Refusal::conflict(format!("it is {state}: its window is over")).into()),
        }
        let patch = MaintenancePatch { ends_at: Some(ends_at), ..MaintenancePatch::default() };
        store::maintenance::update_maintenance(&mut *self.db, id, &patch).await?;
        store::maintenance::mark_edited(&mut *self.db, id).await?;
        self.move_deadlines(id, &before, Some(ends_at)).await?;
        tell_of_maintenance(&mut *self.db, id, NoticeKind::MaintenanceExtended, None).await?;
        self.touched.push(Touched::Node(id));
        let summary = json!({ "ends_at": ends_at, "ends_at_before": before.ends_at });
        self.record("extend_maintenance", node_subject(id, node.scope_id, node.kind, &node.title), summary).await
    }

    /// One act moves everything: servers that drain have as much longer as the window has.
    async fn move_deadlines(&mut self, id: Uuid, before: &Maintenance, ends_at: Option<DateTime<Utc>>) -> Result<(), Stop> {
        let Some(ends_at) = ends_at.filter(|_| before.affects_instance && before.state == MaintenanceState::InProgress) else {
            return Ok(());
        };
        Ok(store::maintenance::extend_stops(self.db, id, (ends_at - before.ends_at).as_seconds_f64()).await?)
    }

    /// Brings the whole window forward, as long as it is, and begins it.
    pub(super) async fn start_maintenance(&mut self, id: Uuid, said: Said<'_>) -> Result<(), Stop> {
        let (node, before) = self.locked_maintenance(id).await?;
        if before.state != MaintenanceState::Scheduled {
            return Err(too_late(before.state).into());
        }
        let now = self.now().await?;
        let patch = MaintenancePatch {
            starts_at: Some(now),
            ends_at: Some(now + (before.ends_at - before.starts_at)),
            ..MaintenancePatch::default()
        };
        store::maintenance::update_maintenance(&mut *self.db, id, &patch).await?;
        let moved = store::maintenance::lock_maintenance(&mut *self.db, id).await?.ok_or(NO_SUCH)?;
        let to = Move { to: MaintenanceState::InProgress, outcome: None, message: "Started." };
        self.turn("start_maintenance", id, &node, &moved, to, said).await
    }

    pub(super) async fn close_maintenance(&mut self, id: Uuid, said: Said<'_>) -> Result<(), Stop> {
        let (node, before) = self.locked_maintenance(id).await?;
        if !before.state.may_become(MaintenanceState::Completed) {
            return Err(not_under_way(before.state).into());
        }
        let to = Move { to: MaintenanceState::Completed, outcome: Some(Outcome::Closed), message: "Closed." };
        self.turn("close_maintenance", id, &node, &before, to, said).await
    }

    /// Ends the work before its time; what is affected must still be green.
    async fn end_maintenance(&mut self, id: Uuid, said: Said<'_>) -> Result<(), Stop> {
        let (node, before) = self.locked_maintenance(id).await?;
        if before.state != MaintenanceState::InProgress {
            return Err(not_under_way(before.state).into());
        }
        let found = store::maintenance::find_verification(&mut *self.db, id).await?;
        let to = Move::at_end(before.settings.verify, found.checked, "The work is over.");
        self.turn("end_maintenance", id, &node, &before, to, said).await
    }

    pub(super) async fn cancel_maintenance(&mut self, id: Uuid, reason: Option<&str>) -> Result<(), Stop> {
        self.call_off(id, reason.map(|reason| (reason, Audience::Public))).await
    }

    async fn call_off(&mut self, id: Uuid, said: Said<'_>) -> Result<(), Stop> {
        let (node, before) = self.locked_maintenance(id).await?;
        if before.state != MaintenanceState::Scheduled {
            return Err(too_late(before.state).into());
        }
        let to = Move { to: MaintenanceState::Cancelled, outcome: Some(Outcome::Cancelled), message: "Cancelled." };
        self.turn("cancel_maintenance", id, &node, &before, to, said).await
    }

    pub(super) async fn add_maintenance_update(&mut self, id: Uuid, update: &NewUpdate) -> Result<(), Stop> {
        let said = Some((update.message.as_str(), update.audience));
        match update.state_change {
            Some(MaintenanceState::InProgress) => return self.start_maintenance(id, said).await,
            Some(MaintenanceState::Verifying) => return self.end_maintenance(id, said).await,
            Some(MaintenanceState::Completed) => return self.close_maintenance(id, said).await,
            Some(MaintenanceState::Cancelled) => return self.call_off(id, said).await,
            Some(MaintenanceState::Scheduled) | None => {}
        }
        let (node, _) = self.locked_maintenance(id).await?;
        self.tell(id, said, None, "").await?;
        tell_of_maintenance(&mut *self.db, id, NoticeKind::MaintenanceUpdate, said).await?;
        self.touched.push(Touched::Node(id));
        // Not the message: it may be for fewer than those who read the log.
        let summary = json!({ "audience": update.audience });
        self.record("add_maintenance_update", node_subject(id, node.scope_id, node.kind, &node.title), summary).await
    }

    /// Moves the state on and says so, to people and in the log.
    async fn turn(
        &mut self,
        action: &str,
        id: Uuid,
        node: &LockedNode,
        before: &Maintenance,
        to: Move,
        said: Said<'_>,
    ) -> Result<(), Stop> {
        if !store::maintenance::move_maintenance(self.db, id, before, to.to, to.outcome).await? {
            return Err(Refusal::conflict("its state has changed meanwhile").into());
        }
        if to.to == MaintenanceState::Verifying {
            store::maintenance::check_affected_now(&mut *self.db, id).await?;
        }
        self.tell(id, said, Some(to.to), to.message).await?;
        tell_of_maintenance(&mut *self.db, id, kind_of(to.to), said).await?;
        self.touched.push(Touched::Node(id));
        let summary = json!({ "from": before.state, "to": to.to, "outcome": to.outcome });
        self.record(action, node_subject(id, node.scope_id, node.kind, &node.title), summary).await
    }

    /// In the person's words, or else these.
    async fn tell(
        &mut self,
        id: Uuid,
        said: Said<'_>,
        state_change: Option<MaintenanceState>,
        else_say: &str,
    ) -> Result<(), Stop> {
        let (message, audience) = said.unwrap_or((else_say, Audience::Public));
        self.say(id, message, audience, state_change.map(StateChange::Maintenance)).await
    }

    /// The maintenance, locked, for somebody who may plan it.
    async fn locked_maintenance(&mut self, id: Uuid) -> Result<(LockedNode, Maintenance), Stop> {
        let node = store::node::lock_node(&mut *self.db, id).await?.ok_or(NO_SUCH)?;
        self.rights(node.scope_id).await?.need(Level::Reader, "maintenance")?;
        let facet = store::maintenance::lock_maintenance(&mut *self.db, id).await?.ok_or(NO_SUCH)?;
        authorise::maintenance(self.db, self.actor, node.scope_id, facet.affects_instance).await?;
        Ok((node, facet))
    }

    /// For changes of nodes in general: one that takes down Synops itself is the administrators'.
    pub(super) async fn guard_maintenance(&mut self, id: Uuid, node: &LockedNode) -> Result<Option<Maintenance>, Stop> {
        if node.kind != NodeKind::Maintenance {
            return Ok(None);
        }
        let Some(facet) = store::maintenance::lock_maintenance(&mut *self.db, id).await? else { return Ok(None) };
        authorise::maintenance(self.db, self.actor, node.scope_id, facet.affects_instance).await?;
        Ok(Some(facet))
    }

    /// For changes of edges in general: what a maintenance affected stays as it was, and one that has begun
    /// takes down Synops itself, or does not, to its end.
    pub(super) async fn guard_affects(&mut self, kind: EdgeKind, source_id: Uuid, target_id: Uuid) -> Result<(), Stop> {
        if kind != EdgeKind::Affects {
            return Ok(());
        }
        let Some(node) = store::node::lock_node(&mut *self.db, source_id).await? else { return Ok(()) };
        match self.guard_maintenance(source_id, &node).await? {
            Some(facet) if facet.state.is_over() => {
                Err(Refusal::conflict(format!("it is {}: what it affected stays", facet.state)).into())
            }
            Some(facet) => {
                may_affect_instance(facet.state, target_id)?;
                Ok(store::maintenance::mark_edited(&mut *self.db, source_id).await?)
            }
            // An edge that does not begin at a maintenance is refused by the database.
            _ => Ok(()),
        }
    }

    async fn affect(&mut self, id: Uuid, scope_id: Uuid, target_id: Uuid) -> Result<(), Stop> {
        let source = authorise::End { id, kind: NodeKind::Maintenance, scope_id };
        let target = self.end(target_id, "affected node").await?;
        authorise::edge(self.db, self.actor, EdgeKind::Affects, source, target).await?;
        if !EdgeKind::Affects.allows(NodeKind::Maintenance, target.kind, false) {
            return Err(Refusal::invalid("maintenance.affects", "systems, groups or the instance").into());
        }
        Ok(self.insert_edge(Uuid::now_v7(), EdgeKind::Affects, id, target_id, &Map::new()).await?)
    }

    /// Makes these, and no others, what it affects.
    pub(super) async fn set_affects(
        &mut self,
        id: Uuid,
        scope_id: Uuid,
        state: MaintenanceState,
        wanted: &[Uuid],
    ) -> Result<(), Stop> {
        let there = store::maintenance::list_affects(&mut *self.db, id).await?;
        for (edge_id, target_id) in there.iter().filter(|(_, target)| !wanted.contains(target)) {
            may_affect_instance(state, *target_id)?;
            let source = authorise::End { id, kind: NodeKind::Maintenance, scope_id };
            let target = self.end(*target_id, "affected node").await?;
            authorise::edge(self.db, self.actor, EdgeKind::Affects, source, target).await?;
            store::edge::delete_edge(&mut *self.db, *edge_id).await?;
        }
        for target_id in distinct(wanted).into_iter().filter(|id| !there.iter().any(|(_, target)| target == id)) {
            may_affect_instance(state, target_id)?;
            self.affect(id, scope_id, target_id).await?;
        }
        Ok(())
    }

    /// The database's clock: several servers must agree.
    pub(super) async fn now(&mut self) -> Result<DateTime<Utc>, Stop> {
        Ok(store::database::now(&mut *self.db).await?)
    }
}

/// While it runs, people and the clock count on it.
pub(super) fn may_be_deleted(maintenance: &Maintenance) -> Result<(), Refusal> {
    match maintenance.state {
        MaintenanceState::InProgress | MaintenanceState::Verifying => {
            Err(Refusal::conflict(format!("it is {}: close it first", maintenance.state)))
        }
        _ => Ok(()),
    }
}

/// Who has to stop is decided at the begin.
fn may_affect_instance(state: MaintenanceState, target_id: Uuid) -> Result<(), Refusal> {
    if target_id == INSTANCE_ID && state != MaintenanceState::Scheduled {
        return Err(Refusal::conflict(format!("it is {state}: whether Synops itself goes down was decided at its begin")));
    }
    Ok(())
}

/// For what only one that has not started can be asked.
fn too_late(state: MaintenanceState) -> Refusal {
    Refusal::conflict(match state {
        MaintenanceState::InProgress | MaintenanceState::Verifying => format!("it is {state}: it has started, close it instead"),
        state => format!("it is {state} already"),
    })
}

/// For what only one that runs can be asked.
fn not_under_way(state: MaintenanceState) -> Refusal {
    Refusal::conflict(match state {
        MaintenanceState::Scheduled => "it has not started: cancel it instead".to_owned(),
        MaintenanceState::Verifying => "it is verifying: the work is over already".to_owned(),
        state => format!("it is {state} already"),
    })
}

fn window_summary(starts_at: Option<DateTime<Utc>>, ends_at: Option<DateTime<Utc>>) -> Map<String, Value> {
    let times = [("starts_at", starts_at), ("ends_at", ends_at)];
    times.into_iter().filter_map(|(name, at)| Some((name.to_owned(), json!(at?)))).collect()
}
