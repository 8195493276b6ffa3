//! Where a device is, and where it was. Read from the database each time: what changes with each record is not
//! worth keeping.

use super::devices::KIND;
use crate::caller::Caller;
use crate::cursor;
use crate::extract::{Path, Query, Submission, time_in_range};
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::bbox::Bbox;
use crate::wire::device::{DeviceStateView, LatestPosition, LatestPositionPage, Marked, Marking, PositionPage, PositionView};
use axum::Json;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use domain::limits::{POSITIONS_DEFAULT_ITEMS, POSITIONS_PAGE_MAX_ITEMS};
use domain::{Intention, Refusal};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

/// Without a time, as far back as this is told.
const TRAIL_DEFAULT: TimeDelta = TimeDelta::hours(24);

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PositionsQuery {
    /// From this time on, by the device's clock; by default 24 hours before `to`.
    from: Option<DateTime<Utc>>,
    /// Until before this time; by default now.
    to: Option<DateTime<Utc>>,
    /// Only those that can't be true, or only the others.
    faulty: Option<bool>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Items at most.
    #[param(minimum = 1, maximum = 5000, default = 1000)]
    limit: Option<i64>,
}

/// What a device was found to be
///
/// By its latest record that can be true; `null` when there is none.
#[utoipa::path(get, path = "/devices/{id}/state", operation_id = "get_device_state", tag = "fleet",
    params(("id" = Uuid, Path, description = "The device")),
    responses((status = 200, description = "Its state", body = Option<DeviceStateView>)))]
pub(crate) async fn state(state: State, caller: Caller, Path(id): Path<Uuid>) -> Result<Json<Option<DeviceStateView>>, Refused> {
    state.reads().node(&caller, KIND, id).await?;
    let Some(found) = store::device_state::list_standings(state.pool(), &[id]).await?.pop() else { return Ok(Json(None)) };
    let fences: Vec<Uuid> = found.state.inside.iter().map(|inside| inside.fence).collect();
    let seen = store::node::list_readable_nodes_by_id(state.pool(), caller.reader(), &fences).await?;
    let titles: Vec<(Uuid, String)> = seen.into_iter().map(|node| (node.id, node.title)).collect();
    Ok(Json(DeviceStateView::new(found, &titles)))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct LatestQuery {
    /// `west,south,east,north` in degrees; one over 180° goes on beyond it. Without it the world.
    #[param(example = "10.5,59.8,11,60")]
    bbox: Option<String>,
    /// `cursor` of the page before.
    cursor: Option<String>,
}

/// Where devices are
///
/// The latest position of each device that one may see, within a window of the map; up to 5,000 a page, by device.
/// Each is `[device, time in ms, longitude, latitude, km/h, heading]`.
#[utoipa::path(get, path = "/devices/positions", operation_id = "list_latest_positions", tag = "fleet", params(LatestQuery),
    responses((status = 200, description = "A page of positions", body = LatestPositionPage)))]
pub(crate) async fn latest(
    state: State,
    caller: Caller,
    Query(query): Query<LatestQuery>,
) -> Result<Json<LatestPositionPage>, Refused> {
    let bbox = query.bbox.as_deref().map_or(Ok(Bbox::WORLD), Bbox::parse)?;
    let after: Option<Uuid> = query.cursor.as_deref().map(cursor::decode).transpose()?;
    let scopes = store::access::list_readable_scopes(state.pool(), caller.reader()).await?;
    let limit = POSITIONS_PAGE_MAX_ITEMS;
    let mut found = store::device_state::list_in_window(state.pool(), &scopes, bbox.into(), after, limit + 1).await?;
    let more = cursor::cut(&mut found, limit);
    let cursor = found.last().filter(|_| more).map(|last| cursor::encode(&last.device_id));
    Ok(Json(LatestPositionPage { items: found.iter().map(LatestPosition::from).collect(), cursor }))
}

/// Mark positions as faulty
///
/// Those within a time can't be true, somebody says, or takes that back: what was told of the device since then is told
/// anew, soon after. Takes the level `member`.
#[utoipa::path(post, path = "/devices/{id}/positions/faulty", operation_id = "mark_device_positions", tag = "fleet",
    params(("id" = Uuid, Path, description = "The device")), request_body = Marking,
    responses((status = 200, description = "How many were", body = Marked)))]
pub(crate) async fn mark(state: State, Path(id): Path<Uuid>, submission: Submission<Marking>) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    let (from, to) = (time_in_range("from", input.from)?, time_in_range("to", input.to)?);
    let intention = Intention::MarkPositions { device_id: id, from, to, faulty: input.faulty };
    super::carry_out(&state, &caller, &context, intention, StatusCode::OK).await
}

/// Where a device was
///
/// The oldest first, by the device's clock.
#[utoipa::path(get, path = "/devices/{id}/positions", operation_id = "list_device_positions", tag = "fleet",
    params(("id" = Uuid, Path, description = "The device"), PositionsQuery),
    responses((status = 200, description = "A page of positions", body = PositionPage)))]
pub(crate) async fn list(
    state: State,
    caller: Caller,
    Path(id): Path<Uuid>,
    Query(query): Query<PositionsQuery>,
) -> Result<Json<PositionPage>, Refused> {
    state.reads().node(&caller, KIND, id).await?;
    let limit = match query.limit.unwrap_or(POSITIONS_DEFAULT_ITEMS) {
        limit if (1..=POSITIONS_PAGE_MAX_ITEMS).contains(&limit) => limit,
        _ => return Err(Refusal::invalid("limit", format!("1 to {POSITIONS_PAGE_MAX_ITEMS}")).into()),
    };
    let after: Option<(DateTime<Utc>, i64)> = query.cursor.as_deref().map(cursor::decode).transpose()?;
    if let Some((at, _)) = after {
        time_in_range("cursor", at)?;
    }
    let to = query.to.map_or(Ok(state.now()), |at| time_in_range("to", at))?;
    let from = query.from.map_or(Ok(to - TRAIL_DEFAULT), |at| time_in_range("from", at))?;
    let mut found = store::position::list_positions(state.pool(), id, (from, to), query.faulty, after, limit + 1).await?;
    let more = cursor::cut(&mut found, limit);
    let next_cursor = found.last().filter(|_| more).map(|last| cursor::encode(&(last.at, last.digest)));
    Ok(Json(PositionPage { items: found.into_iter().map(PositionView::from).collect(), next_cursor }))
}
