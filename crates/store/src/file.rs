//! Files that go along with messages: what is known of them. What they hold is on disk, by its digest.

use crate::Pool;
use sqlx::PgExecutor;
use sqlx::types::chrono::{DateTime, Utc};
use std::time::Duration;
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// Holds off, until the transaction ends, whoever would insert a file of this content, or delete the content.
pub async fn lock_content(db: impl PgExecutor<'_>, digest: &str) -> Result<()> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('content ' || $1, 1398361679))", digest).execute(db).await?;
    Ok(())
}

/// The same, but false instead of waiting.
pub async fn try_lock_content(db: impl PgExecutor<'_>, digest: &str) -> Result<bool> {
    sqlx::query_scalar!(
        r#"select pg_try_advisory_xact_lock(hashtextextended('content ' || $1, 1398361679)) as "locked!""#,
        digest
    )
    .fetch_one(db)
    .await
}

/// Has what one person uploads counted one by one, until the transaction ends.
pub async fn lock_uploader(db: impl PgExecutor<'_>, person_id: Uuid) -> Result<()> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('uploads of ' || $1, 1398361679))", person_id.to_string())
        .execute(db)
        .await?;
    Ok(())
}

/// What somebody has uploaded and not sent yet.
pub async fn count_unsent(db: impl PgExecutor<'_>, person_id: Uuid) -> Result<i64> {
    sqlx::query_scalar!(r#"select count(*) as "count!" from files where message_id is null and created_by = $1"#, person_id)
        .fetch_one(db)
        .await
}

#[derive(Clone, Copy, Debug)]
pub struct NewFile<'a> {
    pub id: Uuid,
    pub channel_id: Uuid,
    pub digest: &'a str,
    pub size_bytes: i64,
    pub media_type: &'a str,
    pub name: &'a str,
    pub created_by: Option<Uuid>,
}

pub async fn insert_file(db: impl PgExecutor<'_>, new: NewFile<'_>) -> Result<()> {
    sqlx::query!(
        "insert into files (id, channel_id, digest, size_bytes, media_type, name, created_by) values ($1, $2, $3, $4, $5, $6, $7)",
        new.id,
        new.channel_id,
        new.digest,
        new.size_bytes,
        new.media_type,
        new.name,
        new.created_by
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A file, as it is handed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    pub digest: String,
    pub size_bytes: i64,
    pub media_type: String,
    pub name: String,
}

/// One that `reader` may read: those of channels that they may read, and of those that were not sent yet their own.
pub async fn find_readable_file(db: impl PgExecutor<'_>, reader: Option<Uuid>, id: Uuid) -> Result<Option<File>> {
    sqlx::query_as!(
        File,
        "select f.digest, f.size_bytes, f.media_type, f.name
           from files f join nodes n on n.id = f.channel_id
          where f.id = $2 and (f.message_id is not null or f.created_by = $1)
            and n.scope_id in (select r.scope_id from readable_scopes($1) r)",
        reader,
        id
    )
    .fetch_optional(db)
    .await
}

/// A file that was sent in a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentFile {
    pub id: Uuid,
    pub name: String,
    pub media_type: String,
    pub size_bytes: i64,
    pub message_id: Uuid,
    /// When it was uploaded.
    pub at: DateTime<Utc>,
    /// Who sent it, by the name they had then; `None`: the server itself.
    pub by_id: Option<Uuid>,
    pub by_title: Option<String>,
}

/// What was sent in a channel, newest first. Whether somebody may read it is for the caller to know.
pub async fn list_sent_files(
    db: impl PgExecutor<'_>,
    channel_id: Uuid,
    before: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<SentFile>> {
    let (before_at, before_id) = before.unzip();
    sqlx::query_as!(
        SentFile,
        r#"select f.id, f.name, f.media_type, f.size_bytes, f.message_id as "message_id!", f.created_at as at,
                  f.created_by as by_id, m.author_title as by_title
             from files f join messages m on m.node_id = f.message_id and m.channel_id = f.channel_id
            where f.channel_id = $1 and f.message_id is not null
              and ($2::timestamptz is null or (f.created_at, f.id) < ($2, $3::uuid))
            order by f.created_at desc, f.id desc limit $4"#,
        channel_id,
        before_at,
        before_id,
        limit
    )
    .fetch_all(db)
    .await
}

/// Deletes what was uploaded and not sent for so long, at most so many.
pub async fn delete_unsent_files(db: &Pool, kept: Duration, most: i64) -> Result<u64> {
    let done = sqlx::query!(
        "delete from files where id in (
           select f.id from files f
            where f.message_id is null and f.created_at < clock_timestamp() - make_interval(secs => $1)
            order by f.created_at limit $2 for update skip locked)",
        kept.as_secs_f64(),
        most
    );
    Ok(done.execute(db).await?.rows_affected())
}

/// Those of these digests that no file has.
pub async fn list_unnamed_contents(db: impl PgExecutor<'_>, digests: &[String]) -> Result<Vec<String>> {
    sqlx::query_scalar!(
        r#"select d.digest as "digest!" from unnest($1::text[]) d (digest)
            where not exists (select from files f where f.digest = d.digest)"#,
        digests
    )
    .fetch_all(db)
    .await
}

/// Whether some file has this content.
pub async fn is_content_named(db: impl PgExecutor<'_>, digest: &str) -> Result<bool> {
    sqlx::query_scalar!(r#"select exists (select from files where digest = $1) as "is!""#, digest).fetch_one(db).await
}
