//! Announcements, and who has put them away. (Their nodes are read in `node.rs`, like all others.)

use crate::node::unknown;
use domain::announcement::{Announcement, AnnouncementSeverity, AnnouncementState, Reach, Style};
use serde::Deserialize;
use sqlx::PgExecutor;
use sqlx::types::Json;
use sqlx::types::chrono::{DateTime, Utc};
use std::time::Duration;
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// A row of `announcements` as PostgreSQL writes it in JSON: one column of a node's row.
#[derive(Deserialize)]
pub(crate) struct AnnouncementRow {
    severity: String,
    audience: String,
    style: String,
    starts_at: DateTime<Utc>,
    ends_at: Option<DateTime<Utc>>,
    state: String,
}

impl AnnouncementRow {
    pub(crate) fn into_announcement(self) -> Result<Announcement> {
        Ok(Announcement {
            severity: AnnouncementSeverity::parse(&self.severity).ok_or_else(|| unknown("severity", &self.severity))?,
            audience: Reach::parse(&self.audience).ok_or_else(|| unknown("audience", &self.audience))?,
            style: Style::parse(&self.style).ok_or_else(|| unknown("style", &self.style))?,
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            state: AnnouncementState::parse(&self.state).ok_or_else(|| unknown("state", &self.state))?,
        })
    }
}

/// The announcement, locked until the transaction ends. The caller has locked its node before.
pub async fn lock_announcement(db: impl PgExecutor<'_>, id: Uuid) -> Result<Option<Announcement>> {
    let row = sqlx::query_scalar!(
        r#"select to_jsonb(a) as "row!: Json<AnnouncementRow>" from announcements a where a.node_id = $1 for update"#,
        id
    )
    .fetch_optional(db)
    .await?;
    row.map(|row| row.0.into_announcement()).transpose()
}

/// The facet of a new node, or all of it anew.
pub async fn upsert_announcement(db: impl PgExecutor<'_>, id: Uuid, new: &Announcement) -> Result<()> {
    sqlx::query!(
        "insert into announcements (node_id, severity, audience, style, starts_at, ends_at, state)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (node_id) do update set severity = excluded.severity, audience = excluded.audience, style = excluded.style,
           starts_at = excluded.starts_at, ends_at = excluded.ends_at, state = excluded.state",
        id,
        new.severity.as_str(),
        new.audience.as_str(),
        new.style.as_str(),
        new.starts_at,
        new.ends_at,
        new.state.as_str()
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Announcements that begin or end now by the clock, longest due first.
pub async fn list_announcements_due(db: impl PgExecutor<'_>, limit: i64) -> Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        r#"select due.node_id as "id!" from (
             select node_id, starts_at as at from announcements where state = 'scheduled' and starts_at <= clock_timestamp()
             union
             select node_id, ends_at from announcements where state <> 'ended' and ends_at <= clock_timestamp()) due
           order by due.at limit $1"#,
        limit
    )
    .fetch_all(db)
    .await
}

/// In how long the next begins or ends; zero when it should have, `None` without any.
pub async fn find_next_announcement_due(db: impl PgExecutor<'_>) -> Result<Option<Duration>> {
    let seconds = sqlx::query_scalar!(
        "select extract(epoch from least(
             (select min(starts_at) from announcements where state = 'scheduled'),
             (select min(ends_at) from announcements where state <> 'ended')) - clock_timestamp())::float8"
    )
    .fetch_one(db)
    .await?;
    Ok(seconds.map(|s| Duration::try_from_secs_f64(s).unwrap_or_default()))
}

/// Which announcements to list; `None` takes all.
#[derive(Clone, Debug, Default)]
pub struct AnnouncementFilter {
    pub states: Option<Vec<AnnouncementState>>,
    /// Left out: those that the reader has put away.
    pub not_dismissed: bool,
}

/// A place in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnnouncementPosition {
    pub position: i32,
    pub starts_at: DateTime<Utc>,
    pub id: Uuid,
    /// Put away by the reader.
    pub dismissed: bool,
}

/// Announcements in these scopes, as `reader` finds them: by their order, then the latest begin first.
pub async fn list_announcements(
    db: impl PgExecutor<'_>,
    reader: Option<Uuid>,
    scopes: &[Uuid],
    filter: &AnnouncementFilter,
    after: Option<(i32, DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<AnnouncementPosition>> {
    let states: Option<Vec<String>> =
        filter.states.as_ref().map(|states| states.iter().map(|state| state.as_str().to_owned()).collect());
    sqlx::query_as!(
        AnnouncementPosition,
        r#"select n.position as "position!", a.starts_at as "starts_at!", n.id as "id!", (d.person_id is not null) as "dismissed!"
             from announcements a
             join nodes n on n.id = a.node_id
             left join announcement_dismissals d on d.announcement_id = a.node_id and d.person_id = $1
            where n.scope_id = any($8)
              and ($2::text[] is null or a.state = any($2))
              and (not $3 or d.person_id is null)
              and ($4::int4 is null or n.position > $4
                   or (n.position = $4 and (a.starts_at, n.id) < ($5::timestamptz, $6::uuid)))
            order by n.position, a.starts_at desc, n.id desc limit $7"#,
        reader,
        states.as_deref(),
        filter.not_dismissed,
        after.map(|(position, ..)| position),
        after.map(|(_, at, _)| at),
        after.map(|(.., id)| id),
        limit,
        scopes
    )
    .fetch_all(db)
    .await
}

/// Puts an announcement away for a person; false when it was already.
pub async fn insert_dismissal(db: impl PgExecutor<'_>, announcement_id: Uuid, person_id: Uuid) -> Result<bool> {
    let done = sqlx::query!(
        "insert into announcement_dismissals (announcement_id, person_id) values ($1, $2) on conflict do nothing",
        announcement_id,
        person_id
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Has an announcement be seen again by those who have put it away: what it says is something else.
pub async fn delete_dismissals(db: impl PgExecutor<'_>, announcement_id: Uuid) -> Result<u64> {
    let done =
        sqlx::query!("delete from announcement_dismissals where announcement_id = $1", announcement_id).execute(db).await?;
    Ok(done.rows_affected())
}
