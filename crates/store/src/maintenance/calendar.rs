//! Maintenances as a person's calendar shows them, and by what that calendar is known.

use super::parse_state;
use domain::maintenance::MaintenanceState;
use domain::timeline::Audience;
use sqlx::PgExecutor;
use sqlx::types::chrono::{DateTime, Utc};
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// Makes a calendar's token; the one before holds no more.
pub async fn upsert_calendar_token(db: impl PgExecutor<'_>, person_id: Uuid, token_hash: &[u8]) -> Result<()> {
    sqlx::query!(
        "insert into calendar_tokens (person_id, token_hash) values ($1, $2)
         on conflict (person_id) do update set token_hash = excluded.token_hash, created_at = clock_timestamp()",
        person_id,
        token_hash
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes it back; answers whether there was one.
pub async fn delete_calendar_token(db: impl PgExecutor<'_>, person_id: Uuid) -> Result<bool> {
    let done = sqlx::query!("delete from calendar_tokens where person_id = $1", person_id).execute(db).await?;
    Ok(done.rows_affected() == 1)
}

/// Whose calendar it is; `None` for a token that does not hold, or a person who is disabled.
pub async fn find_calendar_reader(db: impl PgExecutor<'_>, token_hash: &[u8]) -> Result<Option<Uuid>> {
    sqlx::query_scalar!(
        "select t.person_id from calendar_tokens t join people p on p.node_id = t.person_id where t.token_hash = $1 and not p.disabled",
        token_hash
    )
    .fetch_optional(db)
    .await
}

/// A maintenance in a calendar.
pub struct CalendarRow {
    pub id: Uuid,
    pub title: String,
    pub body: String,
    pub state: MaintenanceState,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    pub fence: i64,
    pub updated_at: DateTime<Utc>,
    /// The newest word to these audiences.
    pub told: Option<String>,
}

/// Maintenances that a person may see and that begin from `from` on, the earliest first, each with the newest of what
/// `audiences` were told.
pub async fn list_calendar(
    db: impl PgExecutor<'_>,
    person_id: Uuid,
    from: DateTime<Utc>,
    audiences: &[Audience],
    limit: i64,
) -> Result<Vec<CalendarRow>> {
    let audiences: Vec<String> = audiences.iter().map(|audience| audience.as_str().to_owned()).collect();
    let rows = sqlx::query!(
        r#"select m.node_id, n.title, n.body, m.state, m.starts_at, m.ends_at, m.fence, n.updated_at, u.message as "told?"
             from maintenances m join nodes n on n.id = m.node_id
             left join lateral (
               select u.message from timeline_updates u where u.node_id = m.node_id and u.audience = any($3)
                order by u.at desc, u.id desc limit 1) u on true
            where m.starts_at >= $2 and n.scope_id = any(array(select r.scope_id from readable_scopes($1) r))
            order by m.starts_at, m.node_id limit $4"#,
        person_id,
        from,
        &audiences,
        limit
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(CalendarRow {
                id: row.node_id,
                title: row.title,
                body: row.body,
                state: parse_state(&row.state)?,
                starts_at: row.starts_at,
                ends_at: row.ends_at,
                fence: row.fence,
                updated_at: row.updated_at,
                told: row.told,
            })
        })
        .collect()
}
