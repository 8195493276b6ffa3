//! People, as everybody who sees them may know them.

use super::{Change, NounQuery};
use crate::caller::Caller;
use crate::extract::{IfMatch, Path, Query, Submission};
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::node::{NodePage, NodeView};
use crate::wire::nouns::{NewPerson, PersonChange};
use axum::response::Response;
use domain::node::INSTANCE_ID;
use domain::person::PersonPatch;
use domain::{Intention, NodeKind};
use uuid::Uuid;

const KIND: NodeKind = NodeKind::Person;

/// List people
///
/// Those one may see, by title (in any case), then id.
#[utoipa::path(get, path = "/people", operation_id = "list_people", tag = "people", params(NounQuery),
    responses((status = 200, description = "A page of people", body = NodePage)))]
pub(crate) async fn list(state: State, caller: Caller, query: Query<NounQuery>) -> Result<Response, Refused> {
    super::list(state, caller, KIND, query).await
}

/// Make a person
#[utoipa::path(post, path = "/people", operation_id = "create_person", tag = "people", request_body = NewPerson,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat answer as the first time", max_length = 128, pattern = "^[!-~]+$")),
    responses((status = 201, description = "Made", body = NodeView)))]
pub(crate) async fn create(state: State, submission: Submission<NewPerson>) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    let person = PersonPatch { login: Some(input.login), email: input.email.map(Some), disabled: None };
    let intention = Intention::CreateNode {
        id: input.id,
        kind: KIND,
        parent_id: INSTANCE_ID,
        title: input.title,
        body: input.body,
        attrs: input.attrs,
        position: None,
        system: None,
        person: Some(person),
        scope: None,
    };
    super::create(state, caller, context, intention).await
}

/// One person
///
/// With its version as `ETag`.
#[utoipa::path(get, path = "/people/{id}", operation_id = "get_person", tag = "people",
    params(("id" = Uuid, Path, description = "The person")),
    responses((status = 200, description = "The person", body = NodeView)))]
pub(crate) async fn get(state: State, caller: Caller, Path(id): Path<Uuid>) -> Result<Response, Refused> {
    super::get(state, caller, KIND, id).await
}

/// Change a person
///
/// Absent fields stay.
#[utoipa::path(patch, path = "/people/{id}", operation_id = "update_person", tag = "people", request_body = PersonChange,
    params(("id" = Uuid, Path, description = "The person"), ("If-Match" = String, Header, description = "The version it is made from, in quotation marks", pattern = "^\"[0-9]+\"$")),
    responses((status = 200, description = "As it is now", body = NodeView)))]
pub(crate) async fn update(
    state: State,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    submission: Submission<PersonChange>,
) -> Result<Response, Refused> {
    super::change(state, KIND, id, version, submission, into_change).await
}

/// Delete a person
///
/// And what hangs on it.
#[utoipa::path(delete, path = "/people/{id}", operation_id = "delete_person", tag = "people",
    params(("id" = Uuid, Path, description = "The person"), ("If-Match" = String, Header, description = "The version, in quotation marks", pattern = "^\"[0-9]+\"$")),
    responses((status = 204, description = "Deleted")))]
pub(crate) async fn delete(
    state: State,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    submission: Submission<()>,
) -> Result<Response, Refused> {
    super::delete(state, KIND, id, version, submission).await
}

fn into_change(input: PersonChange) -> Change {
    let PersonChange { title, body, attrs, login, email, disabled } = input;
    let patch = PersonPatch { login, email, disabled };
    let person = (patch != PersonPatch::default()).then_some(patch);
    Change { title, body, attrs, person, ..Change::default() }
}
