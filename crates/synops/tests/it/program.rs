//! The real program, as a person or a supervisor runs it.

use rustix::process::{Pid, Signal, kill_process};
use std::fs::File;
use std::net::SocketAddr;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

const LIMIT: Duration = Duration::from_secs(60);

/// `synops` with these arguments, and nothing in its environment but these variables.
pub(crate) fn synops(arguments: &[&str], variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_synops"));
    command.args(arguments).env_clear();
    // Many run side by side here; those that listen to devices say where.
    command.env("SYNOPS_TELEMETRY_LISTEN", "off");
    command.envs(variables.iter().copied()).stdin(Stdio::null()).kill_on_drop(true);
    // `setpriv` and PostgreSQL's own programs are found by it.
    command.env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    // Where there is no synops.toml.
    command.current_dir("/");
    command
}

/// Runs it to its end.
pub(crate) async fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Ended {
    let output = tokio::time::timeout(LIMIT, synops(arguments, variables).output()).await.expect("it ends").expect("it starts");
    Ended::from(output)
}

/// How it ended, and what it said.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

impl Ended {
    #[track_caller]
    pub(crate) fn check(&self, code: i32, err_contains: &str) -> &Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert!(self.err.contains(err_contains), "{err_contains:?} is not in {}", self.err);
        self
    }
}

/// A `synops serve` of its own.
pub(crate) struct Served {
    pub(crate) child: Child,
    /// The line it said when it was ready.
    pub(crate) line: String,
    /// Where it listens: `http://127.0.0.1:…`.
    pub(crate) base: String,
    log: File,
}

impl Served {
    /// Starts it on a free port and waits until it says that it is ready.
    pub(crate) async fn start(data_dir: &Path, variables: &[(&str, &str)]) -> Self {
        let log = tempfile::tempfile().expect("a file for its log");
        let mut command = synops(&["serve"], variables);
        command.env("SYNOPS_LISTEN", "127.0.0.1:0").env("SYNOPS_DATA_DIR", data_dir).stdout(Stdio::piped());
        command.stderr(log.try_clone().expect("a second handle"));
        let mut child = command.spawn().expect("synops serve");
        let mut out = BufReader::new(child.stdout.take().expect("its output"));
        let mut line = String::new();
        let _ = tokio::time::timeout(LIMIT, out.read_line(&mut line)).await;
        let Some(base) = line.split_whitespace().find(|word| word.starts_with("http://")).map(str::to_owned) else {
            panic!("it is not ready: {line:?}, and logged\n{}", text_of(&log));
        };
        Self { child, line, base, log }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.base.strip_prefix("http://").and_then(|address| address.parse().ok()).expect("an address")
    }

    /// What it logged so far.
    pub(crate) fn log(&self) -> String {
        text_of(&self.log)
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = self.child.id().and_then(|id| Pid::from_raw(id.cast_signed())).expect("it runs");
        kill_process(pid, signal).expect("a signal");
    }

    /// SIGTERM, and its exit code.
    pub(crate) async fn terminate(self) -> Option<i32> {
        self.signal(Signal::TERM);
        self.ended().await
    }

    /// Its exit code, once it has ended; none after a kill.
    pub(crate) async fn ended(mut self) -> Option<i32> {
        tokio::time::timeout(LIMIT, self.child.wait()).await.expect("it stops").expect("its status").code()
    }
}

/// From the beginning, wherever its writer is.
fn text_of(log: &File) -> String {
    let mut text = vec![0; usize::try_from(log.metadata().expect("its size").len()).expect("a size")];
    let read = log.read_at(&mut text, 0).expect("its log");
    String::from_utf8_lossy(&text[..read]).into_owned()
}
