//! Series: maintenances that come again, and those of them that were made.

use chrono::NaiveDateTime;
use domain::maintenance::{ExtraWindow, Occurrence, Series, Timing};
use serde_json::Value;
use sqlx::PgExecutor;
use sqlx::types::Json;
use sqlx::types::chrono::{DateTime, Utc};
use std::time::Duration;
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

struct SeriesRow {
    id: Uuid,
    parent_id: Uuid,
    title: String,
    body: String,
    plan: Value,
    starts_at: NaiveDateTime,
    timezone: String,
    duration_s: i32,
    rule: Option<String>,
    windows: Value,
    excluded: Vec<NaiveDateTime>,
    ended_at: Option<DateTime<Utc>>,
    version: i64,
    created_by: Option<Uuid>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl SeriesRow {
    fn into_series(self) -> Result<Series> {
        let wrong = |error: serde_json::Error| sqlx::Error::Decode(error.into());
        let windows: Vec<ExtraWindow> = serde_json::from_value(self.windows).map_err(wrong)?;
        Ok(Series {
            id: self.id,
            parent_id: self.parent_id,
            title: self.title,
            body: self.body,
            plan: serde_json::from_value(self.plan).map_err(wrong)?,
            timing: Timing {
                starts_at: self.starts_at,
                timezone: self.timezone,
                duration_s: self.duration_s,
                rule: self.rule,
                windows,
                excluded: self.excluded,
            },
            ended_at: self.ended_at,
            version: self.version,
            created_by: self.created_by,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

/// The one list of columns; the caller gives the rest.
macro_rules! series {
    ($rest:literal $(, $arg:expr)*) => {
        sqlx::query_as!(SeriesRow,
            "select s.id, s.parent_id, s.title, s.body, s.plan, s.starts_at, s.timezone, s.duration_s, s.rule, s.windows, s.excluded,
                    s.ended_at, s.version, s.created_by, s.created_at, s.updated_at
               from maintenance_series s " + $rest
            $(, $arg)*)
    };
}

/// One series, whoever asks.
pub async fn find_series(db: impl PgExecutor<'_>, id: Uuid) -> Result<Option<Series>> {
    series!("where s.id = $1", id).fetch_optional(db).await?.map(SeriesRow::into_series).transpose()
}

/// One series, if its maintenances are made in one of these scopes.
pub async fn find_readable_series(db: impl PgExecutor<'_>, scopes: &[Uuid], id: Uuid) -> Result<Option<Series>> {
    let row = series!("join nodes n on n.id = s.parent_id where s.id = $1 and n.scope_id = any($2)", id, scopes);
    row.fetch_optional(db).await?.map(SeriesRow::into_series).transpose()
}

/// The series, locked until the transaction ends.
pub async fn lock_series(db: impl PgExecutor<'_>, id: Uuid) -> Result<Option<Series>> {
    series!("where s.id = $1 for update", id).fetch_optional(db).await?.map(SeriesRow::into_series).transpose()
}

/// Series whose maintenances are made in these scopes, by title (in any case), then id. `after`: title and id of the last one
/// before.
pub async fn list_readable_series(
    db: impl PgExecutor<'_>,
    scopes: &[Uuid],
    after: Option<(&str, Uuid)>,
    limit: i64,
) -> Result<Vec<Series>> {
    let rows = series!(
        "join nodes n on n.id = s.parent_id
          where n.scope_id = any($1)
            and ($2::text is null or (lower(s.title), s.id) > (lower($2), $3::uuid))
          order by lower(s.title), s.id limit $4",
        scopes,
        after.map(|a| a.0),
        after.map(|a| a.1),
        limit
    );
    rows.fetch_all(db).await?.into_iter().map(SeriesRow::into_series).collect()
}

/// Inserts it, or sets all of it but where it is and who made it.
pub async fn upsert_series(db: impl PgExecutor<'_>, series: &Series) -> Result<()> {
    let timing = &series.timing;
    sqlx::query!(
        "insert into maintenance_series as s (id, parent_id, title, body, plan, starts_at, timezone, duration_s, rule, windows, excluded,
           ended_at, created_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         on conflict (id) do update
         set title = excluded.title, body = excluded.body, plan = excluded.plan, starts_at = excluded.starts_at,
             timezone = excluded.timezone, duration_s = excluded.duration_s, rule = excluded.rule, windows = excluded.windows,
             excluded = excluded.excluded, ended_at = excluded.ended_at, version = s.version + 1, updated_at = clock_timestamp()",
        series.id,
        series.parent_id,
        series.title,
        series.body,
        Json(&series.plan) as _,
        timing.starts_at,
        timing.timezone,
        timing.duration_s,
        timing.rule,
        Json(&timing.windows) as _,
        &timing.excluded,
        series.ended_at,
        series.created_by
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Series whose windows are to be looked after now.
pub async fn list_due_series(db: impl PgExecutor<'_>, limit: i64) -> Result<Vec<Uuid>> {
    sqlx::query_scalar!(
        "select id from maintenance_series where ended_at is null and look_at <= clock_timestamp() order by look_at limit $1",
        limit
    )
    .fetch_all(db)
    .await
}

/// Puts the next look off.
pub async fn put_off_series(db: impl PgExecutor<'_>, id: Uuid, pause: Duration) -> Result<()> {
    sqlx::query!(
        "update maintenance_series set look_at = clock_timestamp() + make_interval(secs => $2) where id = $1",
        id,
        pause.as_secs_f64()
    )
    .execute(db)
    .await?;
    Ok(())
}

/// A maintenance that was made for a series.
pub struct Made {
    pub id: Uuid,
    pub occurrence_at: NaiveDateTime,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    /// It has not begun, and nobody has changed it: it follows its series.
    pub follows: bool,
    /// People have made something in it, such as its run-sheet.
    pub holds: bool,
}

/// Those that were made for a series, locked.
pub async fn lock_made(db: impl PgExecutor<'_>, series_id: Uuid) -> Result<Vec<Made>> {
    sqlx::query_as!(
        Made,
        r#"select node_id as id, occurrence_at as "occurrence_at!", starts_at, ends_at,
                  (state = 'scheduled' and starts_at > clock_timestamp() and not edited) as "follows!",
                  exists (select from edges e where e.target_id = node_id and e.kind = 'part_of') as "holds!"
             from maintenances where series_id = $1 order by node_id for update"#,
        series_id
    )
    .fetch_all(db)
    .await
}

/// Says which of a series a maintenance is; false when that one is made already.
pub async fn set_occurrence(db: impl PgExecutor<'_>, id: Uuid, series_id: Uuid, occurrence: &Occurrence) -> Result<()> {
    sqlx::query!(
        "update maintenances set series_id = $2, occurrence_at = $3 where node_id = $1",
        id,
        series_id,
        occurrence.occurrence_at
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Takes a maintenance out of its series, which then may delete it without leaving its day out.
pub async fn forget_series(db: impl PgExecutor<'_>, id: Uuid) -> Result<()> {
    sqlx::query!("update maintenances set series_id = null where node_id = $1", id).execute(db).await?;
    Ok(())
}

/// Somebody has changed it by hand: it follows its series no more. Without one this says nothing.
pub async fn mark_edited(db: impl PgExecutor<'_>, id: Uuid) -> Result<()> {
    sqlx::query!("update maintenances set edited = true where node_id = $1 and series_id is not null and not edited", id)
        .execute(db)
        .await?;
    Ok(())
}
