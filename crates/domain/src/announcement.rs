//! Announcements: something that everybody should know, for a time. Whom it is for is decided by the
//! visibility of its own scope, so that lists, sockets and search all follow it.

use crate::access::Visibility;
use crate::limits::ANNOUNCEMENT_AHEAD_MAX;
use crate::refusal::Refusal;
use crate::text::text_enum;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

text_enum! {
    AnnouncementSeverity {
        Info = "info",
        Warning = "warning",
        Critical = "critical",
    }
}

text_enum! {
    /// Whom it is for, while it is active.
    Reach {
        All = "all",
        SignedIn = "signed_in",
        /// Members of what it is part of.
        Members = "members",
    }
}

text_enum! {
    Style {
        /// On every page.
        Banner = "banner",
        /// Among the announcements alone.
        Page = "page",
    }
}

text_enum! {
    AnnouncementState {
        Scheduled = "scheduled",
        Active = "active",
        Ended = "ended",
    }
}

/// What a node of kind `announcement` has besides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announcement {
    pub severity: AnnouncementSeverity,
    pub audience: Reach,
    pub style: Style,
    pub starts_at: DateTime<Utc>,
    /// `None`: until somebody ends it.
    pub ends_at: Option<DateTime<Utc>>,
    /// As the clock last made it.
    pub state: AnnouncementState,
}

impl Announcement {
    /// What it is at `now`.
    pub fn state_at(&self, now: DateTime<Utc>) -> AnnouncementState {
        match self.ends_at {
            Some(end) if end <= now => AnnouncementState::Ended,
            _ if self.starts_at > now => AnnouncementState::Scheduled,
            _ => AnnouncementState::Active,
        }
    }

    /// Who reads its scope without a grant: before its begin and after its end nobody.
    pub const fn visibility(&self) -> Visibility {
        match (self.state, self.audience) {
            (AnnouncementState::Active, Reach::All) => Visibility::Public,
            (AnnouncementState::Active, Reach::SignedIn) => Visibility::SignedIn,
            _ => Visibility::Members,
        }
    }
}

/// What an intention sets of an announcement; absent fields stay (or take the default of a new one).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnnouncementPatch {
    /// By default `info`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<AnnouncementSeverity>,
    /// By default `signed_in`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<Reach>,
    /// By default `banner`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub style: Option<Style>,
    /// By default now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<DateTime<Utc>>,
    /// `null`: it does not end by itself.
    #[serde(default, with = "crate::intention::present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ends_at: Option<Option<DateTime<Utc>>>,
}

impl AnnouncementPatch {
    /// As it is after this change.
    pub fn onto(&self, before: &Announcement, now: DateTime<Utc>) -> Result<Announcement, Refusal> {
        let mut after = Announcement {
            severity: self.severity.unwrap_or(before.severity),
            audience: self.audience.unwrap_or(before.audience),
            style: self.style.unwrap_or(before.style),
            starts_at: self.starts_at.unwrap_or(before.starts_at),
            ends_at: self.ends_at.unwrap_or(before.ends_at),
            state: before.state,
        };
        let latest = now + ANNOUNCEMENT_AHEAD_MAX;
        if self.starts_at.is_some() && (after.starts_at > latest || after.starts_at < now - ANNOUNCEMENT_AHEAD_MAX) {
            return Err(Refusal::invalid("starts_at", "a time within a year"));
        }
        if self.ends_at.flatten().is_some_and(|end| end > latest) {
            return Err(Refusal::invalid("ends_at", "a time within a year"));
        }
        if after.ends_at.is_some_and(|end| end <= after.starts_at) {
            return Err(Refusal::invalid("ends_at", "later than starts_at"));
        }
        after.state = after.state_at(now);
        Ok(after)
    }

    /// A new one.
    pub fn announcement(&self, now: DateTime<Utc>) -> Result<Announcement, Refusal> {
        let plain = Announcement {
            severity: AnnouncementSeverity::Info,
            audience: Reach::SignedIn,
            style: Style::Banner,
            starts_at: now,
            ends_at: None,
            state: AnnouncementState::Scheduled,
        };
        self.onto(&plain, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn it_is_seen_from_its_begin_to_its_end() {
        let check = |audience: &str, ends_at: Option<&str>, now: &str, state, visibility| {
            let patch = AnnouncementPatch {
                audience: Reach::parse(audience),
                starts_at: Some(at("2026-11-22T12:00:00Z")),
                ends_at: ends_at.map(|end| Some(at(end))),
                ..Default::default()
            };
            let made = patch.announcement(at(now)).unwrap();
            assert_eq!((made.state, made.visibility()), (state, visibility), "{audience} at {now}");
        };
        use AnnouncementState::{Active, Ended, Scheduled};
        let end = Some("2026-11-22T13:00:00Z");
        check("all", end, "2026-11-22T11:59:59Z", Scheduled, Visibility::Members);
        check("all", end, "2026-11-22T12:00:00Z", Active, Visibility::Public);
        check("signed_in", end, "2026-11-22T12:59:59Z", Active, Visibility::SignedIn);
        check("members", end, "2026-11-22T12:30:00Z", Active, Visibility::Members);
        check("all", end, "2026-11-22T13:00:00Z", Ended, Visibility::Members);
        check("all", None, "2026-12-22T13:00:00Z", Active, Visibility::Public);
    }

    #[test]
    fn a_schedule_that_can_not_be_is_refused() {
        let check = |starts: Option<&str>, ends: Option<&str>, field: &str| {
            let patch =
                AnnouncementPatch { starts_at: starts.map(at), ends_at: ends.map(|end| Some(at(end))), ..Default::default() };
            match patch.announcement(at("2026-11-22T12:00:00Z")) {
                Err(Refusal::Invalid { field: got, .. }) => assert_eq!(got, field),
                other => panic!("{other:?}"),
            }
        };
        check(Some("2026-11-22T13:00:00Z"), Some("2026-11-22T13:00:00Z"), "ends_at");
        check(None, Some("2026-11-22T11:00:00Z"), "ends_at");
        check(Some("2029-01-01T00:00:00Z"), None, "starts_at");
        check(None, Some("2029-01-01T00:00:00Z"), "ends_at");
    }
}
