//! The messages of the live socket. docs/API.md describes them for callers.

use crate::wire::bbox::Bbox;
use crate::wire::lifecycle::Lifecycle;
use chrono::{DateTime, Utc};
use domain::NodeKind;
use domain::access::Level;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Longest name a client may give a subscription.
pub(super) const SUBSCRIPTION_ID_MAX_BYTES: usize = 64;

#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum ClientMessage {
    Subscribe {
        id: String,
        topic: String,
        #[serde(default)]
        since: Option<String>,
        /// Of `positions`: west, south, east, north; without it the world.
        #[serde(default)]
        bbox: Option<Bbox>,
        /// Of `positions`: how often one is told of a device that moves, at most.
        #[serde(default)]
        per_second: Option<u8>,
    },
    Unsubscribe {
        id: String,
    },
    Ping {},
    /// Somebody types in a channel that this socket has open; nobody answers.
    Typing {
        channel_id: Uuid,
    },
}

/// Messages that carry no nodes or edges; those that do are put together in `frame.rs`.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ServerMessage<'a> {
    Hello {
        server_time: DateTime<Utc>,
        instance: Uuid,
        version: &'a str,
        person_id: Option<Uuid>,
    },
    Resync {
        id: &'a str,
    },
    Lifecycle {
        #[serde(flatten)]
        now: Lifecycle,
        /// Before the close: when to come back, so that not all do at once.
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_after_ms: Option<u64>,
    },
    /// Something of the reader's own has changed: they read it anew.
    Inbox {
        what: &'a [&'a str],
    },
    /// A status page is watched from here on. (It has neither rows nor a token: its readers fetch the page.)
    #[serde(rename = "subscribed")]
    Watching {
        id: &'a str,
    },
    /// A status page says something else now.
    Changed {
        id: &'a str,
    },
    /// Where devices are.
    Positions {
        id: &'a str,
        rows: &'a [PositionRow],
    },
    /// Who has a channel open, on whichever server.
    Presence {
        channel_id: Uuid,
        people: &'a [PresentPerson<'a>],
    },
    Pong {
        server_time: DateTime<Utc>,
        fresh_at: Option<DateTime<Utc>>,
    },
    Error {
        code: &'a str,
        detail: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'a str>,
    },
}

impl ServerMessage<'_> {
    pub(super) fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|_| r#"{"type":"error","code":"internal","detail":""}"#.to_owned())
    }
}

#[derive(Debug, Serialize)]
pub(super) struct PresentPerson<'a> {
    pub(super) id: Uuid,
    pub(super) title: &'a str,
    pub(super) typing: bool,
}

/// Device, time (ms), longitude and latitude (°), speed (km/h), heading (°).
pub(super) type PositionRow = (Uuid, i64, f64, f64, i16, i16);

/// Somebody's levels, by scope.
pub(super) type Levels = BTreeMap<Uuid, Level>;

/// Why a socket is closed, as its close code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CloseCode {
    Policy = 1008,
    TooLarge = 1009,
    Restart = 1012,
    SignedOut = 4401,
    TooSlow = 4408,
}

/// What a subscription is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Topic {
    /// All nodes of a kind.
    Kind(NodeKind),
    /// A node, its edges and the nodes at their other ends.
    Node(Uuid),
    /// A channel and its messages; of those at first the newest.
    Channel(Uuid),
    /// Announced shutdowns; always on.
    Lifecycle,
}

impl Topic {
    /// `kind:<kind>`, `node:<uuid>`, `channel:<uuid>` or `lifecycle`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text.split_once(':') {
            Some(("kind", kind)) => NodeKind::parse(kind).map(Self::Kind),
            Some(("node", id)) => Uuid::parse_str(id).ok().map(Self::Node),
            Some(("channel", id)) => Uuid::parse_str(id).ok().map(Self::Channel),
            None if text == "lifecycle" => Some(Self::Lifecycle),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics() {
        let id = Uuid::from_u128(7);
        let check = |text: &str, expect| assert_eq!(Topic::parse(text), expect, "{text:?}");
        check("kind:system", Some(Topic::Kind(NodeKind::System)));
        check(&format!("node:{id}"), Some(Topic::Node(id)));
        check(&format!("channel:{id}"), Some(Topic::Channel(id)));
        check("lifecycle", Some(Topic::Lifecycle));
        for bad in ["", "kind", "kind:", "kind:System", "node:7", "channel:7", "lifecycle:", "x:system", "kind:system:"] {
            check(bad, None);
        }
    }

    #[test]
    fn unknown_messages_and_fields_are_refused() {
        let check = |text: &str, ok: bool| assert_eq!(serde_json::from_str::<ClientMessage>(text).is_ok(), ok, "{text}");
        check(r#"{"type":"subscribe","id":"a","topic":"kind:system"}"#, true);
        check(r#"{"type":"subscribe","id":"a","topic":"kind:system","since":"x"}"#, true);
        check(r#"{"type":"subscribe","id":"a","topic":"positions","bbox":[1,2,3,4],"per_second":4}"#, true);
        check(r#"{"type":"subscribe","id":"a","topic":"positions","bbox":[3,2,1,4]}"#, false);
        check(r#"{"type":"unsubscribe","id":"a"}"#, true);
        check(r#"{"type":"ping"}"#, true);
        check(r#"{"type":"ping","x":1}"#, false);
        check(r#"{"type":"subscribe","id":"a"}"#, false);
        check(r#"{"type":"drop_table"}"#, false);
        check("[]", false);
    }
}
