//! Signing in and out. Every way in ends in [`begin`]: a further one (OpenID Connect) proves who
//! somebody is and calls it too.

use super::address::Address;
use super::audit::{self, AccountEvent};
use super::me;
use crate::caller::{Caller, Credential};
use crate::cookie;
use crate::extract::{Body, refuse_key};
use crate::layers::request_id::RequestId;
use crate::reads::Via;
use crate::refusal::Refused;
use crate::secret::{self, Secret};
use crate::state::State;
use crate::wire::account::{Me, SignIn, SignInByLink};
use axum::Extension;
use axum::http::header::{SET_COOKIE, USER_AGENT};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::limits::{SESSION_LASTS, SESSIONS_PER_PERSON_MAX};
use domain::{Actor, Refusal};
use secrecy::ExposeSecret;
use serde_json::json;
use sqlx::PgConnection;
use store::session::NewSession;
use uuid::Uuid;

const USER_AGENT_MAX_CHARS: usize = 200;
/// Longer is no login.
const LOGIN_MAX_CHARS: usize = 64;
const REFUSED: Refusal = Refusal::Unauthenticated { detail: "login and password don't fit" };
const LINK_REFUSED: Refusal = Refusal::Unauthenticated { detail: "this link does not hold: it was used, or has expired" };

/// Sign in with login and password
///
/// Sets the session's cookie. Refused alike whether the login is unknown, the password wrong or
/// the person disabled.
#[utoipa::path(post, path = "/session", operation_id = "sign_in", tag = "account", request_body = SignIn,
    responses((status = 200, description = "Signed in; the cookie is set", body = Me)))]
pub(crate) async fn sign_in(
    state: State,
    address: Address,
    headers: HeaderMap,
    Body(input): Body<SignIn>,
) -> Result<Response, Refused> {
    refuse_key(&headers)?;
    let login: String = input.login.trim().to_lowercase();
    state.attempts.at_address(address)?;
    if login.is_empty() || login.chars().count() > LOGIN_MAX_CHARS || login.contains('\0') {
        return Err(REFUSED.into());
    }
    state.attempts.on_login(&login)?;
    let known = store::account::find_credentials(state.pool(), &login).await?;
    let hash = known.as_ref().and_then(|k| k.password_hash.clone());
    let fits = state.passwords.verify(input.password, hash).await?;
    let person = known.filter(|k| fits && !k.disabled).ok_or(REFUSED)?;

    let mut tx = store::begin(state.pool()).await?;
    let begun = begin(&mut tx, person.person_id, &headers).await?;
    tx.commit().await?;
    // The oldest session may have ended for this one.
    state.ring();
    answer(&state, person.person_id, person.title, begun).await
}

/// Sign in with a one-time link
///
/// Uses the link up and sets the session's cookie.
#[utoipa::path(post, path = "/session/link", operation_id = "sign_in_by_link", tag = "account", request_body = SignInByLink,
    responses((status = 200, description = "Signed in; the cookie is set", body = Me)))]
pub(crate) async fn sign_in_by_link(
    state: State,
    address: Address,
    headers: HeaderMap,
    Extension(request_id): Extension<RequestId>,
    Body(input): Body<SignInByLink>,
) -> Result<Response, Refused> {
    refuse_key(&headers)?;
    state.attempts.at_address(address)?;
    let hash = secret::hash_of(input.token.expose_secret()).ok_or(LINK_REFUSED)?;
    let mut tx = store::begin(state.pool()).await?;
    let person = store::sign_in_link::claim_link(&mut *tx, &hash).await?.ok_or(LINK_REFUSED)?;
    let begun = begin(&mut tx, person.person_id, &headers).await?;
    let event = AccountEvent {
        action: "use_sign_in_link",
        actor_id: person.person_id,
        actor_title: &person.title,
        person_id: person.person_id,
        person_title: &person.title,
        more: json!({}),
        request_id: Some(request_id.as_str()),
    };
    audit::record(&mut tx, event).await?;
    tx.commit().await?;
    // The oldest session may have ended for this one.
    state.ring();
    answer(&state, person.person_id, person.title, begun).await
}

/// Sign out
///
/// Ends the session and forgets the cookie. Signed in or not, afterwards one isn't.
#[utoipa::path(delete, path = "/session", operation_id = "sign_out", tag = "account",
    responses((status = 204, description = "Signed out")))]
pub(crate) async fn sign_out(state: State, caller: Caller) -> Result<Response, Refused> {
    if let (Credential::Session { id }, Some(person_id)) = (caller.credential, caller.reader()) {
        store::session::delete_session(state.pool(), person_id, id).await?;
        state.ring();
    }
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, cookie::clear(state.settings().secure_cookies))]).into_response())
}

/// A session just begun.
pub(crate) struct Begun {
    id: Uuid,
    token: String,
    expires_at: chrono::DateTime<chrono::Utc>,
}

/// Begins a session for a person who has proved to be that one, in the caller's transaction. The
/// oldest session goes when there are too many.
pub(crate) async fn begin(db: &mut PgConnection, person_id: Uuid, headers: &HeaderMap) -> Result<Begun, store::Error> {
    let secret = Secret::new("");
    let user_agent = headers.get(USER_AGENT).map(HeaderValue::as_bytes).map(String::from_utf8_lossy).unwrap_or_default();
    let user_agent: String = user_agent.chars().filter(|c| !c.is_control()).take(USER_AGENT_MAX_CHARS).collect();
    let id = Uuid::now_v7();
    store::account::lock_account(&mut *db, person_id).await?;
    let new = NewSession { id, token_hash: &secret.hash, person_id, user_agent: &user_agent, lasts: SESSION_LASTS };
    let expires_at = store::session::insert_session(&mut *db, new).await?;
    store::session::delete_oldest(&mut *db, person_id, SESSIONS_PER_PERSON_MAX).await?;
    Ok(Begun { id, token: secret.text, expires_at })
}

async fn answer(state: &State, person_id: Uuid, title: String, begun: Begun) -> Result<Response, Refused> {
    let caller = Caller {
        actor: Actor::Person { id: person_id, title, may_write: true },
        credential: Credential::Session { id: begun.id },
        expires_at: Some(begun.expires_at),
        via: Via::Database,
    };
    let cookie = cookie::set(&begun.token, SESSION_LASTS, state.settings().secure_cookies);
    Ok(([(SET_COOKIE, cookie)], me::show(state, &caller).await?).into_response())
}
