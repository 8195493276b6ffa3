//! Deliveries for the eye.

use domain::connection::Channel;
use domain::notification::DeliveryState;
use sqlx::PgExecutor;
use sqlx::types::chrono::{DateTime, Utc};
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// One delivery, as far as it is for its reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    pub id: Uuid,
    pub at: DateTime<Utc>,
    pub event_id: Uuid,
    pub kind: String,
    pub node_id: Uuid,
    /// Of the node.
    pub title: String,
    pub channel: String,
    pub connection_id: Option<Uuid>,
    pub recipient: String,
    pub state: String,
    pub held_until: Option<DateTime<Utc>>,
    pub attempts: i32,
    pub message_id: String,
    pub subject: Option<String>,
    pub error: Option<String>,
    pub job_id: Uuid,
    pub sent_at: Option<DateTime<Utc>>,
    /// It may be tried again by the reader: they administer its connection.
    pub administered: bool,
}

/// Which to list; `None` takes all.
#[derive(Clone, Copy, Debug, Default)]
pub struct DeliveryFilter {
    pub state: Option<DeliveryState>,
    pub channel: Option<Channel>,
    pub connection_id: Option<Uuid>,
    pub node_id: Option<Uuid>,
}

// One's own, and those of connections that one administers; of either only what is about something that one
// may read, in words that one may read.
macro_rules! deliveries {
    ($reader:expr, $rest:tt $(, $arg:expr)*) => {
        sqlx::query_as!(
            Delivery,
            r#"select d.id as "id!", d.at as "at!", d.event_id as "event_id!", d.kind as "kind!", d.node_id as "node_id!", n.title as "title!",
                 d.channel as "channel!", d.connection_id, d.recipient as "recipient!", d.state as "state!", d.held_until,
                 d.attempts as "attempts!", d.message_id as "message_id!", d.subject, d.error, d.job_id as "job_id!", d.sent_at,
                 (g.level is not null) as "administered!"
               from deliveries d
               join nodes n on n.id = d.node_id
               left join nodes c on c.id = d.connection_id
               left join scope_access g on g.scope_id = c.scope_id and g.person_id = $1 and g.level >= 3
              where (d.person_id = $1 or g.level is not null)
                and n.scope_id in (select r.scope_id from readable_scopes($1) r)
                and (d.audience <> 'internal' or exists (
                      select from scope_access i where i.scope_id = n.scope_id and i.person_id = $1 and i.level >= 2)) "# + $rest,
            $reader $(, $arg)*)
    };
}

/// Newest first; `before`: the last of the page before.
pub async fn list_deliveries(
    db: impl PgExecutor<'_>,
    reader: Uuid,
    filter: DeliveryFilter,
    before: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<Delivery>> {
    let (before_at, before_id) = before.unzip();
    deliveries!(
        reader,
        "and ($2::text is null or d.state = $2) and ($3::uuid is null or d.connection_id = $3)
         and ($4::uuid is null or d.node_id = $4)
         and ($5::text is null or d.channel = $5)
         and ($6::timestamptz is null or (d.at, d.id) < ($6, $7::uuid))
         order by d.at desc, d.id desc limit $8",
        filter.state.map(DeliveryState::as_str),
        filter.connection_id,
        filter.node_id,
        filter.channel.map(Channel::as_str),
        before_at,
        before_id,
        limit
    )
    .fetch_all(db)
    .await
}

pub async fn find_delivery(db: impl PgExecutor<'_>, reader: Uuid, id: Uuid) -> Result<Option<Delivery>> {
    deliveries!(reader, "and d.id = $2", id).fetch_optional(db).await
}

/// One attempt at a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    pub at: DateTime<Utc>,
    pub ok: bool,
    pub detail: String,
    pub took_ms: i32,
}

/// The newest first.
pub async fn list_attempts(db: impl PgExecutor<'_>, delivery_id: Uuid, limit: i64) -> Result<Vec<Attempt>> {
    sqlx::query_as!(
        Attempt,
        "select at, ok, detail, took_ms from delivery_attempts where delivery_id = $1 order by id desc limit $2",
        delivery_id,
        limit
    )
    .fetch_all(db)
    .await
}
