//! Answers as a whole: pages of lists, as they are for whoever sees the same scopes.

use super::{Beside, Module, Reads, Sight, Via, lost, value};
use crate::caller::Caller;
use crate::refusal::Refused;
use crate::wire::node::{NodePage, NodeView};
use ::cache::{Key, Scope, Value};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use domain::Node;
use feed::snapshot::Snapshot;
use serde::Serialize;
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

/// Where an answer is kept, which is when it is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shelf {
    /// With others about nodes of this module, until one of them changes.
    Of(Module),
    /// About nodes of any kind, until one changes.
    Any,
    /// About rows that are no nodes, until one of them changes, or any node.
    Beside(Beside),
    /// The reader's own: besides, until something in their inbox or preferences changes, or what they may do somewhere.
    Own,
}

/// An answer's body, as JSON.
#[derive(Debug)]
pub(crate) struct Rendered {
    body: Bytes,
    at: Arc<Snapshot>,
}

impl Rendered {
    pub(crate) fn body(&self) -> &Bytes {
        &self.body
    }
}

impl Value for Rendered {
    fn encode(&self) -> Vec<u8> {
        value::encode(&self.at, &self.body)
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (at, body) = value::decode(bytes)?;
        Some(Self { body: Bytes::copy_from_slice(body), at })
    }

    fn bytes(&self) -> usize {
        size_of::<Self>() + self.body.len()
    }
}

impl IntoResponse for &Rendered {
    fn into_response(self) -> Response {
        ([(CONTENT_TYPE, "application/json")], self.body.clone()).into_response()
    }
}

impl Reads {
    /// The answer to this question, which is `load`'s for these scopes and must depend on nothing else but
    /// `name` and `question`; of one's own, on who asks as well.
    pub(crate) async fn page<F>(
        &self,
        caller: &Caller,
        shelf: Shelf,
        name: &str,
        question: &impl Serialize,
        load: impl Fn(store::Pool, Arc<Sight>) -> F + Clone + Send + 'static,
    ) -> Result<Arc<Rendered>, Refused>
    where
        F: Future<Output = Result<Vec<u8>, sqlx::Error>> + Send + 'static,
    {
        let mut asking = self.asking(caller).await?;
        loop {
            let key = match shelf {
                Shelf::Of(_) | Shelf::Any => Key::of(name, &(asking.sight.digest(), question)),
                Shelf::Beside(rows) => Key::of(&(rows.prefix() + name), &(asking.sight.digest(), question)),
                Shelf::Own => Key::of(&(of_own(asking.reader) + name), &(asking.sight.digest(), question)),
            };
            let (pool, load, sight) = (self.pool.clone(), load.clone(), Arc::clone(&asking.sight));
            let load = move || async move {
                let body = load(pool.clone(), sight).await?;
                Ok(Rendered { body: body.into(), at: value::moment(&pool).await? })
            };
            let page = match asking.via {
                Via::Cache => self.shelf(shelf).wrap(key, load).await.map_err(lost)?,
                Via::Database => Arc::new(load().await?),
            };
            if asking.holds(std::slice::from_ref(&page.at)).await? {
                return Ok(page);
            }
        }
    }
}

impl Reads {
    fn shelf(&self, shelf: Shelf) -> &Scope<Rendered, sqlx::Error> {
        match shelf {
            Shelf::Of(module) => &self.kept(module).pages,
            Shelf::Any | Shelf::Beside(_) => &self.any,
            Shelf::Own => &self.own_pages,
        }
    }
}

/// What the keys of a reader's own begin with.
pub(super) fn of_own(reader: Option<Uuid>) -> String {
    reader.map_or_else(|| "nobody/".to_owned(), |person| format!("{person}/"))
}

/// Which nodes a page of a list shows, and where the next one begins.
pub(crate) struct Places {
    pub(crate) ids: Vec<Uuid>,
    pub(crate) next_cursor: Option<String>,
}

impl Reads {
    /// A page of a list of nodes: `load` says which, for these scopes; see [`Self::page`].
    pub(crate) async fn nodes_page<F>(
        &self,
        caller: &Caller,
        shelf: Shelf,
        name: &str,
        question: &impl Serialize,
        load: impl Fn(store::Pool, Arc<Sight>) -> F + Clone + Send + Sync + 'static,
    ) -> Result<Response, Refused>
    where
        F: Future<Output = Result<Places, sqlx::Error>> + Send + 'static,
    {
        let rendered = move |pool: store::Pool, sight: Arc<Sight>| {
            let load = load.clone();
            async move {
                let Places { ids, next_cursor } = load(pool.clone(), Arc::clone(&sight)).await?;
                let nodes = store::node::list_nodes_by_id(&pool, &ids).await?;
                // Judged again: between the two reads one may have moved.
                let nodes: HashMap<Uuid, Node> =
                    nodes.into_iter().filter(|node| sight.sees(node.scope_id)).map(|node| (node.id, node)).collect();
                let items = ids.iter().filter_map(|id| nodes.get(id)).map(NodeView::from).collect();
                render(&NodePage { items, next_cursor })
            }
        };
        Ok(self.page(caller, shelf, name, question, rendered).await?.into_response())
    }
}

/// An answer as JSON.
pub(crate) fn render(answer: &impl Serialize) -> Result<Vec<u8>, sqlx::Error> {
    serde_json::to_vec(answer).map_err(|error| sqlx::Error::Encode(error.into()))
}
