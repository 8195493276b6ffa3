//! What people were told about maintenances and incidents, and what was said before it was edited.

use crate::node::unknown;
use domain::timeline::{Audience, Edit, StateChange, Update, UpdatePatch};
use sqlx::types::chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// Something to be told.
#[derive(Clone, Copy, Debug)]
pub struct NewUpdateRow<'a> {
    /// The maintenance or incident.
    pub node_id: Uuid,
    /// `None`: the server itself.
    pub by: Option<(Uuid, &'a str)>,
    pub message: &'a str,
    pub audience: Audience,
    pub state_change: Option<StateChange>,
}

pub async fn insert_update(db: impl PgExecutor<'_>, new: NewUpdateRow<'_>) -> Result<()> {
    sqlx::query!(
        "insert into timeline_updates (id, node_id, by_id, by_title, message, audience, state_change)
         values ($1, $2, $3, $4, $5, $6, $7)",
        Uuid::now_v7(),
        new.node_id,
        new.by.map(|by| by.0),
        new.by.map(|by| by.1),
        new.message,
        new.audience.as_str(),
        new.state_change.map(StateChange::as_str)
    )
    .execute(db)
    .await?;
    Ok(())
}

struct UpdateRow {
    id: Uuid,
    version: i64,
    at: DateTime<Utc>,
    by_id: Option<Uuid>,
    by_title: Option<String>,
    message: String,
    audience: String,
    state_change: Option<String>,
    edited_at: Option<DateTime<Utc>>,
}

impl UpdateRow {
    fn into_update(self) -> Result<Update> {
        let state = |text: String| StateChange::parse(&text).ok_or_else(|| unknown("state", &text));
        Ok(Update {
            id: self.id,
            version: self.version,
            at: self.at,
            by_id: self.by_id,
            by_title: self.by_title,
            message: self.message,
            audience: parse_audience(&self.audience)?,
            state_change: self.state_change.map(state).transpose()?,
            edited_at: self.edited_at,
        })
    }
}

fn parse_audience(text: &str) -> Result<Audience> {
    Audience::parse(text).ok_or_else(|| unknown("audience", text))
}

/// What these audiences are stored as.
fn texts(audiences: &[Audience]) -> Vec<String> {
    audiences.iter().map(|audience| audience.as_str().to_owned()).collect()
}

/// Updates for these audiences, newest first. `before`: the last of the page before. Whether
/// somebody may see what they are about, and what they are told, is for the caller to know.
pub async fn list_updates(
    db: impl PgExecutor<'_>,
    node_id: Uuid,
    audiences: &[Audience],
    before: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<Update>> {
    let (before_at, before_id) = before.unzip();
    let rows = sqlx::query_as!(
        UpdateRow,
        "select id, version, at, by_id, by_title, message, audience, state_change, edited_at from timeline_updates
          where node_id = $1 and audience = any($2) and ($3::timestamptz is null or (at, id) < ($3, $4::uuid))
          order by at desc, id desc limit $5",
        node_id,
        &texts(audiences),
        before_at,
        before_id,
        limit
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(UpdateRow::into_update).collect()
}

/// One update of this maintenance or incident, whomever it is for.
pub async fn find_update(db: impl PgExecutor<'_>, node_id: Uuid, update_id: Uuid) -> Result<Option<Update>> {
    let row = sqlx::query_as!(
        UpdateRow,
        "select id, version, at, by_id, by_title, message, audience, state_change, edited_at from timeline_updates
          where node_id = $1 and id = $2",
        node_id,
        update_id
    )
    .fetch_optional(db)
    .await?;
    row.map(UpdateRow::into_update).transpose()
}

/// Sets what is given and keeps what was said before. The caller has locked the node, and has seen that
/// `before` is the update as it is.
pub async fn update_update(db: &mut PgConnection, before: &Update, patch: &UpdatePatch, by: Option<(Uuid, &str)>) -> Result<()> {
    sqlx::query!(
        "insert into timeline_edits (id, update_id, by_id, by_title, message, audience) values ($1, $2, $3, $4, $5, $6)",
        Uuid::now_v7(),
        before.id,
        by.map(|by| by.0),
        by.map(|by| by.1),
        before.message,
        before.audience.as_str()
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "update timeline_updates set message = coalesce($2, message), audience = coalesce($3, audience), version = version + 1,
           edited_at = clock_timestamp()
         where id = $1",
        before.id,
        patch.message,
        patch.audience.map(Audience::as_str)
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What an update said before, as far as it was for these audiences then: newest first. Whether somebody
/// may see the update as it is now is for the caller to know.
pub async fn list_edits(
    db: impl PgExecutor<'_>,
    update_id: Uuid,
    audiences: &[Audience],
    before: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<Edit>> {
    let (before_at, before_id) = before.unzip();
    let rows = sqlx::query!(
        "select id, at, by_id, by_title, message, audience from timeline_edits
          where update_id = $1 and audience = any($2) and ($3::timestamptz is null or (at, id) < ($3, $4::uuid))
          order by at desc, id desc limit $5",
        update_id,
        &texts(audiences),
        before_at,
        before_id,
        limit
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|r| {
            let audience = parse_audience(&r.audience)?;
            Ok(Edit { id: r.id, at: r.at, by_id: r.by_id, by_title: r.by_title, message: r.message, audience })
        })
        .collect()
}
