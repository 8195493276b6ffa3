//! A real Redis, to be killed.

use crate::tcp_proxy::Target;
use crate::wait_until;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// On however busy a machine.
const START_MAX: Duration = Duration::from_secs(60);

/// A Redis of its own that loses nothing it has acknowledged, also when it is killed.
pub struct RedisServer {
    child: Child,
    port: u16,
    dir: TempDir,
}

impl RedisServer {
    pub async fn start() -> Self {
        let dir = tempfile::tempdir().expect("its directory");
        let (child, port) = spawn(dir.path().to_owned()).await;
        Self { child, port, dir }
    }

    /// Where it listens; elsewhere after each start.
    pub fn target(&self) -> Target {
        Target::Tcp(format!("127.0.0.1:{}", self.port))
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Without a word to anybody.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// With what it had, behind a kill.
    pub async fn restart(&mut self) {
        self.kill();
        (self.child, self.port) = spawn(self.dir.path().to_owned()).await;
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.kill();
    }
}

async fn spawn(dir: PathBuf) -> (Child, u16) {
    let address = crate::http_server::closed_port().await;
    let child = Command::new("redis-server")
        .args(["--bind", "127.0.0.1", "--port", &address.port().to_string()])
        .args(["--save", "", "--appendonly", "yes", "--appendfsync", "always"])
        .arg("--dir")
        .arg(dir)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("redis-server; ./dev test installs it");
    wait_until("Redis listens", START_MAX, async || tokio::net::TcpStream::connect(address).await.is_ok()).await;
    (child, address.port())
}
