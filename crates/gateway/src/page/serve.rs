//! From a path to a file of the page.

use super::Page;
use crate::refusal::Refused;
use axum::body::Body;
use axum::http::header::{ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use domain::Refusal;
use rust_embed::EmbeddedFile;

/// The file at a path; the index for deep links; else 404.
pub(crate) fn serve(page: &Page, method: &Method, uri: &Uri, headers: &HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    if ![Method::GET, Method::HEAD].contains(method) {
        return Refused::MethodNotAllowed.into_response();
    }
    if !path.is_empty()
        && let Some(response) = file(page, path, headers)
    {
        return response;
    }
    if is_deep_link(path, headers)
        && let Some(response) = file(page, page.index(), headers)
    {
        return response;
    }
    Refused::from(Refusal::NotFound { what: "page" }).into_response()
}

/// Whether a path is one that the page itself routes: asked by a browser, and no file's name.
fn is_deep_link(path: &str, headers: &HeaderMap) -> bool {
    let is_below = |root: &str| path == root || path.strip_prefix(root).is_some_and(|rest| rest.starts_with('/'));
    let looks_like_file = path.rsplit('/').next().is_some_and(|name| name.contains('.'));
    let accepts_html = match headers.get(ACCEPT).map(HeaderValue::to_str) {
        None => true,
        Some(accept) => accept.is_ok_and(|a| ["text/html", "text/*", "*/*"].iter().any(|t| a.contains(t))),
    };
    accepts_html && !looks_like_file && !is_below("api") && !is_below("_app")
}

fn file(page: &Page, path: &str, headers: &HeaderMap) -> Option<Response> {
    let plain = page.file(path)?;
    let compressed = [("br", ".br"), ("gzip", ".gz")].into_iter().filter(|(coding, _)| accepts(headers, coding));
    let (coding, file) = compressed
        .filter_map(|(coding, ending)| Some((Some(coding), page.file(&format!("{path}{ending}"))?)))
        .next()
        .unwrap_or((None, plain));
    Some(answer(path, coding, &file, headers))
}

fn answer(path: &str, coding: Option<&'static str>, file: &EmbeddedFile, headers: &HeaderMap) -> Response {
    let etag = etag(file);
    let cache = if path.starts_with("_app/immutable/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let fixed = [(CACHE_CONTROL, HeaderValue::from_static(cache)), (VARY, HeaderValue::from_static("Accept-Encoding"))];
    let same = headers.get(IF_NONE_MATCH).and_then(|v| v.to_str().ok()).is_some_and(|known| matches(known, &etag));
    let etag: Option<(HeaderName, HeaderValue)> = HeaderValue::from_str(&etag).ok().map(|value| (ETAG, value));
    let mut response =
        if same { StatusCode::NOT_MODIFIED.into_response() } else { Body::from(file.data.clone().into_owned()).into_response() };
    response.headers_mut().extend(fixed.into_iter().chain(etag));
    if !same {
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type(path)));
        if let Some(coding) = coding {
            response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static(coding));
        }
    }
    response
}

/// Each coding of a file has its own: they are different bytes.
fn etag(file: &EmbeddedFile) -> String {
    let hash = file.metadata.sha256_hash();
    let hex: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("\"{hex}\"")
}

fn matches(known: &str, etag: &str) -> bool {
    known.split(',').map(str::trim).any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == etag)
}

/// Whether `Accept-Encoding` names a coding without forbidding it.
fn accepts(headers: &HeaderMap, coding: &str) -> bool {
    headers.get_all(ACCEPT_ENCODING).iter().filter_map(|v| v.to_str().ok()).flat_map(|v| v.split(',')).any(|one| {
        let mut parts = one.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(coding));
        let refused = parts.any(|p| p.strip_prefix("q=").is_some_and(|q| q.parse::<f32>().is_ok_and(|q| q <= 0.0)));
        named && !refused
    })
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn deep_links() {
        let check = |path: &str, accept: &[(&'static str, &'static str)], expect: bool| {
            assert_eq!(is_deep_link(path, &headers(accept)), expect, "{path} {accept:?}");
        };
        let html = [("accept", "text/html,application/xhtml+xml,*/*;q=0.8")];
        check("", &html, true);
        check("systems/0190", &html, true);
        check("systems/0190", &[], true);
        check("apiary", &html, true);
        check("api/v1/nodes", &html, false);
        check("api", &html, false);
        check("_app/immutable/x", &html, false);
        check("favicon.ico", &html, false);
        check("systems", &[("accept", "application/json")], false);
    }

    #[test]
    fn codings() {
        let check = |value: &'static str, coding: &str, expect: bool| {
            assert_eq!(accepts(&headers(&[("accept-encoding", value)]), coding), expect, "{value} {coding}");
        };
        check("gzip, deflate, br", "br", true);
        check("gzip;q=0.5", "gzip", true);
        check("br;q=0, gzip", "br", false);
        check("brotli", "br", false);
        check("", "gzip", false);
    }

    #[test]
    fn known_versions() {
        assert!(matches("\"a\", W/\"b\"", "\"b\""));
        assert!(matches("*", "\"b\""));
        assert!(!matches("\"a\"", "\"b\""));
    }

    #[test]
    fn the_index_is_embedded_and_known_again() {
        let page = Page::embedded();
        let get = |path: &str, pairs: &[(&'static str, &'static str)]| {
            serve(&page, &Method::GET, &path.parse().unwrap(), &headers(pairs))
        };
        let first = get("/systems", &[]);
        assert_eq!(first.status(), 200);
        assert_eq!(first.headers()["cache-control"], "no-cache");
        assert_eq!(first.headers()["content-type"], "text/html; charset=utf-8");
        let etag: &'static str = first.headers()["etag"].to_str().unwrap().to_owned().leak();
        assert_eq!(get("/", &[("if-none-match", etag)]).status(), 304);
        assert_eq!(get("/nothing.js", &[]).status(), 404);
        assert_eq!(get("/../Cargo.toml", &[]).status(), 404);
        assert_eq!(serve(&page, &Method::POST, &Uri::from_static("/"), &HeaderMap::new()).status(), 405);
    }
}
