//! Everybody who is connected, kept right by the feed. The tailer alone writes what readers may
//! see; sockets only ask. Nothing here waits: a reader's outbox takes what it is given.

use super::body::Bodies;
use super::frame::{Changes, Item, Said};
use super::outbox::Outbox;
use super::prepared::{Prepared, Subject};
use super::protocol::{CloseCode, Topic};
use super::reader::{Answer, Installed, Pending, Reader, Subscription, Visibilities};
use chrono::{DateTime, Utc};
use domain::limits::{SOCKETS_MAX, SUBSCRIBES_AT_ONCE, SUBSCRIPTIONS_PER_SOCKET_MAX};
use domain::{Level, NodeKind};
use feed::snapshot::Snapshot;
use feed::token::Epoch;
use feed::{Batch, Bell, Control, Credential, Start};
use parking_lot::Mutex;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, oneshot};
use uuid::Uuid;

/// A newer token alone is sent at most so often.
const TOKEN_EVERY: Duration = Duration::from_millis(100);

/// Names a connected reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct ReaderId(u64);

#[derive(Debug)]
pub struct Hub {
    inner: Mutex<Inner>,
    pub(super) bodies: Bodies,
    bell: Bell,
    /// First rows and replays being read.
    pub(super) reads: Semaphore,
}

#[derive(Debug, Default)]
struct Inner {
    next_id: u64,
    readers: HashMap<ReaderId, Reader>,
    /// Who asked for a kind, and who for a node or its neighbours. May name readers that are gone
    /// or have unsubscribed; swept when they are told.
    by_kind: HashMap<NodeKind, HashSet<ReaderId>>,
    by_node: HashMap<Uuid, HashSet<ReaderId>>,
    visibilities: Visibilities,
    stream: Option<Stream>,
    told_token_at: Option<Instant>,
    /// Readers with subscriptions in the making.
    waiting: HashSet<ReaderId>,
}

/// Where the hub is.
#[derive(Debug)]
struct Stream {
    epoch: Epoch,
    at: Snapshot,
    token: Arc<str>,
    fresh_at: Option<DateTime<Utc>>,
}

/// Why a socket or subscription is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    Sockets,
    Subscriptions,
    /// The name is in use.
    Taken,
}

/// For the health page and `/metrics`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HubStats {
    pub sockets: usize,
    pub subscriptions: usize,
    pub queued_bytes: usize,
    pub people: usize,
}

impl Hub {
    pub fn new(bell: Bell) -> Self {
        Self { inner: Mutex::default(), bodies: Bodies::default(), bell, reads: Semaphore::new(SUBSCRIBES_AT_ONCE) }
    }

    pub(super) fn join(
        &self,
        person_id: Option<Uuid>,
        credential: Option<Credential>,
        outbox: &Arc<Outbox>,
    ) -> Result<ReaderId, Full> {
        let mut inner = self.inner.lock();
        if inner.readers.len() >= SOCKETS_MAX {
            return Err(Full::Sockets);
        }
        inner.next_id += 1;
        let id = ReaderId(inner.next_id);
        inner.readers.insert(id, Reader::new(person_id, credential, Arc::clone(outbox)));
        drop(inner);
        // The tailer reads what they are granted at its next turn.
        self.bell.ring();
        Ok(id)
    }

    pub(super) fn leave(&self, id: ReaderId) {
        let mut inner = self.inner.lock();
        inner.readers.remove(&id);
        if inner.readers.is_empty() {
            inner.by_kind.clear();
            inner.by_node.clear();
        }
    }

    /// Takes a subscription down; from now on what happens is held for it.
    pub(super) fn ask(&self, id: ReaderId, name: &str, topic: Topic) -> Result<(), Full> {
        let mut inner = self.inner.lock();
        let Some(reader) = inner.readers.get_mut(&id) else { return Ok(()) };
        if reader.subscriptions.contains_key(name) {
            return Err(Full::Taken);
        }
        if reader.subscriptions.len() >= SUBSCRIPTIONS_PER_SOCKET_MAX {
            return Err(Full::Subscriptions);
        }
        reader.subscriptions.insert(name.to_owned(), Subscription::Pending(Box::new(Pending::new(topic))));
        inner.waiting.insert(id);
        match topic {
            Topic::Kind(kind) => inner.by_kind.entry(kind).or_default().insert(id),
            Topic::Node(node) => inner.by_node.entry(node).or_default().insert(id),
            Topic::Lifecycle => false,
        };
        Ok(())
    }

    /// Hands in what was read for it. The answer comes once the hub's position covers the reading.
    pub(super) fn answer(&self, id: ReaderId, name: &str, read_at: Snapshot, answer: Answer) -> oneshot::Receiver<Installed> {
        let (done, told) = oneshot::channel();
        let mut guard = self.inner.lock();
        let inner = &mut *guard;
        for neighbour in &answer.neighbours {
            inner.by_node.entry(*neighbour).or_default().insert(id);
        }
        if let Some(reader) = inner.readers.get_mut(&id)
            && let Some(Subscription::Pending(pending)) = reader.subscriptions.get_mut(name)
        {
            pending.read(read_at, answer, done);
        }
        inner.install();
        drop(guard);
        self.bell.ring();
        told
    }

    pub(super) fn unsubscribe(&self, id: ReaderId, name: &str) {
        if let Some(reader) = self.inner.lock().readers.get_mut(&id) {
            reader.subscriptions.remove(name);
        }
    }

    /// The epoch that tokens of this stream have; `None` before it runs.
    pub(super) fn epoch(&self) -> Option<Epoch> {
        self.inner.lock().stream.as_ref().map(|stream| stream.epoch.clone())
    }

    /// When this server was last level with the database.
    pub fn fresh_at(&self) -> Option<DateTime<Utc>> {
        self.inner.lock().stream.as_ref().and_then(|stream| stream.fresh_at)
    }

    pub fn stats(&self) -> HubStats {
        let inner = self.inner.lock();
        let people: HashSet<Uuid> = inner.readers.values().filter_map(|r| r.person_id).collect();
        HubStats {
            sockets: inner.readers.len(),
            subscriptions: inner.readers.values().map(|r| r.subscriptions.len()).sum(),
            queued_bytes: inner.readers.values().map(|r| r.outbox.bytes()).sum(),
            people: people.len(),
        }
    }
}

impl feed::Sink for Hub {
    fn started(&self, start: Start) {
        let mut inner = self.inner.lock();
        inner.visibilities = start.visibilities.into_iter().collect();
        inner.stream = Some(Stream { epoch: start.epoch, at: start.snapshot, token: start.token.into(), fresh_at: None });
    }

    fn wanted_scopes(&self, control: &Control) -> Vec<Uuid> {
        if control.access.is_empty() && control.scopes.is_empty() {
            return Vec::new();
        }
        let inner = self.inner.lock();
        let (old, new) = inner.visibilities_around(control);
        let mut wanted: HashSet<Uuid> = HashSet::new();
        for reader in inner.readers.values().filter(|r| r.levels.is_some()) {
            wanted.extend(reader.would_gain(control, &old, &new));
        }
        wanted.into_iter().collect()
    }

    fn deliver(&self, batch: Batch) {
        let to = batch.to.clone();
        let prepared = Arc::new(Prepared::new(batch, &self.bodies));
        let mut inner = self.inner.lock();
        inner.apply_control(&prepared);
        inner.tell_events(&prepared);
        inner.hold(&prepared);
        if prepared.ends {
            for reader in inner.readers.values_mut() {
                reader.end_difference();
            }
            if let Some(stream) = &mut inner.stream {
                stream.at = to;
            }
            inner.install();
        }
    }

    fn released(&self, token: &str) {
        if let Some(stream) = &mut self.inner.lock().stream {
            stream.token = token.into();
        }
    }

    fn newcomers(&self) -> Vec<Uuid> {
        self.inner.lock().readers.values().filter(|r| r.levels.is_none()).filter_map(|r| r.person_id).collect()
    }

    fn levels(&self, people: &[Uuid], levels: Vec<(Uuid, Uuid, Level)>) {
        let mut by_person: HashMap<Uuid, HashMap<Uuid, Level>> = people.iter().map(|p| (*p, HashMap::new())).collect();
        for (person, scope, level) in levels {
            by_person.entry(person).or_default().insert(scope, level);
        }
        let mut inner = self.inner.lock();
        for reader in inner.readers.values_mut().filter(|r| r.levels.is_none()) {
            reader.levels = reader.person_id.and_then(|person| by_person.get(&person).cloned());
        }
    }

    fn level(&self, at: DateTime<Utc>, snapshot: &Snapshot) {
        let mut inner = self.inner.lock();
        if let Some(stream) = &mut inner.stream {
            stream.at = snapshot.clone();
            stream.fresh_at = Some(at);
        }
        inner.install();
        inner.tell_token();
    }

    fn rewound(&self, snapshot: &Snapshot) {
        let mut inner = self.inner.lock();
        if let Some(stream) = &mut inner.stream {
            stream.at = snapshot.clone();
        }
        for reader in inner.readers.values_mut() {
            reader.spoil_pending();
        }
    }

    fn start_over(&self, start: Start) {
        tracing::warn!("every subscription begins anew: the change feed could not be continued");
        metrics::counter!("synops_feed_resyncs_total").increment(1);
        let mut inner = self.inner.lock();
        inner.visibilities = start.visibilities.into_iter().collect();
        for reader in inner.readers.values_mut() {
            reader.resync(|_| true);
            reader.spoil_pending();
            reader.levels = reader.person_id.is_none().then(HashMap::new);
        }
        inner.stream = Some(Stream { epoch: start.epoch, at: start.snapshot, token: start.token.into(), fresh_at: None });
    }
}

impl Inner {
    /// The visibilities of what changes, before and after.
    fn visibilities_around(&self, control: &Control) -> (Visibilities, Visibilities) {
        let touched: HashSet<Uuid> =
            control.scopes.iter().map(|c| c.scope_id).chain(control.access.iter().map(|c| c.scope_id)).collect();
        let old: Visibilities = touched.iter().filter_map(|scope| Some((*scope, *self.visibilities.get(scope)?))).collect();
        let mut new = old.clone();
        for change in &control.scopes {
            match change.visibility {
                Some(visibility) => new.insert(change.scope_id, visibility),
                None => new.remove(&change.scope_id),
            };
        }
        (old, new)
    }

    fn apply_control(&mut self, batch: &Prepared) {
        let control = &batch.control;
        if control.is_empty() {
            return;
        }
        if !control.ended.is_empty() {
            for reader in self.readers.values().filter(|r| r.credential.is_some_and(|c| control.ended.contains(&c))) {
                reader.outbox.close(CloseCode::SignedOut);
            }
        }
        let (old, new) = self.visibilities_around(control);
        for change in &control.scopes {
            match change.visibility {
                Some(visibility) => self.visibilities.insert(change.scope_id, visibility),
                None => self.visibilities.remove(&change.scope_id),
            };
        }
        for reader in self.readers.values_mut().filter(|r| r.levels.is_some()) {
            let shift = reader.shift(control, &old, &new);
            reader.tell_shift(&shift, batch.wanted.as_deref());
        }
    }

    fn tell_events(&mut self, batch: &Prepared) {
        let Some(token) = self.stream.as_ref().map(|stream| Arc::clone(&stream.token)) else { return };
        let mut told: HashMap<ReaderId, Vec<Item>> = HashMap::new();
        for event in &batch.events {
            for id in self.candidates(&event.subject) {
                let Some(reader) = self.readers.get_mut(&id) else { continue };
                if reader.levels.is_none() {
                    continue;
                }
                let items = reader.items(event, &self.visibilities);
                // Whoever met a new neighbour hears of it from now on.
                for end in &event.ends {
                    if items.iter().any(|item| item.key().1 == end.id) {
                        self.by_node.entry(end.id).or_default().insert(id);
                    }
                }
                if !items.is_empty() {
                    told.entry(id).or_default().extend(items);
                }
            }
        }
        // Readers who are told the same share one frame and its text.
        let mut frames: HashMap<Vec<Said>, Arc<Changes>> = HashMap::new();
        for (id, items) in told {
            let same: Vec<Said> = items.iter().map(Item::said).collect();
            let changes = frames.entry(same).or_insert_with(|| Arc::new(Changes::new(items, Arc::clone(&token))));
            if let Some(reader) = self.readers.get_mut(&id) {
                reader.outbox.push_changes(changes);
                reader.behind = true;
            }
        }
    }

    /// Who may have asked for the subject; forgets those who are gone.
    fn candidates(&mut self, subject: &Subject) -> Vec<ReaderId> {
        let nodes: &[Uuid] = match subject {
            Subject::Node { id, .. } => &[*id],
            Subject::Edge { source_id, target_id } => &[*source_id, *target_id],
        };
        let mut ids: Vec<ReaderId> = Vec::new();
        for node in nodes {
            if let Some(there) = self.by_node.get_mut(node) {
                there.retain(|id| self.readers.contains_key(id));
                ids.extend(there.iter());
                if there.is_empty() {
                    self.by_node.remove(node);
                }
            }
        }
        if let Subject::Node { kind: Some(kind), .. } = subject
            && let Some(there) = self.by_kind.get_mut(kind)
        {
            there.retain(|id| self.readers.contains_key(id));
            ids.extend(there.iter());
        }
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    fn hold(&mut self, batch: &Arc<Prepared>) {
        for id in &self.waiting {
            if let Some(reader) = self.readers.get_mut(id) {
                reader.hold(batch);
            }
        }
    }

    fn install(&mut self) {
        let Some(stream) = &self.stream else { return };
        self.waiting.retain(|id| {
            let Some(reader) = self.readers.get_mut(id) else { return false };
            if reader.levels.is_some() {
                reader.install(&stream.at, &stream.token, &self.visibilities);
            }
            reader.is_waiting()
        });
    }

    /// Gives those who have had something since the newest token.
    fn tell_token(&mut self) {
        let Some(stream) = &self.stream else { return };
        if self.told_token_at.is_some_and(|at| at.elapsed() < TOKEN_EVERY) {
            return;
        }
        self.told_token_at = Some(Instant::now());
        for reader in self.readers.values_mut().filter(|r| r.behind) {
            reader.outbox.push_token(Arc::clone(&stream.token));
            reader.behind = false;
        }
    }
}
