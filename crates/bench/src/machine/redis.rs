//! A private Redis.

use super::nchan::free_address;
use super::program::Program;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;

const READY_MAX: Duration = Duration::from_secs(10);

/// With its changes on disk within a second, as it is by default once it keeps them (`appendonly yes`).
pub(crate) struct Redis {
    program: Program,
    address: SocketAddr,
}

impl Redis {
    /// Starts it with its data in `dir`; returns when it answers.
    pub(crate) async fn start(dir: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir(dir)?;
        let address = free_address()?;
        let mut command = Program::command("redis-server");
        command.args(["--bind", "127.0.0.1", "--port", &address.port().to_string(), "--save", "", "--appendonly", "yes"]);
        command.arg("--dir").arg(dir).stdout(Stdio::null());
        let program = Program::start(command, &dir.join("stderr.log"))?;
        let until = Instant::now() + READY_MAX;
        while TcpStream::connect(address).await.is_err() {
            anyhow::ensure!(Instant::now() < until, "Redis does not start: {}", program.log_tail());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(Self { program, address })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.program.pid()
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://{}", self.address)
    }
}
