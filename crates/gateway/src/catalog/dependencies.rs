//! What depends on what: edges `depends_on`, with the systems at their ends.

use crate::caller::Caller;
use crate::extract::{IfMatch, Path, Query, Submission, limit_or_default};
use crate::reads::{Module, Shelf, Sight, render};
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::catalog::{DependencyChange, DependencyPage, DependencyView, NewDependency};
use crate::wire::edge::EdgeView;
use crate::{cursor, nouns};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::dependency::Impact;
use domain::{EdgeKind, Intention, NodeKind, Refusal};
use serde::Deserialize;
use std::sync::Arc;
use store::dependency::DependencyFilter;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

#[derive(Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Direction {
    /// What the system depends on.
    Up,
    /// What depends on the system.
    Down,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DependenciesQuery {
    /// Of this system alone.
    system_id: Option<Uuid>,
    /// With `system_id`: what it depends on (`up`), or what depends on it (`down`); by default both.
    #[param(inline)]
    direction: Option<Direction>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Items at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<i64>,
}

/// List dependencies
///
/// Those of which one may see both systems, oldest first: each one step.
#[utoipa::path(get, path = "/dependencies", operation_id = "list_dependencies", tag = "dependencies", params(DependenciesQuery),
    responses((status = 200, description = "A page of dependencies", body = DependencyPage)))]
pub(crate) async fn list(state: State, caller: Caller, Query(query): Query<DependenciesQuery>) -> Result<Response, Refused> {
    let limit = limit_or_default(query.limit)?;
    let after: Option<Uuid> = query.cursor.as_deref().map(cursor::decode).transpose()?;
    if let Some(id) = query.system_id {
        nouns::readable(&state, &caller, NodeKind::System, id).await?;
    } else if query.direction.is_some() {
        return Err(Refusal::invalid("direction", "only with system_id").into());
    }
    let upstream = query.direction.map(|direction| direction == Direction::Up);
    let filter = DependencyFilter { system_id: query.system_id, upstream };
    let load = move |pool: store::Pool, sight: Arc<Sight>| async move {
        let mut found = store::dependency::list_dependencies(&pool, sight.scopes(), filter, after, limit + 1).await?;
        let more = cursor::cut(&mut found, limit);
        let next_cursor = found.last().filter(|_| more).map(|last| cursor::encode(&last.id));
        render(&DependencyPage { items: found.into_iter().map(DependencyView::from).collect(), next_cursor })
    };
    let asked = (query.system_id, upstream, after, limit);
    let page = state.reads().page(&caller, Shelf::Of(Module::Catalog), "dependencies", &asked, load).await?;
    Ok(page.into_response())
}

/// Say that a system depends on another
///
/// Takes the level `member` where the system is. What would run in a circle is refused (409) with the way it
/// would run.
#[utoipa::path(post, path = "/dependencies", operation_id = "create_dependency", tag = "dependencies", request_body = NewDependency,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat answer as the first time", max_length = 128, pattern = "^[!-~]+$")),
    responses((status = 201, description = "The edge", body = EdgeView)))]
pub(crate) async fn create(state: State, submission: Submission<NewDependency>) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    let NewDependency { system_id, depends_on_id, impact } = input;
    let attrs = impact.unwrap_or(Impact::DEFAULT).into_attrs();
    let kind = EdgeKind::DependsOn;
    let intention = Intention::CreateEdge { id: None, kind, source_id: system_id, target_id: depends_on_id, attrs };
    nouns::carry_out_edge(&state, &caller, &context, intention, StatusCode::CREATED).await
}

/// Change how hard a failure hits
#[utoipa::path(patch, path = "/dependencies/{id}", operation_id = "update_dependency", tag = "dependencies", request_body = DependencyChange,
    params(("id" = Uuid, Path, description = "The edge"), ("If-Match" = String, Header, description = "The edge's version, in quotation marks", pattern = "^\"[0-9]+\"$")),
    responses((status = 200, description = "The edge, as it is now", body = EdgeView)))]
pub(crate) async fn update(
    state: State,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    submission: Submission<DependencyChange>,
) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    let mut attrs = nouns::edge_of_kind(&state, EdgeKind::DependsOn, id).await?.attrs;
    attrs.extend(input.impact.into_attrs());
    let intention = Intention::UpdateEdge { id, version, attrs };
    nouns::carry_out_edge(&state, &caller, &context, intention, StatusCode::OK).await
}

/// Say that a system does not depend on another any more
#[utoipa::path(delete, path = "/dependencies/{id}", operation_id = "delete_dependency", tag = "dependencies",
    params(("id" = Uuid, Path, description = "The edge"), ("If-Match" = String, Header, description = "The edge's version, in quotation marks", pattern = "^\"[0-9]+\"$")),
    responses((status = 204, description = "Deleted")))]
pub(crate) async fn delete(
    state: State,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    submission: Submission<()>,
) -> Result<Response, Refused> {
    let Submission { caller, context, .. } = submission;
    nouns::edge_of_kind(&state, EdgeKind::DependsOn, id).await?;
    let intention = Intention::DeleteEdge { id, version };
    nouns::carry_out_edge(&state, &caller, &context, intention, StatusCode::NO_CONTENT).await
}
