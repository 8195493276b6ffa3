//! What of the caller's a stop of Synops will meet.

use crate::caller::Caller;
use crate::maintenance::forecast::Fates;
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::lifecycle::{Mine, MyJob, MySystem};
use axum::Json;
use domain::limits::PAGE_MAX_ITEMS;
use domain::node::Facet;
use store::maintenance::AffectedFilter;

/// What of mine a stop of Synops meets
///
/// Jobs that the caller has enqueued, and systems that the maintenance takes along, as far as the caller
/// may see it.
#[utoipa::path(get, path = "/lifecycle/mine", operation_id = "get_lifecycle_mine", tag = "lifecycle",
    responses((status = 200, description = "As things are now", body = Mine)))]
pub(crate) async fn get_mine(state: State, caller: Caller) -> Result<Json<Mine>, Refused> {
    let person = caller.person()?;
    let mut mine = Mine { maintenance_id: None, jobs: Vec::new(), systems: Vec::new(), truncated: false };
    let window = state.wiring.windows.borrow().clone();
    let Some(window) = window else { return Ok(Json(mine)) };
    let (pool, limit, id) = (state.pool(), PAGE_MAX_ITEMS, window.maintenance_id);
    let Some(Facet::Maintenance(plan)) = store::node::find_node(pool, id).await?.and_then(|node| node.facet) else {
        return Ok(Json(mine));
    };
    mine.maintenance_id = Some(id);
    let fates = Fates::of(pool, plan.starts_at, plan.ends_at, &plan.settings).await?;
    let mut jobs = store::forecast::list_forecast_jobs(pool, plan.ends_at, Some(person.id), limit + 1).await?;
    let filter = AffectedFilter { maintenance_id: Some(id), ..AffectedFilter::default() };
    let mut systems = store::maintenance::list_affected(pool, Some(person.id), filter, None, limit + 1).await?;
    mine.truncated = crate::cursor::cut(&mut jobs, limit) | crate::cursor::cut(&mut systems, limit);
    mine.jobs = jobs
        .into_iter()
        .filter_map(|job| {
            let fate = fates.fate(&job)?;
            Some(MyJob { id: job.id, kind: job.kind, fate, started_at: job.started_at, progress: job.progress })
        })
        .collect();
    let ids: Vec<_> = systems.iter().map(|system| system.system_id).collect();
    let titles = store::node::list_titles(pool, &ids).await?;
    mine.systems = titles.into_iter().map(|(id, title)| MySystem { id, title }).collect();
    mine.systems.sort_by(|a, b| a.title.cmp(&b.title));
    Ok(Json(mine))
}
