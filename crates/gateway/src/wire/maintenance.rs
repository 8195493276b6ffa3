//! Maintenances: what is asked, and what a forecast and a rehearsal answer.

use super::node::NodeView;
use super::problem::Problem;
use chrono::{DateTime, NaiveDateTime, Utc};
use domain::forecast::{Fate, StopMode};
use domain::job::JobClass;
use domain::link::Link;
use domain::maintenance::{Maintenance, MaintenancePatch, MaintenanceState, Outcome, StepName};
use domain::system::State;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::time::Duration;
use utoipa::ToSchema;
use uuid::Uuid;

/// What a maintenance has besides.
#[derive(Serialize, ToSchema)]
#[schema(as = Maintenance)]
pub(crate) struct MaintenanceView<'a> {
    state: MaintenanceState,
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    /// The zone it was planned in.
    #[schema(example = "Europe/Oslo")]
    timezone: &'a str,
    #[schema(required)]
    started_at: Option<DateTime<Utc>>,
    /// When the work was over.
    #[schema(required)]
    ended_at: Option<DateTime<Utc>>,
    /// When it was completed or cancelled.
    #[schema(required)]
    finished_at: Option<DateTime<Utc>>,
    /// How it came to its end.
    #[schema(required)]
    outcome: Option<Outcome>,
    /// Until when what it affects may take to be up again; null before the work is over.
    #[schema(required)]
    verify_until: Option<DateTime<Utc>>,
    /// It takes down Synops itself.
    affects_instance: bool,
    /// How Synops goes down for it, since it has begun.
    #[schema(required)]
    mode: Option<StopMode>,
    verify: bool,
    #[schema(example = 600)]
    verify_timeout_s: i32,
    blocked_classes: &'a [JobClass],
    #[schema(example = 300)]
    drain_bound_s: i32,
    rolling: bool,
    admins_first: bool,
    links: &'a [Link],
    /// The series it is a window of.
    #[schema(required)]
    series_id: Option<Uuid>,
    /// When it was to begin by its series, on the wall of the series' time zone.
    #[schema(required, value_type = Option<String>, example = "2026-12-01T22:00:00")]
    occurrence_at: Option<NaiveDateTime>,
}

impl<'a> From<&'a Maintenance> for MaintenanceView<'a> {
    fn from(maintenance: &'a Maintenance) -> Self {
        let settings = &maintenance.settings;
        Self {
            state: maintenance.state,
            starts_at: maintenance.starts_at,
            ends_at: maintenance.ends_at,
            timezone: &maintenance.timezone,
            started_at: maintenance.started_at,
            ended_at: maintenance.ended_at,
            finished_at: maintenance.finished_at,
            outcome: maintenance.outcome,
            verify_until: maintenance.verify_until(),
            affects_instance: maintenance.affects_instance,
            mode: maintenance.mode,
            verify: settings.verify,
            verify_timeout_s: settings.verify_timeout_s,
            blocked_classes: &settings.blocked_classes,
            drain_bound_s: settings.drain_bound_s,
            rolling: settings.rolling,
            admins_first: settings.admins_first,
            links: &maintenance.links,
            series_id: maintenance.series_id,
            occurrence_at: maintenance.occurrence_at,
        }
    }
}

/// A new maintenance.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewMaintenance {
    /// Made by the caller, if at all.
    #[schema(nullable = false)]
    pub(crate) id: Option<Uuid>,
    /// A workspace, a group or the instance; by default the scope of the first that it affects.
    #[schema(nullable = false)]
    pub(crate) parent_id: Option<Uuid>,
    #[schema(min_length = 1, max_length = 200, example = "New disks for the database")]
    pub(crate) title: String,
    /// Markdown.
    #[serde(default)]
    pub(crate) body: String,
    #[serde(default)]
    pub(crate) attrs: Map<String, Value>,
    /// Not in the past, and at most 366 days ahead.
    pub(crate) starts_at: DateTime<Utc>,
    /// From 1 minute to 30 days later.
    pub(crate) ends_at: DateTime<Utc>,
    /// By default `UTC`.
    #[schema(nullable = false, example = "Europe/Oslo")]
    pub(crate) timezone: Option<String>,
    /// Systems, groups, or the instance: Synops itself.
    #[schema(min_items = 1, max_items = 200)]
    pub(crate) affects: Vec<Uuid>,
    /// Completed only when the checks of what it affects are green again; by default true.
    #[schema(nullable = false)]
    pub(crate) verify: Option<bool>,
    /// By default 600.
    #[schema(nullable = false, minimum = 10, maximum = 86400)]
    pub(crate) verify_timeout_s: Option<i32>,
    /// Of jobs, that are kept but not begun while Synops itself is down; by default `tools`.
    #[schema(nullable = false)]
    pub(crate) blocked_classes: Option<Vec<JobClass>>,
    /// How long what runs may take to finish; by default 300.
    #[schema(nullable = false, minimum = 1, maximum = 3600)]
    pub(crate) drain_bound_s: Option<i32>,
    /// One instance of Synops after the other, where there are enough; by default false.
    #[schema(nullable = false)]
    pub(crate) rolling: Option<bool>,
    /// After a full stop only administrators of the instance are let in until all is green; by default false.
    #[schema(nullable = false)]
    pub(crate) admins_first: Option<bool>,
    #[schema(nullable = false, max_items = 20)]
    pub(crate) links: Option<Vec<Link>>,
}

impl NewMaintenance {
    pub(crate) fn patch(&self) -> MaintenancePatch {
        let new = self.clone();
        MaintenancePatch {
            starts_at: Some(new.starts_at),
            ends_at: Some(new.ends_at),
            timezone: new.timezone,
            verify: new.verify,
            verify_timeout_s: new.verify_timeout_s,
            blocked_classes: new.blocked_classes,
            drain_bound_s: new.drain_bound_s,
            rolling: new.rolling,
            admins_first: new.admins_first,
            links: new.links,
            affects: Some(new.affects),
        }
    }
}

/// Changes of a maintenance; absent fields stay. What has started keeps its begin, what is over its
/// window and what it affected.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MaintenanceChange {
    #[schema(nullable = false)]
    pub(crate) title: Option<String>,
    #[schema(nullable = false)]
    pub(crate) body: Option<String>,
    #[schema(nullable = false)]
    pub(crate) attrs: Option<Map<String, Value>>,
    #[schema(nullable = false)]
    pub(crate) starts_at: Option<DateTime<Utc>>,
    #[schema(nullable = false)]
    pub(crate) ends_at: Option<DateTime<Utc>>,
    #[schema(nullable = false)]
    pub(crate) timezone: Option<String>,
    /// These and no others.
    #[schema(nullable = false, min_items = 1, max_items = 200)]
    pub(crate) affects: Option<Vec<Uuid>>,
    #[schema(nullable = false)]
    pub(crate) verify: Option<bool>,
    #[schema(nullable = false, minimum = 10, maximum = 86400)]
    pub(crate) verify_timeout_s: Option<i32>,
    #[schema(nullable = false)]
    pub(crate) blocked_classes: Option<Vec<JobClass>>,
    #[schema(nullable = false, minimum = 1, maximum = 3600)]
    pub(crate) drain_bound_s: Option<i32>,
    #[schema(nullable = false)]
    pub(crate) rolling: Option<bool>,
    /// After a full stop only administrators of the instance are let in until all is green; by default false.
    #[schema(nullable = false)]
    pub(crate) admins_first: Option<bool>,
    #[schema(nullable = false, max_items = 20)]
    pub(crate) links: Option<Vec<Link>>,
}

impl MaintenanceChange {
    pub(crate) fn patch(&mut self) -> MaintenancePatch {
        MaintenancePatch {
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            timezone: self.timezone.take(),
            verify: self.verify,
            verify_timeout_s: self.verify_timeout_s,
            blocked_classes: self.blocked_classes.take(),
            drain_bound_s: self.drain_bound_s,
            rolling: self.rolling,
            admins_first: self.admins_first,
            links: self.links.take(),
            affects: self.affects.take(),
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Extension {
    /// Later than now planned.
    pub(crate) ends_at: DateTime<Utc>,
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cancellation {
    /// For everybody who sees the maintenance.
    #[schema(nullable = false)]
    pub(crate) reason: Option<String>,
}

/// A system, and a maintenance that affects it.
#[derive(Serialize, ToSchema)]
pub(crate) struct AffectedSystem {
    pub(crate) system_id: Uuid,
    pub(crate) maintenance_id: Uuid,
    /// Of the maintenance.
    pub(crate) title: String,
    pub(crate) state: MaintenanceState,
    pub(crate) starts_at: DateTime<Utc>,
    pub(crate) ends_at: DateTime<Utc>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct AffectedPage {
    pub(crate) items: Vec<AffectedSystem>,
    /// Give it as `cursor` for what follows; null at the end.
    #[schema(required)]
    pub(crate) next_cursor: Option<String>,
}

/// What a window will meet, as things are now.
#[derive(Serialize, ToSchema)]
pub(crate) struct Forecast {
    pub(crate) at: DateTime<Utc>,
    pub(crate) starts_at: DateTime<Utc>,
    pub(crate) ends_at: DateTime<Utc>,
    pub(crate) stop: StopMode,
    /// Why so, for people.
    #[schema(example = "rolling takes two instances that are ready; there is 1")]
    pub(crate) stop_reason: String,
    /// Jobs that meet the window; only where Synops itself goes down.
    pub(crate) jobs: Vec<ForecastJob>,
    /// What is enqueued by the clock within the window, at its first time there.
    pub(crate) schedules: Vec<ForecastSchedule>,
    pub(crate) systems: Vec<ForecastSystem>,
    /// There is more than what is told.
    pub(crate) truncated: bool,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ForecastJob {
    pub(crate) id: Uuid,
    #[schema(example = "tool")]
    pub(crate) kind: String,
    #[schema(example = "tools")]
    pub(crate) class: String,
    pub(crate) fate: Fate,
    /// Null: it waits.
    #[schema(required)]
    pub(crate) started_at: Option<DateTime<Utc>>,
    pub(crate) run_at: DateTime<Utc>,
    #[schema(required)]
    pub(crate) progress: Option<f32>,
    /// How long jobs of this kind take: by the last week, or else at most.
    #[schema(example = 40.5)]
    pub(crate) usually_s: f64,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ForecastSchedule {
    pub(crate) id: Uuid,
    #[schema(example = "check history")]
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) due_at: DateTime<Utc>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ForecastSystem {
    pub(crate) id: Uuid,
    #[schema(example = "Checkout")]
    pub(crate) title: String,
    pub(crate) state: State,
    /// Without a check there is nothing to verify.
    pub(crate) checked: bool,
}

/// What a rehearsal went through. Nothing of it was kept.
#[derive(Serialize, ToSchema)]
pub(crate) struct Rehearsal {
    /// As things are now all of it would go well.
    pub(crate) ok: bool,
    pub(crate) steps: Vec<RehearsalStep>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct RehearsalStep {
    name: StepName,
    /// When it will come, at the latest for those that wait for something.
    at: DateTime<Utc>,
    /// For people.
    detail: String,
    /// How long its work took now; null for a step that only the real plan carries out.
    #[schema(required, example = 1.5)]
    took_ms: Option<f64>,
    ok: bool,
}

impl From<domain::maintenance::Step> for RehearsalStep {
    fn from(step: domain::maintenance::Step) -> Self {
        let took_ms = step.took.as_ref().map(Duration::as_secs_f64).map(|seconds| seconds * 1_000.0);
        Self { name: step.name, at: step.at, detail: step.detail, took_ms, ok: step.ok }
    }
}

/// Which maintenances affect these.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BySystems {
    #[schema(max_items = 500)]
    pub(crate) system_ids: Vec<Uuid>,
    /// Only those under way.
    #[schema(nullable = false)]
    pub(crate) active: Option<bool>,
    /// Only those that have not begun.
    #[schema(nullable = false)]
    pub(crate) upcoming: Option<bool>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SystemMaintenances {
    pub(crate) system_id: Uuid,
    /// By when they begin.
    pub(crate) maintenance_ids: Vec<Uuid>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct BySystemsPage<'a> {
    pub(crate) items: Vec<SystemMaintenances>,
    /// Each that is named above, once.
    pub(crate) maintenances: Vec<NodeView<'a>>,
}

/// Which maintenances to close.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CloseMany {
    #[schema(min_items = 1, max_items = 200)]
    pub(crate) ids: Vec<Uuid>,
}

/// What became of one: `maintenance` as it is now, or `problem`.
#[derive(Serialize, ToSchema)]
pub(crate) struct Closed {
    pub(crate) id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = NodeView)]
    pub(crate) maintenance: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) problem: Option<Problem>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ClosedPage {
    pub(crate) items: Vec<Closed>,
}

/// By what a calendar program reads one's maintenances.
#[derive(Serialize, ToSchema)]
pub(crate) struct CalendarToken {
    /// Shown once.
    pub(crate) token: String,
    /// To subscribe to.
    pub(crate) url: String,
}
