//! Environments: where systems run.

use super::{Change, NounQuery};
use crate::caller::Caller;
use crate::extract::{IfMatch, Path, Query, Submission};
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::node::{NodePage, NodeView};
use crate::wire::nouns::{EnvironmentChange, NewEnvironment};
use axum::response::Response;
use domain::{Intention, NodeKind};
use uuid::Uuid;

const KIND: NodeKind = NodeKind::Environment;

/// List environments
///
/// Those one may see, by title (in any case), then id.
#[utoipa::path(get, path = "/environments", operation_id = "list_environments", tag = "environments", params(NounQuery),
    responses((status = 200, description = "A page of environments", body = NodePage)))]
pub(crate) async fn list(state: State, caller: Caller, query: Query<NounQuery>) -> Result<Response, Refused> {
    super::list(state, caller, KIND, query).await
}

/// Make an environment
#[utoipa::path(post, path = "/environments", operation_id = "create_environment", tag = "environments", request_body = NewEnvironment,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat answer as the first time", max_length = 128, pattern = "^[!-~]+$")),
    responses((status = 201, description = "Made", body = NodeView)))]
pub(crate) async fn create(state: State, submission: Submission<NewEnvironment>) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    let intention = Intention::CreateNode {
        id: input.id,
        kind: KIND,
        parent_id: input.parent_id,
        title: input.title,
        body: input.body,
        attrs: input.attrs,
        position: None,
        system: None,
        person: None,
        scope: None,
    };
    super::create(state, caller, context, intention).await
}

/// One environment
///
/// With its version as `ETag`.
#[utoipa::path(get, path = "/environments/{id}", operation_id = "get_environment", tag = "environments",
    params(("id" = Uuid, Path, description = "The environment")),
    responses((status = 200, description = "The environment", body = NodeView)))]
pub(crate) async fn get(state: State, caller: Caller, Path(id): Path<Uuid>) -> Result<Response, Refused> {
    super::get(state, caller, KIND, id).await
}

/// Change an environment
///
/// Absent fields stay.
#[utoipa::path(patch, path = "/environments/{id}", operation_id = "update_environment", tag = "environments", request_body = EnvironmentChange,
    params(("id" = Uuid, Path, description = "The environment"), ("If-Match" = String, Header, description = "The version it is made from, in quotation marks", pattern = "^\"[0-9]+\"$")),
    responses((status = 200, description = "As it is now", body = NodeView)))]
pub(crate) async fn update(
    state: State,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    submission: Submission<EnvironmentChange>,
) -> Result<Response, Refused> {
    super::change(state, KIND, id, version, submission, into_change).await
}

/// Delete an environment
///
/// And what hangs on it.
#[utoipa::path(delete, path = "/environments/{id}", operation_id = "delete_environment", tag = "environments",
    params(("id" = Uuid, Path, description = "The environment"), ("If-Match" = String, Header, description = "The version, in quotation marks", pattern = "^\"[0-9]+\"$")),
    responses((status = 204, description = "Deleted")))]
pub(crate) async fn delete(
    state: State,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    submission: Submission<()>,
) -> Result<Response, Refused> {
    super::delete(state, KIND, id, version, submission).await
}

fn into_change(input: EnvironmentChange) -> Change {
    let EnvironmentChange { title, body, attrs, parent_id } = input;
    Change { title, body, attrs, parent_id, ..Change::default() }
}
