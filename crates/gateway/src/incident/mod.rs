//! Incidents: what went wrong, what became of it, and what people are told.

pub(crate) mod acts;
pub(crate) mod by_systems;
pub(crate) mod updates;

use crate::caller::Caller;
use crate::extract::{IfMatch, Path, Query, Submission, limit_or_default, one_or_several};
use crate::reads::{Module, Places, Shelf, Sight};
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::incident::{IncidentChange, NewIncident};
use crate::wire::node::{NodePage, NodeView};
use crate::{cursor, nouns};
use axum::http::StatusCode;
use axum::response::Response;
use domain::incident::{IncidentState, Severity};
use domain::search::words_of;
use domain::{Intention, NodeKind, Refusal};
use serde::Deserialize;
use std::sync::Arc;
use store::Pool;
use store::incident::{IncidentFilter, IncidentPlace};
use utoipa::IntoParams;
use uuid::Uuid;

const KIND: NodeKind = NodeKind::Incident;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct IncidentsQuery {
    /// In one of these states, with commas between: `investigating,fixing`.
    #[param(pattern = "^[a-z_]+(,[a-z_]+)*$")]
    state: Option<String>,
    /// Of one of these severities, with commas between: `major,critical`.
    #[param(pattern = "^[a-z_]+(,[a-z_]+)*$")]
    severity: Option<String>,
    /// Affecting this system (or group): by name, or by a group around it.
    system_id: Option<Uuid>,
    /// Those that are not resolved (`true`), or are (`false`).
    open: Option<bool>,
    /// Beginnings of words in title or text, all of which must be there. Accents, case and punctuation don't matter; without a
    /// word all are listed.
    #[param(example = "checkout disks")]
    q: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Items at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<i64>,
}

/// List incidents
///
/// Those one may see, by when they began, the newest first.
#[utoipa::path(get, path = "/incidents", operation_id = "list_incidents", tag = "incidents", params(IncidentsQuery),
    responses((status = 200, description = "A page of incidents", body = NodePage)))]
pub(crate) async fn list(state: State, caller: Caller, Query(query): Query<IncidentsQuery>) -> Result<Response, Refused> {
    let limit = limit_or_default(query.limit)?;
    let after = cursor::moment(query.cursor.as_deref())?;
    let severities = query.severity.as_deref();
    let filter = IncidentFilter {
        states: query.state.as_deref().map(|text| one_or_several("state", text, IncidentState::ALL)).transpose()?,
        severities: severities.map(|text| one_or_several("severity", text, Severity::ALL)).transpose()?,
        affects: query.system_id,
        open: query.open,
        words: query.q.as_deref().map(words_of).filter(|words| !words.is_empty()),
    };
    let after = after.map(|(started_at, id)| IncidentPlace { started_at, id });
    let asked = (&filter, after.map(|after| (after.started_at, after.id)), limit);
    let load = {
        let filter = filter.clone();
        move |pool: Pool, sight: Arc<Sight>| {
            let filter = filter.clone();
            async move {
                let mut places = store::incident::list_incidents(&pool, sight.scopes(), &filter, after, limit + 1).await?;
                let more = cursor::cut(&mut places, limit);
                let next_cursor = places.last().filter(|_| more).map(|last| cursor::encode(&(last.started_at, last.id)));
                Ok(Places { ids: places.iter().map(|place| place.id).collect(), next_cursor })
            }
        }
    };
    state.reads().nodes_page(&caller, Shelf::Of(Module::Incidents), "list", &asked, load).await
}

/// Open an incident
///
/// Takes the level `member` where it is made and where what it affects is.
#[utoipa::path(post, path = "/incidents", operation_id = "open_incident", tag = "incidents", request_body = NewIncident,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat answer as the first time", max_length = 128, pattern = "^[!-~]+$")),
    responses((status = 201, description = "Opened", body = NodeView)))]
pub(crate) async fn open(state: State, submission: Submission<NewIncident>) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    nouns::carry_out(&state, &caller, &context, vec![input.into_intention()], StatusCode::CREATED).await
}

/// One incident
///
/// With its version as `ETag`. What it affects are its edges `affects`.
#[utoipa::path(get, path = "/incidents/{id}", operation_id = "get_incident", tag = "incidents",
    params(("id" = Uuid, Path, description = "The incident")),
    responses((status = 200, description = "The incident", body = NodeView)))]
pub(crate) async fn get(state: State, caller: Caller, Path(id): Path<Uuid>) -> Result<Response, Refused> {
    nouns::get(state, caller, KIND, id).await
}

/// Change an incident
///
/// Absent fields stay. Its state is changed by an update, so that people are told.
#[utoipa::path(patch, path = "/incidents/{id}", operation_id = "update_incident", tag = "incidents", request_body = IncidentChange,
    params(("id" = Uuid, Path, description = "The incident"), ("If-Match" = String, Header, description = "The version it is made from, in quotation marks", pattern = "^\"[0-9]+\"$")),
    responses((status = 200, description = "As it is now", body = NodeView)))]
pub(crate) async fn update(
    state: State,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    submission: Submission<IncidentChange>,
) -> Result<Response, Refused> {
    let Submission { caller, mut input, context } = submission;
    nouns::readable(&state, &caller, KIND, id).await?;
    let patch = input.patch();
    let IncidentChange { title, body, attrs, .. } = input;
    if title.is_none() && body.is_none() && attrs.is_none() && patch == Default::default() {
        return Err(Refusal::invalid("body", "at least one field to change").into());
    }
    let intention = Intention::UpdateIncident { id, version, title, body, attrs, incident: patch };
    nouns::carry_out(&state, &caller, &context, vec![intention], StatusCode::OK).await
}

/// Delete an incident
///
/// And what people were told about it.
#[utoipa::path(delete, path = "/incidents/{id}", operation_id = "delete_incident", tag = "incidents",
    params(("id" = Uuid, Path, description = "The incident"), ("If-Match" = String, Header, description = "The version, in quotation marks", pattern = "^\"[0-9]+\"$")),
    responses((status = 204, description = "Deleted")))]
pub(crate) async fn delete(
    state: State,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    submission: Submission<()>,
) -> Result<Response, Refused> {
    nouns::delete(state, KIND, id, version, submission).await
}
