//! The stream in Redis: frames wait there, in several shards, until a processor has kept them.
//!
//! | key | value |
//! | --- | --- |
//! | `<prefix>:{n}` | shard `n`, a stream of frames: see `entry.rs` for their fields. Read by the group `processors` |
//! | `<prefix>:{n}:fence` | the highest fence of an owner that has read shard `n`: those with lower ones read nothing |
//! | `<prefix>:dlq` | frames that can't be kept, each with `shard`, `entry`, `error` and `attempts`, 10,000 at most |
//!
//! `<prefix>` is `telemetry:teltonika` where nothing else is set. The braces keep what belongs together on one node
//! of a cluster. Frames are kept as they came, not as what they say: a record's digest is of its bytes, a processor
//! of a newer version reads them by its own lights, and what can't be kept is put aside byte for byte.

mod connection;
mod entry;
mod script;

pub use connection::BadAddress;

use super::held::Held;
use connection::Connection;
use domain::limits::{TELEMETRY_APPEND_WITHIN, TELEMETRY_PUT_ASIDE_MAX, TELEMETRY_SHARD_FRAMES_MAX};
use domain::telemetry::stream::{
    Appended, Doing, Entry, Frame, Lag, NoFrame, Owned, Shards, Stream, StreamTrouble, Which, shard_of,
};
use redis::ScriptInvocation;
use script::Scripts;
use secrecy::SecretString;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

/// The consumer group. Its one consumer has the same name: who reads a shard is decided by lease and fence, so a
/// name of each process would only be left behind.
const GROUP: &str = "processors";
/// A full shard is tried again so often.
const FULL_PAUSE: Duration = Duration::from_millis(100);

/// Where the stream is.
#[derive(Clone, Debug)]
pub struct RedisConfig {
    /// One address, or with commas between several of one cluster: `redis://:password@host:6379/0`.
    pub addresses: SecretString,
    /// In front of all keys.
    pub prefix: String,
    pub shards: i16,
}

/// An entry's id, and its fields and their values by turns.
type RawEntry = (String, Vec<Vec<u8>>);

impl RedisConfig {
    /// Whether these are addresses; nobody is asked.
    ///
    /// # Errors
    ///
    /// When one is none.
    pub fn check(&self) -> Result<(), BadAddress> {
        Connection::new(&self.addresses).map(drop)
    }
}

pub struct RedisStream {
    connection: Connection,
    scripts: Scripts,
    prefix: String,
    shards: i16,
    held: Arc<Held>,
    /// Rung by what is appended here: a processor of this process need not wait for its next look.
    pub(super) bell: Arc<Notify>,
}

impl std::fmt::Debug for RedisStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisStream").field("prefix", &self.prefix).field("shards", &self.shards).finish_non_exhaustive()
    }
}

impl RedisStream {
    /// Connects when it is first asked for something.
    ///
    /// # Errors
    ///
    /// When an address is none.
    pub fn new(config: &RedisConfig, held: Arc<Held>) -> Result<Self, BadAddress> {
        Ok(Self {
            connection: Connection::new(&config.addresses)?,
            scripts: Scripts::new(),
            prefix: config.prefix.clone(),
            shards: config.shards,
            held,
            bell: Arc::default(),
        })
    }

    fn key(&self, shard: i16) -> String {
        format!("{}:{{{shard}}}", self.prefix)
    }

    async fn call<T: redis::FromRedisValue>(&self, call: &ScriptInvocation<'_>) -> Result<T, StreamTrouble> {
        self.connection.call(call).await
    }

    /// False: the shard is full.
    async fn try_append(&self, frame: &Frame) -> Result<bool, StreamTrouble> {
        let mut call = self.scripts.append.key(self.key(shard_of(frame.device_id, self.shards)));
        call.arg(TELEMETRY_SHARD_FRAMES_MAX);
        entry::fields(frame).into_iter().for_each(|(name, value)| {
            call.arg(name).arg(value);
        });
        Ok(self.call::<Option<String>>(&call).await?.is_some())
    }

    async fn read_entries(&self, of: Owned, which: Which, max: usize) -> Result<Vec<Entry>, StreamTrouble> {
        let key = self.key(of.shard);
        let mut call = self.scripts.read.key(&key);
        let is_pending = which == Which::Pending;
        call.key(format!("{key}:fence")).arg(of.fence).arg(GROUP).arg(max).arg(if is_pending { "pending" } else { "new" });
        let (fence, entries): (i64, Vec<RawEntry>) = self.call(&call).await?;
        if fence > of.fence {
            return Err(StreamTrouble::Fenced(fence));
        }
        let entry = |(id, fields): (String, Vec<Vec<u8>>)| {
            let frame = entry::parse(&fields).map_err(|why| NoFrame { why, fields });
            Entry { shard: of.shard, id, frame }
        };
        Ok(entries.into_iter().map(entry).collect())
    }

    /// What waits; with `trim` what was acknowledged is forgotten first.
    async fn tend(&self, shard: i16, trim: bool) -> Result<Lag, StreamTrouble> {
        let mut call = self.scripts.tend.key(self.key(shard));
        call.arg(GROUP).arg(if trim { "trim" } else { "look" });
        let (pending, oldest_ms): (u64, u64) = self.call(&call).await?;
        Ok(Lag { pending, oldest_s: Duration::from_millis(oldest_ms).as_secs_f64() })
    }
}

impl Stream for RedisStream {
    fn append(&self, frame: Frame) -> Doing<'_, Appended> {
        Box::pin(async move {
            let _holding = self.held.hold(&frame);
            let appending = async {
                loop {
                    match self.try_append(&frame).await {
                        Ok(true) => return Appended::Durable,
                        // Its device is not read meanwhile.
                        Ok(false) => sleep(FULL_PAUSE).await,
                        Err(error) => {
                            tracing::debug!(%error, "a frame could not be appended; its device sends it again");
                            return Appended::Later;
                        }
                    }
                }
            };
            let appended = timeout(TELEMETRY_APPEND_WITHIN, appending).await.unwrap_or(Appended::Later);
            match appended {
                Appended::Durable => self.bell.notify_one(),
                _ => metrics::counter!("synops_telemetry_not_appended_total").increment(1),
            }
            appended
        })
    }
}

impl Shards for RedisStream {
    fn count(&self) -> i16 {
        self.shards
    }

    fn read(&self, of: Owned, which: Which, max: usize) -> Doing<'_, Result<Vec<Entry>, StreamTrouble>> {
        Box::pin(self.read_entries(of, which, max))
    }

    fn acknowledge<'a>(&'a self, shard: i16, ids: &'a [String]) -> Doing<'a, Result<(), StreamTrouble>> {
        Box::pin(async move {
            if ids.is_empty() {
                return Ok(());
            }
            let mut command = redis::cmd("XACK");
            command.arg(self.key(shard)).arg(GROUP).arg(ids);
            self.connection.ask::<u64>(&command).await.map(drop)
        })
    }

    fn put_aside<'a>(&'a self, entry: &'a Entry, error: &'a str, attempts: i16) -> Doing<'a, Result<(), StreamTrouble>> {
        Box::pin(async move {
            let mut command = redis::cmd("XADD");
            command.arg(format!("{}:dlq", self.prefix)).arg("MAXLEN").arg("~").arg(TELEMETRY_PUT_ASIDE_MAX).arg("*");
            command
                .arg("shard")
                .arg(entry.shard)
                .arg("entry")
                .arg(&entry.id)
                .arg("error")
                .arg(error)
                .arg("attempts")
                .arg(attempts);
            for (name, value) in entry.frame.iter().flat_map(entry::fields) {
                command.arg(name).arg(value);
            }
            self.connection.ask::<String>(&command).await.map(drop)
        })
    }

    fn trim(&self, shard: i16) -> Doing<'_, Result<(), StreamTrouble>> {
        Box::pin(async move { self.tend(shard, true).await.map(drop) })
    }

    fn lag(&self, shard: i16) -> Doing<'_, Result<Lag, StreamTrouble>> {
        Box::pin(self.tend(shard, false))
    }
}
