//! What somebody was told, of what they want to be told, and how it went out.

use chrono::{DateTime, Utc};
use domain::notification::NoticeKind;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

#[derive(Serialize, ToSchema)]
pub(crate) struct Notification {
    id: Uuid,
    at: DateTime<Utc>,
    #[schema(example = "maintenance_planned")]
    kind: String,
    /// What it is about.
    node_id: Uuid,
    #[schema(example = "maintenance")]
    node_kind: String,
    #[schema(example = "Maintenance planned: New disks")]
    title: String,
    body: String,
    /// So many about the same became this one while it was unread.
    count: i32,
    /// Null: unread.
    #[schema(required)]
    read_at: Option<DateTime<Utc>>,
}

impl From<store::notification::Notification> for Notification {
    fn from(of: store::notification::Notification) -> Self {
        Self {
            id: of.id,
            at: of.at,
            kind: of.kind,
            node_id: of.node_id,
            node_kind: of.node_kind,
            title: of.title,
            body: of.body,
            count: of.count,
            read_at: of.read_at,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct NotificationPage {
    pub(crate) items: Vec<Notification>,
    /// Give it as `cursor` for what follows; null at the end.
    #[schema(required)]
    pub(crate) next_cursor: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct UnreadCount {
    pub(crate) unread: i64,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ReadCount {
    /// So many were unread.
    pub(crate) read: u64,
}

/// Somebody who, or something that, is named as far as the caller may see it.
#[derive(Serialize, ToSchema)]
pub(crate) struct Named {
    id: Uuid,
    /// Null: it can't be seen (any more).
    #[schema(required, example = "Payments")]
    title: Option<String>,
    #[schema(required, example = "workspace")]
    kind: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Subscription {
    id: Uuid,
    /// A person or team.
    subscriber: Named,
    /// Null: everything.
    #[schema(required)]
    target: Option<Named>,
    /// None: all.
    kinds: Vec<String>,
    /// Null: to the notification centre, and by mail.
    #[schema(required)]
    connection: Option<Named>,
    created_at: DateTime<Utc>,
}

impl From<store::subscription::Subscription> for Subscription {
    fn from(of: store::subscription::Subscription) -> Self {
        let (target_title, target_kind) = (of.target_title, of.target_kind);
        let kind = of.connection_title.as_ref().map(|_| "connection".to_owned());
        Self {
            id: of.id,
            subscriber: Named { id: of.subscriber_id, title: of.subscriber_title, kind: Some(of.subscriber_kind) },
            target: of.target_id.map(|id| Named { id, title: target_title, kind: target_kind }),
            kinds: of.kinds,
            connection: of.connection_id.map(|id| Named { id, title: of.connection_title, kind }),
            created_at: of.created_at,
        }
    }
}

/// What to change of a subscription.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubscriptionChange {
    /// All from now on; none: every kind.
    pub(crate) kinds: Vec<NoticeKind>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SubscriptionPage {
    pub(crate) items: Vec<Subscription>,
    /// Give it as `cursor` for what follows; null at the end.
    #[schema(required)]
    pub(crate) next_cursor: Option<String>,
}

/// A message on its way, or what became of it.
#[derive(Serialize, ToSchema)]
pub(crate) struct Delivery {
    id: Uuid,
    at: DateTime<Utc>,
    /// The same for all who are told of the same.
    event_id: Uuid,
    #[schema(example = "maintenance_planned")]
    kind: String,
    node_id: Uuid,
    /// Of the node.
    title: String,
    #[schema(example = "smtp")]
    channel: String,
    /// Null: it was deleted.
    #[schema(required)]
    connection_id: Option<Uuid>,
    #[schema(example = "Kari Nordmann")]
    recipient: String,
    /// `queued`, `held`, `sent`, `failed` (tried again), `dead` or `withdrawn`.
    #[schema(example = "sent")]
    state: String,
    /// Until quiet hours end.
    #[schema(required)]
    held_until: Option<DateTime<Utc>>,
    attempts: i32,
    /// The same on every attempt.
    message_id: String,
    /// As it went out.
    #[schema(required)]
    subject: Option<String>,
    /// Why the last attempt failed.
    #[schema(required)]
    error: Option<String>,
    /// The job that sends it; once it is dead, its dead letter.
    job_id: Uuid,
    #[schema(required)]
    sent_at: Option<DateTime<Utc>>,
    /// The caller may have it tried again.
    may_retry: bool,
}

impl From<store::delivery::Delivery> for Delivery {
    fn from(of: store::delivery::Delivery) -> Self {
        Self {
            may_retry: of.administered && of.state == "dead",
            id: of.id,
            at: of.at,
            event_id: of.event_id,
            kind: of.kind,
            node_id: of.node_id,
            title: of.title,
            channel: of.channel,
            connection_id: of.connection_id,
            recipient: of.recipient,
            state: of.state,
            held_until: of.held_until,
            attempts: of.attempts,
            message_id: of.message_id,
            subject: of.subject,
            error: of.error,
            job_id: of.job_id,
            sent_at: of.sent_at,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct DeliveryPage {
    pub(crate) items: Vec<Delivery>,
    /// Give it as `cursor` for what follows; null at the end.
    #[schema(required)]
    pub(crate) next_cursor: Option<String>,
}

/// One attempt at it.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeliveryAttempt {
    at: DateTime<Utc>,
    ok: bool,
    /// What the other side answered, or why there was no answer.
    #[schema(example = "it answered 500: busy")]
    detail: String,
    took_ms: i32,
}

impl From<store::delivery::Attempt> for DeliveryAttempt {
    fn from(of: store::delivery::Attempt) -> Self {
        Self { at: of.at, ok: of.ok, detail: of.detail, took_ms: of.took_ms }
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct DeliveryDetail {
    pub(crate) delivery: Delivery,
    /// The newest first; the last hundred.
    pub(crate) log: Vec<DeliveryAttempt>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Requeued {
    pub(crate) job_id: Uuid,
}
