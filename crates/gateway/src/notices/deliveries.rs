//! How it went out.

use super::{act, json};
use crate::caller::Caller;
use crate::cursor;
use crate::extract::{Path, Query, Submission, limit_or_default};
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::notification::{Delivery, DeliveryAttempt, DeliveryDetail, DeliveryPage, Requeued};
use axum::Json;
use axum::http::StatusCode;
use axum::response::Response;
use domain::Refusal;
use domain::connection::Channel;
use domain::notification::{DeliveryState, NoticeAct};
use intentions::NoticeOutcome;
use serde::Deserialize;
use serde_json::Value;
use store::delivery::DeliveryFilter;
use utoipa::IntoParams;
use uuid::Uuid;

/// Of one delivery; a replay adds to them.
const ATTEMPTS_SHOWN: i64 = 100;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeliveriesQuery {
    #[param(inline)]
    state: Option<DeliveryState>,
    #[param(inline)]
    channel: Option<Channel>,
    /// By this connection.
    connection_id: Option<Uuid>,
    /// About this node.
    node_id: Option<Uuid>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Items at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<i64>,
}

/// List deliveries
///
/// One's own, and those of connections that one administers, about what one may see. Newest first.
#[utoipa::path(get, path = "/deliveries", operation_id = "list_deliveries", tag = "notifications", params(DeliveriesQuery),
    responses((status = 200, description = "A page of deliveries", body = DeliveryPage)))]
pub(crate) async fn list(
    state: State,
    caller: Caller,
    Query(query): Query<DeliveriesQuery>,
) -> Result<Json<DeliveryPage>, Refused> {
    let person = caller.person()?;
    let limit = limit_or_default(query.limit)?;
    let before = cursor::moment(query.cursor.as_deref())?;
    let filter =
        DeliveryFilter { state: query.state, channel: query.channel, connection_id: query.connection_id, node_id: query.node_id };
    let mut found = store::delivery::list_deliveries(state.pool(), person.id, filter, before, limit + 1).await?;
    let more = cursor::cut(&mut found, limit);
    let next_cursor = found.last().filter(|_| more).map(|last| cursor::encode(&(last.at, last.id)));
    Ok(Json(DeliveryPage { items: found.into_iter().map(Delivery::from).collect(), next_cursor }))
}

/// One delivery
///
/// With the log of its attempts.
#[utoipa::path(get, path = "/deliveries/{id}", operation_id = "get_delivery", tag = "notifications",
    params(("id" = Uuid, Path, description = "The delivery")),
    responses((status = 200, description = "The delivery", body = DeliveryDetail)))]
pub(crate) async fn get(state: State, caller: Caller, Path(id): Path<Uuid>) -> Result<Json<DeliveryDetail>, Refused> {
    let person = caller.person()?;
    let found = store::delivery::find_delivery(state.pool(), person.id, id).await?;
    let delivery = found.ok_or(Refusal::NotFound { what: "delivery" })?.into();
    let log = store::delivery::list_attempts(state.pool(), id, ATTEMPTS_SHOWN).await?;
    Ok(Json(DeliveryDetail { delivery, log: log.into_iter().map(DeliveryAttempt::from).collect() }))
}

/// Try a delivery again
///
/// One that is `dead`; its dead letter is decided about by this. Takes an administrator of its connection.
#[utoipa::path(post, path = "/deliveries/{id}/retry", operation_id = "retry_delivery", tag = "notifications",
    params(("id" = Uuid, Path, description = "The delivery")),
    responses((status = 202, description = "It is tried again", body = Requeued)))]
pub(crate) async fn retry(state: State, Path(id): Path<Uuid>, submission: Submission<()>) -> Result<Response, Refused> {
    let Submission { caller, context, .. } = submission;
    let view = |outcome: &NoticeOutcome| match outcome {
        NoticeOutcome::Requeued(job_id) => json(Requeued { job_id: *job_id }),
        _ => Value::Null,
    };
    act(&state, &caller, &context, &NoticeAct::RetryDelivery { id }, StatusCode::ACCEPTED, view).await
}
