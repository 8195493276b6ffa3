//! Keeps what waits in the stream: reads the shards that this processor owns (`leases.rs`), keeps what it read in
//! batches (`batch.rs`), and only then acknowledges it. A crash anywhere in between has the same read again, and
//! what is there already falls away.

mod batch;
mod leases;

use super::Me;
use super::faults::Faults;
use super::held::Held;
use super::letters::Letters;
use super::redis_stream::RedisStream;
use super::retell;
use batch::{Batch, Kept};
use domain::limits::{TELEMETRY_BATCH_WAITS, TELEMETRY_CLAIM_EVERY, TELEMETRY_FRAMES_READ_MAX};
use domain::telemetry::stream::{Entry, Owned, Shards, StreamTrouble, Which};
use drain::{Class, Drain, InFlight, Participant};
use futures_util::future::join_all;
use intentions::Intentions;
use leases::Leases;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;
use store::Pool;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

/// For what was read to be kept and acknowledged.
const ENDS_WITHIN: Duration = Duration::from_secs(10);
/// For shards to be given back: the database may be away.
const GIVEN_BACK_WITHIN: Duration = Duration::from_secs(2);
/// What others append is looked for so often …
const LOOK_PERIOD: Duration = TELEMETRY_BATCH_WAITS;
/// … or, when nothing has come for a while, so often.
const LOOK_PERIOD_IDLE: Duration = Duration::from_millis(100);
/// After something failed.
const TROUBLE_PAUSE: Duration = Duration::from_millis(500);
/// What was acknowledged is forgotten so often.
const TRIMMED_EVERY: Duration = Duration::from_secs(1);

/// What a processor is started with.
pub struct ProcessorConfig {
    pub me: Me,
    pub pool: Pool,
    pub intentions: Intentions,
    pub stream: Arc<RedisStream>,
    /// Positions are kept for so long.
    pub retention: Duration,
    pub held: Arc<Held>,
    pub faults: Faults,
}

/// Keeps what comes as long as work is taken; when it is not, what was read is kept and the shards are given
/// back. Ends with the drain.
pub fn start(config: ProcessorConfig, tracker: &TaskTracker, drain: &Drain) {
    let in_hand = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&in_hand);
    let place = drain.register("telemetry processor", Class::Request, ENDS_WITHIN, move || InFlight::of(counted.load(Relaxed)));
    let shards: Arc<dyn Shards> = Arc::clone(&config.stream) as Arc<dyn Shards>;
    let processor = Processor {
        leases: Leases::new(config.pool, config.me, Arc::clone(&shards)),
        bell: Arc::clone(&config.stream.bell),
        shards,
        intentions: config.intentions,
        letters: Letters::new(),
        retention: config.retention,
        held: config.held,
        in_hand,
    };
    let running = config.faults.guard("processor", processor.run(place));
    tracker.spawn(running.instrument(tracing::info_span!("telemetry processor")));
}

struct Processor {
    leases: Leases,
    shards: Arc<dyn Shards>,
    bell: Arc<Notify>,
    intentions: Intentions,
    letters: Letters,
    retention: Duration,
    held: Arc<Held>,
    in_hand: Arc<AtomicUsize>,
}

/// A shard that this processor reads.
struct Place {
    owned: Owned,
    /// Something may be pending: it comes before what is new.
    is_behind: bool,
    looked_back_at: Instant,
    /// Something was acknowledged since the last trim.
    is_littered: bool,
    trimmed_at: Instant,
    /// How often each entry was refused. What a restart forgets is counted anew.
    refused: HashMap<String, i16>,
}

/// What a turn came to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// There may be more.
    Busy,
    Idle,
    Trouble,
}

impl Place {
    fn new(owned: Owned) -> Self {
        let now = Instant::now();
        Self { owned, is_behind: true, looked_back_at: now, is_littered: false, trimmed_at: now, refused: HashMap::new() }
    }
}

impl Processor {
    async fn run(self, place: Participant) {
        let mut phases = place.phases();
        let end = place.end().clone();
        // A drain may be called off.
        loop {
            let open = async { phases.wait_for(|phase| phase.takes_work()).await.is_ok() };
            if end.run_until_cancelled(open).await != Some(true) {
                return;
            }
            let closed = end.child_token();
            let done = CancellationToken::new();
            let closing = async {
                let _ = closed.run_until_cancelled(phases.wait_for(|phase| !phase.takes_work())).await;
                closed.cancel();
            };
            let processing = async {
                // Past the end it is cut off: what was not acknowledged is read again.
                end.run_until_cancelled(self.process(&closed)).await;
                done.cancel();
            };
            let retelling = closed.run_until_cancelled(retell(&self.intentions));
            tokio::join!(closing, self.leases.keep(&done), processing, retelling);
            self.in_hand.store(0, Relaxed);
            if timeout(GIVEN_BACK_WITHIN, self.leases.give_back()).await.is_err() {
                tracing::debug!("shards could not be given back; they lapse");
            }
        }
    }

    /// Until it is closed; what was read by then is kept.
    async fn process(&self, closed: &CancellationToken) {
        let mut places = BTreeMap::new();
        let mut idle_since = Instant::now();
        while !closed.is_cancelled() {
            self.level(&mut places);
            let began = Instant::now();
            let turn = self.turn(&mut places).await;
            self.trim(&mut places).await;
            let pause = async {
                match turn {
                    Turn::Busy => idle_since = Instant::now(),
                    Turn::Trouble => sleep(TROUBLE_PAUSE).await,
                    Turn::Idle => {
                        let is_quiet = idle_since.elapsed() > LOOK_PERIOD_IDLE;
                        let period = if is_quiet { LOOK_PERIOD_IDLE } else { LOOK_PERIOD };
                        tokio::select! {
                            () = self.bell.notified() => {}
                            () = self.leases.changed() => {}
                            () = sleep(period) => {}
                        }
                        // What comes together is kept together.
                        sleep_until(began + TELEMETRY_BATCH_WAITS).await;
                    }
                }
            };
            closed.run_until_cancelled(pause).await;
        }
    }

    /// Brings the places level with what is owned.
    fn level(&self, places: &mut BTreeMap<i16, Place>) {
        let owned: BTreeMap<i16, Owned> = self.leases.owned().into_iter().map(|one| (one.shard, one)).collect();
        places.retain(|shard, place| owned.get(shard) == Some(&place.owned));
        for (shard, one) in owned {
            places.entry(shard).or_insert_with(|| Place::new(one));
        }
    }

    async fn turn(&self, places: &mut BTreeMap<i16, Place>) -> Turn {
        if places.is_empty() {
            return Turn::Idle;
        }
        let max = (TELEMETRY_FRAMES_READ_MAX / places.len()).max(1);
        let reads = join_all(places.values_mut().map(async |place| {
            if place.looked_back_at.elapsed() >= TELEMETRY_CLAIM_EVERY {
                (place.is_behind, place.looked_back_at) = (true, Instant::now());
            }
            let which = if place.is_behind { Which::Pending } else { Which::New };
            (place.owned, self.shards.read(place.owned, which, max).await)
        }))
        .await;
        let (mut turn, mut all) = (Turn::Idle, Vec::new());
        for (owned, read) in reads {
            match read {
                Ok(entries) => {
                    let Some(place) = places.get_mut(&owned.shard) else { continue };
                    if place.is_behind && entries.is_empty() {
                        place.is_behind = false;
                        turn = Turn::Busy;
                    }
                    all.extend(entries);
                }
                Err(StreamTrouble::Fenced(over)) => {
                    self.leases.overtaken(owned, over).await;
                    turn = Turn::Busy;
                }
                Err(error) => {
                    tracing::debug!(%error, shard = owned.shard, "a shard could not be read");
                    // An answer that was lost on its way has left entries pending.
                    places.values_mut().for_each(|place| place.is_behind |= place.owned == owned);
                    turn = Turn::Trouble;
                }
            }
        }
        match all.is_empty() {
            true => turn,
            false if self.keep(places, all).await && turn != Turn::Trouble => Turn::Busy,
            false => Turn::Trouble,
        }
    }

    /// Keeps these and acknowledges what is kept; false when something is left for the next turn.
    async fn keep(&self, places: &mut BTreeMap<i16, Place>, entries: Vec<Entry>) -> bool {
        self.in_hand.store(entries.len(), Relaxed);
        let frames = entries.iter().filter_map(|entry| entry.frame.as_ref().ok());
        let _holding: Vec<_> = frames.map(|frame| self.held.hold(frame)).collect();
        let batch = Batch {
            intentions: &self.intentions,
            shards: &*self.shards,
            letters: &self.letters,
            retention: self.retention,
            owner_id: self.leases.owner_id(),
            owned: places.values().map(|place| (place.owned.shard, place.owned)).collect(),
        };
        let mut is_done = true;
        for part in batch::parts(entries) {
            let mut refused = |shard: i16, id: &str| {
                let Some(place) = places.get_mut(&shard) else { return 1 };
                let attempts = place.refused.entry(id.to_owned()).or_default();
                *attempts = attempts.saturating_add(1);
                *attempts
            };
            let Kept { done, records, is_whole } = batch.keep(part, &mut refused).await;
            for (shard, ids) in done {
                let is_acknowledged = self.shards.acknowledge(shard, &ids).await.is_ok();
                let Some(place) = places.get_mut(&shard) else { continue };
                place.is_littered = true;
                place.is_behind |= !is_acknowledged;
                is_done &= is_acknowledged;
                place.refused.retain(|id, _| !ids.contains(id));
            }
            self.leases.count(&records);
            if !is_whole {
                // Nothing of a shard is read past what is left of it.
                places.values_mut().for_each(|place| place.is_behind = true);
                is_done = false;
                break;
            }
        }
        self.in_hand.store(0, Relaxed);
        is_done
    }

    async fn trim(&self, places: &mut BTreeMap<i16, Place>) {
        for place in places.values_mut() {
            if place.is_littered && place.trimmed_at.elapsed() >= TRIMMED_EVERY {
                place.trimmed_at = Instant::now();
                place.is_littered = self.shards.trim(place.owned.shard).await.is_err();
            }
        }
    }
}
