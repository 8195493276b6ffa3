//! Connections: what is asked, and what is told of them. Never a secret.

use chrono::{DateTime, Utc};
use domain::connection::{Channel, Connection, ConnectionPatch, SecretField, Security, TestOutcome, Withheld};
use domain::notification::{NoticeKind, Rendered, Template};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What a connection has besides.
#[derive(Serialize, ToSchema)]
#[schema(as = Connection)]
pub(crate) struct ConnectionView<'a> {
    channel: Channel,
    enabled: bool,
    /// Where it leads.
    #[schema(example = "hooks.example.org")]
    host: &'a str,
    /// Of a mail server.
    #[schema(required, example = 587)]
    port: Option<i32>,
    #[schema(required)]
    security: Option<Security>,
    #[schema(required)]
    username: Option<&'a str>,
    /// What mail is sent from.
    #[schema(required, example = "synops@example.org")]
    sender: Option<&'a str>,
    /// Of ntfy.
    #[schema(required, example = "https://ntfy.example.org")]
    server: Option<&'a str>,
    /// Which secrets are set. They are never shown.
    secrets: &'a [SecretField],
    /// When a test message was last sent.
    #[schema(required)]
    tested_at: Option<DateTime<Utc>>,
    /// What was wrong with it; null: nothing.
    #[schema(required)]
    test_error: Option<&'a str>,
}

impl<'a> From<&'a Connection> for ConnectionView<'a> {
    fn from(connection: &'a Connection) -> Self {
        Self {
            channel: connection.channel,
            enabled: connection.enabled,
            host: &connection.host,
            port: connection.port,
            security: connection.security,
            username: connection.username.as_deref(),
            sender: connection.sender.as_deref(),
            server: connection.server.as_deref(),
            secrets: &connection.secrets,
            tested_at: connection.tested_at,
            test_error: connection.test_error.as_deref(),
        }
    }
}

/// A new connection. Which fields there are is its channel's to say: `smtp` needs `host` and `sender`, `webhook` and
/// `slack` need `url`, `ntfy` needs `server` and `topic`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewConnection {
    /// Made by the caller, if at all.
    #[schema(nullable = false)]
    pub(crate) id: Option<Uuid>,
    /// A workspace or the instance.
    pub(crate) parent_id: Uuid,
    #[schema(min_length = 1, max_length = 200, example = "Mail")]
    pub(crate) title: String,
    /// Markdown.
    #[serde(default)]
    pub(crate) body: String,
    pub(crate) channel: Channel,
    /// By default true.
    #[schema(nullable = false)]
    enabled: Option<bool>,
    #[schema(nullable = false, example = "mail.example.org")]
    host: Option<String>,
    /// By default 465, 587 or 25, by its security.
    #[schema(nullable = false, minimum = 1, maximum = 65535)]
    port: Option<i32>,
    /// By default `starttls`.
    #[schema(nullable = false)]
    security: Option<Security>,
    #[schema(nullable = false)]
    username: Option<String>,
    #[schema(nullable = false, example = "synops@example.org")]
    sender: Option<String>,
    #[schema(nullable = false, example = "https://ntfy.example.org")]
    server: Option<String>,
    #[schema(value_type = Option<String>, nullable = false)]
    password: Option<Withheld>,
    #[schema(value_type = Option<String>, nullable = false)]
    url: Option<Withheld>,
    /// What a webhook is signed with.
    #[schema(value_type = Option<String>, nullable = false)]
    signing_secret: Option<Withheld>,
    #[schema(value_type = Option<String>, nullable = false)]
    topic: Option<Withheld>,
    #[schema(value_type = Option<String>, nullable = false)]
    token: Option<Withheld>,
}

impl NewConnection {
    pub(crate) fn patch(&mut self) -> ConnectionPatch {
        ConnectionPatch {
            enabled: self.enabled,
            host: self.host.take(),
            port: self.port,
            security: self.security,
            username: self.username.take(),
            sender: self.sender.take(),
            server: self.server.take(),
            password: self.password.take(),
            url: self.url.take(),
            signing_secret: self.signing_secret.take(),
            topic: self.topic.take(),
            token: self.token.take(),
        }
    }
}

/// Changes of a connection; absent fields stay, an empty text clears a secret. One that leads elsewhere (another host,
/// port, security or server) forgets password, topic and token unless they are given with it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConnectionChange {
    #[schema(nullable = false)]
    pub(crate) title: Option<String>,
    #[schema(nullable = false)]
    pub(crate) body: Option<String>,
    #[schema(nullable = false)]
    enabled: Option<bool>,
    #[schema(nullable = false)]
    host: Option<String>,
    #[schema(nullable = false, minimum = 1, maximum = 65535)]
    port: Option<i32>,
    #[schema(nullable = false)]
    security: Option<Security>,
    #[schema(nullable = false)]
    username: Option<String>,
    #[schema(nullable = false)]
    sender: Option<String>,
    #[schema(nullable = false)]
    server: Option<String>,
    #[schema(value_type = Option<String>, nullable = false)]
    password: Option<Withheld>,
    #[schema(value_type = Option<String>, nullable = false)]
    url: Option<Withheld>,
    #[schema(value_type = Option<String>, nullable = false)]
    signing_secret: Option<Withheld>,
    #[schema(value_type = Option<String>, nullable = false)]
    topic: Option<Withheld>,
    #[schema(value_type = Option<String>, nullable = false)]
    token: Option<Withheld>,
}

impl ConnectionChange {
    pub(crate) fn patch(&mut self) -> ConnectionPatch {
        ConnectionPatch {
            enabled: self.enabled,
            host: self.host.take(),
            port: self.port,
            security: self.security,
            username: self.username.take(),
            sender: self.sender.take(),
            server: self.server.take(),
            password: self.password.take(),
            url: self.url.take(),
            signing_secret: self.signing_secret.take(),
            topic: self.topic.take(),
            token: self.token.take(),
        }
    }
}

/// Where a test message goes.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TestRequest {
    /// Of mail; by default one's own address.
    #[schema(nullable = false, example = "kari@example.org")]
    pub(crate) to: Option<String>,
}

/// What became of a test message.
#[derive(Serialize, ToSchema)]
pub(crate) struct TestResult {
    ok: bool,
    /// What the other side answered, or why there was no answer.
    #[schema(example = "it answered 200: ok")]
    detail: String,
    took_ms: i64,
}

impl From<TestOutcome> for TestResult {
    fn from(outcome: TestOutcome) -> Self {
        Self { ok: outcome.ok, detail: outcome.detail, took_ms: outcome.took_ms }
    }
}

/// A connection's own words.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Templates {
    /// One for a kind; kinds without one have the words that are built in.
    #[schema(max_items = 64)]
    pub(crate) templates: Vec<Template>,
}

/// What to show an example of.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PreviewRequest {
    pub(crate) kind: NoticeKind,
    /// Words to try; absent: those of the connection.
    #[schema(nullable = false)]
    pub(crate) template: Option<TriedTemplate>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TriedTemplate {
    #[schema(max_length = 8192)]
    pub(crate) subject: String,
    #[schema(max_length = 8192)]
    pub(crate) body: String,
    #[schema(nullable = false, max_length = 8192)]
    pub(crate) html: Option<String>,
}

/// A message as it would go out.
#[derive(Serialize, ToSchema)]
pub(crate) struct Preview {
    subject: String,
    body: String,
    /// Of mail.
    #[schema(required)]
    html: Option<String>,
}

impl From<Rendered> for Preview {
    fn from(made: Rendered) -> Self {
        Self { subject: made.subject, body: made.body, html: made.html }
    }
}
