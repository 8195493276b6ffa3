//! Groups: order within a workspace.

use super::{Change, NounQuery};
use crate::caller::Caller;
use crate::cursor;
use crate::extract::{IfMatch, Path, Query, Submission, limit_or_default, text_without_nul};
use crate::reads::{Module, Places, Shelf, Sight};
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::catalog::GroupOrder;
use crate::wire::node::{NodePage, NodeView};
use crate::wire::nouns::{GroupChange, NewGroup};
use axum::http::StatusCode;
use axum::response::Response;
use domain::intention::ScopePatch;
use domain::limits::SEARCH_MAX_CHARS;
use domain::{Intention, NodeKind, Refusal};
use intentions::Outcome;
use serde_json::Value;
use std::sync::Arc;
use store::Pool;
use store::group::GroupPlace;
use store::node::NodeFilter;
use uuid::Uuid;

const KIND: NodeKind = NodeKind::Group;

/// List groups
///
/// Those one may see, by position, then title (in any case), then id.
#[utoipa::path(get, path = "/groups", operation_id = "list_groups", tag = "groups", params(NounQuery),
    responses((status = 200, description = "A page of groups", body = NodePage)))]
pub(crate) async fn list(state: State, caller: Caller, query: Query<NounQuery>) -> Result<Response, Refused> {
    let Query(NounQuery { parent_id, scope_id, q, cursor, limit }) = query;
    let limit = limit_or_default(limit)?;
    let title_contains = q.filter(|q| !q.is_empty());
    title_contains.as_deref().map_or(Ok(()), |q| text_without_nul("q", q, SEARCH_MAX_CHARS))?;
    let after = cursor.as_deref().map(decode).transpose()?;
    let filter = NodeFilter { kind: Some(KIND), parent_id, scope_id, title_contains };
    let asked = (&filter, after.as_ref().map(|after| (after.position, &after.title, after.id)), limit);
    let load = {
        let (filter, after) = (filter.clone(), after.clone());
        move |pool: Pool, sight: Arc<Sight>| {
            let (filter, after) = (filter.clone(), after.clone());
            async move {
                let mut places = store::group::list_groups(&pool, sight.scopes(), &filter, after.as_ref(), limit + 1).await?;
                let more = cursor::cut(&mut places, limit);
                let next_cursor =
                    places.last().filter(|_| more).map(|last| cursor::encode(&(last.position, &last.title, last.id)));
                Ok(Places { ids: places.iter().map(|place| place.id).collect(), next_cursor })
            }
        }
    };
    state.reads().nodes_page(&caller, Shelf::Of(Module::Catalog), "groups", &asked, load).await
}

fn decode(text: &str) -> Result<GroupPlace, Refusal> {
    let (position, title, id): (i32, String, Uuid) = cursor::decode(text)?;
    if title.contains('\0') {
        return Err(cursor::invalid());
    }
    Ok(GroupPlace { position, title, id })
}

/// Put groups in order
///
/// Groups that are part of the same. Takes the level `member` there.
#[utoipa::path(put, path = "/groups/order", operation_id = "order_groups", tag = "groups", request_body = GroupOrder,
    responses((status = 204, description = "So they stand")))]
pub(crate) async fn order(state: State, submission: Submission<GroupOrder>) -> Result<StatusCode, Refused> {
    let Submission { caller, input, context } = submission;
    let intention = Intention::OrderGroups { parent_id: input.parent_id, ids: input.ids };
    let nothing = |_: &[Outcome]| (StatusCode::NO_CONTENT.as_u16(), Value::Null);
    state.wiring.intentions.carry_out(&caller.actor, vec![intention], &context, nothing).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Make a group
#[utoipa::path(post, path = "/groups", operation_id = "create_group", tag = "groups", request_body = NewGroup,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat answer as the first time", max_length = 128, pattern = "^[!-~]+$")),
    responses((status = 201, description = "Made", body = NodeView)))]
pub(crate) async fn create(state: State, submission: Submission<NewGroup>) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    let scope = ScopePatch { visibility: input.visibility, isolated: input.isolated };
    let intention = Intention::CreateNode {
        id: input.id,
        kind: KIND,
        parent_id: input.parent_id,
        title: input.title,
        body: input.body,
        attrs: input.attrs,
        position: input.position,
        system: None,
        person: None,
        scope: (scope != ScopePatch::default()).then_some(scope),
    };
    super::create(state, caller, context, intention).await
}

/// One group
///
/// With its version as `ETag`.
#[utoipa::path(get, path = "/groups/{id}", operation_id = "get_group", tag = "groups",
    params(("id" = Uuid, Path, description = "The group")),
    responses((status = 200, description = "The group", body = NodeView)))]
pub(crate) async fn get(state: State, caller: Caller, Path(id): Path<Uuid>) -> Result<Response, Refused> {
    super::get(state, caller, KIND, id).await
}

/// Change a group
///
/// Absent fields stay.
#[utoipa::path(patch, path = "/groups/{id}", operation_id = "update_group", tag = "groups", request_body = GroupChange,
    params(("id" = Uuid, Path, description = "The group"), ("If-Match" = String, Header, description = "The version it is made from, in quotation marks", pattern = "^\"[0-9]+\"$")),
    responses((status = 200, description = "As it is now", body = NodeView)))]
pub(crate) async fn update(
    state: State,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    submission: Submission<GroupChange>,
) -> Result<Response, Refused> {
    super::change(state, KIND, id, version, submission, into_change).await
}

/// Delete a group
///
/// And what hangs on it.
#[utoipa::path(delete, path = "/groups/{id}", operation_id = "delete_group", tag = "groups",
    params(("id" = Uuid, Path, description = "The group"), ("If-Match" = String, Header, description = "The version, in quotation marks", pattern = "^\"[0-9]+\"$")),
    responses((status = 204, description = "Deleted")))]
pub(crate) async fn delete(
    state: State,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    submission: Submission<()>,
) -> Result<Response, Refused> {
    super::delete(state, KIND, id, version, submission).await
}

fn into_change(input: GroupChange) -> Change {
    let GroupChange { title, body, attrs, position, parent_id, visibility, isolated } = input;
    Change { title, body, attrs, position, parent_id, scope: ScopePatch { visibility, isolated }, ..Change::default() }
}
