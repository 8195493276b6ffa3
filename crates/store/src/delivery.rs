//! Deliveries: what goes out, to whom, how far it is, and each attempt at it.

mod list;

pub use list::{Attempt, Delivery, DeliveryFilter, find_delivery, list_attempts, list_deliveries};

use domain::connection::Channel;
use domain::notification::DeliveryState;
use domain::timeline::Audience;
use serde_json::Value;
use sqlx::PgExecutor;
use sqlx::types::chrono::{DateTime, Utc};
use std::time::Duration;
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// What holds for all deliveries of one notice.
#[derive(Clone, Copy, Debug)]
pub struct NewDeliveries<'a> {
    pub event_id: Uuid,
    pub kind: &'a str,
    pub node_id: Uuid,
    pub audience: Audience,
}

/// One of them.
#[derive(Clone, Debug)]
pub struct NewDelivery {
    pub id: Uuid,
    pub channel: Channel,
    pub connection_id: Uuid,
    /// A person or a status page's subscriber for mail, else the connection.
    pub recipient_id: Uuid,
    pub recipient: String,
    pub person_id: Option<Uuid>,
    pub subscriber_id: Option<Uuid>,
    /// Of mail to who follows a status page.
    pub status_subscriber_id: Option<Uuid>,
    pub address: Option<String>,
    pub held_until: Option<DateTime<Utc>>,
    pub message_id: String,
    pub fields: Value,
    pub job_id: Uuid,
}

/// Writes them by one statement; answers the ids of those that were not there already.
pub async fn insert_deliveries(db: impl PgExecutor<'_>, of: NewDeliveries<'_>, new: &[NewDelivery]) -> Result<Vec<Uuid>> {
    let ids: Vec<Uuid> = new.iter().map(|d| d.id).collect();
    let channels: Vec<&str> = new.iter().map(|d| d.channel.as_str()).collect();
    let connections: Vec<Uuid> = new.iter().map(|d| d.connection_id).collect();
    let recipient_ids: Vec<Uuid> = new.iter().map(|d| d.recipient_id).collect();
    let recipients: Vec<&str> = new.iter().map(|d| d.recipient.as_str()).collect();
    let people: Vec<Option<Uuid>> = new.iter().map(|d| d.person_id).collect();
    let subscribers: Vec<Option<Uuid>> = new.iter().map(|d| d.subscriber_id).collect();
    let status_subscribers: Vec<Option<Uuid>> = new.iter().map(|d| d.status_subscriber_id).collect();
    let addresses: Vec<Option<&str>> = new.iter().map(|d| d.address.as_deref()).collect();
    let held: Vec<Option<DateTime<Utc>>> = new.iter().map(|d| d.held_until).collect();
    let message_ids: Vec<&str> = new.iter().map(|d| d.message_id.as_str()).collect();
    let fields: Vec<Value> = new.iter().map(|d| d.fields.clone()).collect();
    let jobs: Vec<Uuid> = new.iter().map(|d| d.job_id).collect();
    sqlx::query_scalar!(
        r#"insert into deliveries (id, event_id, kind, node_id, audience, channel, connection_id, recipient_id, recipient, person_id,
             subscriber_id, address, state, held_until, message_id, fields, job_id, status_subscriber_id)
           select id, $1, $2, $3, $4, channel, connection_id, recipient_id, recipient, person_id, subscriber_id, address,
                  case when held_until is null then 'queued' else 'held' end, held_until, message_id, fields, job_id,
                  status_subscriber_id
             from unnest($5::uuid[], $6::text[], $7::uuid[], $8::uuid[], $9::text[], $10::uuid[], $11::uuid[], $12::text[],
                         $13::timestamptz[], $14::text[], $15::jsonb[], $16::uuid[], $17::uuid[])
               as new (id, channel, connection_id, recipient_id, recipient, person_id, subscriber_id, address, held_until,
                       message_id, fields, job_id, status_subscriber_id)
           on conflict on constraint deliveries_once do nothing
           returning id"#,
        of.event_id,
        of.kind,
        of.node_id,
        of.audience.as_str(),
        &ids,
        &channels as &[&str],
        &connections,
        &recipient_ids,
        &recipients as &[&str],
        &people as &[Option<Uuid>],
        &subscribers as &[Option<Uuid>],
        &addresses as &[Option<&str>],
        &held as &[Option<DateTime<Utc>>],
        &message_ids as &[&str],
        &fields,
        &jobs,
        &status_subscribers as &[Option<Uuid>]
    )
    .fetch_all(db)
    .await
}

/// What sending one takes.
#[derive(Clone, Debug)]
pub struct ToSend {
    pub id: Uuid,
    pub state: String,
    pub channel: String,
    pub connection_id: Option<Uuid>,
    pub recipient: String,
    pub address: Option<String>,
    pub message_id: String,
    pub fields: Value,
    pub subject: Option<String>,
    pub body: Option<String>,
}

pub async fn find_to_send(db: impl PgExecutor<'_>, id: Uuid) -> Result<Option<ToSend>> {
    sqlx::query_as!(
        ToSend,
        "select id, state, channel, connection_id, recipient, address, message_id, fields, subject, body from deliveries where id = $1",
        id
    )
    .fetch_optional(db)
    .await
}

/// What became of an attempt.
#[derive(Clone, Copy, Debug)]
pub struct AttemptRow<'a> {
    pub delivery_id: Uuid,
    /// Which makes it.
    pub job_id: Uuid,
    pub ok: bool,
    pub detail: &'a str,
    pub took: Duration,
}

/// Writes an attempt down, and how far the delivery is by it. One that is sent stays so.
pub async fn record_attempt(
    db: impl PgExecutor<'_>,
    attempt: AttemptRow<'_>,
    state: DeliveryState,
    message: Option<(&str, &str)>,
) -> Result<()> {
    let (subject, body) = message.unzip();
    sqlx::query!(
        "with logged as (
           insert into delivery_attempts (id, delivery_id, ok, detail, took_ms) values ($1, $2, $3, $4, $5))
         update deliveries set attempts = attempts + 1, state = $6, subject = coalesce($7, subject), body = coalesce($8, body),
           error = case when $3 then null else $4 end, held_until = null, job_id = $9,
           sent_at = case when $6 = 'sent' then clock_timestamp() else sent_at end
         where id = $2 and state <> 'sent'",
        Uuid::now_v7(),
        attempt.delivery_id,
        attempt.ok,
        attempt.detail,
        i32::try_from(attempt.took.as_millis()).unwrap_or(i32::MAX),
        state.as_str(),
        subject,
        body,
        attempt.job_id
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes one back that whom it was for may not read any more.
pub async fn withdraw_delivery(db: impl PgExecutor<'_>, id: Uuid) -> Result<()> {
    sqlx::query!("update deliveries set state = 'withdrawn', held_until = null where id = $1 and state <> 'sent'", id)
        .execute(db)
        .await?;
    Ok(())
}

/// Has one that nobody tries any more be tried again, by this job. False when it is not dead.
pub async fn requeue_delivery(db: impl PgExecutor<'_>, id: Uuid, job_id: Uuid) -> Result<Option<Uuid>> {
    sqlx::query_scalar!(
        r#"update deliveries d set state = 'queued', job_id = $2, error = null
             from (select id, job_id from deliveries where id = $1 and state = 'dead' for update) before
            where d.id = before.id returning before.job_id as "job_id!""#,
        id,
        job_id
    )
    .fetch_optional(db)
    .await
}

/// Marks the deliveries of a job that was cancelled.
pub async fn end_delivery_of_job(db: impl PgExecutor<'_>, job_id: Uuid, why: &str) -> Result<()> {
    sqlx::query!(
        "update deliveries set state = 'dead', error = $2, held_until = null where job_id = $1 and state in ('queued', 'held', 'failed')",
        job_id,
        why
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Deletes old ones that are not under way; answers how many.
pub async fn delete_old_deliveries(db: impl PgExecutor<'_>, kept: Duration, limit: i64) -> Result<u64> {
    let done = sqlx::query!(
        "delete from deliveries where id in (
           select id from deliveries where at < clock_timestamp() - $1::float8 * interval '1 s'
              and state in ('sent', 'dead', 'withdrawn') limit $2)",
        kept.as_secs_f64(),
        limit
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
