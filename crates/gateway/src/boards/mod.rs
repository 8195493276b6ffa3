//! Boards: what is to be done, and how far it is; and notes.

pub(crate) mod cards;
pub(crate) mod columns;
pub(crate) mod notes;

use crate::caller::Caller;
use crate::extract::{IfMatch, Path, Query, Submission};
use crate::nouns::{self, Change, NounQuery};
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::board::NewBoard;
use crate::wire::node::{NodePage, NodeView};
use crate::wire::nouns::ScopeChange;
use axum::http::StatusCode;
use axum::response::Response;
use domain::intention::ScopePatch;
use domain::{Intention, NodeKind};
use serde_json::Map;
use uuid::Uuid;

const KIND: NodeKind = NodeKind::Board;

/// List boards
///
/// Those one may see, by title (in any case), then id.
#[utoipa::path(get, path = "/boards", operation_id = "list_boards", tag = "boards", params(NounQuery),
    responses((status = 200, description = "A page of boards", body = NodePage)))]
pub(crate) async fn list(state: State, caller: Caller, query: Query<NounQuery>) -> Result<Response, Refused> {
    nouns::list(state, caller, KIND, query).await
}

/// Make a board
///
/// Takes the level `member` where it is made. Its columns and cards come over the socket with the topic `node:<id>`.
#[utoipa::path(post, path = "/boards", operation_id = "create_board", tag = "boards", request_body = NewBoard,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat answer as the first time", max_length = 128, pattern = "^[!-~]+$")),
    responses((status = 201, description = "Made", body = NodeView)))]
pub(crate) async fn create(state: State, submission: Submission<NewBoard>) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    let scope = ScopePatch { visibility: input.visibility, isolated: input.isolated };
    let intention = Intention::CreateNode {
        id: input.id,
        kind: KIND,
        parent_id: input.parent_id,
        title: input.title,
        body: input.body,
        attrs: Map::new(),
        position: None,
        system: None,
        person: None,
        scope: (scope != ScopePatch::default()).then_some(scope),
    };
    nouns::carry_out(&state, &caller, &context, vec![intention], StatusCode::CREATED).await
}

/// One board
///
/// With its version as `ETag`.
#[utoipa::path(get, path = "/boards/{id}", operation_id = "get_board", tag = "boards",
    params(("id" = Uuid, Path, description = "The board")),
    responses((status = 200, description = "The board", body = NodeView)))]
pub(crate) async fn get(state: State, caller: Caller, Path(id): Path<Uuid>) -> Result<Response, Refused> {
    nouns::get(state, caller, KIND, id).await
}

/// Change a board
///
/// Absent fields stay. Takes its administrators.
#[utoipa::path(patch, path = "/boards/{id}", operation_id = "update_board", tag = "boards", request_body = ScopeChange,
    params(("id" = Uuid, Path, description = "The board"), ("If-Match" = String, Header, description = "The version it is made from, in quotation marks", pattern = "^\"[0-9]+\"$")),
    responses((status = 200, description = "As it is now", body = NodeView)))]
pub(crate) async fn update(
    state: State,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    submission: Submission<ScopeChange>,
) -> Result<Response, Refused> {
    nouns::change(state, KIND, id, version, submission, Change::of_scope).await
}

/// Delete a board
///
/// And its columns, cards and channel. Takes its owners.
#[utoipa::path(delete, path = "/boards/{id}", operation_id = "delete_board", tag = "boards",
    params(("id" = Uuid, Path, description = "The board"), ("If-Match" = String, Header, description = "The version, in quotation marks", pattern = "^\"[0-9]+\"$")),
    responses((status = 204, description = "Deleted")))]
pub(crate) async fn delete(
    state: State,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    submission: Submission<()>,
) -> Result<Response, Refused> {
    nouns::delete(state, KIND, id, version, submission).await
}
