//! What a check looks at, as stored in `systems.check_spec`.

use crate::limits::{CHECK_TEXT_MAX_BYTES, CHECK_URL_MAX_BYTES};
use crate::refusal::Refusal;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum CheckSpec {
    /// A GET that must answer with an expected status, and contain a text if one is given.
    Http {
        url: String,
        /// Codes and ranges: `200-299,301`. The default is `200-299`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expect_status: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expect_text: Option<String>,
    },
    /// A TCP connection to `host:port`.
    Tcp { address: String },
    /// A PostgreSQL connection and `select 1`. The URL has no password: it is kept apart.
    Postgres { url: String },
}

impl CheckSpec {
    pub fn validate(&self) -> Result<(), Refusal> {
        match self {
            Self::Http { url, expect_status, expect_text } => {
                if !(url.starts_with("http://") || url.starts_with("https://")) || bad_url(url) {
                    return Err(Refusal::invalid("url", "an http:// or https:// address without spaces"));
                }
                if url_has_password(url) {
                    return Err(Refusal::invalid("url", "an address without user and password"));
                }
                if let Some(statuses) = expect_status {
                    StatusRanges::parse(statuses).ok_or_else(|| {
                        Refusal::invalid("expect_status", "codes from 100 to 599 or ranges of them, like 200-299,301")
                    })?;
                }
                if expect_text.as_ref().is_some_and(|t| t.is_empty() || t.len() > CHECK_TEXT_MAX_BYTES) {
                    return Err(Refusal::invalid("expect_text", format!("1 to {CHECK_TEXT_MAX_BYTES} bytes")));
                }
                Ok(())
            }
            Self::Tcp { address } => match split_address(address) {
                Some(_) => Ok(()),
                None => Err(Refusal::invalid("address", "host:port, like db.example.org:5432 or [::1]:5432")),
            },
            Self::Postgres { url } => {
                if !(url.starts_with("postgres://") || url.starts_with("postgresql://")) || bad_url(url) {
                    return Err(Refusal::invalid("url", "an address like postgres://user@host:5432/database"));
                }
                if url_has_password(url) || url.contains("password=") {
                    return Err(Refusal::invalid("url", "an address without the password: give it in the field password"));
                }
                Ok(())
            }
        }
    }
}

fn bad_url(url: &str) -> bool {
    url.len() > CHECK_URL_MAX_BYTES || url.chars().any(|c| c.is_whitespace() || c.is_control())
}

fn url_has_password(url: &str) -> bool {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
    authority.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'))
}

/// Splits `host:port` (`[v6]:port` too). `None` when it is neither.
pub fn split_address(address: &str) -> Option<(&str, u16)> {
    if address.len() > CHECK_URL_MAX_BYTES {
        return None;
    }
    let (host, port) = address.rsplit_once(':')?;
    let host = match host.strip_prefix('[') {
        Some(v6) => v6.strip_suffix(']')?,
        None if host.contains(':') => return None,
        None => host,
    };
    let host_ok = !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || ".-_:%".contains(c));
    let port: u16 = port.parse().ok().filter(|p| *p != 0)?;
    host_ok.then_some((host, port))
}

/// One run of a check.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckRun {
    pub at: DateTime<Utc>,
    pub ok: bool,
    /// To the first complete answer; `None` when there was none.
    pub latency_ms: Option<f32>,
    /// Why it failed, in words for people; never a secret.
    pub error: Option<String>,
}

/// A run as a sparkline shows it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LatencyPoint {
    pub at: DateTime<Utc>,
    pub ok: bool,
    pub latency_ms: Option<f32>,
}

/// Expected HTTP statuses, parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusRanges(Vec<(u16, u16)>);

impl StatusRanges {
    /// `200-299,301`; `None` when the text is anything else.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > 200 {
            return None;
        }
        text.split(',')
            .map(|part| {
                let part = part.trim();
                let (low, high) = part.split_once('-').unwrap_or((part, part));
                let (low, high): (u16, u16) = (low.trim().parse().ok()?, high.trim().parse().ok()?);
                (100 <= low && low <= high && high <= 599).then_some((low, high))
            })
            .collect::<Option<Vec<_>>>()
            .map(Self)
    }

    pub fn contains(&self, status: u16) -> bool {
        self.0.iter().any(|(low, high)| (*low..=*high).contains(&status))
    }
}

impl Default for StatusRanges {
    fn default() -> Self {
        Self(vec![(200, 299)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses() {
        let check = |text: &str, inside: &[u16], outside: &[u16]| {
            let ranges = StatusRanges::parse(text).unwrap_or_else(|| panic!("{text}"));
            assert!(inside.iter().all(|s| ranges.contains(*s)), "{text}");
            assert!(!outside.iter().any(|s| ranges.contains(*s)), "{text}");
        };
        check("200", &[200], &[201, 199]);
        check("200-299, 301", &[200, 299, 301], &[300, 302]);
        for bad in ["", "abc", "99", "600", "299-200", "200,", "200-", "-200", "2000000"] {
            assert_eq!(StatusRanges::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn addresses() {
        assert_eq!(split_address("db.example.org:5432"), Some(("db.example.org", 5432)));
        assert_eq!(split_address("[::1]:80"), Some(("::1", 80)));
        for bad in ["", ":80", "host", "host:0", "host:70000", "::1:80", "[::1:80", "a b:80", "host:80x"] {
            assert_eq!(split_address(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn specs() {
        let check = |json: &str, refused_field: Option<&str>| {
            let spec: CheckSpec = serde_json::from_str(json).unwrap_or_else(|e| panic!("{json}: {e}"));
            let got = match spec.validate() {
                Ok(()) => None,
                Err(Refusal::Invalid { field, .. }) => Some(field),
                Err(other) => panic!("{other}"),
            };
            assert_eq!(got.as_deref(), refused_field, "{json}");
        };
        check(r#"{"type":"http","url":"https://example.org/health"}"#, None);
        check(r#"{"type":"http","url":"ftp://example.org"}"#, Some("url"));
        check(r#"{"type":"http","url":"http://u:p@example.org"}"#, Some("url"));
        check(r#"{"type":"http","url":"http://a b"}"#, Some("url"));
        check(r#"{"type":"http","url":"http://a","expect_status":"7"}"#, Some("expect_status"));
        check(r#"{"type":"http","url":"http://a","expect_text":""}"#, Some("expect_text"));
        check(r#"{"type":"tcp","address":"localhost:22"}"#, None);
        check(r#"{"type":"tcp","address":"localhost"}"#, Some("address"));
        check(r#"{"type":"postgres","url":"postgres://app@db/app"}"#, None);
        check(r#"{"type":"postgres","url":"postgres://app:pw@db/app"}"#, Some("url"));
        check(r#"{"type":"postgres","url":"postgres://db/app?password=x"}"#, Some("url"));
        check(r#"{"type":"postgres","url":"mysql://db"}"#, Some("url"));
        assert!(serde_json::from_str::<CheckSpec>(r#"{"type":"icmp"}"#).is_err());
        assert!(serde_json::from_str::<CheckSpec>(r#"{"type":"tcp","address":"a:1","x":1}"#).is_err());
    }
}
