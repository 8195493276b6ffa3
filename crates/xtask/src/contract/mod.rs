//! The server held to its own description: schemathesis asks what docs/openapi.json allows, and what
//! it doesn't, and every answer must be one that it describes.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::repo;
use crate::services::Services;
use crate::session::Session;

const HERE: &str = "crates/xtask/src/contract";
/// Of what it needs, in `target/`.
const ENVIRONMENT: &str = "contract";
/// Written into the environment when it holds what the requirements name.
const INSTALLED: &str = ".synops-installed";
const START_LIMIT: Duration = Duration::from_secs(90);
const STOP_LIMIT: Duration = Duration::from_secs(30);

/// Runs it against the binary `synops` on a database of its own.
pub(crate) async fn run(session: &mut Session, services: &Services, synops: &Path) -> anyhow::Result<()> {
    let environment = environment(session).await?;
    let log = environment.join("server.log");
    let server = Server::start(synops, &services.scratch().join("contract"), &log).await?;
    let mut contract = Command::new(environment.join("bin/python"));
    contract
        .arg(repo::absolute_root()?.join(HERE).join("contract.py"))
        .args([&server.url, &server.sign_in_link])
        .arg(repo::absolute_root()?.join("docs/openapi.json"))
        // It leaves files where it stands.
        .current_dir(services.scratch());
    let held = session.run(services.lend(&mut contract)).await;
    let stopped = server.stop().await;
    held.with_context(|| format!("the cases are above, what the server logged is in {}", log.display()))?;
    stopped?;
    let complaints = complaints(&fs::read_to_string(&log)?);
    ensure!(complaints.is_empty(), "the server logged errors:\n{}", complaints.join("\n"));
    Ok(())
}

/// A Python environment with what the requirements name; made only when they changed.
async fn environment(session: &mut Session) -> anyhow::Result<PathBuf> {
    let directory = repo::target_dir()?.join(ENVIRONMENT);
    let requirements = repo::absolute_root()?.join(HERE).join("requirements.txt");
    let wanted = fs::read_to_string(&requirements)?;
    let stamp = directory.join(INSTALLED);
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(directory);
    }
    if directory.exists() {
        fs::remove_dir_all(&directory)?;
    }
    session.run(Command::new("python3").args(["-m", "venv"]).arg(&directory)).await?;
    let mut pip = Command::new(directory.join("bin/pip"));
    pip.args(["install", "--quiet", "--disable-pip-version-check", "--no-deps", "--requirement"]).arg(&requirements);
    session.run(&mut pip).await?;
    fs::write(stamp, wanted)?;
    Ok(directory)
}

/// What must not be in a log: each request that failed by a fault of ours says so there.
fn complaints(log: &str) -> Vec<String> {
    log.lines().filter(|line| line.contains(" ERROR ") || line.contains("panicked at")).map(str::to_owned).collect()
}

/// A `synops serve` with a private PostgreSQL.
struct Server {
    child: Child,
    url: String,
    /// Signs the first administrator in.
    sign_in_link: String,
}

impl Server {
    async fn start(synops: &Path, data_dir: &Path, log: &Path) -> anyhow::Result<Self> {
        fs::create_dir(data_dir)?;
        let mut child = Command::new(synops)
            .arg("serve")
            // Nothing of ours is passed on: a configuration or another database would be used.
            .env_clear()
            .env("PATH", repo::env("PATH").unwrap_or_default())
            .env("SYNOPS_LISTEN", "127.0.0.1:0")
            .env("SYNOPS_TELEMETRY_LISTEN", "127.0.0.1:0")
            .env("SYNOPS_DATA_DIR", data_dir)
            // Never reached: tokens for it are made here.
            .env("SYNOPS_LIVEKIT_URL", "wss://livekit.invalid")
            .env("SYNOPS_LIVEKIT_API_KEY", "contract")
            .env("SYNOPS_LIVEKIT_API_SECRET", "contract")
            .current_dir(data_dir)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(log)?)
            // Away from the terminal: on Ctrl-C it is for us to stop it.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .context("cannot start synops")?;
        let stdout = child.stdout.take().context("no output to read")?;
        let line = timeout(START_LIMIT, BufReader::new(stdout).lines().next_line()).await.context("synops does not start")??;
        let Some((url, sign_in_link)) = line.as_deref().and_then(addresses) else {
            bail!("synops did not start; see {}", log.display());
        };
        Ok(Self { child, url, sign_in_link })
    }

    /// Must end well, as after any other use.
    async fn stop(mut self) -> anyhow::Result<()> {
        if let Some(id) = self.child.id().and_then(|id| Pid::from_raw(id.cast_signed())) {
            let _ = kill_process(id, Signal::TERM);
        }
        let status = timeout(STOP_LIMIT, self.child.wait()).await.context("synops does not stop")??;
        ensure!(status.success(), "synops did not end well ({status})");
        Ok(())
    }
}

/// The server's address and the sign-in link, from the line with which it says that it is ready.
fn addresses(line: &str) -> Option<(String, String)> {
    let mut addresses = line.split_whitespace().filter(|word| word.starts_with("http"));
    Some((addresses.next()?.to_owned(), addresses.next()?.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_from_the_line_of_a_first_start() {
        fn check(line: &str, expect: Option<(&str, &str)>) {
            assert_eq!(addresses(line), expect.map(|(url, link)| (url.to_owned(), link.to_owned())), "{line}");
        }
        check(
            "Synops is ready at http://127.0.0.1:1 — first sign-in: http://127.0.0.1:1/sign-in/link#a",
            Some(("http://127.0.0.1:1", "http://127.0.0.1:1/sign-in/link#a")),
        );
        check("Synops is ready at http://127.0.0.1:1", None);
        check("", None);
    }

    #[test]
    fn complaints_are_errors_and_panics() {
        let log = "2026-01-01T00:00:00Z  WARN a: ERROR\n2026-01-01T00:00:00Z ERROR b: oh\nthread 'main' panicked at src/c.rs\n";
        assert_eq!(complaints(log).len(), 2);
        assert_eq!(complaints("2026-01-01T00:00:00Z  INFO d: fine\n"), [""; 0]);
    }
}
