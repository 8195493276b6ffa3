//! Everybody who is connected, kept right by the feed. The tailer alone writes what readers may
//! see; sockets only ask. Nothing here waits: a reader's outbox takes what it is given.

use super::body::Bodies;
use super::frame::{Changes, Item, Said};
use super::index::Index;
use super::movements::Movements;
use super::outbox::Outbox;
use super::pending::{Answer, Installed};
use super::prepared::Prepared;
use super::presence::Presence;
use super::protocol::{CloseCode, Topic};
use super::reader::{Readable, Reader, Subscription, Visibilities};
use super::tokens::Tokens;
use axum::extract::ws::Utf8Bytes;
use chrono::{DateTime, Utc};
use domain::limits::{SOCKETS_MAX, SUBSCRIBES_AT_ONCE, SUBSCRIPTIONS_PER_SOCKET_MAX};
use domain::node::INSTANCE_ID;
use domain::{EdgeKind, Level, NodeKind};
use feed::snapshot::Snapshot;
use feed::{Batch, Bell, Change, Control, Credential, Start};
use parking_lot::Mutex;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Notify, Semaphore, oneshot, watch};
use uuid::Uuid;

/// A newer token alone is sent at most so often.
const TOKEN_EVERY: Duration = Duration::from_millis(100);

/// Names a connected reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct ReaderId(pub(super) u64);

#[derive(Debug)]
pub struct Hub {
    inner: Mutex<Inner>,
    pub(super) bodies: Bodies,
    bell: Bell,
    /// First rows and replays being read.
    pub(super) reads: Semaphore,
    /// Counts how often the stream began: what ended before is told by none of its events.
    beginnings: watch::Sender<u64>,
    maintenance_bell: Option<Arc<Notify>>,
    /// Counts changes that a status page may tell of.
    status_changes: watch::Sender<u64>,
    pub(super) movements: Movements,
    pub(super) presence: Presence,
}

#[derive(Debug, Default)]
struct Inner {
    next_id: u64,
    readers: HashMap<ReaderId, Reader>,
    index: Index,
    visibilities: Visibilities,
    stream: Option<Stream>,
    told_token_at: Option<Instant>,
    /// Readers with subscriptions in the making.
    waiting: HashSet<ReaderId>,
}

/// Where the hub is.
#[derive(Debug)]
struct Stream {
    at: Snapshot,
    tokens: Tokens,
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

/// Who is connected, for those who are about to take the server down.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) person_id: Option<Uuid>,
    pub(crate) since: Duration,
    /// What the page shows.
    pub(crate) nodes: Vec<Uuid>,
    pub(crate) kinds: Vec<NodeKind>,
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
        Self {
            inner: Mutex::default(),
            bodies: Bodies::default(),
            bell,
            reads: Semaphore::new(SUBSCRIBES_AT_ONCE),
            beginnings: watch::Sender::new(0),
            maintenance_bell: None,
            status_changes: watch::Sender::new(0),
            movements: Movements::new(),
            presence: Presence::new(),
        }
    }

    /// With a bell that is rung whenever a maintenance has changed, on whichever server.
    #[must_use]
    pub fn with_maintenance_bell(mut self, bell: Arc<Notify>) -> Self {
        self.maintenance_bell = Some(bell);
        self
    }

    /// Wakes the tailers, here and on other instances.
    pub(crate) fn ring(&self) {
        self.bell.ring();
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
        self.bell.ring_here();
        Ok(id)
    }

    pub(super) fn leave(&self, id: ReaderId) {
        let left = self.inner.lock().readers.remove(&id);
        self.presence.stirred(left.iter().flat_map(Reader::channels));
    }

    /// Takes a subscription down; from now on what happens is held for it.
    pub(super) fn ask(&self, id: ReaderId, name: &str, topic: Topic) -> Result<(), Full> {
        let mut guard = self.inner.lock();
        let inner = &mut *guard;
        let Some(reader) = inner.readers.get_mut(&id) else { return Ok(()) };
        if reader.subscriptions.contains_key(name) {
            return Err(Full::Taken);
        }
        if reader.subscriptions.len() >= SUBSCRIPTIONS_PER_SOCKET_MAX {
            return Err(Full::Subscriptions);
        }
        reader.ask(name, topic);
        inner.waiting.insert(id);
        inner.index.add(topic, id);
        inner.index.sweep(&inner.readers);
        Ok(())
    }

    /// Its reading begins: it will see all that was held so far.
    pub(super) fn begin_reading(&self, id: ReaderId, name: &str) {
        if let Some(reader) = self.inner.lock().readers.get_mut(&id)
            && let Some(Subscription::Pending(pending)) = reader.subscriptions.get_mut(name)
        {
            pending.begin_reading();
        }
    }

    /// Hands in what was read for it. The answer comes once the hub's position covers the reading.
    pub(super) fn answer(&self, id: ReaderId, name: &str, read_at: Snapshot, answer: Answer) -> oneshot::Receiver<Installed> {
        let (done, told) = oneshot::channel();
        let mut guard = self.inner.lock();
        let inner = &mut *guard;
        if let Some(reader) = inner.readers.get_mut(&id)
            && let Some(Subscription::Pending(pending)) = reader.subscriptions.get_mut(name)
        {
            answer.neighbours.iter().for_each(|node| inner.index.add_node(*node, id));
            pending.read(read_at, answer, done);
            inner.index.sweep(&inner.readers);
        }
        let opened = inner.install_one(id);
        drop(guard);
        self.presence.stirred(opened);
        self.bell.ring_here();
        told
    }

    pub(super) fn unsubscribe(&self, id: ReaderId, name: &str) {
        let ended = self.inner.lock().readers.get_mut(&id).and_then(|reader| reader.subscriptions.remove(name));
        self.presence.stirred(ended.and_then(|subscription| subscription.channel()));
    }

    /// People who have this channel open here, and may read it.
    pub(super) fn people_in(&self, channel_id: Uuid) -> BTreeSet<Uuid> {
        let inner = self.inner.lock();
        inner.in_channel(channel_id).filter_map(|reader| reader.person_id).collect()
    }

    /// Tells those who have this channel open here who is there, as far as people are for them to see.
    pub(super) fn tell_presence(&self, channel_id: Uuid, text: &str) {
        let text = Utf8Bytes::from(text);
        let inner = self.inner.lock();
        let readers = inner.in_channel(channel_id).filter(|reader| reader.eyes(&inner.visibilities).reads(INSTANCE_ID));
        readers.for_each(|reader| reader.outbox.push_presence(channel_id, text.clone()));
    }

    /// Somebody types in a channel. Only who has it open is heard of.
    pub(super) fn types(&self, id: ReaderId, channel_id: Uuid) {
        let person_id = {
            let inner = self.inner.lock();
            let reader = inner.readers.get(&id).filter(|reader| reader.channels().any(|open| open == channel_id));
            reader.and_then(|reader| reader.person_id)
        };
        if let Some(person_id) = person_id {
            self.presence.types(channel_id, person_id);
        }
    }

    /// Changes whenever the stream begins.
    pub(super) fn beginnings(&self) -> watch::Receiver<u64> {
        self.beginnings.subscribe()
    }

    /// Changes whenever something has that a status page may tell of, on whichever server.
    pub(super) fn status_changes(&self) -> watch::Receiver<u64> {
        self.status_changes.subscribe()
    }

    /// When this server was last level with the database.
    pub fn fresh_at(&self) -> Option<DateTime<Utc>> {
        self.inner.lock().stream.as_ref().and_then(|stream| stream.fresh_at)
    }

    /// Those who are connected longest, at most `limit`; and how many there are.
    pub(crate) fn seen(&self, limit: usize) -> (Vec<Seen>, usize) {
        let inner = self.inner.lock();
        let mut oldest: Vec<(&ReaderId, &Reader)> = inner.readers.iter().collect();
        oldest.sort_unstable_by_key(|(id, _)| **id);
        (oldest.into_iter().take(limit).map(|(_, reader)| reader.seen()).collect(), inner.readers.len())
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
        inner.stream = Some(Stream { at: start.snapshot, tokens: Tokens::new(&start.token), fresh_at: None });
        drop(inner);
        self.beginnings.send_modify(|count| *count += 1);
        self.status_changes.send_modify(|count| *count += 1);
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
        if let Some(bell) = &self.maintenance_bell
            && batch.events.iter().any(|event| event.change.node_kind() == Some(NodeKind::Maintenance))
        {
            bell.notify_one();
        }
        if touches_status(&batch) {
            self.status_changes.send_modify(|count| *count += 1);
        }
        for event in &batch.events {
            if let Change::Node { node, .. } = &event.change
                && let (NodeKind::Message, Some(author_id)) = (node.kind, node.created_by)
            {
                self.presence.said(node.scope_id, author_id);
            }
        }
        let prepared = Arc::new(Prepared::new(batch, &self.bodies));
        let mut inner = self.inner.lock();
        if let Some(stream) = &mut inner.stream {
            stream.tokens.tell(&to);
        }
        inner.apply_control(&prepared);
        let Control { access, scopes, .. } = &prepared.control;
        self.presence.shifted(access.iter().map(|c| c.scope_id).chain(scopes.iter().map(|c| c.scope_id)));
        inner.tell_events(&prepared);
        inner.hold(&prepared);
        if prepared.ends {
            for reader in inner.readers.values_mut() {
                reader.end_difference();
            }
            if let Some(stream) = &mut inner.stream {
                stream.at = to;
            }
            self.presence.stirred(inner.install());
        }
    }

    fn released(&self, token: &str, at: &Snapshot) {
        if let Some(stream) = &mut self.inner.lock().stream {
            stream.tokens.release(token, at);
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
        self.presence.stirred(inner.install());
        inner.tell_token();
    }

    fn rewound(&self, snapshot: &Snapshot, token: &str) {
        self.bodies.forget();
        let mut inner = self.inner.lock();
        if let Some(stream) = &mut inner.stream {
            stream.at = snapshot.clone();
            stream.tokens.begin_anew(token);
        }
        for reader in inner.readers.values_mut() {
            reader.spoil_pending();
            // The tokens they have are of the time before.
            reader.behind = Some(0);
        }
    }

    fn start_over(&self, start: Start) {
        tracing::warn!("every subscription begins anew: the change feed could not be continued");
        metrics::counter!("synops_feed_resyncs_total").increment(1);
        self.bodies.forget();
        let mut inner = self.inner.lock();
        inner.visibilities = start.visibilities.into_iter().collect();
        for reader in inner.readers.values_mut() {
            reader.resync(|_| true);
            reader.spoil_pending();
            reader.levels = reader.person_id.is_none().then(HashMap::new);
            reader.behind = None;
        }
        if let Some(stream) = &mut inner.stream {
            (stream.at, stream.fresh_at) = (start.snapshot, None);
            stream.tokens.begin_anew(&start.token);
        }
        drop(inner);
        self.beginnings.send_modify(|count| *count += 1);
        self.status_changes.send_modify(|count| *count += 1);
    }
}

/// Whether what happened may stand on a status page: systems, what affects them, pages, and how they hang together.
fn touches_status(batch: &Batch) -> bool {
    use EdgeKind::{Affects, PartOf, Shows};
    use NodeKind::{Group, Incident, Maintenance, StatusPage, System};
    !batch.control.scopes.is_empty()
        || batch.events.iter().any(|event| match &event.change {
            // What stays where it was made (messages, cards) is on no page.
            Change::Edge { edge, ends, .. } if edge.kind == PartOf => {
                ends.iter().find(|end| end.id == edge.source_id).is_none_or(|source| !source.kind.stays())
            }
            Change::Edge { edge, .. } => matches!(edge.kind, Affects | Shows),
            Change::EdgeGone { kind, .. } => kind.is_none_or(|kind| matches!(kind, Affects | PartOf | Shows)),
            node => node.node_kind().is_none_or(|kind| matches!(kind, Group | Incident | Maintenance | StatusPage | System)),
        })
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
        for change in &control.inbox {
            for reader in self.readers.values().filter(|r| r.person_id == Some(change.person_id)) {
                reader.outbox.push_inbox(change.what);
            }
        }
        let Some(mark) = self.stream.as_ref().map(|stream| stream.tokens.mark()) else { return };
        let (old, new) = self.visibilities_around(control);
        for change in &control.scopes {
            match change.visibility {
                Some(visibility) => self.visibilities.insert(change.scope_id, visibility),
                None => self.visibilities.remove(&change.scope_id),
            };
        }
        for reader in self.readers.values_mut().filter(|r| r.levels.is_some()) {
            let shift = reader.shift(control, &old, &new);
            reader.tell_shift(&shift, batch.wanted.as_deref(), mark);
        }
    }

    fn tell_events(&mut self, batch: &Prepared) {
        let Some((token, mark)) = self.stream.as_ref().map(|s| (Arc::clone(s.tokens.newest()), s.tokens.mark())) else { return };
        let mut told: HashMap<ReaderId, Vec<Item>> = HashMap::new();
        for event in &batch.events {
            for id in self.index.candidates(&event.subject) {
                let Some(reader) = self.readers.get_mut(&id) else { continue };
                if reader.levels.is_none() {
                    continue;
                }
                let items = reader.items(event, &self.visibilities);
                // Whoever met a new neighbour hears of it from now on.
                for end in &event.ends {
                    if items.iter().any(|item| item.key().1 == end.id) {
                        self.index.add_node(end.id, id);
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
                reader.behind = Some(mark);
            }
        }
        self.index.sweep(&self.readers);
    }

    fn hold(&mut self, batch: &Arc<Prepared>) {
        for id in &self.waiting {
            if let Some(reader) = self.readers.get_mut(id) {
                reader.hold(batch);
            }
        }
    }

    /// Lets run what can; answers the channels that were opened by it.
    fn install(&mut self) -> Vec<Uuid> {
        let waiting: Vec<ReaderId> = self.waiting.iter().copied().collect();
        waiting.into_iter().flat_map(|id| self.install_one(id)).collect()
    }

    fn install_one(&mut self, id: ReaderId) -> Vec<Uuid> {
        let Some(stream) = &self.stream else { return Vec::new() };
        let mut opened = Vec::new();
        let still = self.readers.get_mut(&id).is_some_and(|reader| {
            if reader.levels.is_some() {
                opened = reader.install(&stream.at, &stream.tokens, &self.visibilities);
            }
            reader.is_waiting()
        });
        if !still {
            self.waiting.remove(&id);
        }
        opened
    }

    /// Readers who have this channel open, and may read it.
    fn in_channel(&self, channel_id: Uuid) -> impl Iterator<Item = &Reader> {
        let readers = self.index.readers_of(channel_id).filter_map(|id| self.readers.get(&id));
        readers.filter(move |reader| {
            reader.channels().any(|open| open == channel_id) && reader.eyes(&self.visibilities).reads(channel_id)
        })
    }

    /// Gives the newest token to those who have had something since theirs, and nothing beyond it.
    fn tell_token(&mut self) {
        let Some(stream) = &self.stream else { return };
        if self.told_token_at.is_some_and(|at| at.elapsed() < TOKEN_EVERY) {
            return;
        }
        self.told_token_at = Some(Instant::now());
        for reader in self.readers.values_mut() {
            if reader.behind.take_if(|mark| stream.tokens.covers(*mark)).is_some() {
                reader.outbox.push_token(Arc::clone(stream.tokens.newest()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use feed::{InboxChange, InboxPart, Sink};

    #[test]
    fn what_is_somebodys_own_is_told_to_their_sockets_alone() {
        let hub = Hub::new(Bell::new());
        let (kari, ola) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let readers = [Some(kari), Some(kari), Some(ola), None].map(|person| {
            let outbox = Arc::new(Outbox::default());
            hub.join(person, None, &outbox).unwrap();
            outbox
        });
        let at = || Snapshot::parse("1:1:").unwrap();
        let inbox = vec![InboxChange { person_id: kari, what: InboxPart::Notifications }];
        let control = Control { inbox, ..Control::default() };
        hub.deliver(Batch { from: at(), to: at(), control, wanted: None, events: Vec::new(), ends: true });
        assert_eq!(readers.map(|outbox| outbox.is_waiting()), [true, true, false, false]);
    }
}
