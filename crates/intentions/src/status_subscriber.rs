//! Strangers who want to be told by mail what a status page says. They are no part of the graph, so this is no
//! intention; but the row and the mail that confirms it are one transaction, as everywhere.

use crate::Intentions;
use crate::notify::{BATCH, deliver, letter, message_id};
use domain::Refusal;
use domain::connection::Channel;
use domain::limits::{
    NOTICE_SYSTEMS_MAX, RECIPIENTS_PER_BATCH, STATUS_PAGES_TOLD_MAX, STATUS_SUBSCRIBERS_PER_PAGE_MAX,
    STATUS_UNCONFIRMED_PER_PAGE_MAX,
};
use domain::node::NodeKind;
use domain::notification::{Letter, Notice, NoticeKind, StatusLinks};
use serde_json::json;
use sqlx::PgConnection;
use std::time::Duration;
use store::delivery::NewDelivery;
use store::status_page::Follower;
use uuid::Uuid;

/// An address is sent the link at most so often, whoever asks.
const SENT_AGAIN_AFTER: Duration = Duration::from_secs(3600);

/// An address that somebody says is theirs.
pub struct NewSubscriber {
    pub page_id: Uuid,
    pub email: String,
    /// Of the token in `confirm_path`.
    pub token_hash: Vec<u8>,
    /// On this server.
    pub confirm_path: String,
    /// How long the link holds.
    pub lasts: Duration,
}

/// A mail server, and what it sends from.
type Mail = (Uuid, String);

impl Intentions {
    /// Takes the address down and has it sent the link that confirms it; or does nothing, where it is subscribed, was
    /// sent the link just now, or the page has too many. Which of these, nobody is told. False, and nothing is kept,
    /// where the page has no mail server to ask by.
    pub async fn subscribe_to_status(&self, new: NewSubscriber) -> Result<bool, Refusal> {
        self.try_subscribe(new).await.map_err(store::refusal)
    }

    async fn try_subscribe(&self, new: NewSubscriber) -> Result<bool, store::Error> {
        let mut tx = store::begin(&self.pool).await?;
        let (page_id, email) = (new.page_id, new.email.as_str());
        let Some(mail) = store::notification::find_mail_connection(&mut *tx, page_id).await? else { return Ok(false) };
        if store::status_page::count_subscribers(&mut *tx, page_id).await?.confirmed >= STATUS_SUBSCRIBERS_PER_PAGE_MAX {
            tracing::warn!(%page_id, "a status page has as many subscribers as it may");
            return Ok(true);
        }
        let taken =
            store::status_page::upsert_subscriber(&mut *tx, page_id, email, &new.token_hash, new.lasts, SENT_AGAIN_AFTER).await?;
        if let Some(subscriber_id) = taken {
            send_confirmation(&mut tx, &mail, subscriber_id, &new).await?;
            store::status_page::delete_oldest_unconfirmed(&mut *tx, page_id, STATUS_UNCONFIRMED_PER_PAGE_MAX).await?;
        }
        tx.commit().await?;
        Ok(true)
    }
}

/// Writes the delivery of the mail that asks, in the transaction of the subscription.
async fn send_confirmation(
    db: &mut PgConnection,
    mail: &Mail,
    subscriber_id: Uuid,
    new: &NewSubscriber,
) -> Result<(), sqlx::Error> {
    let Some(page) = store::node::find_node(&mut *db, new.page_id).await? else { return Ok(()) };
    let notice = Notice::new(NoticeKind::StatusConfirmation, new.page_id, page.kind, page.scope_id, page.title.clone());
    let links = StatusLinks { title: page.title, page: new.confirm_path.clone(), unsubscribe: None };
    tell(db, mail, &notice, &[(subscriber_id, new.email.clone(), links)], &[]).await
}

/// Tells those who follow a status page that shows what a maintenance or incident affects: in the page's own words
/// for the systems, and with no message but what everybody may read.
pub(crate) async fn tell_followers(db: &mut PgConnection, notice: &Notice, is_automatic: bool) -> Result<(), sqlx::Error> {
    for mut page in store::status_page::list_pages_to_tell(&mut *db, notice.node_id, STATUS_PAGES_TOLD_MAX).await? {
        // Each mail has them: a group of thousands must not be written thousands of times.
        page.labels.truncate(usize::try_from(NOTICE_SYSTEMS_MAX).unwrap_or(usize::MAX));
        // A rule names its cause by a title that need not be the page's.
        let title = if is_automatic { page.labels.join(", ") } else { notice.title.clone() };
        let notice = Notice { node_id: page.page_id, node_kind: NodeKind::StatusPage, title, ..notice.clone() };
        let Some(mail) = store::notification::find_mail_connection(&mut *db, page.page_id).await? else {
            tracing::warn!(page_id = %page.page_id, "a status page has no mail server: who follows it is told nothing");
            continue;
        };
        let mut after = None;
        loop {
            let followers = store::status_page::list_followers(&mut *db, page.page_id, after, BATCH).await?;
            let links = |follower: &Follower| StatusLinks {
                title: page.title.clone(),
                page: format!("/status/{}", page.slug),
                unsubscribe: Some(format!("/status/{}/unsubscribe?token={}", page.slug, follower.unsubscribe_token)),
            };
            let to: Vec<_> = followers.iter().map(|follower| (follower.id, follower.email.clone(), links(follower))).collect();
            tell(&mut *db, &mail, &notice, &to, &page.labels).await?;
            after = followers.last().map(|follower| follower.id);
            if to.len() < RECIPIENTS_PER_BATCH {
                break;
            }
        }
    }
    Ok(())
}

/// By the mail server of the page.
async fn tell(
    db: &mut PgConnection,
    (connection_id, sender): &Mail,
    notice: &Notice,
    to: &[(Uuid, String, StatusLinks)],
    labels: &[String],
) -> Result<(), sqlx::Error> {
    let now = store::database::now(&mut *db).await?;
    let letter = letter(notice, labels, now);
    let mails: Vec<NewDelivery> = to
        .iter()
        .map(|(subscriber_id, email, links)| {
            let id = Uuid::now_v7();
            NewDelivery {
                id,
                channel: Channel::Smtp,
                connection_id: *connection_id,
                recipient_id: *subscriber_id,
                recipient: email.clone(),
                person_id: None,
                subscriber_id: None,
                status_subscriber_id: Some(*subscriber_id),
                address: Some(email.clone()),
                held_until: None,
                message_id: message_id(id, sender),
                fields: json!(Letter { status: Some(links.clone()), ..letter.clone() }),
                job_id: Uuid::now_v7(),
            }
        })
        .collect();
    deliver(db, notice, &mails).await
}
