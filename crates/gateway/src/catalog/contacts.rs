//! Contacts: who is asked about a system. (Those of groups, which systems inherit, are next door.)

use crate::caller::Caller;
use crate::extract::{IfMatch, PageQuery, Path, Query, Submission, limit_or_default};
use crate::reads::{Module, Shelf, Sight, render};
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::catalog::{ContactPage, ContactView, MailboxChange, MailboxDetail};
use crate::wire::edge::EdgeView;
use crate::wire::node::NodeView;
use crate::{cursor, nouns, reply};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::contact::NewContact;
use domain::{EdgeKind, Intention, NodeKind, Refusal};
use std::sync::Arc;
use uuid::Uuid;

const KIND: NodeKind = NodeKind::System;

/// List the contacts of a system
///
/// Its own first, then those of the groups around it, as far as one may see who it is and where they come
/// from. Addresses are for those who are signed in.
#[utoipa::path(get, path = "/systems/{id}/contacts", operation_id = "list_system_contacts", tag = "contacts",
    params(("id" = Uuid, Path, description = "The system"), PageQuery),
    responses((status = 200, description = "A page of contacts", body = ContactPage)))]
pub(crate) async fn list(
    state: State,
    caller: Caller,
    Path(id): Path<Uuid>,
    Query(page): Query<PageQuery>,
) -> Result<Response, Refused> {
    contacts_of(&state, &caller, KIND, id, page).await
}

/// Add a contact to a system
///
/// A person, a team, a mailbox that is there, or a new one. Takes the level `member` where the system is.
#[utoipa::path(post, path = "/systems/{id}/contacts", operation_id = "add_system_contact", tag = "contacts", request_body = NewContact,
    params(("id" = Uuid, Path, description = "The system"),
           ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat answer as the first time", max_length = 128, pattern = "^[!-~]+$")),
    responses((status = 201, description = "The edge", body = EdgeView)))]
pub(crate) async fn add(state: State, Path(id): Path<Uuid>, submission: Submission<NewContact>) -> Result<Response, Refused> {
    add_to(&state, KIND, id, submission).await
}

/// Take a contact from a system
///
/// One of its own: those of a group are taken from the group. A mailbox stays.
#[utoipa::path(delete, path = "/systems/{id}/contacts/{edge_id}", operation_id = "remove_system_contact", tag = "contacts",
    params(("id" = Uuid, Path, description = "The system"), ("edge_id" = Uuid, Path, description = "The edge"),
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

/// One mailbox
///
/// With its version as `ETag`. Its address is for whoever is signed in.
#[utoipa::path(get, path = "/contacts/{id}", operation_id = "get_mailbox", tag = "contacts",
    params(("id" = Uuid, Path, description = "The mailbox")),
    responses((status = 200, description = "The mailbox", body = MailboxDetail)))]
pub(crate) async fn get(state: State, caller: Caller, Path(id): Path<Uuid>) -> Result<Response, Refused> {
    let node = nouns::readable(&state, &caller, NodeKind::Contact, id).await?;
    let email = match caller.reader() {
        Some(reader) => store::contact::find_readable_address(state.pool(), reader, id).await?,
        None => None,
    };
    Ok(reply::versioned(node.version, &MailboxDetail { node: (&node).into(), email }))
}

/// Change a mailbox
#[utoipa::path(patch, path = "/contacts/{id}", operation_id = "update_mailbox", tag = "contacts", request_body = MailboxChange,
    params(("id" = Uuid, Path, description = "The mailbox"), ("If-Match" = String, Header, description = "The version it is made from, in quotation marks", pattern = "^\"[0-9]+\"$")),
    responses((status = 200, description = "As it is now, without its address", body = NodeView)))]
pub(crate) async fn change_mailbox(
    state: State,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    submission: Submission<MailboxChange>,
) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    nouns::readable(&state, &caller, NodeKind::Contact, id).await?;
    let MailboxChange { title, email } = input;
    if title.is_none() && email.is_none() {
        return Err(Refusal::invalid("body", "at least one field to change").into());
    }
    let intention = Intention::UpdateMailbox { id, version, title, email };
    nouns::carry_out(&state, &caller, &context, vec![intention], StatusCode::OK).await
}

/// Delete a mailbox
///
/// Wherever it is a contact.
#[utoipa::path(delete, path = "/contacts/{id}", operation_id = "delete_mailbox", tag = "contacts",
    params(("id" = Uuid, Path, description = "The mailbox"), ("If-Match" = String, Header, description = "The version, in quotation marks", pattern = "^\"[0-9]+\"$")),
    responses((status = 204, description = "Deleted")))]
pub(crate) async fn delete_mailbox(
    state: State,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    submission: Submission<()>,
) -> Result<Response, Refused> {
    nouns::delete(state, NodeKind::Contact, id, version, submission).await
}

pub(super) async fn contacts_of(
    state: &State,
    caller: &Caller,
    kind: NodeKind,
    id: Uuid,
    page: PageQuery,
) -> Result<Response, Refused> {
    let limit = limit_or_default(page.limit)?;
    let after: Option<(i32, Uuid)> = page.cursor.as_deref().map(cursor::decode).transpose()?;
    nouns::readable(state, caller, kind, id).await?;
    // Whoever is signed in may see no more scopes than somebody who is not.
    let with_addresses = caller.reader().is_some();
    let load = move |pool: store::Pool, sight: Arc<Sight>| async move {
        let mut found = store::contact::list_contacts(&pool, sight.scopes(), with_addresses, id, after, limit + 1).await?;
        let more = cursor::cut(&mut found, limit);
        let next_cursor = found.last().filter(|_| more).map(|last| cursor::encode(&(last.distance, last.edge_id)));
        render(&ContactPage { items: found.into_iter().map(ContactView::from).collect(), next_cursor })
    };
    let asked = (id, with_addresses, after, limit);
    let page = state.reads().page(caller, Shelf::Of(Module::Catalog), "contacts", &asked, load).await?;
    Ok(page.into_response())
}

pub(super) async fn add_to(
    state: &State,
    kind: NodeKind,
    id: Uuid,
    submission: Submission<NewContact>,
) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    nouns::readable(state, &caller, kind, id).await?;
    let intention = Intention::AddContact { target_id: id, contact: input };
    nouns::carry_out_edge(state, &caller, &context, intention, StatusCode::CREATED).await
}

pub(super) async fn remove_from(
    state: &State,
    (id, edge_id): (Uuid, Uuid),
    version: i64,
    submission: Submission<()>,
) -> Result<Response, Refused> {
    let Submission { caller, context, .. } = submission;
    if nouns::edge_of_kind(state, EdgeKind::ContactOf, edge_id).await?.target_id != id {
        return Err(Refusal::NotFound { what: "edge" }.into());
    }
    let intention = Intention::DeleteEdge { id: edge_id, version };
    nouns::carry_out_edge(state, &caller, &context, intention, StatusCode::NO_CONTENT).await
}
