//! A person's maintenances as a calendar, for programs that can't sign in.

use crate::accounts::audit::{self, AccountEvent};
use crate::calendar::{Event, render};
use crate::caller::{Caller, Person};
use crate::extract::Query;
use crate::layers::request_id::RequestId;
use crate::refusal::Refused;
use crate::secret::{self, Secret};
use crate::state::State;
use crate::wire::maintenance::CalendarToken;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use chrono::TimeDelta;
use domain::Refusal;
use domain::limits::{CALENDAR_EVENTS_MAX, CALENDAR_PAST};
use domain::maintenance::MaintenanceState;
use domain::timeline::Audience;
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use utoipa::IntoParams;

/// Tells a calendar's token from others at a glance.
const PREFIX: &str = "syncal_";
/// Of a maintenance's text: what a calendar shows on its page.
const TEXT_MAX_CHARS: usize = 2_000;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CalendarQuery {
    /// As `POST /me/calendar-token` has answered it.
    token: Option<String>,
}

/// Maintenances as a calendar
///
/// Those that the token's person may see, from 90 days ago on (RFC 5545). An event keeps its UID; SEQUENCE rises with
/// each change of state or window, and what was called off is CANCELLED. With `ETag`.
#[utoipa::path(get, path = "/maintenances.ics", operation_id = "get_calendar", tag = "maintenances", params(CalendarQuery),
    responses((status = 200, description = "The calendar", body = String, content_type = "text/calendar")))]
pub(crate) async fn get(state: State, Query(query): Query<CalendarQuery>, headers: HeaderMap) -> Result<Response, Refused> {
    let refused = || Refusal::Unauthenticated { detail: "this calendar's token does not hold: make a new one" };
    let hash = query.token.as_deref().and_then(secret::hash_of).ok_or_else(refused)?;
    let person_id = store::maintenance::find_calendar_reader(state.pool(), &hash).await?.ok_or_else(refused)?;
    let from = state.now() - TimeDelta::from_std(CALENDAR_PAST).unwrap_or_default();
    // A calendar is shown around: never what is for members alone, whoever's it is.
    let audiences = [Audience::Public, Audience::SignedIn];
    let rows = store::maintenance::list_calendar(state.pool(), person_id, from, &audiences, CALENDAR_EVENTS_MAX).await?;
    let public_url = &state.settings().public_url;
    let events = rows.into_iter().map(|row| {
        let texts = [row.told.unwrap_or_default(), row.body.chars().take(TEXT_MAX_CHARS).collect()];
        Event {
            id: row.id,
            title: row.title,
            description: texts.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n\n"),
            starts_at: row.starts_at,
            ends_at: row.ends_at,
            sequence: row.fence,
            changed_at: row.updated_at,
            is_cancelled: row.state == MaintenanceState::Cancelled,
            url: format!("{public_url}/maintenances/{}", row.id),
        }
    });
    Ok(answer(render("Synops", events), &headers))
}

fn answer(body: String, asked: &HeaderMap) -> Response {
    let hash: String = Sha256::digest(body.as_bytes()).iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    let etag = format!("\"{hash}\"");
    let known = asked.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_known = known.split(',').map(str::trim).any(|one| one.strip_prefix("W/").unwrap_or(one) == etag);
    let etag = HeaderValue::from_str(&etag).unwrap_or_else(|_| HeaderValue::from_static("\"0\""));
    let fixed = [(ETAG, etag), (CACHE_CONTROL, HeaderValue::from_static("private, no-cache"))];
    if is_known {
        return (StatusCode::NOT_MODIFIED, fixed).into_response();
    }
    (fixed, [(CONTENT_TYPE, "text/calendar; charset=utf-8")], body).into_response()
}

/// Make the token of one's calendar
///
/// Shown once; the one before holds no more. It reads maintenances, and nothing else. Needs a session.
#[utoipa::path(post, path = "/me/calendar-token", operation_id = "create_calendar_token", tag = "account",
    responses((status = 201, description = "Made", body = CalendarToken)))]
pub(crate) async fn create_token(
    state: State,
    caller: Caller,
    Extension(request_id): Extension<RequestId>,
    headers: HeaderMap,
) -> Result<(StatusCode, Json<CalendarToken>), Refused> {
    let person = caller.session_holder()?;
    crate::extract::refuse_key(&headers)?;
    let secret = Secret::new(PREFIX);
    let mut tx = store::begin(state.pool()).await?;
    store::maintenance::upsert_calendar_token(&mut *tx, person.id, &secret.hash).await?;
    audit::record(&mut tx, event("create_calendar_token", &person, &request_id)).await?;
    tx.commit().await?;
    let url = format!("{}/api/v1/maintenances.ics?token={}", state.settings().public_url, secret.text);
    Ok((StatusCode::CREATED, Json(CalendarToken { token: secret.text, url })))
}

/// Revoke the token of one's calendar
#[utoipa::path(delete, path = "/me/calendar-token", operation_id = "revoke_calendar_token", tag = "account",
    responses((status = 204, description = "Revoked")))]
pub(crate) async fn revoke_token(
    state: State,
    caller: Caller,
    Extension(request_id): Extension<RequestId>,
) -> Result<StatusCode, Refused> {
    let person = caller.writer()?;
    let mut tx = store::begin(state.pool()).await?;
    if !store::maintenance::delete_calendar_token(&mut *tx, person.id).await? {
        return Err(Refusal::NotFound { what: "calendar token" }.into());
    }
    audit::record(&mut tx, event("revoke_calendar_token", &person, &request_id)).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

fn event<'a>(action: &'static str, person: &'a Person, request_id: &'a RequestId) -> AccountEvent<'a> {
    AccountEvent {
        action,
        actor_id: person.id,
        actor_title: &person.title,
        person_id: person.id,
        person_title: &person.title,
        more: json!({}),
        request_id: Some(request_id.as_str()),
    }
}
