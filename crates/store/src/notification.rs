//! The notification centre, and how people want to be told.

mod recipients;

pub use recipients::{
    ConnectionToTell, PersonToTell, find_mail_connection, list_connections_to_tell, list_named_people, list_people_to_tell,
    may_still_be_told,
};

use chrono_tz::Tz;
use domain::notification::{Notice, NoticeKind, Preferences, Quiet, ReadUntil};
use sqlx::PgExecutor;
use sqlx::types::chrono::{DateTime, NaiveTime, Utc};
use std::time::Duration;
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// What somebody was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    pub id: Uuid,
    pub at: DateTime<Utc>,
    pub kind: String,
    pub node_id: Uuid,
    pub node_kind: String,
    pub title: String,
    pub body: String,
    /// So many became one.
    pub count: i32,
    pub read_at: Option<DateTime<Utc>>,
}

/// Tells these people, each with the body of the same place: unread ones about the same become one.
pub async fn insert_notifications(
    db: impl PgExecutor<'_>,
    notice: &Notice,
    title: &str,
    people: &[Uuid],
    bodies: &[String],
) -> Result<Vec<Uuid>> {
    let ids: Vec<Uuid> = people.iter().map(|_| Uuid::now_v7()).collect();
    let rows = sqlx::query!(
        r#"insert into notifications as n (id, person_id, event_id, kind, node_id, node_kind, title, body, collapse_key)
         select new.id, new.person_id, $4, $5, $6, $7, $8, new.body, $9
           from unnest($1::uuid[], $2::uuid[], $3::text[]) as new (id, person_id, body) order by new.person_id
         on conflict (person_id, collapse_key) where read_at is null do update
           set count = n.count + 1, at = clock_timestamp(), event_id = excluded.event_id, kind = excluded.kind,
               title = excluded.title, body = excluded.body
         returning n.person_id, n.count"#,
        &ids,
        people,
        bodies,
        notice.event_id,
        notice.kind.as_str(),
        notice.node_id,
        notice.node_kind.as_str(),
        title,
        notice.collapse_key()
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().filter(|row| row.count == 1).map(|row| row.person_id).collect())
}

/// What a person was told about what they may still read, newest first; `before`: the last of the page before.
pub async fn list_notifications(
    db: impl PgExecutor<'_>,
    person_id: Uuid,
    scopes: &[Uuid],
    unread: bool,
    kinds: Option<&[NoticeKind]>,
    before: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<Notification>> {
    let kinds: Option<Vec<String>> = kinds.map(|kinds| kinds.iter().map(|kind| kind.as_str().to_owned()).collect());
    let (before_at, before_id) = before.unzip();
    sqlx::query_as!(
        Notification,
        "select t.id, t.at, t.kind, t.node_id, t.node_kind, t.title, t.body, t.count, t.read_at
           from notifications t join nodes n on n.id = t.node_id
          where t.person_id = $1 and (not $2 or t.read_at is null)
            and n.scope_id = any($6) and ($7::text[] is null or t.kind = any($7))
            and ($3::timestamptz is null or (t.at, t.id) < ($3, $4::uuid))
          order by t.at desc, t.id desc limit $5",
        person_id,
        unread,
        before_at,
        before_id,
        limit,
        scopes,
        kinds.as_deref()
    )
    .fetch_all(db)
    .await
}

/// How many unread ones there are, of those that the list shows.
pub async fn count_unread_notifications(db: impl PgExecutor<'_>, person_id: Uuid, scopes: &[Uuid]) -> Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from notifications t join nodes n on n.id = t.node_id
            where t.person_id = $1 and t.read_at is null and n.scope_id = any($2)"#,
        person_id,
        scopes
    )
    .fetch_one(db)
    .await
}

/// Marks a person's own read; answers how many were not.
pub async fn mark_read(db: impl PgExecutor<'_>, person_id: Uuid, read: &ReadUntil) -> Result<u64> {
    let done = sqlx::query!(
        "update notifications set read_at = clock_timestamp()
          where person_id = $1 and read_at is null and (id = any($2) or at <= $3)",
        person_id,
        &read.ids,
        read.all_before
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// Deletes one of a person's own; false when there is none.
pub async fn delete_notification(db: impl PgExecutor<'_>, person_id: Uuid, id: Uuid) -> Result<bool> {
    let done = sqlx::query!("delete from notifications where person_id = $1 and id = $2", person_id, id).execute(db).await?;
    Ok(done.rows_affected() == 1)
}

/// Deletes old ones, and of each person those beyond so many; answers how many.
pub async fn delete_old_notifications(db: impl PgExecutor<'_>, kept: Duration, each: i64, limit: i64) -> Result<u64> {
    let done = sqlx::query!(
        "delete from notifications where id in (
           select id from notifications where at < clock_timestamp() - $1::float8 * interval '1 s'
           union
           select r.id from (
             select id, row_number() over (partition by person_id order by at desc, id desc) as place from notifications) r
            where r.place > $2
           limit $3)",
        kept.as_secs_f64(),
        each,
        limit
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// A row of preferences as the queries here read it.
pub(crate) struct PreferencesRow {
    pub(crate) in_app: Option<bool>,
    pub(crate) mail: Option<bool>,
    pub(crate) ntfy: Option<bool>,
    pub(crate) quiet_from: Option<NaiveTime>,
    pub(crate) quiet_to: Option<NaiveTime>,
    pub(crate) timezone: Option<String>,
}

impl PreferencesRow {
    /// Who has said nothing is told everything.
    pub(crate) fn into_preferences(self) -> Preferences {
        let zone = self.timezone.and_then(|name| name.parse::<Tz>().ok());
        let quiet = match (self.quiet_from, self.quiet_to, zone) {
            (Some(from), Some(to), Some(timezone)) => Some(Quiet { from, to, timezone }),
            _ => None,
        };
        Preferences {
            in_app: self.in_app.unwrap_or(true),
            mail: self.mail.unwrap_or(true),
            ntfy: self.ntfy.unwrap_or(true),
            quiet,
        }
    }
}

pub async fn find_preferences(db: impl PgExecutor<'_>, person_id: Uuid) -> Result<Preferences> {
    let row = sqlx::query_as!(
        PreferencesRow,
        r#"select in_app as "in_app?", mail as "mail?", ntfy as "ntfy?", quiet_from, quiet_to, timezone
             from notification_preferences where person_id = $1"#,
        person_id
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(PreferencesRow::into_preferences).unwrap_or_default())
}

pub async fn upsert_preferences(db: impl PgExecutor<'_>, person_id: Uuid, new: &Preferences) -> Result<()> {
    sqlx::query!(
        "insert into notification_preferences (person_id, in_app, mail, ntfy, quiet_from, quiet_to, timezone)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (person_id) do update set in_app = excluded.in_app, mail = excluded.mail, ntfy = excluded.ntfy,
           quiet_from = excluded.quiet_from, quiet_to = excluded.quiet_to, timezone = excluded.timezone",
        person_id,
        new.in_app,
        new.mail,
        new.ntfy,
        new.quiet.map(|quiet| quiet.from),
        new.quiet.map(|quiet| quiet.to),
        new.quiet.map(|quiet| quiet.timezone.name())
    )
    .execute(db)
    .await?;
    Ok(())
}
