//! Views: saved selections of systems.

use super::selection;
use crate::caller::Caller;
use crate::extract::{IfMatch, PageQuery, Path, Query, Submission};
use crate::nouns::{self, NounQuery};
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::catalog::{NewView, ViewChange};
use crate::wire::node::{NodePage, NodeView};
use axum::http::StatusCode;
use axum::response::Response;
use domain::node::Facet;
use domain::{Intention, NodeKind, Refusal};
use store::system::SystemFilter;
use uuid::Uuid;

const KIND: NodeKind = NodeKind::View;

/// List views
///
/// Those one may see, by title (in any case), then id.
#[utoipa::path(get, path = "/views", operation_id = "list_views", tag = "views", params(NounQuery),
    responses((status = 200, description = "A page of views", body = NodePage)))]
pub(crate) async fn list(state: State, caller: Caller, query: Query<NounQuery>) -> Result<Response, Refused> {
    nouns::list(state, caller, KIND, query).await
}

/// Save a view
///
/// The environments and groups that it names must be there for whoever saves it.
#[utoipa::path(post, path = "/views", operation_id = "create_view", tag = "views", request_body = NewView,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat answer as the first time", max_length = 128, pattern = "^[!-~]+$")),
    responses((status = 201, description = "Saved", body = NodeView)))]
pub(crate) async fn create(state: State, submission: Submission<NewView>) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    let NewView { id, parent_id, title, body, attrs, view } = input;
    let intention = Intention::CreateView { id, parent_id, title, body, attrs, view };
    nouns::carry_out(&state, &caller, &context, vec![intention], StatusCode::CREATED).await
}

/// One view
///
/// With its version as `ETag`.
#[utoipa::path(get, path = "/views/{id}", operation_id = "get_view", tag = "views",
    params(("id" = Uuid, Path, description = "The view")),
    responses((status = 200, description = "The view", body = NodeView)))]
pub(crate) async fn get(state: State, caller: Caller, Path(id): Path<Uuid>) -> Result<Response, Refused> {
    nouns::get(state, caller, KIND, id).await
}

/// Change a view
///
/// Absent fields stay.
#[utoipa::path(patch, path = "/views/{id}", operation_id = "update_view", tag = "views", request_body = ViewChange,
    params(("id" = Uuid, Path, description = "The view"), ("If-Match" = String, Header, description = "The version it is made from, in quotation marks", pattern = "^\"[0-9]+\"$")),
    responses((status = 200, description = "As it is now", body = NodeView)))]
pub(crate) async fn update(
    state: State,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    submission: Submission<ViewChange>,
) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    nouns::readable(&state, &caller, KIND, id).await?;
    let ViewChange { title, body, attrs, view } = input;
    if title.is_none() && body.is_none() && attrs.is_none() && view.is_none() {
        return Err(Refusal::invalid("body", "at least one field to change").into());
    }
    let intention = Intention::UpdateView { id, version, title, body, attrs, view };
    nouns::carry_out(&state, &caller, &context, vec![intention], StatusCode::OK).await
}

/// Delete a view
#[utoipa::path(delete, path = "/views/{id}", operation_id = "delete_view", tag = "views",
    params(("id" = Uuid, Path, description = "The view"), ("If-Match" = String, Header, description = "The version, in quotation marks", pattern = "^\"[0-9]+\"$")),
    responses((status = 204, description = "Deleted")))]
pub(crate) async fn delete(
    state: State,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    submission: Submission<()>,
) -> Result<Response, Refused> {
    nouns::delete(state, KIND, id, version, submission).await
}

/// List the systems of a view
///
/// Those that it selects and one may see, in the view's order.
#[utoipa::path(get, path = "/views/{id}/systems", operation_id = "list_systems_of_view", tag = "views",
    params(("id" = Uuid, Path, description = "The view"), PageQuery),
    responses((status = 200, description = "A page of systems", body = NodePage)))]
pub(crate) async fn systems(
    state: State,
    caller: Caller,
    Path(id): Path<Uuid>,
    Query(page): Query<PageQuery>,
) -> Result<Response, Refused> {
    let view = nouns::readable(&state, &caller, KIND, id).await?;
    let Some(Facet::View(filter)) = view.facet else { return Err(Refusal::NotFound { what: "view" }.into()) };
    let filter = SystemFilter { selection: filter, ..SystemFilter::default() };
    selection::page(&state, &caller, &filter, page.cursor.as_deref(), page.limit).await
}
