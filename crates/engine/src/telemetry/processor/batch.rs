//! One batch of entries: kept by one transaction that holds the lease of their shards; what the database refuses
//! is found by halving, and after some times put aside.

use crate::telemetry::letters::Letters;
use crate::telemetry::sent::{of_frame, of_frames, of_nothing};
use domain::limits::{TELEMETRY_ATTEMPTS_MAX, TELEMETRY_BATCH_RECORDS_MAX};
use domain::telemetry::stream::{Entry, Frame, Owned, Shards};
use intentions::Intentions;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use store::telemetry_shard::{ShardLease, is_lease_lost};
use tokio::time::Instant;
use uuid::Uuid;

pub(super) struct Batch<'a> {
    pub(super) intentions: &'a Intentions,
    pub(super) shards: &'a dyn Shards,
    pub(super) letters: &'a Letters,
    pub(super) retention: Duration,
    pub(super) owner_id: Uuid,
    pub(super) owned: BTreeMap<i16, Owned>,
}

/// What became of a batch.
pub(super) struct Kept {
    /// To be acknowledged, by shard.
    pub(super) done: BTreeMap<i16, Vec<String>>,
    /// Records that were kept, by shard.
    pub(super) records: BTreeMap<i16, usize>,
    /// Nothing is left to be tried again.
    pub(super) is_whole: bool,
}

/// So many records each, in their order.
pub(super) fn parts(entries: Vec<Entry>) -> Vec<Vec<Entry>> {
    let (mut parts, mut records) = (Vec::new(), 0);
    let mut part = Vec::new();
    for entry in entries {
        records += count(&entry);
        if records > TELEMETRY_BATCH_RECORDS_MAX && !part.is_empty() {
            records = count(&entry);
            parts.push(std::mem::take(&mut part));
        }
        part.push(entry);
    }
    parts.push(part);
    parts
}

fn count(entry: &Entry) -> usize {
    entry.frame.as_ref().map_or(0, |frame| frame.records.len())
}

impl Batch<'_> {
    /// `refused` counts how often an entry was.
    pub(super) async fn keep(&self, entries: Vec<Entry>, refused: &mut (dyn FnMut(i16, &str) -> i16 + Send)) -> Kept {
        let mut kept = Kept { done: BTreeMap::new(), records: BTreeMap::new(), is_whole: true };
        let mut parts = vec![entries];
        while let Some(mut part) = parts.pop() {
            let began = Instant::now();
            let error = match self.try_keep(&part).await {
                Ok(()) => {
                    metrics::histogram!("synops_telemetry_commit_seconds").record(began.elapsed().as_secs_f64());
                    kept.take(&part);
                    continue;
                }
                Err(error) => error,
            };
            match &part[..] {
                // An outage is nobody's fault, and counts for nothing.
                _ if !store::is_refusal_of_data(&error) => {
                    kept.is_whole = false;
                    if is_lease_lost(&error) {
                        metrics::counter!("synops_telemetry_fenced_total").increment(1);
                        tracing::info!(frames = part.len(), "what was read belongs to another processor by now");
                    } else {
                        tracing::warn!(%error, frames = part.len(), "what waits in the stream could not be kept; it is tried again");
                    }
                    return kept;
                }
                [entry] => {
                    let attempts = refused(entry.shard, &entry.id);
                    let is_aside =
                        attempts >= TELEMETRY_ATTEMPTS_MAX && self.put_aside(entry, &error.to_string(), attempts).await;
                    match is_aside {
                        true => kept.done.entry(entry.shard).or_default().push(entry.id.clone()),
                        false => kept.is_whole = false,
                    }
                }
                _ => {
                    let behind = part.split_off(part.len() / 2);
                    parts.extend([behind, part]);
                }
            }
        }
        kept
    }

    async fn try_keep(&self, part: &[Entry]) -> Result<(), store::Error> {
        let frames: Vec<&Frame> = part.iter().filter_map(|entry| entry.frame.as_ref().ok()).collect();
        let (positions, mut letters) = of_frames(frames, self.letters, self.retention);
        // What is no frame now is none the next time either.
        letters.extend(part.iter().filter_map(|entry| {
            let nothing = entry.frame.as_ref().err()?;
            Some(of_nothing(&place(entry), nothing))
        }));
        self.intentions.keep_positions(positions, &letters, Some(&self.lease(part))).await.map(drop)
    }

    /// Of the shards of these. One that is not owned is not in it, so the commit is refused.
    fn lease(&self, part: &[Entry]) -> ShardLease {
        let shards: BTreeSet<i16> = part.iter().map(|entry| entry.shard).collect();
        // A fence that nobody has.
        let unowned = |shard| Owned { shard, fence: -1 };
        let shards = shards.into_iter().map(|shard| self.owned.get(&shard).copied().unwrap_or(unowned(shard))).collect();
        ShardLease { owner_id: self.owner_id, shards }
    }

    /// On the desk first, in the stream then, acknowledged last: a crash in between does it again.
    async fn put_aside(&self, entry: &Entry, error: &str, attempts: i16) -> bool {
        let Ok(frame) = &entry.frame else { return false };
        let letter = of_frame(frame, error, attempts);
        let lease = self.lease(std::slice::from_ref(entry));
        let kept = self.intentions.keep_positions(Vec::new(), &[letter], Some(&lease)).await;
        if let Err(error) = kept {
            tracing::warn!(%error, entry = place(entry), "a frame could not be put on the desk; it is tried again");
            return false;
        }
        if let Err(error) = self.shards.put_aside(entry, error, attempts).await {
            tracing::warn!(%error, entry = place(entry), "a frame could not be put aside; it is tried again");
            return false;
        }
        tracing::warn!(imei = frame.imei.as_str(), error, "a frame that was refused {attempts} times is a dead letter");
        true
    }
}

impl Kept {
    fn take(&mut self, part: &[Entry]) {
        let mut records = 0;
        for entry in part {
            self.done.entry(entry.shard).or_default().push(entry.id.clone());
            *self.records.entry(entry.shard).or_default() += count(entry);
            records += count(entry);
        }
        metrics::counter!("synops_telemetry_records_total").increment(records as u64);
    }
}

/// Which entry of which shard.
fn place(entry: &Entry) -> String {
    format!("{}/{}", entry.shard, entry.id)
}
