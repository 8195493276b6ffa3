//! Files that go along with messages: received, handed out, listed.

mod receive;
mod serve;
mod slots;

pub(crate) use slots::Uploads;

use super::channels;
use crate::caller::{self, Caller};
use crate::cursor;
use crate::extract::{LongWork, PageQuery, Path, Query, context_of, limit_or_default};
use crate::nouns;
use crate::reads::Via;
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::file::{ChannelFile, ChannelFilePage, FileContent, render_file};
use crate::wire::message::FileView;
use axum::Json;
use axum::body::{BodyDataStream, HttpBody};
use axum::extract::Request;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE, EXPECT, LOCATION};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::Refusal;
use domain::file::name_of;
use intentions::{FileKept, NewFile};
use receive::{Bounds, receive, throw_away};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

/// The route of uploads, whose bodies take as long as somebody's network does.
pub(crate) const UPLOAD: &str = "/api/v1/channels/{id}/files";

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct UploadQuery {
    /// What it is called: a label, without the directories it may come with.
    #[param(min_length = 1, max_length = 200, example = "graph.png")]
    name: String,
}

/// Upload a file
///
/// To be sent along with a message within a day, by whoever uploaded it. Takes the level `member` in the channel. The
/// body is the file; what its first bytes say wins over `Content-Type`. Refused with 503 while Synops is taken down for
/// maintenance.
#[utoipa::path(post, path = "/channels/{id}/files", operation_id = "upload_file", tag = "chat",
    request_body(content = FileContent, content_type = "application/octet-stream"),
    params(("id" = Uuid, Path, description = "The channel"), UploadQuery,
           ("Idempotency-Key" = Option<String>, Header, description = "Makes a repeat answer as the first time", max_length = 128, pattern = "^[!-~]+$")),
    responses((status = 201, description = "Kept", body = FileView)))]
pub(crate) async fn upload(
    state: State,
    _: LongWork,
    caller: Caller,
    Path(channel_id): Path<Uuid>,
    Query(query): Query<UploadQuery>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let size_bytes = body.size_hint().lower();
    let mut body = body.into_data_stream();
    let kept = keep(&state, &caller, &parts, (channel_id, &query.name), (size_bytes, &mut body)).await;
    kept.unwrap_or_else(|refused| {
        // Who asked first whether to send it has sent nothing yet, and sends nothing now.
        if !parts.headers.contains_key(EXPECT) {
            let rest = state.wiring.stop.clone().run_until_cancelled_owned(throw_away(body));
            state.wiring.tasks.spawn(rest);
        }
        refused.into_response()
    })
}

async fn keep(
    state: &State,
    caller: &Caller,
    parts: &Parts,
    (channel_id, name): (Uuid, &str),
    (size_bytes, body): (u64, &mut BodyDataStream),
) -> Result<Response, Refused> {
    let (files, intentions) = (&state.settings().files, &state.wiring.intentions);
    let person_id = caller.writer()?.id;
    intentions.may_keep_file(&caller.actor, channel_id).await?;
    let name = name_of(name)?;
    // What is wrong with its key is told before anything is read.
    context_of(parts, caller, &[])?;
    let said = media_type_said(&parts.headers)?;
    let bounds = Bounds::new(files.max_bytes, &files.types);
    bounds.check(size_bytes)?;
    let slot = state.uploads.begin(person_id)?;
    let (mut content, media_type) = receive(&files.folder, body, said, &bounds).await?;
    drop(slot);
    // It took its time: who it was may not be let in any more.
    let caller = caller::authenticate(state, &parts.headers, Via::Database).await?;
    caller.writer()?;
    let said = format!("{name}\n{media_type}\n{}", content.digest());
    let context = context_of(parts, &caller, said.as_bytes())?;
    let new = NewFile { channel_id, name, media_type };
    let kept = intentions.keep_file(&caller.actor, &new, &mut content, &context, render_file).await?;
    Ok(answer(kept))
}

fn answer(kept: FileKept) -> Response {
    let (status, response) = match kept {
        FileKept::Now { response, .. } => (StatusCode::CREATED, response),
        FileKept::Before { status, response } => (StatusCode::from_u16(status).unwrap_or(StatusCode::CREATED), response),
    };
    let location = response["id"].as_str().and_then(|id| HeaderValue::from_str(&format!("/api/v1/files/{id}")).ok());
    let mut reply = (status, Json(response)).into_response();
    if let Some(location) = location {
        reply.headers_mut().insert(LOCATION, location);
    }
    reply
}

fn media_type_said(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    if headers.get(CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
        return Err(Refusal::invalid("Content-Encoding", "none: the file as it is"));
    }
    let said = headers.get(CONTENT_TYPE).map(HeaderValue::to_str).transpose();
    said.map_err(|_| Refusal::invalid("Content-Type", "a media type"))
}

/// A file
///
/// For whoever may read its channel; one that was not sent yet for who uploaded it. Parts of it by `Range`. Pictures,
/// sound, film and PDF are `inline`, all else is an attachment.
#[utoipa::path(get, path = "/files/{id}", operation_id = "get_file", tag = "chat",
    params(("id" = Uuid, Path, description = "The file")),
    responses((status = 200, description = "The file", body = FileContent, content_type = "*/*"),
              (status = 206, description = "The part that was asked for", body = FileContent, content_type = "*/*"),
              (status = 304, description = "It is the one that the asker has"),
              (status = 416, description = "It is not as long")))]
pub(crate) async fn get(
    state: State,
    caller: Caller,
    Path(id): Path<Uuid>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let found = store::file::find_readable_file(state.pool(), caller.reader(), id).await?;
    let file = found.ok_or(Refusal::NotFound { what: "file" })?;
    Ok(serve::serve(&state.settings().files.folder, &file, method, &headers).await?)
}

/// List files
///
/// Those that were sent in a channel, newest first.
#[utoipa::path(get, path = "/channels/{id}/files", operation_id = "list_channel_files", tag = "chat",
    params(("id" = Uuid, Path, description = "The channel"), PageQuery),
    responses((status = 200, description = "A page of files", body = ChannelFilePage)))]
pub(crate) async fn list(
    state: State,
    caller: Caller,
    Path(id): Path<Uuid>,
    Query(page): Query<PageQuery>,
) -> Result<Json<ChannelFilePage>, Refused> {
    let (limit, before) = (limit_or_default(page.limit)?, cursor::moment(page.cursor.as_deref())?);
    nouns::readable(&state, &caller, channels::KIND, id).await?;
    let mut found = store::file::list_sent_files(state.pool(), id, before, limit + 1).await?;
    let more = cursor::cut(&mut found, limit);
    let next_cursor = found.last().filter(|_| more).map(|file| cursor::encode(&(file.at, file.id)));
    Ok(Json(ChannelFilePage { items: found.into_iter().map(ChannelFile::from).collect(), next_cursor }))
}
