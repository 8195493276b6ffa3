//! Test messages: whoever sets up a connection sees at once whether it works.

use super::{Message, Office, Post, Verdict};
use domain::Refusal;
use domain::connection::{Channel, TestOutcome};
use domain::notification::{Messenger, NoticeKind, Rendered};
use serde_json::json;
use std::pin::Pin;
use std::time::Instant;
use uuid::Uuid;

const SUBJECT: &str = "Test message from Synops";
const BODY: &str = "This connection works. Somebody who administers it sent this to try it.";

impl Messenger for Post {
    fn test(
        &self,
        connection_id: Uuid,
        to: Option<String>,
    ) -> Pin<Box<dyn Future<Output = Result<TestOutcome, Refusal>> + Send + '_>> {
        Box::pin(async move {
            let office =
                self.0.as_deref().ok_or(Refusal::Unavailable { detail: "this server sends no messages", source: None })?;
            office.test(connection_id, to.as_deref()).await
        })
    }
}

impl Office {
    async fn test(&self, connection_id: Uuid, to: Option<&str>) -> Result<TestOutcome, Refusal> {
        let found = store::connection::find_connection(&self.pool, connection_id).await.map_err(store::refusal)?;
        let connection = found.ok_or(Refusal::NotFound { what: "connection" })?;
        if connection.channel == Channel::Smtp && to.is_none() {
            return Err(Refusal::invalid("to", "an address: your account has none"));
        }
        let id = Uuid::now_v7();
        let domain =
            connection.sender.as_deref().and_then(|sender| sender.rsplit_once('@')).map_or("synops", |(_, domain)| domain);
        let message_id = format!("<{id}@{domain}>");
        let rendered = Rendered { subject: SUBJECT.to_owned(), body: BODY.to_owned(), html: None };
        let fields = json!({ "test": true, "url": self.public_url });
        let message = Message {
            id,
            message_id: &message_id,
            kind: NoticeKind::Announcement,
            to: to.map(|address| ("", address)),
            rendered: &rendered,
            unsubscribe: None,
            fields: &fields,
        };
        let begun = Instant::now();
        let verdict = match self.secrets(connection_id).await {
            Ok(secrets) => self.send(&connection, &secrets, &message).await,
            Err(why) => Verdict::Again(why),
        };
        let took_ms = i64::try_from(begun.elapsed().as_millis()).unwrap_or(i64::MAX);
        let (ok, detail) = match verdict {
            Verdict::Sent(told) => (true, told),
            Verdict::Again(told) | Verdict::Never(told) => (false, told),
        };
        Ok(TestOutcome { ok, detail, took_ms })
    }
}
