//! Full-text search over the graph.

use crate::caller::Caller;
use crate::cursor;
use crate::extract::{Query, limit_or_default, one_or_several};
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::search::{SearchHit, SearchPage, SnippetPart};
use axum::Json;
use domain::NodeKind;
use domain::search::{snippet, words_of};
use serde::Deserialize;
use store::search::Place;
use utoipa::IntoParams;
use uuid::Uuid;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct SearchQuery {
    /// Beginnings of words, all of which must be there. Accents, case and punctuation don't matter; without a word
    /// nothing is found.
    #[param(example = "checkout disks")]
    q: Option<String>,
    /// Of these kinds, with commas between: `system,maintenance`.
    #[param(pattern = "^[a-z_]+(,[a-z_]+)*$")]
    kind: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Items at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<i64>,
}

/// Search
///
/// Nodes that one may see, by their titles and texts: what matches best first.
#[utoipa::path(get, path = "/search", operation_id = "search", tag = "graph", params(SearchQuery),
    responses((status = 200, description = "A page of what was found", body = SearchPage)))]
pub(crate) async fn search(state: State, caller: Caller, Query(query): Query<SearchQuery>) -> Result<Json<SearchPage>, Refused> {
    let limit = limit_or_default(query.limit)?;
    let kinds = query.kind.as_deref().map(|text| one_or_several("kind", text, NodeKind::ALL)).transpose()?;
    let after: Option<(i32, Uuid)> = query.cursor.as_deref().map(cursor::decode).transpose()?;
    let after = after.map(|(score, id)| Place { score, id });
    let words = words_of(&query.q.unwrap_or_default());
    if words.is_empty() {
        return Ok(Json(SearchPage { items: Vec::new(), next_cursor: None }));
    }
    let pool = state.pool();
    let mut found = store::search::search_nodes(pool, caller.reader(), &words, kinds.as_deref(), after, limit + 1).await?;
    let more = cursor::cut(&mut found, limit);
    let next_cursor = found.last().filter(|_| more).map(|last| cursor::encode(&(last.place.score, last.place.id)));
    let items = found.into_iter().map(|found| SearchHit {
        id: found.place.id,
        kind: found.kind,
        snippet: snippet(&found.body, &words).into_iter().map(SnippetPart::from).collect(),
        title: found.title,
        scope_id: found.scope_id,
        parent_id: found.parent_id,
        parent_title: found.parent_title,
    });
    Ok(Json(SearchPage { items: items.collect(), next_cursor }))
}
