//! What depends on what.

use crate::node::unknown;
use domain::dependency::Impact;
use domain::system::State;
use sqlx::PgExecutor;
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// Waits until this transaction alone may change dependencies and what is derived from them. A statement
/// of its own, before the rows are locked that it writes: so two of them never wait for each other.
pub async fn lock_dependencies(db: impl PgExecutor<'_>) -> Result<()> {
    sqlx::query!("select lock_dependencies()").execute(db).await?;
    Ok(())
}

/// Whether the state of this system has anything to do with that of others, as it looks now.
pub async fn takes_part(db: impl PgExecutor<'_>, system_id: Uuid) -> Result<bool> {
    sqlx::query_scalar!(r#"select takes_part(array[$1::uuid]) as "takes_part!""#, system_id).fetch_one(db).await
}

/// All that is reached from a system along what depends on what: pairs of a system and what it depends on,
/// at most `limit`, whoever asks.
pub async fn list_dependencies_from(db: impl PgExecutor<'_>, system_id: Uuid, limit: i64) -> Result<Vec<(Uuid, Uuid)>> {
    let rows = sqlx::query!(
        r#"with recursive reached(id) as (
             select $1::uuid
             union
             select e.target_id from reached r join edges e on e.source_id = r.id and e.kind = 'depends_on')
           select e.source_id, e.target_id from reached r join edges e on e.source_id = r.id and e.kind = 'depends_on' limit $2"#,
        system_id,
        limit
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.source_id, row.target_id)).collect())
}

/// Which of what is depended on to list; `None` takes all.
#[derive(Clone, Copy, Debug, Default)]
pub struct DependencyFilter {
    pub system_id: Option<Uuid>,
    /// `Some(true)`: what the system depends on; `Some(false)`: what depends on it.
    pub upstream: Option<bool>,
}

/// An end of a dependency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DependencyEnd {
    pub id: Uuid,
    pub title: String,
    pub state: State,
    pub effective_state: State,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// Of the edge.
    pub id: Uuid,
    pub version: i64,
    pub impact: Impact,
    pub system: DependencyEnd,
    pub depends_on: DependencyEnd,
}

/// Dependencies of which both ends are in these scopes, oldest first (ids rise with time).
pub async fn list_dependencies(
    db: impl PgExecutor<'_>,
    scope_ids: &[Uuid],
    filter: DependencyFilter,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Dependency>> {
    let rows = sqlx::query!(
        r#"select e.id, e.version, coalesce(e.attrs ->> 'impact', 'degraded') as "impact!",
             e.source_id, s.title as source_title, a.state as source_state, a.effective_state as source_effective,
             e.target_id, t.title as target_title, b.state as target_state, b.effective_state as target_effective
           from edges e
           join nodes s on s.id = e.source_id join systems a on a.node_id = s.id
           join nodes t on t.id = e.target_id join systems b on b.node_id = t.id
          where e.kind = 'depends_on'
            and s.scope_id = any($1) and t.scope_id = any($1)
            and ($2::uuid is null or (e.source_id = $2 and coalesce($3, true)) or (e.target_id = $2 and not coalesce($3, false)))
            and ($4::uuid is null or e.id > $4)
          order by e.id limit $5"#,
        scope_ids,
        filter.system_id,
        filter.upstream,
        after,
        limit
    )
    .fetch_all(db)
    .await?;
    let state = |text: &str| State::parse(text).ok_or_else(|| unknown("state", text));
    rows.into_iter()
        .map(|r| {
            Ok(Dependency {
                id: r.id,
                version: r.version,
                impact: Impact::parse(&r.impact).ok_or_else(|| unknown("impact", &r.impact))?,
                system: DependencyEnd {
                    id: r.source_id,
                    title: r.source_title,
                    state: state(&r.source_state)?,
                    effective_state: state(&r.source_effective)?,
                },
                depends_on: DependencyEnd {
                    id: r.target_id,
                    title: r.target_title,
                    state: state(&r.target_state)?,
                    effective_state: state(&r.target_effective)?,
                },
            })
        })
        .collect()
}
