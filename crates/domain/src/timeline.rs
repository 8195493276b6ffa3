//! What people are told about a maintenance or an incident, newest last; and what was said before it was
//! edited.

use crate::access::Level;
use crate::incident::IncidentState;
use crate::limits::UPDATE_MESSAGE_MAX_BYTES;
use crate::maintenance::MaintenanceState;
use crate::refusal::Refusal;
use crate::text::text_enum;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

text_enum! {
    /// Whom an update is for, among those who may see what it is about.
    Audience {
        Public = "public",
        SignedIn = "signed_in",
        /// Members of the scope.
        Internal = "internal",
    }
}

impl Audience {
    /// What somebody with this level in the scope of a maintenance or an incident is told: the one place
    /// that decides it. `level` is `None` for whoever may not see it at all.
    pub fn of(level: Option<Level>, signed_in: bool) -> &'static [Self] {
        match level {
            None => &[],
            Some(level) if signed_in && level >= Level::Member => &[Self::Public, Self::SignedIn, Self::Internal],
            Some(_) if signed_in => &[Self::Public, Self::SignedIn],
            Some(_) => &[Self::Public],
        }
    }
}

/// The state that came with an update: of a maintenance or of an incident, whichever it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StateChange {
    Maintenance(MaintenanceState),
    Incident(IncidentState),
}

impl StateChange {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Maintenance(state) => state.as_str(),
            Self::Incident(state) => state.as_str(),
        }
    }

    /// The two have no text in common.
    pub fn parse(text: &str) -> Option<Self> {
        MaintenanceState::parse(text).map(Self::Maintenance).or_else(|| IncidentState::parse(text).map(Self::Incident))
    }

    /// `None` of an incident's.
    pub const fn of_maintenance(self) -> Option<MaintenanceState> {
        if let Self::Maintenance(state) = self { Some(state) } else { None }
    }

    /// `None` of a maintenance's.
    pub const fn of_incident(self) -> Option<IncidentState> {
        if let Self::Incident(state) = self { Some(state) } else { None }
    }
}

/// Something that people were told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Update {
    pub id: Uuid,
    /// Raised by each edit.
    pub version: i64,
    pub at: DateTime<Utc>,
    /// `None`: the server itself.
    pub by_id: Option<Uuid>,
    /// As it was then.
    pub by_title: Option<String>,
    pub message: String,
    pub audience: Audience,
    pub state_change: Option<StateChange>,
    /// Last; `None`: never.
    pub edited_at: Option<DateTime<Utc>>,
}

/// What an update said before it was edited, and to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    pub id: Uuid,
    /// When it was replaced.
    pub at: DateTime<Utc>,
    /// Who replaced it; `None`: the server itself.
    pub by_id: Option<Uuid>,
    /// As it was then.
    pub by_title: Option<String>,
    pub message: String,
    pub audience: Audience,
}

/// What may be set of an update; absent fields stay.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdatePatch {
    /// Markdown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub message: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub audience: Option<Audience>,
}

impl UpdatePatch {
    pub fn validate(&self) -> Result<(), Refusal> {
        if self.message.is_none() && self.audience.is_none() {
            return Err(Refusal::invalid("message", "at least one field to change"));
        }
        self.message.as_deref().map_or(Ok(()), validate_message)
    }
}

/// What people are told: not empty, and not without end.
pub fn validate_message(message: &str) -> Result<(), Refusal> {
    if message.trim().is_empty() || message.len() > UPDATE_MESSAGE_MAX_BYTES || message.contains('\0') {
        return Err(Refusal::invalid("message", format!("1 to {UPDATE_MESSAGE_MAX_BYTES} bytes, without NUL")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn internal_updates_are_for_members() {
        let check = |level, signed_in, expect: &[Audience]| assert_eq!(Audience::of(level, signed_in), expect);
        check(None, true, &[]);
        check(Some(Level::Reader), false, &[Audience::Public]);
        check(Some(Level::Reader), true, &[Audience::Public, Audience::SignedIn]);
        check(Some(Level::Member), true, Audience::ALL);
        check(Some(Level::Owner), true, Audience::ALL);
        // Nobody is a member without having signed in.
        check(Some(Level::Owner), false, &[Audience::Public]);
    }

    #[test]
    fn a_state_that_came_with_an_update_is_read_again() {
        for state in MaintenanceState::ALL {
            assert_eq!(StateChange::parse(state.as_str()), Some(StateChange::Maintenance(*state)));
        }
        for state in IncidentState::ALL {
            assert_eq!(StateChange::parse(state.as_str()), Some(StateChange::Incident(*state)));
        }
        assert_eq!(StateChange::parse("over"), None);
    }

    #[test]
    fn an_edit_changes_something() {
        let check = |json: &str, ok: bool| {
            let patch: UpdatePatch = serde_json::from_str(json).unwrap();
            assert_eq!(patch.validate().is_ok(), ok, "{json}");
        };
        check(r#"{"message":"Half way."}"#, true);
        check(r#"{"audience":"internal"}"#, true);
        check("{}", false);
        check(r#"{"message":" "}"#, false);
        check(r#"{"message":"a\u0000b"}"#, false);
    }
}
