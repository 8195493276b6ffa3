//! What people were told.

use crate::node::unknown;
use domain::maintenance::{Audience, MaintenanceState, Update};
use sqlx::PgExecutor;
use sqlx::types::chrono::{DateTime, Utc};
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// Something to be told.
#[derive(Clone, Copy, Debug)]
pub struct NewUpdateRow<'a> {
    pub maintenance_id: Uuid,
    /// `None`: the server itself.
    pub by: Option<(Uuid, &'a str)>,
    pub message: &'a str,
    pub audience: Audience,
    pub state_change: Option<MaintenanceState>,
}

pub async fn insert_update(db: impl PgExecutor<'_>, new: NewUpdateRow<'_>) -> Result<()> {
    sqlx::query!(
        "insert into maintenance_updates (id, maintenance_id, by_id, by_title, message, audience, state_change)
         values ($1, $2, $3, $4, $5, $6, $7)",
        Uuid::now_v7(),
        new.maintenance_id,
        new.by.map(|by| by.0),
        new.by.map(|by| by.1),
        new.message,
        new.audience.as_str(),
        new.state_change.map(MaintenanceState::as_str)
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Updates for these audiences, newest first. `before`: the last of the page before. Whether
/// somebody may see the maintenance, and what they are told, is for the caller to know.
pub async fn list_updates(
    db: impl PgExecutor<'_>,
    maintenance_id: Uuid,
    audiences: &[Audience],
    before: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<Update>> {
    let audiences: Vec<String> = audiences.iter().map(|audience| audience.as_str().to_owned()).collect();
    let (before_at, before_id) = before.unzip();
    let rows = sqlx::query!(
        "select id, at, by_id, by_title, message, audience, state_change from maintenance_updates
          where maintenance_id = $1 and audience = any($2) and ($3::timestamptz is null or (at, id) < ($3, $4::uuid))
          order by at desc, id desc limit $5",
        maintenance_id,
        &audiences,
        before_at,
        before_id,
        limit
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|r| {
            let state = |text: String| MaintenanceState::parse(&text).ok_or_else(|| unknown("state", &text));
            Ok(Update {
                id: r.id,
                at: r.at,
                by_id: r.by_id,
                by_title: r.by_title,
                message: r.message,
                audience: Audience::parse(&r.audience).ok_or_else(|| unknown("audience", &r.audience))?,
                state_change: r.state_change.map(state).transpose()?,
            })
        })
        .collect()
}
