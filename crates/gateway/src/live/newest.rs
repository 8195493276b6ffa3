//! What a slow reader still gets: the newest of each node and edge.

use super::body::{Body, Entity};
use super::entry::Entry;
use super::frame::{AddedFrames, Item, ItemFrames};
use axum::extract::ws::Utf8Bytes;
use domain::access::Level;
use std::collections::VecDeque;
use std::sync::Arc;
use uuid::Uuid;

#[derive(Debug, Default)]
pub(super) struct Newest {
    levels: Vec<(Uuid, Level)>,
    /// By key. (A map's empty places would weigh more than what is kept: a thousand slow readers
    /// have one each, and share the bodies.)
    items: Vec<Item>,
    bytes: usize,
    token: Option<Arc<str>>,
    /// Says how fresh the data before it is.
    pong: Option<Utf8Bytes>,
}

impl Newest {
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether it has anything that a token would promise.
    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty() && self.levels.is_empty()
    }

    pub(super) fn add(&mut self, entry: Entry) {
        match entry {
            Entry::Changes(changes) => {
                self.token = Some(changes.token());
                changes.items.iter().for_each(|item| self.put(item.clone()));
            }
            Entry::Newest(frames) => {
                self.token = frames.token().cloned().or(self.token.take());
                frames.into_items().into_iter().for_each(|item| self.put(item));
            }
            Entry::Added(added) => {
                let AddedFrames { scope_id, level, nodes, .. } = *added;
                self.levels.retain(|(scope, _)| *scope != scope_id);
                self.levels.push((scope_id, level));
                nodes.into_iter().for_each(|body| self.put(Item::Upsert(body)));
            }
            Entry::Token(token) => self.token = Some(token),
            Entry::Pong(text) => self.pong = Some(text),
            Entry::Text(_) | Entry::Subscribed(_) | Entry::Missed(_) | Entry::Positions(_) | Entry::RemovedScopes(_) => {}
        }
    }

    /// What is in these scopes may not be told any more.
    pub(super) fn forget(&mut self, scopes: &[Uuid]) {
        let within = |body: &Body| scopes.contains(&body.scope_id) || scopes.contains(&body.other_scope_id);
        self.items.retain(|item| !matches!(item, Item::Upsert(body) if within(body)));
        self.levels.retain(|(scope, _)| !scopes.contains(scope));
        self.bytes = self.items.iter().map(Item::bytes).sum();
    }

    fn put(&mut self, item: Item) {
        let key: (Entity, Uuid) = item.key();
        self.bytes += item.bytes();
        match self.items.binary_search_by_key(&key, Item::key) {
            Ok(at) => {
                let old = std::mem::replace(&mut self.items[at], item);
                self.bytes = self.bytes.saturating_sub(old.bytes());
            }
            Err(at) => self.items.insert(at, item),
        }
    }

    /// All of it, in the order in which it is sent.
    pub(super) fn into_entries(self) -> VecDeque<Entry> {
        let none = std::iter::empty;
        let levels = self.levels.into_iter().map(|(scope, level)| Entry::Added(Box::new(AddedFrames::new(scope, level, none()))));
        let items = Entry::Newest(Box::new(ItemFrames::new(self.items, self.token)));
        levels.chain([items]).chain(self.pong.map(Entry::Pong)).collect()
    }
}
