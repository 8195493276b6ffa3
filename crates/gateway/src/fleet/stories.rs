//! What is made of a device's positions. Read from the database each time, as they are.

use super::devices::KIND;
use crate::caller::Caller;
use crate::cursor;
use crate::extract::{PageQuery, Path, Query, Submission, limit_or_default, time_in_range};
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::device::Retelling;
use crate::wire::story::{StopPage, StopView, TimingRecordPage, TimingRecordView, TripPage, TripView};
use axum::Json;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::Intention;
use uuid::Uuid;

/// When a device was in geofences
///
/// The latest first. Of a geofence that one may not see, or that is gone, the times alone.
#[utoipa::path(get, path = "/devices/{id}/timing-records", operation_id = "list_device_timing_records", tag = "fleet",
    params(("id" = Uuid, Path, description = "The device"), PageQuery),
    responses((status = 200, description = "A page of timing records", body = TimingRecordPage)))]
pub(crate) async fn timing_records(
    state: State,
    caller: Caller,
    Path(id): Path<Uuid>,
    Query(query): Query<PageQuery>,
) -> Result<Json<TimingRecordPage>, Refused> {
    state.reads().node(&caller, KIND, id).await?;
    let limit = limit_or_default(query.limit)?;
    let before: Option<(DateTime<Utc>, Uuid)> = query.cursor.as_deref().map(cursor::decode).transpose()?;
    before.map_or(Ok(()), |(at, _)| time_in_range("cursor", at).map(drop))?;
    let scopes = store::access::list_readable_scopes(state.pool(), caller.reader()).await?;
    let mut found = store::story::list_timing_records(state.pool(), id, &scopes, before, limit + 1).await?;
    let more = cursor::cut(&mut found, limit);
    let next_cursor = found.last().filter(|_| more).map(|last| cursor::encode(&(last.entered_at, last.geofence_id)));
    Ok(Json(TimingRecordPage { items: found.into_iter().map(|one| TimingRecordView::new(id, one)).collect(), next_cursor }))
}

/// A device's trips
///
/// The latest first.
#[utoipa::path(get, path = "/devices/{id}/trips", operation_id = "list_device_trips", tag = "fleet",
    params(("id" = Uuid, Path, description = "The device"), PageQuery),
    responses((status = 200, description = "A page of trips", body = TripPage)))]
pub(crate) async fn trips(
    state: State,
    caller: Caller,
    Path(id): Path<Uuid>,
    Query(query): Query<PageQuery>,
) -> Result<Json<TripPage>, Refused> {
    let (before, limit) = place(&state, &caller, id, &query).await?;
    let mut found = store::story::list_trips(state.pool(), id, before, limit + 1).await?;
    let more = cursor::cut(&mut found, limit);
    // One that goes on is written when it begins, and when it ends: how far it is, the device's state knows.
    if let Some(open) = found.iter_mut().find(|trip| trip.ended_at.is_none())
        && let Some(standing) = store::device_state::list_standings(state.pool(), &[id]).await?.pop()
        && let Some(now) = standing.state.trip.filter(|trip| trip.began_at == open.began_at)
    {
        *open = now;
    }
    let next_cursor = found.last().filter(|_| more).map(|last| cursor::encode(&last.began_at));
    Ok(Json(TripPage { items: found.iter().map(|trip| TripView::new(id, trip)).collect(), next_cursor }))
}

/// Where a device stood
///
/// The latest first.
#[utoipa::path(get, path = "/devices/{id}/stops", operation_id = "list_device_stops", tag = "fleet",
    params(("id" = Uuid, Path, description = "The device"), PageQuery),
    responses((status = 200, description = "A page of stops", body = StopPage)))]
pub(crate) async fn stops(
    state: State,
    caller: Caller,
    Path(id): Path<Uuid>,
    Query(query): Query<PageQuery>,
) -> Result<Json<StopPage>, Refused> {
    let (before, limit) = place(&state, &caller, id, &query).await?;
    let mut found = store::story::list_stops(state.pool(), id, before, limit + 1).await?;
    let more = cursor::cut(&mut found, limit);
    let next_cursor = found.last().filter(|_| more).map(|last| cursor::encode(&last.began_at));
    Ok(Json(StopPage { items: found.iter().map(|stop| StopView::new(id, stop)).collect(), next_cursor }))
}

/// Where a page goes on, of a device that one may see.
async fn place(state: &State, caller: &Caller, id: Uuid, query: &PageQuery) -> Result<(Option<DateTime<Utc>>, i64), Refused> {
    state.reads().node(caller, KIND, id).await?;
    let limit = limit_or_default(query.limit)?;
    let before: Option<DateTime<Utc>> = query.cursor.as_deref().map(cursor::decode).transpose()?;
    before.map_or(Ok(()), |at| time_in_range("cursor", at).map(drop))?;
    Ok((before, limit))
}

/// Tell a device's story anew
///
/// From this time on: trips, stops, timing records and what it is now are made of its positions once more, soon after.
/// Nothing changes by it unless they were made wrong. Takes the level `member`.
#[utoipa::path(post, path = "/devices/{id}/retell", operation_id = "retell_device", tag = "fleet",
    params(("id" = Uuid, Path, description = "The device")), request_body = Retelling,
    responses((status = 204, description = "It will be")))]
pub(crate) async fn retell(state: State, Path(id): Path<Uuid>, submission: Submission<Retelling>) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    let from = time_in_range("from", input.from)?;
    let intention = Intention::RetellDevice { device_id: id, from };
    super::carry_out(&state, &caller, &context, intention, StatusCode::NO_CONTENT).await
}
