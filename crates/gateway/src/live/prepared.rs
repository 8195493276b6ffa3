//! A batch as the hub works with it: bodies rendered once, places at hand for judging.

use super::body::{Bodies, Body, Entity};
use super::frame::{Gone, Item};
use crate::live::reader::Readable;
use domain::{EdgeKind, NodeKind};
use feed::{Batch, Change, Control, Event};
use std::sync::Arc;
use uuid::Uuid;

#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) control: Control,
    /// Nodes of the scopes that became visible to somebody; `None`: too many.
    pub(super) wanted: Option<Vec<Arc<Body>>>,
    pub(super) events: Vec<PreparedEvent>,
    pub(super) ends: bool,
}

#[derive(Debug)]
pub(super) struct PreparedEvent {
    pub(super) xids: Vec<u64>,
    pub(super) subject: Subject,
    /// The present version; `None` when it is gone.
    body: Option<Arc<Body>>,
    gone: Gone,
    /// Scopes it was in, in pairs (the same twice for a node).
    old_scopes: Vec<(Uuid, Uuid)>,
    /// Of an edge: the nodes at its ends.
    pub(super) ends: Vec<Arc<Body>>,
}

/// Whom it may concern.
#[derive(Clone, Copy, Debug)]
pub(super) enum Subject {
    Node {
        id: Uuid,
        kind: Option<NodeKind>,
        /// Of a channel itself, or of one of its messages: those are in its scope.
        channel_id: Option<Uuid>,
    },
    Edge {
        source_id: Uuid,
        target_id: Uuid,
    },
}

impl Subject {
    fn of_node(id: Uuid, kind: Option<NodeKind>, scope_id: Option<Uuid>) -> Self {
        let channel_id = scope_id.filter(|_| matches!(kind, Some(NodeKind::Channel | NodeKind::Message)));
        Self::Node { id, kind, channel_id }
    }
}

impl Prepared {
    pub(super) fn new(batch: Batch, bodies: &Bodies) -> Self {
        Self {
            control: batch.control,
            wanted: batch.wanted.map(|nodes| nodes.iter().map(|node| bodies.node(node)).collect()),
            events: PreparedEvent::of(batch.events, bodies).collect(),
            ends: batch.ends,
        }
    }
}

/// Whether it is told. That a message is part of its channel says the message itself, and it never changes; a channel
/// whose own topic told it would have all its messages for neighbours.
fn is_news(event: &Event) -> bool {
    !matches!(&event.change, Change::Edge { edge, ends, .. } if edge.kind == EdgeKind::PartOf
        && ends.iter().any(|end| end.id == edge.source_id && end.kind == NodeKind::Message))
}

impl PreparedEvent {
    /// Those of these events that are told.
    pub(super) fn of(events: Vec<Event>, bodies: &Bodies) -> impl Iterator<Item = Self> {
        events.into_iter().filter(is_news).map(|event| Self::new(event, bodies))
    }

    fn new(event: Event, bodies: &Bodies) -> Self {
        let node_pairs = |scopes: Vec<Uuid>| scopes.into_iter().map(|s| (s, s)).collect();
        let xids = event.xids;
        match event.change {
            Change::Node { node, old_scopes } => Self {
                xids,
                subject: Subject::of_node(node.id, Some(node.kind), Some(node.scope_id)),
                gone: Gone { entity: Entity::Node, id: node.id, version: node.version },
                body: Some(bodies.node(&node)),
                old_scopes: node_pairs(old_scopes),
                ends: Vec::new(),
            },
            Change::NodeGone { id, kind, version, old_scopes } => Self {
                xids,
                subject: Subject::of_node(id, kind, old_scopes.first().copied()),
                gone: Gone { entity: Entity::Node, id, version },
                body: None,
                old_scopes: node_pairs(old_scopes),
                ends: Vec::new(),
            },
            Change::Edge { edge, old_scopes, ends } => Self {
                xids,
                subject: Subject::Edge { source_id: edge.source_id, target_id: edge.target_id },
                gone: Gone { entity: Entity::Edge, id: edge.id, version: edge.version },
                body: Some(bodies.edge(&edge)),
                old_scopes: old_scopes.into_iter().map(|old| (old.source, old.target)).collect(),
                ends: ends.iter().map(|node| bodies.node(node)).collect(),
            },
            Change::EdgeGone { id, version, source_id, target_id, old_scopes, kind: _ } => Self {
                xids,
                subject: Subject::Edge { source_id, target_id },
                gone: Gone { entity: Entity::Edge, id, version },
                body: None,
                old_scopes: old_scopes.into_iter().map(|old| (old.source, old.target)).collect(),
                ends: Vec::new(),
            },
        }
    }

    /// What this reader is told: the present version if they may see it; that it is gone if they
    /// saw it before; nothing else, ever.
    pub(super) fn verdict(&self, reader: &impl Readable) -> Option<Item> {
        let sees = |(a, b): (Uuid, Uuid)| reader.reads(a) && reader.reads(b);
        if let Some(body) = &self.body
            && sees((body.scope_id, body.other_scope_id))
        {
            return Some(Item::Upsert(Arc::clone(body)));
        }
        // A scope that the reader lost was dropped whole, by a frame of its own.
        if !self.old_scopes.iter().any(|old| sees(*old)) {
            return None;
        }
        let gone = Box::new(self.gone);
        Some(if self.body.is_some() { Item::Removed(gone) } else { Item::Deleted(gone) })
    }

    /// The scope it is in now, for what a grant has just brought whole.
    pub(super) fn scope_id(&self) -> Option<Uuid> {
        self.body.as_ref().map(|body| body.scope_id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    struct Reads(HashSet<u128>);

    impl Readable for Reads {
        fn reads(&self, scope_id: Uuid) -> bool {
            self.0.contains(&scope_id.as_u128())
        }
    }

    fn event(now: Option<(u128, u128)>, old: &[(u128, u128)]) -> PreparedEvent {
        let id = Uuid::from_u128(1);
        let scope = Uuid::from_u128;
        PreparedEvent {
            xids: vec![1],
            subject: Subject::Node { id, kind: None, channel_id: None },
            body: now.map(|(a, b)| {
                let (scope_id, other_scope_id) = (scope(a), scope(b));
                Arc::new(Body { entity: Entity::Node, id, version: 2, kind: None, scope_id, other_scope_id, json: "{}".into() })
            }),
            gone: Gone { entity: Entity::Node, id, version: 2 },
            old_scopes: old.iter().map(|(a, b)| (scope(*a), scope(*b))).collect(),
            ends: Vec::new(),
        }
    }

    #[test]
    fn nobody_is_told_of_what_they_may_not_see() {
        let check = |reads: &[u128], now, old: &[(u128, u128)], expect: &str| {
            let reader = Reads(reads.iter().copied().collect());
            let got = match event(now, old).verdict(&reader) {
                None => "nothing",
                Some(Item::Upsert(_)) => "upsert",
                Some(Item::Deleted(_)) => "deleted",
                Some(Item::Removed(_)) => "removed",
            };
            assert_eq!(got, expect, "{reads:?} {now:?} {old:?}");
        };
        check(&[7], Some((7, 7)), &[], "upsert");
        check(&[], Some((7, 7)), &[], "nothing");
        // Moved out of sight, into sight, between two unseen places.
        check(&[7], Some((8, 8)), &[(7, 7)], "removed");
        check(&[8], Some((8, 8)), &[(7, 7)], "upsert");
        check(&[9], Some((8, 8)), &[(7, 7)], "nothing");
        check(&[7], None, &[(7, 7)], "deleted");
        check(&[8], None, &[(7, 7)], "nothing");
        // An edge needs both ends.
        check(&[7], Some((7, 8)), &[], "nothing");
        check(&[7, 8], Some((7, 8)), &[], "upsert");
        check(&[7, 8], Some((7, 9)), &[(7, 8)], "removed");
        check(&[7], None, &[(7, 8)], "nothing");
    }
}
