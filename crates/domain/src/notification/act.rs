//! What people do about what they are told. It is nothing of the graph: no intention.

use super::{NoticeKind, Preferences, Quiet};
use crate::limits::{NOTIFICATIONS_AT_ONCE_MAX, TIMEZONE_MAX_BYTES};
use crate::refusal::Refusal;
use chrono::{DateTime, NaiveTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A closed set of acts, each in one transaction.
#[derive(Clone, Debug, PartialEq)]
pub enum NoticeAct {
    Subscribe(NewSubscription),
    ChangeSubscription {
        id: Uuid,
        kinds: Vec<NoticeKind>,
    },
    Unsubscribe {
        id: Uuid,
    },
    SetPreferences(PreferencesPatch),
    MarkRead(ReadUntil),
    DeleteNotification {
        id: Uuid,
    },
    DismissAnnouncement {
        id: Uuid,
    },
    MarkChannel {
        channel_id: Uuid,
        mark: MarkPatch,
    },
    RetryDelivery {
        id: Uuid,
    },
    /// Takes an address off a status page.
    DeleteFollower {
        page_id: Uuid,
        id: Uuid,
    },
}

/// Somebody wants to be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSubscription {
    /// A person or team; by default whoever asks.
    #[serde(default)]
    #[schema(nullable = false)]
    pub subscriber_id: Option<Uuid>,
    /// A system, group or workspace, and all that is in it. Absent: everything that one may see.
    #[serde(default)]
    #[schema(nullable = false)]
    pub target_id: Option<Uuid>,
    /// Of these kinds; none: all.
    #[serde(default)]
    pub kinds: Vec<NoticeKind>,
    /// By this connection, instead of the notification centre and mail.
    #[serde(default)]
    #[schema(nullable = false)]
    pub connection_id: Option<Uuid>,
}

/// How far somebody has read a channel; absent fields stay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkPatch {
    /// Only rises, and not beyond the newest message.
    #[serde(default)]
    #[schema(nullable = false, minimum = 0)]
    pub read_number: Option<i64>,
    /// What is new in it does not count as unread.
    #[serde(default)]
    #[schema(nullable = false)]
    pub muted: Option<bool>,
}

/// Which notifications are read.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadUntil {
    #[serde(default)]
    #[schema(max_items = 500)]
    pub ids: Vec<Uuid>,
    /// All that came until then.
    #[serde(default)]
    #[schema(nullable = false)]
    pub all_before: Option<DateTime<Utc>>,
}

/// All of somebody's preferences, as they are from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreferencesPatch {
    /// In the notification centre.
    pub in_app: bool,
    pub mail: bool,
    /// Own subscriptions by ntfy.
    pub ntfy: bool,
    /// Hours in which mail and ntfy wait; null: none.
    #[schema(required)]
    pub quiet: Option<QuietHours>,
}

/// Hours of each day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    #[schema(value_type = String, example = "22:00", pattern = "^[0-2][0-9]:[0-5][0-9]$")]
    pub from: String,
    /// Earlier than `from`: of the next day.
    #[schema(value_type = String, example = "07:00", pattern = "^[0-2][0-9]:[0-5][0-9]$")]
    pub to: String,
    #[schema(example = "Europe/Oslo")]
    pub timezone: String,
}

impl NoticeAct {
    pub fn validate(&self) -> Result<(), Refusal> {
        match self {
            Self::Subscribe(NewSubscription { kinds, .. }) | Self::ChangeSubscription { kinds, .. } => check_kinds(kinds),
            Self::SetPreferences(patch) => patch.preferences().map(drop),
            Self::MarkRead(read) => match (read.ids.len(), read.all_before) {
                (0, None) => Err(Refusal::invalid("ids", "ids, or all_before")),
                (count, _) if count > NOTIFICATIONS_AT_ONCE_MAX => {
                    Err(Refusal::invalid("ids", format!("at most {NOTIFICATIONS_AT_ONCE_MAX}")))
                }
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }
}

fn check_kinds(kinds: &[NoticeKind]) -> Result<(), Refusal> {
    if !kinds.iter().all(|kind| kind.is_for_members()) {
        return Err(Refusal::invalid("kinds", "kinds that one can subscribe to: others reach whom they are for anyway"));
    }
    if kinds.len() > NoticeKind::ALL.len() { Err(Refusal::invalid("kinds", "each kind once")) } else { Ok(()) }
}

impl PreferencesPatch {
    pub fn preferences(&self) -> Result<Preferences, Refusal> {
        let quiet = self.quiet.as_ref().map(QuietHours::read).transpose()?;
        Ok(Preferences { in_app: self.in_app, mail: self.mail, ntfy: self.ntfy, quiet })
    }
}

impl From<&Preferences> for PreferencesPatch {
    fn from(kept: &Preferences) -> Self {
        let text = |time: NaiveTime| time.format("%H:%M").to_string();
        let hours =
            |quiet: Quiet| QuietHours { from: text(quiet.from), to: text(quiet.to), timezone: quiet.timezone.name().to_owned() };
        Self { in_app: kept.in_app, mail: kept.mail, ntfy: kept.ntfy, quiet: kept.quiet.map(hours) }
    }
}

impl QuietHours {
    fn read(&self) -> Result<Quiet, Refusal> {
        let time = |field: &str, text: &str| {
            let time = (text.len() == 5).then(|| NaiveTime::parse_from_str(text, "%H:%M").ok()).flatten();
            time.ok_or_else(|| Refusal::invalid(field, "a time like 22:00"))
        };
        let timezone = (self.timezone.len() <= TIMEZONE_MAX_BYTES).then(|| self.timezone.parse().ok()).flatten();
        Ok(Quiet {
            from: time("quiet.from", &self.from)?,
            to: time("quiet.to", &self.to)?,
            timezone: timezone.ok_or_else(|| Refusal::invalid("quiet.timezone", "a time zone like Europe/Oslo"))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn preferences_are_read_as_they_are_told() {
        let check = |from: &str, to: &str, timezone: &str, expect: Option<&str>| {
            let said =
                json!({ "in_app": true, "mail": false, "ntfy": true, "quiet": { "from": from, "to": to, "timezone": timezone } });
            let patch: PreferencesPatch = serde_json::from_value(said).unwrap();
            match (patch.preferences(), expect) {
                (Ok(kept), None) => assert_eq!(PreferencesPatch::from(&kept), patch),
                (Err(Refusal::Invalid { field, .. }), Some(expect)) => assert_eq!(field, expect),
                (other, _) => panic!("{other:?}"),
            }
        };
        check("22:00", "07:30", "Europe/Oslo", None);
        check("24:00", "07:30", "Europe/Oslo", Some("quiet.from"));
        check("7:00", "07:30", "Europe/Oslo", Some("quiet.from"));
        check("22:00", "07:60", "Europe/Oslo", Some("quiet.to"));
        check("22:00", "07:00", "Oslo", Some("quiet.timezone"));
    }
}
