//! What waits for one reader. Bounded in bytes: beyond the bound only the newest version of each
//! node is kept, and beyond it once more the reader is let go. Putting something in never waits.

use super::body::Entity;
use super::frame::{Changes, Item, SubscribedFrames, added_frames, change_frames, removed_frame, token_frame};
use super::protocol::CloseCode;
use axum::extract::ws::Utf8Bytes;
use domain::access::Level;
use domain::limits::OUTBOX_MAX_BYTES;
use parking_lot::Mutex;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use tokio::sync::Notify;
use uuid::Uuid;

#[derive(Debug, Default)]
pub(super) struct Outbox {
    state: Mutex<State>,
    filled: Notify,
}

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Entry>,
    /// Of what is in the queue and can be conflated.
    bytes: usize,
    newest: Option<Newest>,
    close: Option<CloseCode>,
}

#[derive(Debug)]
enum Entry {
    Text(Utf8Bytes),
    Subscribed(SubscribedFrames),
    Changes(Arc<Changes>),
    RemovedScopes(Vec<Uuid>),
    Added { scope_id: Uuid, level: Level, nodes: Vec<Item> },
    Token(Arc<str>),
}

/// What a slow reader still gets: scopes to drop first, then the newest of each node and edge.
#[derive(Debug, Default)]
struct Newest {
    removed_scopes: Vec<Uuid>,
    levels: Vec<(Uuid, Level)>,
    items: HashMap<(Entity, Uuid), Item>,
    bytes: usize,
    token: Option<Arc<str>>,
}

/// What the socket does next.
#[derive(Debug)]
pub(super) enum Next {
    Send(Vec<Utf8Bytes>),
    Close(CloseCode),
}

impl Outbox {
    pub(super) fn push_text(&self, text: impl Into<Utf8Bytes>) {
        self.state.lock().queue.push_back(Entry::Text(text.into()));
        self.filled.notify_one();
    }

    pub(super) fn push_subscribed(&self, frames: SubscribedFrames) {
        let mut state = self.state.lock();
        let frames = if state.newest.is_some() { frames.without_token() } else { frames };
        state.queue.push_back(Entry::Subscribed(frames));
        drop(state);
        self.filled.notify_one();
    }

    pub(super) fn push_changes(&self, changes: &Arc<Changes>) {
        self.push(Entry::Changes(Arc::clone(changes)), changes.bytes);
    }

    pub(super) fn push_removed_scopes(&self, scopes: Vec<Uuid>) {
        let bytes = scopes.len() * 40;
        self.push(Entry::RemovedScopes(scopes), bytes);
    }

    pub(super) fn push_added(&self, scope_id: Uuid, level: Level, nodes: Vec<Item>) {
        let bytes = nodes.iter().map(Item::bytes).sum();
        self.push(Entry::Added { scope_id, level, nodes }, bytes);
    }

    /// A newer token, behind all that it covers.
    pub(super) fn push_token(&self, token: Arc<str>) {
        self.push(Entry::Token(token), 0);
    }

    /// Closes the socket, after nothing else.
    pub(super) fn close(&self, code: CloseCode) {
        self.state.lock().close.get_or_insert(code);
        self.filled.notify_one();
    }

    /// Bytes that wait.
    pub(super) fn bytes(&self) -> usize {
        let state = self.state.lock();
        state.bytes + state.newest.as_ref().map_or(0, |n| n.bytes)
    }

    /// Waits for something to do.
    pub(super) async fn next(&self) -> Next {
        loop {
            if let Some(next) = self.state.lock().take() {
                return next;
            }
            self.filled.notified().await;
        }
    }

    fn push(&self, entry: Entry, bytes: usize) {
        {
            let mut state = self.state.lock();
            match &mut state.newest {
                Some(newest) => newest.add(entry),
                None => {
                    state.queue.push_back(entry);
                    state.bytes += bytes;
                    if state.bytes > OUTBOX_MAX_BYTES {
                        state.conflate();
                    }
                }
            }
            if state.newest.as_ref().is_some_and(|n| n.bytes > OUTBOX_MAX_BYTES) {
                state.newest = None;
                state.queue.clear();
                state.close.get_or_insert(CloseCode::TooSlow);
            }
        }
        self.filled.notify_one();
    }
}

impl State {
    /// Keeps answers and notices in order, and of all data the newest.
    fn conflate(&mut self) {
        metrics::counter!("synops_socket_conflations_total").increment(1);
        let mut newest = Newest::default();
        let mut kept = VecDeque::new();
        for entry in self.queue.drain(..) {
            match entry {
                Entry::Text(_) => kept.push_back(entry),
                Entry::Subscribed(frames) => kept.push_back(Entry::Subscribed(frames.without_token())),
                data => newest.add(data),
            }
        }
        self.queue = kept;
        self.bytes = 0;
        self.newest = Some(newest);
    }

    fn take(&mut self) -> Option<Next> {
        if let Some(code) = self.close {
            return Some(Next::Close(code));
        }
        // An answer with many rows is sent a frame at a time.
        if let Some(Entry::Subscribed(frames)) = self.queue.front_mut() {
            if let Some(frame) = frames.next() {
                return Some(Next::Send(vec![frame]));
            }
            self.queue.pop_front();
            return self.take();
        }
        let Some(entry) = self.queue.pop_front() else {
            return self.newest.take().map(|newest| Next::Send(newest.into_frames()));
        };
        Some(Next::Send(match entry {
            Entry::Text(text) => vec![text],
            Entry::Changes(changes) => {
                self.bytes = self.bytes.saturating_sub(changes.bytes);
                changes.texts().to_vec()
            }
            Entry::RemovedScopes(scopes) => {
                self.bytes = self.bytes.saturating_sub(scopes.len() * 40);
                vec![removed_frame(&scopes, &[], None)]
            }
            Entry::Added { scope_id, level, nodes } => {
                self.bytes = self.bytes.saturating_sub(nodes.iter().map(Item::bytes).sum());
                added_frames(scope_id, level, &bodies(nodes))
            }
            Entry::Token(token) => vec![token_frame(&token)],
            Entry::Subscribed(_) => Vec::new(),
        }))
    }
}

impl Newest {
    fn add(&mut self, entry: Entry) {
        match entry {
            Entry::Changes(changes) => {
                self.token = Some(changes.token());
                for item in &changes.items {
                    self.put(item.clone());
                }
            }
            Entry::Token(token) => self.token = Some(token),
            Entry::RemovedScopes(scopes) => {
                self.items.retain(|_, item| match item {
                    Item::Upsert(body) => !scopes.contains(&body.scope_id) && !scopes.contains(&body.other_scope_id),
                    Item::Deleted(_) | Item::Removed(_) => true,
                });
                self.levels.retain(|(scope, _)| !scopes.contains(scope));
                self.removed_scopes.extend(scopes);
                self.bytes = self.items.values().map(Item::bytes).sum::<usize>() + self.removed_scopes.len() * 40;
            }
            Entry::Added { scope_id, level, nodes } => {
                self.levels.retain(|(scope, _)| *scope != scope_id);
                self.levels.push((scope_id, level));
                for item in nodes {
                    self.put(item);
                }
            }
            Entry::Text(_) | Entry::Subscribed(_) => {}
        }
    }

    fn put(&mut self, item: Item) {
        self.bytes += item.bytes();
        if let Some(old) = self.items.insert(item.key(), item) {
            self.bytes = self.bytes.saturating_sub(old.bytes());
        }
    }

    fn into_frames(self) -> Vec<Utf8Bytes> {
        let mut frames = Vec::new();
        if !self.removed_scopes.is_empty() {
            frames.push(removed_frame(&self.removed_scopes, &[], None));
        }
        for (scope_id, level) in self.levels {
            frames.extend(added_frames(scope_id, level, &[]));
        }
        let items: Vec<Item> = self.items.into_values().collect();
        frames.extend(change_frames(&items, self.token.as_deref()));
        frames
    }
}

fn bodies(items: Vec<Item>) -> Vec<Arc<super::body::Body>> {
    items.into_iter().filter_map(|item| if let Item::Upsert(body) = item { Some(body) } else { None }).collect()
}

#[cfg(test)]
mod tests {
    use super::super::body::Body;
    use super::*;

    fn body(id: u128, version: i64, scope: u128, bytes: usize) -> Item {
        let scope_id = Uuid::from_u128(scope);
        let json = format!(r#"{{"v":{version},"p":"{}"}}"#, "x".repeat(bytes)).into_boxed_str();
        Item::Upsert(Arc::new(Body {
            entity: Entity::Node,
            id: Uuid::from_u128(id),
            version,
            kind: None,
            scope_id,
            other_scope_id: scope_id,
            json,
        }))
    }

    fn changes(items: Vec<Item>) -> Arc<Changes> {
        Arc::new(Changes::new(items, "t".into()))
    }

    fn drain(outbox: &Outbox) -> (String, Option<CloseCode>) {
        let mut all = String::new();
        loop {
            match outbox.state.lock().take() {
                Some(Next::Send(frames)) => frames.iter().for_each(|f| all.push_str(f)),
                Some(Next::Close(code)) => return (all, Some(code)),
                None => return (all, None),
            }
        }
    }

    #[test]
    fn in_order_while_the_reader_keeps_up() {
        let outbox = Outbox::default();
        outbox.push_text("hello");
        outbox.push_changes(&changes(vec![body(1, 1, 9, 10)]));
        outbox.push_changes(&changes(vec![body(1, 2, 9, 10)]));
        let (all, close) = drain(&outbox);
        assert!(close.is_none() && all.starts_with("hello"));
        assert!(all.find(r#""v":1"#) < all.find(r#""v":2"#));
        assert_eq!(outbox.bytes(), 0);
    }

    #[test]
    fn a_slow_reader_gets_the_newest_only() {
        let outbox = Outbox::default();
        for version in 1..=2_000 {
            outbox.push_changes(&changes(vec![body(1, version, 9, 1_000)]));
        }
        assert!(outbox.bytes() < 10_000, "{}", outbox.bytes());
        let (all, close) = drain(&outbox);
        assert!(close.is_none());
        assert!(all.contains(r#""v":2000"#) && !all.contains(r#""v":1999"#));
    }

    #[test]
    fn too_much_even_so_lets_the_reader_go() {
        let outbox = Outbox::default();
        for id in 1..=3_000 {
            outbox.push_changes(&changes(vec![body(id, 1, 9, 1_000)]));
        }
        let (all, close) = drain(&outbox);
        assert_eq!((all.as_str(), close), ("", Some(CloseCode::TooSlow)));
        assert_eq!(outbox.bytes(), 0);
    }

    #[test]
    fn what_was_taken_away_is_not_sent_after_conflation() {
        let outbox = Outbox::default();
        for version in 1..=1_200 {
            outbox.push_changes(&changes(vec![body(1, version, 9, 1_000), body(2, version, 8, 10)]));
        }
        outbox.push_removed_scopes(vec![Uuid::from_u128(9)]);
        let (all, _) = drain(&outbox);
        assert!(all.find(r#""token":"t""#) > all.find(r#""v":1200"#), "the token comes with the last frame");
        assert!(all.contains(r#""type":"removed""#) && !all.contains("xxxxxxxxxxxxxxxxxxxx"), "{all}");
        assert!(all.contains(r#""v":1200"#));
    }
}
