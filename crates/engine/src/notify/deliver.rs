//! One attempt at a delivery, written down with how far it is.

use super::{Message, Office, Post, Verdict};
use crate::jobs::{Context, Done, Failure};
use domain::connection::Channel;
use domain::notification::{DeliveryState, Letter, NoticeKind, Rendered, render};
use serde_json::json;
use std::time::{Duration, Instant};
use store::delivery::{AttemptRow, ToSend};
use uuid::Uuid;

impl Post {
    /// Sends one, unless it was sent, or whom it is for may not read it any more.
    pub(crate) async fn deliver(&self, context: &Context, id: Uuid) -> Result<Done, Failure> {
        let office = self.0.as_deref().ok_or_else(|| Failure::Again("this server sends no messages".to_owned()))?;
        // Its node, its person, or all that was old is gone.
        let Some(delivery) = store::delivery::find_to_send(context.pool(), id).await? else { return Ok(None) };
        if matches!(delivery.state.as_str(), "sent" | "withdrawn") {
            return Ok(None);
        }
        if !store::notification::may_still_be_told(context.pool(), id).await? {
            let mut tx = store::begin(context.pool()).await?;
            context.hold(&mut tx).await?;
            store::delivery::withdraw_delivery(&mut *tx, id).await?;
            tx.commit().await?;
            return Ok(Some(json!({ "withdrawn": true })));
        }
        let begun = Instant::now();
        let attempt = context.stop().run_until_cancelled(office.attempt(&delivery)).await.ok_or(Failure::Stopped)?;
        office.write_down(context, &delivery, &attempt, begun.elapsed()).await?;
        match attempt.verdict {
            Verdict::Sent(told) => Ok(Some(json!({ "answer": told }))),
            Verdict::Again(told) => Err(Failure::Again(told)),
            Verdict::Never(told) => Err(Failure::Never(told)),
        }
    }
}

struct Attempt {
    verdict: Verdict,
    rendered: Option<Rendered>,
}

impl Attempt {
    fn none(verdict: Verdict) -> Self {
        Self { verdict, rendered: None }
    }
}

impl Office {
    async fn attempt(&self, delivery: &ToSend) -> Attempt {
        match self.prepared(delivery).await {
            Ok(attempt) => attempt,
            Err(error) => Attempt::none(Verdict::Again(format!("the database: {error}"))),
        }
    }

    async fn prepared(&self, delivery: &ToSend) -> Result<Attempt, sqlx::Error> {
        let never = |why: &str| Ok(Attempt::none(Verdict::Never(why.to_owned())));
        let Some(connection_id) = delivery.connection_id else { return never("its connection was deleted") };
        let Some(connection) = store::connection::find_connection(&self.pool, connection_id).await? else {
            return never("its connection was deleted");
        };
        if !connection.enabled {
            return never("its connection is switched off");
        }
        if Some(connection.channel) != Channel::parse(&delivery.channel) {
            return never("its connection is another by now");
        }
        let Ok(mut letter) = serde_json::from_value::<Letter>(delivery.fields.clone()) else {
            return never("what it is made from is of another version");
        };
        letter.url = format!("{}/{}s/{}", self.public_url, letter.node_kind, letter.node_id);
        if let Some(links) = &mut letter.status {
            letter.url = format!("{}{}", self.public_url, links.page);
            links.unsubscribe = links.unsubscribe.as_ref().map(|path| format!("{}{path}", self.public_url));
        }
        let own = store::connection::list_connection_templates(&self.pool, connection_id).await?;
        // A stranger's mail says how to end it, in words that are built in.
        let own = own.iter().find(|template| template.kind == letter.kind && letter.status.is_none());
        let rendered = render(connection.channel, own, &letter);
        let secrets = match self.secrets(connection_id).await {
            Ok(secrets) => secrets,
            Err(why) => return Ok(Attempt { verdict: Verdict::Again(why), rendered: Some(rendered) }),
        };
        let fields = json!(letter);
        let message = Message {
            id: delivery.id,
            message_id: &delivery.message_id,
            kind: letter.kind,
            to: delivery.address.as_deref().map(|address| (delivery.recipient.as_str(), address)),
            rendered: &rendered,
            unsubscribe: letter.status.as_ref().and_then(|links| links.unsubscribe.as_deref()),
            fields: &fields,
        };
        let verdict = self.send(&connection, &secrets, &message).await;
        // The link that confirms is for its address alone: nobody reads it in the log.
        let rendered = (letter.kind != NoticeKind::StatusConfirmation).then_some(rendered);
        Ok(Attempt { verdict, rendered })
    }

    async fn write_down(&self, context: &Context, delivery: &ToSend, attempt: &Attempt, took: Duration) -> Result<(), Failure> {
        let (ok, detail) = match &attempt.verdict {
            Verdict::Sent(told) => (true, told),
            Verdict::Again(told) | Verdict::Never(told) => (false, told),
        };
        let row = AttemptRow { delivery_id: delivery.id, job_id: context.id(), ok, detail, took };
        let state = if ok { DeliveryState::Sent } else { DeliveryState::Failed };
        let message = attempt.rendered.as_ref().map(|made| (made.subject.as_str(), made.body.as_str()));
        let mut tx = store::begin(context.pool()).await?;
        // Whoever has the job by now writes for it.
        context.hold(&mut tx).await?;
        store::delivery::record_attempt(&mut *tx, row, state, message).await?;
        Ok(tx.commit().await?)
    }
}
