//! Of what somebody wants to be told.

use super::{act, json};
use crate::caller::Caller;
use crate::cursor;
use crate::extract::{Path, Query, Submission, limit_or_default};
use crate::nouns;
use crate::reads::{Beside, Shelf, Sight, render};
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::notification::{Subscription, SubscriptionChange, SubscriptionPage};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::NodeKind;
use domain::notification::{NewSubscription, NoticeAct};
use intentions::NoticeOutcome;
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;
use store::Pool;
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
pub(crate) async fn list(state: State, caller: Caller, Query(query): Query<SubscriptionsQuery>) -> Result<Response, Refused> {
    let reader = caller.person()?.id;
    let limit = limit_or_default(query.limit)?;
    let before = cursor::moment(query.cursor.as_deref())?;
    let subscriber = match query.team_id {
        Some(team) => nouns::readable(&state, &caller, NodeKind::Team, team).await?.id,
        None => reader,
    };
    let load = move |pool: Pool, sight: Arc<Sight>| async move {
        let scopes = sight.scopes();
        let mut found = store::subscription::list_subscriptions(&pool, reader, scopes, subscriber, before, limit + 1).await?;
        let more = cursor::cut(&mut found, limit);
        let next_cursor = found.last().filter(|_| more).map(|last| cursor::encode(&(last.created_at, last.id)));
        render(&SubscriptionPage { items: found.into_iter().map(Subscription::from).collect(), next_cursor })
    };
    let shelf = Shelf::Beside(Beside::Subscriptions(subscriber));
    Ok(state.reads().page(&caller, shelf, "list", &(before, limit), load).await?.into_response())
}

/// Subscribe
///
/// For oneself, or for a team that one administers; by a connection takes the level `member` where it is.
#[utoipa::path(post, path = "/subscriptions", operation_id = "create_subscription", tag = "notifications", request_body = NewSubscription,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat answer as the first time", max_length = 128, pattern = "^[!-~]+$")),
    responses((status = 201, description = "Subscribed", body = Subscription)))]
pub(crate) async fn create(state: State, submission: Submission<NewSubscription>) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    act(&state, &caller, &context, &NoticeAct::Subscribe(input), StatusCode::CREATED, subscribed).await
}

/// Be told of other kinds
///
/// One's own, or of a team that one administers. All kinds from now on, whatever they were: there is no version.
#[utoipa::path(patch, path = "/subscriptions/{id}", operation_id = "update_subscription", tag = "notifications", request_body = SubscriptionChange,
    params(("id" = Uuid, Path, description = "The subscription")),
    responses((status = 200, description = "As it is now", body = Subscription)))]
pub(crate) async fn update(
    state: State,
    Path(id): Path<Uuid>,
    submission: Submission<SubscriptionChange>,
) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    let change = NoticeAct::ChangeSubscription { id, kinds: input.kinds };
    act(&state, &caller, &context, &change, StatusCode::OK, subscribed).await
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

fn subscribed(outcome: &NoticeOutcome) -> Value {
    match outcome {
        NoticeOutcome::Subscribed(one) => json(Subscription::from(one.as_ref().clone())),
        _ => Value::Null,
    }
}
