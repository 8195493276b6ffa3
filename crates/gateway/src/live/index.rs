//! Who asked for what: from kinds and nodes to readers.

use super::hub::ReaderId;
use super::prepared::Subject;
use super::protocol::Topic;
use super::reader::Reader;
use domain::NodeKind;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// Below so many entries nobody sweeps.
const SWEEP_MIN_ENTRIES: usize = 4_096;

/// May name readers that are gone or have unsubscribed: entries are only ever added, and once they
/// have doubled the index is made anew from what the readers have. So it grows with them, and not
/// with how often they come and go.
#[derive(Debug, Default)]
pub(super) struct Index {
    by_kind: HashMap<NodeKind, HashSet<ReaderId>>,
    /// Of a node's own topic, and of its neighbours'.
    by_node: HashMap<Uuid, HashSet<ReaderId>>,
    by_channel: HashMap<Uuid, HashSet<ReaderId>>,
    entries: usize,
    kept: usize,
}

impl Index {
    pub(super) fn add(&mut self, topic: Topic, id: ReaderId) {
        match topic {
            Topic::Kind(kind) => self.entries += usize::from(self.by_kind.entry(kind).or_default().insert(id)),
            Topic::Node(node) => self.add_node(node, id),
            Topic::Channel(channel) => {
                self.entries += usize::from(self.by_channel.entry(channel).or_default().insert(id));
            }
            Topic::Lifecycle => {}
        }
    }

    pub(super) fn add_node(&mut self, node: Uuid, id: ReaderId) {
        self.entries += usize::from(self.by_node.entry(node).or_default().insert(id));
    }

    /// Forgets what nobody asks for any more, when there may be much of it.
    pub(super) fn sweep(&mut self, readers: &HashMap<ReaderId, Reader>) {
        if self.entries < SWEEP_MIN_ENTRIES.max(self.kept * 2) {
            return;
        }
        *self = Self::default();
        for (id, reader) in readers {
            for (topic, neighbours) in reader.interests() {
                self.add(topic, *id);
                neighbours.into_iter().flatten().for_each(|node| self.add_node(*node, *id));
            }
        }
        self.kept = self.entries;
    }

    /// Who may have a channel open.
    pub(super) fn readers_of(&self, channel_id: Uuid) -> impl Iterator<Item = ReaderId> {
        self.by_channel.get(&channel_id).into_iter().flatten().copied()
    }

    /// Who may have asked for the subject.
    pub(super) fn candidates(&self, subject: &Subject) -> Vec<ReaderId> {
        let (nodes, kind, channel): (&[Uuid], _, _) = match subject {
            Subject::Node { id, kind, channel_id } => (&[*id], *kind, *channel_id),
            Subject::Edge { source_id, target_id } => (&[*source_id, *target_id], None, None),
        };
        let by_node = nodes.iter().filter_map(|node| self.by_node.get(node));
        let by_kind = kind.and_then(|kind| self.by_kind.get(&kind));
        let by_channel = channel.and_then(|channel| self.by_channel.get(&channel));
        let mut ids: Vec<ReaderId> = by_node.chain(by_kind).chain(by_channel).flatten().copied().collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}

#[cfg(test)]
mod tests {
    use super::super::outbox::Outbox;
    use super::*;
    use std::sync::Arc;

    #[test]
    fn it_grows_with_its_readers_and_not_with_their_coming_and_going() {
        let (mut index, mut readers) = (Index::default(), HashMap::new());
        let stays = ReaderId(0);
        let mut reader = Reader::new(None, None, Arc::new(Outbox::default()));
        let kept = Uuid::from_u128(7);
        reader.ask("mine", Topic::Node(kept));
        readers.insert(stays, reader);
        index.add(Topic::Node(kept), stays);
        for n in 0..100_000 {
            index.add(Topic::Node(Uuid::from_u128(1_000 + n)), ReaderId(n as u64));
            index.sweep(&readers);
        }
        assert!(index.entries <= SWEEP_MIN_ENTRIES && index.by_node.len() <= SWEEP_MIN_ENTRIES, "{}", index.entries);
        assert_eq!(index.candidates(&Subject::Node { id: kept, kind: None, channel_id: None }), [stays]);
    }
}
