//! The suite's own PostgreSQL and Redis: private, fast, and gone with the suite.

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use managed_postgres::{Cluster, Config};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::programs;

/// Superuser's URL of the database `postgres`; each test makes its own database.
const POSTGRES_URL: &str = "SYNOPS_TEST_POSTGRES_URL";
/// Each test takes its own key prefix.
const REDIS_URL: &str = "SYNOPS_TEST_REDIS_URL";

const REDIS_START_LIMIT: Duration = Duration::from_secs(10);
const REDIS_STOP_LIMIT: Duration = Duration::from_secs(5);

/// Durability costs time and protects nothing here. `synchronous_commit` stays
/// on: resume tokens wait for the flush position, which it moves.
const POSTGRES_SETTINGS: [(&str, &str); 6] = [
    ("fsync", "off"),
    ("full_page_writes", "off"),
    ("max_connections", "200"),
    ("shared_buffers", "128MB"),
    ("max_wal_size", "2GB"),
    ("log_min_messages", "fatal"),
];

/// Each test copies a database of some 800 files: a fifth of the time where they
/// are no files of a disk.
const IN_MEMORY: &str = "/dev/shm";
/// What the suite's databases and files need there at most, with as much to spare.
const IN_MEMORY_MIN_BYTES: u64 = 8 << 30;

/// Whether there is a file system in memory that takes the suite's data and still
/// leaves the machine its memory. Programs are run from there, too.
fn has_room_in_memory() -> bool {
    let Ok(place) = rustix::fs::statvfs(IN_MEMORY) else { return false };
    let is_executable = !place.f_flag.contains(rustix::fs::StatVfsMountFlags::NOEXEC);
    let free_bytes = place.f_bavail.saturating_mul(place.f_frsize);
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    is_executable && free_bytes >= IN_MEMORY_MIN_BYTES && available_bytes(&memory) >= IN_MEMORY_MIN_BYTES
}

/// What `/proc/meminfo` says that new programs can have.
fn available_bytes(memory: &str) -> u64 {
    let line = memory.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    kibibytes.unwrap_or(0) << 10
}

/// A PostgreSQL for one purpose, in a directory of its own.
pub(crate) struct Postgres {
    cluster: Cluster,
    directory: TempDir,
}

impl Postgres {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        // Not where TMPDIR says: a socket's path holds 107 bytes, and as root the
        // server runs as another user, who must get there.
        let parent = if has_room_in_memory() { IN_MEMORY } else { "/tmp" };
        let directory = tempfile::Builder::new().prefix("synops-").tempdir_in(parent)?;
        open_to_all(directory.path(), 0o755)?;
        let settings = POSTGRES_SETTINGS.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let cluster = Cluster::start(Config { settings, ..Config::new(directory.path().join("postgres")) })
            .await
            .context("cannot start a private PostgreSQL")?;
        Ok(Self { cluster, directory })
    }

    /// The superuser's URL of `database`.
    pub(crate) fn url(&self, database: &str) -> String {
        self.cluster.connection_url("postgres", database)
    }

    /// A program that belongs to this server's version.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.cluster.binaries_dir().join(name)
    }

    /// A directory that lives as long as the server.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Stops the server and answers its directory, which goes when it is dropped.
    pub(crate) async fn stop(self) -> anyhow::Result<TempDir> {
        self.cluster.stop().await?;
        Ok(self.directory)
    }
}

/// PostgreSQL and Redis for the whole suite: each test runs in a process of its own.
pub(crate) struct Services {
    postgres: Postgres,
    redis: Redis,
    scratch: PathBuf,
}

impl Services {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let postgres = Postgres::start().await?;
        let scratch = postgres.directory().join("tmp");
        fs::create_dir(&scratch)?;
        open_to_all(&scratch, 0o1777)?;
        let redis = Redis::start(&postgres.directory().join("redis")).await?;
        Ok(Self { postgres, redis, scratch })
    }

    /// Tells `command` where the servers are, and where to put its own
    /// temporary files: with a directory that ends with the suite none stays.
    pub(crate) fn lend<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env(POSTGRES_URL, self.postgres.url("postgres"))
            .env(REDIS_URL, format!("redis://127.0.0.1:{}", self.redis.port))
            .env("TMPDIR", &self.scratch)
    }

    /// A program that belongs to this PostgreSQL's version.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.postgres.program(name)
    }

    /// A directory for whatever a step works with; it goes with the suite.
    pub(crate) fn scratch(&self) -> &Path {
        &self.scratch
    }

    /// Stops the servers. What tests have left running may still write into the
    /// directory, so it is for the caller to let it go.
    pub(crate) async fn stop(self) -> anyhow::Result<TempDir> {
        let redis = self.redis.stop().await;
        let directory = self.postgres.stop().await?;
        redis?;
        Ok(directory)
    }
}

struct Redis {
    child: Child,
    port: u16,
}

impl Redis {
    async fn start(directory: &Path) -> anyhow::Result<Self> {
        fs::create_dir(directory)?;
        // Somebody else may take the free port before Redis does.
        let mut last = String::new();
        for _ in 0..3 {
            let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
            let mut child = redis_command(directory, port).spawn().context("cannot start redis-server")?;
            match answers(&mut child, port).await {
                Ok(()) => return Ok(Self { child, port }),
                Err(error) => last = error.to_string(),
            }
        }
        bail!("redis-server does not start: {last}")
    }

    async fn stop(mut self) -> anyhow::Result<()> {
        if let Some(id) = self.child.id().and_then(|id| rustix::process::Pid::from_raw(id.cast_signed())) {
            let _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
        }
        if tokio::time::timeout(REDIS_STOP_LIMIT, self.child.wait()).await.is_err() {
            self.child.kill().await.context("cannot stop redis-server")?;
        }
        Ok(())
    }
}

/// Settings as `doctor` asks for them, so that tests see what operation sees.
fn redis_command(directory: &Path, port: u16) -> Command {
    // Should xtask be killed outright, the kernel ends Redis too.
    let mut command = match programs::find(&["setpriv"]) {
        Some(setpriv) => {
            let mut command = Command::new(setpriv);
            command.args(["--pdeathsig", "KILL", "redis-server"]);
            command
        }
        None => Command::new("redis-server"),
    };
    command
        .args(["--bind", "127.0.0.1", "--port", &port.to_string()])
        .args(["--save", "", "--appendonly", "yes", "--appendfsync", "always"])
        .arg("--dir")
        .arg(directory)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    command
}

async fn answers(child: &mut Child, port: u16) -> anyhow::Result<()> {
    let start = Instant::now();
    while start.elapsed() < REDIS_START_LIMIT {
        if let Some(status) = child.try_wait()? {
            bail!("it ended at once ({status})");
        }
        if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    bail!("it does not answer within {} s", REDIS_START_LIMIT.as_secs())
}

fn open_to_all(directory: &Path, mode: u32) -> anyhow::Result<()> {
    Ok(fs::set_permissions(directory, fs::Permissions::from_mode(mode))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_that_is_available_is_read_from_what_the_kernel_tells() {
        assert_eq!(available_bytes("MemTotal:       24684096 kB\nMemAvailable:   22020096 kB\n"), 21 << 30);
        for unknown in ["", "MemTotal: 1 kB", "MemAvailable: much kB", "MemAvailable: 12"] {
            assert_eq!(available_bytes(unknown), 0, "{unknown:?}");
        }
    }
}
