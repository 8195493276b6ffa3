//! Notes: texts whose versions are kept.

use crate::caller::Caller;
use crate::cursor;
use crate::extract::{IfMatch, PageQuery, Path, Query, Submission, limit_or_default};
use crate::nouns::{self, Change, NounQuery};
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::board::{NewNote, NoteChange, NoteVersionPage, NoteVersionView};
use crate::wire::node::{NodePage, NodeView};
use axum::Json;
use axum::http::StatusCode;
use axum::response::Response;
use domain::{Intention, NodeKind};
use serde_json::Map;
use uuid::Uuid;

const KIND: NodeKind = NodeKind::Note;

/// List notes
///
/// Those one may see, by title (in any case), then id.
#[utoipa::path(get, path = "/notes", operation_id = "list_notes", tag = "notes", params(NounQuery),
    responses((status = 200, description = "A page of notes", body = NodePage)))]
pub(crate) async fn list(state: State, caller: Caller, query: Query<NounQuery>) -> Result<Response, Refused> {
    nouns::list(state, caller, KIND, query).await
}

/// Make a note
#[utoipa::path(post, path = "/notes", operation_id = "create_note", tag = "notes", request_body = NewNote,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat answer as the first time", max_length = 128, pattern = "^[!-~]+$")),
    responses((status = 201, description = "Made", body = NodeView)))]
pub(crate) async fn create(state: State, submission: Submission<NewNote>) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    let NewNote { id, parent_id, title, body } = input;
    let intention = Intention::CreateNode {
        id,
        kind: KIND,
        parent_id,
        title,
        body,
        attrs: Map::new(),
        position: None,
        system: None,
        person: None,
        scope: None,
    };
    nouns::carry_out(&state, &caller, &context, vec![intention], StatusCode::CREATED).await
}

/// One note
///
/// With its version as `ETag`.
#[utoipa::path(get, path = "/notes/{id}", operation_id = "get_note", tag = "notes",
    params(("id" = Uuid, Path, description = "The note")),
    responses((status = 200, description = "The note", body = NodeView)))]
pub(crate) async fn get(state: State, caller: Caller, Path(id): Path<Uuid>) -> Result<Response, Refused> {
    nouns::get(state, caller, KIND, id).await
}

/// Change a note
///
/// Absent fields stay; what it said before is kept. A change that is made from an older version is refused (412), so
/// that nobody writes over what they have not seen.
#[utoipa::path(patch, path = "/notes/{id}", operation_id = "update_note", tag = "notes", request_body = NoteChange,
    params(("id" = Uuid, Path, description = "The note"), ("If-Match" = String, Header, description = "The version it is made from, in quotation marks", pattern = "^\"[0-9]+\"$")),
    responses((status = 200, description = "As it is now", body = NodeView)))]
pub(crate) async fn update(
    state: State,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    submission: Submission<NoteChange>,
) -> Result<Response, Refused> {
    let into = |NoteChange { title, body, parent_id }: NoteChange| Change { title, body, parent_id, ..Change::default() };
    nouns::change(state, KIND, id, version, submission, into).await
}

/// Delete a note
///
/// And what it said before.
#[utoipa::path(delete, path = "/notes/{id}", operation_id = "delete_note", tag = "notes",
    params(("id" = Uuid, Path, description = "The note"), ("If-Match" = String, Header, description = "The version, in quotation marks", pattern = "^\"[0-9]+\"$")),
    responses((status = 204, description = "Deleted")))]
pub(crate) async fn delete(
    state: State,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    submission: Submission<()>,
) -> Result<Response, Refused> {
    nouns::delete(state, KIND, id, version, submission).await
}

/// List what a note said before
///
/// Newest first.
#[utoipa::path(get, path = "/notes/{id}/versions", operation_id = "list_note_versions", tag = "notes",
    params(("id" = Uuid, Path, description = "The note"), PageQuery),
    responses((status = 200, description = "A page of versions", body = NoteVersionPage)))]
pub(crate) async fn versions(
    state: State,
    caller: Caller,
    Path(id): Path<Uuid>,
    Query(page): Query<PageQuery>,
) -> Result<Json<NoteVersionPage>, Refused> {
    let limit = limit_or_default(page.limit)?;
    let before = page.cursor.as_deref().map(cursor::decode::<i64>).transpose()?;
    nouns::readable(&state, &caller, KIND, id).await?;
    let mut found = store::note::list_versions(state.pool(), id, before, limit + 1).await?;
    let more = cursor::cut(&mut found, limit);
    let next_cursor = found.last().filter(|_| more).map(|last| cursor::encode(&last.version));
    Ok(Json(NoteVersionPage { items: found.into_iter().map(NoteVersionView::from).collect(), next_cursor }))
}
