//! Public status pages: what their readers are served, signed in or not. Everything here is made of one projection
//! ([`projection`]); what is not in `domain::status_page::StatusView` can't be told.

pub(crate) mod assets;
mod atom;
mod calendar;
mod html;
mod json;
mod kept;
mod language;
pub(crate) mod subscribe;
mod texts;

pub(crate) use kept::Kept;

use crate::caller::Caller;
use crate::refusal::Refused;
use crate::state::State;
use axum::body::Body;
use axum::extract::{Path, RawQuery};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use domain::access::Visibility;
use domain::status_page::StatusView;
use domain::{Refusal, access};
use language::Language;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use uuid::Uuid;

const NO_SUCH: Refusal = Refusal::NotFound { what: "status page" };

/// What the page says, whoever asks; `None` where there is no such page, or it is not published. The one function
/// that everything is rendered from.
pub(crate) async fn projection(state: &State, slug: &str) -> Result<Option<Arc<StatusView>>, store::Error> {
    if slug.len() > domain::limits::STATUS_SLUG_MAX_CHARS || slug.contains('\0') {
        return Ok(None);
    }
    let mut tx = state.pool().begin_with(store::feed::READ_AT_ONE_MOMENT).await?;
    let view = store::status_page::find_status_view(&mut tx, slug).await?;
    tx.commit().await?;
    Ok(view.map(Arc::new))
}

/// Whether somebody reads a page with this scope at its address. A page for few is not there for the others.
pub(crate) async fn may_read(
    state: &State,
    reader: Option<Uuid>,
    page_id: Uuid,
    visibility: Visibility,
) -> Result<bool, store::Error> {
    if access::effective(None, visibility, reader.is_some()).is_some() {
        return Ok(true);
    }
    Ok(reader.is_some() && store::access::find_level(state.pool(), reader, page_id).await?.is_some())
}

/// The page, if this caller may read it; else 404, whatever the reason.
async fn readable(state: &State, caller: &Caller, slug: &str) -> Result<Arc<StatusView>, Refused> {
    let view = projection(state, slug).await?.ok_or(NO_SUCH)?;
    if !may_read(state, caller.reader(), view.page_id, view.visibility).await? {
        return Err(NO_SUCH.into());
    }
    Ok(view)
}

/// What a page is asked for as, by the ending of its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Html,
    Json,
    Atom,
    Calendar,
}

fn split(name: &str) -> Option<(&str, Form)> {
    match name.split_once('.') {
        None => Some((name, Form::Html)),
        Some((slug, "json")) => Some((slug, Form::Json)),
        Some((slug, "atom")) => Some((slug, Form::Atom)),
        Some((slug, "ics")) => Some((slug, Form::Calendar)),
        Some(_) => None,
    }
}

/// `GET /status/<slug>`, and the same with `.json`, `.atom` and `.ics` behind it.
pub(crate) async fn page(
    state: State,
    caller: Caller,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let (slug, form) = split(&name).ok_or(NO_SUCH)?;
    let view = readable(&state, &caller, slug).await?;
    let language = Language::of(query.as_deref().unwrap_or_default(), &headers);
    // Level with the database as of then; without a feed (or before its first look) as of this reading.
    let as_of = state.hub().fresh_at().unwrap_or_else(|| state.now());
    let public_url = &state.settings().public_url;
    let (content_type, body) = match form {
        Form::Html => ("text/html; charset=utf-8", html::page(state.status.templates(), &view, language, as_of)?),
        Form::Json => ("application/json", json::page(&view, as_of)),
        Form::Atom => ("application/atom+xml; charset=utf-8", atom::feed(&view, language, public_url)),
        Form::Calendar => ("text/calendar; charset=utf-8", calendar::feed(&view, language, public_url)),
    };
    Ok(answer(&view, content_type, &etag(&view, form, language), body, &headers))
}

/// Over what is told, and not over when it was looked at: the same until something of it changes.
fn etag(view: &StatusView, form: Form, language: Language) -> String {
    format!("W/\"{}-{form:?}-{}\"", fingerprint(view), language.tag())
}

/// Differs for pages that say different things.
pub(crate) fn fingerprint(view: &StatusView) -> String {
    // `Debug` of a value of texts, numbers and times names each of them.
    Sha256::digest(format!("{view:?}").as_bytes()).iter().take(12).map(|byte| format!("{byte:02x}")).collect()
}

fn answer(view: &StatusView, content_type: &'static str, etag: &str, body: String, asked: &HeaderMap) -> Response {
    let known = asked.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_known = known.split(',').map(str::trim).any(|one| one == etag);
    let mut response = if is_known { StatusCode::NOT_MODIFIED.into_response() } else { Body::from(body).into_response() };
    let cache = if view.visibility == Visibility::Public { "public, no-cache" } else { "private, no-cache" };
    let etag: Option<(HeaderName, HeaderValue)> = HeaderValue::from_str(etag).ok().map(|value| (ETAG, value));
    let fixed = [(CACHE_CONTROL, HeaderValue::from_static(cache)), (VARY, HeaderValue::from_static("Accept-Language, Cookie"))];
    response.headers_mut().extend(fixed.into_iter().chain(etag));
    if !is_known {
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    response
}

/// To the second: what people compare.
fn clock(at: DateTime<Utc>) -> String {
    at.format("%H:%M:%S UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings() {
        let check = |name: &str, expect| assert_eq!(split(name), expect, "{name}");
        check("acme", Some(("acme", Form::Html)));
        check("acme.json", Some(("acme", Form::Json)));
        check("acme.ics", Some(("acme", Form::Calendar)));
        check("acme.json.json", None);
        check("acme.exe", None);
    }
}
