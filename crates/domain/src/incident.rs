//! Incidents: what went wrong, and what was done about it.

use crate::limits::{INCIDENT_AFFECTS_MAX, INCIDENT_AHEAD_MAX};
use crate::link::{Link, validate_links};
use crate::refusal::Refusal;
use crate::text::text_enum;
use crate::timeline::{Audience, validate_message};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

text_enum! {
    IncidentState {
        Investigating = "investigating",
        /// It is known what it is.
        Identified = "identified",
        Fixing = "fixing",
        /// It seems to be over.
        Monitoring = "monitoring",
        Resolved = "resolved",
    }
}

impl IncidentState {
    /// The moves a state may make: any while it is open; what is over begins anew.
    /// `incident_move_allowed` in the migrations says the same; a test compares.
    pub fn may_become(self, next: Self) -> bool {
        self != next && (self != Self::Resolved || next == Self::Investigating)
    }

    pub const fn is_open(self) -> bool {
        !matches!(self, Self::Resolved)
    }
}

text_enum! {
    Severity {
        Minor = "minor",
        Major = "major",
        Critical = "critical",
    }
}

text_enum! {
    /// What an open incident says of what it affects, whatever the checks say.
    HealthOverride {
        Degraded = "degraded",
        Down = "down",
    }
}

/// What a node of kind `incident` has besides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    pub state: IncidentState,
    pub severity: Severity,
    pub health_override: Option<HealthOverride>,
    /// Raised by each change of state: what was decided on an older one is void.
    pub fence: i64,
    pub started_at: DateTime<Utc>,
    pub acknowledged_at: Option<DateTime<Utc>>,
    pub acknowledged_by: Option<Uuid>,
    pub resolved_at: Option<DateTime<Utc>>,
    /// While it is open alerts of what it affects are kept quiet.
    pub suppress: bool,
    /// Opened by a rule of the system that is its cause.
    pub automatic: bool,
    pub cause_id: Option<Uuid>,
    pub links: Vec<Link>,
}

/// What may be set of an incident; absent fields stay (or have their defaults). Its state is set by
/// updates, so that the timeline tells of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IncidentPatch {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// `Some(None)`: as the checks say.
    #[serde(default, with = "crate::intention::present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<HealthOverride>)]
    pub health_override: Option<Option<HealthOverride>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suppress: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub links: Option<Vec<Link>>,
    /// Systems and groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub affects: Option<Vec<Uuid>>,
}

impl IncidentPatch {
    /// What can be said without looking.
    pub fn validate(&self) -> Result<(), Refusal> {
        if self.affects.as_ref().is_some_and(|ids| ids.len() > INCIDENT_AFFECTS_MAX) {
            return Err(Refusal::invalid("affects", format!("at most {INCIDENT_AFFECTS_MAX} systems or groups")));
        }
        self.links.as_deref().map_or(Ok(()), validate_links)
    }
}

/// Refuses a begin that lies ahead of `now`, or before there was anything.
pub fn check_start(started_at: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), Refusal> {
    let ahead = TimeDelta::from_std(INCIDENT_AHEAD_MAX).unwrap_or_default();
    let earliest = DateTime::from_timestamp(946_684_800, 0).unwrap_or_default();
    if started_at > now + ahead || started_at < earliest {
        return Err(Refusal::invalid("started_at", "a time from 2000 to now"));
    }
    Ok(())
}

/// Something to be told about an incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewIncidentUpdate {
    /// Markdown.
    pub message: String,
    pub audience: Audience,
    /// Also takes the incident there; from `resolved` only to `investigating`, which opens it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub state_change: Option<IncidentState>,
}

impl NewIncidentUpdate {
    pub fn validate(&self) -> Result<(), Refusal> {
        validate_message(&self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_open_may_go_anywhere() {
        use IncidentState::*;
        for (from, to) in IncidentState::ALL.iter().flat_map(|from| IncidentState::ALL.iter().map(move |to| (*from, *to))) {
            let expect = match (from, to) {
                (Resolved, Investigating) => true,
                (Resolved, _) => false,
                (from, to) => from != to,
            };
            assert_eq!(from.may_become(to), expect, "{from} {to}");
        }
        assert!(IncidentState::ALL.iter().all(|state| state.is_open() != (*state == Resolved)));
    }

    #[test]
    fn an_incident_has_begun() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let check = |started: &str, ok: bool| {
            assert_eq!(check_start(at(started), at("2026-11-22T12:00:00Z")).is_ok(), ok, "{started}");
        };
        check("2026-11-22T11:00:00Z", true);
        check("2026-11-22T12:00:30Z", true);
        check("2026-11-22T12:02:00Z", false);
        check("1999-12-31T23:59:59Z", false);
    }

    #[test]
    fn patches_tell_null_from_absent() {
        let read = |json: &str| serde_json::from_str::<IncidentPatch>(json).unwrap().health_override;
        assert_eq!(read("{}"), None);
        assert_eq!(read(r#"{"health_override":null}"#), Some(None));
        assert_eq!(read(r#"{"health_override":"down"}"#), Some(Some(HealthOverride::Down)));
        assert!(serde_json::from_str::<IncidentPatch>(r#"{"health_override":"up"}"#).is_err());
        let many = IncidentPatch { affects: Some(vec![Uuid::nil(); INCIDENT_AFFECTS_MAX + 1]), ..IncidentPatch::default() };
        assert!(many.validate().is_err());
    }
}
