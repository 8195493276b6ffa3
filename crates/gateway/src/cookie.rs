//! The session's cookie.

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};
use std::time::Duration;

const NAME: &str = "synops_session";

/// The value of the session's cookie, when the request has one.
pub(crate) fn find(headers: &HeaderMap) -> Option<&str> {
    headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(';')).find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == NAME).then_some(value)
    })
}

/// `Set-Cookie` for a session that lasts so long. Scripts can't read it, and other sites' forms
/// don't send it.
pub(crate) fn set(token: &str, lasts: Duration, secure: bool) -> HeaderValue {
    header(token, lasts.as_secs(), secure)
}

/// `Set-Cookie` that makes the browser forget it.
pub(crate) fn clear(secure: bool) -> HeaderValue {
    header("", 0, secure)
}

fn header(token: &str, max_age_s: u64, secure: bool) -> HeaderValue {
    let secure = if secure { "; Secure" } else { "" };
    let text = format!("{NAME}={token}; Path=/; Max-Age={max_age_s}; HttpOnly; SameSite=Lax{secure}");
    // A token of ours is base64url: always a valid header.
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_found_among_others() {
        let check = |cookies: &[&'static str], expect: Option<&str>| {
            let mut headers = HeaderMap::new();
            for cookie in cookies {
                headers.append(COOKIE, HeaderValue::from_static(cookie));
            }
            assert_eq!(find(&headers), expect, "{cookies:?}");
        };
        check(&["synops_session=abc"], Some("abc"));
        check(&["a=b; synops_session=abc; c=d"], Some("abc"));
        check(&["a=b", "synops_session=abc"], Some("abc"));
        check(&["my_synops_session=abc"], None);
        check(&["synops_session"], None);
        check(&[], None);
    }

    #[test]
    fn it_is_for_the_server_alone() {
        assert_eq!(
            set("abc", Duration::from_secs(60), true).to_str().unwrap(),
            "synops_session=abc; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(clear(false).to_str().unwrap(), "synops_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
    }
}
