//! The running postmaster: a child process and the thread that keeps it.

use std::future::Future;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};
use tokio::sync::watch;

use crate::Error;
use crate::log::{self, Tail};

/// After an immediate shutdown PostgreSQL gives its processes five seconds
/// before it kills them.
const IMMEDIATE_TIMEOUT: Duration = Duration::from_secs(10);

/// For the last words of a postmaster that has ended. An orphaned process of its
/// may hold the pipe open for longer.
const LAST_WORDS_TIMEOUT: Duration = Duration::from_secs(1);

/// Whether the child's pid is still its own.
#[derive(Debug, Default)]
struct Reaped {
    flag: Mutex<bool>,
    changed: Condvar,
}

impl Reaped {
    fn lock(&self) -> MutexGuard<'_, bool> {
        self.flag.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A postmaster that we started. Dropping it makes an immediate shutdown, from
/// which PostgreSQL recovers at its next start; [`Postmaster::stop`] is the clean end.
#[derive(Debug)]
pub(crate) struct Postmaster {
    pid: Pid,
    reaped: Arc<Reaped>,
    exit: watch::Receiver<Option<ExitStatus>>,
    tail: Tail,
}

impl Postmaster {
    /// Starts `command`, with its standard error going to `log_file`.
    pub(crate) fn spawn(command: Command, log_file: PathBuf) -> Result<Self, Error> {
        let program = PathBuf::from(command.get_program());
        let reaped = Arc::new(Reaped::default());
        let tail = Tail::default();
        let (exit_sender, exit) = watch::channel(None);
        let (started, pid) = mpsc::sync_channel(1);
        let keeper = Keeper { command, log_file, tail: tail.clone(), reaped: Arc::clone(&reaped), exit: exit_sender };
        // A thread of its own, which lives as long as the child: the kernel takes
        // the end of the *thread* that forked for the death of the parent.
        std::thread::Builder::new()
            .name("postgres-keeper".to_owned())
            .spawn(move || keeper.run(&started))
            .map_err(Error::io("start a thread for", &program))?;
        // Blocks for a fork and an exec; awaiting here could lose the child.
        let pid = pid.recv().unwrap_or_else(|_| Err(std::io::Error::other("the thread ended")));
        Ok(Self { pid: pid.map_err(Error::io("start", &program))?, reaped, exit, tail })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// The end of what it said.
    pub(crate) fn log_tail(&self) -> String {
        self.tail.text()
    }

    pub(crate) fn is_running(&self) -> bool {
        self.exit.borrow().is_none()
    }

    /// Resolves when the postmaster has ended, for whatever reason.
    pub(crate) fn exited(&self) -> impl Future<Output = ExitStatus> + Send + use<> {
        let mut exit = self.exit.clone();
        async move {
            match exit.wait_for(Option::is_some).await {
                Ok(status) => status.unwrap_or_default(),
                // The keeper always tells before it ends, unless it panicked.
                Err(_) => ExitStatus::default(),
            }
        }
    }

    /// Fast shutdown within `timeout`, else an immediate one.
    pub(crate) async fn stop(&self, timeout: Duration) -> Result<(), Error> {
        self.signal(Signal::INT);
        if tokio::time::timeout(timeout, self.exited()).await.is_ok() {
            return Ok(());
        }
        tracing::warn!(pid = self.pid(), ?timeout, "PostgreSQL is slow to stop: stopping it at once");
        self.signal(Signal::QUIT);
        match tokio::time::timeout(IMMEDIATE_TIMEOUT, self.exited()).await {
            Ok(_) => Ok(()),
            Err(_) => Err(Error::StopTimeout { pid: self.pid() }),
        }
    }

    /// Never reaches a stranger: the child is reaped under the same lock.
    fn signal(&self, signal: Signal) {
        let reaped = self.reaped.lock();
        if !*reaped && let Err(error) = rustix::process::kill_process(self.pid, signal) {
            tracing::warn!(pid = self.pid(), %error, "could not signal PostgreSQL");
        }
    }
}

impl Drop for Postmaster {
    fn drop(&mut self) {
        self.signal(Signal::QUIT);
        let reaped = self.reaped.lock();
        let waited = self.reaped.changed.wait_timeout_while(reaped, IMMEDIATE_TIMEOUT, |r| !*r);
        if waited.is_ok_and(|(_, timeout)| timeout.timed_out()) {
            tracing::error!(pid = self.pid(), "PostgreSQL does not stop");
        }
    }
}

struct Keeper {
    command: Command,
    log_file: PathBuf,
    tail: Tail,
    reaped: Arc<Reaped>,
    exit: watch::Sender<Option<ExitStatus>>,
}

impl Keeper {
    fn run(mut self, started: &mpsc::SyncSender<std::io::Result<Pid>>) {
        // Its own group: an interrupt from the terminal is for us to handle, in
        // our order, and not for the database.
        let command = self.command.stdout(Stdio::null()).stderr(Stdio::piped()).process_group(0);
        let mut child = match command.spawn() {
            Ok(child) => child,
            Err(error) => {
                let _ = started.send(Err(error));
                return;
            }
        };
        let pid = Pid::from_child(&child);
        // Held here: `wait` would close it, which is what the watcher waits for.
        let pipe = child.stdin.take();
        let said = child.stderr.take().map(|stderr| log::follow(stderr, self.log_file, self.tail));
        let _ = started.send(Ok(pid));

        let status = reap(pid, &mut child, &self.reaped);
        if let Some(mut pipe) = pipe {
            // Dismisses the watcher; see `guarantee`.
            let _ = pipe.write_all(b"\n");
        }
        if let Some(Ok(ended)) = said {
            let _ = ended.recv_timeout(LAST_WORDS_TIMEOUT);
        }
        let _ = self.exit.send(Some(status));
    }
}

/// Waits for the child's end without reaping, then reaps under the lock, so that
/// its pid cannot pass to another process between a look at the flag and a signal.
fn reap(pid: Pid, child: &mut Child, reaped: &Reaped) -> ExitStatus {
    let ended = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    while let Err(rustix::io::Errno::INTR) = rustix::process::waitid(WaitId::Pid(pid), ended) {}
    let mut flag = reaped.lock();
    let status = child.wait().unwrap_or_default();
    *flag = true;
    reaped.changed.notify_all();
    status
}
