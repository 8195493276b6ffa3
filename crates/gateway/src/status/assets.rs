//! The page's own script and style: two small files, asked for by the hash of what is in them.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

const SCRIPT: &str = include_str!("assets/status.js");
const STYLE: &str = include_str!("assets/status.css");
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// What stands behind the `?` of both: other files, another text.
pub(super) fn version() -> String {
    let mut hash = Sha256::new();
    hash.update(SCRIPT);
    hash.update(STYLE);
    hash.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) async fn script() -> Response {
    ([(CONTENT_TYPE, "text/javascript; charset=utf-8"), (CACHE_CONTROL, FOR_EVER)], SCRIPT).into_response()
}

pub(crate) async fn style() -> Response {
    ([(CONTENT_TYPE, "text/css; charset=utf-8"), (CACHE_CONTROL, FOR_EVER)], STYLE).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_small() {
        assert!(SCRIPT.len() <= 10_240 && STYLE.len() <= 10_240, "{} {}", SCRIPT.len(), STYLE.len());
    }
}
