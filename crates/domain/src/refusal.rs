//! Why something is not done. Free of HTTP: the gateway alone turns it into a status.

use crate::lifecycle::Window;
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// The window for which Synops itself is taken down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClosedFor {
    pub maintenance_id: Uuid,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
}

/// `Display` is what the caller may read; causes stay in `source` and in the log.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// It is not there, or the caller may not see it: the same answer for both.
    #[error("no such {what}")]
    NotFound { what: &'static str },
    /// The caller may see it, but not do this.
    #[error("{needs}")]
    Forbidden { needs: String },
    /// Nobody is signed in, or with credentials that don't hold.
    #[error("{detail}")]
    Unauthenticated { detail: &'static str },
    #[error("{field}: {expects}")]
    Invalid { field: String, expects: String },
    /// It contradicts what is there.
    #[error("{detail}")]
    Conflict { detail: String },
    /// Somebody changed it since the caller read it.
    #[error("it has changed meanwhile: version {current_version} now")]
    Stale { current_version: i64 },
    #[error("say which version you change: the header If-Match is missing")]
    PreconditionRequired,
    #[error("{detail}")]
    Limit { detail: String, retry_after_s: Option<u64> },
    #[error("{detail}")]
    TooLarge { detail: String },
    #[error("a request with this Idempotency-Key is still running")]
    IdempotencyRunning,
    #[error("this Idempotency-Key was used with another request")]
    IdempotencyMismatch,
    /// Something that is needed does not answer now. Nothing was changed.
    #[error("{detail}")]
    Unavailable {
        detail: &'static str,
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// Synops is about to stop: what a stop would cut off is not begun. `window` is `None` when nobody
    /// planned it.
    #[error("{}", closing(window.as_ref()))]
    Closing { window: Option<ClosedFor>, retry_after_s: u64 },
    /// Synops is back from a stop and being checked: for administrators alone.
    #[error("Synops is being checked after a maintenance, by its administrators; it opens by itself")]
    Checking,
    /// A fault of ours. The text says no more than that.
    #[error("something went wrong on our side; nothing was changed")]
    Internal {
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Refusal {
    pub fn invalid(field: impl Into<String>, expects: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), expects: expects.into() }
    }

    pub fn forbidden(needs: impl Into<String>) -> Self {
        Self::Forbidden { needs: needs.into() }
    }

    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::Conflict { detail: detail.into() }
    }

    /// Until when the caller may as well wait is reckoned from `now`.
    pub fn closing(window: Option<&Window>, now: DateTime<Utc>) -> Self {
        let window = window.map(|w| ClosedFor { maintenance_id: w.maintenance_id, starts_at: w.starts_at, ends_at: w.ends_at });
        let left = window.and_then(|window| (window.ends_at - now).to_std().ok()).unwrap_or_default();
        // Never earlier than the end.
        let whole = left.as_secs() + u64::from(left.subsec_nanos() > 0);
        Self::Closing { window, retry_after_s: whole.max(1) }
    }

    /// Names the place of a refused part: `intentions[3].title`.
    pub fn within(self, place: &str) -> Self {
        match self {
            Self::Invalid { field, expects } => Self::Invalid { field: format!("{place}.{field}"), expects },
            other => other,
        }
    }
}

fn closing(window: Option<&ClosedFor>) -> String {
    match window {
        Some(window) => {
            let ends_at = window.ends_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
            format!("Synops is taken down for maintenance, planned until {ends_at}: come again after that")
        }
        None => "Synops is about to stop: come again in a moment".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maintenance::MaintenanceState;

    #[test]
    fn whoever_is_refused_while_it_closes_comes_again_after_the_end() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let window = Window {
            maintenance_id: Uuid::nil(),
            state: MaintenanceState::InProgress,
            starts_at: at("2026-11-22T12:00:00Z"),
            ends_at: at("2026-11-22T13:00:00Z"),
            drain_until: None,
            rolling: false,
            admins_only: false,
            blocked_classes: Vec::new(),
        };
        let check = |window: Option<&Window>, now: &str, expect: u64| {
            let refusal = Refusal::closing(window, at(now));
            let Refusal::Closing { retry_after_s, .. } = &refusal else { panic!("{refusal}") };
            assert_eq!(*retry_after_s, expect, "{now}");
            assert_eq!(refusal.to_string().contains("2026-11-22T13:00:00Z"), window.is_some(), "{refusal}");
        };
        check(Some(&window), "2026-11-22T12:30:00Z", 1800);
        check(Some(&window), "2026-11-22T12:59:58.5Z", 2);
        check(Some(&window), "2026-11-22T13:00:00Z", 1);
        // It takes longer than planned.
        check(Some(&window), "2026-11-22T14:00:00Z", 1);
        check(None, "2026-11-22T12:30:00Z", 1);
    }
}
