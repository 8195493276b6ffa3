//! The one reader of the log in a process.

use crate::batch::{Batch, Control};
use crate::bell::Bell;
use crate::caches::Caches;
use crate::delta::{Page, Reading};
use crate::progress::Progress;
use crate::release::Release;
use crate::snapshot::Snapshot;
use crate::token::{self, Epoch};
use chrono::{DateTime, Utc};
use domain::limits::{FEED_BUSY_FOR, FEED_MIN_PAUSE, FEED_POLL, FEED_POLL_BUSY};
use sqlx::{Connection, PgConnection};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use store::Pool;
use store::feed::Origin;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

/// Nodes carried at most with a change of access; above it their readers begin anew.
const WANTED_NODES_MAX: i64 = 5_000;
/// The longest a reading may take before the connection counts as lost.
const READING_MAX: Duration = Duration::from_secs(60);
const RECONNECT_MIN: Duration = Duration::from_millis(50);
const RECONNECT_MAX: Duration = Duration::from_secs(2);

/// Who is told. Called by the tailer alone, one call after the other; none may wait.
pub trait Sink: Send + Sync + 'static {
    /// Before the first batch: where the stream begins, and the visibility of every scope then.
    fn started(&self, start: Start);
    /// The scopes that this change makes visible to somebody: the batch must bring their nodes.
    fn wanted_scopes(&self, control: &Control) -> Vec<Uuid>;
    fn deliver(&self, batch: Batch);
    /// Positions up to here survive a crash of the database: its token may be given away.
    fn released(&self, token: &str, at: &Snapshot);
    /// People whose levels are not known yet. They are read at the tailer's own position.
    fn newcomers(&self) -> Vec<Uuid>;
    /// The answer: who (of `people`) has which level where, as of all that was delivered.
    fn levels(&self, people: &[Uuid], levels: Vec<(Uuid, Uuid, domain::Level)>);
    /// All that this snapshot sees has been delivered; it was taken at this moment.
    fn level(&self, at: DateTime<Utc>, snapshot: &Snapshot);
    /// The database crashed and came back; the stream goes on from here, with this token. A snapshot
    /// taken later than this one, before the loss, means nothing now: its transaction ids may be
    /// used again.
    fn rewound(&self, snapshot: &Snapshot, token: &str);
    /// Everybody must begin anew: what they were told may not be what is.
    fn start_over(&self, start: Start);
}

/// Where a stream begins.
#[derive(Clone, Debug)]
pub struct Start {
    pub snapshot: Snapshot,
    pub token: String,
    pub visibilities: Vec<(Uuid, domain::Visibility)>,
}

/// How the tailer does, for `/readyz` and the health page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Health {
    /// When it was last level with the database.
    pub level_at: Option<DateTime<Utc>>,
    /// Rows read since it started.
    pub rows: u64,
    /// How long the last event took from its row being written to being handed on, in seconds.
    pub lag_s: f64,
    pub reconnects: u64,
}

/// Runs until shut down: survives the loss of the database.
pub struct Tailer<S> {
    url: String,
    pool: Pool,
    bell: Bell,
    sink: Arc<S>,
    /// Applied before the sink is told.
    caches: Option<Arc<dyn Caches>>,
    progress: Progress,
    clock: fn() -> DateTime<Utc>,
    health: tokio::sync::watch::Sender<Health>,
}

/// Where the tailer is.
struct Place {
    origin: Origin,
    epoch: Epoch,
    at: Snapshot,
    release: Release,
    /// When there last was something to tell.
    told_at: Option<Instant>,
}

impl<S: Sink> Tailer<S> {
    /// `url` is for connections of its own: one that reads, one that listens.
    pub fn new(url: String, pool: Pool, bell: Bell, sink: Arc<S>, clock: fn() -> DateTime<Utc>) -> Self {
        let progress = Progress::new(bell.clone());
        Self { url, pool, bell, sink, caches: None, progress, clock, health: tokio::sync::watch::Sender::new(Health::default()) }
    }

    /// With caches that it keeps right.
    #[must_use]
    pub fn with_caches(mut self, caches: Arc<dyn Caches>) -> Self {
        self.caches = Some(caches);
        self
    }

    /// How far it is.
    pub fn progress(&self) -> Progress {
        self.progress.clone()
    }

    pub fn health(&self) -> tokio::sync::watch::Receiver<Health> {
        self.health.subscribe()
    }

    /// Starts the tasks "tailer", "feed listener" and "feed ringer" on `tasks`.
    pub fn start(self, tasks: &TaskTracker, shutdown: CancellationToken, instance_id: Uuid) {
        let (url, bell, pool) = (self.url.clone(), self.bell.clone(), self.pool.clone());
        let stop = shutdown.clone();
        tasks.spawn(async move { stop.run_until_cancelled(listen(url, bell)).await });
        let (bell, stop) = (self.bell.clone(), shutdown.clone());
        tasks.spawn(async move { stop.run_until_cancelled(ring_others(pool, bell, instance_id)).await });
        tasks.spawn(async move { shutdown.run_until_cancelled(self.run()).await });
    }

    async fn run(self) {
        let mut place: Option<Place> = None;
        let mut pause = RECONNECT_MIN;
        loop {
            let error = match self.follow(&mut place, &mut pause).await {
                Ok(never) => match never {},
                Err(error) => error,
            };
            tracing::warn!(%error, "the change feed lost the database; it goes on from where it was");
            metrics::counter!("synops_feed_reconnects_total").increment(1);
            self.health.send_modify(|h| h.reconnects += 1);
            sleep(pause).await;
            pause = (pause * 2).min(RECONNECT_MAX);
        }
    }

    /// Follows the log over one connection until that is lost.
    async fn follow(&self, place: &mut Option<Place>, pause: &mut Duration) -> Result<std::convert::Infallible, sqlx::Error> {
        let mut db = bounded(store::feed::connect_tailer(&self.url)).await?;
        bounded(self.begin(&mut db, place)).await?;
        let Some(place) = place else { return Err(sqlx::Error::WorkerCrashed) };
        *pause = RECONNECT_MIN;
        loop {
            let began = Instant::now();
            bounded(self.read(&mut db, place)).await?;
            // A burst of commits becomes one batch: a frame a reader, instead of one a commit.
            tokio::time::sleep_until(began + FEED_MIN_PAUSE).await;
            // The poll covers a ring that was not rung: a foreign writer whose neighbour holds the
            // right to ring, or rolled back.
            let busy = place.told_at.is_some_and(|at| at.elapsed() < FEED_BUSY_FOR);
            let _ = timeout(if busy { FEED_POLL_BUSY } else { FEED_POLL }, self.bell.rung()).await;
        }
    }

    /// Finds where to go on: the beginning; or where it was, if all that was told is safe. Without a
    /// crash it is: nothing else takes transactions back.
    async fn begin(&self, db: &mut PgConnection, place: &mut Option<Place>) -> Result<(), sqlx::Error> {
        let origin = store::feed::find_origin(&mut *db).await?;
        let epoch = Epoch::of(&origin);
        if let Some(known) = place
            && known.origin.database == origin.database
            && (known.origin == origin || known.release.is_level())
        {
            if known.origin != origin {
                self.renew_caches().await;
                self.sink.rewound(&known.at, &token::write(&epoch, &known.at));
                (known.origin, known.epoch) = (origin, epoch);
            }
            return Ok(());
        }
        let mut tx = db.begin_with(store::feed::READ_AT_ONE_MOMENT).await?;
        let position = store::feed::begin_read(&mut tx).await?;
        let visibilities = store::scope::list_visibilities(&mut *tx).await?;
        tx.commit().await?;
        let snapshot = Snapshot::parse(&position.snapshot).ok_or_else(|| sqlx::Error::Decode("not a pg_snapshot".into()))?;
        // The first position is handed out at once, so it must be safe already.
        store::feed::ring(&mut *db).await?;
        while store::feed::flushed_lsn(&mut *db).await? < position.inserted_lsn {
            sleep(Duration::from_millis(5)).await;
        }
        let mut release = Release::new();
        release.reached(snapshot.clone(), position.inserted_lsn);
        release.flushed(position.inserted_lsn);
        let start = Start { token: token::write(&epoch, &snapshot), snapshot: snapshot.clone(), visibilities };
        self.renew_caches().await;
        if place.is_some() {
            // The database crashed with events told that no safe position covers, or it is another one.
            self.sink.start_over(start);
        } else {
            self.sink.started(start);
        }
        *place = Some(Place { origin, epoch, at: snapshot, release, told_at: None });
        Ok(())
    }

    /// Reads what is new and hands it on.
    async fn read(&self, db: &mut PgConnection, place: &mut Place) -> Result<(), sqlx::Error> {
        let now = (self.clock)();
        let (turn, began) = (self.progress.begin(), Instant::now());
        let mut tx = db.begin_with(store::feed::READ_AT_ONE_MOMENT).await?;
        let mut reading = Reading::begin(&mut tx, &place.at).await?;
        let position = reading.position().clone();
        if place.release.flushed(position.flushed_lsn) {
            self.tell_released(place);
        }
        if *reading.to() != place.at {
            match reading.control(&mut tx).await? {
                Ok(control) => {
                    if self.hand_on(&mut tx, &mut reading, &place.at, control).await? {
                        place.told_at = Some(Instant::now());
                    }
                }
                Err(_) => {
                    let visibilities = store::scope::list_visibilities(&mut *tx).await?;
                    self.renew_caches().await;
                    let token = place.release.released().map_or_else(String::new, |s| token::write(&place.epoch, s));
                    self.sink.start_over(Start { snapshot: reading.to().clone(), token, visibilities });
                }
            }
            place.at = reading.to().clone();
            place.release.reached(place.at.clone(), position.inserted_lsn);
        }
        let newcomers = self.sink.newcomers();
        if !newcomers.is_empty() {
            let levels = store::access::list_levels_of_people(&mut *tx, &newcomers).await?;
            self.sink.levels(&newcomers, levels);
        }
        tx.commit().await?;
        self.sink.level(now, &place.at);
        self.progress.reach(turn, began, &place.at, &place.epoch);
        metrics::gauge!("synops_feed_level_at").set(now.timestamp_millis() as f64 / 1000.0);
        self.health.send_modify(|h| h.level_at = Some(now));
        Ok(())
    }

    /// Answers whether there was anything.
    async fn hand_on(
        &self,
        db: &mut PgConnection,
        reading: &mut Reading,
        from: &Snapshot,
        control: Control,
    ) -> Result<bool, sqlx::Error> {
        let wanted = self.sink.wanted_scopes(&control);
        let wanted = if wanted.is_empty() {
            Some(Vec::new())
        } else {
            let nodes = store::node::list_nodes_of_scopes(&mut *db, &wanted, WANTED_NODES_MAX + 1).await?;
            (i64::try_from(nodes.len()).unwrap_or(i64::MAX) <= WANTED_NODES_MAX).then_some(nodes)
        };
        let mut part = Batch { from: from.clone(), to: reading.to().clone(), control, wanted, events: Vec::new(), ends: false };
        // One page ahead, so that the last part is known as the last.
        let mut next = reading.page(db).await?;
        while let Some((events, page)) = next {
            next = reading.page(db).await?;
            self.count(&page);
            part.events = events;
            part.ends = next.is_none();
            let following = Batch {
                from: part.from.clone(),
                to: part.to.clone(),
                control: Control::default(),
                wanted: Some(Vec::new()),
                events: Vec::new(),
                ends: true,
            };
            self.deliver(std::mem::replace(&mut part, following)).await;
            if next.is_none() {
                return Ok(true);
            }
        }
        let told = !part.control.is_empty();
        if told {
            part.ends = true;
            self.deliver(part).await;
        }
        Ok(told)
    }

    /// The order is always: database, caches, readers.
    async fn deliver(&self, batch: Batch) {
        if let Some(caches) = &self.caches {
            caches.apply(&batch).await;
        }
        self.sink.deliver(batch);
    }

    async fn renew_caches(&self) {
        if let Some(caches) = &self.caches {
            caches.renew().await;
        }
    }

    fn tell_released(&self, place: &Place) {
        if let Some(snapshot) = place.release.released() {
            self.sink.released(&token::write(&place.epoch, snapshot), snapshot);
        }
    }

    fn count(&self, page: &Page) {
        let lag = (self.clock)() - page.newest_at;
        let lag_s = lag.num_microseconds().map_or(0.0, |us| us.max(0) as f64 / 1e6);
        metrics::counter!("synops_feed_rows_total").increment(page.rows);
        metrics::histogram!("synops_feed_lag_seconds").record(lag_s);
        self.health.send_modify(|h| {
            h.rows += page.rows;
            h.lag_s = lag_s;
        });
    }
}

/// A database call that hangs counts as lost.
async fn bounded<T>(call: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    timeout(READING_MAX, call).await.unwrap_or_else(|_| Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())))
}

/// Passes rings from the database on to the tailer. After each connect it rings once: what was rung
/// while it was away was not told.
async fn listen(url: String, bell: Bell) {
    loop {
        match bounded(store::feed::Listener::connect(&url, store::feed::Channel::Feed)).await {
            Ok(mut listener) => {
                bell.ring_here();
                while listener.rung().await.is_ok() {
                    bell.ring_here();
                }
            }
            Err(error) => tracing::debug!(%error, "the feed's listener could not connect; the poll goes on"),
        }
        sleep(RECONNECT_MAX).await;
    }
}

/// Wakes other instances, at most once a millisecond, and only while there are any.
async fn ring_others(pool: Pool, bell: Bell, instance_id: Uuid) {
    let mut look_again = Instant::now();
    loop {
        if Instant::now() >= look_again {
            look_again = Instant::now() + domain::limits::HEARTBEAT_PERIOD;
            match store::instance::has_others(&pool, instance_id, domain::limits::HEARTBEAT_LAPSE).await {
                Ok(others) => bell.set_others(others),
                Err(error) => tracing::debug!(%error, "whether other instances run is not known now"),
            }
        }
        if timeout(domain::limits::HEARTBEAT_PERIOD, bell.rung_for_others()).await.is_ok() {
            if let Err(error) = store::feed::ring(&pool).await {
                tracing::debug!(%error, "other instances could not be rung; their poll finds it");
            }
            sleep(FEED_MIN_PAUSE).await;
        }
    }
}
