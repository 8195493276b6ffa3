//! Messages, what they said before, and what people make of them. (Their nodes are read in `node.rs`, like all
//! others.)

mod list;

pub use list::{Range, list_edits, list_first, list_pins, list_range};

use domain::message::{FileRef, Message, Reaction};
use serde::Deserialize;
use sqlx::types::chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// What `message_facet` makes in JSON: one column of a node's row.
#[derive(Deserialize)]
pub(crate) struct MessageRow {
    channel_id: Uuid,
    thread_id: Uuid,
    number: i64,
    author_title: Option<String>,
    edited_at: Option<DateTime<Utc>>,
    deleted_at: Option<DateTime<Utc>>,
    pinned_at: Option<DateTime<Utc>>,
    pinned_by: Option<Uuid>,
    promoted_at: Option<DateTime<Utc>>,
    replies: i32,
    last_reply_at: Option<DateTime<Utc>>,
    mentions: Vec<Uuid>,
    reactions: Vec<Reaction>,
    files: Vec<FileRef>,
}

impl From<MessageRow> for Message {
    fn from(row: MessageRow) -> Self {
        Self {
            thread_id: Some(row.thread_id).filter(|thread_id| *thread_id != row.channel_id),
            channel_id: row.channel_id,
            number: row.number,
            author_title: row.author_title,
            edited_at: row.edited_at,
            deleted_at: row.deleted_at,
            pinned_at: row.pinned_at,
            pinned_by: row.pinned_by,
            promoted_at: row.promoted_at,
            replies: row.replies,
            last_reply_at: row.last_reply_at,
            mentions: row.mentions,
            reactions: row.reactions,
            files: row.files,
        }
    }
}

/// What writing about a message has to know of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    pub channel_id: Uuid,
    /// The channel itself for one that stands for itself.
    pub thread_id: Uuid,
    pub author_id: Option<Uuid>,
    pub body: String,
    pub is_deleted: bool,
    pub is_promoted: bool,
    pub mentions: Vec<Uuid>,
}

/// A message as it is, whoever asks.
pub async fn find_said(db: impl PgExecutor<'_>, id: Uuid) -> Result<Option<Said>> {
    sqlx::query_as!(
        Said,
        r#"select m.channel_id, m.thread_id, n.created_by as author_id, n.body, m.deleted_at is not null as "is_deleted!",
                  m.promoted_at is not null as "is_promoted!", m.mentions
             from messages m join nodes n on n.id = m.node_id where m.node_id = $1"#,
        id
    )
    .fetch_optional(db)
    .await
}

/// A new message's facet.
#[derive(Debug)]
pub struct NewMessage<'a> {
    pub id: Uuid,
    pub channel_id: Uuid,
    pub thread_id: Uuid,
    pub number: i64,
    pub author_title: Option<&'a str>,
    pub mentions: &'a [Uuid],
}

pub async fn insert_message(db: impl PgExecutor<'_>, new: NewMessage<'_>) -> Result<()> {
    sqlx::query!(
        "insert into messages (node_id, channel_id, thread_id, number, author_title, mentions) values ($1, $2, $3, $4, $5, $6)",
        new.id,
        new.channel_id,
        new.thread_id,
        new.number,
        new.author_title,
        new.mentions
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Holds the order of the answers to a message until the transaction ends; false when there is none that could be
/// answered.
pub async fn lock_thread(db: impl PgExecutor<'_>, channel_id: Uuid, id: Uuid) -> Result<bool> {
    let found = sqlx::query_scalar!(
        "select number from messages where node_id = $2 and channel_id = $1 and thread_id = $1 and deleted_at is null for update",
        channel_id,
        id
    );
    Ok(found.fetch_optional(db).await?.is_some())
}

/// The number of the next answer. The caller holds the order of the thread.
pub async fn take_reply_number(db: impl PgExecutor<'_>, channel_id: Uuid, id: Uuid) -> Result<i64> {
    sqlx::query_scalar!(
        r#"update messages set replies = replies + 1, last_reply_at = clock_timestamp()
            where node_id = $2 and channel_id = $1 returning replies::int8 as "number!""#,
        channel_id,
        id
    )
    .fetch_one(db)
    .await
}

/// Those of these nodes that `reader` may see, and their kinds; the server itself (`None`) sees all.
pub async fn list_nameable(db: impl PgExecutor<'_>, reader: Option<Uuid>, ids: &[Uuid]) -> Result<Vec<(Uuid, String)>> {
    let rows = sqlx::query!(
        "select n.id, n.kind from nodes n
          where n.id = any($1) and ($2::uuid is null or n.scope_id in (select r.scope_id from readable_scopes($2) r))",
        ids,
        reader
    );
    Ok(rows.fetch_all(db).await?.into_iter().map(|row| (row.id, row.kind)).collect())
}

/// Replaces its text and keeps what it said; the oldest of more than `kept` former texts go.
pub async fn update_body(
    db: &mut PgConnection,
    id: Uuid,
    (title, body): (&str, &str),
    mentions: &[Uuid],
    kept: i64,
) -> Result<()> {
    sqlx::query!(
        "insert into message_edits (id, message_id, body) select $1, id, body from nodes where id = $2",
        Uuid::now_v7(),
        id
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "delete from message_edits where id in (
           select e.id from message_edits e where e.message_id = $1 order by e.at desc, e.id desc offset $2)",
        id,
        kept
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!("update nodes set title = $2, body = $3 where id = $1", id, title, body).execute(&mut *db).await?;
    sqlx::query!("update messages set edited_at = clock_timestamp(), mentions = $2 where node_id = $1", id, mentions)
        .execute(&mut *db)
        .await?;
    Ok(())
}

/// Takes away all it said: text, former texts, reactions, files, and what people were told of it. Its place stays.
pub async fn delete_content(db: &mut PgConnection, id: Uuid, title: &str) -> Result<()> {
    sqlx::query!("update nodes set title = $2, body = '' where id = $1", id, title).execute(&mut *db).await?;
    sqlx::query!(
        "update messages set deleted_at = clock_timestamp(), mentions = '{}', pinned_at = null, pinned_by = null where node_id = $1",
        id
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!("delete from message_edits where message_id = $1", id).execute(&mut *db).await?;
    sqlx::query!("delete from message_reactions where message_id = $1", id).execute(&mut *db).await?;
    sqlx::query!("delete from files where message_id = $1", id).execute(&mut *db).await?;
    sqlx::query!("delete from notifications where node_id = $1", id).execute(&mut *db).await?;
    sqlx::query!("delete from deliveries where node_id = $1", id).execute(&mut *db).await?;
    Ok(())
}

/// How many reactions it has, and with how many emojis besides this one.
pub async fn count_reactions(db: impl PgExecutor<'_>, id: Uuid, emoji: &str) -> Result<(i64, i64)> {
    let row = sqlx::query!(
        r#"select count(*) as "all!", count(distinct emoji) filter (where emoji <> $2) as "emojis!"
             from message_reactions where message_id = $1"#,
        id,
        emoji
    )
    .fetch_one(db)
    .await?;
    Ok((row.all, row.emojis))
}

/// False when it was there already.
pub async fn insert_reaction(db: impl PgExecutor<'_>, id: Uuid, emoji: &str, (person_id, title): (Uuid, &str)) -> Result<bool> {
    let done = sqlx::query!(
        "insert into message_reactions (message_id, emoji, person_id, person_title) values ($1, $2, $3, $4) on conflict do nothing",
        id,
        emoji,
        person_id,
        title
    );
    Ok(done.execute(db).await?.rows_affected() == 1)
}

/// False when there was none.
pub async fn delete_reaction(db: impl PgExecutor<'_>, id: Uuid, emoji: &str, person_id: Uuid) -> Result<bool> {
    let done = sqlx::query!(
        "delete from message_reactions where message_id = $1 and emoji = $2 and person_id = $3",
        id,
        emoji,
        person_id
    );
    Ok(done.execute(db).await?.rows_affected() == 1)
}

pub async fn count_pins(db: impl PgExecutor<'_>, channel_id: Uuid) -> Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from messages where channel_id = $1 and pinned_at is not null"#,
        channel_id
    )
    .fetch_one(db)
    .await
}

/// Pins it, or takes it off. One that is pinned stays pinned by whom it was.
pub async fn update_pin(db: impl PgExecutor<'_>, id: Uuid, pinned: bool, by: Option<Uuid>) -> Result<()> {
    sqlx::query!(
        "update messages set pinned_at = case when $2 then clock_timestamp() end, pinned_by = case when $2 then $3::uuid end
          where node_id = $1 and (pinned_at is not null) <> $2",
        id,
        pinned,
        by
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn mark_promoted(db: impl PgExecutor<'_>, id: Uuid) -> Result<()> {
    sqlx::query!("update messages set promoted_at = clock_timestamp() where node_id = $1", id).execute(db).await?;
    Ok(())
}

/// Who has their say in a thread, but for this one: who began it, and who gave one of the latest answers.
pub async fn list_voices(
    db: impl PgExecutor<'_>,
    (channel_id, thread_id): (Uuid, Uuid),
    but: Uuid,
    answers: i64,
    limit: i64,
) -> Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        r#"with said as (
             (select node_id from messages where channel_id = $1 and thread_id = $2 and deleted_at is null
               order by number desc limit $5)
             union all
             select node_id from messages where node_id = $2 and channel_id = $1 and deleted_at is null)
           select n.created_by as "id!" from said join nodes n on n.id = said.node_id
            where n.created_by <> $3 group by n.created_by order by max(n.created_at) desc limit $4"#,
        channel_id,
        thread_id,
        but,
        limit,
        answers
    )
    .fetch_all(db)
    .await
}

/// Has these files go along with a message; answers how many: those of this channel that this person uploaded and that
/// went with none.
pub async fn attach_files(
    db: impl PgExecutor<'_>,
    (id, channel_id): (Uuid, Uuid),
    by: Option<Uuid>,
    file_ids: &[Uuid],
) -> Result<u64> {
    let done = sqlx::query!(
        "update files set message_id = $1
          where id = any($4) and channel_id = $2 and message_id is null and created_by is not distinct from $3",
        id,
        channel_id,
        by,
        file_ids
    );
    Ok(done.execute(db).await?.rows_affected())
}

/// Whether it has files.
pub async fn has_files(db: impl PgExecutor<'_>, id: Uuid) -> Result<bool> {
    sqlx::query_scalar!(r#"select exists (select from files where message_id = $1) as "has!""#, id).fetch_one(db).await
}
