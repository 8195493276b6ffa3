//! Maintenances: planned windows, what becomes of them, and what people are told.

pub(crate) mod acts;
pub(crate) mod affected;
pub(crate) mod bulk;
pub(crate) mod calendar;
pub(crate) mod forecast;
pub(crate) mod series;
pub(crate) mod updates;

use crate::caller::Caller;
use crate::extract::{IfMatch, Path, Query, Submission, limit_or_default, one_or_several, time_in_range};
use crate::reads::{Module, Places, Shelf, Sight};
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::maintenance::{MaintenanceChange, NewMaintenance};
use crate::wire::node::{NodePage, NodeView};
use crate::{cursor, nouns};
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::maintenance::MaintenanceState;
use domain::{Intention, NodeKind, Refusal};
use serde::Deserialize;
use std::sync::Arc;
use store::Pool;
use store::maintenance::{MaintenanceFilter, MaintenancePosition};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

const KIND: NodeKind = NodeKind::Maintenance;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Order {
    /// By when they begin, the latest first.
    #[default]
    LatestFirst,
    EarliestFirst,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct MaintenancesQuery {
    /// In one of these states, with commas between: `scheduled,in_progress`.
    #[param(pattern = "^[a-z_]+(,[a-z_]+)*$")]
    state: Option<String>,
    /// Affecting this system, group or instance: by name, or by a group around it.
    affects: Option<Uuid>,
    /// Windows of this series.
    series_id: Option<Uuid>,
    /// Ending after this time.
    from: Option<DateTime<Utc>>,
    /// Beginning before this time.
    to: Option<DateTime<Utc>>,
    /// By default `latest_first`.
    #[param(inline)]
    order: Option<Order>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Items at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<i64>,
}

/// List maintenances
///
/// Those one may see, by when they begin.
#[utoipa::path(get, path = "/maintenances", operation_id = "list_maintenances", tag = "maintenances", params(MaintenancesQuery),
    responses((status = 200, description = "A page of maintenances", body = NodePage)))]
pub(crate) async fn list(state: State, caller: Caller, Query(query): Query<MaintenancesQuery>) -> Result<Response, Refused> {
    let limit = limit_or_default(query.limit)?;
    let after = cursor::moment(query.cursor.as_deref())?;
    let filter = MaintenanceFilter {
        states: query.state.as_deref().map(|text| one_or_several("state", text, MaintenanceState::ALL)).transpose()?,
        affects: query.affects,
        series_id: query.series_id,
        from: query.from.map(|at| time_in_range("from", at)).transpose()?,
        to: query.to.map(|at| time_in_range("to", at)).transpose()?,
        latest_first: query.order.unwrap_or_default() == Order::LatestFirst,
    };
    let after = after.map(|(starts_at, id)| MaintenancePosition { starts_at, id });
    let asked = (&filter, after.map(|after| (after.starts_at, after.id)), limit);
    let load = {
        let filter = filter.clone();
        move |pool: Pool, sight: Arc<Sight>| {
            let filter = filter.clone();
            async move {
                let mut places = store::maintenance::list_maintenances(&pool, sight.scopes(), &filter, after, limit + 1).await?;
                let more = cursor::cut(&mut places, limit);
                let next_cursor = places.last().filter(|_| more).map(|last| cursor::encode(&(last.starts_at, last.id)));
                Ok(Places { ids: places.iter().map(|place| place.id).collect(), next_cursor })
            }
        }
    };
    state.reads().nodes_page(&caller, Shelf::Of(Module::Maintenances), "list", &asked, load).await
}

/// Plan a maintenance
///
/// Takes the level `member` where it is made and where what it affects is; an administrator of the
/// instance for one that takes down Synops itself.
#[utoipa::path(post, path = "/maintenances", operation_id = "plan_maintenance", tag = "maintenances", request_body = NewMaintenance,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat answer as the first time", max_length = 128, pattern = "^[!-~]+$")),
    responses((status = 201, description = "Planned", body = NodeView)))]
pub(crate) async fn plan(state: State, submission: Submission<NewMaintenance>) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    let intention = Intention::PlanMaintenance {
        id: input.id,
        parent_id: input.parent_id,
        maintenance: input.patch(),
        title: input.title,
        body: input.body,
        attrs: input.attrs,
    };
    nouns::carry_out(&state, &caller, &context, vec![intention], StatusCode::CREATED).await
}

/// One maintenance
///
/// With its version as `ETag`. What it affects are its edges `affects`.
#[utoipa::path(get, path = "/maintenances/{id}", operation_id = "get_maintenance", tag = "maintenances",
    params(("id" = Uuid, Path, description = "The maintenance")),
    responses((status = 200, description = "The maintenance", body = NodeView)))]
pub(crate) async fn get(state: State, caller: Caller, Path(id): Path<Uuid>) -> Result<Response, Refused> {
    nouns::get(state, caller, KIND, id).await
}

/// Change a maintenance
///
/// Absent fields stay.
#[utoipa::path(patch, path = "/maintenances/{id}", operation_id = "update_maintenance", tag = "maintenances", request_body = MaintenanceChange,
    params(("id" = Uuid, Path, description = "The maintenance"), ("If-Match" = String, Header, description = "The version it is made from, in quotation marks", pattern = "^\"[0-9]+\"$")),
    responses((status = 200, description = "As it is now", body = NodeView)))]
pub(crate) async fn update(
    state: State,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    submission: Submission<MaintenanceChange>,
) -> Result<Response, Refused> {
    let Submission { caller, mut input, context } = submission;
    nouns::readable(&state, &caller, KIND, id).await?;
    let maintenance = input.patch();
    let MaintenanceChange { title, body, attrs, .. } = input;
    if title.is_none() && body.is_none() && attrs.is_none() && maintenance == Default::default() {
        return Err(Refusal::invalid("body", "at least one field to change").into());
    }
    let intention = Intention::UpdateMaintenance { id, version, title, body, attrs, maintenance };
    nouns::carry_out(&state, &caller, &context, vec![intention], StatusCode::OK).await
}

/// Delete a maintenance
///
/// And what people were told about it. One that is under way is closed first.
#[utoipa::path(delete, path = "/maintenances/{id}", operation_id = "delete_maintenance", tag = "maintenances",
    params(("id" = Uuid, Path, description = "The maintenance"), ("If-Match" = String, Header, description = "The version, in quotation marks", pattern = "^\"[0-9]+\"$")),
    responses((status = 204, description = "Deleted")))]
pub(crate) async fn delete(
    state: State,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    submission: Submission<()>,
) -> Result<Response, Refused> {
    nouns::delete(state, KIND, id, version, submission).await
}
