//! What people do about a message.

use crate::extract::{IfMatch, Path, Submission};
use crate::nouns;
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::message::{MessageChange, NewReaction, Pin, Promotion};
use crate::wire::node::NodeView;
use axum::http::StatusCode;
use axum::response::Response;
use domain::{Intention, NodeKind};
use uuid::Uuid;

/// Change a message
///
/// What it said before is kept. Takes its author.
#[utoipa::path(patch, path = "/messages/{id}", operation_id = "edit_message", tag = "chat", request_body = MessageChange,
    params(("id" = Uuid, Path, description = "The message"), ("If-Match" = String, Header, description = "The version it is made from, in quotation marks", pattern = "^\"[0-9]+\"$")),
    responses((status = 200, description = "As it is now", body = NodeView)))]
pub(crate) async fn edit(
    state: State,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    submission: Submission<MessageChange>,
) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    let intention = Intention::EditMessage { id, version, body: input.body };
    nouns::carry_out(&state, &caller, &context, vec![intention], StatusCode::OK).await
}

/// Delete a message
///
/// Its text, former texts, reactions and files are gone for good; its place stays. Takes its author, or an
/// administrator of the channel.
#[utoipa::path(delete, path = "/messages/{id}", operation_id = "delete_message", tag = "chat",
    params(("id" = Uuid, Path, description = "The message"), ("If-Match" = String, Header, description = "The version, in quotation marks", pattern = "^\"[0-9]+\"$")),
    responses((status = 200, description = "What is left of it", body = NodeView)))]
pub(crate) async fn delete(
    state: State,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    submission: Submission<()>,
) -> Result<Response, Refused> {
    let Submission { caller, context, .. } = submission;
    let intention = Intention::DeleteMessage { id, version };
    nouns::carry_out(&state, &caller, &context, vec![intention], StatusCode::OK).await
}

/// React to a message
///
/// With an emoji, or take that back. Again is the same.
#[utoipa::path(put, path = "/messages/{id}/reactions", operation_id = "react", tag = "chat", request_body = NewReaction,
    params(("id" = Uuid, Path, description = "The message")),
    responses((status = 200, description = "As it is now", body = NodeView)))]
pub(crate) async fn react(state: State, Path(id): Path<Uuid>, submission: Submission<NewReaction>) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    let intention = Intention::React { id, emoji: input.emoji, on: input.on };
    nouns::carry_out(&state, &caller, &context, vec![intention], StatusCode::OK).await
}

/// Pin a message, or take it off
#[utoipa::path(put, path = "/messages/{id}/pin", operation_id = "pin_message", tag = "chat", request_body = Pin,
    params(("id" = Uuid, Path, description = "The message")),
    responses((status = 200, description = "As it is now", body = NodeView)))]
pub(crate) async fn pin(state: State, Path(id): Path<Uuid>, submission: Submission<Pin>) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    let intention = Intention::PinMessage { id, pinned: input.pinned };
    nouns::carry_out(&state, &caller, &context, vec![intention], StatusCode::OK).await
}

/// Put a message on the timeline
///
/// Of the incident or maintenance that its channel is beside, for this audience, with the nodes that it names by their
/// labels. Once.
#[utoipa::path(post, path = "/messages/{id}/promote", operation_id = "promote_message", tag = "chat", request_body = Promotion,
    params(("id" = Uuid, Path, description = "The message"),
           ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat answer as the first time", max_length = 128, pattern = "^[!-~]+$")),
    responses((status = 200, description = "As it is now", body = NodeView)))]
pub(crate) async fn promote(state: State, Path(id): Path<Uuid>, submission: Submission<Promotion>) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    nouns::readable(&state, &caller, NodeKind::Message, id).await?;
    let intention = Intention::PromoteMessage { id, audience: input.audience };
    nouns::carry_out(&state, &caller, &context, vec![intention], StatusCode::OK).await
}
