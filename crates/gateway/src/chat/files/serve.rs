//! A file as an answer. Its bytes never change, so neither does its `ETag`, which is their digest; whoever may have it
//! is asked each time. What somebody uploaded runs nowhere: it is of the kind that it was found to be, in a sandbox, and
//! what could hold a script is an attachment.

use crate::reply::AsItIs;
use axum::body::Body;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, IF_RANGE, LAST_MODIFIED,
    RANGE, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use content::{Digest, Folder};
use domain::Refusal;
use domain::file::is_shown;
use domain::limits::FILE_CACHED;
use std::io;
use store::file::File;
use tower_http::services::ServeFile;

const POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; sandbox");
/// What somebody else is shown with the same browser is asked for anew.
const VARIES: HeaderValue = HeaderValue::from_static("Cookie, Authorization");

/// Answers GET and HEAD.
pub(super) async fn serve(folder: &Folder, file: &File, method: Method, asked: &HeaderMap) -> Result<Response, Refusal> {
    let etag = format!("\"{}\"", file.digest);
    let mut response = if is_known(asked, &etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let content = read(folder, file, method, range(asked, &etag)).await;
        content.map_err(|error| missing(file, &error))?
    };
    response.extensions_mut().insert(AsItIs);
    let headers = response.headers_mut();
    // When somebody first uploaded the same is nobody else's business.
    headers.remove(LAST_MODIFIED);
    headers.remove(ETAG);
    headers.insert(CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(VARY, VARIES);
    if response.status() == StatusCode::RANGE_NOT_SATISFIABLE {
        return Ok(response);
    }
    let cached = format!("private, max-age={}, immutable", FILE_CACHED.as_secs());
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, text(&cached));
    headers.insert(ETAG, text(&etag));
    if headers.contains_key(CONTENT_TYPE) {
        headers.insert(CONTENT_TYPE, content_type(&file.media_type));
        headers.insert(CONTENT_DISPOSITION, text(&disposition(is_shown(&file.media_type), &file.name)));
    }
    Ok(response)
}

async fn read(folder: &Folder, file: &File, method: Method, range: Option<&HeaderValue>) -> io::Result<Response> {
    let digest: Digest = file.digest.parse().map_err(|_| io::Error::other("this is no digest"))?;
    let path = folder.path_of(&digest);
    let size_bytes = tokio::fs::metadata(&path).await?.len();
    if i64::try_from(size_bytes) != Ok(file.size_bytes) {
        return Err(io::Error::other(format!("{size_bytes} bytes are there instead of {}", file.size_bytes)));
    }
    // Of what was asked nothing else is for the disk to answer.
    let mut request = Request::new(Body::empty());
    *request.method_mut() = method;
    request.headers_mut().extend(range.map(|range| (RANGE, range.clone())));
    // Several parts at once would be a format of their own: then it is the whole.
    let response = ServeFile::new(path).ignore_multi_range_requests(true).try_call(request).await?;
    Ok(response.map(Body::new))
}

/// Which part is wanted; none where the asker has parts of something else, or says it in another way than in bytes.
fn range<'a>(asked: &'a HeaderMap, etag: &str) -> Option<&'a HeaderValue> {
    let range = asked.get(RANGE)?;
    let bytes = range.to_str().ok()?.strip_prefix("bytes=")?;
    let is_same = asked.get(IF_RANGE).is_none_or(|known| known == etag);
    (is_same && bytes.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b',' | b' '))).then_some(range)
}

fn is_known(asked: &HeaderMap, etag: &str) -> bool {
    let known = asked.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut known = known.flat_map(|value| value.split(',')).map(str::trim);
    known.any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == etag)
}

fn missing(file: &File, error: &io::Error) -> Refusal {
    let File { digest, name, .. } = file;
    Refusal::Unavailable {
        detail: "what this file holds is not on this server's disk: tell whoever looks after it",
        source: Some(format!("the content {digest} of the file {name:?}: {error}").into()),
    }
}

/// Of a kind that was found to be a media type.
fn content_type(media_type: &str) -> HeaderValue {
    if media_type.starts_with("text/") { text(&format!("{media_type}; charset=utf-8")) } else { text(media_type) }
}

/// RFC 6266: a name that every program can read, and beside it the true one (RFC 8187) where it differs.
fn disposition(is_shown: bool, name: &str) -> String {
    let kind = if is_shown { "inline" } else { "attachment" };
    let is_plain = |c: char| (c.is_ascii_graphic() || c == ' ') && !matches!(c, '"' | '\\' | '%');
    let plain: String = name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    if plain == name {
        return format!("{kind}; filename=\"{plain}\"");
    }
    let is_literal = |b: u8| b.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&b);
    let encoded: String =
        name.bytes().map(|b| if is_literal(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect();
    format!("{kind}; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

/// Nothing that could not stand in a header comes here; if it did, it would be left out.
fn text(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).unwrap_or_else(|_| HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_headers() {
        let check = |name: &str, expect: &str| {
            let header = disposition(false, name);
            assert_eq!(header, format!("attachment; {expect}"));
            assert!(HeaderValue::from_str(&header).is_ok());
        };
        check("graph 1.png", "filename=\"graph 1.png\"");
        check("a\"; x=\"b", "filename=\"a_; x=_b\"; filename*=UTF-8''a%22%3B%20x%3D%22b");
        check("100%.txt", "filename=\"100_.txt\"; filename*=UTF-8''100%25.txt");
        check("blåbær.png", "filename=\"bl_b_r.png\"; filename*=UTF-8''bl%C3%A5b%C3%A6r.png");
        check("a\r\nSet-Cookie: b", "filename=\"a__Set-Cookie: b\"; filename*=UTF-8''a%0D%0ASet-Cookie%3A%20b");
        assert!(disposition(true, "a.png").starts_with("inline; "));
    }

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn a_part_is_of_what_the_asker_has() {
        let check = |pairs: &[(&'static str, &'static str)], expect: bool| {
            assert_eq!(range(&headers(pairs), "\"a\"").is_some(), expect, "{pairs:?}");
        };
        check(&[("range", "bytes=0-9")], true);
        check(&[("range", "bytes=-9")], true);
        check(&[("range", "bytes=0-1, 3-4")], true);
        check(&[("range", "bytes=0-9"), ("if-range", "\"a\"")], true);
        check(&[("range", "bytes=0-9"), ("if-range", "\"b\"")], false);
        check(&[("range", "bytes=0-9"), ("if-range", "Sat, 29 Oct 1994 19:43:31 GMT")], false);
        check(&[("range", "items=0-9")], false);
        check(&[("range", "bytes=x")], false);
        check(&[], false);
    }

    #[test]
    fn what_the_asker_has_is_not_sent_again() {
        let check = |value: &'static str, expect: bool| {
            assert_eq!(is_known(&headers(&[("if-none-match", value)]), "\"a\""), expect, "{value}");
        };
        check("\"a\"", true);
        check("W/\"a\"", true);
        check("\"b\", \"a\"", true);
        check("*", true);
        check("\"b\"", false);
    }
}
