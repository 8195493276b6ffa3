//! Links of systems: where more is written about them.

use crate::caller::Caller;
use crate::extract::{IfMatch, Path, Submission};
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::catalog::{LinksChange, SystemLinks};
use crate::{nouns, reply};
use axum::http::StatusCode;
use axum::response::Response;
use domain::node::{Facet, Node};
use domain::system::SystemPatch;
use domain::{Intention, NodeKind};
use intentions::Outcome;
use serde_json::Value;
use uuid::Uuid;

const KIND: NodeKind = NodeKind::System;

/// The links of a system
///
/// In their order; with the system's version as `ETag`.
#[utoipa::path(get, path = "/systems/{id}/links", operation_id = "get_system_links", tag = "systems",
    params(("id" = Uuid, Path, description = "The system")),
    responses((status = 200, description = "Its links", body = SystemLinks)))]
pub(crate) async fn get(state: State, caller: Caller, Path(id): Path<Uuid>) -> Result<Response, Refused> {
    let node = nouns::readable(&state, &caller, KIND, id).await?;
    Ok(reply::versioned(node.version, &links_of(&node)))
}

/// Set the links of a system
#[utoipa::path(put, path = "/systems/{id}/links", operation_id = "set_system_links", tag = "systems", request_body = LinksChange,
    params(("id" = Uuid, Path, description = "The system"), ("If-Match" = String, Header, description = "The system's version, in quotation marks", pattern = "^\"[0-9]+\"$")),
    responses((status = 200, description = "As they are now", body = SystemLinks)))]
pub(crate) async fn set(
    state: State,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    submission: Submission<LinksChange>,
) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    nouns::readable(&state, &caller, KIND, id).await?;
    let system = Some(SystemPatch { links: Some(input.links), ..SystemPatch::default() });
    let intention =
        Intention::UpdateNode { id, version, title: None, body: None, attrs: None, position: None, system, person: None };
    let render = |outcomes: &[Outcome]| match outcomes.last() {
        Some(Outcome::Node(node)) => (StatusCode::OK.as_u16(), serde_json::to_value(links_of(node)).unwrap_or_default()),
        _ => (StatusCode::NO_CONTENT.as_u16(), Value::Null),
    };
    let done = state.wiring.intentions.carry_out(&caller.actor, vec![intention], &context, render).await;
    Ok(reply::done(done.map_err(nouns::without_place)?))
}

fn links_of(node: &Node) -> SystemLinks {
    let links = if let Some(Facet::System(system)) = &node.facet { system.links.clone() } else { Vec::new() };
    SystemLinks { links, version: node.version }
}
