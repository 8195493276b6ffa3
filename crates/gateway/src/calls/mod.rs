//! Calls: people talk about what they see in a room of a LiveKit server. Synops decides who may, and
//! nothing of a call passes through it.

mod token;

use crate::caller::Caller;
use crate::extract::{LongWork, Path, refuse_key};
use crate::nodes;
use crate::refusal::Refused;
use crate::state::{LiveKit, State};
use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::CACHE_CONTROL;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use domain::access::Level;
use domain::limits::CALL_TOKEN_LASTS;
use domain::{Actor, Refusal};
use serde::Serialize;
use token::{Claims, VideoGrant};
use utoipa::ToSchema;
use uuid::Uuid;

/// What a client joins the call with.
#[derive(Serialize, ToSchema)]
pub(crate) struct Call {
    /// The LiveKit server.
    #[schema(example = "wss://livekit.example.org")]
    pub(crate) url: String,
    /// The room: the node's id.
    pub(crate) room: Uuid,
    /// A secret: whoever has it joins as this person.
    pub(crate) token: String,
    /// Until when it must be used. Who has joined stays.
    pub(crate) expires_at: DateTime<Utc>,
}

/// Calls, where they are configured; else 404, whoever asks for what.
pub(crate) struct Rooms(LiveKit);

impl FromRequestParts<State> for Rooms {
    type Rejection = Refused;

    async fn from_request_parts(_: &mut Parts, state: &State) -> Result<Self, Refused> {
        let livekit = state.settings().livekit.clone();
        Ok(livekit.map(Self).ok_or(Refusal::NotFound { what: "service here as calls: LiveKit is not configured" })?)
    }
}

/// Join the call about a node
///
/// Answers with a token for the node's room on the LiveKit server; 404 where none is configured. Who may
/// read the node listens, from the level `member` on one speaks; an API token that may only read listens.
/// Refused with 503 while Synops is taken down for maintenance: `window` and `Retry-After` say until when.
#[utoipa::path(post, path = "/nodes/{id}/call", operation_id = "join_call", tag = "graph",
    params(("id" = Uuid, Path, description = "The node")),
    responses((status = 200, description = "A token for its room", body = Call, headers(("Cache-Control" = String, description = "`no-store`")))))]
pub(crate) async fn join(
    state: State,
    Rooms(livekit): Rooms,
    caller: Caller,
    headers: HeaderMap,
    Path(id): Path<Uuid>,
    _: LongWork,
) -> Result<Response, Refused> {
    refuse_key(&headers)?;
    let person = caller.person()?;
    let node = nodes::readable(&state, &caller, id).await?;
    let level = store::access::find_level(state.pool(), caller.reader(), node.scope_id).await?;
    // Between the two it may have been taken away.
    let level = level.ok_or(Refusal::NotFound { what: "node" })?;
    let may_speak = level >= Level::Member && matches!(caller.actor, Actor::Person { may_write: true, .. });
    let now = state.now();
    let expires_at = now + CALL_TOKEN_LASTS;
    let claims = Claims {
        iss: &livekit.api_key,
        sub: person.id,
        name: &person.title,
        nbf: now.timestamp(),
        exp: expires_at.timestamp(),
        video: VideoGrant {
            room_join: true,
            room: node.id,
            can_publish: may_speak,
            can_subscribe: true,
            can_publish_data: may_speak,
        },
    };
    let token = token::sign(&claims, &livekit.api_secret);
    let call = Call { url: livekit.url, room: node.id, token, expires_at };
    Ok(([(CACHE_CONTROL, "no-store")], Json(call)).into_response())
}
