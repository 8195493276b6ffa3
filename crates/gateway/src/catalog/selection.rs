//! Lists of systems by state and place: those that views save, and those asked for at once.

use crate::caller::Caller;
use crate::extract::limit_or_default;
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::node::{NodePage, NodeView};
use crate::{cursor, nodes};
use axum::Json;
use axum::response::{IntoResponse, Response};
use domain::Refusal;
use store::system::{SystemFilter, SystemPlace};
use uuid::Uuid;

/// A page of the systems that the filter selects and the caller may see.
pub(crate) async fn page(
    state: &State,
    caller: &Caller,
    filter: &SystemFilter,
    cursor: Option<&str>,
    limit: Option<i64>,
) -> Result<Response, Refused> {
    let limit = limit_or_default(limit)?;
    let after = cursor.map(decode).transpose()?;
    let (pool, reader) = (state.pool(), caller.reader());
    let mut places = store::system::list_readable_systems(pool, reader, filter, after.as_ref(), limit + 1).await?;
    let more = cursor::cut(&mut places, limit);
    let next_cursor = places.last().filter(|_| more).map(|last| cursor::encode(&(last.rank, &last.title, last.id)));
    let ids: Vec<Uuid> = places.iter().map(|place| place.id).collect();
    let nodes = nodes::readable_in_order(state, caller, &ids).await?;
    Ok(Json(NodePage { items: nodes.iter().map(NodeView::from).collect(), next_cursor }).into_response())
}

fn decode(text: &str) -> Result<SystemPlace, Refusal> {
    let (rank, title, id): (i64, String, Uuid) = cursor::decode(text)?;
    if title.contains('\0') {
        return Err(cursor::invalid());
    }
    Ok(SystemPlace { rank, title, id })
}
