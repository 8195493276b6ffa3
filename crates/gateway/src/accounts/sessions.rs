//! Where one is signed in.

use crate::caller::Caller;
use crate::extract::Path;
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::account::{Session, SessionList};
use axum::Json;
use axum::http::StatusCode;
use domain::Refusal;
use domain::limits::SESSIONS_PER_PERSON_MAX;
use uuid::Uuid;

/// List where one is signed in
///
/// Newest first.
#[utoipa::path(get, path = "/me/sessions", operation_id = "list_sessions", tag = "account",
    responses((status = 200, description = "One's sessions", body = SessionList)))]
pub(crate) async fn list_sessions(state: State, caller: Caller) -> Result<Json<SessionList>, Refused> {
    let person = caller.person()?;
    let sessions = store::session::list_sessions(state.pool(), person.id, SESSIONS_PER_PERSON_MAX).await?;
    let current = caller.session_id();
    let items = sessions
        .into_iter()
        .map(|s| Session {
            id: s.id,
            user_agent: s.user_agent,
            created_at: s.created_at,
            expires_at: s.expires_at,
            current: Some(s.id) == current,
        })
        .collect();
    Ok(Json(SessionList { items }))
}

/// End one of one's sessions
///
/// Its open pages lose their connection at once.
#[utoipa::path(delete, path = "/me/sessions/{id}", operation_id = "end_session", tag = "account",
    params(("id" = Uuid, Path, description = "The session")),
    responses((status = 204, description = "Ended")))]
pub(crate) async fn end_session(state: State, caller: Caller, Path(id): Path<Uuid>) -> Result<StatusCode, Refused> {
    let person = caller.writer()?;
    if !store::session::delete_session(state.pool(), person.id, id).await? {
        return Err(Refusal::NotFound { what: "session" }.into());
    }
    state.ring();
    Ok(StatusCode::NO_CONTENT)
}
