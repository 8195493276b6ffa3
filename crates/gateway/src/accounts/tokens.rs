//! One's API tokens.

use super::audit::{self, AccountEvent};
use crate::caller::{Caller, Person};
use crate::extract::{Body, Path, refuse_key, text_without_nul, time_in_range};
use crate::layers::request_id::RequestId;
use crate::refusal::Refused;
use crate::secret::{API_TOKEN_PREFIX, Secret};
use crate::state::State;
use crate::wire::account::{MadeToken, NewToken, Token, TokenList};
use axum::http::{HeaderMap, StatusCode};
use axum::{Extension, Json};
use domain::Refusal;
use domain::limits::TOKENS_PER_PERSON_MAX;
use serde_json::{Value, json};
use uuid::Uuid;

const NAME_MAX_CHARS: usize = 100;

/// List one's API tokens
///
/// Newest first, without their secrets.
#[utoipa::path(get, path = "/me/tokens", operation_id = "list_tokens", tag = "account",
    responses((status = 200, description = "One's tokens", body = TokenList)))]
pub(crate) async fn list_tokens(state: State, caller: Caller) -> Result<Json<TokenList>, Refused> {
    let person = caller.person()?;
    let tokens = store::api_token::list_tokens(state.pool(), person.id, TOKENS_PER_PERSON_MAX).await?;
    let items = tokens
        .into_iter()
        .map(|t| Token {
            id: t.id,
            name: t.name,
            access: t.access,
            created_at: t.created_at,
            last_used_at: t.last_used_at,
            expires_at: t.expires_at,
        })
        .collect();
    Ok(Json(TokenList { items }))
}

/// Make an API token
///
/// The answer holds the secret, once. Takes a signed-in person: a token can't make tokens.
#[utoipa::path(post, path = "/me/tokens", operation_id = "create_token", tag = "account", request_body = NewToken,
    responses((status = 201, description = "Made", body = MadeToken)))]
pub(crate) async fn create_token(
    state: State,
    caller: Caller,
    headers: HeaderMap,
    Extension(request_id): Extension<RequestId>,
    Body(input): Body<NewToken>,
) -> Result<(StatusCode, Json<MadeToken>), Refused> {
    refuse_key(&headers)?;
    let person = caller.session_holder()?;
    text_without_nul("name", &input.name, NAME_MAX_CHARS)?;
    if input.name.trim().is_empty() {
        return Err(Refusal::invalid("name", format!("1 to {NAME_MAX_CHARS} characters")).into());
    }
    if let Some(at) = input.expires_at
        && time_in_range("expires_at", at)? <= state.now()
    {
        return Err(Refusal::invalid("expires_at", "a time to come").into());
    }
    let (id, secret) = (Uuid::now_v7(), Secret::new(API_TOKEN_PREFIX));
    let new = store::api_token::NewToken {
        id,
        token_hash: &secret.hash,
        person_id: person.id,
        name: &input.name,
        access: input.access,
        expires_at: input.expires_at,
    };
    let mut tx = store::begin(state.pool()).await?;
    store::account::lock_account(&mut *tx, person.id).await?;
    if !store::api_token::insert_token(&mut *tx, new, TOKENS_PER_PERSON_MAX).await? {
        let detail = format!("{TOKENS_PER_PERSON_MAX} tokens are enough: revoke one first");
        return Err(Refusal::Limit { detail, retry_after_s: None }.into());
    }
    let more = json!({ "token": input.name, "access": input.access, "expires_at": input.expires_at });
    audit::record(&mut tx, event("create_token", &person, more, &request_id)).await?;
    tx.commit().await?;
    let made = MadeToken { id, name: input.name, access: input.access, expires_at: input.expires_at, token: secret.text };
    Ok((StatusCode::CREATED, Json(made)))
}

/// Revoke an API token
///
/// It no longer holds, and its sockets close.
#[utoipa::path(delete, path = "/me/tokens/{id}", operation_id = "revoke_token", tag = "account",
    params(("id" = Uuid, Path, description = "The token")),
    responses((status = 204, description = "Revoked")))]
pub(crate) async fn revoke_token(
    state: State,
    caller: Caller,
    Extension(request_id): Extension<RequestId>,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Refused> {
    let person = caller.writer()?;
    let mut tx = store::begin(state.pool()).await?;
    let name = store::api_token::delete_token(&mut *tx, person.id, id).await?.ok_or(Refusal::NotFound { what: "token" })?;
    audit::record(&mut tx, event("revoke_token", &person, json!({ "token": name }), &request_id)).await?;
    tx.commit().await?;
    state.ring();
    Ok(StatusCode::NO_CONTENT)
}

fn event<'a>(action: &'static str, person: &'a Person, more: Value, request_id: &'a RequestId) -> AccountEvent<'a> {
    AccountEvent {
        action,
        actor_id: person.id,
        actor_title: &person.title,
        person_id: person.id,
        person_title: &person.title,
        more,
        request_id: Some(request_id.as_str()),
    }
}
