//! Systems: what is run for others, and the state its checks give it.

use crate::check::CheckSpec;
use crate::limits::{
    CHECK_FAILURES_MAX, CHECK_INTERVAL_MAX_S, CHECK_INTERVAL_MIN_S, CHECK_TIMEOUT_MAX_MS, CHECK_TIMEOUT_MIN_MS,
    INCIDENT_AFTER_MAX_S,
};
use crate::link::{Link, validate_links};
use crate::refusal::Refusal;
use crate::text::text_enum;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

text_enum! {
    State {
        Up = "up",
        /// Failing, but not yet often enough in a row to be called down.
        Degraded = "degraded",
        Down = "down",
        /// Not checked (yet).
        Unknown = "unknown",
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct System {
    /// As its checks say.
    pub state: State,
    pub state_since: DateTime<Utc>,
    pub state_reason: Option<String>,
    /// The worse of its own and of what the systems that it depends on, and open incidents, make of it.
    pub effective_state: State,
    pub effective_since: DateTime<Utc>,
    /// The system where it began, of one that is not well because of another. Told only to those who see it.
    pub cause_id: Option<Uuid>,
    pub check: Option<CheckSpec>,
    /// A password is kept with the check (and never shown).
    pub has_password: bool,
    pub enabled: bool,
    pub interval_s: i32,
    pub timeout_ms: i32,
    /// So many failures in a row make it `down`; fewer make it `degraded`.
    pub failures_to_down: i16,
    pub links: Vec<Link>,
    /// Down for so long it gets an incident by itself; `None`: never.
    pub incident_after_s: Option<i32>,
    /// That ends when it is up again.
    pub incident_auto_resolve: bool,
}

/// What an intention sets of a system; absent fields stay (or take the default of a new one).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SystemPatch {
    /// `Some(None)`: no longer checked.
    #[serde(default, with = "crate::intention::present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<CheckSpec>)]
    pub check: Option<Option<CheckSpec>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval_s: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failures_to_down: Option<i16>,
    /// Of a `postgres` check. Never serialised, so that it can't reach the audit log.
    #[serde(default, skip_serializing_if = "withheld")]
    pub password: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub links: Option<Vec<Link>>,
    /// `Some(None)`: no incident comes by itself.
    #[serde(default, with = "crate::intention::present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<i32>)]
    pub incident_after_s: Option<Option<i32>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident_auto_resolve: Option<bool>,
}

/// Secrets are taken in and never written out. (Not by serde's `skip_serializing`, which hides the
/// field from the API's description too.)
fn withheld(_: &Option<String>) -> bool {
    true
}

impl SystemPatch {
    pub fn validate(&self) -> Result<(), Refusal> {
        if let Some(Some(check)) = &self.check {
            check.validate().map_err(|refusal| refusal.within("check"))?;
        }
        let range = |field: &str, value: Option<i32>, min: i32, max: i32| match value {
            Some(v) if v < min || v > max => Err(Refusal::invalid(field, format!("from {min} to {max}"))),
            _ => Ok(()),
        };
        range("interval_s", self.interval_s, CHECK_INTERVAL_MIN_S, CHECK_INTERVAL_MAX_S)?;
        range("timeout_ms", self.timeout_ms, CHECK_TIMEOUT_MIN_MS, CHECK_TIMEOUT_MAX_MS)?;
        range("failures_to_down", self.failures_to_down.map(i32::from), 1, i32::from(CHECK_FAILURES_MAX))?;
        if self.password.as_ref().is_some_and(|p| p.len() > 512) {
            return Err(Refusal::invalid("password", "at most 512 bytes"));
        }
        range("incident_after_s", self.incident_after_s.flatten(), 0, INCIDENT_AFTER_MAX_S)?;
        self.links.as_deref().map_or(Ok(()), validate_links)
    }
}

/// The state after a run: `failures` counts those in a row, this run included (0 after a success).
pub fn state_after(failures: i32, failures_to_down: i16) -> State {
    if failures == 0 {
        State::Up
    } else if failures >= i32::from(failures_to_down) {
        State::Down
    } else {
        State::Degraded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_follows_from_the_failures_in_a_row() {
        let check = |failures, to_down, expect| assert_eq!(state_after(failures, to_down), expect, "{failures}/{to_down}");
        check(0, 3, State::Up);
        check(1, 3, State::Degraded);
        check(2, 3, State::Degraded);
        check(3, 3, State::Down);
        check(400, 3, State::Down);
        check(1, 1, State::Down);
    }

    #[test]
    fn a_password_is_never_written_out() {
        let patch: SystemPatch = serde_json::from_str(r#"{"password":"s3cret","interval_s":9}"#).unwrap();
        assert_eq!(patch.password.as_deref(), Some("s3cret"));
        assert_eq!(serde_json::to_string(&patch).unwrap(), r#"{"interval_s":9}"#);
    }

    #[test]
    fn null_and_absent_differ() {
        let check = |json: &str, expect: Option<Option<CheckSpec>>| {
            assert_eq!(serde_json::from_str::<SystemPatch>(json).unwrap().check, expect, "{json}");
        };
        check("{}", None);
        check(r#"{"check":null}"#, Some(None));
    }
}
