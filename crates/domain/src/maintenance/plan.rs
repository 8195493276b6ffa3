//! What may be asked of a maintenance: its window, its settings, and what people are told.

use super::MaintenanceState;
use crate::job::JobClass;
use crate::limits::{
    DRAIN_BOUND_MAX_S, DRAIN_BOUND_MIN_S, MAINTENANCE_AFFECTS_MAX, MAINTENANCE_AHEAD_MAX, MAINTENANCE_LATE_MAX, MAINTENANCE_MAX,
    MAINTENANCE_MIN, MAINTENANCE_VERIFY_MAX_S, MAINTENANCE_VERIFY_MIN_S, TIMEZONE_MAX_BYTES,
};
use crate::link::{Link, validate_links};
use crate::refusal::Refusal;
use crate::timeline::{Audience, validate_message};
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What may be set of a maintenance; absent fields stay (or have their defaults).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MaintenancePatch {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify_timeout_s: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked_classes: Option<Vec<JobClass>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drain_bound_s: Option<i32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolling: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub admins_first: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub links: Option<Vec<Link>>,
    /// Systems, groups, or the instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub affects: Option<Vec<Uuid>>,
}

impl MaintenancePatch {
    /// What can be said without looking.
    pub fn validate(&self) -> Result<(), Refusal> {
        if let Some(zone) = &self.timezone
            && (zone.len() > TIMEZONE_MAX_BYTES || zone.parse::<Tz>().is_err())
        {
            return Err(Refusal::invalid("timezone", "a time zone like Europe/Oslo or UTC"));
        }
        let range = |field, value: Option<i32>, low: i32, high: i32| match value {
            Some(value) if !(low..=high).contains(&value) => Err(Refusal::invalid(field, format!("{low} to {high}"))),
            _ => Ok(()),
        };
        range("verify_timeout_s", self.verify_timeout_s, MAINTENANCE_VERIFY_MIN_S, MAINTENANCE_VERIFY_MAX_S)?;
        range("drain_bound_s", self.drain_bound_s, DRAIN_BOUND_MIN_S, DRAIN_BOUND_MAX_S)?;
        if self.affects.as_ref().is_some_and(|ids| ids.is_empty() || ids.len() > MAINTENANCE_AFFECTS_MAX) {
            return Err(Refusal::invalid(
                "affects",
                format!("1 to {MAINTENANCE_AFFECTS_MAX} systems or groups, or the instance"),
            ));
        }
        if self.blocked_classes.as_ref().is_some_and(|classes| classes.len() > JobClass::ALL.len()) {
            return Err(Refusal::invalid("blocked_classes", "each class once"));
        }
        self.links.as_deref().map_or(Ok(()), validate_links)
    }

    /// Whether it changes more than what is told about the maintenance.
    pub fn changes_the_plan(&self) -> bool {
        *self != Self { links: self.links.clone(), timezone: self.timezone.clone(), ..Self::default() }
    }

    /// Whether it changes how Synops itself goes down.
    pub fn changes_the_stop(&self) -> bool {
        self.blocked_classes.is_some() || self.drain_bound_s.is_some() || self.rolling.is_some() || self.admins_first.is_some()
    }
}

/// Something to be told about a maintenance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUpdate {
    /// Markdown.
    pub message: String,
    pub audience: Audience,
    /// Also takes the maintenance there: `in_progress` starts it, `verifying` ends the work,
    /// `completed` closes the window, `cancelled` calls it off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_change: Option<MaintenanceState>,
}

impl NewUpdate {
    pub fn validate(&self) -> Result<(), Refusal> {
        validate_message(&self.message)?;
        match self.state_change {
            Some(MaintenanceState::Scheduled) => {
                Err(Refusal::invalid("state_change", "in_progress, verifying, completed or cancelled"))
            }
            _ => Ok(()),
        }
    }
}

/// Refuses a window that can't be planned at `now`.
pub fn check_window(starts_at: DateTime<Utc>, ends_at: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), Refusal> {
    let late = TimeDelta::from_std(MAINTENANCE_LATE_MAX).unwrap_or_default();
    if starts_at < now - late {
        return Err(Refusal::invalid("starts_at", "a time to come"));
    }
    let ahead = (starts_at - now).to_std().unwrap_or_default();
    if ahead > MAINTENANCE_AHEAD_MAX {
        let days = MAINTENANCE_AHEAD_MAX.as_secs() / 86_400;
        return Err(Refusal::invalid("starts_at", format!("at most {days} days ahead")));
    }
    check_end(starts_at, ends_at, now)
}

/// Refuses an end that a window can't have at `now`.
pub fn check_end(starts_at: DateTime<Utc>, ends_at: DateTime<Utc>, now: DateTime<Utc>) -> Result<(), Refusal> {
    if ends_at <= starts_at {
        return Err(Refusal::invalid("ends_at", "after starts_at"));
    }
    if ends_at <= now {
        return Err(Refusal::invalid("ends_at", "a time to come"));
    }
    let length = (ends_at - starts_at).to_std().unwrap_or_default();
    if !(MAINTENANCE_MIN..=MAINTENANCE_MAX).contains(&length) {
        return Err(Refusal::invalid("ends_at", "1 minute to 30 days after starts_at"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn now() -> DateTime<Utc> {
        at("2026-11-22T12:00:00Z")
    }

    #[test]
    fn windows_that_make_no_sense_are_refused() {
        fn check(starts: &str, ends: &str, expect: Option<&str>) {
            let refused = check_window(at(starts), at(ends), now()).err().map(|refusal| refusal.to_string());
            assert_eq!(refused.as_deref(), expect, "{starts} {ends}");
        }
        check("2026-11-22T13:00:00Z", "2026-11-22T14:00:00Z", None);
        check("2026-11-22T13:00:00Z", "2026-11-22T13:01:00Z", None);
        check("2026-11-22T12:00:00Z", "2026-11-22T13:00:00Z", None);
        check("2026-11-22T11:59:30Z", "2026-11-22T13:00:00Z", None);
        check("2026-11-22T13:00:00Z", "2026-12-22T13:00:00Z", None);
        check("2026-11-22T11:58:00Z", "2026-11-22T13:00:00Z", Some("starts_at: a time to come"));
        check("2026-11-22T13:00:00Z", "2026-11-22T13:00:00Z", Some("ends_at: after starts_at"));
        check("2026-11-22T13:00:00Z", "2026-11-22T12:30:00Z", Some("ends_at: after starts_at"));
        check("2026-11-22T13:00:00Z", "2026-11-22T13:00:59Z", Some("ends_at: 1 minute to 30 days after starts_at"));
        check("2026-11-22T13:00:00Z", "2026-12-22T13:00:01Z", Some("ends_at: 1 minute to 30 days after starts_at"));
        check("2027-11-24T13:00:00Z", "2027-11-24T14:00:00Z", Some("starts_at: at most 366 days ahead"));
        check("2026-11-22T11:59:30Z", "2026-11-22T12:00:00Z", Some("ends_at: a time to come"));
    }

    #[test]
    fn patches_of_the_wrong_shape_are_refused() {
        fn check(json: &str, field: &str) {
            let patch: MaintenancePatch = serde_json::from_str(json).unwrap();
            match patch.validate() {
                Err(Refusal::Invalid { field: got, .. }) => assert_eq!(got, field, "{json}"),
                other => panic!("{json}: {other:?}"),
            }
        }
        check(r#"{"timezone":"Mars/Olympus"}"#, "timezone");
        check(r#"{"timezone":""}"#, "timezone");
        check(r#"{"affects":[]}"#, "affects");
        check(r#"{"verify_timeout_s":9}"#, "verify_timeout_s");
        check(r#"{"drain_bound_s":3601}"#, "drain_bound_s");
        check(r#"{"blocked_classes":["tools","tools","tools","tools"]}"#, "blocked_classes");
        check(r#"{"links":[{"title":"a","url":"https://a"},{"title":"b","url":"javascript:alert(1)"}]}"#, "links[1].url");
        check(r#"{"links":[{"title":" ","url":"https://a"}]}"#, "links[0].title");
        let update = |message: &str, change: Option<MaintenanceState>| {
            NewUpdate { message: message.to_owned(), audience: Audience::Public, state_change: change }.validate().is_ok()
        };
        assert!(update("Half way.", None) && update("Done.", Some(MaintenanceState::Completed)));
        assert!(!update(" ", None) && !update("a\0b", None) && !update("x", Some(MaintenanceState::Scheduled)));
        assert!(!update(&"x".repeat(crate::limits::UPDATE_MESSAGE_MAX_BYTES + 1), None));
    }
}
