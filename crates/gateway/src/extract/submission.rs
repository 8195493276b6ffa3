//! A write: who, what, and the key by which a repeat is known.

use super::body::{parse, read, require_json};
use crate::caller::Caller;
use crate::layers::request_id::RequestId;
use crate::refusal::Refused;
use crate::state::State;
use axum::extract::{FromRequest, FromRequestParts, OriginalUri, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, Method};
use domain::limits::IDEMPOTENCY_KEY_MAX_BYTES;
use domain::{Actor, Refusal};
use intentions::{Context, Idempotency};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The body of a write, and what its intentions are carried out with. An empty body stands for
/// `null`, for routes that take none.
pub(crate) struct Submission<T> {
    pub(crate) caller: Caller,
    pub(crate) input: T,
    pub(crate) context: Context,
}

impl<T: DeserializeOwned> FromRequest<State> for Submission<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, state: &State) -> Result<Self, Refused> {
        let (mut parts, body) = request.into_parts();
        let caller = Caller::from_request_parts(&mut parts, state).await?;
        // Before the body is read: nobody unknown makes us hold one.
        if caller.actor == Actor::Anonymous {
            return Err(Refusal::Unauthenticated { detail: "sign in first" }.into());
        }
        let key = key_of(&parts.headers)?;
        let bytes = read(Request::from_parts(parts.clone(), body)).await?;
        let input = if bytes.is_empty() && parts.headers.get(axum::http::header::CONTENT_TYPE).is_none() {
            parse(b"null")?
        } else {
            require_json(&parts.headers)?;
            parse(&bytes)?
        };
        let context = context(&parts, &caller, key, &bytes)?;
        Ok(Self { caller, input, context })
    }
}

/// What a write whose body is no JSON is carried out with; `said` stands for the body.
pub(crate) fn context_of(parts: &Parts, caller: &Caller, said: &[u8]) -> Result<Context, Refusal> {
    context(parts, caller, key_of(&parts.headers)?, said)
}

fn context(parts: &Parts, caller: &Caller, key: Option<String>, body: &[u8]) -> Result<Context, Refusal> {
    let request_id = parts.extensions.get::<RequestId>().map(|id| id.as_str().to_owned());
    // Only what makes something anew needs a key: changes name the version they are made from.
    let idempotency = match key {
        Some(key) if parts.method == Method::POST => {
            let person = caller.actor.person_id().ok_or(Refusal::Unauthenticated { detail: "sign in first" })?;
            Some(Idempotency { caller: person.to_string(), key, request_hash: hash(parts, body) })
        }
        _ => None,
    };
    Ok(Context { request_id, idempotency })
}

fn hash(parts: &Parts, body: &[u8]) -> Vec<u8> {
    let path = parts.extensions.get::<OriginalUri>().map_or_else(|| parts.uri.path(), |uri| uri.0.path());
    let mut hash = Sha256::new();
    for part in [parts.method.as_str(), "\n", path, "\n"] {
        hash.update(part.as_bytes());
    }
    hash.update(body);
    hash.finalize().to_vec()
}

fn key_of(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let key = value.as_bytes();
    if key.is_empty() || key.len() > IDEMPOTENCY_KEY_MAX_BYTES || !key.iter().all(u8::is_ascii_graphic) {
        return Err(Refusal::invalid("Idempotency-Key", format!("1 to {IDEMPOTENCY_KEY_MAX_BYTES} visible ASCII characters")));
    }
    Ok(Some(String::from_utf8_lossy(key).into_owned()))
}

/// For routes about credentials: their answers are never stored, so a repeat could not be answered.
pub(crate) fn refuse_key(headers: &HeaderMap) -> Result<(), Refusal> {
    match headers.contains_key(IDEMPOTENCY_KEY) {
        true => Err(Refusal::invalid("Idempotency-Key", "no key here: answers about credentials are never stored")),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn keys() {
        let read = |value: &[u8]| {
            let mut headers = HeaderMap::new();
            headers.insert(IDEMPOTENCY_KEY, HeaderValue::from_bytes(value).unwrap());
            key_of(&headers)
        };
        assert_eq!(read(b"a-1_!~").unwrap().as_deref(), Some("a-1_!~"));
        assert_eq!(key_of(&HeaderMap::new()).unwrap(), None);
        for bad in [&b""[..], b"a b", b"\xc3\xb8", &[b'x'; IDEMPOTENCY_KEY_MAX_BYTES + 1]] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }
}
