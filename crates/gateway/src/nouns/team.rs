//! Teams: people who are granted things together.

use super::{Change, NounQuery};
use crate::caller::Caller;
use crate::extract::{IfMatch, Path, Query, Submission};
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::node::{NodePage, NodeView};
use crate::wire::nouns::{NewTeam, TeamChange};
use axum::response::Response;
use domain::node::INSTANCE_ID;
use domain::{Intention, NodeKind};
use uuid::Uuid;

const KIND: NodeKind = NodeKind::Team;

/// List teams
///
/// Those one may see, by title (in any case), then id.
#[utoipa::path(get, path = "/teams", operation_id = "list_teams", tag = "teams", params(NounQuery),
    responses((status = 200, description = "A page of teams", body = NodePage)))]
pub(crate) async fn list(state: State, caller: Caller, query: Query<NounQuery>) -> Result<Response, Refused> {
    super::list(state, caller, KIND, query).await
}

/// Make a team
#[utoipa::path(post, path = "/teams", operation_id = "create_team", tag = "teams", request_body = NewTeam,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat answer as the first time", max_length = 128, pattern = "^[!-~]+$")),
    responses((status = 201, description = "Made", body = NodeView)))]
pub(crate) async fn create(state: State, submission: Submission<NewTeam>) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    let intention = Intention::CreateNode {
        id: input.id,
        kind: KIND,
        parent_id: input.parent_id.unwrap_or(INSTANCE_ID),
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

/// One team
///
/// With its version as `ETag`.
#[utoipa::path(get, path = "/teams/{id}", operation_id = "get_team", tag = "teams",
    params(("id" = Uuid, Path, description = "The team")),
    responses((status = 200, description = "The team", body = NodeView)))]
pub(crate) async fn get(state: State, caller: Caller, Path(id): Path<Uuid>) -> Result<Response, Refused> {
    super::get(state, caller, KIND, id).await
}

/// Change a team
///
/// Absent fields stay.
#[utoipa::path(patch, path = "/teams/{id}", operation_id = "update_team", tag = "teams", request_body = TeamChange,
    params(("id" = Uuid, Path, description = "The team"), ("If-Match" = String, Header, description = "The version it is made from, in quotation marks", pattern = "^\"[0-9]+\"$")),
    responses((status = 200, description = "As it is now", body = NodeView)))]
pub(crate) async fn update(
    state: State,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    submission: Submission<TeamChange>,
) -> Result<Response, Refused> {
    super::change(state, KIND, id, version, submission, into_change).await
}

/// Delete a team
///
/// And what hangs on it.
#[utoipa::path(delete, path = "/teams/{id}", operation_id = "delete_team", tag = "teams",
    params(("id" = Uuid, Path, description = "The team"), ("If-Match" = String, Header, description = "The version, in quotation marks", pattern = "^\"[0-9]+\"$")),
    responses((status = 204, description = "Deleted")))]
pub(crate) async fn delete(
    state: State,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    submission: Submission<()>,
) -> Result<Response, Refused> {
    super::delete(state, KIND, id, version, submission).await
}

fn into_change(input: TeamChange) -> Change {
    let TeamChange { title, body, attrs, parent_id } = input;
    Change { title, body, attrs, parent_id, ..Change::default() }
}
