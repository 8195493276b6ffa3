//! A program that ends with us.

use anyhow::Context as _;
use rustix::process::{Pid, Signal, kill_process};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::process::{Child, Command};

/// A clean stop takes no longer; then it is killed.
const STOP_MAX: Duration = Duration::from_secs(6);
const LOOK_EVERY: Duration = Duration::from_millis(10);
const LOG_TAIL_BYTES: usize = 2_000;

/// Dropping it stops it, waiting until it is gone.
pub(crate) struct Program {
    child: Child,
    log: PathBuf,
}

impl Program {
    /// A command that the kernel ends cleanly should we be killed.
    pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "TERM", "--"]).arg(program);
        command.env_clear().env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        command.current_dir("/").stdin(Stdio::null());
        command
    }

    /// Starts it, with what it complains of in `log`.
    pub(crate) fn start(mut command: Command, log: &Path) -> anyhow::Result<Self> {
        let file = std::fs::File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        let child = command.stderr(file).spawn().context("cannot start a program through `setpriv` (of util-linux)")?;
        Ok(Self { child, log: log.to_owned() })
    }

    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Its process id; `setpriv` becomes the program and keeps it.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id().unwrap_or(0)
    }

    /// The end of what it complained of.
    pub(crate) fn log_tail(&self) -> String {
        let text = std::fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(&text[text.len().saturating_sub(LOG_TAIL_BYTES)..]).trim().to_owned()
    }

    fn ends_within(&mut self, bound: Duration) -> bool {
        let until = Instant::now() + bound;
        while matches!(self.child.try_wait(), Ok(None)) {
            if Instant::now() > until {
                return false;
            }
            #[expect(clippy::disallowed_methods, reason = "nothing of ours runs any more that a blocked thread could hold up")]
            std::thread::sleep(LOOK_EVERY);
        }
        true
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let Some(pid) = self.child.id().and_then(|id| Pid::from_raw(id.cast_signed())) else { return };
        // An error means that it is gone already.
        let _ = kill_process(pid, Signal::TERM);
        if !self.ends_within(STOP_MAX) {
            eprintln!("a program did not end and is killed; its log ends: {}", self.log_tail());
            let _ = self.child.start_kill();
            self.ends_within(STOP_MAX);
        }
    }
}
