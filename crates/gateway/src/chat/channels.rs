//! Channels: where people talk about something.

use crate::caller::Caller;
use crate::extract::{IfMatch, Path, Query, Submission};
use crate::nouns::{self, NounQuery};
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::channel::{ChannelChange, NewChannel};
use crate::wire::node::{NodePage, NodeView};
use axum::http::StatusCode;
use axum::response::Response;
use domain::channel::ChannelPatch;
use domain::{Intention, NodeKind, Refusal};
use uuid::Uuid;

pub(super) const KIND: NodeKind = NodeKind::Channel;

/// List channels
///
/// Those one may see, by title (in any case), then id.
#[utoipa::path(get, path = "/channels", operation_id = "list_channels", tag = "chat", params(NounQuery),
    responses((status = 200, description = "A page of channels", body = NodePage)))]
pub(crate) async fn list(state: State, caller: Caller, query: Query<NounQuery>) -> Result<Response, Refused> {
    nouns::list(state, caller, KIND, query).await
}

/// Make a channel
///
/// Takes the level `member` where it is made. A system, incident, maintenance or board has one: if it is there already
/// it is the answer.
#[utoipa::path(post, path = "/channels", operation_id = "create_channel", tag = "chat", request_body = NewChannel,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat answer as the first time", max_length = 128, pattern = "^[!-~]+$")),
    responses((status = 201, description = "Made, or there", body = NodeView)))]
pub(crate) async fn create(state: State, submission: Submission<NewChannel>) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    let (scope, channel) = (input.scope(), ChannelPatch { history: input.history });
    let NewChannel { id, parent_id, title, body, .. } = input;
    let intention = Intention::CreateChannel { id, parent_id, title, body, channel, scope };
    nouns::carry_out(&state, &caller, &context, vec![intention], StatusCode::CREATED).await
}

/// One channel
///
/// With its version as `ETag`.
#[utoipa::path(get, path = "/channels/{id}", operation_id = "get_channel", tag = "chat",
    params(("id" = Uuid, Path, description = "The channel")),
    responses((status = 200, description = "The channel", body = NodeView)))]
pub(crate) async fn get(state: State, caller: Caller, Path(id): Path<Uuid>) -> Result<Response, Refused> {
    nouns::get(state, caller, KIND, id).await
}

/// Change a channel
///
/// Absent fields stay. Takes its administrators.
#[utoipa::path(patch, path = "/channels/{id}", operation_id = "update_channel", tag = "chat", request_body = ChannelChange,
    params(("id" = Uuid, Path, description = "The channel"), ("If-Match" = String, Header, description = "The version it is made from, in quotation marks", pattern = "^\"[0-9]+\"$")),
    responses((status = 200, description = "As it is now", body = NodeView)))]
pub(crate) async fn update(
    state: State,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    submission: Submission<ChannelChange>,
) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    nouns::readable(&state, &caller, KIND, id).await?;
    let channel = input.patch();
    let ChannelChange { title, body, visibility, isolated, .. } = input;
    let mut intentions = Vec::new();
    let mut then = version;
    if title.is_some() || body.is_some() || channel != ChannelPatch::default() {
        intentions.push(Intention::UpdateChannel { id, version, title, body, channel });
        // A change of fields raises the version by one, as that of any node.
        then = version.saturating_add(1);
    }
    if visibility.is_some() || isolated.is_some() {
        intentions.push(Intention::SetScope { id, version: then, visibility, isolated });
    }
    if intentions.is_empty() {
        return Err(Refusal::invalid("body", "at least one field to change").into());
    }
    nouns::carry_out(&state, &caller, &context, intentions, StatusCode::OK).await
}

/// Delete a channel
///
/// And all that was said in it. Takes its owners.
#[utoipa::path(delete, path = "/channels/{id}", operation_id = "delete_channel", tag = "chat",
    params(("id" = Uuid, Path, description = "The channel"), ("If-Match" = String, Header, description = "The version, in quotation marks", pattern = "^\"[0-9]+\"$")),
    responses((status = 204, description = "Deleted")))]
pub(crate) async fn delete(
    state: State,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    submission: Submission<()>,
) -> Result<Response, Refused> {
    nouns::delete(state, KIND, id, version, submission).await
}
