//! What somebody has a device told, and what it answered.

use serde::{Deserialize, Serialize};
use sqlx::PgExecutor;
use sqlx::types::chrono::{DateTime, Utc};
use std::time::Duration;
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceCommand {
    pub id: Uuid,
    pub device_id: Uuid,
    pub text: String,
    /// 12 or 14.
    pub codec: i16,
    /// `queued`, `sent`, `answered`, `timed_out` or `failed`.
    pub state: String,
    pub answer: Option<String>,
    pub created_by: Option<Uuid>,
    pub created_at: DateTime<Utc>,
    pub sent_at: Option<DateTime<Utc>>,
    pub answered_at: Option<DateTime<Utc>>,
}

macro_rules! commands {
    ($rest:tt $(, $arg:expr)*) => {
        sqlx::query_as!(DeviceCommand,
            "select id, device_id, text, codec, state, answer, created_by, created_at, sent_at, answered_at from device_commands "
              + $rest $(, $arg)*)
    };
}

pub async fn insert_command(
    db: impl PgExecutor<'_>,
    (id, device_id): (Uuid, Uuid),
    text: &str,
    codec: i16,
    created_by: Option<Uuid>,
) -> Result<()> {
    sqlx::query!(
        "insert into device_commands (id, device_id, text, codec, created_by) values ($1, $2, $3, $4, $5)",
        id,
        device_id,
        text,
        codec,
        created_by
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn find_command(db: impl PgExecutor<'_>, id: Uuid) -> Result<Option<DeviceCommand>> {
    commands!("where id = $1", id).fetch_optional(db).await
}

/// How many of a device's commands are neither answered nor given up.
pub async fn count_open_commands(db: impl PgExecutor<'_>, device_id: Uuid) -> Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from device_commands where device_id = $1 and state in ('queued', 'sent')"#,
        device_id
    )
    .fetch_one(db)
    .await
}

/// The latest first; `before` is the last of the page before.
pub async fn list_commands(
    db: impl PgExecutor<'_>,
    device_id: Uuid,
    before: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<DeviceCommand>> {
    let (before_at, before_id) = before.unzip();
    commands!(
        "where device_id = $1 and ($2::timestamptz is null or (created_at, id) < ($2, $3::uuid))
         order by created_at desc, id desc limit $4",
        device_id,
        before_at,
        before_id,
        limit
    )
    .fetch_all(db)
    .await
}

/// Takes the next of these devices' commands to be sent, of each at most one, and none while another of it waits for
/// its answer. What was taken counts as sent: a device is not told the same twice.
pub async fn take_commands(db: impl PgExecutor<'_>, device_ids: &[Uuid]) -> Result<Vec<DeviceCommand>> {
    sqlx::query_as!(
        DeviceCommand,
        "with next as (
           select distinct on (c.device_id) c.id from device_commands c
            where c.device_id = any($1) and c.state = 'queued'
              and not exists (select from device_commands o where o.device_id = c.device_id and o.state = 'sent')
            order by c.device_id, c.created_at, c.id)
         update device_commands c set state = 'sent', sent_at = clock_timestamp()
           from next where c.id = next.id and c.state = 'queued'
         returning c.id, c.device_id, c.text, c.codec, c.state, c.answer, c.created_by, c.created_at, c.sent_at, c.answered_at",
        device_ids
    )
    .fetch_all(db)
    .await
}

/// Devices with a command to be sent.
pub async fn list_devices_with_commands(db: impl PgExecutor<'_>) -> Result<Vec<Uuid>> {
    sqlx::query_scalar!("select distinct device_id from device_commands where state = 'queued'").fetch_all(db).await
}

/// What a device answered to the command that was sent to it. False: it waited for none any more.
pub async fn answer_command(db: impl PgExecutor<'_>, id: Uuid, answer: &str) -> Result<bool> {
    let done = sqlx::query!(
        "update device_commands set state = 'answered', answer = $2, answered_at = clock_timestamp() where id = $1 and state = 'sent'",
        id,
        answer
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// The way to the device was lost while it was sent.
pub async fn fail_command(db: impl PgExecutor<'_>, id: Uuid) -> Result<()> {
    sqlx::query!("update device_commands set state = 'failed' where id = $1 and state = 'sent'", id).execute(db).await?;
    Ok(())
}

/// Gives up those that were not answered for so long, and those that could not be sent for so long.
pub async fn time_commands_out(db: impl PgExecutor<'_>, unanswered: Duration, unsent: Duration) -> Result<u64> {
    let done = sqlx::query!(
        "update device_commands set state = 'timed_out'
          where (state = 'sent' and sent_at < clock_timestamp() - make_interval(secs => $1))
             or (state = 'queued' and created_at < clock_timestamp() - make_interval(secs => $2))",
        unanswered.as_secs_f64(),
        unsent.as_secs_f64()
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
