//! Maintenances that come again: the series, and the maintenances that are made for it ahead of time.

use super::{Touched, Work, fresh, node_subject};
use crate::authorise;
use crate::carry_out::Stop;
use crate::notify::tell_of_maintenance;
use chrono::{DateTime, TimeDelta, Utc};
use domain::access::Level;
use domain::intention::Intention;
use domain::limits::{ANNOUNCED_AHEAD, SERIES_AHEAD, SERIES_AHEAD_MAX, SERIES_LOOK};
use domain::maintenance::{MaintenancePatch, MaintenanceState, Occurrence, Outcome, Series, SeriesPatch};
use domain::node::{INSTANCE_ID, NodeKind};
use domain::notification::NoticeKind;
use domain::timeline::{Audience, StateChange};
use domain::{Actor, EdgeKind, Refusal};
use serde_json::json;
use sqlx::Connection;
use std::collections::HashMap;
use store::maintenance::Made;
use uuid::Uuid;

const NO_SUCH: Refusal = Refusal::NotFound { what: "series" };

impl Work<'_> {
    pub(super) async fn create_series(&mut self, intention: &Intention) -> Result<(), Stop> {
        let Intention::CreateMaintenanceSeries { id, parent_id, title, body, series: patch } = intention else { return Ok(()) };
        let plan = patch.plan.clone().unwrap_or_default();
        let affects = plan.affects.clone().unwrap_or_default();
        let Some(first) = affects.first() else { return Err(Refusal::invalid("series.plan.affects", "it must be given").into()) };
        let first = self.end(*first, "affected node").await?;
        // Seen before anything is told of it.
        self.rights(first.scope_id).await?.need(Level::Reader, "affected node")?;
        let parent = self.end(parent_id.unwrap_or(first.scope_id), "parent").await?;
        self.rights(parent.scope_id).await?.need(Level::Reader, "parent")?;
        if !EdgeKind::PartOf.allows(NodeKind::Maintenance, parent.kind, true) {
            return Err(Refusal::invalid("parent_id", format!("a maintenance can't be part of a {}", parent.kind)).into());
        }
        self.may_affect(parent.id, parent.scope_id, &affects).await?;
        let now = store::database::now(&mut *self.db).await?;
        let id = id.unwrap_or_else(Uuid::now_v7);
        if store::maintenance::find_series(&mut *self.db, id).await?.is_some() {
            return Err(Refusal::conflict("there is one with this id already").into());
        }
        let series = Series {
            id,
            parent_id: parent.id,
            title: title.clone(),
            body: body.clone(),
            plan,
            timing: patch.timing(None).map_err(|refusal| refusal.within("series"))?,
            ended_at: None,
            version: 1,
            created_by: self.actor.person_id(),
            created_at: now,
            updated_at: now,
        };
        store::maintenance::upsert_series(&mut *self.db, &series).await?;
        self.record_series("create_series", &series, parent.kind, parent.scope_id).await?;
        self.make_occurrences(&series, now).await?;
        self.touched.push(Touched::Series(id));
        Ok(())
    }

    pub(super) async fn update_series(&mut self, intention: &Intention) -> Result<(), Stop> {
        let Intention::UpdateMaintenanceSeries { id, version, title, body, series: patch } = intention else { return Ok(()) };
        let (mut series, kind, scope_id) = self.locked_series(*id).await?;
        fresh(*version, series.version)?;
        if series.ended_at.is_some() {
            return Err(Refusal::conflict("it has ended: make another").into());
        }
        if let Some(affects) = patch.plan.as_ref().and_then(|plan| plan.affects.as_ref()) {
            self.may_affect(series.parent_id, scope_id, affects).await?;
        }
        series.timing = patch.timing(Some(&series.timing)).map_err(|refusal| refusal.within("series"))?;
        merge(&mut series.plan, patch);
        series.title = title.clone().unwrap_or(series.title);
        series.body = body.clone().unwrap_or(series.body);
        store::maintenance::upsert_series(&mut *self.db, &series).await?;
        self.record_series("update_series", &series, kind, scope_id).await?;
        let now = store::database::now(&mut *self.db).await?;
        self.make_occurrences(&series, now).await?;
        self.touched.push(Touched::Series(*id));
        Ok(())
    }

    /// Calls off those to come that follow it; what is under way, and what somebody has changed by hand, goes on.
    pub(super) async fn end_series(&mut self, id: Uuid, version: i64) -> Result<(), Stop> {
        let (mut series, kind, scope_id) = self.locked_series(id).await?;
        fresh(version, series.version)?;
        if series.ended_at.is_some() {
            return Err(Refusal::conflict("it has ended already").into());
        }
        let now = store::database::now(&mut *self.db).await?;
        series.ended_at = Some(now);
        store::maintenance::upsert_series(&mut *self.db, &series).await?;
        self.record_series("end_series", &series, kind, scope_id).await?;
        let told = self.touched.len();
        for made in store::maintenance::lock_made(&mut *self.db, id).await?.into_iter().filter(|made| made.follows) {
            self.call_off_of_series(&made, now).await?;
        }
        // One intention, one outcome.
        self.touched.truncate(told);
        self.touched.push(Touched::Series(id));
        Ok(())
    }

    /// Makes what is missing of the windows ahead, brings those that follow level with the series, and takes away
    /// those it does not hold any more. Whoever holds the series' row does this alone. Answers how many were made.
    pub(crate) async fn make_occurrences(&mut self, series: &Series, now: DateTime<Utc>) -> Result<usize, Stop> {
        let horizon = now + TimeDelta::from_std(SERIES_AHEAD).unwrap_or_default();
        let wanted = series.timing.occurrences(now, horizon, SERIES_AHEAD_MAX)?;
        let there = store::maintenance::lock_made(&mut *self.db, series.id).await?;
        let mut by_wall: HashMap<_, Made> = there.into_iter().map(|made| (made.occurrence_at, made)).collect();
        let plan = self.present_plan(&series.plan).await?;
        let mut missing = Vec::new();
        for occurrence in wanted {
            match by_wall.remove(&occurrence.occurrence_at) {
                Some(there) if there.follows => self.bring_level(series, &plan, &there, &occurrence, now).await?,
                Some(_) => {}
                None => missing.push(occurrence),
            }
        }
        let mut left: Vec<Made> = by_wall.into_values().filter(|made| made.follows).collect();
        left.sort_unstable_by_key(|made| made.occurrence_at);
        // A series that has moved takes its windows along: they stay the same to those who know them.
        let moved = left.len().min(missing.len());
        for (there, occurrence) in left.drain(..moved).zip(missing.drain(..moved)) {
            store::maintenance::set_occurrence(&mut *self.db, there.id, series.id, &occurrence).await?;
            self.bring_level(series, &plan, &there, &occurrence, now).await?;
        }
        let told = self.touched.len();
        for there in left {
            if there.holds || is_near(there.starts_at, now) {
                self.call_off_of_series(&there, now).await?;
            } else {
                store::maintenance::forget_series(&mut *self.db, there.id).await?;
                store::node::delete_node(&mut *self.db, there.id).await?;
            }
        }
        self.touched.truncate(told);
        let mut made = 0;
        // Without anything that it affects (all of it is gone) there is nothing to plan.
        if plan.affects.as_ref().is_some_and(|affects| !affects.is_empty()) {
            for occurrence in &missing {
                made += usize::from(self.make_one(series, &plan, occurrence).await?);
            }
        }
        store::maintenance::put_off_series(&mut *self.db, series.id, SERIES_LOOK).await?;
        Ok(made)
    }

    /// One window, as the server makes it: whoever made the series was asked then. A window that can't be (it overlaps
    /// another of Synops itself) is left out, and tried again with the next look.
    async fn make_one(&mut self, series: &Series, plan: &MaintenancePatch, occurrence: &Occurrence) -> Result<bool, Stop> {
        let id = Uuid::now_v7();
        let intention = Intention::PlanMaintenance {
            id: Some(id),
            parent_id: Some(series.parent_id),
            title: series.title.clone(),
            body: series.body.clone(),
            attrs: serde_json::Map::new(),
            maintenance: window_of(series, plan, occurrence),
        };
        let mut savepoint = self.db.begin().await?;
        let done = {
            let mut work = Work::new(&mut savepoint, &Actor::Server, None, self.keyring);
            // Without a word: it is far ahead, and people are reminded of each.
            Box::pin(work.plan(&intention)).await
        };
        match done {
            Ok(_) => {
                store::maintenance::set_occurrence(&mut *savepoint, id, series.id, occurrence).await?;
                savepoint.commit().await?;
                Ok(true)
            }
            Err(stop) => {
                savepoint.rollback().await?;
                match stop {
                    Stop::Database(error) if store::may_retry(&error) => Err(Stop::Database(error)),
                    Stop::Database(error) => left_out(series, &store::refusal(error)),
                    Stop::Refused(refusal) => left_out(series, &refusal),
                }
            }
        }
    }

    async fn bring_level(
        &mut self,
        series: &Series,
        plan: &MaintenancePatch,
        made: &Made,
        occurrence: &Occurrence,
        now: DateTime<Utc>,
    ) -> Result<(), Stop> {
        let id = made.id;
        let Some(node) = store::node::find_node(&mut *self.db, id).await? else { return Ok(()) };
        let patch = window_of(series, plan, occurrence);
        if node.title != series.title || node.body != series.body {
            store::node::update_node(&mut *self.db, id, Some(&series.title), Some(&series.body), None, None).await?;
        }
        if !is_level(&node, &patch) {
            store::maintenance::update_maintenance(&mut *self.db, id, &patch).await?;
        }
        if let Some(affects) = patch.affects.as_ref().filter(|affects| !affects.is_empty()) {
            let mut savepoint = self.db.begin().await?;
            let mut work = Work::new(&mut savepoint, &Actor::Server, None, self.keyring);
            Box::pin(work.set_affects(id, node.scope_id, MaintenanceState::Scheduled, affects)).await?;
            savepoint.commit().await?;
        }
        // Of what is far ahead nobody was told yet.
        let is_moved = made.starts_at != occurrence.starts_at || made.ends_at != occurrence.ends_at;
        if is_moved && (is_near(made.starts_at, now) || is_near(occurrence.starts_at, now)) {
            tell_of_maintenance(&mut *self.db, id, NoticeKind::MaintenanceChanged, None).await?;
        }
        Ok(())
    }

    /// One that is near, so that people may have been reminded of it, is called off as by hand; of the others the
    /// timeline alone says so.
    async fn call_off_of_series(&mut self, made: &Made, now: DateTime<Utc>) -> Result<(), Stop> {
        if is_near(made.starts_at, now) {
            return self.cancel_maintenance(made.id, None).await;
        }
        let Some(before) = store::maintenance::lock_maintenance(&mut *self.db, made.id).await? else { return Ok(()) };
        let (to, outcome) = (MaintenanceState::Cancelled, Some(Outcome::Cancelled));
        if store::maintenance::move_maintenance(self.db, made.id, &before, to, outcome).await? {
            let change = Some(StateChange::Maintenance(to));
            self.say(made.id, "Cancelled with its series.", Audience::Public, change).await?;
        }
        Ok(())
    }

    /// The plan with those of its targets that are still there.
    async fn present_plan(&mut self, plan: &MaintenancePatch) -> Result<MaintenancePatch, Stop> {
        let affects = plan.affects.clone().unwrap_or_default();
        let there = store::node::list_titles(&mut *self.db, &affects).await?;
        let affects = affects.into_iter().filter(|id| there.iter().any(|(there, _)| there == id)).collect();
        Ok(MaintenancePatch { affects: Some(affects), ..plan.clone() })
    }

    /// The same rights as for one maintenance over all of these.
    async fn may_affect(&mut self, parent_id: Uuid, scope_id: Uuid, affects: &[Uuid]) -> Result<(), Stop> {
        authorise::maintenance(self.db, self.actor, scope_id, affects.contains(&INSTANCE_ID)).await?;
        for id in affects {
            let target = self.end(*id, "affected node").await?;
            let source = authorise::End { id: parent_id, kind: NodeKind::Maintenance, scope_id };
            authorise::edge(self.db, self.actor, EdgeKind::Affects, source, target).await?;
            if !EdgeKind::Affects.allows(NodeKind::Maintenance, target.kind, false) {
                return Err(Refusal::invalid("series.plan.affects", "systems, groups or the instance").into());
            }
        }
        Ok(())
    }

    /// The series, locked, for somebody who may plan its maintenances; with the kind and scope of its place.
    async fn locked_series(&mut self, id: Uuid) -> Result<(Series, NodeKind, Uuid), Stop> {
        let series = store::maintenance::lock_series(&mut *self.db, id).await?.ok_or(NO_SUCH)?;
        let parent = self.end(series.parent_id, "series").await?;
        self.rights(parent.scope_id).await?.need(Level::Reader, "series")?;
        let of_synops = series.plan.affects.as_ref().is_some_and(|affects| affects.contains(&INSTANCE_ID));
        authorise::maintenance(self.db, self.actor, parent.scope_id, of_synops).await?;
        Ok((series, parent.kind, parent.scope_id))
    }

    async fn record_series(&mut self, action: &str, series: &Series, kind: NodeKind, scope_id: Uuid) -> Result<(), Stop> {
        let summary = json!({ "series_id": series.id, "rule": series.timing.rule, "starts_at": series.timing.starts_at });
        self.record(action, node_subject(series.parent_id, scope_id, kind, &series.title), summary).await
    }
}

/// Whether people may have been told of it, or soon are.
fn is_near(starts_at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    starts_at <= now + TimeDelta::from_std(ANNOUNCED_AHEAD).unwrap_or_default()
}

fn left_out(series: &Series, refusal: &Refusal) -> Result<bool, Stop> {
    tracing::warn!(series_id = %series.id, %refusal, "a window of a series could not be planned; tried again within the hour");
    Ok(false)
}

fn window_of(series: &Series, plan: &MaintenancePatch, occurrence: &Occurrence) -> MaintenancePatch {
    MaintenancePatch {
        starts_at: Some(occurrence.starts_at),
        ends_at: Some(occurrence.ends_at),
        timezone: Some(series.timing.timezone.clone()),
        ..plan.clone()
    }
}

/// Whether an update would write nothing new: each write is news to those who watch.
fn is_level(node: &domain::Node, patch: &MaintenancePatch) -> bool {
    let Some(domain::Facet::Maintenance(there)) = &node.facet else { return true };
    let settings = &there.settings;
    patch.starts_at == Some(there.starts_at)
        && patch.ends_at == Some(there.ends_at)
        && patch.timezone.as_ref() == Some(&there.timezone)
        && patch.verify.is_none_or(|verify| verify == settings.verify)
        && patch.verify_timeout_s.is_none_or(|timeout| timeout == settings.verify_timeout_s)
        && patch.drain_bound_s.is_none_or(|bound| bound == settings.drain_bound_s)
        && patch.rolling.is_none_or(|rolling| rolling == settings.rolling)
        && patch.admins_first.is_none_or(|first| first == settings.admins_first)
        && patch.blocked_classes.as_ref().is_none_or(|classes| *classes == settings.blocked_classes)
        && patch.links.as_ref().is_none_or(|links| *links == there.links)
}

/// What is given of the plan is taken over, field by field.
fn merge(plan: &mut MaintenancePatch, patch: &SeriesPatch) {
    let Some(new) = patch.plan.clone() else { return };
    plan.verify = new.verify.or(plan.verify);
    plan.verify_timeout_s = new.verify_timeout_s.or(plan.verify_timeout_s);
    plan.blocked_classes = new.blocked_classes.or(plan.blocked_classes.take());
    plan.drain_bound_s = new.drain_bound_s.or(plan.drain_bound_s);
    plan.rolling = new.rolling.or(plan.rolling);
    plan.admins_first = new.admins_first.or(plan.admins_first);
    plan.links = new.links.or(plan.links.take());
    plan.affects = new.affects.or(plan.affects.take());
}
