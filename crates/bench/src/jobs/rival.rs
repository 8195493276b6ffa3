//! Job queues of others, each as a program of its own that is told what to do.

use crate::machine::Program;
use anyhow::Context as _;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{ChildStdin, ChildStdout};
use tokio::time::timeout;

/// Nothing of a benchmark takes longer.
const ANSWER_MAX: Duration = Duration::from_secs(180);

pub(crate) struct Rival {
    program: Program,
    to: ChildStdin,
    from: Lines<BufReader<ChildStdout>>,
}

impl Rival {
    /// `scripts` is the directory with its script and what that needs.
    pub(crate) fn start(scripts: &Path, scratch: &Path, name: &str, database_url: &str) -> anyhow::Result<Self> {
        let mut command = Program::command("node");
        command.arg(scripts.join("rival.mjs")).args([name, database_url]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut program = Program::start(command, &scratch.join(format!("{name}.log")))?;
        let to = program.child().stdin.take().context("its input")?;
        let from = BufReader::new(program.child().stdout.take().context("its output")?).lines();
        Ok(Self { program, to, from })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.program.pid()
    }

    /// Has it do something; answers what it says, with `took_ms`.
    pub(crate) async fn tell(&mut self, what: &str, how: Value) -> anyhow::Result<Value> {
        let mut command = how;
        command["do"] = json!(what);
        self.to.write_all(format!("{command}\n").as_bytes()).await.context("it ended")?;
        let line = timeout(ANSWER_MAX, self.from.next_line()).await.context("it does not answer")??;
        let line = line.with_context(|| format!("it ended: {}", self.program.log_tail()))?;
        Ok(serde_json::from_str(&line)?)
    }
}
