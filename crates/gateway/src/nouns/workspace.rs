//! Workspaces: what belongs together, with its own people.

use super::{Change, NounQuery};
use crate::caller::Caller;
use crate::extract::{IfMatch, Path, Query, Submission};
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::node::{NodePage, NodeView};
use crate::wire::nouns::{NewWorkspace, ScopeChange};
use axum::response::Response;
use domain::intention::ScopePatch;
use domain::node::INSTANCE_ID;
use domain::{Intention, NodeKind};
use uuid::Uuid;

const KIND: NodeKind = NodeKind::Workspace;

/// List workspaces
///
/// Those one may see, by title (in any case), then id.
#[utoipa::path(get, path = "/workspaces", operation_id = "list_workspaces", tag = "workspaces", params(NounQuery),
    responses((status = 200, description = "A page of workspaces", body = NodePage)))]
pub(crate) async fn list(state: State, caller: Caller, query: Query<NounQuery>) -> Result<Response, Refused> {
    super::list(state, caller, KIND, query).await
}

/// Make a workspace
#[utoipa::path(post, path = "/workspaces", operation_id = "create_workspace", tag = "workspaces", request_body = NewWorkspace,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat answer as the first time", max_length = 128, pattern = "^[!-~]+$")),
    responses((status = 201, description = "Made", body = NodeView)))]
pub(crate) async fn create(state: State, submission: Submission<NewWorkspace>) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    let scope = ScopePatch { visibility: input.visibility, isolated: input.isolated };
    let intention = Intention::CreateNode {
        id: input.id,
        kind: KIND,
        parent_id: INSTANCE_ID,
        title: input.title,
        body: input.body,
        attrs: input.attrs,
        position: None,
        system: None,
        person: None,
        scope: (scope != ScopePatch::default()).then_some(scope),
    };
    super::create(state, caller, context, intention).await
}

/// One workspace
///
/// With its version as `ETag`.
#[utoipa::path(get, path = "/workspaces/{id}", operation_id = "get_workspace", tag = "workspaces",
    params(("id" = Uuid, Path, description = "The workspace")),
    responses((status = 200, description = "The workspace", body = NodeView)))]
pub(crate) async fn get(state: State, caller: Caller, Path(id): Path<Uuid>) -> Result<Response, Refused> {
    super::get(state, caller, KIND, id).await
}

/// Change a workspace
///
/// Absent fields stay.
#[utoipa::path(patch, path = "/workspaces/{id}", operation_id = "update_workspace", tag = "workspaces", request_body = ScopeChange,
    params(("id" = Uuid, Path, description = "The workspace"), ("If-Match" = String, Header, description = "The version it is made from, in quotation marks", pattern = "^\"[0-9]+\"$")),
    responses((status = 200, description = "As it is now", body = NodeView)))]
pub(crate) async fn update(
    state: State,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    submission: Submission<ScopeChange>,
) -> Result<Response, Refused> {
    super::change(state, KIND, id, version, submission, Change::of_scope).await
}

/// Delete a workspace
///
/// And what hangs on it.
#[utoipa::path(delete, path = "/workspaces/{id}", operation_id = "delete_workspace", tag = "workspaces",
    params(("id" = Uuid, Path, description = "The workspace"), ("If-Match" = String, Header, description = "The version, in quotation marks", pattern = "^\"[0-9]+\"$")),
    responses((status = 204, description = "Deleted")))]
pub(crate) async fn delete(
    state: State,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    submission: Submission<()>,
) -> Result<Response, Refused> {
    super::delete(state, KIND, id, version, submission).await
}
