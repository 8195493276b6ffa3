//! Nodes, each by itself: overlapping reads of many share what they have in common.

use super::{Module, Reads, Via, lost, value};
use crate::caller::Caller;
use crate::refusal::Refused;
use crate::wire::node::render_node;
use ::cache::{Key, Value};
use bytes::Bytes;
use domain::{Node, NodeKind, Refusal};
use feed::snapshot::Snapshot;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use uuid::Uuid;

/// A node, or that there is none with this id.
#[derive(Debug, Default)]
pub(crate) struct Entry {
    found: Option<Found>,
}

#[derive(Debug)]
struct Found {
    node: Option<Node>,
    at: Arc<Snapshot>,
    json: OnceLock<Bytes>,
}

impl Entry {
    fn new(node: Option<Node>, at: Arc<Snapshot>) -> Self {
        Self { found: Some(Found { node, at, json: OnceLock::new() }) }
    }

    pub(crate) fn node(&self) -> Option<&Node> {
        self.found.as_ref()?.node.as_ref()
    }

    fn at(&self) -> Option<&Arc<Snapshot>> {
        self.found.as_ref().map(|found| &found.at)
    }

    /// The node as the API shows it, rendered once.
    pub(crate) fn json(&self) -> Bytes {
        let Some(found) = &self.found else { return Bytes::new() };
        let render = || found.node.as_ref().map_or_else(Bytes::new, |node| render_node(node).into());
        found.json.get_or_init(render).clone()
    }
}

impl Value for Entry {
    fn encode(&self) -> Vec<u8> {
        let Some(found) = &self.found else { return Vec::new() };
        // Texts, numbers and maps with text keys: there is nothing that could fail.
        value::encode(&found.at, &serde_json::to_vec(&found.node).unwrap_or_default())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (at, node) = value::decode(bytes)?;
        Some(Self::new(serde_json::from_slice(node).ok()?, at))
    }

    fn bytes(&self) -> usize {
        // Once as it is, once as JSON.
        let node = self.node().map_or(0, |node| size_of::<Node>() + 2 * (node.title.len() + node.body.len()) + 1_500);
        size_of::<Self>() + node
    }
}

impl Reads {
    /// A node of this kind that the caller may see; else 404.
    pub(crate) async fn node(&self, caller: &Caller, kind: NodeKind, id: Uuid) -> Result<Arc<Entry>, Refused> {
        let found = self.nodes(caller, Module::of(kind), vec![id]).await?.pop();
        let found = found.filter(|entry| entry.node().is_some_and(|node| node.kind == kind));
        Ok(found.ok_or(Refusal::NotFound { what: kind.as_str() })?)
    }

    /// Those of these nodes that the caller may see, in the order of the ids.
    pub(crate) async fn nodes(&self, caller: &Caller, module: Module, ids: Vec<Uuid>) -> Result<Vec<Arc<Entry>>, Refused> {
        let mut asking = self.asking(caller).await?;
        loop {
            let entries = self.entries(module, &ids, asking.via).await.map_err(lost)?;
            if asking.holds(&moments(&entries)).await? {
                let sees = |entry: &Arc<Entry>| entry.node().is_some_and(|node| asking.sight.sees(node.scope_id));
                return Ok(entries.into_iter().filter(sees).collect());
            }
        }
    }

    /// These nodes, whoever asks.
    pub(super) async fn entries(&self, module: Module, ids: &[Uuid], via: Via) -> Result<Vec<Arc<Entry>>, Arc<sqlx::Error>> {
        let pool = self.pool.clone();
        let load = move |ids: Vec<Uuid>| async move {
            let nodes = store::node::list_nodes_by_id(&pool, &ids).await?;
            let at = value::moment(&pool).await?;
            let mut nodes: HashMap<Uuid, Node> =
                nodes.into_iter().filter(|node| Module::of(node.kind) == module).map(|node| (node.id, node)).collect();
            Ok(ids.into_iter().map(|id| (id, Entry::new(nodes.remove(&id), Arc::clone(&at)))).collect::<Vec<_>>())
        };
        match via {
            Via::Cache => self.kept(module).nodes.wrap_many(ids, key, load).await,
            Via::Database => {
                Ok(load(ids.to_vec()).await.map_err(Arc::new)?.into_iter().map(|(_, entry)| Arc::new(entry)).collect())
            }
        }
    }
}

/// When these were read.
pub(super) fn moments(entries: &[Arc<Entry>]) -> Vec<Arc<Snapshot>> {
    let mut moments: Vec<Arc<Snapshot>> = Vec::new();
    for at in entries.iter().filter_map(|entry| entry.at()) {
        // Those that were read together have one moment.
        if !moments.iter().any(|other| Arc::ptr_eq(other, at)) {
            moments.push(Arc::clone(at));
        }
    }
    moments
}

pub(super) fn key(id: &Uuid) -> Key {
    Key::new(id.to_string())
}
