//! Who may do what where: `scope_access` and visibility, and nothing else, decide.

use crate::node::unknown;
use domain::access::{Level, Visibility, effective};
use sqlx::PgExecutor;
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// Waits until this transaction alone may change grants and containment. A statement of its own,
/// before any that depends on it: what others committed meanwhile is then seen.
pub async fn lock_graph(db: impl PgExecutor<'_>) -> Result<()> {
    sqlx::query!("select lock_graph()").execute(db).await?;
    Ok(())
}

/// The level somebody has in a scope; `None` when for them it does not exist.
pub async fn find_level(db: impl PgExecutor<'_>, reader: Option<Uuid>, scope_id: Uuid) -> Result<Option<Level>> {
    let row = sqlx::query!(
        r#"select s.visibility, a.level as "level?" from scopes s
           left join scope_access a on a.scope_id = s.node_id and a.person_id = $2
           where s.node_id = $1"#,
        scope_id,
        reader
    )
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let visibility = Visibility::parse(&row.visibility).ok_or_else(|| unknown("visibility", &row.visibility))?;
    let granted = row.level.map(parse_level).transpose()?;
    Ok(effective(granted, visibility, reader.is_some()))
}

/// The scopes that somebody may read, in no order.
pub async fn list_readable_scopes(db: impl PgExecutor<'_>, reader: Option<Uuid>) -> Result<Vec<Uuid>> {
    sqlx::query_scalar!(r#"select r.scope_id as "scope_id!" from readable_scopes($1) r"#, reader).fetch_all(db).await
}

/// What a person is granted, scope by scope.
pub async fn list_levels(db: impl PgExecutor<'_>, person_id: Uuid) -> Result<Vec<(Uuid, Level)>> {
    let rows = sqlx::query!("select scope_id, level from scope_access where person_id = $1", person_id).fetch_all(db).await?;
    rows.into_iter().map(|r| Ok((r.scope_id, parse_level(r.level)?))).collect()
}

/// What is granted of these pairs (scope, person); pairs without a grant are absent.
pub async fn list_levels_of(
    db: impl PgExecutor<'_>,
    scope_ids: &[Uuid],
    person_ids: &[Uuid],
) -> Result<Vec<(Uuid, Uuid, Level)>> {
    let rows = sqlx::query!(
        "select a.scope_id, a.person_id, a.level
           from unnest($1::uuid[], $2::uuid[]) w(scope_id, person_id)
           join scope_access a on a.scope_id = w.scope_id and a.person_id = w.person_id",
        scope_ids,
        person_ids
    )
    .fetch_all(db)
    .await?;
    rows.into_iter().map(|r| Ok((r.scope_id, r.person_id, parse_level(r.level)?))).collect()
}

fn parse_level(level: i16) -> Result<Level> {
    Level::from_i16(level).ok_or_else(|| unknown("level", &level.to_string()))
}

/// Whether somebody who can sign in has at least the level `admin` in the scope.
pub async fn has_admin(db: impl PgExecutor<'_>, scope_id: Uuid) -> Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from scope_access a join people p on p.node_id = a.person_id
             where a.scope_id = $1 and a.level >= 3 and not p.disabled) as "has!""#,
        scope_id
    )
    .fetch_one(db)
    .await
}

/// What these people are granted: person, scope, level.
pub async fn list_levels_of_people(db: impl PgExecutor<'_>, person_ids: &[Uuid]) -> Result<Vec<(Uuid, Uuid, Level)>> {
    let rows = sqlx::query!("select person_id, scope_id, level from scope_access where person_id = any($1)", person_ids)
        .fetch_all(db)
        .await?;
    rows.into_iter().map(|r| Ok((r.person_id, r.scope_id, parse_level(r.level)?))).collect()
}
