//! Contacts of groups: all that is in a group inherits them.

use super::contacts::{add_to, contacts_of, remove_from};
use crate::caller::Caller;
use crate::extract::{IfMatch, PageQuery, Path, Query, Submission};
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::catalog::ContactPage;
use crate::wire::edge::EdgeView;
use axum::response::Response;
use domain::NodeKind;
use domain::contact::NewContact;
use uuid::Uuid;

const KIND: NodeKind = NodeKind::Group;

/// List the contacts of a group
///
/// Its own first, then those of the groups around it, as for a system.
#[utoipa::path(get, path = "/groups/{id}/contacts", operation_id = "list_group_contacts", tag = "contacts",
    params(("id" = Uuid, Path, description = "The group"), PageQuery),
    responses((status = 200, description = "A page of contacts", body = ContactPage)))]
pub(crate) async fn list(
    state: State,
    caller: Caller,
    Path(id): Path<Uuid>,
    Query(page): Query<PageQuery>,
) -> Result<Response, Refused> {
    contacts_of(&state, &caller, KIND, id, page).await
}

/// Add a contact to a group
///
/// As for a system; of all that is in the group.
#[utoipa::path(post, path = "/groups/{id}/contacts", operation_id = "add_group_contact", tag = "contacts", request_body = NewContact,
    params(("id" = Uuid, Path, description = "The group"),
           ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat answer as the first time", max_length = 128, pattern = "^[!-~]+$")),
    responses((status = 201, description = "The edge", body = EdgeView)))]
pub(crate) async fn add(state: State, Path(id): Path<Uuid>, submission: Submission<NewContact>) -> Result<Response, Refused> {
    add_to(&state, KIND, id, submission).await
}

/// Take a contact from a group
#[utoipa::path(delete, path = "/groups/{id}/contacts/{edge_id}", operation_id = "remove_group_contact", tag = "contacts",
    params(("id" = Uuid, Path, description = "The group"), ("edge_id" = Uuid, Path, description = "The edge"),
           ("If-Match" = String, Header, description = "The edge's version, in quotation marks", pattern = "^\"[0-9]+\"$")),
    responses((status = 204, description = "Taken")))]
pub(crate) async fn remove(
    state: State,
    Path(ids): Path<(Uuid, Uuid)>,
    IfMatch(version): IfMatch,
    submission: Submission<()>,
) -> Result<Response, Refused> {
    remove_from(&state, ids, version, submission).await
}
