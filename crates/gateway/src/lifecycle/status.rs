//! A maintenance of Synops itself, for those who lead it.

use crate::admin::administrator;
use crate::caller::Caller;
use crate::live::Seen;
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::lifecycle::{InstanceStatus, MaintenanceStatus, Session, SessionPerson, Sessions};
use crate::wire::node::NodeView;
use axum::Json;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use domain::forecast::{StopMode, stop_mode};
use domain::limits::{HEARTBEAT_LAPSE, PAGE_MAX_ITEMS};
use domain::maintenance::{Maintenance, MaintenanceState};
use domain::node::Facet;
use std::collections::HashMap;
use std::time::Duration;
use store::instance::Instance;
use store::job::{JobFilter, JobState};
use store::maintenance::StopRow;
use uuid::Uuid;

/// Further ahead than any may be planned.
const ANY_TIME_AHEAD: Duration = Duration::from_secs(2 * 366 * 24 * 3600);

/// The maintenance of Synops itself
///
/// The one that is under way, or else the next: how far each server is, who is connected, what runs. Takes an
/// administrator of the instance.
#[utoipa::path(get, path = "/admin/maintenance", operation_id = "get_maintenance_status", tag = "admin",
    responses((status = 200, description = "As it is now", body = MaintenanceStatus)))]
pub(crate) async fn get_maintenance_status(state: State, caller: Caller) -> Result<Response, Refused> {
    administrator(&state, &caller).await?;
    let pool = state.pool();
    let window = store::maintenance::find_window(pool, ANY_TIME_AHEAD, state.settings().instance_id).await?;
    let node = match &window {
        Some(window) => store::node::find_node(pool, window.maintenance_id).await?,
        None => None,
    };
    // It may be planned in a workspace that is closed to them.
    let readable = match &window {
        Some(window) => store::node::find_readable_node(pool, caller.reader(), window.maintenance_id).await?,
        None => None,
    };
    let plan = match node.as_ref().map(|node| &node.facet) {
        Some(Some(Facet::Maintenance(plan))) => Some(plan),
        _ => None,
    };
    let stops = match &window {
        Some(window) => store::maintenance::list_stops(pool, window.maintenance_id).await?,
        None => Vec::new(),
    };
    let instances = store::instance::list_instances(pool).await?;
    let now = store::database::now(pool).await?;
    let (mode, mode_reason) = plan.map(|plan| mode(plan, &instances, now)).unzip();
    let drain_until = window.as_ref().and_then(|window| window.drain_until);
    let instances = instance_statuses(&state, instances, stops, now);
    let filter = JobFilter { state: Some(JobState::Running), ..JobFilter::default() };
    let mut jobs = store::job::list_jobs(pool, &filter, PAGE_MAX_ITEMS + 1).await?;
    let jobs_truncated = crate::cursor::cut(&mut jobs, PAGE_MAX_ITEMS);
    let status = MaintenanceStatus {
        server_time: state.now(),
        phase: state.phase().into(),
        maintenance: readable.as_ref().map(NodeView::from),
        countdown_s: plan.and_then(|plan| counts_down_to(plan, drain_until)).map(|at| (at - now).num_seconds().max(0)),
        mode,
        mode_reason,
        sessions: sessions(&state, &caller, &instances).await?,
        instances,
        jobs: jobs.into_iter().map(Into::into).collect(),
        jobs_truncated,
    };
    Ok(Json(status).into_response())
}

fn counts_down_to(plan: &Maintenance, drain_until: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    match plan.state {
        MaintenanceState::Scheduled => Some(plan.starts_at),
        MaintenanceState::InProgress => Some(drain_until.unwrap_or(plan.ends_at)),
        MaintenanceState::Verifying => plan.verify_until(),
        MaintenanceState::Completed | MaintenanceState::Cancelled => None,
    }
}

/// As it was decided, or as it would be now.
fn mode(plan: &Maintenance, instances: &[Instance], now: DateTime<Utc>) -> (StopMode, String) {
    if let Some(mode) = plan.mode {
        return (mode, "as decided at its begin".to_owned());
    }
    let ready: Vec<_> = instances.iter().filter(|i| i.state.is_ready()).map(|i| (i.seen_at, i.roles.clone())).collect();
    stop_mode(plan.settings.rolling, &ready, now)
}

/// Those that live, and those that the maintenance knows and that are gone.
fn instance_statuses(state: &State, instances: Vec<Instance>, stops: Vec<StopRow>, now: DateTime<Utc>) -> Vec<InstanceStatus> {
    let mut stops: HashMap<Uuid, StopRow> = stops.into_iter().map(|stop| (stop.instance_id, stop)).collect();
    let mut told: Vec<InstanceStatus> = instances
        .into_iter()
        .map(|i| InstanceStatus {
            id: i.id,
            name: i.name,
            version: i.version,
            roles: i.roles,
            state: Some(i.state),
            started_at: Some(i.started_at),
            seen_at: Some(i.seen_at),
            is_present: (now - i.seen_at).to_std().unwrap_or_default() < HEARTBEAT_LAPSE,
            is_this: i.id == state.settings().instance_id,
            in_flight: i.in_flight,
            stop: stops.remove(&i.id).map(Into::into),
        })
        .collect();
    let mut gone: Vec<StopRow> = stops.into_values().collect();
    gone.sort_by(|a, b| (a.turn, &a.name, a.instance_id).cmp(&(b.turn, &b.name, b.instance_id)));
    told.extend(gone.into_iter().map(|stop| InstanceStatus {
        id: stop.instance_id,
        name: stop.name.clone(),
        version: stop.version.clone(),
        roles: stop.roles.clone(),
        state: None,
        started_at: None,
        seen_at: None,
        is_present: false,
        is_this: false,
        in_flight: Default::default(),
        stop: Some(stop.into()),
    }));
    told
}

async fn sessions(state: &State, caller: &Caller, instances: &[InstanceStatus]) -> Result<Sessions, Refused> {
    let limit = usize::try_from(PAGE_MAX_ITEMS).unwrap_or(usize::MAX);
    let (seen, here) = state.hub().seen(limit);
    let elsewhere = instances.iter().filter(|i| i.is_present && !i.is_this).filter_map(|i| i.in_flight.get("sockets"));
    let here = i64::try_from(here).unwrap_or(i64::MAX);
    let count = here.saturating_add(elsewhere.sum());
    let ids: Vec<Uuid> = seen.iter().flat_map(|one| one.nodes.iter().copied().chain(one.person_id)).collect();
    let nodes = store::node::list_readable_nodes_by_id(state.pool(), caller.reader(), &ids).await?;
    let titles: HashMap<Uuid, String> = nodes.into_iter().map(|node| (node.id, node.title)).collect();
    let now = state.now();
    let truncated = count > i64::try_from(seen.len()).unwrap_or(i64::MAX);
    let items = seen.into_iter().map(|one| session(one, &titles, now)).collect();
    Ok(Sessions { count, items, truncated })
}

fn session(seen: Seen, titles: &HashMap<Uuid, String>, now: DateTime<Utc>) -> Session {
    let person = seen.person_id.map(|id| SessionPerson { id, title: titles.get(&id).cloned().unwrap_or_default() });
    let title = |id: &Uuid| titles.get(id).cloned().unwrap_or_else(|| format!("node:{id}"));
    let mut looks_at: Vec<String> = seen.nodes.iter().map(title).collect();
    if looks_at.is_empty() {
        looks_at = seen.kinds.iter().map(|kind| format!("kind:{kind}")).collect();
    }
    looks_at.sort_unstable();
    Session { person, since: now - seen.since, looks_at }
}
