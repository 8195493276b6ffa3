//! Incidents of many systems at once.

use crate::caller::Caller;
use crate::extract::{Body, bulk_ids};
use crate::reads::{Affected, Module};
use crate::refusal::Refused;
use crate::reply::ReadOnly;
use crate::state::State;
use crate::wire::incident::{IncidentsBySystem, IncidentsOfSystem, SystemsAsked};
use axum::Json;
use axum::response::{IntoResponse, Response};
use domain::Node;
use domain::incident::{Incident, IncidentState};
use domain::limits::INCIDENTS_PER_SYSTEM_MAX;
use domain::node::Facet;

/// List the incidents of many systems
///
/// By system the incidents that affect it, by name or by a group around it: the newest first, at most 50. As
/// far as one may see both; a system without any is left out.
#[utoipa::path(post, path = "/incidents/by-systems", operation_id = "list_incidents_by_systems", tag = "incidents", request_body = SystemsAsked,
    responses((status = 200, description = "By system", body = IncidentsBySystem)))]
pub(crate) async fn list(state: State, caller: Caller, Body(asked): Body<SystemsAsked>) -> Result<Response, Refused> {
    let ids = bulk_ids("system_ids", asked.system_ids)?;
    let affected = state.reads().affecting(&caller, Module::Incidents, &ids).await?;
    let mut items: Vec<IncidentsOfSystem> = affected.iter().map(|affected| of_system(affected, asked.open)).collect();
    items.retain(|item| !item.incident_ids.is_empty());
    items.sort_unstable_by_key(|item| item.system_id);
    let mut answer = Json(IncidentsBySystem { items }).into_response();
    answer.extensions_mut().insert(ReadOnly);
    Ok(answer)
}

/// The newest first.
fn of_system(affected: &Affected, open: Option<bool>) -> IncidentsOfSystem {
    let incidents = affected.by.iter().filter_map(|entry| match entry.node() {
        Some(Node { id, facet: Some(Facet::Incident(incident)), .. }) => Some((incident, *id)),
        _ => None,
    });
    let wanted = |incident: &Incident| open.is_none_or(|open| open == (incident.state != IncidentState::Resolved));
    let mut found: Vec<_> = incidents.filter(|(incident, _)| wanted(incident)).map(|(i, id)| (i.started_at, id)).collect();
    found.sort_unstable_by(|a, b| b.cmp(a));
    found.truncate(INCIDENTS_PER_SYSTEM_MAX);
    IncidentsOfSystem { system_id: affected.system_id, incident_ids: found.into_iter().map(|(_, id)| id).collect() }
}
