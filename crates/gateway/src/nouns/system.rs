//! Systems: what is run for others, and how it is checked.

use super::{Change, NounQuery};
use crate::caller::Caller;
use crate::extract::{IfMatch, Path, Query, Submission, one_or_several, text_without_nul};
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::catalog::{CauseView, SystemDetail};
use crate::wire::node::{NodePage, NodeView};
use crate::wire::nouns::{NewSystem, SystemChange};
use crate::{catalog, reply};
use axum::response::Response;
use domain::limits::SEARCH_MAX_CHARS;
use domain::system::{State as SystemState, SystemPatch};
use domain::view::ViewFilter;
use domain::{Intention, NodeKind, Refusal};
use serde::Deserialize;
use store::system::SystemFilter;
use utoipa::IntoParams;
use uuid::Uuid;

const KIND: NodeKind = NodeKind::System;

/// List systems
///
/// Those one may see, by title (in any case), then id.
#[utoipa::path(get, path = "/systems", operation_id = "list_systems", tag = "systems", params(NounQuery, SelectionQuery),
    responses((status = 200, description = "A page of systems", body = NodePage)))]
pub(crate) async fn list(
    state: State,
    caller: Caller,
    query: Query<NounQuery>,
    Query(selection): Query<SelectionQuery>,
) -> Result<Response, Refused> {
    if selection.environment_id.is_none() && selection.state.is_none() {
        return super::list(state, caller, KIND, query).await;
    }
    let Query(NounQuery { parent_id, scope_id, q, cursor, limit }) = query;
    let states = selection.state.as_deref().map(|text| one_or_several("state", text, SystemState::ALL)).transpose()?;
    let selection = ViewFilter {
        states: states.unwrap_or_default(),
        environment_ids: selection.environment_id.into_iter().collect(),
        text: q,
        ..ViewFilter::default()
    };
    selection.text.as_deref().map_or(Ok(()), |q| text_without_nul("q", q, SEARCH_MAX_CHARS))?;
    let filter = SystemFilter { parent_id, scope_id, selection };
    catalog::selection::page(&state, &caller, &filter, cursor.as_deref(), limit).await
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SelectionQuery {
    /// Running in this environment.
    environment_id: Option<Uuid>,
    /// In one of these states, with what they depend on; with commas between: `down,degraded`.
    #[param(pattern = "^[a-z_]+(,[a-z_]+)*$")]
    state: Option<String>,
}

/// Make a system
#[utoipa::path(post, path = "/systems", operation_id = "create_system", tag = "systems", request_body = NewSystem,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat answer as the first time", max_length = 128, pattern = "^[!-~]+$")),
    responses((status = 201, description = "Made", body = NodeView)))]
pub(crate) async fn create(state: State, submission: Submission<NewSystem>) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    let system = SystemPatch {
        check: input.check.map(Some),
        enabled: input.enabled,
        interval_s: input.interval_s,
        timeout_ms: input.timeout_ms,
        failures_to_down: input.failures_to_down,
        password: input.password,
        links: input.links,
        incident_after_s: input.incident_after_s.map(Some),
        incident_auto_resolve: input.incident_auto_resolve,
    };
    let intention = Intention::CreateNode {
        id: input.id,
        kind: KIND,
        parent_id: input.parent_id,
        title: input.title,
        body: input.body,
        attrs: input.attrs,
        position: None,
        system: Some(system),
        person: None,
        scope: None,
    };
    super::create(state, caller, context, intention).await
}

/// One system
///
/// With its version as `ETag`, and with the system where it began, if it is not well because of another.
#[utoipa::path(get, path = "/systems/{id}", operation_id = "get_system", tag = "systems",
    params(("id" = Uuid, Path, description = "The system")),
    responses((status = 200, description = "The system", body = SystemDetail)))]
pub(crate) async fn get(state: State, caller: Caller, Path(id): Path<Uuid>) -> Result<Response, Refused> {
    let found = state.reads().systems(&caller, &[id]).await?.pop();
    let found = found.ok_or(Refusal::NotFound { what: KIND.as_str() })?;
    let node = found.entry.node().ok_or(Refusal::NotFound { what: KIND.as_str() })?;
    Ok(reply::versioned(node.version, &SystemDetail { node: node.into(), cause: found.cause.clone().map(CauseView::from) }))
}

/// Change a system
///
/// Absent fields stay.
#[utoipa::path(patch, path = "/systems/{id}", operation_id = "update_system", tag = "systems", request_body = SystemChange,
    params(("id" = Uuid, Path, description = "The system"), ("If-Match" = String, Header, description = "The version it is made from, in quotation marks", pattern = "^\"[0-9]+\"$")),
    responses((status = 200, description = "As it is now", body = NodeView)))]
pub(crate) async fn update(
    state: State,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    submission: Submission<SystemChange>,
) -> Result<Response, Refused> {
    super::change(state, KIND, id, version, submission, into_change).await
}

/// Delete a system
///
/// And what hangs on it.
#[utoipa::path(delete, path = "/systems/{id}", operation_id = "delete_system", tag = "systems",
    params(("id" = Uuid, Path, description = "The system"), ("If-Match" = String, Header, description = "The version, in quotation marks", pattern = "^\"[0-9]+\"$")),
    responses((status = 204, description = "Deleted")))]
pub(crate) async fn delete(
    state: State,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    submission: Submission<()>,
) -> Result<Response, Refused> {
    super::delete(state, KIND, id, version, submission).await
}

fn into_change(input: SystemChange) -> Change {
    let patch = SystemPatch {
        check: input.check,
        enabled: input.enabled,
        interval_s: input.interval_s,
        timeout_ms: input.timeout_ms,
        failures_to_down: input.failures_to_down,
        password: input.password,
        links: None,
        incident_after_s: input.incident_after_s,
        incident_auto_resolve: input.incident_auto_resolve,
    };
    let SystemChange { title, body, attrs, parent_id, .. } = input;
    let system = (patch != SystemPatch::default()).then_some(patch);
    Change { title, body, attrs, parent_id, system, ..Change::default() }
}
