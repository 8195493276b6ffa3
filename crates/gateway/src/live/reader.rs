//! One connected reader: what they may see, and what they asked for.

use super::frame::{Item, Subscribed, SubscribedFrames};
use super::hub::Seen;
use super::outbox::Outbox;
use super::pending::{Answer, Installed, Pending};
use super::prepared::{Prepared, PreparedEvent, Subject};
use super::protocol::{Levels, ServerMessage, Topic};
use super::tokens::Tokens;
use domain::access::{Level, Visibility, effective};
use feed::Control;
use feed::Credential;
use feed::snapshot::Snapshot;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Instant;
use uuid::Uuid;

/// The visibility of every scope, as of the hub's position.
pub(super) type Visibilities = HashMap<Uuid, Visibility>;

/// Whether a scope may be read.
pub(super) trait Readable {
    fn reads(&self, scope_id: Uuid) -> bool;
}

#[derive(Debug)]
pub(super) struct Reader {
    pub(super) person_id: Option<Uuid>,
    pub(super) credential: Option<Credential>,
    pub(super) outbox: Arc<Outbox>,
    pub(super) since: Instant,
    /// What the person is granted, as of the hub's position; `None` until it is known.
    pub(super) levels: Option<HashMap<Uuid, Level>>,
    pub(super) subscriptions: HashMap<String, Subscription>,
    /// Scopes that became visible with the difference at hand: sent whole, so no single events.
    gained: HashSet<Uuid>,
    /// Up to where something was told without a token that covers it; see [`Tokens::mark`].
    pub(super) behind: Option<u64>,
}

#[derive(Debug)]
pub(super) enum Subscription {
    /// Its first rows are being read.
    Pending(Box<Pending>),
    Live {
        topic: Topic,
        neighbours: HashSet<Uuid>,
    },
}

impl Subscription {
    /// The channel that it has open.
    pub(super) fn channel(&self) -> Option<Uuid> {
        if let Self::Live { topic: Topic::Channel(id), .. } = self { Some(*id) } else { None }
    }
}

/// A change of what a reader may see.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Shift {
    pub(super) lost: Vec<Uuid>,
    pub(super) gained: Vec<(Uuid, Level)>,
    /// Visible before and after, with another level; or new.
    pub(super) levels: Vec<(Uuid, Level)>,
}

impl Reader {
    pub(super) fn new(person_id: Option<Uuid>, credential: Option<Credential>, outbox: Arc<Outbox>) -> Self {
        Self {
            person_id,
            credential,
            outbox,
            since: Instant::now(),
            // Nobody has nothing granted: there is nothing to read.
            levels: person_id.is_none().then(HashMap::new),
            subscriptions: HashMap::new(),
            gained: HashSet::new(),
            behind: None,
        }
    }

    pub(super) fn seen(&self) -> Seen {
        let topics = self.subscriptions.values().map(|subscription| match subscription {
            Subscription::Pending(pending) => pending.topic,
            Subscription::Live { topic, .. } => *topic,
        });
        let mut seen = Seen { person_id: self.person_id, since: self.since.elapsed(), nodes: Vec::new(), kinds: Vec::new() };
        for topic in topics {
            match topic {
                Topic::Node(id) | Topic::Channel(id) => seen.nodes.push(id),
                Topic::Kind(kind) => seen.kinds.push(kind),
                Topic::Lifecycle => {}
            }
        }
        seen
    }

    fn level(&self, scope_id: Uuid, visibility: Option<Visibility>) -> Option<Level> {
        let granted = self.levels.as_ref().and_then(|levels| levels.get(&scope_id).copied());
        // No visibility: the scope is gone, and grants on it with it.
        effective(granted, visibility?, self.person_id.is_some())
    }

    /// Takes a subscription down.
    pub(super) fn ask(&mut self, name: &str, topic: Topic) {
        self.subscriptions.insert(name.to_owned(), Subscription::Pending(Box::new(Pending::new(topic))));
    }

    /// Channels that it has open.
    pub(super) fn channels(&self) -> impl Iterator<Item = Uuid> {
        self.subscriptions.values().filter_map(Subscription::channel)
    }

    /// All that its subscriptions are about: topics, with the neighbours of nodes.
    pub(super) fn interests(&self) -> impl Iterator<Item = (Topic, Option<&HashSet<Uuid>>)> {
        self.subscriptions.values().map(|subscription| match subscription {
            Subscription::Pending(pending) => (pending.topic, pending.read.as_ref().map(|(_, answer)| &answer.neighbours)),
            Subscription::Live { topic, neighbours } => (*topic, Some(neighbours)),
        })
    }

    /// This reader's eyes.
    pub(super) fn eyes<'a>(&'a self, visibilities: &'a Visibilities) -> Eyes<'a> {
        Eyes { reader: self, visibilities }
    }

    /// Applies a change of access; `old` and `new` are the visibilities before and after it.
    pub(super) fn shift(&mut self, control: &Control, old: &Visibilities, new: &Visibilities) -> Shift {
        let mut affected: HashSet<Uuid> = control.scopes.iter().map(|change| change.scope_id).collect();
        let mine: Vec<_> = control.access.iter().filter(|change| Some(change.person_id) == self.person_id).collect();
        affected.extend(mine.iter().map(|change| change.scope_id));
        let visibility_before = |scope: &Uuid| old.get(scope).or_else(|| new.get(scope)).copied();
        let before: HashMap<Uuid, Option<Level>> =
            affected.iter().map(|scope| (*scope, self.level(*scope, visibility_before(scope)))).collect();
        if let Some(levels) = &mut self.levels {
            for change in mine {
                match change.level {
                    Some(level) => levels.insert(change.scope_id, level),
                    None => levels.remove(&change.scope_id),
                };
            }
        }
        let mut shift = Shift::default();
        for (scope, before) in before {
            match (before, self.level(scope, new.get(&scope).copied())) {
                (Some(_), None) => shift.lost.push(scope),
                // All that is in a new scope came to it just now, so each of it is among the events.
                (None, Some(level)) if !old.contains_key(&scope) => shift.levels.push((scope, level)),
                (None, Some(level)) => shift.gained.push((scope, level)),
                (Some(was), Some(is)) if was != is => shift.levels.push((scope, is)),
                _ => {}
            }
        }
        self.gained.extend(shift.gained.iter().map(|(scope, _)| *scope));
        for lost in &shift.lost {
            self.gained.remove(lost);
        }
        shift
    }

    /// Scopes this change would make visible to them.
    pub(super) fn would_gain(&self, control: &Control, old: &Visibilities, new: &Visibilities) -> Vec<Uuid> {
        let mut trial = Self::new(self.person_id, None, Arc::clone(&self.outbox));
        trial.levels.clone_from(&self.levels);
        trial.shift(control, old, new).gained.into_iter().map(|(scope, _)| scope).collect()
    }

    /// Tells a shift: what is lost first.
    pub(super) fn tell_shift(&mut self, shift: &Shift, wanted: Option<&[Arc<super::body::Body>]>, mark: u64) {
        if !self.subscriptions.values().any(|s| matches!(s, Subscription::Live { .. })) {
            return;
        }
        if !shift.lost.is_empty() {
            self.outbox.drop_presence(&shift.lost);
            self.outbox.push_removed_scopes(shift.lost.clone());
            self.behind = Some(mark);
        }
        for (scope_id, level) in &shift.levels {
            self.outbox.push_added(*scope_id, *level, std::iter::empty());
        }
        if shift.gained.is_empty() {
            return;
        }
        // A node's neighbourhood may reach into the gained scope from anywhere: it is read anew.
        // So is everything when the scope is too large to be brought along.
        // And of a channel only its messages' order tells which are told first.
        let is_gained = |id: &Uuid| shift.gained.iter().any(|(scope_id, _)| scope_id == id);
        self.resync(|topic| {
            wanted.is_none() || matches!(topic, Topic::Node(_)) || matches!(topic, Topic::Channel(id) if is_gained(id))
        });
        for (scope_id, level) in &shift.gained {
            let nodes = wanted.unwrap_or_default().iter().filter(|body| body.scope_id == *scope_id && self.wants_kind(body.kind));
            self.outbox.push_added(*scope_id, *level, nodes.cloned());
        }
        self.behind = Some(mark);
    }

    fn wants_kind(&self, kind: Option<domain::NodeKind>) -> bool {
        self.subscriptions.values().any(|s| matches!(s, Subscription::Live { topic: Topic::Kind(k), .. } if Some(*k) == kind))
    }

    /// Ends the live subscriptions that `which` picks: their reader begins them anew.
    pub(super) fn resync(&mut self, which: impl Fn(&Topic) -> bool) {
        let outbox = Arc::clone(&self.outbox);
        self.subscriptions.retain(|id, subscription| match subscription {
            Subscription::Live { topic, .. } if which(topic) => {
                outbox.push_text(ServerMessage::Resync { id }.to_text());
                false
            }
            _ => true,
        });
    }

    /// What this event means to the reader, over all subscriptions, each thing once.
    pub(super) fn items(&mut self, event: &PreparedEvent, visibilities: &Visibilities) -> Vec<Item> {
        self.items_of(event, visibilities, |_| true)
    }

    fn items_of(&mut self, event: &PreparedEvent, visibilities: &Visibilities, which: impl Fn(&str) -> bool) -> Vec<Item> {
        let concerned = |(name, subscription): (&String, &Subscription)| {
            which(name)
                && matches!(subscription, Subscription::Live { topic, neighbours } if concerns(*topic, neighbours, &event.subject))
        };
        // What a grant brought whole is not told once more.
        if event.scope_id().is_some_and(|scope| self.gained.contains(&scope)) || !self.subscriptions.iter().any(concerned) {
            return Vec::new();
        }
        let Some(item) = event.verdict(&self.eyes(visibilities)) else { return Vec::new() };
        let mut items = Vec::new();
        if matches!(item, Item::Upsert(_)) && matches!(event.subject, Subject::Edge { .. }) {
            self.meet(event, &which, &mut items);
        }
        items.push(item);
        items
    }

    /// A new edge brings the node at its other end, to those who don't have it.
    fn meet(&mut self, event: &PreparedEvent, which: &impl Fn(&str) -> bool, items: &mut Vec<Item>) {
        for (name, subscription) in &mut self.subscriptions {
            let Subscription::Live { topic: Topic::Node(of), neighbours } = subscription else { continue };
            if !which(name) || !concerns(Topic::Node(*of), neighbours, &event.subject) {
                continue;
            }
            for end in event.ends.iter().filter(|end| end.id != *of) {
                if neighbours.insert(end.id) && !items.iter().any(|item| item.key().1 == end.id) {
                    items.push(Item::Upsert(Arc::clone(end)));
                }
            }
        }
    }

    /// Subscriptions in the making are read once more.
    pub(super) fn spoil_pending(&mut self) {
        for subscription in self.subscriptions.values_mut() {
            if let Subscription::Pending(pending) = subscription {
                pending.spoil();
            }
        }
    }

    /// Keeps a batch for subscriptions in the making.
    pub(super) fn hold(&mut self, batch: &Arc<Prepared>) {
        for subscription in self.subscriptions.values_mut() {
            if let Subscription::Pending(pending) = subscription {
                pending.hold(batch);
            }
        }
    }

    pub(super) fn is_waiting(&self) -> bool {
        self.subscriptions.values().any(|s| matches!(s, Subscription::Pending(_)))
    }

    /// The difference at hand is told to its end.
    pub(super) fn end_difference(&mut self) {
        self.gained.clear();
    }

    /// Lets the subscriptions run whose reading the hub's position covers by now; answers the channels that they open.
    pub(super) fn install(&mut self, at: &Snapshot, tokens: &Tokens, visibilities: &Visibilities) -> Vec<Uuid> {
        let mut opened = Vec::new();
        let ready: Vec<String> = self
            .subscriptions
            .iter()
            .filter(|(_, s)| matches!(s, Subscription::Pending(pending) if pending.is_ready(at)))
            .map(|(id, _)| id.clone())
            .collect();
        for id in ready {
            let Some(Subscription::Pending(mut pending)) = self.subscriptions.remove(&id) else { continue };
            let done = pending.done.take();
            let Some((read_at, answer)) = pending.read.take() else { continue };
            let told = if pending.overflowed {
                Installed::Overflowed
            } else if pending.held.iter().any(|batch| self.is_shifted_by(&batch.control, &read_at)) {
                Installed::ReadAgain
            } else {
                self.begin(&id, &pending, &read_at, answer, tokens, visibilities);
                opened.extend(self.subscriptions.get(&id).and_then(Subscription::channel));
                Installed::Running
            };
            if let Some(done) = done {
                // A reader that is gone needs no answer.
                let _ = done.send(told);
            }
        }
        opened
    }

    /// Whether access changed after the reading in a way that this reader would notice.
    fn is_shifted_by(&self, control: &Control, read_at: &Snapshot) -> bool {
        let unseen = |xids: &[u64]| xids.iter().any(|xid| !read_at.sees(*xid));
        control.scopes.iter().any(|change| unseen(&change.xids))
            || control.access.iter().any(|change| Some(change.person_id) == self.person_id && unseen(&change.xids))
    }

    fn begin(
        &mut self,
        id: &str,
        pending: &Pending,
        read_at: &Snapshot,
        answer: Answer,
        tokens: &Tokens,
        visibilities: &Visibilities,
    ) {
        let token = tokens.newest();
        let levels: Levels = self.levels.iter().flatten().map(|(scope, level)| (*scope, *level)).collect();
        let live = Subscription::Live { topic: pending.topic, neighbours: answer.neighbours };
        self.subscriptions.insert(id.to_owned(), live);
        let missed = answer.missed.unwrap_or_default();
        let mut items = Vec::new();
        // What is brought whole is not told once more.
        let gained = std::mem::replace(&mut self.gained, missed.gained.iter().map(|(scope, _)| *scope).collect());
        for event in &missed.events {
            items.extend(self.items_of(event, visibilities, |name| name == id));
        }
        self.gained = gained;
        let held = pending.held.iter().flat_map(|batch| &batch.events);
        for event in held.filter(|event| event.xids.iter().any(|xid| !read_at.sees(*xid))) {
            items.extend(self.items_of(event, visibilities, |name| name == id));
        }
        // The token promises all of this, so it comes with the last of it.
        let is_all = items.is_empty() && missed.lost.is_empty() && missed.gained.is_empty();
        let first = is_all.then(|| Arc::clone(token));
        self.outbox.push_subscribed(SubscribedFrames::new(Subscribed {
            id: id.to_owned(),
            token: first,
            levels,
            rows: answer.rows,
        }));
        if !missed.lost.is_empty() {
            self.outbox.push_removed_scopes(missed.lost);
        }
        for (scope_id, level) in missed.gained {
            let nodes = missed.gained_nodes.iter().filter(|body| body.scope_id == scope_id && self.wants_kind(body.kind));
            self.outbox.push_added(scope_id, level, nodes.cloned());
        }
        if !is_all {
            self.outbox.push_missed(items, token);
        }
        // Whoever lacks nothing has had its token with the answer.
        if self.behind.is_some() || !tokens.covers(tokens.mark()) {
            self.behind = Some(tokens.mark());
        }
    }
}

/// Whether a topic is about the subject.
fn concerns(topic: Topic, neighbours: &HashSet<Uuid>, subject: &Subject) -> bool {
    match (topic, subject) {
        (Topic::Kind(wanted), Subject::Node { kind, .. }) => Some(wanted) == *kind,
        (Topic::Channel(of), Subject::Node { channel_id, .. }) => Some(of) == *channel_id,
        (Topic::Node(of), Subject::Node { id, .. }) => of == *id || neighbours.contains(id),
        (Topic::Node(of), Subject::Edge { source_id, target_id }) => of == *source_id || of == *target_id,
        (Topic::Kind(_) | Topic::Channel(_), Subject::Edge { .. }) | (Topic::Lifecycle, _) => false,
    }
}

pub(super) struct Eyes<'a> {
    reader: &'a Reader,
    visibilities: &'a Visibilities,
}

impl Readable for Eyes<'_> {
    fn reads(&self, scope_id: Uuid) -> bool {
        self.reader.level(scope_id, self.visibilities.get(&scope_id).copied()).is_some()
    }
}
