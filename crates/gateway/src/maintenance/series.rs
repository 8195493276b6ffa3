//! Maintenances that come again.

use crate::caller::Caller;
use crate::cursor;
use crate::extract::{Body, IfMatch, PageQuery, Path, Query, Submission, limit_or_default};
use crate::reads::{Beside, Shelf, Sight, Via, render};
use crate::refusal::Refused;
use crate::reply;
use crate::state::State;
use crate::wire::series::{NewSeries, SeriesChange, SeriesPage, SeriesPreview, SeriesView, SeriesWindow, SeriesWindows};
use axum::Json;
use axum::http::header::{ETAG, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, TimeDelta, Utc};
use domain::limits::SERIES_PREVIEW_MAX;
use domain::maintenance::{Series, SeriesPatch};
use domain::{Intention, Refusal};
use intentions::{Context, Outcome};
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashSet;
use std::sync::Arc;
use store::Pool;
use uuid::Uuid;

/// How far ahead a preview looks: a yearly window shows several.
const PREVIEW_AHEAD: TimeDelta = TimeDelta::days(366 * 20);

const NO_SUCH: Refusal = Refusal::NotFound { what: "series" };

/// What an `ETag` is made from.
#[derive(Deserialize)]
struct Versioned {
    version: i64,
}

/// List series of maintenances
///
/// Those one may see, by title (in any case), then id.
#[utoipa::path(get, path = "/maintenance-series", operation_id = "list_maintenance_series", tag = "maintenances", params(PageQuery),
    responses((status = 200, description = "A page of series", body = SeriesPage)))]
pub(crate) async fn list(state: State, caller: Caller, Query(page): Query<PageQuery>) -> Result<Response, Refused> {
    let limit = limit_or_default(page.limit)?;
    let after: Option<(String, Uuid)> = page.cursor.as_deref().map(cursor::decode).transpose()?;
    if after.as_ref().is_some_and(|(title, _)| title.contains('\0')) {
        return Err(cursor::invalid().into());
    }
    let asked = (after.clone(), limit);
    let load = move |pool: Pool, sight: Arc<Sight>| {
        let after = after.clone();
        async move {
            let place = after.as_ref().map(|(title, id)| (title.as_str(), *id));
            let mut found = store::maintenance::list_readable_series(&pool, sight.scopes(), place, limit + 1).await?;
            let more = cursor::cut(&mut found, limit);
            let next_cursor = found.last().filter(|_| more).map(|last| cursor::encode(&(&last.title, last.id)));
            render(&SeriesPage { items: as_seen(&pool, &sight, found).await?, next_cursor })
        }
    };
    Ok(state.reads().page(&caller, Shelf::Beside(Beside::Series), "list", &asked, load).await?.into_response())
}

/// Make a series of maintenances
///
/// Takes what planning one of them takes. Its windows of the next 60 days, 100 at most, are maintenances at once.
#[utoipa::path(post, path = "/maintenance-series", operation_id = "create_maintenance_series", tag = "maintenances", request_body = NewSeries,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat answer as the first time", max_length = 128, pattern = "^[!-~]+$")),
    responses((status = 201, description = "Made", body = SeriesView)))]
pub(crate) async fn create(state: State, submission: Submission<NewSeries>) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    let series = input.patch();
    let NewSeries { id, parent_id, title, body, .. } = input;
    let intention = Intention::CreateMaintenanceSeries { id, parent_id, title, body, series };
    carry_out(&state, &caller, &context, intention, StatusCode::CREATED).await
}

/// One series of maintenances
///
/// With its version as `ETag`. Of what it affects, what one may see.
#[utoipa::path(get, path = "/maintenance-series/{id}", operation_id = "get_maintenance_series", tag = "maintenances",
    params(("id" = Uuid, Path, description = "The series")),
    responses((status = 200, description = "The series", body = SeriesView)))]
pub(crate) async fn get(state: State, caller: Caller, Path(id): Path<Uuid>) -> Result<Response, Refused> {
    let load = move |pool: Pool, sight: Arc<Sight>| async move {
        let found = store::maintenance::find_readable_series(&pool, sight.scopes(), id).await?;
        render(&as_seen(&pool, &sight, found.into_iter().collect()).await?.pop())
    };
    let page = state.reads().page(&caller, Shelf::Beside(Beside::Series), "one", &id, load).await?;
    // None is `null`.
    let seen: Option<Versioned> = serde_json::from_slice(page.body()).map_err(|error| sqlx::Error::Decode(error.into()))?;
    let version = seen.ok_or(NO_SUCH)?.version;
    let mut response = page.into_response();
    response.headers_mut().extend(HeaderValue::from_str(&format!("\"{version}\"")).ok().map(|etag| (ETAG, etag)));
    Ok(response)
}

/// Change a series of maintenances
///
/// Absent fields stay, those of the plan too. Those of its maintenances follow that have not begun and that nobody has
/// changed by hand; what it does not hold any more goes.
#[utoipa::path(patch, path = "/maintenance-series/{id}", operation_id = "update_maintenance_series", tag = "maintenances", request_body = SeriesChange,
    params(("id" = Uuid, Path, description = "The series"), ("If-Match" = String, Header, description = "The version it is made from, in quotation marks", pattern = "^\"[0-9]+\"$")),
    responses((status = 200, description = "As it is now", body = SeriesView)))]
pub(crate) async fn update(
    state: State,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    submission: Submission<SeriesChange>,
) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    readable(&state, &caller, id).await?;
    let series = input.patch();
    let SeriesChange { title, body, .. } = input;
    if title.is_none() && body.is_none() && series == SeriesPatch::default() {
        return Err(Refusal::invalid("body", "at least one field to change").into());
    }
    let intention = Intention::UpdateMaintenanceSeries { id, version, title, body, series };
    carry_out(&state, &caller, &context, intention, StatusCode::OK).await?;
    // As the caller sees it, and as it is: caches have not heard of it yet.
    get(state, Caller { via: Via::Database, ..caller }, Path(id)).await
}

/// End a series of maintenances
///
/// It stays to be seen. Those to come are called off, but for what somebody has changed by hand; what is under way goes
/// on.
#[utoipa::path(delete, path = "/maintenance-series/{id}", operation_id = "end_maintenance_series", tag = "maintenances",
    params(("id" = Uuid, Path, description = "The series"), ("If-Match" = String, Header, description = "The version, in quotation marks", pattern = "^\"[0-9]+\"$")),
    responses((status = 204, description = "Ended")))]
pub(crate) async fn end(
    state: State,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    submission: Submission<()>,
) -> Result<Response, Refused> {
    let Submission { caller, context, .. } = submission;
    readable(&state, &caller, id).await?;
    let intention = Intention::EndMaintenanceSeries { id, version };
    carry_out(&state, &caller, &context, intention, StatusCode::NO_CONTENT).await
}

/// Preview the windows of a series
///
/// The next ones, in UTC and on the wall of the time zone. Nothing is made.
#[utoipa::path(post, path = "/maintenance-series/preview", operation_id = "preview_maintenance_series", tag = "maintenances", request_body = SeriesPreview,
    responses((status = 200, description = "The next windows", body = SeriesWindows)))]
pub(crate) async fn preview(
    state: State,
    caller: Caller,
    Body(asked): Body<SeriesPreview>,
) -> Result<Json<SeriesWindows>, Refused> {
    caller.person()?;
    let count = asked.count.unwrap_or(10);
    if !(1..=SERIES_PREVIEW_MAX).contains(&count) {
        return Err(Refusal::invalid("count", format!("1 to {SERIES_PREVIEW_MAX}")).into());
    }
    let timing = asked.timing();
    timing.validate()?;
    let now: DateTime<Utc> = state.now();
    let windows = timing.occurrences(now, now + PREVIEW_AHEAD, count)?;
    Ok(Json(SeriesWindows { items: windows.into_iter().map(SeriesWindow::from).collect() }))
}

/// Refused as not there to whoever can't see it.
async fn readable(state: &State, caller: &Caller, id: Uuid) -> Result<(), Refused> {
    let scopes = store::access::list_readable_scopes(state.pool(), caller.reader()).await?;
    store::maintenance::find_readable_series(state.pool(), &scopes, id).await?.ok_or(NO_SUCH)?;
    Ok(())
}

/// Without what they affect that is not seen.
async fn as_seen(pool: &Pool, sight: &Sight, mut all: Vec<Series>) -> Result<Vec<SeriesView>, sqlx::Error> {
    let mut affected: Vec<Uuid> = all.iter().filter_map(|series| series.plan.affects.as_ref()).flatten().copied().collect();
    affected.sort_unstable();
    affected.dedup();
    let there = store::node::list_nodes_by_id(pool, &affected).await?;
    let seen: HashSet<Uuid> = there.iter().filter(|node| sight.sees(node.scope_id)).map(|node| node.id).collect();
    for affects in all.iter_mut().filter_map(|series| series.plan.affects.as_mut()) {
        affects.retain(|id| seen.contains(id));
    }
    Ok(all.into_iter().map(SeriesView::new).collect())
}

async fn carry_out(
    state: &State,
    caller: &Caller,
    context: &Context,
    intention: Intention,
    status: StatusCode,
) -> Result<Response, Refused> {
    let render = |outcomes: &[Outcome]| match outcomes.last() {
        Some(Outcome::Series(series)) if status != StatusCode::NO_CONTENT => {
            (status.as_u16(), serde_json::to_value(SeriesView::new(series.as_ref().clone())).unwrap_or_default())
        }
        _ => (StatusCode::NO_CONTENT.as_u16(), Value::Null),
    };
    let done = state.wiring.intentions.carry_out(&caller.actor, vec![intention], context, render).await;
    let mut response = reply::done(done.map_err(crate::nouns::without_place)?);
    // It is no node.
    response.headers_mut().remove(LOCATION);
    Ok(response)
}
