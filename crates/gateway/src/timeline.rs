//! What people are told about maintenances and incidents: one way of reading and editing it for both.

use crate::caller::Caller;
use crate::extract::{PageQuery, Submission, limit_or_default};
use crate::reads::{Module, Shelf, Sight};
use crate::refusal::Refused;
use crate::state::State;
use crate::wire::timeline::{UpdateEdit, UpdateEditPage};
use crate::{cursor, nouns};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use domain::timeline::{Audience, Update, UpdatePatch};
use domain::{Intention, NodeKind, Refusal};
use std::sync::Arc;
use uuid::Uuid;

/// A page of them as an answer, and where the next begins.
pub(crate) type Rendering = fn(Vec<Update>, Option<String>) -> Result<Vec<u8>, sqlx::Error>;

/// A page of the updates that are for the caller; `rendered` is given them, and where the next page begins.
pub(crate) async fn page(
    state: &State,
    caller: &Caller,
    kind: NodeKind,
    id: Uuid,
    page: PageQuery,
    rendered: Rendering,
) -> Result<Response, Refused> {
    let (limit, before) = place(&page)?;
    // What the caller's level is is asked each time; for whom the words are is part of the question.
    let audiences = audiences(state, caller, kind, id).await?;
    let load = move |pool: store::Pool, _: Arc<Sight>| async move {
        let mut updates = store::timeline::list_updates(&pool, id, audiences, before, limit + 1).await?;
        let more = cursor::cut(&mut updates, limit);
        let next_cursor = updates.last().filter(|_| more).map(|last| cursor::encode(&(last.at, last.id)));
        rendered(updates, next_cursor)
    };
    let asked = (id, audiences, before, limit);
    Ok(state.reads().page(caller, Shelf::Of(Module::of(kind)), "updates", &asked, load).await?.into_response())
}

/// What an update said before: for whoever is told it as it is now, as far as they were told it then.
pub(crate) async fn edits(
    state: &State,
    caller: &Caller,
    kind: NodeKind,
    (id, update_id): (Uuid, Uuid),
    page: PageQuery,
) -> Result<UpdateEditPage, Refused> {
    let (limit, before) = place(&page)?;
    let audiences = audiences(state, caller, kind, id).await?;
    let update = store::timeline::find_update(state.pool(), id, update_id).await?;
    update.filter(|update| audiences.contains(&update.audience)).ok_or(Refusal::NotFound { what: "update" })?;
    let mut edits = store::timeline::list_edits(state.pool(), update_id, audiences, before, limit + 1).await?;
    let more = cursor::cut(&mut edits, limit);
    let next_cursor = edits.last().filter(|_| more).map(|last| cursor::encode(&(last.at, last.id)));
    Ok(UpdateEditPage { items: edits.into_iter().map(UpdateEdit::from).collect(), next_cursor })
}

pub(crate) async fn edit(
    state: &State,
    kind: NodeKind,
    (id, update_id): (Uuid, Uuid),
    version: i64,
    submission: Submission<UpdatePatch>,
) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    nouns::readable(state, &caller, kind, id).await?;
    let intention = Intention::EditUpdate { id, update_id, version, patch: input };
    nouns::carry_out(state, &caller, &context, vec![intention], StatusCode::OK).await
}

/// What the caller is told of it; 404 where they may not see it at all.
async fn audiences(state: &State, caller: &Caller, kind: NodeKind, id: Uuid) -> Result<&'static [Audience], Refused> {
    let node = nouns::readable(state, caller, kind, id).await?;
    let level = store::access::find_level(state.pool(), caller.reader(), node.scope_id).await?;
    Ok(Audience::of(level, caller.reader().is_some()))
}

/// How long a page is, and behind which one it begins.
type Place = (i64, Option<(DateTime<Utc>, Uuid)>);

fn place(page: &PageQuery) -> Result<Place, Refusal> {
    let limit = limit_or_default(page.limit)?;
    Ok((limit, cursor::moment(page.cursor.as_deref())?))
}
