//! Lists of systems by state and place: those that views save, and those asked for at once.

use crate::caller::Caller;
use crate::cursor;
use crate::extract::limit_or_default;
use crate::reads::{Module, Places, Shelf, Sight};
use crate::refusal::Refused;
use crate::state::State;
use axum::response::Response;
use domain::Refusal;
use std::sync::Arc;
use store::Pool;
use store::system::{SystemFilter, SystemPlace};
use uuid::Uuid;

/// A page of the systems that the filter selects and the caller may see.
pub(crate) async fn page(
    state: &State,
    caller: &Caller,
    filter: &SystemFilter,
    cursor: Option<&str>,
    limit: Option<i64>,
) -> Result<Response, Refused> {
    let limit = limit_or_default(limit)?;
    let after = cursor.map(decode).transpose()?;
    let asked = (filter, after.as_ref().map(|after| (after.rank, &after.title, after.id)), limit);
    let load = {
        let (filter, after) = (filter.clone(), after.clone());
        move |pool: Pool, sight: Arc<Sight>| {
            let (filter, after) = (filter.clone(), after.clone());
            async move {
                let mut places = store::system::list_systems(&pool, sight.scopes(), &filter, after.as_ref(), limit + 1).await?;
                let more = cursor::cut(&mut places, limit);
                let next_cursor = places.last().filter(|_| more).map(|last| cursor::encode(&(last.rank, &last.title, last.id)));
                Ok(Places { ids: places.iter().map(|place| place.id).collect(), next_cursor })
            }
        }
    };
    state.reads().nodes_page(caller, Shelf::Of(Module::Catalog), "systems", &asked, load).await
}

fn decode(text: &str) -> Result<SystemPlace, Refusal> {
    let (rank, title, id): (i64, String, Uuid) = cursor::decode(text)?;
    if title.contains('\0') {
        return Err(cursor::invalid());
    }
    Ok(SystemPlace { rank, title, id })
}
