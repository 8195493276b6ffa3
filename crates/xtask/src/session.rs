//! Runs programs so that an interrupt ends all of them, whatever they started.
//!
//! Each program gets a process group of its own, away from the terminal's: on
//! Ctrl-C only xtask hears it, and ends the group politely, then firmly.

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, Command};
use tokio::signal::unix::{self, SignalKind};
use tokio::time::timeout;

/// How long a program may take to end after each of SIGINT and SIGTERM.
const GRACE: Duration = Duration::from_secs(8);
/// No step of ours takes longer; CI gives up at 90 minutes.
const STEP_LIMIT: Duration = Duration::from_secs(45 * 60);

/// Somebody wants us to stop. Everything is cleaned up on the way out.
#[derive(Debug)]
pub(crate) struct Interrupted;

impl std::fmt::Display for Interrupted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("interrupted")
    }
}

impl std::error::Error for Interrupted {}

/// Listens for the signals that end us. From its making on they no longer kill
/// the process: they make the running or the next [`Session::run`] fail.
pub(crate) struct Session {
    interrupt: unix::Signal,
    terminate: unix::Signal,
    hangup: unix::Signal,
    stopping: bool,
}

impl Session {
    pub(crate) fn new() -> anyhow::Result<Self> {
        Ok(Self {
            interrupt: unix::signal(SignalKind::interrupt())?,
            terminate: unix::signal(SignalKind::terminate())?,
            hangup: unix::signal(SignalKind::hangup())?,
            stopping: false,
        })
    }

    /// Runs `command` to its end. Fails if it does, or with [`Interrupted`].
    pub(crate) async fn run(&mut self, command: &mut Command) -> anyhow::Result<()> {
        let name = describe(command);
        let status = self.status(command).await?;
        if !status.success() {
            bail!("`{name}` failed ({status})");
        }
        Ok(())
    }

    async fn status(&mut self, command: &mut Command) -> anyhow::Result<ExitStatus> {
        if self.stopping {
            return Err(Interrupted.into());
        }
        let name = describe(command);
        let mut child =
            command.stdin(Stdio::null()).process_group(0).spawn().with_context(|| format!("cannot start `{name}`"))?;
        tokio::select! {
            status = child.wait() => Ok(status?),
            () = wait_any(&mut self.interrupt, &mut self.terminate, &mut self.hangup) => {
                self.stopping = true;
                end_group(&mut child).await;
                Err(Interrupted.into())
            }
            () = tokio::time::sleep(STEP_LIMIT) => {
                end_group(&mut child).await;
                bail!("`{name}` was still running after {} minutes", STEP_LIMIT.as_secs() / 60);
            }
        }
    }

    /// Whether a signal has come, so that no further work should begin.
    pub(crate) fn stopping(&self) -> bool {
        self.stopping
    }
}

async fn wait_any(one: &mut unix::Signal, two: &mut unix::Signal, three: &mut unix::Signal) {
    tokio::select! {
        _ = one.recv() => {}
        _ = two.recv() => {}
        _ = three.recv() => {}
    }
}

async fn end_group(child: &mut Child) {
    let Some(group) = child.id().and_then(|id| Pid::from_raw(id.cast_signed())) else {
        return;
    };
    for signal in [Signal::INT, Signal::TERM] {
        // An error means that the group is gone, which `wait` then tells.
        let _ = kill_process_group(group, signal);
        if timeout(GRACE, child.wait()).await.is_ok() {
            break;
        }
    }
    let _ = kill_process_group(group, Signal::KILL);
    let _ = child.wait().await;
}

/// The command line as a person would type it.
fn describe(command: &Command) -> String {
    let command = command.as_std();
    let program = command.get_program().to_string_lossy();
    let name = program.rsplit('/').next().unwrap_or(&program).to_owned();
    std::iter::once(name).chain(command.get_args().map(|arg| arg.to_string_lossy().into_owned())).collect::<Vec<_>>().join(" ")
}
