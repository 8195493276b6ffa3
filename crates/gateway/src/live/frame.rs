//! Frames that carry nodes and edges, put together from shared bodies when they are sent.

use super::body::{Body, Entity};
use super::protocol::Levels;
use axum::extract::ws::Utf8Bytes;
use domain::access::Level;
use domain::limits::FRAME_TARGET_BYTES;
use std::collections::VecDeque;
use std::fmt::Write;
use std::sync::{Arc, OnceLock};
use uuid::Uuid;

/// What became of one node or edge, for one reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item {
    Upsert(Arc<Body>),
    /// It was deleted.
    Deleted(Box<Gone>),
    /// It is where the reader can't see it any more.
    Removed(Box<Gone>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Gone {
    pub(super) entity: Entity,
    pub(super) id: Uuid,
    pub(super) version: i64,
}

/// What happened (0 upsert, 1 deleted, 2 removed), to what, in which version.
pub(super) type Said = (u8, Entity, Uuid, i64);

impl Item {
    pub(super) fn key(&self) -> (Entity, Uuid) {
        match self {
            Self::Upsert(body) => (body.entity, body.id),
            Self::Deleted(gone) | Self::Removed(gone) => (gone.entity, gone.id),
        }
    }

    /// Equal for items that are sent as the same text.
    pub(super) fn said(&self) -> Said {
        match self {
            Self::Upsert(body) => (0, body.entity, body.id, body.version),
            Self::Deleted(gone) => (1, gone.entity, gone.id, gone.version),
            Self::Removed(gone) => (2, gone.entity, gone.id, gone.version),
        }
    }

    /// What it takes in a queue, roughly.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Upsert(body) => body.json.len() + 48,
            Self::Deleted(_) | Self::Removed(_) => 112,
        }
    }
}

/// The changes of one batch for one reader; readers who are told the same share it, and its text.
#[derive(Debug)]
pub(super) struct Changes {
    pub(super) items: Vec<Item>,
    pub(super) bytes: usize,
    token: Arc<str>,
    texts: OnceLock<Vec<Utf8Bytes>>,
}

impl Changes {
    pub(super) fn new(items: Vec<Item>, token: Arc<str>) -> Self {
        let bytes = items.iter().map(Item::bytes).sum();
        Self { items, bytes, token, texts: OnceLock::new() }
    }

    pub(super) fn token(&self) -> Arc<str> {
        Arc::clone(&self.token)
    }

    /// As frames; rendered by the first who asks.
    pub(super) fn texts(&self) -> &[Utf8Bytes] {
        self.texts.get_or_init(|| {
            let mut frames = ItemFrames::new(self.items.clone(), Some(self.token()));
            std::iter::from_fn(|| frames.next()).collect()
        })
    }
}

/// Cuts items into frames of a bounded size, one at a time: `removed` for what can't be seen any
/// more, then `changes` for the rest. Only the last carries the token: whoever keeps it has had all
/// before.
#[derive(Debug)]
pub(super) struct ItemFrames {
    items: VecDeque<Item>,
    token: Option<Arc<str>>,
    ended: bool,
}

impl ItemFrames {
    pub(super) fn new(mut items: Vec<Item>, token: Option<Arc<str>>) -> Self {
        items.sort_by_key(|item| !matches!(item, Item::Removed(_)));
        Self { items: items.into(), token, ended: false }
    }

    /// What is sent after it is older: its token would promise too much.
    pub(super) fn drop_token(&mut self) {
        self.token = None;
    }

    /// The token that the last frame will carry.
    pub(super) fn token(&self) -> Option<&Arc<str>> {
        self.token.as_ref()
    }

    /// What is not sent yet.
    pub(super) fn into_items(self) -> VecDeque<Item> {
        self.items
    }

    /// The next frame; `None` behind the last.
    pub(super) fn next(&mut self) -> Option<Utf8Bytes> {
        let removed: Vec<Gone> = self
            .items
            .iter()
            .map_while(|item| if let Item::Removed(gone) = item { Some(**gone) } else { None })
            .take(500)
            .collect();
        if !removed.is_empty() {
            self.items.drain(..removed.len());
            return Some(removed_frame(&[], &removed, None));
        }
        if std::mem::replace(&mut self.ended, self.items.is_empty()) {
            return None;
        }
        if self.items.is_empty() {
            return self.token.as_deref().map(token_frame);
        }
        let mut events = String::new();
        while let Some(item) = self.items.pop_front_if(|_| events.len() < FRAME_TARGET_BYTES) {
            let comma = if events.is_empty() { "" } else { "," };
            // Writing to a text can't fail.
            let _ = match item {
                Item::Upsert(body) => write!(events, r#"{comma}{{"op":"upsert","{}":{}}}"#, body.entity.as_str(), body.json),
                Item::Deleted(gone) | Item::Removed(gone) => {
                    let (entity, id, version) = (gone.entity.as_str(), gone.id, gone.version);
                    write!(events, r#"{comma}{{"op":"delete","entity":"{entity}","id":"{id}","version":{version}}}"#)
                }
            };
        }
        self.ended = self.items.is_empty();
        let token = quote(self.token.as_deref().filter(|_| self.ended));
        Some(format!(r#"{{"type":"changes","token":{token},"events":[{events}]}}"#).into())
    }
}

/// A frame with nothing but a newer token.
pub(super) fn token_frame(token: &str) -> Utf8Bytes {
    format!(r#"{{"type":"changes","token":{},"events":[]}}"#, quote(Some(token))).into()
}

pub(super) fn removed_frame(scopes: &[Uuid], ids: &[Gone], token: Option<&str>) -> Utf8Bytes {
    let mut text = format!(r#"{{"type":"removed","token":{},"scope_ids":["#, quote(token));
    for (at, scope) in scopes.iter().enumerate() {
        let _ = write!(text, r#"{}"{scope}""#, comma(at));
    }
    text.push_str(r#"],"ids":["#);
    for (at, gone) in ids.iter().enumerate() {
        let (entity, id, version) = (gone.entity.as_str(), gone.id, gone.version);
        let _ = write!(text, r#"{}{{"entity":"{entity}","id":"{id}","version":{version}}}"#, comma(at));
    }
    (text + "]}").into()
}

/// A scope that became visible, or whose level changed, with those of its nodes that the reader's
/// topics ask for; cut into frames one at a time.
#[derive(Debug)]
pub(super) struct AddedFrames {
    pub(super) scope_id: Uuid,
    pub(super) level: Level,
    pub(super) nodes: VecDeque<Arc<Body>>,
    ended: bool,
}

impl AddedFrames {
    pub(super) fn new(scope_id: Uuid, level: Level, nodes: impl Iterator<Item = Arc<Body>>) -> Self {
        Self { scope_id, level, nodes: nodes.collect(), ended: false }
    }

    /// The next frame; `None` behind the last.
    pub(super) fn next(&mut self) -> Option<Utf8Bytes> {
        if self.ended {
            return None;
        }
        let (scope_id, level) = (self.scope_id, self.level);
        let nodes = join(run(self.nodes.make_contiguous()));
        let sent = run(self.nodes.make_contiguous()).len();
        self.nodes.drain(..sent);
        self.ended = self.nodes.is_empty();
        let head = format!(r#"{{"type":"added","token":null,"scope_id":"{scope_id}","level":"{level}","nodes":["#);
        Some(format!(r#"{head}{nodes}],"edges":[]}}"#).into())
    }
}

/// The answer to a subscription.
#[derive(Debug)]
pub(super) struct Subscribed {
    pub(super) id: String,
    /// Goes with the last frame. `None` while older changes still wait to be sent.
    pub(super) token: Option<Arc<str>>,
    pub(super) levels: Levels,
    /// `None` when a stream is continued: what the reader has still holds.
    pub(super) rows: Option<Rows>,
}

/// First rows.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    pub(super) nodes: Vec<Arc<Body>>,
    pub(super) edges: Vec<Arc<Body>>,
    /// There are more than are told.
    pub(super) truncated: bool,
}

/// Cuts a subscription's answer into frames one at a time, so that a reader who does not read costs
/// no more than the frame at hand.
#[derive(Debug)]
pub(super) struct SubscribedFrames {
    answer: Subscribed,
    nodes_sent: usize,
    edges_sent: usize,
    began: bool,
}

impl SubscribedFrames {
    pub(super) fn new(answer: Subscribed) -> Self {
        Self { answer, nodes_sent: 0, edges_sent: 0, began: false }
    }

    /// What is sent after it is older: its token would promise too much.
    pub(super) fn drop_token(&mut self) {
        self.answer.token = None;
    }

    /// The token that the last frame carries.
    pub(super) fn token(&self) -> Option<&Arc<str>> {
        self.answer.token.as_ref()
    }

    /// The next frame; `None` behind the last.
    pub(super) fn next(&mut self) -> Option<Utf8Bytes> {
        let Self { answer, nodes_sent, edges_sent, began } = self;
        let empty = Rows::default();
        let rows = answer.rows.as_ref().unwrap_or(&empty);
        if *began && *nodes_sent == rows.nodes.len() && *edges_sent == rows.edges.len() {
            return None;
        }
        let nodes = run(&rows.nodes[*nodes_sent..]);
        *nodes_sent += nodes.len();
        let nodes_bytes: usize = nodes.iter().map(|b| b.json.len()).sum();
        let room = *nodes_sent == rows.nodes.len() && nodes_bytes < FRAME_TARGET_BYTES;
        let edges = if room { run(&rows.edges[*edges_sent..]) } else { &[] };
        *edges_sent += edges.len();
        let more = *nodes_sent < rows.nodes.len() || *edges_sent < rows.edges.len();

        let mut text = String::with_capacity(nodes_bytes + 512);
        let (id, token) = (quote(Some(&answer.id)), quote(answer.token.as_deref().filter(|_| !more)));
        let kind = if *began { "rows" } else { "subscribed" };
        let _ = write!(text, r#"{{"type":"{kind}","id":{id},"token":{token}"#);
        if !*began {
            let levels = serde_json::to_string(&answer.levels).unwrap_or_else(|_| "{}".to_owned());
            let _ = write!(text, r#","levels":{levels}"#);
        }
        if answer.rows.is_some() {
            let truncated = rows.truncated;
            let (nodes, edges) = (join(nodes), join(edges));
            let _ = write!(text, r#","truncated":{truncated},"nodes":[{nodes}],"edges":[{edges}],"more":{more}"#);
        }
        text.push('}');
        *began = true;
        Some(text.into())
    }
}

/// As many of the first bodies as fill a frame.
fn run(bodies: &[Arc<Body>]) -> &[Arc<Body>] {
    let mut bytes = 0;
    let full = bodies.iter().position(|body| {
        bytes += body.json.len() + 1;
        bytes >= FRAME_TARGET_BYTES
    });
    full.map_or(bodies, |last| &bodies[..=last])
}

pub(super) fn join(bodies: &[Arc<Body>]) -> String {
    let mut text = String::with_capacity(bodies.iter().map(|b| b.json.len() + 1).sum());
    for (at, body) in bodies.iter().enumerate() {
        text.push_str(comma(at));
        text.push_str(&body.json);
    }
    text
}

fn comma(at: usize) -> &'static str {
    if at == 0 { "" } else { "," }
}

fn quote(text: Option<&str>) -> String {
    serde_json::Value::from(text).to_string()
}
