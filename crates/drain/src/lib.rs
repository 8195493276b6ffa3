//! How a process stops without losing work. Whoever does work registers; one handle leads them all
//! through the phases, knows what is still under way, and tells in the end who was late.
//!
//! Jobs are waited for first, up to a deadline that may be moved, while requests and sessions go on
//! being served. Then these end, too. Every wait has a bound.

mod participant;
mod phase;
#[cfg(test)]
mod tests;

use parking_lot::Mutex;
use participant::Entry;
pub use participant::{InFlight, Participant, Work};
pub use phase::{Class, Phase};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

/// Between two looks at what is under way, when nobody told of a change.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Leads the participants; clones lead the same ones.
#[derive(Clone)]
pub struct Drain(Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) phase: watch::Sender<Phase>,
    deadline: watch::Sender<Option<Instant>>,
    /// No deadline is later than this.
    latest: Mutex<Option<Instant>>,
    pub(crate) entries: Mutex<Vec<Entry>>,
    next_id: AtomicU64,
    /// So often a stop was called off: a drain that was, may find another one begun already.
    aborts: AtomicU64,
    pub(crate) changed: Notify,
    /// Which classes have been told to end; once one was, there is no way back.
    ended: Mutex<Vec<Class>>,
    now: CancellationToken,
}

/// How a drain ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// These did not end within their bounds; none: all is done or handed back.
    Stopped { late: Vec<&'static str> },
    /// Somebody thought better of it: all goes on.
    Aborted,
}

/// One participant, as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    pub name: &'static str,
    pub class: Class,
    pub in_flight: InFlight,
    /// It should have ended by now.
    pub is_late: bool,
}

impl Default for Drain {
    fn default() -> Self {
        Self::new()
    }
}

impl Drain {
    pub fn new() -> Self {
        Self(Arc::new(Shared {
            phase: watch::Sender::new(Phase::Running),
            deadline: watch::Sender::new(None),
            latest: Mutex::new(None),
            entries: Mutex::new(Vec::new()),
            next_id: AtomicU64::new(0),
            aborts: AtomicU64::new(0),
            changed: Notify::new(),
            ended: Mutex::new(Vec::new()),
            now: CancellationToken::new(),
        }))
    }

    /// Takes part until the answer is dropped. `bound` is what it needs at most from its
    /// [`Participant::end`] on; `in_flight` is asked often, and must not wait.
    pub fn register(
        &self,
        name: &'static str,
        class: Class,
        bound: Duration,
        in_flight: impl Fn() -> InFlight + Send + Sync + 'static,
    ) -> Participant {
        let id = self.0.next_id.fetch_add(1, SeqCst);
        let end = CancellationToken::new();
        let in_flight = Arc::new(in_flight);
        self.0.entries.lock().push(Entry { id, name, class, bound, end: end.clone(), ends_by: None, in_flight });
        // Whoever comes too late ends at once.
        if self.0.ended.lock().contains(&class) || self.phase() == Phase::Stopped {
            self.tell_end(class);
        }
        Participant { shared: Arc::clone(&self.0), id, end }
    }

    pub fn phase(&self) -> Phase {
        *self.0.phase.borrow()
    }

    pub fn phases(&self) -> watch::Receiver<Phase> {
        self.0.phase.subscribe()
    }

    /// By when jobs must have finished; `None` as long as nothing drains.
    pub fn deadline(&self) -> Option<Instant> {
        *self.0.deadline.borrow()
    }

    /// Who takes part, and what they have under way.
    pub fn standings(&self) -> Vec<Standing> {
        type Asked = (&'static str, Class, bool, Arc<dyn Fn() -> InFlight + Send + Sync>);
        let now = Instant::now();
        let asked = |e: &Entry| -> Asked { (e.name, e.class, e.ends_by.is_some_and(|by| by < now), Arc::clone(&e.in_flight)) };
        // Asked without the lock: they may register or leave meanwhile.
        let asked: Vec<Asked> = self.0.entries.lock().iter().map(asked).collect();
        asked
            .into_iter()
            .map(|(name, class, is_late, in_flight)| Standing { name, class, in_flight: in_flight(), is_late })
            .collect()
    }

    /// Says that a stop will come. False when it is further already.
    pub fn announce(&self) -> bool {
        self.advance(Phase::Announced)
    }

    /// Takes an announcement back, and nothing that is further. False when there was none.
    pub fn recall(&self) -> bool {
        self.0.phase.send_if_modified(|phase| {
            let announced = *phase == Phase::Announced;
            if announced {
                *phase = Phase::Running;
            }
            announced
        })
    }

    /// From now on, whoever moves the deadline, it is no later than this: the process was told to end.
    pub fn no_later_than(&self, latest: Instant) {
        let mut bound = self.0.latest.lock();
        *bound = Some(bound.map_or(latest, |bound| bound.min(latest)));
        drop(bound);
        if let Some(deadline) = self.deadline() {
            self.extend(deadline);
        }
    }

    /// From now on no new work begins. False when it is further already.
    pub fn close(&self) -> bool {
        self.advance(Phase::Closing)
    }

    /// Moves the deadline, both ways, as far as [`Drain::no_later_than`] lets it. False when it is too late for that: jobs have been told to end.
    pub fn extend(&self, deadline: Instant) -> bool {
        let ended = self.0.ended.lock();
        let may = ended.is_empty();
        if may {
            let deadline = (*self.0.latest.lock()).map_or(deadline, |latest| latest.min(deadline));
            self.0.deadline.send_replace(Some(deadline));
        }
        may
    }

    /// Back to running, with everything. False when it is too late for that, or nothing was begun.
    pub fn abort(&self) -> bool {
        let ended = self.0.ended.lock();
        if !ended.is_empty() {
            return false;
        }
        self.0.aborts.fetch_add(1, SeqCst);
        let was = self.0.phase.send_replace(Phase::Running);
        self.0.deadline.send_replace(None);
        was != Phase::Running
    }

    /// Waits for nobody any more.
    pub fn stop_now(&self) {
        self.0.now.cancel();
    }

    /// Closes, has jobs finish until the deadline (or [`Drain::extend`]'s), ends what is left of them,
    /// then requests and sessions. Called again while one is under way it waits for the same.
    pub async fn drain(&self, deadline: Instant) -> Ended {
        let aborts = self.0.aborts.load(SeqCst);
        self.extend(deadline);
        self.advance(Phase::Draining);
        if !self.jobs_have_finished(aborts).await {
            return Ended::Aborted;
        }
        let mut late = self.end(&[Class::Job]).await;
        late.extend(self.end(&[Class::Request, Class::Session]).await);
        self.advance(Phase::Stopped);
        Ended::Stopped { late }
    }

    fn advance(&self, to: Phase) -> bool {
        let forward = |phase: &mut Phase| {
            let forward = *phase < to;
            if forward {
                *phase = to;
            }
            forward
        };
        self.0.phase.send_if_modified(forward)
    }

    /// Until no job is under way, the deadline has passed, or nobody wants to wait. False: aborted.
    async fn jobs_have_finished(&self, aborts: u64) -> bool {
        let (mut deadlines, mut phases) = (self.0.deadline.subscribe(), self.0.phase.subscribe());
        loop {
            let deadline = deadlines.borrow_and_update().unwrap_or_else(Instant::now);
            let finished = !self.standings().iter().any(|one| one.class == Class::Job && one.in_flight.count > 0);
            if finished || self.0.now.is_cancelled() || deadline <= Instant::now() {
                // From here on there is no way back: under the same lock as an abort looks for it.
                let mut ended = self.0.ended.lock();
                if self.0.aborts.load(SeqCst) != aborts {
                    return false;
                }
                // It may have been moved at the last moment.
                if finished || self.0.now.is_cancelled() || self.deadline().is_none_or(|by| by <= Instant::now()) {
                    ended.push(Class::Job);
                    return true;
                }
                continue;
            }
            tokio::select! {
                () = sleep_until(deadline) => {}
                _ = deadlines.changed() => {}
                _ = phases.changed() => {}
                () = self.0.now.cancelled() => {}
                () = self.0.changed.notified() => {}
                () = sleep(LOOK_EVERY) => {}
            }
            if self.0.aborts.load(SeqCst) != aborts {
                return false;
            }
        }
    }

    /// Tells participants to end what they have under way, and waits for each within its bound.
    async fn end(&self, classes: &[Class]) -> Vec<&'static str> {
        for class in classes {
            self.0.ended.lock().push(*class);
            self.tell_end(*class);
        }
        loop {
            let now = Instant::now();
            let (mut late, mut next) = (Vec::new(), None::<Instant>);
            for entry in self.0.entries.lock().iter().filter(|entry| classes.contains(&entry.class)) {
                match entry.ends_by {
                    Some(by) if by > now && !self.0.now.is_cancelled() => next = Some(next.map_or(by, |next| next.min(by))),
                    _ => late.push(entry.name),
                }
            }
            let Some(next) = next else { return late };
            tokio::select! {
                () = sleep_until(next) => {}
                () = self.0.changed.notified() => {}
                () = sleep(LOOK_EVERY) => {}
                () = self.0.now.cancelled() => {}
            }
        }
    }

    fn tell_end(&self, class: Class) {
        let now = Instant::now();
        for entry in self.0.entries.lock().iter_mut().filter(|entry| entry.class == class) {
            entry.ends_by.get_or_insert(now + entry.bound);
            entry.end.cancel();
        }
    }
}

impl fmt::Debug for Drain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Drain").field("phase", &self.phase()).finish_non_exhaustive()
    }
}
