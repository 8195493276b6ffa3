//! Systems: what is run for others, and how it is checked.

use super::{Change, NounQuery};
use crate::caller::Caller;
use crate::extract::{IfMatch, Path, Query, Submission};
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::node::{NodePage, NodeView};
use crate::wire::nouns::{NewSystem, SystemChange};
use axum::response::Response;
use domain::system::SystemPatch;
use domain::{Intention, NodeKind};
use uuid::Uuid;

const KIND: NodeKind = NodeKind::System;

/// List systems
///
/// Those one may see, by title (in any case), then id.
#[utoipa::path(get, path = "/systems", operation_id = "list_systems", tag = "systems", params(NounQuery),
    responses((status = 200, description = "A page of systems", body = NodePage)))]
pub(crate) async fn list(state: State, caller: Caller, query: Query<NounQuery>) -> Result<Response, Refused> {
    super::list(state, caller, KIND, query).await
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
    };
    let intention = Intention::CreateNode {
        id: input.id,
        kind: KIND,
        parent_id: input.parent_id,
        title: input.title,
        body: input.body,
        attrs: input.attrs,
        system: Some(system),
        person: None,
        scope: None,
    };
    super::create(state, caller, context, intention).await
}

/// One system
///
/// With its version as `ETag`.
#[utoipa::path(get, path = "/systems/{id}", operation_id = "get_system", tag = "systems",
    params(("id" = Uuid, Path, description = "The system")),
    responses((status = 200, description = "The system", body = NodeView)))]
pub(crate) async fn get(state: State, caller: Caller, Path(id): Path<Uuid>) -> Result<Response, Refused> {
    super::get(state, caller, KIND, id).await
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
    let SystemChange { title, body, attrs, parent_id, check, enabled, interval_s, timeout_ms, failures_to_down, password } =
        input;
    let patch = SystemPatch { check, enabled, interval_s, timeout_ms, failures_to_down, password };
    let system = (patch != SystemPatch::default()).then_some(patch);
    Change { title, body, attrs, parent_id, system, ..Change::default() }
}
