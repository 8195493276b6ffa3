//! What a maintenance will meet, told before it begins; and its rehearsal.

use super::KIND;
use crate::caller::Caller;
use crate::extract::{Path, Submission};
use crate::nouns;
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::maintenance::{Forecast, ForecastJob, ForecastSchedule, ForecastSystem, NewMaintenance, Rehearsal};
use axum::Json;
use chrono::{DateTime, TimeDelta, Utc};
use domain::forecast::{Fate, StopMode, Window, stop_mode};
use domain::job::{JobClass, JobKind};
use domain::limits::FORECAST_ROWS_MAX;
use domain::maintenance::{Settings, check_window};
use domain::node::{Facet, INSTANCE_ID};
use domain::schedule::Schedule;
use domain::{Level, Refusal};
use std::collections::HashMap;
use std::time::Duration;
use store::Pool;
use store::forecast::ForecastJob as Job;
use uuid::Uuid;

/// Of a kind that this version does not know.
const TAKES_AT_MOST: Duration = Duration::from_secs(3600);

/// Forecast of a maintenance
///
/// As things are now: which jobs will outlive its begin or fall into it, which systems it takes along,
/// and how Synops would go down. Takes whoever may plan it.
#[utoipa::path(get, path = "/maintenances/{id}/forecast", operation_id = "forecast_maintenance", tag = "maintenances",
    params(("id" = Uuid, Path, description = "The maintenance")),
    responses((status = 200, description = "As things are now", body = Forecast), (status = 403, description = "To be seen, but not to be done", body = crate::wire::problem::Problem, content_type = "application/problem+json")))]
pub(crate) async fn get(state: State, caller: Caller, Path(id): Path<Uuid>) -> Result<Json<Forecast>, Refused> {
    let node = nouns::readable(&state, &caller, KIND, id).await?;
    let Some(Facet::Maintenance(maintenance)) = node.facet else { return Err(Refusal::NotFound { what: "maintenance" }.into()) };
    may_plan(&state, &caller, node.scope_id, maintenance.affects_instance).await?;
    let affects = store::maintenance::list_affects(state.pool(), id).await?.into_iter().map(|(_, target)| target).collect();
    let (starts_at, ends_at) = (maintenance.starts_at, maintenance.ends_at);
    Ok(Json(forecast(&state, &caller, Asked { starts_at, ends_at, affects, settings: maintenance.settings }).await?))
}

/// Forecast of a maintenance that is not planned yet
///
/// Nothing is made. Takes a body as planning it does.
#[utoipa::path(post, path = "/maintenances/forecast", operation_id = "forecast_plan", tag = "maintenances", request_body = NewMaintenance,
    responses((status = 200, description = "As things are now", body = Forecast)))]
pub(crate) async fn of_plan(state: State, submission: Submission<NewMaintenance>) -> Result<Json<Forecast>, Refused> {
    let Submission { caller, input, .. } = submission;
    input.patch().validate()?;
    check_window(input.starts_at, input.ends_at, state.now())?;
    for id in &input.affects {
        let no_such = Refusal::NotFound { what: "affected node" };
        let node = store::node::find_readable_node(state.pool(), caller.reader(), *id).await?.ok_or(no_such)?;
        may_plan(&state, &caller, node.scope_id, *id == INSTANCE_ID).await?;
    }
    let settings = Settings {
        verify: input.verify.unwrap_or(true),
        verify_timeout_s: input.verify_timeout_s.unwrap_or_default(),
        blocked_classes: input.blocked_classes.unwrap_or_else(|| vec![JobClass::Tools]),
        drain_bound_s: input.drain_bound_s.unwrap_or(300),
        rolling: input.rolling == Some(true),
        admins_first: input.admins_first == Some(true),
    };
    let asked = Asked { starts_at: input.starts_at, ends_at: input.ends_at, affects: input.affects, settings };
    Ok(Json(forecast(&state, &caller, asked).await?))
}

/// Rehearse a maintenance
///
/// Its remaining steps, carried out on the real rows and taken back, with their times. Nobody is told.
#[utoipa::path(post, path = "/maintenances/{id}/rehearsal", operation_id = "rehearse_maintenance", tag = "maintenances",
    params(("id" = Uuid, Path, description = "The maintenance")),
    responses((status = 200, description = "What it went through", body = Rehearsal)))]
pub(crate) async fn rehearse(state: State, Path(id): Path<Uuid>, submission: Submission<()>) -> Result<Json<Rehearsal>, Refused> {
    let Submission { caller, .. } = submission;
    nouns::readable(&state, &caller, KIND, id).await?;
    let steps = state.wiring.intentions.rehearse_maintenance(&caller.actor, id).await?;
    let ok = steps.iter().all(|step| step.ok);
    Ok(Json(Rehearsal { ok, steps: steps.into_iter().map(Into::into).collect() }))
}

/// The same rule as for the plan itself, which `intentions` judges.
async fn may_plan(state: &State, caller: &Caller, scope_id: Uuid, affects_instance: bool) -> Result<(), Refused> {
    let at = if affects_instance { (INSTANCE_ID, Level::Admin) } else { (scope_id, Level::Member) };
    let level = store::access::find_level(state.pool(), Some(caller.person()?.id), at.0).await?;
    if level.is_none_or(|level| level < at.1) {
        return Err(Refusal::forbidden("this is for those who may plan it").into());
    }
    Ok(())
}

struct Asked {
    starts_at: DateTime<Utc>,
    ends_at: DateTime<Utc>,
    affects: Vec<Uuid>,
    settings: Settings,
}

async fn forecast(state: &State, caller: &Caller, asked: Asked) -> Result<Forecast, Refused> {
    let (pool, limit) = (state.pool(), FORECAST_ROWS_MAX);
    let now = store::database::now(pool).await?;
    let Asked { starts_at, ends_at, affects, settings } = asked;
    let systems = store::forecast::list_forecast_systems(pool, caller.reader(), &affects, limit).await?;
    let mut told = Forecast {
        at: now,
        starts_at,
        ends_at,
        stop: StopMode::None,
        stop_reason: "Synops itself goes on".to_owned(),
        jobs: Vec::new(),
        schedules: Vec::new(),
        truncated: reaches(systems.len(), limit),
        systems: systems
            .into_iter()
            .map(|s| ForecastSystem { id: s.id, title: s.title, state: s.state, checked: s.is_checked })
            .collect(),
    };
    if !affects.contains(&INSTANCE_ID) {
        return Ok(told);
    }
    let instances = store::instance::list_instances(pool).await?;
    let ready = instances.into_iter().filter(|i| i.state.is_ready());
    let ready: Vec<_> = ready.map(|i| (i.seen_at, i.roles)).collect();
    (told.stop, told.stop_reason) = stop_mode(settings.rolling, &ready, now);
    let fates = Fates::of(pool, starts_at, ends_at, &settings).await?;
    let jobs = store::forecast::list_forecast_jobs(pool, ends_at, None, limit).await?;
    told.truncated |= reaches(jobs.len(), limit);
    told.jobs = jobs.into_iter().filter_map(|job| fates.told(job)).collect();
    let schedules = store::job_schedule::list_job_schedules(pool).await?.into_iter().filter(|schedule| schedule.enabled);
    told.schedules = schedules
        .filter_map(|schedule| {
            let due_at = first_within(&schedule.cron, &schedule.timezone, starts_at.max(now), ends_at)?;
            Some(ForecastSchedule { id: schedule.id, name: schedule.name, kind: schedule.kind, due_at })
        })
        .collect();
    Ok(told)
}

fn reaches(length: usize, limit: i64) -> bool {
    i64::try_from(length).unwrap_or(i64::MAX) >= limit
}

/// What becomes of jobs in a window of Synops itself, as things are now.
pub(crate) struct Fates {
    window: Window,
    blocked_classes: Vec<JobClass>,
    /// By kind.
    usual: HashMap<String, Duration>,
    now: DateTime<Utc>,
}

impl Fates {
    pub(crate) async fn of(
        pool: &Pool,
        starts_at: DateTime<Utc>,
        ends_at: DateTime<Utc>,
        settings: &Settings,
    ) -> Result<Self, Refused> {
        let drain_bound = Duration::from_secs(u64::try_from(settings.drain_bound_s).unwrap_or(0));
        Ok(Self {
            window: Window { starts_at, ends_at, drain_bound },
            blocked_classes: settings.blocked_classes.clone(),
            usual: store::forecast::list_usual_durations(pool).await?.into_iter().collect(),
            now: store::database::now(pool).await?,
        })
    }

    /// `None`: the window does not concern it.
    pub(crate) fn fate(&self, job: &Job) -> Option<Fate> {
        let takes = self.takes(&job.kind);
        let is_blocked = self.blocked_classes.iter().any(|class| class.as_str() == job.class);
        match job.started_at {
            Some(started_at) => Some(self.window.fate_of_running(started_at, takes, self.now)),
            None => self.window.fate_of_waiting(job.run_at, takes, is_blocked, self.now),
        }
    }

    fn takes(&self, kind: &str) -> Duration {
        let at_most = || JobKind::parse(kind).map_or(TAKES_AT_MOST, |kind| kind.spec().time_limit);
        self.usual.get(kind).copied().unwrap_or_else(at_most)
    }

    fn told(&self, job: Job) -> Option<ForecastJob> {
        let (fate, usually_s) = (self.fate(&job)?, self.takes(&job.kind).as_secs_f64());
        let Job { id, kind, class, started_at, run_at, progress } = job;
        Some(ForecastJob { id, kind, class, fate, started_at, run_at, progress, usually_s })
    }
}

/// The first time within the window that a schedule is due.
fn first_within(cron: &str, timezone: &str, from: DateTime<Utc>, to: DateTime<Utc>) -> Option<DateTime<Utc>> {
    // The next time is one after this: the begin of the window counts.
    let before = from - TimeDelta::seconds(1);
    Schedule::parse(cron, timezone, before).ok()?.next_after(before).filter(|due_at| *due_at < to)
}
