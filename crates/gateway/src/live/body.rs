//! Nodes and edges as they are sent: rendered once, shared by every socket that is told.

use crate::wire::edge::EdgeView;
use crate::wire::node::NodeView;
use domain::{Edge, Node, NodeKind};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::{Arc, Weak};
use uuid::Uuid;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Entity {
    Node,
    Edge,
}

impl Entity {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Edge => "edge",
        }
    }
}

/// One version of one node or edge, as JSON.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Body {
    pub(super) entity: Entity,
    pub(super) id: Uuid,
    pub(super) version: i64,
    /// Of a node.
    pub(super) kind: Option<NodeKind>,
    /// Of a node, or of an edge's source.
    pub(super) scope_id: Uuid,
    /// The same again for a node; of an edge's target.
    pub(super) other_scope_id: Uuid,
    pub(super) json: Box<str>,
}

/// Bodies that are alive somewhere, so that the same version is never rendered or held twice:
/// a thousand sockets with the same first rows hold them once.
#[derive(Debug, Default)]
pub(super) struct Bodies(Mutex<Alive>);

#[derive(Debug, Default)]
struct Alive {
    by_id: HashMap<Uuid, (i64, Weak<Body>)>,
    /// Dead entries are swept when the map has grown to this.
    sweep_at: usize,
}

impl Bodies {
    pub(super) fn node(&self, node: &Node) -> Arc<Body> {
        self.get(node.id, node.version, || Body {
            entity: Entity::Node,
            id: node.id,
            version: node.version,
            kind: Some(node.kind),
            scope_id: node.scope_id,
            other_scope_id: node.scope_id,
            json: render(&NodeView::from(node)),
        })
    }

    pub(super) fn edge(&self, edge: &Edge) -> Arc<Body> {
        self.get(edge.id, edge.version, || Body {
            entity: Entity::Edge,
            id: edge.id,
            version: edge.version,
            kind: None,
            scope_id: edge.source_scope_id,
            other_scope_id: edge.target_scope_id,
            json: render(&EdgeView::from(edge)),
        })
    }

    /// The database lost what was not safe yet: a version may come again, and say something else.
    pub(super) fn forget(&self) {
        *self.0.lock() = Alive::default();
    }

    fn get(&self, id: Uuid, version: i64, make: impl FnOnce() -> Body) -> Arc<Body> {
        let mut alive = self.0.lock();
        if let Some(body) = alive.by_id.get(&id).filter(|(v, _)| *v == version).and_then(|(_, weak)| weak.upgrade()) {
            return body;
        }
        let body = Arc::new(make());
        alive.by_id.insert(id, (version, Arc::downgrade(&body)));
        if alive.by_id.len() > alive.sweep_at.max(1_024) {
            alive.by_id.retain(|_, (_, weak)| weak.strong_count() > 0);
            alive.sweep_at = alive.by_id.len() * 2;
        }
        body
    }
}

fn render(view: &impl serde::Serialize) -> Box<str> {
    // A view has string keys and no custom serialisers: this can't fail. Were it to, "null" is
    // refused by every client, which is better than a frame that is not JSON.
    serde_json::to_string(view).unwrap_or_else(|_| "null".to_owned()).into_boxed_str()
}
