//! How far somebody has read channels.

use crate::caller::Caller;
use crate::extract::{Path, Submission};
use crate::notices::{act, json};
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::channel::{ChannelMark, ChannelMarks};
use axum::Json;
use axum::http::StatusCode;
use axum::response::Response;
use domain::limits::CHANNELS_MARKED_MAX;
use domain::notification::{MarkPatch, NoticeAct};
use intentions::NoticeOutcome;
use serde_json::Value;
use uuid::Uuid;

/// How far I am with all channels
///
/// Those with the newest messages first; a thousand at most.
#[utoipa::path(get, path = "/channels/marks", operation_id = "list_channel_marks", tag = "chat",
    responses((status = 200, description = "My marks", body = ChannelMarks)))]
pub(crate) async fn list(state: State, caller: Caller) -> Result<Json<ChannelMarks>, Refused> {
    let person_id = caller.person()?.id;
    let sight = state.reads().sight_now(Some(person_id)).await?;
    let marks = store::channel::list_marks(state.pool(), person_id, sight.scopes(), CHANNELS_MARKED_MAX).await?;
    Ok(Json(ChannelMarks { items: marks.into_iter().map(ChannelMark::from).collect() }))
}

/// Say how far I have read a channel
///
/// On whichever device. What is read only rises; `muted` leaves the channel out of what counts as unread.
#[utoipa::path(put, path = "/channels/{id}/mark", operation_id = "mark_channel", tag = "chat", request_body = MarkPatch,
    params(("id" = Uuid, Path, description = "The channel")),
    responses((status = 200, description = "As it is now", body = ChannelMark)))]
pub(crate) async fn set(state: State, Path(id): Path<Uuid>, submission: Submission<MarkPatch>) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    let view = |outcome: &NoticeOutcome| match outcome {
        NoticeOutcome::Marked(mark) => json(ChannelMark::from(mark.clone())),
        _ => Value::Null,
    };
    act(&state, &caller, &context, &NoticeAct::MarkChannel { channel_id: id, mark: input }, StatusCode::OK, view).await
}
