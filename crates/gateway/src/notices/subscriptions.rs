//! Of what somebody wants to be told.

use super::{act, decode, json};
use crate::caller::Caller;
use crate::cursor;
use crate::extract::{Path, Query, Submission, limit_or_default};
use crate::nouns;
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::notification::{Subscription, SubscriptionPage};
use axum::Json;
use axum::http::StatusCode;
use axum::response::Response;
use domain::NodeKind;
use domain::notification::{NewSubscription, NoticeAct};
use intentions::NoticeOutcome;
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;
use uuid::Uuid;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SubscriptionsQuery {
    /// Of this team; by default one's own.
    team_id: Option<Uuid>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Items at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<i64>,
}

/// Of what I am told
///
/// Newest first. Subscriptions of a team are for whoever sees the team.
#[utoipa::path(get, path = "/subscriptions", operation_id = "list_subscriptions", tag = "notifications", params(SubscriptionsQuery),
    responses((status = 200, description = "A page of subscriptions", body = SubscriptionPage)))]
pub(crate) async fn list(
    state: State,
    caller: Caller,
    Query(query): Query<SubscriptionsQuery>,
) -> Result<Json<SubscriptionPage>, Refused> {
    let person = caller.person()?;
    let limit = limit_or_default(query.limit)?;
    let before = decode(query.cursor.as_deref())?;
    let subscriber = match query.team_id {
        Some(team) => nouns::readable(&state, &caller, NodeKind::Team, team).await?.id,
        None => person.id,
    };
    let mut found = store::subscription::list_subscriptions(state.pool(), person.id, subscriber, before, limit + 1).await?;
    let more = cursor::cut(&mut found, limit);
    let next_cursor = found.last().filter(|_| more).map(|last| cursor::encode(&(last.created_at, last.id)));
    Ok(Json(SubscriptionPage { items: found.into_iter().map(Subscription::from).collect(), next_cursor }))
}

/// Subscribe
///
/// For oneself, or for a team that one administers; by a connection takes the level `member` where it is.
#[utoipa::path(post, path = "/subscriptions", operation_id = "create_subscription", tag = "notifications", request_body = NewSubscription,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat answer as the first time", max_length = 128, pattern = "^[!-~]+$")),
    responses((status = 201, description = "Subscribed", body = Subscription)))]
pub(crate) async fn create(state: State, submission: Submission<NewSubscription>) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    let view = |outcome: &NoticeOutcome| match outcome {
        NoticeOutcome::Subscribed(made) => json(Subscription::from(made.as_ref().clone())),
        _ => Value::Null,
    };
    act(&state, &caller, &context, &NoticeAct::Subscribe(input), StatusCode::CREATED, view).await
}

/// Unsubscribe
///
/// One's own, a team's that one administers, or one by a connection that one administers.
#[utoipa::path(delete, path = "/subscriptions/{id}", operation_id = "delete_subscription", tag = "notifications",
    params(("id" = Uuid, Path, description = "The subscription")),
    responses((status = 204, description = "Ended")))]
pub(crate) async fn delete(state: State, Path(id): Path<Uuid>, submission: Submission<()>) -> Result<Response, Refused> {
    let Submission { caller, context, .. } = submission;
    act(&state, &caller, &context, &NoticeAct::Unsubscribe { id }, StatusCode::NO_CONTENT, |_| Value::Null).await
}
