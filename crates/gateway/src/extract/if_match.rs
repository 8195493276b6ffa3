//! `If-Match: "<version>"`: which version a change was made from.

use crate::refusal::Refused;
use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::IF_MATCH;
use axum::http::request::Parts;
use domain::Refusal;

/// The version named; missing is refused, so that nobody overwrites unseen.
pub(crate) struct IfMatch(pub(crate) i64);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused> {
        Ok(version(&parts.headers).map(Self)?)
    }
}

fn version(headers: &HeaderMap) -> Result<i64, Refusal> {
    let value = headers.get(IF_MATCH).ok_or(Refusal::PreconditionRequired)?;
    let text = value.to_str().unwrap_or_default().trim();
    text.strip_prefix('"')
        .and_then(|t| t.strip_suffix('"'))
        .filter(|t| t.bytes().all(|b| b.is_ascii_digit()))
        .and_then(|t| t.parse().ok())
        .ok_or_else(|| Refusal::invalid("If-Match", "the version in quotation marks, like \"3\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn versions() {
        let read = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(IF_MATCH, HeaderValue::from_static(value));
            version(&headers).ok()
        };
        assert_eq!(read("\"3\""), Some(3));
        assert_eq!(read(" \"9223372036854775807\" "), Some(i64::MAX));
        for bad in ["3", "*", "\"\"", "\"-1\"", "\"+1\"", "W/\"3\"", "\"9223372036854775808\"", "\"1\", \"2\""] {
            assert_eq!(read(bad), None, "{bad}");
        }
        assert!(matches!(version(&HeaderMap::new()), Err(Refusal::PreconditionRequired)));
    }
}
