//! Channels, and how far people have read them. (Their nodes are read in `node.rs`, like all others.)

use crate::node::unknown;
use domain::channel::{Channel, ChannelPatch, History};
use domain::notification::MarkPatch;
use serde::Deserialize;
use sqlx::types::chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// A row of `channels` as PostgreSQL writes it in JSON: one column of a node's row.
#[derive(Deserialize)]
pub(crate) struct ChannelRow {
    beside_id: Option<Uuid>,
    history: String,
    history_size: i32,
}

impl ChannelRow {
    pub(crate) fn into_channel(self) -> Result<Channel> {
        let Self { beside_id, history, history_size } = self;
        let history = History::of_parts(&history, history_size).ok_or_else(|| unknown("history", &history))?;
        Ok(Channel { beside_id, history })
    }
}

/// The facet of a new node.
pub async fn insert_channel(db: impl PgExecutor<'_>, id: Uuid, beside_id: Option<Uuid>, history: History) -> Result<()> {
    let (word, size) = history.parts();
    sqlx::query!(
        "insert into channels (node_id, beside_id, history, history_size) values ($1, $2, $3, $4)",
        id,
        beside_id,
        word,
        size
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Sets what is given.
pub async fn update_channel(db: impl PgExecutor<'_>, id: Uuid, patch: ChannelPatch) -> Result<()> {
    let Some((word, size)) = patch.history.map(History::parts) else { return Ok(()) };
    sqlx::query!("update channels set history = $2, history_size = $3 where node_id = $1", id, word, size).execute(db).await?;
    Ok(())
}

/// The channel of this thing, if it has one.
pub async fn find_beside(db: impl PgExecutor<'_>, beside_id: Uuid) -> Result<Option<Uuid>> {
    sqlx::query_scalar!("select node_id from channels where beside_id = $1", beside_id).fetch_optional(db).await
}

/// What a channel is beside: its id and kind, whoever asks.
pub async fn find_what_beside(db: impl PgExecutor<'_>, id: Uuid) -> Result<Option<(Uuid, String)>> {
    let row = sqlx::query!("select n.id, n.kind from channels c join nodes n on n.id = c.beside_id where c.node_id = $1", id);
    Ok(row.fetch_optional(db).await?.map(|row| (row.id, row.kind)))
}

/// Holds the order of a channel's messages until the transaction ends; false when there is no such channel.
pub async fn lock_order(db: impl PgExecutor<'_>, id: Uuid) -> Result<bool> {
    let found =
        sqlx::query_scalar!("select last_number from channels where node_id = $1 and deleted_at is null for no key update", id);
    Ok(found.fetch_optional(db).await?.is_some())
}

/// Puts the channels that are this node or inside it where nobody sees them, if they have more than `most` messages
/// together; answers which. Their messages are deleted later. The caller holds `lock_graph`.
pub async fn set_aside_inside(db: &mut PgConnection, node_id: Uuid, most: i64) -> Result<Vec<Uuid>> {
    let channels = sqlx::query_scalar!(
        r#"with recursive inside as (
             select n.id, n.kind from nodes n where n.id = $1
             union all
             select n.id, n.kind
               from inside i
               join edges e on e.target_id = i.id and e.kind = 'part_of'
               join nodes n on n.id = e.source_id
              where i.kind <> 'channel')
           select id as "id!" from inside where kind = 'channel'"#,
        node_id
    )
    .fetch_all(&mut *db)
    .await?;
    let many = sqlx::query_scalar!(
        r#"select count(*) > $2 as "many!" from (select from messages where channel_id = any($1) limit $2::int8 + 1) counted"#,
        &channels,
        most
    );
    if channels.is_empty() || !many.fetch_one(&mut *db).await? {
        return Ok(Vec::new());
    }
    sqlx::query!("select set_channels_aside($1)", &channels).execute(db).await?;
    Ok(channels)
}

/// Some of those that are deleted and still there, the first first.
pub async fn list_deleted(db: impl PgExecutor<'_>, limit: i64) -> Result<Vec<Uuid>> {
    sqlx::query_scalar!("select node_id from channels where deleted_at is not null order by deleted_at limit $1", limit)
        .fetch_all(db)
        .await
}

/// Deletes some messages of a channel for good; answers how many.
pub async fn delete_messages(db: impl PgExecutor<'_>, id: Uuid, limit: i64) -> Result<u64> {
    let done = sqlx::query!(
        "delete from nodes where id in (
           select node_id from messages where channel_id = $1 order by thread_id, number limit $2)",
        id,
        limit
    );
    Ok(done.execute(db).await?.rows_affected())
}

/// Deletes a channel of which no message is left.
pub async fn delete_emptied(db: impl PgExecutor<'_>, id: Uuid) -> Result<()> {
    let done = sqlx::query!("delete from nodes where id = $1 and not exists (select from messages where channel_id = $1)", id);
    done.execute(db).await.map(drop)
}

/// The number of its next message. The caller holds its order.
pub async fn take_number(db: impl PgExecutor<'_>, id: Uuid) -> Result<i64> {
    sqlx::query_scalar!(
        "update channels set last_number = last_number + 1, last_at = clock_timestamp() where node_id = $1 returning last_number",
        id
    )
    .fetch_one(db)
    .await
}

/// How far somebody is with a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub channel_id: Uuid,
    /// Of its newest message; 0: there is none.
    pub last_number: i64,
    pub last_at: Option<DateTime<Utc>>,
    pub read_number: i64,
    pub muted: bool,
}

/// Of all channels in these scopes; those with the newest messages first.
pub async fn list_marks(db: impl PgExecutor<'_>, person_id: Uuid, scope_ids: &[Uuid], limit: i64) -> Result<Vec<Mark>> {
    sqlx::query_as!(
        Mark,
        r#"select c.node_id as "channel_id!", c.last_number as "last_number!", c.last_at,
                  least(coalesce(m.read_number, 0), c.last_number) as "read_number!", coalesce(m.muted, false) as "muted!"
             from channels c left join channel_marks m on m.channel_id = c.node_id and m.person_id = $1
            where c.node_id = any($2)
            order by c.last_at desc nulls last, c.node_id limit $3"#,
        person_id,
        scope_ids,
        limit
    )
    .fetch_all(db)
    .await
}

/// Sets what is given; what is read only rises, and not beyond what there is.
pub async fn upsert_mark(db: impl PgExecutor<'_>, person_id: Uuid, channel_id: Uuid, mark: MarkPatch) -> Result<Option<Mark>> {
    sqlx::query_as!(
        Mark,
        r#"with channel as (select node_id, last_number, last_at from channels where node_id = $2),
           marked as (
             insert into channel_marks as m (person_id, channel_id, read_number, muted)
             select $1, c.node_id, least(coalesce($3::int8, 0), c.last_number), coalesce($4::bool, false) from channel c
             on conflict (person_id, channel_id) do update
               set read_number = greatest(m.read_number, excluded.read_number), muted = coalesce($4::bool, m.muted)
             returning m.channel_id, m.read_number, m.muted)
           select c.node_id as "channel_id!", c.last_number as "last_number!", c.last_at, m.read_number as "read_number!", m.muted as "muted!"
             from channel c join marked m on m.channel_id = c.node_id"#,
        person_id,
        channel_id,
        mark.read_number,
        mark.muted
    )
    .fetch_optional(db)
    .await
}
