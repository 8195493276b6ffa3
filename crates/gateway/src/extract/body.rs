//! JSON bodies.

use crate::refusal::Refused;
use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use bytes::Bytes;
use domain::Refusal;
use domain::limits::REQUEST_BODY_MAX_BYTES;
use serde::de::DeserializeOwned;

/// serde tells the value it choked on; that much of it helps, all of it may be a megabyte.
const DETAIL_MAX_CHARS: usize = 200;

/// A JSON body, refused unless it says that it is one, is small enough and has the right shape.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refused> {
        require_json(request.headers())?;
        let bytes = read(request).await?;
        Ok(Self(parse(&bytes)?))
    }
}

/// A form of another site's can't send this type without asking first (CORS).
pub(crate) fn require_json(headers: &HeaderMap) -> Result<(), Refusal> {
    let essence = headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).map(|v| v.split(';').next().unwrap_or_default().trim());
    match essence {
        Some(t) if t.eq_ignore_ascii_case("application/json") => Ok(()),
        _ => Err(Refusal::invalid("Content-Type", "application/json")),
    }
}

/// All of the body, up to its bound.
pub(crate) async fn read(request: Request) -> Result<Bytes, Refusal> {
    axum::body::to_bytes(request.into_body(), REQUEST_BODY_MAX_BYTES).await.map_err(|error| {
        let too_large = std::error::Error::source(&error).is_some_and(|s| s.to_string().contains("length limit"));
        if too_large {
            Refusal::TooLarge { detail: format!("a body holds at most {REQUEST_BODY_MAX_BYTES} bytes") }
        } else {
            Refusal::invalid("body", "a whole body: it broke off")
        }
    })
}

/// The value in a body; a refusal names the place that is wrong. serde_json bounds the depth.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    let mut from = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut from).map_err(|error| {
        let path = error.path().to_string();
        // "?" is where the text broke off, "." the value as a whole.
        let place = match path.trim_end_matches('?').trim_end_matches('.') {
            place if place.is_empty() || place.len() > DETAIL_MAX_CHARS => "body",
            place => place,
        };
        Refusal::invalid(place, shortened(&error.inner().to_string()))
    })?;
    from.end().map_err(|_| Refusal::invalid("body", "one JSON value and nothing behind it"))?;
    Ok(value)
}

/// The beginning of a text that may hold input of any length.
pub(crate) fn shortened(text: &str) -> String {
    let mut short: String = text.chars().filter(|c| !c.is_control()).take(DETAIL_MAX_CHARS).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::intention::IntentionsRequest;

    fn check(body: &[u8], field: &str) {
        match parse::<IntentionsRequest>(body).err() {
            Some(Refusal::Invalid { field: got, expects }) => {
                assert_eq!(got, field, "{}", String::from_utf8_lossy(body));
                assert!(expects.chars().count() <= DETAIL_MAX_CHARS + 1, "{expects}");
            }
            other => panic!("{}: {other:?}", String::from_utf8_lossy(body)),
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        check(b"", "body");
        check(b"{", "body");
        check(b"\xff\xfe", "body");
        check(b"{\"intentions\":[]} x", "body");
        check(b"{\"intentions\":7}", "intentions");
        check(b"{\"intentions\":[{\"type\":\"nonsense\"}]}", "intentions[0].type");
        check(b"{\"intentions\":[{\"type\":\"delete_node\",\"id\":\"x\",\"version\":1}]}", "intentions[0]");
        check(b"{\"intentions\":[], \"more\": 1}", "more");
        let long = format!("{{\"intentions\":[{{\"type\":\"{}\"}}]}}", "x".repeat(5_000));
        check(long.as_bytes(), "intentions[0].type");
        let deep = format!("{{\"intentions\":{}", "[".repeat(100_000));
        assert!(matches!(parse::<IntentionsRequest>(deep.as_bytes()), Err(Refusal::Invalid { .. })));
    }

    #[test]
    fn only_json_is_taken() {
        let check = |value: Option<&'static str>, ok: bool| {
            let mut headers = HeaderMap::new();
            if let Some(value) = value {
                headers.insert(CONTENT_TYPE, axum::http::HeaderValue::from_static(value));
            }
            assert_eq!(require_json(&headers).is_ok(), ok, "{value:?}");
        };
        check(Some("application/json"), true);
        check(Some("Application/JSON; charset=utf-8"), true);
        check(Some("text/plain"), false);
        check(Some("application/x-www-form-urlencoded"), false);
        check(None, false);
    }
}
