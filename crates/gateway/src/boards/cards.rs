//! Cards of boards.

use crate::caller::Caller;
use crate::extract::{IfMatch, Path, Submission};
use crate::nouns::{self, Change};
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::board::{CardChange, CardMove, NewCard};
use crate::wire::node::NodeView;
use axum::http::StatusCode;
use axum::response::Response;
use domain::{Intention, NodeKind, Refusal};
use uuid::Uuid;

const KIND: NodeKind = NodeKind::Card;

/// Make a card
#[utoipa::path(post, path = "/boards/{id}/cards", operation_id = "create_card", tag = "boards", request_body = NewCard,
    params(("id" = Uuid, Path, description = "The board"),
           ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat answer as the first time", max_length = 128, pattern = "^[!-~]+$")),
    responses((status = 201, description = "Made", body = NodeView)))]
pub(crate) async fn create(
    state: State,
    Path(board_id): Path<Uuid>,
    submission: Submission<NewCard>,
) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    let NewCard { id, column_id, title, body, place } = input;
    if store::board::find_board(state.pool(), column_id).await? != Some(board_id) {
        return Err(Refusal::NotFound { what: "column" }.into());
    }
    let intention = Intention::CreateCard { id, column_id, title, body, place };
    nouns::carry_out(&state, &caller, &context, vec![intention], StatusCode::CREATED).await
}

/// One card
///
/// With its version as `ETag`.
#[utoipa::path(get, path = "/cards/{id}", operation_id = "get_card", tag = "boards",
    params(("id" = Uuid, Path, description = "The card")),
    responses((status = 200, description = "The card", body = NodeView)))]
pub(crate) async fn get(state: State, caller: Caller, Path(id): Path<Uuid>) -> Result<Response, Refused> {
    nouns::get(state, caller, KIND, id).await
}

/// Change a card
///
/// Absent fields stay.
#[utoipa::path(patch, path = "/cards/{id}", operation_id = "update_card", tag = "boards", request_body = CardChange,
    params(("id" = Uuid, Path, description = "The card"), ("If-Match" = String, Header, description = "The version it is made from, in quotation marks", pattern = "^\"[0-9]+\"$")),
    responses((status = 200, description = "As it is now", body = NodeView)))]
pub(crate) async fn update(
    state: State,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    submission: Submission<CardChange>,
) -> Result<Response, Refused> {
    let into = |CardChange { title, body }: CardChange| Change { title, body, ..Change::default() };
    nouns::change(state, KIND, id, version, submission, into).await
}

/// Move a card
///
/// To a place in a column of its board. Needs no version: the last who moves it decides where it is, and what it says
/// stays as it is.
#[utoipa::path(post, path = "/cards/{id}/move", operation_id = "move_card", tag = "boards", request_body = CardMove,
    params(("id" = Uuid, Path, description = "The card")),
    responses((status = 200, description = "As it is now", body = NodeView)))]
pub(crate) async fn relocate(state: State, Path(id): Path<Uuid>, submission: Submission<CardMove>) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    let intention = Intention::MoveCard { id, column_id: input.column_id, place: input.place };
    nouns::carry_out(&state, &caller, &context, vec![intention], StatusCode::OK).await
}

/// Delete a card
#[utoipa::path(delete, path = "/cards/{id}", operation_id = "delete_card", tag = "boards",
    params(("id" = Uuid, Path, description = "The card"), ("If-Match" = String, Header, description = "The version, in quotation marks", pattern = "^\"[0-9]+\"$")),
    responses((status = 204, description = "Deleted")))]
pub(crate) async fn delete(
    state: State,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    submission: Submission<()>,
) -> Result<Response, Refused> {
    nouns::delete(state, KIND, id, version, submission).await
}
