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
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use domain::access::Visibility;
use domain::status_page::StatusView;
use domain::{Refusal, access};
use language::Language;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use texts::Texts;
use uuid::Uuid;

const NO_SUCH: Refusal = Refusal::NotFound { what: "status page" };

/// What the page says, whoever asks; `None` where there is no such page, or it is not published. The one function
/// that everything is rendered from.
pub(crate) async fn projection(state: &State, slug: &str) -> Result<Option<Arc<StatusView>>, Refused> {
    if slug.len() > domain::limits::STATUS_SLUG_MAX_CHARS || slug.contains('\0') {
        return Ok(None);
    }
    Ok(state.reads().status_page(slug).await.map_err(store::refusal_of_shared)?)
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

/// The page, if there is one and this caller may read it: nobody is told which of the two is not so.
async fn readable(state: &State, caller: &Caller, slug: &str) -> Result<Option<Arc<StatusView>>, Refused> {
    let Some(view) = projection(state, slug).await? else { return Ok(None) };
    let may_read = may_read(state, caller.reader(), view.page_id, view.visibility).await?;
    Ok(may_read.then_some(view))
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
    let language = Language::of(query.as_deref().unwrap_or_default(), &headers);
    let Some(view) = readable(&state, &caller, slug).await? else {
        let is_browser =
            headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains("text/html"));
        return match form {
            Form::Html if is_browser => subscribe::page(&state, language, StatusCode::NOT_FOUND, Texts::no_page, None, None),
            _ => Err(NO_SUCH.into()),
        };
    };
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
