//! Channels: where people talk about something.

use crate::limits::{CHANNEL_HISTORY_MAX_DAYS, CHANNEL_ROWS_MAX};
use crate::node::NodeKind;
use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What a node of kind `channel` has besides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channel {
    /// The system, incident, maintenance or board whose channel it is.
    pub beside_id: Option<Uuid>,
    pub history: History,
}

/// How much of a channel its readers are given when they open it. Older messages are there for whoever asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum History {
    None,
    /// The newest so many.
    Messages {
        #[schema(minimum = 1, maximum = 200)]
        count: i32,
    },
    /// Those of so many days; of more than 200 the newest.
    Days {
        #[schema(minimum = 1, maximum = 366)]
        count: i32,
    },
}

impl Default for History {
    fn default() -> Self {
        Self::Messages { count: 50 }
    }
}

impl History {
    pub fn validate(self) -> Result<(), Refusal> {
        let (count, most) = match self {
            Self::None => return Ok(()),
            Self::Messages { count } => (count, i32::try_from(CHANNEL_ROWS_MAX).unwrap_or(i32::MAX)),
            Self::Days { count } => (count, CHANNEL_HISTORY_MAX_DAYS),
        };
        if (1..=most).contains(&count) { Ok(()) } else { Err(Refusal::invalid("history.count", format!("1 to {most}"))) }
    }

    /// As it is kept: a word and a number.
    pub const fn parts(self) -> (&'static str, i32) {
        match self {
            Self::None => ("none", 1),
            Self::Messages { count } => ("messages", count),
            Self::Days { count } => ("days", count),
        }
    }

    pub fn of_parts(word: &str, count: i32) -> Option<Self> {
        match word {
            "none" => Some(Self::None),
            "messages" => Some(Self::Messages { count }),
            "days" => Some(Self::Days { count }),
            _ => None,
        }
    }
}

/// What to set of a channel; absent fields stay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChannelPatch {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub history: Option<History>,
}

impl ChannelPatch {
    pub fn validate(self) -> Result<(), Refusal> {
        self.history.map_or(Ok(()), History::validate)
    }
}

/// Whether a channel of such a thing is the thing's own, of which there is one.
pub const fn is_beside(parent: NodeKind) -> bool {
    matches!(parent, NodeKind::System | NodeKind::Incident | NodeKind::Maintenance | NodeKind::Board)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_is_bounded() {
        let check = |history: History, ok: bool| {
            assert_eq!(history.validate().is_ok(), ok, "{history:?}");
            let (word, count) = history.parts();
            assert_eq!(History::of_parts(word, count), Some(history));
        };
        check(History::None, true);
        check(History::default(), true);
        for (count, ok) in [(0, false), (1, true), (200, true), (201, false), (-1, false)] {
            check(History::Messages { count }, ok);
        }
        for (count, ok) in [(0, false), (366, true), (367, false)] {
            check(History::Days { count }, ok);
        }
    }
}
