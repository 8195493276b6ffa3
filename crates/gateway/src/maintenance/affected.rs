//! Which systems are affected by which maintenance: derived from edges, containment and the window
//! whenever it is asked, so that nothing about it can be out of date.

use crate::caller::Caller;
use crate::cursor;
use crate::extract::{Query, limit_or_default};
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::maintenance::{AffectedPage, AffectedSystem};
use axum::Json;
use serde::Deserialize;
use store::maintenance::AffectedFilter;
use utoipa::IntoParams;
use uuid::Uuid;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AffectedQuery {
    /// By this maintenance alone.
    maintenance_id: Option<Uuid>,
    /// This system alone.
    system_id: Option<Uuid>,
    /// Also by maintenances that have not begun; by default false.
    upcoming: Option<bool>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Items at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<i64>,
}

/// List affected systems
///
/// With the maintenance that affects them, of those under way: by name, or by a group that they are
/// part of. As far as one may see both.
#[utoipa::path(get, path = "/maintenances/affected", operation_id = "list_affected_systems", tag = "maintenances", params(AffectedQuery),
    responses((status = 200, description = "By system", body = AffectedPage)))]
pub(crate) async fn list(
    state: State,
    caller: Caller,
    Query(query): Query<AffectedQuery>,
) -> Result<Json<AffectedPage>, Refused> {
    let limit = limit_or_default(query.limit)?;
    let after: Option<(Uuid, Uuid)> = query.cursor.as_deref().map(cursor::decode).transpose()?;
    let active = query.upcoming != Some(true);
    let filter = AffectedFilter { maintenance_id: query.maintenance_id, system_id: query.system_id, active };
    let mut found = store::maintenance::list_affected(state.pool(), caller.reader(), filter, after, limit + 1).await?;
    let more = cursor::cut(&mut found, limit);
    let next_cursor = found.last().filter(|_| more).map(|last| cursor::encode(&(last.system_id, last.maintenance_id)));
    let items = found.into_iter().map(|a| AffectedSystem {
        system_id: a.system_id,
        maintenance_id: a.maintenance_id,
        title: a.title,
        state: a.state,
        starts_at: a.starts_at,
        ends_at: a.ends_at,
    });
    Ok(Json(AffectedPage { items: items.collect(), next_cursor }))
}
