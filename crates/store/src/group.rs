//! Groups in their order.

use crate::node::{NodeFilter, escape_like};
use sqlx::PgExecutor;
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// A place in the list: position, title (lower case), id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupPlace {
    pub position: i32,
    pub title: String,
    pub id: Uuid,
}

/// Groups of these scopes, in order: their places. The filter's kind does not count.
pub async fn list_groups(
    db: impl PgExecutor<'_>,
    scope_ids: &[Uuid],
    filter: &NodeFilter,
    after: Option<&GroupPlace>,
    limit: i64,
) -> Result<Vec<GroupPlace>> {
    let pattern = filter.title_contains.as_ref().map(|text| format!("%{}%", escape_like(&text.to_lowercase())));
    sqlx::query_as!(
        GroupPlace,
        r#"select n.position as "position!", lower(n.title) as "title!", n.id as "id!"
             from nodes n
            where n.kind = 'group' and n.scope_id = any($1)
              and ($2::uuid is null or exists (
                select from edges p where p.source_id = n.id and p.kind = 'part_of' and p.target_id = $2))
              and ($3::uuid is null or n.scope_id = $3)
              and ($4::text is null or lower(n.title) like $4)
              and ($5::integer is null or (n.position, lower(n.title), n.id) > ($5, $6::text, $7::uuid))
            order by n.position, lower(n.title), n.id limit $8"#,
        scope_ids,
        filter.parent_id,
        filter.scope_id,
        pattern,
        after.map(|a| a.position),
        after.map(|a| a.title.as_str()),
        after.map(|a| a.id),
        limit
    )
    .fetch_all(db)
    .await
}

/// Which of these are groups that are part of the parent, with their scopes; held until the transaction ends.
pub async fn lock_children(db: impl PgExecutor<'_>, parent_id: Uuid, ids: &[Uuid]) -> Result<Vec<(Uuid, Uuid)>> {
    let rows = sqlx::query!(
        "select n.id, n.scope_id from nodes n join edges p on p.source_id = n.id and p.kind = 'part_of' and p.target_id = $1
          where n.id = any($2) and n.kind = 'group' order by n.id for update of n",
        parent_id,
        ids
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.scope_id)).collect())
}
