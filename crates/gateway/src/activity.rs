//! Who did what, from the audit log.

use crate::caller::Caller;
use crate::extract::{PageQuery, Path, Query, limit_or_default};
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::audit::{Activity, ActivityPage};
use crate::{cursor, nodes};
use axum::Json;
use uuid::Uuid;

/// The latest changes
///
/// Of what one may see, newest first; without what was said in channels.
#[utoipa::path(get, path = "/activity", operation_id = "list_activity", tag = "graph", params(PageQuery),
    responses((status = 200, description = "A page of activity", body = ActivityPage)))]
pub(crate) async fn list_activity(
    state: State,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Result<Json<ActivityPage>, Refused> {
    page(&state, &caller, None, query).await
}

/// Who did what to a node
///
/// Newest first.
#[utoipa::path(get, path = "/nodes/{id}/audit", operation_id = "list_node_audit", tag = "graph",
    params(("id" = Uuid, Path, description = "The node"), PageQuery),
    responses((status = 200, description = "A page of activity", body = ActivityPage)))]
pub(crate) async fn list_node_audit(
    state: State,
    caller: Caller,
    Path(id): Path<Uuid>,
    Query(query): Query<PageQuery>,
) -> Result<Json<ActivityPage>, Refused> {
    nodes::readable(&state, &caller, id).await?;
    page(&state, &caller, Some(id), query).await
}

async fn page(state: &State, caller: &Caller, node_id: Option<Uuid>, query: PageQuery) -> Result<Json<ActivityPage>, Refused> {
    let limit = limit_or_default(query.limit)?;
    let before = cursor::moment(query.cursor.as_deref())?;
    let mut entries = store::audit::list_readable_entries(state.pool(), caller.reader(), node_id, before, limit + 1).await?;
    let more = cursor::cut(&mut entries, limit);
    let next_cursor = entries.last().filter(|_| more).map(|last| cursor::encode(&(last.at, last.id)));
    Ok(Json(ActivityPage { items: entries.into_iter().map(Activity::from).collect(), next_cursor }))
}
