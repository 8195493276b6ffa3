//! Announcements: what everybody should know, for a time.

use crate::caller::Caller;
use crate::extract::{IfMatch, Path, Query, Submission, limit_or_default, time_in_range};
use crate::notices;
use crate::reads::{Shelf, Sight, render};
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::announcement::{AnnouncementChange, AnnouncementItem, AnnouncementOrder, AnnouncementPage, NewAnnouncement};
use crate::wire::node::NodeView;
use crate::{cursor, nouns};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use domain::announcement::{AnnouncementPatch, AnnouncementState};
use domain::node::INSTANCE_ID;
use domain::notification::NoticeAct;
use domain::{Intention, Node, NodeKind, Refusal};
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;
use store::Pool;
use store::announcement::{AnnouncementFilter, AnnouncementPosition};
use utoipa::IntoParams;
use uuid::Uuid;

const KIND: NodeKind = NodeKind::Announcement;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AnnouncementsQuery {
    /// In this state.
    #[param(inline)]
    state: Option<AnnouncementState>,
    /// Without those that the caller has put away.
    dismissed: Option<bool>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Items at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<i64>,
}

/// List announcements
///
/// Those one may see, in their order, then the latest begin first. What has not begun or is over is for whoever
/// administers it, and members of where it is.
#[utoipa::path(get, path = "/announcements", operation_id = "list_announcements", tag = "announcements", params(AnnouncementsQuery),
    responses((status = 200, description = "A page of announcements", body = AnnouncementPage)))]
pub(crate) async fn list(state: State, caller: Caller, Query(query): Query<AnnouncementsQuery>) -> Result<Response, Refused> {
    let limit = limit_or_default(query.limit)?;
    let after: Option<(i32, DateTime<Utc>, Uuid)> = query.cursor.as_deref().map(cursor::decode).transpose()?;
    if let Some((_, at, _)) = after {
        time_in_range("cursor", at)?;
    }
    let filter =
        AnnouncementFilter { states: query.state.map(|state| vec![state]), not_dismissed: query.dismissed == Some(false) };
    let (asked, reader) = ((query.state, filter.not_dismissed, after, limit), caller.reader());
    let load = move |pool: Pool, sight: Arc<Sight>| {
        let filter = filter.clone();
        async move {
            let mut places =
                store::announcement::list_announcements(&pool, reader, sight.scopes(), &filter, after, limit + 1).await?;
            let more = cursor::cut(&mut places, limit);
            let last = places.last().filter(|_| more);
            let next_cursor = last.map(|last| cursor::encode(&(last.position, last.starts_at, last.id)));
            let ids: Vec<Uuid> = places.iter().map(|place| place.id).collect();
            let nodes = store::node::list_nodes_by_id(&pool, &ids).await?;
            let nodes: HashMap<Uuid, Node> =
                nodes.into_iter().filter(|node| sight.sees(node.scope_id)).map(|node| (node.id, node)).collect();
            let item = |place: &AnnouncementPosition| {
                Some(AnnouncementItem { node: NodeView::from(nodes.get(&place.id)?), dismissed: place.dismissed })
            };
            render(&AnnouncementPage { items: places.iter().filter_map(item).collect(), next_cursor })
        }
    };
    Ok(state.reads().page(&caller, Shelf::Own, "announcements", &asked, load).await?.into_response())
}

/// Make an announcement
///
/// Takes the level `admin` where it is made.
#[utoipa::path(post, path = "/announcements", operation_id = "create_announcement", tag = "announcements", request_body = NewAnnouncement,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat answer as the first time", max_length = 128, pattern = "^[!-~]+$")),
    responses((status = 201, description = "Made", body = NodeView)))]
pub(crate) async fn create(state: State, submission: Submission<NewAnnouncement>) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    let announcement = in_range(input.patch())?;
    let intention = Intention::CreateAnnouncement {
        id: input.id,
        parent_id: input.parent_id.unwrap_or(INSTANCE_ID),
        title: input.title,
        body: input.body,
        announcement,
    };
    nouns::carry_out(&state, &caller, &context, vec![intention], StatusCode::CREATED).await
}

/// One announcement
///
/// With its version as `ETag`.
#[utoipa::path(get, path = "/announcements/{id}", operation_id = "get_announcement", tag = "announcements",
    params(("id" = Uuid, Path, description = "The announcement")),
    responses((status = 200, description = "The announcement", body = NodeView)))]
pub(crate) async fn get(state: State, caller: Caller, Path(id): Path<Uuid>) -> Result<Response, Refused> {
    nouns::get(state, caller, KIND, id).await
}

/// Change an announcement
///
/// Absent fields stay. Other words are seen again by those who have put it away. Takes the level `admin`.
#[utoipa::path(patch, path = "/announcements/{id}", operation_id = "update_announcement", tag = "announcements", request_body = AnnouncementChange,
    params(("id" = Uuid, Path, description = "The announcement"), ("If-Match" = String, Header, description = "The version it is made from, in quotation marks", pattern = "^\"[0-9]+\"$")),
    responses((status = 200, description = "As it is now", body = NodeView)))]
pub(crate) async fn update(
    state: State,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    submission: Submission<AnnouncementChange>,
) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    nouns::readable(&state, &caller, KIND, id).await?;
    let announcement = in_range(input.patch())?;
    let AnnouncementChange { title, body, .. } = input;
    if title.is_none() && body.is_none() && announcement == AnnouncementPatch::default() {
        return Err(Refusal::invalid("body", "at least one field to change").into());
    }
    let intention = Intention::UpdateAnnouncement { id, version, title, body, announcement };
    nouns::carry_out(&state, &caller, &context, vec![intention], StatusCode::OK).await
}

/// Delete an announcement
///
/// Takes the level `admin`.
#[utoipa::path(delete, path = "/announcements/{id}", operation_id = "delete_announcement", tag = "announcements",
    params(("id" = Uuid, Path, description = "The announcement"), ("If-Match" = String, Header, description = "The version, in quotation marks", pattern = "^\"[0-9]+\"$")),
    responses((status = 204, description = "Deleted")))]
pub(crate) async fn delete(
    state: State,
    Path(id): Path<Uuid>,
    IfMatch(version): IfMatch,
    submission: Submission<()>,
) -> Result<Response, Refused> {
    nouns::delete(state, KIND, id, version, submission).await
}

/// Put an announcement away
///
/// For the caller, on all their devices at once.
#[utoipa::path(post, path = "/announcements/{id}/dismiss", operation_id = "dismiss_announcement", tag = "announcements",
    params(("id" = Uuid, Path, description = "The announcement")),
    responses((status = 204, description = "Put away, now or before")))]
pub(crate) async fn dismiss(state: State, Path(id): Path<Uuid>, submission: Submission<()>) -> Result<Response, Refused> {
    let Submission { caller, context, .. } = submission;
    notices::act(&state, &caller, &context, &NoticeAct::DismissAnnouncement { id }, StatusCode::NO_CONTENT, |_| Value::Null).await
}

/// Order announcements
///
/// As given, from the first on. Takes the level `admin` of each.
#[utoipa::path(put, path = "/announcements/order", operation_id = "order_announcements", tag = "announcements", request_body = AnnouncementOrder,
    responses((status = 204, description = "Ordered")))]
pub(crate) async fn order(state: State, submission: Submission<AnnouncementOrder>) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    let intention = Intention::OrderAnnouncements { ids: input.ids };
    let render = |_: &[intentions::Outcome]| (StatusCode::NO_CONTENT.as_u16(), Value::Null);
    Ok(crate::reply::done(state.wiring.intentions.carry_out(&caller.actor, vec![intention], &context, render).await?))
}

fn in_range(patch: AnnouncementPatch) -> Result<AnnouncementPatch, Refusal> {
    patch.starts_at.map(|at| time_in_range("starts_at", at)).transpose()?;
    patch.ends_at.flatten().map(|at| time_in_range("ends_at", at)).transpose()?;
    Ok(patch)
}
