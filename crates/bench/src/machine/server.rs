//! The real server, as a process of its own.

use super::binaries_dir;
use super::program::Program;
use anyhow::{Context as _, bail};
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::ChildStdout;
use tokio::time::timeout;

const READY_MAX: Duration = Duration::from_secs(30);

pub(crate) struct Server {
    program: Program,
    pub(crate) address: SocketAddr,
    // Kept open: the server may say something more.
    _out: BufReader<ChildStdout>,
}

impl Server {
    /// `synops serve` on a free port, with its default settings but for the checks of systems, which
    /// are off; returns when it is ready.
    pub(crate) async fn start(scratch: &Path, name: &str, database_url: &str) -> anyhow::Result<Self> {
        Self::start_with(scratch, name, database_url, "gateway").await
    }

    /// The same with these roles.
    pub(crate) async fn start_with(scratch: &Path, name: &str, database_url: &str, roles: &str) -> anyhow::Result<Self> {
        Self::start_as(scratch, name, database_url, roles, &[]).await
    }

    /// The same with these variables besides.
    pub(crate) async fn start_as(
        scratch: &Path,
        name: &str,
        database_url: &str,
        roles: &str,
        environment: &[(&str, &str)],
    ) -> anyhow::Result<Self> {
        let binary = binaries_dir()?.join("synops");
        if !binary.is_file() {
            bail!("{} is missing: build it first, by `./dev bench` or `cargo build --release -p synops`", binary.display());
        }
        let mut command = Program::command(&binary);
        command.arg("serve").stdout(Stdio::piped());
        command.env("DATABASE_URL", database_url).env("SYNOPS_DATA_DIR", scratch.join(name));
        command
            .env("SYNOPS_LISTEN", "127.0.0.1:0")
            .env("SYNOPS_TELEMETRY_LISTEN", "127.0.0.1:0")
            .env("SYNOPS_ROLES", roles)
            .env("SYNOPS_LOG_LEVEL", "warn");
        command.envs(environment.iter().copied());
        let mut program = Program::start(command, &scratch.join(format!("{name}.log")))?;
        let mut out = BufReader::new(program.child().stdout.take().context("the server's output")?);
        let mut line = String::new();
        timeout(READY_MAX, out.read_line(&mut line)).await.context("the server does not get ready")??;
        let url = line.split_whitespace().find_map(|word| word.strip_prefix("http://"));
        let Some(address) = url.and_then(|url| url.split('/').next()).and_then(|authority| authority.parse().ok()) else {
            bail!("the server did not get ready: {line}{}", program.log_tail());
        };
        Ok(Self { program, address, _out: out })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.program.pid()
    }

    /// The end of its log: warnings and errors.
    pub(crate) fn complaints(&self) -> String {
        self.program.log_tail()
    }
}
