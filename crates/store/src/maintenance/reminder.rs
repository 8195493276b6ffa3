//! What people are reminded of before a window begins.

use sqlx::PgExecutor;
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// Maintenances of which a reminder is due that was not given: so many minutes before their begin, but not
/// before their window was set as it is.
pub async fn list_reminders_due(db: impl PgExecutor<'_>, minutes: &[i32], limit: i64) -> Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        r#"select distinct m.node_id as "id!" from maintenances m cross join unnest($1::int4[]) r(minutes)
            where m.state = 'scheduled' and m.starts_at > clock_timestamp()
              and m.starts_at <= clock_timestamp() + make_interval(mins => r.minutes)
              and m.starts_at - make_interval(mins => r.minutes) > m.window_set_at
              and not exists (select from maintenance_reminders g
                               where g.maintenance_id = m.node_id and g.starts_at = m.starts_at and g.minutes = r.minutes)
            limit $2"#,
        minutes,
        limit
    )
    .fetch_all(db)
    .await
}

/// Takes the reminders of one that are due; true for whoever takes one. Of several that are due together (a
/// clock that was away) all are taken, and people are told once.
pub async fn take_reminders(db: impl PgExecutor<'_>, id: Uuid, minutes: &[i32]) -> Result<bool> {
    let done = sqlx::query!(
        "insert into maintenance_reminders (maintenance_id, starts_at, minutes)
         select m.node_id, m.starts_at, r.minutes from maintenances m cross join unnest($2::int4[]) r(minutes)
          where m.node_id = $1 and m.state = 'scheduled' and m.starts_at > clock_timestamp()
            and m.starts_at <= clock_timestamp() + make_interval(mins => r.minutes)
            and m.starts_at - make_interval(mins => r.minutes) > m.window_set_at
         on conflict do nothing",
        id,
        minutes
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Systems and groups that a maintenance or incident affects, themselves and by what is in them: what it is about.
pub async fn list_about(db: impl PgExecutor<'_>, id: Uuid, limit: i64) -> Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        r#"select about.id as "id!" from (
             select system_id as id from affected_systems($1)
             union
             select e.target_id from edges e join nodes t on t.id = e.target_id
              where e.source_id = $1 and e.kind = 'affects' and t.kind <> 'instance') about
            limit $2"#,
        id,
        limit
    )
    .fetch_all(db)
    .await
}
