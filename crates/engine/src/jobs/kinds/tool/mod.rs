//! Runs a command that the configuration allows, under a name.
//!
//! It reads one JSON object from its standard input: `{"input": …, "attempt": 1, "checkpoint": …}`. It
//! writes its result, one JSON value or nothing, to its standard output. Each line of its standard
//! error that is a JSON object tells something: `{"progress": 0.5, "message": "…"}`, `{"checkpoint": …}`;
//! other lines are its log, the last of which is kept when it fails. It ends with 0 when it is done,
//! with 65 when another attempt would be of no use, with anything else to be tried again. SIGTERM means:
//! keep your place and end; SIGKILL follows 8 s later.

mod output;

use crate::jobs::{Context, Done, Failure};
use domain::job::ToolPayload;
use domain::limits::TOOL_OUTPUT_MAX_BYTES;
use output::{Log, Said};
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

/// From SIGTERM to SIGKILL: within what a job that is told to stop is given.
const GRACE: Duration = Duration::from_secs(8);
/// What it started may hold its output open after its own end.
const OUTPUT_CLOSES: Duration = Duration::from_secs(1);
/// "The data is wrong", as in sysexits.h.
const EXIT_NEVER: i32 = 65;

/// Commands by name: the program and its arguments.
#[derive(Clone, Debug, Default)]
pub struct Tools(pub Arc<BTreeMap<String, Vec<String>>>);

pub(super) async fn run(context: Context, tools: Tools) -> Result<Done, Failure> {
    let ToolPayload { tool, input } = context.payload()?;
    let Some([program, arguments @ ..]) = tools.0.get(&tool).map(Vec::as_slice) else {
        return Err(Failure::Never(format!("the configuration of this server has no tool {tool:?}")));
    };
    let (mut process, group) = start(program, arguments, &context)?;
    let given = json!({ "input": input, "attempt": context.attempt(), "checkpoint": context.kept() });
    let ended = {
        let work = process.work(&context, given.to_string());
        tokio::pin!(work);
        tokio::select! {
            ended = &mut work => Some(ended),
            () = context.stop().cancelled() => {
                group.signal(Signal::TERM);
                // It may still tell a checkpoint, or even finish.
                timeout(GRACE, work).await.ok()
            }
        }
    };
    // Whatever it left behind ends with it.
    group.signal(Signal::KILL);
    let Some(ended) = ended else { return Err(Failure::Stopped) };
    let (status, result, log) = ended?;
    match status.code() {
        Some(0) => result,
        _ if context.stop().is_cancelled() => Err(Failure::Stopped),
        Some(EXIT_NEVER) => Err(Failure::Never(told(status, &log))),
        _ => Err(Failure::Again(told(status, &log))),
    }
}

fn told(status: ExitStatus, log: &str) -> String {
    let said = if log.is_empty() { String::new() } else { format!(": {log}") };
    format!("it ended with {status}{said}")
}

/// A process group; it ends when this is dropped.
struct Group(Option<Pid>);

impl Group {
    fn signal(&self, signal: Signal) {
        if let Some(group) = self.0 {
            // An error means that it is gone.
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

/// A running command.
struct Process {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
}

fn start(program: &str, arguments: &[String], context: &Context) -> Result<(Process, Group), Failure> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // Not our environment, which has secrets.
    command.env_clear().env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    command.env("SYNOPS_JOB_ID", context.id().to_string()).current_dir("/").process_group(0).kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| Failure::Again(format!("{program} can't be started: {error}")))?;
    let group = Group(child.id().and_then(|id| Pid::from_raw(id.cast_signed())));
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    Ok((Process { child, stdin, stdout, stderr }, group))
}

impl Process {
    /// Gives it its input and hears it out. Answers how it ended, what it made, and its last words.
    async fn work(&mut self, context: &Context, given: String) -> Result<(ExitStatus, Result<Done, Failure>, String), Failure> {
        let (stdin, stdout, stderr) = (self.stdin.take(), self.stdout.take(), self.stderr.take());
        let give = async {
            if let Some(mut stdin) = stdin {
                // It may end without reading.
                let _ = stdin.write_all(given.as_bytes()).await;
            }
            Ok::<(), Failure>(())
        };
        let mut log = Log::default();
        let hear = async {
            let Some(mut stderr) = stderr else { return Ok(()) };
            let mut buffer = [0; 4_096];
            loop {
                let read = stderr.read(&mut buffer).await.unwrap_or(0);
                for said in log.take(&buffer[..read])? {
                    match said {
                        Said::Progress(done, message) => context.progress(done, message.as_deref()),
                        Said::Checkpoint(checkpoint) => context.keep(&checkpoint).await?,
                    }
                }
                if read == 0 {
                    return Ok(());
                }
            }
        };
        let (status, made) = {
            let all = async { tokio::try_join!(give, hear, read_result(stdout)) };
            tokio::pin!(all);
            tokio::select! {
                made = &mut all => (self.child.wait().await, made?.2),
                status = self.child.wait() => match timeout(OUTPUT_CLOSES, all).await {
                    Ok(made) => (status, made?.2),
                    Err(_) => (status, Err(Failure::Again("it left something behind that holds its output open".to_owned()))),
                },
            }
        };
        let status = status.map_err(|error| Failure::Again(format!("how it ended can't be told: {error}")))?;
        Ok((status, made, log.into_last_words()))
    }
}

/// Reads its standard output to the end. The outer error ends it: it writes without end.
async fn read_result(stdout: Option<ChildStdout>) -> Result<Result<Done, Failure>, Failure> {
    let Some(stdout) = stdout else { return Ok(Ok(None)) };
    let mut made = Vec::new();
    let most = TOOL_OUTPUT_MAX_BYTES as u64;
    let read = stdout.take(most + 1).read_to_end(&mut made).await.map_err(|error| Failure::Again(error.to_string()))?;
    if read as u64 > most {
        return Err(Failure::Never(format!("it wrote more than {TOOL_OUTPUT_MAX_BYTES} bytes")));
    }
    if made.iter().all(u8::is_ascii_whitespace) {
        return Ok(Ok(None));
    }
    let result = serde_json::from_slice::<Value>(&made).map(Some);
    Ok(result.map_err(|error| Failure::Never(format!("what it wrote is not JSON: {error}"))))
}
