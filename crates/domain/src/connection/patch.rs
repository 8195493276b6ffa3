//! What is set of a connection.

use super::{Channel, Connection, Security};
use crate::limits::{CONNECTION_SECRET_MAX_BYTES, CONNECTION_TEXT_MAX_BYTES, WEBHOOK_URL_MAX_BYTES};
use crate::refusal::Refusal;
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;
use utoipa::ToSchema;

/// A secret on its way in: neither its `Debug` nor its JSON says it.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Withheld(String);

impl Withheld {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Withheld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(withheld)")
    }
}

impl Serialize for Withheld {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str("(withheld)")
    }
}

/// What an intention sets of a connection; absent fields stay. Which there are is its channel's to say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectionPatch {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Of a mail server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Of a mail server; by default 465, 587 or 25, by its security.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 65535)]
    pub port: Option<i32>,
    /// Of a mail server; by default `starttls`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security: Option<Security>,
    /// Of a mail server; an empty text clears it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// What mail is sent from: an address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
    /// Of ntfy: `https://ntfy.example.org`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// Of a mail server. Secret; an empty text clears it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub password: Option<Withheld>,
    /// Of a webhook. Secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub url: Option<Withheld>,
    /// What a webhook is signed with. Secret; an empty text clears it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub signing_secret: Option<Withheld>,
    /// Of ntfy. Secret: whoever knows it may listen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub topic: Option<Withheld>,
    /// Of ntfy. Secret; an empty text clears it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub token: Option<Withheld>,
}

impl ConnectionPatch {
    /// What can be said without looking. `channel`: of a new one, which needs where it leads.
    pub fn validate(&self, channel: Option<Channel>) -> Result<(), Refusal> {
        self.validate_texts()?;
        let Some(channel) = channel else { return Ok(()) };
        let missing = |field: &str| Refusal::invalid(field, format!("a connection by {channel} needs it"));
        match channel {
            Channel::Smtp => {
                self.host.as_ref().ok_or_else(|| missing("host"))?;
                self.sender.as_ref().ok_or_else(|| missing("sender"))?;
            }
            Channel::Webhook | Channel::Slack => {
                self.url.as_ref().filter(|url| !url.expose().is_empty()).ok_or_else(|| missing("url"))?;
            }
            Channel::Ntfy => {
                self.server.as_ref().ok_or_else(|| missing("server"))?;
                self.topic.as_ref().filter(|topic| !topic.expose().is_empty()).ok_or_else(|| missing("topic"))?;
            }
        }
        self.fits(channel)
    }

    /// Refuses what a connection of this channel does not have.
    pub fn fits(&self, channel: Channel) -> Result<(), Refusal> {
        let given = [
            ("host", self.host.is_some(), &[Channel::Smtp][..]),
            ("port", self.port.is_some(), &[Channel::Smtp]),
            ("security", self.security.is_some(), &[Channel::Smtp]),
            ("username", self.username.is_some(), &[Channel::Smtp]),
            ("sender", self.sender.is_some(), &[Channel::Smtp]),
            ("password", self.password.is_some(), &[Channel::Smtp]),
            ("server", self.server.is_some(), &[Channel::Ntfy]),
            ("topic", self.topic.is_some(), &[Channel::Ntfy]),
            ("token", self.token.is_some(), &[Channel::Ntfy]),
            ("url", self.url.is_some(), &[Channel::Webhook, Channel::Slack]),
            ("signing_secret", self.signing_secret.is_some(), &[Channel::Webhook]),
        ];
        match given.iter().find(|(_, is_given, channels)| *is_given && !channels.contains(&channel)) {
            Some((field, ..)) => Err(Refusal::invalid(*field, format!("nothing: a connection by {channel} has none"))),
            None => Ok(()),
        }
    }

    /// Whether it leads to another place than before, for which its passwords were not given.
    pub fn moves(&self, before: &Connection) -> bool {
        self.host.as_ref().is_some_and(|host| *host != before.host)
            || self.port.is_some_and(|port| Some(port) != before.port)
            || self.security.is_some_and(|security| Some(security) != before.security)
            || self.server.is_some() && self.server != before.server
    }

    /// Where it leads afterwards, for people; `None`: where it did.
    pub fn host_shown(&self) -> Option<String> {
        let of_url = |url: &str| host_of(url).map(str::to_owned);
        self.host
            .clone()
            .or_else(|| self.server.as_deref().and_then(of_url))
            .or_else(|| self.url.as_ref().and_then(|url| of_url(url.expose())))
    }

    fn validate_texts(&self) -> Result<(), Refusal> {
        if self.host.as_deref().is_some_and(|host| !is_host(host)) {
            return Err(Refusal::invalid("host", "the name or address of a mail server"));
        }
        if self.port.is_some_and(|port| !(1..=65_535).contains(&port)) {
            return Err(Refusal::invalid("port", "1 to 65535"));
        }
        if self.sender.as_deref().is_some_and(|sender| !is_mail_address(sender)) {
            return Err(Refusal::invalid("sender", "an address like synops@example.org"));
        }
        if self.username.as_deref().is_some_and(|name| name.len() > CONNECTION_TEXT_MAX_BYTES || has_control(name)) {
            return Err(Refusal::invalid("username", format!("at most {CONNECTION_TEXT_MAX_BYTES} bytes")));
        }
        if self.server.as_deref().is_some_and(|server| !is_web_address(server) || server.contains(['?', '#'])) {
            return Err(Refusal::invalid("server", "an address like https://ntfy.example.org"));
        }
        let secret = |field: &str, value: &Option<Withheld>| match value {
            Some(text) if text.expose().len() > CONNECTION_SECRET_MAX_BYTES || has_control(text.expose()) => {
                Err(Refusal::invalid(field, format!("at most {CONNECTION_SECRET_MAX_BYTES} bytes on one line")))
            }
            _ => Ok(()),
        };
        secret("password", &self.password)?;
        secret("signing_secret", &self.signing_secret)?;
        secret("token", &self.token)?;
        if self.url.as_ref().is_some_and(|url| !is_web_address(url.expose())) {
            return Err(Refusal::invalid("url", "an http:// or https:// address without spaces"));
        }
        let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if self
            .topic
            .as_ref()
            .is_some_and(|topic| !(1..=64).contains(&topic.expose().len()) || !topic.expose().chars().all(known))
        {
            return Err(Refusal::invalid("topic", "1 to 64 letters, digits, - or _"));
        }
        Ok(())
    }
}

/// Whether a text is an address that mail can be sent from or to. Control characters could become headers.
pub(crate) fn is_mail_address(text: &str) -> bool {
    let parts: Vec<&str> = text.split('@').collect();
    let clean = !text.chars().any(|c| c.is_whitespace() || c.is_control() || "<>,;:\"()[]\\".contains(c));
    parts.len() == 2 && parts.iter().all(|part| !part.is_empty()) && text.len() <= 254 && clean
}

fn is_web_address(text: &str) -> bool {
    let fits = text.len() <= WEBHOOK_URL_MAX_BYTES && !text.chars().any(|c| c.is_whitespace() || c.is_control());
    fits && (text.starts_with("https://") || text.starts_with("http://")) && host_of(text).is_some()
}

/// The host of a URL, without user, password and port.
fn host_of(url: &str) -> Option<&str> {
    let authority = url.split_once("://")?.1.split(['/', '?', '#', '\\']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match host.strip_prefix('[') {
        Some(v6) => v6.split_once(']')?.0,
        None => host.rsplit_once(':').map_or(host, |(host, _)| host),
    };
    (!host.is_empty() && host.len() <= CONNECTION_TEXT_MAX_BYTES).then_some(host)
}

fn is_host(text: &str) -> bool {
    let known = |c: char| c.is_ascii_alphanumeric() || ".-_:".contains(c);
    (1..=CONNECTION_TEXT_MAX_BYTES).contains(&text.len()) && text.chars().all(known)
}

fn has_control(text: &str) -> bool {
    text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn check(channel: Option<Channel>, patch: &Value, expect: Option<&str>) {
        let read: ConnectionPatch = serde_json::from_value(patch.clone()).unwrap();
        let field = read.validate(channel).err().map(|refusal| match refusal {
            Refusal::Invalid { field, .. } => field,
            other => panic!("{other}"),
        });
        assert_eq!(field.as_deref(), expect, "{channel:?} {patch}");
    }

    #[test]
    fn each_channel_has_its_own_fields() {
        use Channel::{Ntfy, Slack, Smtp, Webhook};
        check(Some(Smtp), &json!({ "host": "mail.example.org", "sender": "ops@example.org" }), None);
        check(Some(Smtp), &json!({ "host": "mail.example.org" }), Some("sender"));
        check(Some(Smtp), &json!({ "host": "a", "sender": "a@b", "url": "https://x" }), Some("url"));
        check(Some(Webhook), &json!({ "url": "https://hooks.example.org/x", "signing_secret": "s" }), None);
        check(Some(Webhook), &json!({}), Some("url"));
        check(Some(Slack), &json!({ "url": "https://hooks.example.org/x", "signing_secret": "s" }), Some("signing_secret"));
        check(Some(Ntfy), &json!({ "server": "https://ntfy.example.org", "topic": "ops-1" }), None);
        check(Some(Ntfy), &json!({ "server": "https://ntfy.example.org" }), Some("topic"));
    }

    #[test]
    fn what_could_become_a_header_is_refused() {
        check(None, &json!({ "sender": "a@b\r\nBcc: c@d" }), Some("sender"));
        check(None, &json!({ "sender": "a b@c" }), Some("sender"));
        check(None, &json!({ "token": "a\r\nx: y" }), Some("token"));
        check(None, &json!({ "url": "https://a/\nb" }), Some("url"));
        check(None, &json!({ "url": "file:///etc/passwd" }), Some("url"));
        check(None, &json!({ "url": "https://" }), Some("url"));
        check(None, &json!({ "host": "a b" }), Some("host"));
        check(None, &json!({ "topic": "../x" }), Some("topic"));
        check(None, &json!({ "port": 0 }), Some("port"));
        check(None, &json!({ "server": "https://a/?x" }), Some("server"));
    }

    #[test]
    fn the_shown_host_holds_no_secret() {
        let check = |url: &str, expect: &str| {
            let patch = ConnectionPatch { url: Some(Withheld::new(url)), ..Default::default() };
            assert_eq!(patch.host_shown().as_deref(), Some(expect), "{url}");
        };
        check("https://hooks.example.org/services/T0/B0/secret", "hooks.example.org");
        check("https://user:secret@host:8443/x", "host");
        check("https://[::1]:80/x", "::1");
        check("https://host?token=secret", "host");
        check("https://host\\@secret/x", "host");
    }

    #[test]
    fn a_secret_is_never_written_out() {
        let patch: ConnectionPatch = serde_json::from_str(r#"{"password":"s3cret","url":"https://s3cret"}"#).unwrap();
        assert!(!serde_json::to_string(&patch).unwrap().contains("s3cret"));
        assert!(!format!("{patch:?}").contains("s3cret"));
    }
}
