//! The notification centre.

use super::{act, json};
use crate::caller::Caller;
use crate::cursor;
use crate::extract::{Path, Query, Submission, limit_or_default, one_or_several, time_in_range};
use crate::reads::{Shelf, Sight, render};
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::notification::{Notification, NotificationPage, ReadCount, UnreadCount};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::notification::{NoticeAct, NoticeKind, ReadUntil};
use intentions::NoticeOutcome;
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;
use store::Pool;
use utoipa::IntoParams;
use uuid::Uuid;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct NotificationsQuery {
    /// Only those that are unread.
    unread: Option<bool>,
    /// Of these kinds, with commas between: `message_mention,message_reply`.
    #[param(pattern = "^[a-z_]+(,[a-z_]+)*$")]
    kind: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Items at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<i64>,
}

/// What I was told
///
/// About what I may still see, newest first.
#[utoipa::path(get, path = "/notifications", operation_id = "list_notifications", tag = "notifications", params(NotificationsQuery),
    responses((status = 200, description = "A page of notifications", body = NotificationPage)))]
pub(crate) async fn list(state: State, caller: Caller, Query(query): Query<NotificationsQuery>) -> Result<Response, Refused> {
    let person_id = caller.person()?.id;
    let limit = limit_or_default(query.limit)?;
    let before = cursor::moment(query.cursor.as_deref())?;
    let unread = query.unread.unwrap_or(false);
    let kinds = query.kind.as_deref().map(|text| one_or_several("kind", text, NoticeKind::ALL)).transpose()?;
    let asked = (unread, kinds.clone(), before, limit);
    let load = move |pool: Pool, sight: Arc<Sight>| {
        let kinds = kinds.clone();
        async move {
            let (scopes, kinds) = (sight.scopes(), kinds.as_deref());
            let mut found =
                store::notification::list_notifications(&pool, person_id, scopes, unread, kinds, before, limit + 1).await?;
            let more = cursor::cut(&mut found, limit);
            let next_cursor = found.last().filter(|_| more).map(|last| cursor::encode(&(last.at, last.id)));
            render(&NotificationPage { items: found.into_iter().map(Notification::from).collect(), next_cursor })
        }
    };
    Ok(state.reads().page(&caller, Shelf::Own, "notifications", &asked, load).await?.into_response())
}

/// How many are unread
#[utoipa::path(get, path = "/notifications/unread-count", operation_id = "count_unread_notifications", tag = "notifications",
    responses((status = 200, description = "How many", body = UnreadCount)))]
pub(crate) async fn count_unread(state: State, caller: Caller) -> Result<Response, Refused> {
    let person_id = caller.person()?.id;
    let load = move |pool: Pool, sight: Arc<Sight>| async move {
        let unread = store::notification::count_unread_notifications(&pool, person_id, sight.scopes()).await?;
        render(&UnreadCount { unread })
    };
    Ok(state.reads().page(&caller, Shelf::Own, "unread", &(), load).await?.into_response())
}

/// Mark notifications read
///
/// These, or all that came until a time.
#[utoipa::path(post, path = "/notifications/read", operation_id = "mark_notifications_read", tag = "notifications", request_body = ReadUntil,
    responses((status = 200, description = "How many were unread", body = ReadCount)))]
pub(crate) async fn mark_read(state: State, submission: Submission<ReadUntil>) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    input.all_before.map(|at| time_in_range("all_before", at)).transpose()?;
    let view = |outcome: &NoticeOutcome| match outcome {
        NoticeOutcome::Changed(read) => json(ReadCount { read: *read }),
        _ => Value::Null,
    };
    act(&state, &caller, &context, &NoticeAct::MarkRead(input), StatusCode::OK, view).await
}

/// Delete a notification
#[utoipa::path(delete, path = "/notifications/{id}", operation_id = "delete_notification", tag = "notifications",
    params(("id" = Uuid, Path, description = "The notification")),
    responses((status = 204, description = "Deleted")))]
pub(crate) async fn delete(state: State, Path(id): Path<Uuid>, submission: Submission<()>) -> Result<Response, Refused> {
    let Submission { caller, context, .. } = submission;
    act(&state, &caller, &context, &NoticeAct::DeleteNotification { id }, StatusCode::NO_CONTENT, |_| Value::Null).await
}
