//! Incidents of many systems at once.

use crate::caller::Caller;
use crate::extract::{Body, bulk_ids};
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::incident::{IncidentsBySystem, IncidentsOfSystem, SystemsAsked};
use axum::Json;
use domain::limits::INCIDENTS_PER_SYSTEM_MAX;

/// List the incidents of many systems
///
/// By system the incidents that affect it, by name or by a group around it: the newest first, at most 50. As
/// far as one may see both; a system without any is left out.
#[utoipa::path(post, path = "/incidents/by-systems", operation_id = "list_incidents_by_systems", tag = "incidents", request_body = SystemsAsked,
    responses((status = 200, description = "By system", body = IncidentsBySystem)))]
pub(crate) async fn list(
    state: State,
    caller: Caller,
    Body(asked): Body<SystemsAsked>,
) -> Result<Json<IncidentsBySystem>, Refused> {
    let ids = bulk_ids("system_ids", asked.system_ids)?;
    let (reader, per_system) = (caller.reader(), INCIDENTS_PER_SYSTEM_MAX);
    let found = store::incident::list_by_systems(state.pool(), reader, &ids, asked.open, per_system).await?;
    let mut items: Vec<IncidentsOfSystem> = Vec::new();
    for (system_id, incident_id) in found {
        match items.last_mut().filter(|last| last.system_id == system_id) {
            Some(last) => last.incident_ids.push(incident_id),
            None => items.push(IncidentsOfSystem { system_id, incident_ids: vec![incident_id] }),
        }
    }
    Ok(Json(IncidentsBySystem { items }))
}
