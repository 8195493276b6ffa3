//! What starts a server again, as systemd does: whenever it ends, but for 78.

use crate::managed::data_dir;
use crate::program::Served;
use crate::worker_load::{LIMIT, Ledger};
use rustix::process::{Pid, Signal, kill_process};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tempfile::TempDir;
use testkit::wait_until;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A wrong configuration: a restart would not help.
const NO_RESTART: Option<i32> = Some(78);

/// A server with its data directory, kept running.
pub(crate) struct Supervisor {
    shared: Arc<Shared>,
    tasks: TaskTracker,
}

struct Shared {
    dir: TempDir,
    variables: Vec<(String, String)>,
    up: watch::Sender<Option<Up>>,
    /// How each run ended: its code, or none after a kill.
    exits: Mutex<Vec<Option<i32>>>,
    /// Held by whoever wants none started for now.
    starting: Arc<tokio::sync::Mutex<()>>,
    /// The next end is the last.
    ending: CancellationToken,
}

/// One run of it that is ready.
#[derive(Clone, Debug)]
pub(crate) struct Up {
    /// The first is 0.
    pub(crate) run: usize,
    pub(crate) address: SocketAddr,
    /// What it said when it was ready.
    pub(crate) line: String,
    pid: Pid,
}

/// As long as this lives, nothing is started again.
pub(crate) type Held = tokio::sync::OwnedMutexGuard<()>;

impl Supervisor {
    /// Starts the first; answers when it is ready.
    pub(crate) async fn start(ledger: &Ledger, url: &str, more: &[(&str, &str)]) -> Self {
        let shared = Arc::new(Shared {
            dir: data_dir(),
            variables: ledger.variables(url, more),
            up: watch::Sender::new(None),
            exits: Mutex::new(Vec::new()),
            starting: Arc::default(),
            ending: CancellationToken::new(),
        });
        let tasks = TaskTracker::new();
        tasks.spawn(keep(shared.clone()));
        let supervisor = Self { shared, tasks };
        supervisor.until_up(0).await;
        supervisor
    }

    /// The run that is ready now.
    pub(crate) fn ups(&self) -> watch::Receiver<Option<Up>> {
        self.shared.up.subscribe()
    }

    /// Waits for this run, or a later one, to be ready.
    pub(crate) async fn until_up(&self, run: usize) -> Up {
        let ready = async || {
            assert!(!self.tasks.is_closed() && !self.tasks.is_empty(), "its supervisor has given up: {:?}", self.exits());
            self.shared.up.borrow().clone().filter(|up| up.run >= run)
        };
        wait_until("it is up", LIMIT, ready).await
    }

    /// How the runs so far have ended.
    pub(crate) fn exits(&self) -> Vec<Option<i32>> {
        self.shared.exits().clone()
    }

    /// From now on nothing is started, as long as the answer lives.
    pub(crate) async fn hold(&self) -> Held {
        self.shared.starting.clone().lock_owned().await
    }

    /// To the process that is up; none if it has ended meanwhile.
    pub(crate) fn signal(&self, signal: Signal) {
        // Under its lock: nobody else has this number as long as it stands there.
        let up = self.shared.up.borrow();
        if let Some(up) = up.as_ref() {
            let _ = kill_process(up.pid, signal);
        }
    }

    /// SIGKILL; answers when it has ended, if it had not before. The caller sees to it that none is
    /// started meanwhile.
    pub(crate) async fn kill(&self, _: &Held) {
        self.signal(Signal::KILL);
        wait_until("it has ended", LIMIT, async || self.shared.up.borrow().is_none()).await;
    }

    /// SIGTERM, and no more restarts; answers how all runs ended.
    pub(crate) async fn stop(self) -> Vec<Option<i32>> {
        self.shared.ending.cancel();
        self.signal(Signal::TERM);
        self.tasks.close();
        tokio::time::timeout(LIMIT, self.tasks.wait()).await.expect("it stops");
        self.exits()
    }
}

impl Shared {
    fn exits(&self) -> MutexGuard<'_, Vec<Option<i32>>> {
        self.exits.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends with the runtime, and its child with it.
async fn keep(shared: Arc<Shared>) {
    let variables: Vec<(&str, &str)> = shared.variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    for run in 0.. {
        let starting = shared.starting.lock().await;
        if shared.ending.is_cancelled() {
            return;
        }
        let mut served = Served::start(shared.dir.path(), &variables).await;
        let pid = served.child.id().and_then(|id| Pid::from_raw(id.cast_signed())).expect("it runs");
        let (address, line) = (served.address(), served.line.clone());
        shared.up.send_replace(Some(Up { run, address, line, pid }));
        drop(starting);
        let code = served.child.wait().await.expect("its status").code();
        shared.exits().push(code);
        shared.up.send_replace(None);
        if code == NO_RESTART || shared.ending.is_cancelled() {
            return;
        }
        if code == Some(1) {
            println!("run {run} ended with 1:\n{}", served.log());
        }
    }
}
