//! Who is told by mail what a status page says, for those who manage it. (They come and go by `status/subscribe.rs`.)

use super::KIND;
use crate::caller::Caller;
use crate::cursor;
use crate::extract::{PageQuery, Path, Query, Submission, limit_or_default};
use crate::notices;
use crate::nouns;
use crate::reads::{Beside, Shelf, Sight, render};
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::status_page::{FollowerPage, FollowerView};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::notification::NoticeAct;
use serde_json::Value;
use std::sync::Arc;
use store::Pool;
use uuid::Uuid;

/// List who follows a status page
///
/// By mail; newest first. Takes its administrators.
#[utoipa::path(get, path = "/status-pages/{id}/followers", operation_id = "list_status_page_followers", tag = "status pages",
    params(("id" = Uuid, Path, description = "The status page"), PageQuery),
    responses((status = 200, description = "A page of followers", body = FollowerPage)))]
pub(crate) async fn list(
    state: State,
    caller: Caller,
    Path(id): Path<Uuid>,
    Query(page): Query<PageQuery>,
) -> Result<Response, Refused> {
    let limit = limit_or_default(page.limit)?;
    let before = cursor::moment(page.cursor.as_deref())?;
    let load = move |pool: Pool, _: Arc<Sight>| async move {
        let counts = store::status_page::count_subscribers(&pool, id).await?;
        let has_mail = store::notification::find_mail_connection(&pool, id).await?.is_some();
        let mut found = store::status_page::list_subscribers(&pool, id, before, limit + 1).await?;
        let more = cursor::cut(&mut found, limit);
        let next_cursor = found.last().filter(|_| more).map(|last| cursor::encode(&(last.created_at, last.id)));
        let items = found.into_iter().map(FollowerView::from).collect();
        render(&FollowerPage { items, next_cursor, confirmed: counts.confirmed, unconfirmed: counts.unconfirmed, has_mail })
    };
    let page = state.reads().page(&caller, Shelf::Beside(Beside::Followers(id)), "list", &(before, limit), load).await?;
    // Judged last: nobody is shown an address that came after they had ceased to administer the page.
    nouns::administered(&state, &caller, KIND, id).await?;
    Ok(page.into_response())
}

/// Take a follower off a status page
///
/// Nothing more is sent there, and the address is forgotten. Takes the page's administrators.
#[utoipa::path(delete, path = "/status-pages/{id}/followers/{follower_id}", operation_id = "delete_status_page_follower", tag = "status pages",
    params(("id" = Uuid, Path, description = "The status page"), ("follower_id" = Uuid, Path, description = "Who follows it")),
    responses((status = 204, description = "Taken off")))]
pub(crate) async fn delete(
    state: State,
    Path((id, follower_id)): Path<(Uuid, Uuid)>,
    submission: Submission<()>,
) -> Result<Response, Refused> {
    let Submission { caller, context, .. } = submission;
    let act = NoticeAct::DeleteFollower { page_id: id, id: follower_id };
    notices::act(&state, &caller, &context, &act, StatusCode::NO_CONTENT, |_| Value::Null).await
}
