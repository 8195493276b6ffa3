//! What somebody has a device told. Read from the database each time, as they are.

use super::devices::KIND;
use crate::caller::Caller;
use crate::cursor;
use crate::extract::{PageQuery, Path, Query, Submission, limit_or_default, time_in_range};
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::command::{CommandPage, CommandView, NewCommand};
use axum::Json;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::access::Level;
use domain::{Intention, Refusal};
use uuid::Uuid;

/// What a device was told
///
/// The latest first, with what it answered. Takes the level `member`: a command may hold what is not for all.
#[utoipa::path(get, path = "/devices/{id}/commands", operation_id = "list_device_commands", tag = "fleet",
    params(("id" = Uuid, Path, description = "The device"), PageQuery),
    responses((status = 200, description = "A page of commands", body = CommandPage)))]
pub(crate) async fn list(
    state: State,
    caller: Caller,
    Path(id): Path<Uuid>,
    Query(query): Query<PageQuery>,
) -> Result<Json<CommandPage>, Refused> {
    let entry = state.reads().node(&caller, KIND, id).await?;
    let scope_id = entry.node().map_or(id, |node| node.scope_id);
    let level = store::access::find_level(state.pool(), caller.reader(), scope_id).await?;
    if level.is_none_or(|level| level < Level::Member) {
        return Err(Refusal::forbidden("the level member").into());
    }
    let limit = limit_or_default(query.limit)?;
    let before: Option<(DateTime<Utc>, Uuid)> = query.cursor.as_deref().map(cursor::decode).transpose()?;
    before.map_or(Ok(()), |(at, _)| time_in_range("cursor", at).map(drop))?;
    let mut found = store::device_command::list_commands(state.pool(), id, before, limit + 1).await?;
    let more = cursor::cut(&mut found, limit);
    let next_cursor = found.last().filter(|_| more).map(|last| cursor::encode(&(last.created_at, last.id)));
    Ok(Json(CommandPage { items: found.into_iter().map(CommandView::from).collect(), next_cursor }))
}

/// Tell a device something
///
/// It is sent when the device is there, one command after the other; `state` tells how far it is. Takes the level
/// `member`.
#[utoipa::path(post, path = "/devices/{id}/commands", operation_id = "send_device_command", tag = "fleet", request_body = NewCommand,
    params(("id" = Uuid, Path, description = "The device"), ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat answer as the first time", max_length = 128, pattern = "^[!-~]+$")),
    responses((status = 201, description = "It waits to be sent", body = CommandView)))]
pub(crate) async fn send(
    state: State,
    Path(device_id): Path<Uuid>,
    submission: Submission<NewCommand>,
) -> Result<Response, Refused> {
    let Submission { caller, input: NewCommand { id, text, codec }, context } = submission;
    let intention = Intention::SendCommand { id, device_id, text, codec };
    super::carry_out(&state, &caller, &context, intention, StatusCode::CREATED).await
}
