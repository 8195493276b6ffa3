//! Columns of boards.

use crate::extract::{IfMatch, Path, Submission};
use crate::nouns::{self, Change};
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::board::{ColumnChange, ColumnMove, NewColumn};
use crate::wire::node::NodeView;
use axum::http::StatusCode;
use axum::response::Response;
use domain::{Intention, NodeKind};
use uuid::Uuid;

const KIND: NodeKind = NodeKind::Column;

/// Make a column
#[utoipa::path(post, path = "/boards/{id}/columns", operation_id = "create_column", tag = "boards", request_body = NewColumn,
    params(("id" = Uuid, Path, description = "The board"),
           ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat answer as the first time", max_length = 128, pattern = "^[!-~]+$")),
    responses((status = 201, description = "Made", body = NodeView)))]
pub(crate) async fn create(
    state: State,
    Path(board_id): Path<Uuid>,
    submission: Submission<NewColumn>,
) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    let NewColumn { id, title, place } = input;
    let intention = Intention::CreateColumn { id, board_id, title, place };
    nouns::carry_out(&state, &caller, &context, vec![intention], StatusCode::CREATED).await
}

/// Change a column
#[utoipa::path(patch, path = "/columns/{id}", operation_id = "update_column", tag = "boards", request_body = ColumnChange,
    params(("id" = Uuid, Path, description = "The column"), ("If-Match" = String, Header, description = "The version it is made from, in quotation marks", pattern = "^\"[0-9]+\"$")),
    responses((status = 200, description = "As it is now", body = NodeView)))]
pub(crate) async fn update(
    state: State,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    submission: Submission<ColumnChange>,
) -> Result<Response, Refused> {
    let into = |input: ColumnChange| Change { title: Some(input.title), ..Change::default() };
    nouns::change(state, KIND, id, version, submission, into).await
}

/// Move a column
#[utoipa::path(post, path = "/columns/{id}/move", operation_id = "move_column", tag = "boards", request_body = ColumnMove,
    params(("id" = Uuid, Path, description = "The column")),
    responses((status = 200, description = "As it is now", body = NodeView)))]
pub(crate) async fn relocate(
    state: State,
    Path(id): Path<Uuid>,
    submission: Submission<ColumnMove>,
) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    let intention = Intention::MoveColumn { id, place: input.place };
    nouns::carry_out(&state, &caller, &context, vec![intention], StatusCode::OK).await
}

/// Delete a column
///
/// One without cards.
#[utoipa::path(delete, path = "/columns/{id}", operation_id = "delete_column", tag = "boards",
    params(("id" = Uuid, Path, description = "The column"), ("If-Match" = String, Header, description = "The version, in quotation marks", pattern = "^\"[0-9]+\"$")),
    responses((status = 204, description = "Deleted")))]
pub(crate) async fn delete(
    state: State,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    submission: Submission<()>,
) -> Result<Response, Refused> {
    nouns::delete(state, KIND, id, version, submission).await
}
