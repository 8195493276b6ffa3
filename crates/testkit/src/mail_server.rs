//! A real mail server.

use crate::wait_until;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// For its interpreter to start, on however busy a machine.
const START_MAX: Duration = Duration::from_secs(60);

/// A mail server of the machine's own package, that keeps what it takes in a directory.
pub struct MailServer {
    child: Child,
    pub address: SocketAddr,
    _home: tempfile::TempDir,
    kept: PathBuf,
}

impl MailServer {
    pub async fn start() -> Self {
        let home = tempfile::tempdir().expect("its directory");
        let kept = home.path().join("mail");
        let address = crate::http_server::closed_port().await;
        let child = Command::new("aiosmtpd")
            .args(["-n", "-u", "-l", &address.to_string(), "-c", "aiosmtpd.handlers.Mailbox"])
            .arg(&kept)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("aiosmtpd; ./dev test installs it");
        wait_until("the mail server listens", START_MAX, async || tokio::net::TcpStream::connect(address).await.is_ok()).await;
        Self { child, address, _home: home, kept }
    }

    /// All mails there are, each as it came.
    pub fn mails(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.kept.join("new")).into_iter().flatten().flatten();
        files.map(|file| read(&file.path())).collect()
    }
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).expect("its directory")
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
