//! What one worker has: jobs that wait for a runner, and jobs that run.

use domain::job::JobSpec;
use domain::limits::JOB_CLAIM_MAX;
use drain::{InFlight, Work};
use parking_lot::Mutex;
use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;
use store::job::{ClaimedJob, Held, Progress, Wanted};
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Named of what is under way.
const NAMED_MAX: usize = 100;

/// Why a job that runs is told to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    Cancelled,
    TimedOut,
    /// The server stops: the attempt does not count.
    Interrupted,
    /// It is not ours any more.
    Lost,
}

#[derive(Debug)]
pub(super) struct Desk {
    inner: Mutex<Inner>,
    /// Told when there is room again, or when nothing runs any more.
    freed: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    queues: Vec<Queue>,
    running: HashMap<Held, Running>,
    /// Neither waits nor runs any more, but the database does not know yet.
    telling: HashSet<Held>,
    /// A claim went wrong: the database may think that this worker has what it has never heard of.
    in_doubt_until: Option<Instant>,
}

/// The jobs of one kind.
#[derive(Debug)]
struct Queue {
    spec: JobSpec,
    waiting: VecDeque<ClaimedJob>,
    runners: usize,
}

#[derive(Debug)]
struct Running {
    kind: &'static str,
    stop: CancellationToken,
    why: Option<Why>,
    done: Option<f32>,
    /// What was told and is not written yet.
    progress: Option<(f32, Option<String>)>,
}

impl Desk {
    pub(super) fn new(specs: impl Iterator<Item = JobSpec>) -> Self {
        let queues = specs.map(|spec| Queue { spec, waiting: VecDeque::new(), runners: 0 }).collect();
        let inner = Inner { queues, running: HashMap::new(), telling: HashSet::new(), in_doubt_until: None };
        Self { inner: Mutex::new(inner), freed: Notify::new() }
    }

    /// How many more of each kind there is room for. Short ones are taken in advance, again when half
    /// of them are gone.
    pub(super) fn room(&self) -> Vec<Wanted<'static>> {
        let room = |queue: &Queue| {
            let waiting = queue.waiting.len();
            match queue.spec.is_short {
                true if waiting > JOB_CLAIM_MAX / 2 => 0,
                true => JOB_CLAIM_MAX - waiting,
                false => queue.spec.at_once.saturating_sub(queue.runners + waiting),
            }
        };
        let wanted = |queue: &Queue| Wanted { kind: queue.spec.name, class: queue.spec.class.as_str(), room: room(queue) };
        self.inner.lock().queues.iter().map(wanted).filter(|wanted| wanted.room > 0).collect()
    }

    /// Takes claimed jobs; answers for each runner to be started the kind it is for.
    pub(super) fn take(&self, jobs: Vec<ClaimedJob>) -> Vec<&'static str> {
        let mut inner = self.inner.lock();
        for job in jobs {
            if let Some(queue) = inner.queues.iter_mut().find(|queue| queue.spec.name == job.kind) {
                queue.waiting.push_back(job);
            }
        }
        let mut start = Vec::new();
        for queue in &mut inner.queues {
            let more = queue.waiting.len().min(queue.spec.at_once.saturating_sub(queue.runners));
            queue.runners += more;
            start.extend(std::iter::repeat_n(queue.spec.name, more));
        }
        start
    }

    /// The next job for a runner of this kind, which now runs; `None` ends the runner. What it leaves
    /// when it may not begin any is withdrawn, or gets a runner by the next [`Desk::take`].
    pub(super) fn begin(&self, kind: &str, may: bool) -> Option<(JobSpec, ClaimedJob, CancellationToken)> {
        let mut inner = self.inner.lock();
        let Inner { queues, running, .. } = &mut *inner;
        let queue = queues.iter_mut().find(|queue| queue.spec.name == kind)?;
        let spec = queue.spec;
        let next = if may { queue.waiting.pop_front() } else { None };
        let Some(job) = next else {
            queue.runners -= 1;
            drop(inner);
            self.freed.notify_one();
            return None;
        };
        let half = spec.is_short && queue.waiting.len() == JOB_CLAIM_MAX / 2;
        let stop = CancellationToken::new();
        running.insert(held(&job), Running { kind: spec.name, stop: stop.clone(), why: None, done: None, progress: None });
        drop(inner);
        if half {
            self.freed.notify_one();
        }
        Some((spec, job, stop))
    }

    /// It ended; answers why it was told to, if it was. To be followed by [`Desk::told`].
    pub(super) fn end(&self, held: Held) -> Option<Why> {
        let mut inner = self.inner.lock();
        inner.telling.insert(held);
        inner.running.remove(&held).and_then(|running| running.why)
    }

    /// The database knows what became of these, or need not know.
    pub(super) fn told(&self, held: &[Held]) {
        let mut inner = self.inner.lock();
        held.iter().for_each(|held| _ = inner.telling.remove(held));
    }

    /// A claim was made whose outcome is not known, and for so long may still come true.
    pub(super) fn doubt(&self, span: Duration) {
        self.inner.lock().in_doubt_until = Some(Instant::now() + span);
    }

    /// All that this worker knows it has, while there is doubt whether the database thinks the same.
    pub(super) fn known_in_doubt(&self) -> Option<Vec<Uuid>> {
        let mut inner = self.inner.lock();
        inner.in_doubt_until = inner.in_doubt_until.filter(|until| Instant::now() < *until);
        inner.in_doubt_until?;
        let waiting = inner.queues.iter().flat_map(|queue| queue.waiting.iter().map(|job| job.id));
        Some(waiting.chain(inner.running.keys().chain(&inner.telling).map(|held| held.id)).collect())
    }

    pub(super) fn running(&self) -> Vec<Held> {
        self.inner.lock().running.keys().copied().collect()
    }

    /// For the drain: what runs, by its name and how far it is. What waits here is given back instead.
    pub(super) fn in_flight(&self) -> InFlight {
        let inner = self.inner.lock();
        let named = inner.running.iter().take(NAMED_MAX);
        let work = named.map(|(held, running)| Work { name: format!("{} {}", running.kind, held.id), progress: running.done });
        InFlight { count: inner.running.len(), work: work.collect() }
    }

    /// Tells a job to stop. The first reason stands, but for a loss: then nothing else matters.
    pub(super) fn stop(&self, held: Held, why: Why) {
        if let Some(running) = self.inner.lock().running.get_mut(&held) {
            running.stop(why);
        }
    }

    pub(super) fn stop_all(&self, why: Why) {
        self.inner.lock().running.values_mut().for_each(|running| running.stop(why));
    }

    /// Takes back what has not begun, of these classes or all. To be followed by [`Desk::told`].
    pub(super) fn withdraw(&self, classes: Option<&[String]>) -> Vec<Held> {
        let mut inner = self.inner.lock();
        let meant = |spec: &JobSpec| classes.is_none_or(|classes| classes.iter().any(|class| class == spec.class.as_str()));
        let meant = inner.queues.iter_mut().filter(|queue| meant(&queue.spec));
        let withdrawn: Vec<Held> = meant.flat_map(|queue| queue.waiting.drain(..)).map(|job| held(&job)).collect();
        inner.telling.extend(&withdrawn);
        withdrawn
    }

    pub(super) fn progress(&self, held: Held, done: f32, message: Option<String>) {
        if let Some(running) = self.inner.lock().running.get_mut(&held) {
            running.done = Some(done);
            running.progress = Some((done, message));
        }
    }

    /// What was told of progress since the last time.
    pub(super) fn take_progress(&self) -> Vec<Progress> {
        let mut inner = self.inner.lock();
        let told = |(held, running): (&Held, &mut Running)| {
            let (done, message) = running.progress.take()?;
            Some(Progress { held: *held, done, message })
        };
        inner.running.iter_mut().filter_map(told).collect()
    }

    /// Whether jobs wait here for a runner.
    pub(super) fn is_holding_back(&self) -> bool {
        self.inner.lock().queues.iter().any(|queue| !queue.waiting.is_empty())
    }

    pub(super) fn is_idle(&self) -> bool {
        let inner = self.inner.lock();
        inner.running.is_empty() && inner.queues.iter().all(|queue| queue.runners == 0 && queue.waiting.is_empty())
    }

    /// Jobs here, running or waiting.
    pub(super) fn len(&self) -> usize {
        let inner = self.inner.lock();
        inner.running.len() + inner.queues.iter().map(|queue| queue.waiting.len()).sum::<usize>()
    }

    pub(super) async fn freed(&self) {
        self.freed.notified().await;
    }
}

impl Running {
    fn stop(&mut self, why: Why) {
        if self.why.is_none() || why == Why::Lost {
            self.why = Some(why);
        }
        self.stop.cancel();
    }
}

pub(super) fn held(job: &ClaimedJob) -> Held {
    Held { id: job.id, fence: job.fence }
}
