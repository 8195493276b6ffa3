//! Which pages may make a browser call us: our own, and those the configuration names. Asked for
//! writes and for the socket, because a browser sends the cookie along whoever asks.

use crate::cookie;
use crate::refusal::Refused;
use crate::state::{Settings, State};
use axum::extract::Request;
use axum::http::header::{AUTHORIZATION, HOST, ORIGIN};
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::Refusal;

/// Middleware: refuses writes that another site's page makes a browser send.
pub(crate) async fn guard(state: State, request: Request, next: Next) -> Response {
    let reads = [Method::GET, Method::HEAD, Method::OPTIONS].contains(request.method());
    if !reads && let Err(refusal) = check(state.settings(), request.headers()) {
        return Refused::from(refusal).into_response();
    }
    next.run(request).await
}

/// Refuses a request whose origin is another site. A request by API token comes from a program:
/// no browser sends one along by itself.
pub(crate) fn check(settings: &Settings, headers: &HeaderMap) -> Result<(), Refusal> {
    if headers.contains_key(AUTHORIZATION) && cookie::find(headers).is_none() {
        return Ok(());
    }
    let foreign = || Refusal::forbidden("this was asked by the page of another site");
    match headers.get(ORIGIN) {
        Some(origin) => {
            let origin = origin.to_str().map_err(|_| foreign())?;
            if is_own(settings, headers, origin) { Ok(()) } else { Err(foreign()) }
        }
        // Old browsers leave it out; without a cookie there is nothing to borrow.
        None if cookie::find(headers).is_none() => Ok(()),
        None => match headers.get("sec-fetch-site").and_then(|v| v.to_str().ok()) {
            Some("same-origin" | "none") => Ok(()),
            _ => Err(foreign()),
        },
    }
}

fn is_own(settings: &Settings, headers: &HeaderMap, origin: &str) -> bool {
    let listed = std::iter::once(&settings.public_url).chain(&settings.allowed_origins);
    if listed.filter(|known| !known.is_empty()).any(|known| same(known, origin)) {
        return true;
    }
    // Reached by another name than the configured one (localhost, an address): the page came from
    // the host that it now calls. Behind a proxy that ends TLS we can't know the scheme.
    let host = headers.get(HOST).and_then(|v| v.to_str().ok());
    match (origin.split_once("://"), host) {
        (Some((scheme @ ("http" | "https"), authority)), Some(host)) => {
            without_default_port(scheme, authority) == without_default_port(scheme, host)
        }
        _ => false,
    }
}

fn same(known: &str, origin: &str) -> bool {
    match (known.trim_end_matches('/').split_once("://"), origin.split_once("://")) {
        (Some((scheme, known)), Some((other, origin))) => {
            let known = known.split('/').next().unwrap_or(known);
            scheme.eq_ignore_ascii_case(other) && without_default_port(scheme, known) == without_default_port(scheme, origin)
        }
        _ => false,
    }
}

fn without_default_port(scheme: &str, authority: &str) -> String {
    let port = if scheme.eq_ignore_ascii_case("https") { ":443" } else { ":80" };
    authority.strip_suffix(port).unwrap_or(authority).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::test_settings;

    fn check_with(pairs: &[(&'static str, &'static str)], allowed: bool) {
        let mut settings = test_settings();
        settings.public_url = "https://synops.example.org".into();
        settings.allowed_origins = vec!["https://intranet.example.org:8443/".into()];
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        assert_eq!(check(&settings, &headers).is_ok(), allowed, "{pairs:?}");
    }

    const COOKIE: (&str, &str) = ("cookie", "synops_session=abc");

    #[test]
    fn our_own_pages_may() {
        check_with(&[COOKIE, ("origin", "https://synops.example.org")], true);
        check_with(&[COOKIE, ("origin", "https://synops.example.org:443")], true);
        check_with(&[COOKIE, ("origin", "https://intranet.example.org:8443")], true);
        check_with(&[COOKIE, ("origin", "http://localhost:8080"), ("host", "localhost:8080")], true);
        check_with(&[COOKIE, ("origin", "http://LOCALHOST"), ("host", "localhost:80")], true);
        check_with(&[COOKIE, ("sec-fetch-site", "same-origin")], true);
    }

    #[test]
    fn other_pages_may_not() {
        check_with(&[COOKIE, ("origin", "https://evil.example.org"), ("host", "synops.example.org")], false);
        check_with(&[COOKIE, ("origin", "http://synops.example.org"), ("host", "10.0.0.1")], false);
        check_with(&[COOKIE, ("origin", "https://synops.example.org.evil.org")], false);
        check_with(&[COOKIE, ("origin", "null"), ("host", "null")], false);
        check_with(&[COOKIE, ("origin", "https://intranet.example.org")], false);
        check_with(&[COOKIE, ("sec-fetch-site", "cross-site")], false);
        check_with(&[COOKIE, ("sec-fetch-site", "same-site")], false);
        check_with(&[COOKIE], false);
        // Nor may they sign somebody in as somebody else.
        check_with(&[("origin", "https://evil.example.org"), ("host", "synops.example.org")], false);
    }

    #[test]
    fn programs_may() {
        check_with(&[("authorization", "Bearer syn_x")], true);
        check_with(&[("authorization", "Bearer syn_x"), ("origin", "https://evil.example.org")], true);
        check_with(&[], true);
        // A cookie beside a token is a browser again.
        check_with(&[COOKIE, ("authorization", "Bearer syn_x"), ("origin", "https://evil.example.org")], false);
    }
}
