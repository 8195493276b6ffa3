//! Geofences: places on the map that devices enter and leave.

use crate::caller::Caller;
use crate::cursor;
use crate::extract::{IfMatch, Path, Query, Submission, limit_or_default, text_without_nul};
use crate::nouns;
use crate::reads::{Module, Places, Shelf, Sight};
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::geofence::{GeofenceChange, NewGeofence};
use crate::wire::node::{NodePage, NodeView};
use axum::http::StatusCode;
use axum::response::Response;
use domain::geofence::GeofencePatch;
use domain::limits::SEARCH_MAX_CHARS;
use domain::{Intention, NodeKind, Refusal};
use serde::Deserialize;
use std::sync::Arc;
use store::Pool;
use store::geofence::GeofenceFilter;
use utoipa::IntoParams;
use uuid::Uuid;

pub(super) const KIND: NodeKind = NodeKind::Geofence;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct GeofencesQuery {
    /// Directly part of this workspace or group.
    parent_id: Option<Uuid>,
    /// A part of the title, in any case.
    #[param(max_length = 100)]
    q: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Items at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<i64>,
}

/// List geofences
///
/// Those one may see, by title (in any case), then id.
#[utoipa::path(get, path = "/geofences", operation_id = "list_geofences", tag = "fleet", params(GeofencesQuery),
    responses((status = 200, description = "A page of geofences", body = NodePage)))]
pub(crate) async fn list(state: State, caller: Caller, Query(query): Query<GeofencesQuery>) -> Result<Response, Refused> {
    let limit = limit_or_default(query.limit)?;
    let text = query.q.filter(|q| !q.is_empty());
    text.as_deref().map_or(Ok(()), |q| text_without_nul("q", q, SEARCH_MAX_CHARS))?;
    let after: Option<(String, Uuid)> = query.cursor.as_deref().map(cursor::decode).transpose()?;
    if after.as_ref().is_some_and(|(title, _)| title.contains('\0')) {
        return Err(cursor::invalid().into());
    }
    let filter = GeofenceFilter { parent_id: query.parent_id, text };
    let asked = (&filter, &after, limit);
    let load = {
        let (filter, after) = (filter.clone(), after.clone());
        move |pool: Pool, sight: Arc<Sight>| {
            let (filter, after) = (filter.clone(), after.clone());
            async move {
                let after = after.as_ref().map(|(title, id)| (title.as_str(), *id));
                let mut places = store::geofence::list_geofences(&pool, sight.scopes(), &filter, after, limit + 1).await?;
                let more = cursor::cut(&mut places, limit);
                let next_cursor = places.last().filter(|_| more).map(cursor::encode);
                Ok(Places { ids: places.iter().map(|(_, id)| *id).collect(), next_cursor })
            }
        }
    };
    state.reads().nodes_page(&caller, Shelf::Of(Module::Fleet), "geofences", &asked, load).await
}

/// Make a geofence
///
/// Takes the level `member` where it is made. It holds from now on: where a device was before, it was in no geofence
/// that is made later.
#[utoipa::path(post, path = "/geofences", operation_id = "create_geofence", tag = "fleet", request_body = NewGeofence,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat answer as the first time", max_length = 128, pattern = "^[!-~]+$")),
    responses((status = 201, description = "Made", body = NodeView)))]
pub(crate) async fn create(state: State, submission: Submission<NewGeofence>) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    let geofence = input.patch();
    let NewGeofence { id, parent_id, title, body, .. } = input;
    let intention = Intention::CreateGeofence { id, parent_id, title, body, geofence };
    nouns::carry_out(&state, &caller, &context, vec![intention], StatusCode::CREATED).await
}

/// One geofence
///
/// With its version as `ETag`.
#[utoipa::path(get, path = "/geofences/{id}", operation_id = "get_geofence", tag = "fleet",
    params(("id" = Uuid, Path, description = "The geofence")),
    responses((status = 200, description = "The geofence", body = NodeView)))]
pub(crate) async fn get(state: State, caller: Caller, Path(id): Path<Uuid>) -> Result<Response, Refused> {
    nouns::get(state, caller, KIND, id).await
}

/// Change a geofence
///
/// Absent fields stay. Another shape holds from now on. Another parent is a request of its own.
#[utoipa::path(patch, path = "/geofences/{id}", operation_id = "update_geofence", tag = "fleet", request_body = GeofenceChange,
    params(("id" = Uuid, Path, description = "The geofence"), ("If-Match" = String, Header, description = "The version it is made from, in quotation marks", pattern = "^\"[0-9]+\"$")),
    responses((status = 200, description = "As it is now", body = NodeView)))]
pub(crate) async fn update(
    state: State,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    submission: Submission<GeofenceChange>,
) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    nouns::readable(&state, &caller, KIND, id).await?;
    let GeofenceChange { title, body, shape, dwell_s, parent_id } = input;
    let geofence = GeofencePatch { shape, dwell_s };
    let has_fields = title.is_some() || body.is_some() || geofence != GeofencePatch::default();
    let intention = match parent_id {
        Some(_) if has_fields => {
            return Err(Refusal::invalid("parent_id", "a request of its own: a move changes nothing else").into());
        }
        Some(parent_id) => Intention::MoveNode { id, version, parent_id },
        None if has_fields => Intention::UpdateGeofence { id, version, title, body, geofence },
        None => return Err(Refusal::invalid("body", "at least one field to change").into()),
    };
    nouns::carry_out(&state, &caller, &context, vec![intention], StatusCode::OK).await
}

/// Delete a geofence
///
/// When devices were in it stays known; its name does not.
#[utoipa::path(delete, path = "/geofences/{id}", operation_id = "delete_geofence", tag = "fleet",
    params(("id" = Uuid, Path, description = "The geofence"), ("If-Match" = String, Header, description = "The version, in quotation marks", pattern = "^\"[0-9]+\"$")),
    responses((status = 204, description = "Deleted")))]
pub(crate) async fn delete(
    state: State,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    submission: Submission<()>,
) -> Result<Response, Refused> {
    nouns::delete(state, KIND, id, version, submission).await
}
