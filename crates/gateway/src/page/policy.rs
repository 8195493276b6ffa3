//! The Content-Security-Policy: own code only. The page's few inline scripts are known by hash.

use axum::http::HeaderValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// The policy for a page whose index is this HTML.
pub(super) fn of(index: &str) -> HeaderValue {
    let mut scripts = String::from("script-src 'self'");
    for script in inline_scripts(index) {
        let hash = STANDARD.encode(Sha256::digest(script.as_bytes()));
        scripts.push_str(&format!(" 'sha256-{hash}'"));
    }
    let policy = format!(
        "default-src 'self'; {scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
         connect-src 'self' ws: wss:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'"
    );
    HeaderValue::from_str(&policy).unwrap_or_else(|_| HeaderValue::from_static("default-src 'self'"))
}

/// The insides of the scripts that are no files. (The HTML is our own build's: no need for a parser
/// that knows comments and odd quotes.)
fn inline_scripts(html: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = html;
    while let Some((_, from_tag)) = rest.split_once("<script") {
        let Some((attributes, body)) = from_tag.split_once('>') else { break };
        let Some((script, after)) = body.split_once("</script>") else { break };
        if !attributes.contains("src=") {
            found.push(script);
        }
        rest = after;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inline_scripts_are_known_by_their_hash() {
        let check = |html: &str, expect: &str| {
            let policy = of(html);
            let policy = policy.to_str().unwrap();
            assert!(policy.contains(&format!("; {expect};")), "{policy}");
            assert!(!policy.contains("script-src 'unsafe-inline'"));
        };
        check("<p>", "script-src 'self'");
        check("<script src=\"/a.js\"></script>", "script-src 'self'");
        // printf 'alert(1)' | openssl dgst -sha256 -binary | base64
        check(
            "<script>alert(1)</script><script type=\"module\" src=\"/b.js\"></script>",
            "script-src 'self' 'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='",
        );
        check("<script>alert(1)", "script-src 'self'");
    }
}
