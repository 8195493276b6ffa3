//! Devices: what sends telemetry.

use crate::caller::Caller;
use crate::cursor;
use crate::extract::{IfMatch, Path, Query, Submission, limit_or_default, text_without_nul};
use crate::nouns;
use crate::reads::{Module, Places, Shelf, Sight};
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::device::{DeviceChange, NewDevice};
use crate::wire::node::{NodePage, NodeView};
use axum::http::StatusCode;
use axum::response::Response;
use domain::device::DevicePatch;
use domain::limits::SEARCH_MAX_CHARS;
use domain::telemetry::Motion;
use domain::{Intention, NodeKind, Refusal};
use serde::Deserialize;
use std::sync::Arc;
use store::Pool;
use store::device::DeviceFilter;
use utoipa::IntoParams;
use uuid::Uuid;

pub(super) const KIND: NodeKind = NodeKind::Device;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DevicesQuery {
    /// Heard of lately, or not.
    online: Option<bool>,
    motion: Option<Motion>,
    /// Directly part of this workspace or group.
    parent_id: Option<Uuid>,
    /// A part of the title, in any case, or the beginning of the IMEI.
    #[param(max_length = 100)]
    q: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Items at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<i64>,
}

/// List devices
///
/// Those one may see, by title (in any case), then id.
#[utoipa::path(get, path = "/devices", operation_id = "list_devices", tag = "fleet", params(DevicesQuery),
    responses((status = 200, description = "A page of devices", body = NodePage)))]
pub(crate) async fn list(state: State, caller: Caller, Query(query): Query<DevicesQuery>) -> Result<Response, Refused> {
    let limit = limit_or_default(query.limit)?;
    let text = query.q.filter(|q| !q.is_empty());
    text.as_deref().map_or(Ok(()), |q| text_without_nul("q", q, SEARCH_MAX_CHARS))?;
    let after: Option<(String, Uuid)> = query.cursor.as_deref().map(cursor::decode).transpose()?;
    if after.as_ref().is_some_and(|(title, _)| title.contains('\0')) {
        return Err(cursor::invalid().into());
    }
    let filter = DeviceFilter { online: query.online, motion: query.motion, parent_id: query.parent_id, text };
    let asked = (&filter, &after, limit);
    let load = {
        let (filter, after) = (filter.clone(), after.clone());
        move |pool: Pool, sight: Arc<Sight>| {
            let (filter, after) = (filter.clone(), after.clone());
            async move {
                let after = after.as_ref().map(|(title, id)| (title.as_str(), *id));
                let mut places = store::device::list_devices(&pool, sight.scopes(), &filter, after, limit + 1).await?;
                let more = cursor::cut(&mut places, limit);
                let next_cursor = places.last().filter(|_| more).map(cursor::encode);
                Ok(Places { ids: places.iter().map(|(_, id)| *id).collect(), next_cursor })
            }
        }
    };
    state.reads().nodes_page(&caller, Shelf::Of(Module::Fleet), "devices", &asked, load).await
}

/// Make a device
///
/// Takes the level `member` where it is made. Until then nobody who introduces themself with its IMEI is listened to.
#[utoipa::path(post, path = "/devices", operation_id = "create_device", tag = "fleet", request_body = NewDevice,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat answer as the first time", max_length = 128, pattern = "^[!-~]+$")),
    responses((status = 201, description = "Made", body = NodeView)))]
pub(crate) async fn create(state: State, submission: Submission<NewDevice>) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    let NewDevice { id, parent_id, title, body, imei, model } = input;
    let device = DevicePatch { imei: Some(imei), model };
    let intention = Intention::CreateDevice { id, parent_id, title, body, device };
    nouns::carry_out(&state, &caller, &context, vec![intention], StatusCode::CREATED).await
}

/// One device
///
/// With its version as `ETag`.
#[utoipa::path(get, path = "/devices/{id}", operation_id = "get_device", tag = "fleet",
    params(("id" = Uuid, Path, description = "The device")),
    responses((status = 200, description = "The device", body = NodeView)))]
pub(crate) async fn get(state: State, caller: Caller, Path(id): Path<Uuid>) -> Result<Response, Refused> {
    nouns::get(state, caller, KIND, id).await
}

/// Change a device
///
/// Absent fields stay. Another place is a request of its own.
#[utoipa::path(patch, path = "/devices/{id}", operation_id = "update_device", tag = "fleet", request_body = DeviceChange,
    params(("id" = Uuid, Path, description = "The device"), ("If-Match" = String, Header, description = "The version it is made from, in quotation marks", pattern = "^\"[0-9]+\"$")),
    responses((status = 200, description = "As it is now", body = NodeView)))]
pub(crate) async fn update(
    state: State,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    submission: Submission<DeviceChange>,
) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    nouns::readable(&state, &caller, KIND, id).await?;
    let DeviceChange { title, body, imei, model, parent_id } = input;
    let device = DevicePatch { imei, model };
    let has_fields = title.is_some() || body.is_some() || device != DevicePatch::default();
    let intention = match parent_id {
        Some(_) if has_fields => {
            return Err(Refusal::invalid("parent_id", "a request of its own: a move changes nothing else").into());
        }
        Some(parent_id) => Intention::MoveNode { id, version, parent_id },
        None if has_fields => Intention::UpdateDevice { id, version, title, body, device },
        None => return Err(Refusal::invalid("body", "at least one field to change").into()),
    };
    nouns::carry_out(&state, &caller, &context, vec![intention], StatusCode::OK).await
}

/// Delete a device
///
/// What it sent is not told any more, and goes with its day.
#[utoipa::path(delete, path = "/devices/{id}", operation_id = "delete_device", tag = "fleet",
    params(("id" = Uuid, Path, description = "The device"), ("If-Match" = String, Header, description = "The version, in quotation marks", pattern = "^\"[0-9]+\"$")),
    responses((status = 204, description = "Deleted")))]
pub(crate) async fn delete(
    state: State,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    submission: Submission<()>,
) -> Result<Response, Refused> {
    nouns::delete(state, KIND, id, version, submission).await
}
