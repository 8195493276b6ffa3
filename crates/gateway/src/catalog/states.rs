//! The states of many systems at once.

use crate::caller::Caller;
use crate::extract::{Body, bulk_ids};
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::catalog::{StateView, States, StatesAsked};
use axum::Json;

/// List the states of many systems
///
/// With the system where it began, of those that are not well because of another. What may not be seen is
/// left out.
#[utoipa::path(post, path = "/systems/states", operation_id = "list_system_states", tag = "systems", request_body = StatesAsked,
    responses((status = 200, description = "Their states", body = States)))]
pub(crate) async fn list(state: State, caller: Caller, Body(asked): Body<StatesAsked>) -> Result<Json<States>, Refused> {
    let ids = bulk_ids("ids", asked.ids)?;
    let states = store::system::list_readable_states(state.pool(), caller.reader(), &ids).await?;
    Ok(Json(States { items: states.into_iter().map(StateView::from).collect() }))
}
