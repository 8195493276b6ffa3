//! A real mail server.

use crate::authority::Certified;
use crate::wait_until;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// For its interpreter to start, on however busy a machine.
const START_MAX: Duration = Duration::from_secs(60);

/// What it does when it is to know who sends.
const GUARDED: &str = include_str!("guarded.py");

/// A mail server of the machine's own package, that keeps what it takes in a directory.
pub struct MailServer {
    child: Child,
    pub address: SocketAddr,
    _home: tempfile::TempDir,
    kept: PathBuf,
}

impl MailServer {
    /// One that takes whatever it is sent.
    pub async fn start() -> Self {
        Self::run("aiosmtpd.handlers.Mailbox", &[]).await
    }

    /// One that speaks TLS, from the first byte on or by STARTTLS, and takes mail only from `synops` with this password.
    pub async fn start_guarded(certified: &Certified, from_the_first_byte: bool, password: &str) -> Self {
        let [certificate, key] = if from_the_first_byte { ["--smtpscert", "--smtpskey"] } else { ["--tlscert", "--tlskey"] };
        let files = [(certificate, &certified.certificate), (key, &certified.key)];
        let mut args: Vec<OsString> = files.into_iter().flat_map(|(name, file)| [name.into(), file.into()]).collect();
        args.push(password.into());
        Self::run("guarded.Guarded", &args).await
    }

    async fn run(handler: &str, args: &[OsString]) -> Self {
        let home = tempfile::tempdir().expect("its directory");
        let kept = home.path().join("mail");
        std::fs::write(home.path().join("guarded.py"), GUARDED).expect("its directory");
        let address = crate::http_server::closed_port().await;
        let (options, handed) = args.split_at(args.len().saturating_sub(1));
        let child = Command::new("aiosmtpd")
            .args(["-n", "-u", "-l", &address.to_string(), "-c", handler])
            .args(options)
            .arg(&kept)
            .args(handed)
            .env("PYTHONPATH", home.path())
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
