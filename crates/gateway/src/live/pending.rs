//! A subscription in the making.

use super::body::Body;
use super::frame::Rows;
use super::prepared::{Prepared, PreparedEvent};
use super::protocol::Topic;
use domain::access::Level;
use domain::limits::PENDING_BATCHES_MAX;
use feed::snapshot::Snapshot;
use std::collections::HashSet;
use std::sync::Arc;
use tokio::sync::oneshot;
use uuid::Uuid;

/// Between the asking and the moment when the hub's position covers what was read.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) topic: Topic,
    /// What came since it was asked for.
    pub(super) held: Vec<Arc<Prepared>>,
    pub(super) overflowed: bool,
    pub(super) read: Option<(Snapshot, Answer)>,
    /// Told what became of it.
    pub(super) done: Option<oneshot::Sender<Installed>>,
}

/// What was read for a subscription.
#[derive(Debug)]
pub(super) struct Answer {
    /// First rows; `None` when a stream is continued.
    pub(super) rows: Option<Rows>,
    /// What a continued stream missed.
    pub(super) missed: Option<Missed>,
    /// Of a node's topic: the nodes at the other ends.
    pub(super) neighbours: HashSet<Uuid>,
}

#[derive(Debug, Default)]
pub(super) struct Missed {
    pub(super) lost: Vec<Uuid>,
    pub(super) gained: Vec<(Uuid, Level)>,
    /// Nodes of what was gained.
    pub(super) gained_nodes: Vec<Arc<Body>>,
    pub(super) events: Vec<PreparedEvent>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Installed {
    /// The stream runs, and the reader has been told.
    Running,
    /// Access changed between the reading and now: read again.
    ReadAgain,
    /// Too much came meanwhile.
    Overflowed,
}

impl Pending {
    pub(super) fn new(topic: Topic) -> Self {
        Self { topic, held: Vec::new(), overflowed: false, read: None, done: None }
    }

    pub(super) fn hold(&mut self, batch: &Arc<Prepared>) {
        if self.held.len() >= PENDING_BATCHES_MAX {
            self.spoil();
        }
        if !self.overflowed {
            self.held.push(Arc::clone(batch));
        }
    }

    /// What is read from now on has all that came before.
    pub(super) fn begin_reading(&mut self) {
        *self = Self::new(self.topic);
    }

    pub(super) fn read(&mut self, snapshot: Snapshot, answer: Answer, done: oneshot::Sender<Installed>) {
        self.read = Some((snapshot, answer));
        self.done = Some(done);
    }

    pub(super) fn is_ready(&self, at: &Snapshot) -> bool {
        self.read.as_ref().is_some_and(|(read_at, _)| self.overflowed || at.covers(read_at))
    }

    /// What was held and read counts no more: the database has lost it, or access was read anew.
    pub(super) fn spoil(&mut self) {
        self.overflowed = true;
        self.held = Vec::new();
    }
}
