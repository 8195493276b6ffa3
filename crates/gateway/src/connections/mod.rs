//! Connections: how messages leave Synops.

pub(crate) mod templates;

use crate::caller::Caller;
use crate::extract::{IfMatch, Path, Query, Submission, limit_or_default};
use crate::reads::{Places, Shelf, Sight};
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::connection::{ConnectionChange, NewConnection, TestRequest, TestResult};
use crate::wire::node::{NodePage, NodeView};
use crate::{cursor, nouns};
use axum::Json;
use axum::http::StatusCode;
use axum::response::Response;
use domain::connection::{Channel, ConnectionPatch};
use domain::node::Facet;
use domain::{Intention, NodeKind, Refusal};
use serde::Deserialize;
use std::sync::Arc;
use store::Pool;
use store::node::NodeCursor;
use utoipa::IntoParams;
use uuid::Uuid;

const KIND: NodeKind = NodeKind::Connection;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ConnectionsQuery {
    /// Of this workspace, or of the instance.
    parent_id: Option<Uuid>,
    #[param(inline)]
    channel: Option<Channel>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Items at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<i64>,
}

/// List connections
///
/// Those that one may use, by title (in any case), then id.
#[utoipa::path(get, path = "/connections", operation_id = "list_connections", tag = "connections", params(ConnectionsQuery),
    responses((status = 200, description = "A page of connections", body = NodePage)))]
pub(crate) async fn list(state: State, caller: Caller, Query(query): Query<ConnectionsQuery>) -> Result<Response, Refused> {
    let person_id = caller.person()?.id;
    let limit = limit_or_default(query.limit)?;
    let after: Option<(String, Uuid)> = query.cursor.as_deref().map(cursor::decode).transpose()?;
    let after = after.map(|(title, id)| NodeCursor { title, id });
    if after.as_ref().is_some_and(|after| after.title.contains('\0')) {
        return Err(cursor::invalid().into());
    }
    let (parent, channel) = (query.parent_id, query.channel);
    let asked = (parent, channel, after.as_ref().map(|after| (&after.title, after.id)), limit);
    let load = {
        let after = after.clone();
        move |pool: Pool, _: Arc<Sight>| {
            let after = after.clone();
            async move {
                let after = after.as_ref();
                let mut places =
                    store::connection::list_readable_connections(&pool, person_id, parent, channel, after, limit + 1).await?;
                let more = cursor::cut(&mut places, limit);
                let next_cursor = places.last().filter(|_| more).map(|last| cursor::encode(&(&last.title, last.id)));
                Ok(Places { ids: places.iter().map(|place| place.id).collect(), next_cursor })
            }
        }
    };
    state.reads().nodes_page(&caller, Shelf::Own, "connections", &asked, load).await
}

/// Make a connection
///
/// Takes the level `admin` where it is made.
#[utoipa::path(post, path = "/connections", operation_id = "create_connection", tag = "connections", request_body = NewConnection,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat answer as the first time", max_length = 128, pattern = "^[!-~]+$")),
    responses((status = 201, description = "Made", body = NodeView)))]
pub(crate) async fn create(state: State, submission: Submission<NewConnection>) -> Result<Response, Refused> {
    let Submission { caller, mut input, context } = submission;
    let intention = Intention::CreateConnection {
        id: input.id,
        parent_id: input.parent_id,
        channel: input.channel,
        connection: input.patch(),
        title: input.title,
        body: input.body,
    };
    nouns::carry_out(&state, &caller, &context, vec![intention], StatusCode::CREATED).await
}

/// One connection
///
/// With its version as `ETag`, and without its secrets.
#[utoipa::path(get, path = "/connections/{id}", operation_id = "get_connection", tag = "connections",
    params(("id" = Uuid, Path, description = "The connection")),
    responses((status = 200, description = "The connection", body = NodeView)))]
pub(crate) async fn get(state: State, caller: Caller, Path(id): Path<Uuid>) -> Result<Response, Refused> {
    nouns::get(state, caller, KIND, id).await
}

/// Change a connection
///
/// Absent fields stay. Takes the level `admin`.
#[utoipa::path(patch, path = "/connections/{id}", operation_id = "update_connection", tag = "connections", request_body = ConnectionChange,
    params(("id" = Uuid, Path, description = "The connection"), ("If-Match" = String, Header, description = "The version it is made from, in quotation marks", pattern = "^\"[0-9]+\"$")),
    responses((status = 200, description = "As it is now", body = NodeView)))]
pub(crate) async fn update(
    state: State,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    submission: Submission<ConnectionChange>,
) -> Result<Response, Refused> {
    let Submission { caller, mut input, context } = submission;
    nouns::readable(&state, &caller, KIND, id).await?;
    let connection = input.patch();
    let ConnectionChange { title, body, .. } = input;
    if title.is_none() && body.is_none() && connection == ConnectionPatch::default() {
        return Err(Refusal::invalid("body", "at least one field to change").into());
    }
    let intention = Intention::UpdateConnection { id, version, title, body, connection };
    nouns::carry_out(&state, &caller, &context, vec![intention], StatusCode::OK).await
}

/// Delete a connection
///
/// And the subscriptions by it. Takes the level `admin`.
#[utoipa::path(delete, path = "/connections/{id}", operation_id = "delete_connection", tag = "connections",
    params(("id" = Uuid, Path, description = "The connection"), ("If-Match" = String, Header, description = "The version, in quotation marks", pattern = "^\"[0-9]+\"$")),
    responses((status = 204, description = "Deleted")))]
pub(crate) async fn delete(
    state: State,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    submission: Submission<()>,
) -> Result<Response, Refused> {
    nouns::delete(state, KIND, id, version, submission).await
}

/// Send a test message
///
/// Now, and answers what became of it. Takes the level `admin`.
#[utoipa::path(post, path = "/connections/{id}/test", operation_id = "test_connection", tag = "connections", request_body = Option<TestRequest>,
    params(("id" = Uuid, Path, description = "The connection")),
    responses((status = 200, description = "What became of it", body = TestResult)))]
pub(crate) async fn test(
    state: State,
    Path(id): Path<Uuid>,
    submission: Submission<Option<TestRequest>>,
) -> Result<Json<TestResult>, Refused> {
    let Submission { caller, input, context } = submission;
    caller.writer()?;
    nouns::administered(&state, &caller, KIND, id).await?;
    let to = match input.unwrap_or_default().to {
        Some(to) => Some(to),
        None => own_address(&state, &caller).await?,
    };
    let outcome = state.wiring.messenger.test(id, to).await?;
    state.wiring.intentions.record_connection_test(&caller.actor, id, &outcome, &context).await?;
    Ok(Json(outcome.into()))
}

async fn own_address(state: &State, caller: &Caller) -> Result<Option<String>, Refused> {
    let Some(person_id) = caller.reader() else { return Ok(None) };
    let node = store::node::find_node(state.pool(), person_id).await?;
    Ok(node.and_then(|node| match node.facet {
        Some(Facet::Person(person)) => person.email,
        _ => None,
    }))
}
