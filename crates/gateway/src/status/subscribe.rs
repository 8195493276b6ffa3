//! Being told by mail what a status page says: asked for, confirmed by the link in a first mail, and ended by the
//! link in each other. Who follows a link sees a button: programs that look into mails follow links, too.

use super::language::Language;
use super::texts::Texts;
use super::{NO_SUCH, html, projection};
use crate::accounts::address::Address;
use crate::refusal::Refused;
use crate::secret::{self, Secret};
use crate::state::State;
use axum::body::Bytes;
use axum::extract::{Path, Query as UriQuery, RawQuery};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::access::Visibility;
use domain::limits::{EMAIL_MAX_CHARS, STATUS_CONFIRM_LASTS};
use domain::status_page::is_email;
use intentions::NewSubscriber;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

/// A form with one field, each of its bytes escaped, and a field or two that a browser adds.
const FORM_MAX_BYTES: usize = 4 * EMAIL_MAX_CHARS;

#[derive(Deserialize)]
struct Form {
    email: String,
}

#[derive(Deserialize)]
struct Link {
    token: String,
}

/// `POST /status/<slug>/subscribe`, with a form: `email`. Whoever asks a page for whatever address gets the same answer.
pub(crate) async fn subscribe(
    state: State,
    address: Address,
    Path(slug): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refused> {
    let language = Language::of(query.as_deref().unwrap_or_default(), &headers);
    let view = projection(&state, &slug).await?.filter(|view| view.visibility == Visibility::Public).ok_or(NO_SUCH)?;
    state.status.subscriptions.at_address(address)?;
    let form = std::str::from_utf8(&body).ok().filter(|body| body.len() <= FORM_MAX_BYTES).and_then(fields::<Form>);
    let Some(email) = form.map(|form| form.email.trim().to_owned()).filter(|email| is_email(email)) else {
        return page(&state, language, StatusCode::BAD_REQUEST, Texts::bad_address, None, Some(&slug));
    };
    let token = Secret::new("");
    let new = NewSubscriber {
        page_id: view.page_id,
        email,
        token_hash: token.hash,
        confirm_path: format!("/status/{slug}/confirm?token={}&lang={}", token.text, language.tag()),
        lasts: STATUS_CONFIRM_LASTS,
    };
    if state.wiring.intentions.subscribe_to_status(new).await? {
        return page(&state, language, StatusCode::OK, Texts::asked, None, Some(&slug));
    }
    page(&state, language, StatusCode::CONFLICT, Texts::no_mail, None, Some(&slug))
}

/// `GET /status/<slug>/confirm?token=`: asks for a click.
pub(crate) async fn ask_to_confirm(
    state: State,
    Path(slug): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    ask(&state, &slug, query.as_deref().unwrap_or_default(), &headers, "confirm", Texts::confirm)
}

/// `POST` of the same: uses the link up.
pub(crate) async fn confirm(
    state: State,
    Path(slug): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let query = query.unwrap_or_default();
    let language = Language::of(&query, &headers);
    let hash = fields::<Link>(&query).and_then(|link| secret::hash_of(&link.token));
    let confirmed = match hash {
        Some(hash) => store::status_page::confirm_subscriber(state.pool(), &hash).await?,
        None => None,
    };
    match confirmed {
        Some(_) => page(&state, language, StatusCode::OK, Texts::confirmed, None, Some(&slug)),
        None => page(&state, language, StatusCode::NOT_FOUND, Texts::not_confirmed, None, Some(&slug)),
    }
}

/// `GET /status/<slug>/unsubscribe?token=`: asks for a click.
pub(crate) async fn ask_to_unsubscribe(
    state: State,
    Path(slug): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    ask(&state, &slug, query.as_deref().unwrap_or_default(), &headers, "unsubscribe", Texts::unsubscribe)
}

/// `POST` of the same, by a click there or by a mail program (RFC 8058): ends it, if there is anything to end.
pub(crate) async fn unsubscribe(
    state: State,
    Path(slug): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let query = query.unwrap_or_default();
    let language = Language::of(&query, &headers);
    if let Some(token) = fields::<Link>(&query).and_then(|link| link.token.parse::<Uuid>().ok()) {
        store::status_page::delete_subscriber(state.pool(), token).await?;
    }
    page(&state, language, StatusCode::OK, Texts::unsubscribed, None, Some(&slug))
}

fn ask(
    state: &State,
    slug: &str,
    query: &str,
    headers: &HeaderMap,
    act: &str,
    says: fn(&Texts) -> (&'static str, &'static str),
) -> Result<Response, Refused> {
    let language = Language::of(query, headers);
    // Of our own making, or else nothing: it goes into the form's address.
    let is_tame = |token: &str| token.len() <= 64 && token.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    let token = fields::<Link>(query).map(|link| link.token).filter(|token| is_tame(token)).unwrap_or_default();
    let action = format!("/status/{slug}/{act}?token={token}&lang={}", language.tag());
    page(state, language, StatusCode::OK, says, Some(&action), Some(slug))
}

/// A page that says one thing.
pub(super) fn page(
    state: &State,
    language: Language,
    status: StatusCode,
    says: fn(&Texts) -> (&'static str, &'static str),
    action: Option<&str>,
    slug: Option<&str>,
) -> Result<Response, Refused> {
    let html = html::answer(state.status.templates(), language, says, action, slug)?;
    // The address holds a secret: nobody keeps what it answers, nor tells the next page of it.
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((status, headers, html).into_response())
}

/// The fields of a form, or of a query: both are written the same way.
fn fields<T: DeserializeOwned>(text: &str) -> Option<T> {
    let uri = format!("/?{text}").parse().ok()?;
    UriQuery::<T>::try_from_uri(&uri).ok().map(|UriQuery(fields)| fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let check = |text: &str, expect: Option<&str>| {
            assert_eq!(fields::<Form>(text).map(|form| form.email).as_deref(), expect, "{text:?}");
        };
        check("email=kari%40example.org", Some("kari@example.org"));
        check("a=b&email=k%2Bn%40example.org&c", Some("k+n@example.org"));
        check("mail=x", None);
        check("email=%FF", Some("\u{fffd}"));
        check("email=a b", None);
    }
}
