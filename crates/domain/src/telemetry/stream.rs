//! Where what devices send waits from its acknowledgement to its being kept. Two kinds: `direct`, where the
//! acknowledgement waits for the commit and the device itself is the buffer, and `redis`, where a frame waits in
//! one of several shards, each read in order by one owner at a time.

use super::Imei;
use super::codec::Record;
use chrono::{DateTime, Utc};
use std::pin::Pin;
use std::sync::Arc;
use uuid::Uuid;

pub type Doing<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A frame of a device: as it came, and what it says.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    pub device_id: Uuid,
    pub imei: Imei,
    pub received_at: DateTime<Utc>,
    pub carrier: Carrier,
    pub bytes: Arc<[u8]>,
    pub records: Vec<Record>,
}

/// What a frame came by: its bytes are read accordingly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    Tcp,
    Udp,
}

impl Carrier {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Tcp, Self::Udp].into_iter().find(|carrier| carrier.as_str() == text)
    }
}

/// What became of a frame that was appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Appended {
    /// No crash loses it: it may be acknowledged.
    Durable,
    /// The device is not there any more.
    Unknown,
    /// It is not taken now; the device is to send it again.
    Later,
    /// It can't be kept, as often as it is tried.
    Refused(String),
}

/// What ingest appends to.
pub trait Stream: Send + Sync {
    /// Answers when the frame is durable, or not taken; within a bound either way.
    fn append(&self, frame: Frame) -> Doing<'_, Appended>;
}

/// How much waits to be kept.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Lag {
    /// Frames.
    pub pending: u64,
    /// How long the oldest has waited, in seconds; 0 when none does.
    pub oldest_s: f64,
}

impl Lag {
    /// Of both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { pending: self.pending + other.pending, oldest_s: self.oldest_s.max(other.oldest_s) }
    }
}

/// A shard that is owned: whoever has a higher fence shuts out those with lower ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owned {
    pub shard: i16,
    pub fence: i64,
}

/// What waits in a shard.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub shard: i16,
    /// Its place in the shard's order, as the stream writes it.
    pub id: String,
    pub frame: Result<Frame, NoFrame>,
}

/// An entry that can't be read as a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoFrame {
    pub why: String,
    /// What it has instead, as it is.
    pub fields: Vec<Vec<u8>>,
}

/// Which entries are read, always the oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those that were read before, by whomever, and never acknowledged. Whoever owns a shard anew takes these
    /// over before it reads new ones, so that a device's records keep their order.
    Pending,
    /// Those that nobody has read.
    New,
}

#[derive(Debug, thiserror::Error)]
pub enum StreamTrouble {
    #[error("the stream does not answer: {0}")]
    Away(String),
    /// Somebody has owned the shard with this fence, which is higher.
    #[error("the shard belongs to somebody else by now")]
    Fenced(i64),
}

/// What a processor reads.
pub trait Shards: Send + Sync {
    /// How many devices are spread over.
    fn count(&self) -> i16;
    /// At most so many; they stay pending until they are acknowledged.
    fn read(&self, of: Owned, which: Which, max: usize) -> Doing<'_, Result<Vec<Entry>, StreamTrouble>>;
    /// These are kept: nobody is given them again.
    fn acknowledge<'a>(&'a self, shard: i16, ids: &'a [String]) -> Doing<'a, Result<(), StreamTrouble>>;
    /// Puts one that can't be kept aside, with the reason; it is still to be acknowledged.
    fn put_aside<'a>(&'a self, entry: &'a Entry, error: &'a str, attempts: i16) -> Doing<'a, Result<(), StreamTrouble>>;
    /// Forgets what was acknowledged, and nothing else.
    fn trim(&self, shard: i16) -> Doing<'_, Result<(), StreamTrouble>>;
    /// What waits in a shard, read or not.
    fn lag(&self, shard: i16) -> Doing<'_, Result<Lag, StreamTrouble>>;
}

/// Which shard a device's frames go to: the same one always, so that they keep their order. Changing the number
/// of shards moves devices to others.
pub fn shard_of(device_id: Uuid, shards: i16) -> i16 {
    // The end of an id is random, whatever its version.
    let shards = u128::try_from(shards.max(1)).unwrap_or(1);
    i16::try_from(device_id.as_u128() % shards).unwrap_or_default()
}

/// How many shards each of so many owners has, by its place among them: as evenly as can be.
pub fn fair_share(shards: usize, owners: usize, place: usize) -> usize {
    match owners {
        0 => 0,
        owners => shards / owners + usize::from(place < shards % owners),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_even_and_leave_nothing() {
        for shards in 0..40 {
            for owners in 1..12 {
                let shares: Vec<usize> = (0..owners).map(|place| fair_share(shards, owners, place)).collect();
                assert_eq!(shares.iter().sum::<usize>(), shards, "{shards} over {owners}");
                let (least, most) = (shares.iter().min().unwrap(), shares.iter().max().unwrap());
                assert!(most - least <= 1, "{shards} over {owners}: {shares:?}");
            }
        }
        assert_eq!(fair_share(8, 0, 0), 0);
    }

    #[test]
    fn devices_are_spread_and_stay_where_they_are() {
        let mut counts = [0_usize; 8];
        for index in 0..8_000_u128 {
            // As version 7 makes them: the time in front, chance behind.
            let id = Uuid::from_u128((index << 80) | super::super::codec::digest(&index.to_be_bytes()).unsigned_abs() as u128);
            let shard = shard_of(id, 8);
            assert_eq!(shard, shard_of(id, 8));
            counts[usize::try_from(shard).unwrap()] += 1;
        }
        assert!(counts.iter().all(|count| (800..1_200).contains(count)), "{counts:?}");
        assert_eq!(shard_of(Uuid::from_u128(u128::MAX), 1), 0);
        assert_eq!(shard_of(Uuid::from_u128(u128::MAX), 0), 0, "a bound that can't be is no panic");
    }
}
