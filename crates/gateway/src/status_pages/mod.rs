//! Status pages, for those who make them. (Their readers are served by `status/`.)

pub(crate) mod followers;

use crate::caller::Caller;
use crate::extract::{IfMatch, Path, Query, Submission};
use crate::nouns::{self, NounQuery};
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::node::{NodePage, NodeView};
use crate::wire::status_page::{EntriesView, EntryView, NewEntries, NewStatusPage, StatusPageChange};
use axum::Json;
use axum::http::StatusCode;
use axum::response::Response;
use domain::status_page::StatusPagePatch;
use domain::{Intention, NodeKind, Refusal};
use uuid::Uuid;

const KIND: NodeKind = NodeKind::StatusPage;

/// List status pages
///
/// Those one may see, by title (in any case), then id.
#[utoipa::path(get, path = "/status-pages", operation_id = "list_status_pages", tag = "status pages", params(NounQuery),
    responses((status = 200, description = "A page of status pages", body = NodePage)))]
pub(crate) async fn list(state: State, caller: Caller, query: Query<NounQuery>) -> Result<Response, Refused> {
    nouns::list(state, caller, KIND, query).await
}

/// Make a status page
///
/// Takes the level `member` where it is made. It shows nothing yet.
#[utoipa::path(post, path = "/status-pages", operation_id = "create_status_page", tag = "status pages", request_body = NewStatusPage,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat answer as the first time", max_length = 128, pattern = "^[!-~]+$")),
    responses((status = 201, description = "Made", body = NodeView)))]
pub(crate) async fn create(state: State, submission: Submission<NewStatusPage>) -> Result<Response, Refused> {
    let Submission { caller, mut input, context } = submission;
    let intention = Intention::CreateStatusPage {
        id: input.id,
        parent_id: input.parent_id,
        status_page: input.patch(),
        title: input.title,
        body: input.body,
        visibility: input.visibility,
    };
    nouns::carry_out(&state, &caller, &context, vec![intention], StatusCode::CREATED).await
}

/// One status page
///
/// With its version as `ETag`.
#[utoipa::path(get, path = "/status-pages/{id}", operation_id = "get_status_page", tag = "status pages",
    params(("id" = Uuid, Path, description = "The status page")),
    responses((status = 200, description = "The status page", body = NodeView)))]
pub(crate) async fn get(state: State, caller: Caller, Path(id): Path<Uuid>) -> Result<Response, Refused> {
    nouns::get(state, caller, KIND, id).await
}

/// Change a status page
///
/// Absent fields stay. Takes its administrators.
#[utoipa::path(patch, path = "/status-pages/{id}", operation_id = "update_status_page", tag = "status pages", request_body = StatusPageChange,
    params(("id" = Uuid, Path, description = "The status page"), ("If-Match" = String, Header, description = "The version it is made from, in quotation marks", pattern = "^\"[0-9]+\"$")),
    responses((status = 200, description = "As it is now", body = NodeView)))]
pub(crate) async fn update(
    state: State,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    submission: Submission<StatusPageChange>,
) -> Result<Response, Refused> {
    let Submission { caller, mut input, context } = submission;
    nouns::readable(&state, &caller, KIND, id).await?;
    let status_page = input.patch();
    let StatusPageChange { title, body, visibility, .. } = input;
    let mut intentions = Vec::new();
    let mut then = version;
    if title.is_some() || body.is_some() || status_page != StatusPagePatch::default() {
        intentions.push(Intention::UpdateStatusPage { id, version, title, body, status_page });
        // A change of fields raises the version by one, as that of any node.
        then = version.saturating_add(1);
    }
    if visibility.is_some() {
        intentions.push(Intention::SetScope { id, version: then, visibility, isolated: None });
    }
    if intentions.is_empty() {
        return Err(Refusal::invalid("body", "at least one field to change").into());
    }
    nouns::carry_out(&state, &caller, &context, intentions, StatusCode::OK).await
}

/// Delete a status page
///
/// And who is told by mail what it says. Takes its owners.
#[utoipa::path(delete, path = "/status-pages/{id}", operation_id = "delete_status_page", tag = "status pages",
    params(("id" = Uuid, Path, description = "The status page"), ("If-Match" = String, Header, description = "The version, in quotation marks", pattern = "^\"[0-9]+\"$")),
    responses((status = 204, description = "Deleted")))]
pub(crate) async fn delete(
    state: State,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    submission: Submission<()>,
) -> Result<Response, Refused> {
    nouns::delete(state, KIND, id, version, submission).await
}

/// List what a status page shows
///
/// In its order, as far as one may see it: a hundred at most, so there are no pages.
#[utoipa::path(get, path = "/status-pages/{id}/entries", operation_id = "list_status_page_entries", tag = "status pages",
    params(("id" = Uuid, Path, description = "The status page")),
    responses((status = 200, description = "Its entries", body = EntriesView)))]
pub(crate) async fn list_entries(state: State, caller: Caller, Path(id): Path<Uuid>) -> Result<Json<EntriesView>, Refused> {
    nouns::readable(&state, &caller, KIND, id).await?;
    let entries = store::status_page::list_entries(state.pool(), caller.reader(), id).await?;
    let all = entries.len();
    let items: Vec<EntryView> = entries.into_iter().filter(|entry| entry.is_readable).map(EntryView::from).collect();
    Ok(Json(EntriesView { hidden: all - items.len(), items }))
}

/// Set what a status page shows
///
/// All of it, in order. To add a system or group takes the level `member` where the page is and where that is: its
/// name (or label), state and history, and what everybody was told of it, are then to be read by the page's readers.
#[utoipa::path(put, path = "/status-pages/{id}/entries", operation_id = "set_status_page_entries", tag = "status pages", request_body = NewEntries,
    params(("id" = Uuid, Path, description = "The status page"), ("If-Match" = String, Header, description = "The version it is made from, in quotation marks", pattern = "^\"[0-9]+\"$")),
    responses((status = 200, description = "The page, as it is now", body = NodeView)))]
pub(crate) async fn set_entries(
    state: State,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    submission: Submission<NewEntries>,
) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    nouns::readable(&state, &caller, KIND, id).await?;
    let intention = Intention::SetStatusPageEntries { id, version, entries: input.entries };
    nouns::carry_out(&state, &caller, &context, vec![intention], StatusCode::OK).await
}
