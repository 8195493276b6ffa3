//! Connections: how messages leave Synops. What is secret of them is kept apart and never shown.

mod patch;
mod secrets;

pub use patch::{ConnectionPatch, Withheld};
pub use secrets::{ConnectionSecrets, SecretField};

use crate::text::text_enum;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

text_enum! {
    /// How a connection speaks.
    Channel {
        /// A mail server.
        Smtp = "smtp",
        /// A signed POST of JSON.
        Webhook = "webhook",
        /// A webhook as Slack and Mattermost have it.
        Slack = "slack",
        /// A topic of an ntfy server.
        Ntfy = "ntfy",
    }
}

text_enum! {
    /// How a mail server is spoken with.
    Security {
        /// TLS from the first byte.
        Tls = "tls",
        /// TLS after asking for it; without it nothing is sent.
        Starttls = "starttls",
        /// None: for a mail server on the same machine.
        None = "none",
    }
}

/// What a node of kind `connection` has besides. None of it is secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    pub channel: Channel,
    pub enabled: bool,
    /// Where it leads, for people: a host without what may be secret of its address.
    pub host: String,
    /// Of a mail server.
    pub port: Option<i32>,
    /// Of a mail server.
    pub security: Option<Security>,
    /// Of a mail server.
    pub username: Option<String>,
    /// What mail is sent from.
    pub sender: Option<String>,
    /// Of ntfy: its address without the topic.
    pub server: Option<String>,
    /// Which secrets are set.
    pub secrets: Vec<SecretField>,
    /// When a test message was last sent.
    pub tested_at: Option<DateTime<Utc>>,
    /// What went wrong with it; `None`: nothing.
    pub test_error: Option<String>,
}

/// What became of a test message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestOutcome {
    pub ok: bool,
    /// What the other side answered, or why there was no answer: cleaned and cut.
    pub detail: String,
    pub took_ms: i64,
}
