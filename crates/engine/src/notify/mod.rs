//! Sends messages: by mail, webhook, Slack's and ntfy. Each within its time and past the guard, however the
//! other side behaves; and each says whether another try may help.

mod deliver;
mod http;
mod smtp;
mod test_message;

use crate::check::guard::Guard;
use crate::check::network::Network;
use domain::connection::{Channel, Connection, ConnectionSecrets};
use domain::limits::{CONNECTION_ANSWER_MAX_CHARS, DELIVERY_TIMEOUT};
use domain::notification::{NoticeKind, Rendered};
use keyring::Keyring;
use reqwest::Client;
use serde_json::Value;
use std::sync::Arc;
use store::Pool;
use uuid::Uuid;

/// What became of an attempt. The texts are for people: cleaned, cut and without secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Verdict {
    Sent(String),
    /// Another time it may go better.
    Again(String),
    /// It will not.
    Never(String),
}

/// One message on its way.
struct Message<'a> {
    /// The same on every attempt.
    id: Uuid,
    message_id: &'a str,
    kind: NoticeKind,
    /// Of mail: whom it goes to.
    to: Option<(&'a str, &'a str)>,
    rendered: &'a Rendered,
    /// Of mail: the address that ends it at once (RFC 8058).
    unsubscribe: Option<&'a str>,
    /// What it is made from, for machines.
    fields: &'a Value,
}

/// Sends messages by connections. Cheap to clone.
#[derive(Clone, Default)]
pub struct Post(Option<Arc<Office>>);

struct Office {
    network: Network,
    client: Client,
    keyring: Option<Keyring>,
    /// Where people reach the server, for links.
    public_url: String,
    /// For test messages, which nobody claims a job for.
    pool: Pool,
}

impl Post {
    /// The process has installed its TLS provider before. What checks may reach by configuration messages may
    /// not: link-local addresses and metadata services are refused always.
    pub fn new(pool: Pool, keyring: Option<Keyring>, public_url: impl Into<String>) -> Result<Self, reqwest::Error> {
        let network = Network::new(Guard::default());
        let client = crate::check::http::client(&network, "notification")?;
        Ok(Self(Some(Arc::new(Office { network, client, keyring, public_url: public_url.into(), pool }))))
    }
}

impl std::fmt::Debug for Post {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Post")
    }
}

impl Office {
    /// Sends within its time.
    async fn send(&self, connection: &Connection, secrets: &ConnectionSecrets, message: &Message<'_>) -> Verdict {
        let sending = async {
            match connection.channel {
                Channel::Smtp => smtp::send(self, connection, secrets, message).await,
                Channel::Webhook => http::webhook(self, secrets, message).await,
                Channel::Slack => http::slack(self, secrets, message).await,
                Channel::Ntfy => http::ntfy(self, connection, secrets, message).await,
            }
        };
        let verdict = tokio::time::timeout(DELIVERY_TIMEOUT, sending).await;
        let late = || Verdict::Again(format!("no answer within {} s", DELIVERY_TIMEOUT.as_secs()));
        match verdict.unwrap_or_else(|_| late()) {
            Verdict::Sent(told) => Verdict::Sent(clean(secrets, &told)),
            Verdict::Again(told) => Verdict::Again(clean(secrets, &told)),
            Verdict::Never(told) => Verdict::Never(clean(secrets, &told)),
        }
    }

    async fn secrets(&self, id: Uuid) -> Result<ConnectionSecrets, String> {
        let row =
            store::connection::find_connection_secrets(&self.pool, id).await.map_err(|error| format!("the database: {error}"))?;
        match (row, &self.keyring) {
            (None, _) => Ok(ConnectionSecrets::default()),
            (Some(_), None) => Err("this server has no key to open its secrets: set secrets.key".to_owned()),
            (Some(row), Some(keys)) => intentions::open_secrets(keys, id, &row).map_err(|error| format!("its secrets: {error}")),
        }
    }
}

/// What a peer said, fit to be shown: it may repeat what it was sent, or send what moves a terminal's cursor.
fn clean(secrets: &ConnectionSecrets, text: &str) -> String {
    let words: Vec<&str> = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    secrets.hide_in(&words.join(" ")).chars().take(CONNECTION_ANSWER_MAX_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_peer_says_is_cleaned_cut_and_without_secrets() {
        let secrets = ConnectionSecrets { password: Some("hunter2".to_owned()), ..ConnectionSecrets::default() };
        assert_eq!(clean(&secrets, "535 \u{1b}[31mno\r\n hunter2\0 is wrong"), "535 [31mno … is wrong");
        assert_eq!(clean(&secrets, &"x".repeat(5_000)).len(), CONNECTION_ANSWER_MAX_CHARS);
    }
}
