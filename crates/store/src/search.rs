//! Full-text search over nodes.

use crate::node::unknown;
use domain::NodeKind;
use domain::limits::SEARCH_SHOWN_MAX_CHARS;
use sqlx::PgExecutor;
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// A place among the results: what matches best first, of equals the newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub score: i32,
    pub id: Uuid,
}

/// A node that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub place: Place,
    pub kind: NodeKind,
    pub title: String,
    /// The beginning of its text.
    pub body: String,
    pub scope_id: Uuid,
    pub parent_id: Option<Uuid>,
    /// Of what it is part of, where `reader` may see that.
    pub parent_title: Option<String>,
}

/// Nodes that `reader` may see and that have, for each of these words, a word that begins with it: in the title, which
/// counts more, or in the text. `words` are as `domain::search::words_of` makes them; without any nothing is found.
pub async fn search_nodes(
    db: impl PgExecutor<'_>,
    reader: Option<Uuid>,
    words: &[String],
    kinds: Option<&[NodeKind]>,
    after: Option<Place>,
    limit: i64,
) -> Result<Vec<Found>> {
    let kinds: Option<Vec<String>> = kinds.map(|kinds| kinds.iter().map(|kind| kind.as_str().to_owned()).collect());
    let rows = sqlx::query!(
        r#"with found as (
             select n.id, n.scope_id,
                    -- A title that is, or begins with, what was typed comes before all others.
                    (1000 * ts_rank_cd(n.search, asked.query, 33)
                     + case when t.title = asked.whole then 4000 when starts_with(t.title, asked.whole) then 2000 else 0 end)::integer as score
               from (select search_query($2) as query, search_words(array_to_string($2::text[], ' ')) as whole) asked
              cross join nodes n cross join lateral (select search_words(n.title) as title) t
              where n.search @@ search_query($2)
                and ($3::text[] is null or n.kind = any($3))
                and n.scope_id in (select r.scope_id from readable_scopes($1) r)),
           page as (
             select f.id, f.score from found f
              where $4::integer is null or (f.score, f.id) < ($4, $5::uuid)
              order by f.score desc, f.id desc limit $6)
           select n.id, page.score as "score!", n.kind, n.title, left(n.body, $7) as "body!", n.scope_id,
                  p.id as "parent_id?", case when p.scope_id in (select r.scope_id from readable_scopes($1) r) then p.title end as parent_title
             from page join nodes n on n.id = page.id
             left join edges e on e.source_id = n.id and e.kind = 'part_of'
             left join nodes p on p.id = e.target_id
            order by page.score desc, page.id desc"#,
        reader,
        words,
        kinds.as_deref(),
        after.map(|place| place.score),
        after.map(|place| place.id),
        limit,
        SEARCH_SHOWN_MAX_CHARS
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Found {
                place: Place { score: row.score, id: row.id },
                kind: NodeKind::parse(&row.kind).ok_or_else(|| unknown("kind", &row.kind))?,
                title: row.title,
                body: row.body,
                scope_id: row.scope_id,
                parent_id: row.parent_id,
                parent_title: row.parent_title,
            })
        })
        .collect()
}
