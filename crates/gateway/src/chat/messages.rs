//! Messages in their order, and one of them. Each read is from the database: what was said a moment ago is asked for
//! more often than anything twice.

use super::channels;
use crate::caller::Caller;
use crate::cursor;
use crate::extract::{PageQuery, Path, Query, Submission, limit_or_default};
use crate::nouns;
use crate::refusal::Refused;
use crate::reply;
use crate::state::State;
use crate::wire::message::{MessageEdit, MessageEditPage, MessagePage, NewMessage, PinnedMessages};
use crate::wire::node::NodeView;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::limits::PINS_PER_CHANNEL_MAX;
use domain::{Intention, Node, NodeKind, Refusal};
use serde::Deserialize;
use std::collections::HashMap;
use store::message::Range;
use utoipa::IntoParams;
use uuid::Uuid;

const KIND: NodeKind = NodeKind::Message;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct MessagesQuery {
    /// The answers to this message, instead of those that stand for themselves.
    thread_id: Option<Uuid>,
    /// Those before this number …
    #[param(minimum = 1)]
    before: Option<i64>,
    /// … or behind it …
    #[param(minimum = 0)]
    after: Option<i64>,
    /// … or around it. Without any of these: the newest.
    #[param(minimum = 1)]
    around: Option<i64>,
    /// Items at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<i64>,
}

impl MessagesQuery {
    fn range(&self) -> Result<Range, Refusal> {
        let range = match (self.before, self.after, self.around) {
            (None, None, None) => Range::Newest,
            (Some(number), None, None) => Range::Before(number),
            (None, Some(number), None) => Range::After(number),
            (None, None, Some(number)) => Range::Around(number),
            _ => return Err(Refusal::invalid("before", "one of before, after and around")),
        };
        match range {
            Range::Before(number) | Range::After(number) | Range::Around(number) if number < 0 => {
                Err(Refusal::invalid("before", "a number of a message"))
            }
            range => Ok(range),
        }
    }
}

/// List messages
///
/// In their order, oldest first. Numbers have no gaps: what was deleted keeps its place.
#[utoipa::path(get, path = "/channels/{id}/messages", operation_id = "list_messages", tag = "chat",
    params(("id" = Uuid, Path, description = "The channel"), MessagesQuery),
    responses((status = 200, description = "A part of them", body = MessagePage)))]
pub(crate) async fn list(
    state: State,
    caller: Caller,
    Path(id): Path<Uuid>,
    Query(query): Query<MessagesQuery>,
) -> Result<Response, Refused> {
    let (limit, range) = (limit_or_default(query.limit)?, query.range()?);
    nouns::readable(&state, &caller, channels::KIND, id).await?;
    let pool = state.pool();
    let (ids, (from, to, last)) = store::message::list_range(pool, id, query.thread_id.unwrap_or(id), range, limit).await?;
    let nodes = in_order(&state, &caller, &ids).await?;
    let items = nodes.iter().map(NodeView::from).collect();
    let has_older = from > 1 && last > 0;
    Ok(Json(MessagePage { items, has_older, has_newer: to < last }).into_response())
}

/// Say something
///
/// Takes the level `member` in the channel. The id is made by whoever says it: sent again (by the same person, to the
/// same channel) it is answered with the message that is there, so that nothing is ever said twice.
#[utoipa::path(post, path = "/channels/{id}/messages", operation_id = "send_message", tag = "chat", request_body = NewMessage,
    params(("id" = Uuid, Path, description = "The channel"),
           ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat answer as the first time", max_length = 128, pattern = "^[!-~]+$")),
    responses((status = 201, description = "Said", body = NodeView)))]
pub(crate) async fn send(
    state: State,
    Path(channel_id): Path<Uuid>,
    submission: Submission<NewMessage>,
) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    let NewMessage { id, body, thread_id, file_ids } = input;
    let intention = Intention::SendMessage { id, channel_id, thread_id, body, file_ids };
    nouns::carry_out(&state, &caller, &context, vec![intention], StatusCode::CREATED).await
}

/// List what is pinned
///
/// The latest first, a hundred at most, so there are no pages.
#[utoipa::path(get, path = "/channels/{id}/pins", operation_id = "list_pinned_messages", tag = "chat",
    params(("id" = Uuid, Path, description = "The channel")),
    responses((status = 200, description = "What is pinned", body = PinnedMessages)))]
pub(crate) async fn pins(state: State, caller: Caller, Path(id): Path<Uuid>) -> Result<Response, Refused> {
    nouns::readable(&state, &caller, channels::KIND, id).await?;
    let ids = store::message::list_pins(state.pool(), id, PINS_PER_CHANNEL_MAX).await?;
    let nodes = in_order(&state, &caller, &ids).await?;
    Ok(Json(PinnedMessages { items: nodes.iter().map(NodeView::from).collect() }).into_response())
}

/// One message
///
/// With its version as `ETag`.
#[utoipa::path(get, path = "/messages/{id}", operation_id = "get_message", tag = "chat",
    params(("id" = Uuid, Path, description = "The message")),
    responses((status = 200, description = "The message", body = NodeView)))]
pub(crate) async fn get(state: State, caller: Caller, Path(id): Path<Uuid>) -> Result<Response, Refused> {
    Ok(reply::node(&nouns::readable(&state, &caller, KIND, id).await?))
}

/// List what a message said before
///
/// Newest first. Of one that was deleted nothing is left.
#[utoipa::path(get, path = "/messages/{id}/edits", operation_id = "list_message_edits", tag = "chat",
    params(("id" = Uuid, Path, description = "The message"), PageQuery),
    responses((status = 200, description = "A page of former texts", body = MessageEditPage)))]
pub(crate) async fn edits(
    state: State,
    caller: Caller,
    Path(id): Path<Uuid>,
    Query(page): Query<PageQuery>,
) -> Result<Json<MessageEditPage>, Refused> {
    let (limit, before) = (limit_or_default(page.limit)?, cursor::moment(page.cursor.as_deref())?);
    nouns::readable(&state, &caller, KIND, id).await?;
    let mut found = store::message::list_edits(state.pool(), id, before, limit + 1).await?;
    let more = cursor::cut(&mut found, limit);
    let next_cursor = found.last().filter(|_| more).map(|(id, at, _)| cursor::encode(&(at, id)));
    let items = found.into_iter().map(|(id, at, body)| MessageEdit { id, at, body }).collect();
    Ok(Json(MessageEditPage { items, next_cursor }))
}

/// These nodes, in this order, as far as the caller may see them now.
async fn in_order(state: &State, caller: &Caller, ids: &[Uuid]) -> Result<Vec<Node>, Refused> {
    let found = store::node::list_readable_nodes_by_id(state.pool(), caller.reader(), ids).await?;
    let mut by_id: HashMap<Uuid, Node> = found.into_iter().map(|node| (node.id, node)).collect();
    Ok(ids.iter().filter_map(|id| by_id.remove(id)).collect())
}
