//! The states of many systems at once.

use crate::caller::Caller;
use crate::extract::{Body, bulk_ids};
use crate::refusal::Refused;
use crate::reply::ReadOnly;
use crate::state::State;
use crate::wire::catalog::{StateView, States, StatesAsked};
use axum::Json;
use axum::response::{IntoResponse, Response};

/// List the states of many systems
///
/// With the system where it began, of those that are not well because of another. What may not be seen is
/// left out.
#[utoipa::path(post, path = "/systems/states", operation_id = "list_system_states", tag = "systems", request_body = StatesAsked,
    responses((status = 200, description = "Their states", body = States)))]
pub(crate) async fn list(state: State, caller: Caller, Body(asked): Body<StatesAsked>) -> Result<Response, Refused> {
    let ids = bulk_ids("ids", asked.ids)?;
    let mut items: Vec<StateView> = state.reads().systems(&caller, &ids).await?.iter().filter_map(StateView::of).collect();
    items.sort_unstable_by_key(StateView::id);
    let mut answer = Json(States { items }).into_response();
    answer.extensions_mut().insert(ReadOnly);
    Ok(answer)
}
