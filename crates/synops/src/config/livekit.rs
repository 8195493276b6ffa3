//! The section `[livekit]`: all of it or nothing.

use super::{Error, Getter};
use secrecy::SecretString;
use toml::Value;
use url::Url;

const URL: &str = "livekit.url";
const API_KEY: &str = "livekit.api_key";
const API_SECRET: &str = "livekit.api_secret";

/// A LiveKit server, whose rooms people call each other in.
#[derive(Clone, Debug)]
pub struct LiveKit {
    /// How browsers reach it: `wss://livekit.example.org`.
    pub url: String,
    pub api_key: String,
    pub api_secret: SecretString,
}

/// `None` when nothing of it is set.
pub(super) fn read(get: &Getter<'_>) -> Result<Option<LiveKit>, Error> {
    let text = |name| get.find(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    let (url, api_key, api_secret) = match (text(URL), text(API_KEY), text(API_SECRET)) {
        (None, None, None) => return Ok(None),
        (Some(url), Some(api_key), Some(api_secret)) => (url, api_key, api_secret),
        _ => {
            let missing: Vec<String> = [URL, API_KEY, API_SECRET]
                .into_iter()
                .filter(|name| text(name).is_none())
                .map(|name| format!("`{name}`"))
                .collect();
            return Err(Error(format!(
                "`{URL}`, `{API_KEY}` and `{API_SECRET}` go together: {} not set",
                match missing.as_slice() {
                    [one] => format!("{one} is"),
                    several => format!("{} are", several.join(" and ")),
                }
            )));
        }
    };
    if !is_address(url) {
        return Err(get.wrong(URL, "an address like wss://livekit.example.org"));
    }
    Ok(Some(LiveKit { url: url.trim_end_matches('/').to_owned(), api_key: api_key.to_owned(), api_secret: api_secret.into() }))
}

/// Where a browser can open a socket; it is told to whoever calls.
fn is_address(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "ws" | "wss")
            && url.host_str().is_some_and(|host| !host.is_empty())
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let check = |text: &str, expect| assert_eq!(is_address(text), expect, "{text}");
        check("wss://livekit.example.org", true);
        check("ws://127.0.0.1:7880", true);
        check("wss://example.org/livekit", true);
        check("https://livekit.example.org", false);
        check("livekit.example.org", false);
        check("wss://", false);
        check("wss://kari:s3cret@livekit.example.org", false);
        check("wss://livekit.example.org?access_token=s3cret", false);
    }
}
