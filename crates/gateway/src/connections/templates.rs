//! In which words a connection says what it says.

use super::KIND;
use crate::caller::Caller;
use crate::extract::{IfMatch, Path, Submission};
use crate::nouns;
use crate::reads::{Beside, Shelf, Sight, render as rendered};
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::connection::{Preview, PreviewRequest, Templates};
use crate::wire::node::NodeView;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::node::Facet;
use domain::notification::{Template, example, preview as try_out, render};
use domain::{Intention, Refusal};
use std::sync::Arc;
use store::Pool;
use uuid::Uuid;

/// A connection's own words
///
/// Takes the level `admin`.
#[utoipa::path(get, path = "/connections/{id}/templates", operation_id = "list_connection_templates", tag = "connections",
    params(("id" = Uuid, Path, description = "The connection")),
    responses((status = 200, description = "By kind", body = Templates)))]
pub(crate) async fn list(state: State, caller: Caller, Path(id): Path<Uuid>) -> Result<Response, Refused> {
    let load = move |pool: Pool, _: Arc<Sight>| async move {
        rendered(&Templates { templates: store::connection::list_connection_templates(&pool, id).await? })
    };
    let page = state.reads().page(&caller, Shelf::Beside(Beside::Templates(id)), "all", &(), load).await?;
    // Judged last: nobody is shown what came after they had ceased to administer it.
    nouns::administered(&state, &caller, KIND, id).await?;
    Ok(page.into_response())
}

/// Set a connection's own words
///
/// These and no others. Takes the level `admin`.
#[utoipa::path(put, path = "/connections/{id}/templates", operation_id = "set_connection_templates", tag = "connections", request_body = Templates,
    params(("id" = Uuid, Path, description = "The connection"), ("If-Match" = String, Header, description = "The version it is made from, in quotation marks", pattern = "^\"[0-9]+\"$")),
    responses((status = 200, description = "The connection, as it is now", body = NodeView)))]
pub(crate) async fn set(
    state: State,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    submission: Submission<Templates>,
) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    nouns::readable(&state, &caller, KIND, id).await?;
    let intention = Intention::SetConnectionTemplates { id, version, templates: input.templates };
    nouns::carry_out(&state, &caller, &context, vec![intention], StatusCode::OK).await
}

/// An example of a message
///
/// In the words given, or else in those of the connection. Takes the level `admin`.
#[utoipa::path(post, path = "/connections/{id}/preview", operation_id = "preview_connection", tag = "connections", request_body = PreviewRequest,
    params(("id" = Uuid, Path, description = "The connection")),
    responses((status = 200, description = "As it would go out", body = Preview)))]
pub(crate) async fn preview(
    state: State,
    Path(id): Path<Uuid>,
    submission: Submission<PreviewRequest>,
) -> Result<Json<Preview>, Refused> {
    let Submission { caller, input, .. } = submission;
    let node = nouns::administered(&state, &caller, KIND, id).await?;
    let Some(Facet::Connection(connection)) = node.facet else { return Err(Refusal::NotFound { what: "connection" }.into()) };
    if let Some(tried) = input.template {
        let template = Template { kind: input.kind, subject: tried.subject, body: tried.body, html: tried.html };
        template.validate().map_err(|refusal| refusal.within("template"))?;
        let made = try_out(&template).map_err(|error| Refusal::invalid("template.body", error.to_string()))?;
        return Ok(Json(made.into()));
    }
    let own = store::connection::list_connection_templates(state.pool(), id).await?;
    let own = own.iter().find(|template| template.kind == input.kind);
    Ok(Json(render(connection.channel, own, &example(input.kind)).into()))
}
