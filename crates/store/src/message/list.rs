//! Messages in their order. Whether somebody may read the channel is for the caller to know.

use domain::channel::History;
use domain::limits::CHANNEL_ROWS_MAX;
use sqlx::PgExecutor;
use sqlx::types::chrono::{DateTime, Utc};
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// The newest messages of a channel as its history says, in order: their ids, and whether there are older ones.
pub async fn list_first(db: impl PgExecutor<'_>, channel_id: Uuid, history: History) -> Result<(Vec<Uuid>, bool)> {
    let (count, days) = match history {
        History::None => (0, None),
        History::Messages { count } => (i64::from(count).min(CHANNEL_ROWS_MAX), None),
        History::Days { count } => (CHANNEL_ROWS_MAX, Some(count)),
    };
    let rows = sqlx::query!(
        r#"with newest as (
             select m.node_id, m.number from messages m
              where m.channel_id = $1 and m.thread_id = $1 order by m.number desc limit $2)
           select c.last_number as "last!", n.id as "id?", w.number as "number?"
             from channels c
             left join newest w on true
             left join nodes n on n.id = w.node_id and ($3::int is null or n.created_at >= clock_timestamp() - make_interval(days => $3))
            where c.node_id = $1 order by w.number"#,
        channel_id,
        count,
        days
    )
    .fetch_all(db)
    .await?;
    let last = rows.first().map_or(0, |row| row.last);
    let ids: Vec<Uuid> = rows.into_iter().filter_map(|row| row.id).collect();
    let told = i64::try_from(ids.len()).unwrap_or(i64::MAX);
    Ok((ids, told < last))
}

/// Which part of a sequence is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    Newest,
    Before(i64),
    After(i64),
    Around(i64),
}

impl Range {
    /// From which number to which, of so many at most. Numbers have no gaps.
    fn bounds(self, last: i64, limit: i64) -> (i64, i64) {
        let (from, to) = match self {
            Self::Newest => (last - limit + 1, last),
            Self::Before(number) => (number.min(last + 1) - limit, number.min(last + 1) - 1),
            Self::After(number) => (number.max(0) + 1, number.max(0).saturating_add(limit)),
            Self::Around(number) => {
                let from = (number.clamp(0, last) - limit / 2).min(last - limit + 1);
                (from.max(1), from.max(1) + limit - 1)
            }
        };
        (from.max(1), to.min(last))
    }
}

/// A part of a channel's messages, or (with `thread_id` of one of them) of the answers to it, in order: their ids, and
/// the numbers of the first, the last, and the newest there is.
pub async fn list_range(
    db: impl PgExecutor<'_> + Copy,
    channel_id: Uuid,
    thread_id: Uuid,
    range: Range,
    limit: i64,
) -> Result<(Vec<Uuid>, (i64, i64, i64))> {
    let last = sqlx::query_scalar!(
        r#"select coalesce(max(number), 0) as "last!" from messages where channel_id = $1 and thread_id = $2"#,
        channel_id,
        thread_id
    )
    .fetch_one(db)
    .await?;
    let (from, to) = range.bounds(last, limit);
    let ids = sqlx::query_scalar!(
        "select node_id from messages where channel_id = $1 and thread_id = $2 and number between $3 and $4 order by number limit $5",
        channel_id,
        thread_id,
        from,
        to,
        limit
    )
    .fetch_all(db)
    .await?;
    Ok((ids, (from, to, last)))
}

/// What is pinned in a channel, the latest first.
pub async fn list_pins(db: impl PgExecutor<'_>, channel_id: Uuid, limit: i64) -> Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        "select node_id from messages where channel_id = $1 and pinned_at is not null order by pinned_at desc, node_id limit $2",
        channel_id,
        limit
    )
    .fetch_all(db)
    .await
}

/// What a message said before: id, until when, and the text; newest first.
pub async fn list_edits(
    db: impl PgExecutor<'_>,
    message_id: Uuid,
    before: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<(Uuid, DateTime<Utc>, String)>> {
    let (before_at, before_id) = before.unzip();
    let rows = sqlx::query!(
        "select id, at, body from message_edits
          where message_id = $1 and ($2::timestamptz is null or (at, id) < ($2, $3::uuid))
          order by at desc, id desc limit $4",
        message_id,
        before_at,
        before_id,
        limit
    );
    Ok(rows.fetch_all(db).await?.into_iter().map(|row| (row.id, row.at, row.body)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_has_bounds() {
        let check = |range: Range, expect: (i64, i64)| assert_eq!(range.bounds(100, 10), expect, "{range:?}");
        check(Range::Newest, (91, 100));
        check(Range::Before(91), (81, 90));
        check(Range::Before(5), (1, 4));
        check(Range::Before(1_000), (91, 100));
        check(Range::Before(i64::MIN + 100), (1, i64::MIN + 99));
        check(Range::After(0), (1, 10));
        check(Range::After(95), (96, 100));
        check(Range::After(i64::MAX - 1), (i64::MAX, 100));
        check(Range::Around(50), (45, 54));
        check(Range::Around(2), (1, 10));
        check(Range::Around(99), (91, 100));
        check(Range::Around(i64::MAX), (91, 100));
        assert_eq!(Range::Newest.bounds(0, 10), (1, 0));
    }
}
