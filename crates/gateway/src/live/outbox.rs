//! What waits for one reader. Bounded in bytes and in entries: beyond that only the newest version
//! of each node is kept, and beyond it once more the reader is let go. Putting something in never
//! waits. What is told by answers (first rows, what a continued stream missed) is not counted: a
//! socket has one of them at a time, cut into frames as the network takes them; nor are frames of
//! maps, of which the next is made when those before it are on their way.

use super::body::Body;
use super::entry::Entry;
use super::frame::{AddedFrames, Changes, Item, ItemFrames, SubscribedFrames, removed_frame, token_frame};
use super::newest::Newest;
use super::protocol::{CloseCode, ServerMessage};
use axum::extract::ws::Utf8Bytes;
use domain::access::Level;
use domain::limits::{MAP_WINDOWS_PER_SOCKET_MAX, OUTBOX_MAX_BYTES, OUTBOX_MAX_ENTRIES, UNANSWERED_PINGS_MAX};
use feed::InboxPart;
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use tokio::sync::Notify;
use uuid::Uuid;

#[derive(Debug, Default)]
pub(super) struct Outbox {
    state: Mutex<State>,
    filled: Notify,
    answered: Notify,
    has_room_for_positions: Notify,
    closing: Notify,
}

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Entry>,
    /// Of the changes in the queue.
    bytes: usize,
    /// Entries of the queue that answer something the reader asked for.
    answers: usize,
    /// Frames of maps in the queue.
    positions: usize,
    newest: Option<Box<Newest>>,
    /// Pings of the protocol's own kind since something was last sent. Their pongs are queued where
    /// we can't see them.
    pings: u32,
    /// What of the reader's own has changed. They read it themselves: once is as good as often.
    inbox: BTreeSet<InboxPart>,
    /// Who is in channels that the reader has open; of each the newest word.
    presence: BTreeMap<Uuid, Utf8Bytes>,
    /// The newest token that was sent.
    told: Option<Arc<str>>,
    close: Option<CloseCode>,
}

/// What the socket does next.
#[derive(Debug)]
pub(super) enum Next {
    /// None at all: what the protocol's own layer has to send is sent.
    Send(Vec<Utf8Bytes>),
    Close(CloseCode),
}

impl Outbox {
    /// An answer or notice that stands for itself.
    pub(super) fn push_text(&self, text: impl Into<Utf8Bytes>) {
        self.push(Entry::Text(text.into()));
    }

    pub(super) fn push_subscribed(&self, frames: SubscribedFrames) {
        self.push(Entry::Subscribed(Box::new(frames)));
    }

    /// What happened before a continued stream runs; with the token that covers it.
    pub(super) fn push_missed(&self, items: Vec<Item>, token: &Arc<str>) {
        self.push(Entry::Missed(Box::new(ItemFrames::new(items, Some(Arc::clone(token))))));
    }

    pub(super) fn push_changes(&self, changes: &Arc<Changes>) {
        self.push(Entry::Changes(Arc::clone(changes)));
    }

    pub(super) fn push_removed_scopes(&self, scopes: Vec<Uuid>) {
        self.push(Entry::RemovedScopes(scopes));
    }

    pub(super) fn push_added(&self, scope_id: Uuid, level: Level, nodes: impl Iterator<Item = Arc<Body>>) {
        self.push(Entry::Added(Box::new(AddedFrames::new(scope_id, level, nodes))));
    }

    /// Something of the reader's own has changed.
    pub(super) fn push_inbox(&self, what: InboxPart) {
        self.state.lock().inbox.insert(what);
        self.filled.notify_one();
    }

    /// Who is in a channel now.
    pub(super) fn push_presence(&self, channel_id: Uuid, text: Utf8Bytes) {
        self.state.lock().presence.insert(channel_id, text);
        self.filled.notify_one();
    }

    /// Of channels that the reader may not see any more.
    pub(super) fn drop_presence(&self, channels: &[Uuid]) {
        self.state.lock().presence.retain(|channel, _| !channels.contains(channel));
    }

    /// Whether something of the reader's own waits to be told.
    #[cfg(test)]
    pub(super) fn is_waiting(&self) -> bool {
        !self.state.lock().inbox.is_empty()
    }

    /// A newer token, behind all that it covers.
    pub(super) fn push_token(&self, token: Arc<str>) {
        self.push(Entry::Token(token));
    }

    /// The answer to a ping: it says how fresh the data before it is, so it stands behind them.
    pub(super) fn push_pong(&self, text: String) {
        self.push(Entry::Pong(text.into()));
    }

    /// Waits until a map's next frame would not wait long: one for each window may. What moves meanwhile is told once.
    pub(super) async fn room_for_positions(&self) {
        loop {
            // Before the look, so that what is taken between the two counts.
            let taken = self.has_room_for_positions.notified();
            if self.state.lock().positions < MAP_WINDOWS_PER_SOCKET_MAX {
                return;
            }
            taken.await;
        }
    }

    pub(super) fn push_positions(&self, text: String) {
        self.push(Entry::Positions(text.into()));
    }

    /// Has the protocol's own pong sent. Too many that the network doesn't take end the socket.
    pub(super) fn pinged(&self) {
        let mut state = self.state.lock();
        state.pings += 1;
        let flood = state.pings > UNANSWERED_PINGS_MAX;
        drop(state);
        if flood {
            self.close(CloseCode::TooSlow);
        }
        self.filled.notify_one();
    }

    /// Closes the socket; what waits is not sent any more.
    pub(super) fn close(&self, code: CloseCode) {
        self.state.lock().let_go(code);
        self.filled.notify_one();
        self.closing.notify_one();
    }

    /// Waits until the socket is to be closed.
    pub(super) async fn closed(&self) -> CloseCode {
        loop {
            if let Some(code) = self.state.lock().close {
                return code;
            }
            self.closing.notified().await;
        }
    }

    /// Whether an answer still waits to be sent.
    pub(super) fn is_answering(&self) -> bool {
        self.state.lock().answers > 0
    }

    /// Waits until the last answer has been handed to the network (or has been just before).
    pub(super) async fn answered(&self) {
        self.answered.notified().await;
    }

    /// Bytes that wait.
    pub(super) fn bytes(&self) -> usize {
        let state = self.state.lock();
        state.bytes + state.newest.as_ref().map_or(0, |n| n.bytes())
    }

    /// Waits for something to do.
    pub(super) async fn next(&self) -> Next {
        loop {
            let (next, answers, positions) = {
                let mut state = self.state.lock();
                (state.take(), state.answers, state.positions)
            };
            if answers == 0 {
                self.answered.notify_one();
            }
            if positions < MAP_WINDOWS_PER_SOCKET_MAX {
                self.has_room_for_positions.notify_waiters();
            }
            if let Some(next) = next {
                return next;
            }
            self.filled.notified().await;
        }
    }

    fn push(&self, entry: Entry) {
        let mut state = self.state.lock();
        state.push(entry);
        let closing = state.close.is_some();
        drop(state);
        if closing {
            self.closing.notify_one();
        }
        self.filled.notify_one();
    }
}

impl State {
    fn push(&mut self, entry: Entry) {
        if self.close.is_some() {
            return;
        }
        // A reader that has had all so far may be told any amount at once: it is shared by all who
        // are told the same, and cut into frames as it goes.
        let is_first = self.bytes == 0;
        if self.newest.is_none() && !entry.stands_for_itself() {
            let bytes = self.bytes + entry.bytes();
            if self.queue.len() >= OUTBOX_MAX_ENTRIES || (bytes > OUTBOX_MAX_BYTES && !is_first) {
                self.conflate();
            }
        }
        match (&mut self.newest, entry) {
            (Some(newest), Entry::RemovedScopes(scopes)) => {
                newest.forget(&scopes);
                self.bytes += scopes.len() * 40;
                self.queue.push_back(Entry::RemovedScopes(scopes));
            }
            (Some(newest), data) if !data.stands_for_itself() => newest.add(data),
            (newest, mut entry) => {
                if newest.as_ref().is_some_and(|newest| !newest.is_empty()) {
                    entry.drop_token();
                }
                self.answers += usize::from(entry.is_answer());
                self.positions += usize::from(matches!(entry, Entry::Positions(_)));
                self.bytes += entry.bytes();
                self.queue.push_back(entry);
            }
        }
        if self.newest.as_ref().is_some_and(|newest| newest.bytes() + self.bytes > OUTBOX_MAX_BYTES) {
            self.let_go(CloseCode::TooSlow);
        }
    }

    /// Keeps answers and what is taken away in order, and of all else the newest.
    fn conflate(&mut self) {
        metrics::counter!("synops_socket_conflations_total").increment(1);
        let mut newest = Box::<Newest>::default();
        self.bytes = 0;
        for mut entry in std::mem::take(&mut self.queue) {
            if let Entry::RemovedScopes(scopes) = &entry {
                newest.forget(scopes);
            } else if !entry.stands_for_itself() {
                newest.add(entry);
                continue;
            } else if !newest.is_empty() {
                entry.drop_token();
            }
            self.bytes += entry.bytes();
            self.queue.push_back(entry);
        }
        self.newest = Some(newest);
    }

    fn let_go(&mut self, code: CloseCode) {
        self.close.get_or_insert(code);
        (self.queue, self.bytes, self.answers, self.positions, self.newest) = Default::default();
        self.presence.clear();
    }

    fn take(&mut self) -> Option<Next> {
        if let Some(code) = self.close {
            return Some(Next::Close(code));
        }
        if std::mem::take(&mut self.pings) > 0 {
            return Some(Next::Send(Vec::new()));
        }
        if !self.inbox.is_empty() {
            let what: Vec<&str> = std::mem::take(&mut self.inbox).into_iter().map(InboxPart::as_str).collect();
            return Some(Next::Send(vec![ServerMessage::Inbox { what: &what }.to_text().into()]));
        }
        loop {
            let Some(front) = self.queue.front_mut() else {
                let Some(newest) = self.newest.take() else { break };
                self.queue = newest.into_entries();
                continue;
            };
            let before = front.bytes();
            if let Some(frame) = front.next_frame() {
                self.bytes = self.bytes.saturating_sub(before - front.bytes());
                return Some(Next::Send(vec![frame]));
            }
            let entry = self.queue.pop_front()?;
            self.answers -= usize::from(entry.is_answer());
            self.positions -= usize::from(matches!(entry, Entry::Positions(_)));
            self.bytes = self.bytes.saturating_sub(entry.bytes());
            let frames = self.frames(entry);
            if !frames.is_empty() {
                return Some(Next::Send(frames));
            }
        }
        // Behind what the reader may have to know of those who are there.
        let presence: Vec<Utf8Bytes> = std::mem::take(&mut self.presence).into_values().collect();
        if presence.is_empty() { None } else { Some(Next::Send(presence)) }
    }

    /// What is sent of an entry at its end.
    fn frames(&mut self, entry: Entry) -> Vec<Utf8Bytes> {
        match entry {
            Entry::Text(text) | Entry::Pong(text) | Entry::Positions(text) => vec![text],
            Entry::Changes(changes) => {
                self.told = Some(changes.token());
                changes.texts().to_vec()
            }
            Entry::RemovedScopes(scopes) => vec![removed_frame(&scopes, &[], None)],
            Entry::Token(token) if self.told.as_ref() == Some(&token) => Vec::new(),
            Entry::Token(token) => {
                let frame = token_frame(&token);
                self.told = Some(token);
                vec![frame]
            }
            Entry::Subscribed(frames) => {
                self.told = frames.token().cloned().or(self.told.take());
                Vec::new()
            }
            Entry::Missed(frames) | Entry::Newest(frames) => {
                self.told = frames.token().cloned().or(self.told.take());
                Vec::new()
            }
            Entry::Added(_) => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::body::Entity;
    use super::super::frame::Subscribed;
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
    fn what_is_ones_own_is_told_once_however_often_it_changed() {
        let outbox = Outbox::default();
        for _ in 0..10_000 {
            outbox.push_inbox(InboxPart::Dismissals);
            outbox.push_inbox(InboxPart::Notifications);
        }
        assert_eq!(outbox.bytes(), 0);
        let (all, close) = drain(&outbox);
        assert_eq!((all.as_str(), close), (r#"{"type":"inbox","what":["notifications","dismissals"]}"#, None));
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
        assert!(all.find("removed") < all.find(r#""token":"t""#), "the token comes with the last frame");
        assert!(all.contains(r#""type":"removed""#) && !all.contains("xxxxxxxxxxxxxxxxxxxx"), "{all}");
        assert!(all.contains(r#""v":1200"#));
    }

    #[test]
    fn many_small_changes_are_conflated_too() {
        let outbox = Outbox::default();
        for version in 1..=10_000 {
            outbox.push_changes(&changes(vec![body(1, version, 9, 10)]));
            outbox.push_pong(format!(r#"{{"pong":{version}}}"#));
        }
        assert!(outbox.state.lock().queue.len() <= OUTBOX_MAX_ENTRIES);
        let (all, close) = drain(&outbox);
        assert!(close.is_none() && all.contains(r#""v":10000"#) && !all.contains(r#""v":9999"#));
        assert!(all.ends_with(r#"{"pong":10000}"#), "it stands behind what it is about: {all}");
    }

    #[test]
    fn whoever_has_all_so_far_is_told_any_amount() {
        let outbox = Outbox::default();
        let large = || changes((1..=3_000).map(|id| body(id, 1, 9, 1_000)).collect());
        outbox.push_changes(&large());
        let (all, close) = drain(&outbox);
        assert!(close.is_none() && all.len() > 3_000_000 && outbox.bytes() == 0);
        outbox.push_changes(&large());
        outbox.push_changes(&large());
        assert_eq!(drain(&outbox).1, Some(CloseCode::TooSlow), "but not to hold it for them");
    }

    fn subscribed(token: &str, rows: u128) -> SubscribedFrames {
        let nodes = (0..rows)
            .filter_map(|id| if let Item::Upsert(body) = body(100 + id, 1, 9, 1_000) { Some(body) } else { None })
            .collect();
        let rows = super::super::frame::Rows { nodes, ..Default::default() };
        SubscribedFrames::new(Subscribed {
            id: "a".into(),
            token: Some(token.into()),
            levels: Default::default(),
            rows: Some(rows),
        })
    }

    #[test]
    fn answers_stay_in_order_with_what_is_taken_away() {
        let outbox = Outbox::default();
        outbox.push_changes(&changes(vec![body(1, 1, 9, 10), body(2, 1, 8, 10)]));
        outbox.push_removed_scopes(vec![Uuid::from_u128(9)]);
        outbox.push_subscribed(subscribed("later", 40));
        assert!(outbox.is_answering());
        for version in 1..=2_000 {
            outbox.push_changes(&changes(vec![body(2, version, 8, 1_000)]));
        }
        let (all, _) = drain(&outbox);
        assert!(all.find("removed") < all.find("subscribed"), "rows of a scope that came back are kept");
        assert!(!all.contains("later"), "its token would promise what is sent after it");
        assert!(all.matches(r#""type":"rows""#).count() > 1 && all.ends_with("]}"), "{}", all.len());
        assert!(!outbox.is_answering());
    }

    #[test]
    fn the_same_token_is_told_once() {
        let outbox = Outbox::default();
        outbox.push_subscribed(subscribed("t", 0));
        outbox.push_token("t".into());
        let (all, _) = drain(&outbox);
        assert_eq!(all.matches(r#""token":"t""#).count(), 1, "{all}");
        outbox.push_token("u".into());
        outbox.push_changes(&changes(vec![body(1, 1, 9, 10)]));
        outbox.push_token("t".into());
        let (all, _) = drain(&outbox);
        assert_eq!((all.matches(r#""token":"u""#).count(), all.matches(r#""token":"t""#).count()), (1, 1), "{all}");
    }

    #[test]
    fn pongs_that_nobody_takes_end_the_socket() {
        let outbox = Outbox::default();
        for _ in 0..UNANSWERED_PINGS_MAX {
            outbox.pinged();
        }
        assert!(matches!(outbox.state.lock().take(), Some(Next::Send(frames)) if frames.is_empty()));
        for _ in 0..=UNANSWERED_PINGS_MAX {
            outbox.pinged();
        }
        assert_eq!(drain(&outbox).1, Some(CloseCode::TooSlow));
    }
}
