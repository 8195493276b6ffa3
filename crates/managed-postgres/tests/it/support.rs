use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use managed_postgres::{Cluster, Config};
use tempfile::TempDir;

/// Generous: reached only when something is broken.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// A directory that the database's user can pass through, as a server's is.
pub(crate) fn open_dir() -> TempDir {
    let dir = tempfile::tempdir().expect("it works on this machine");
    fs::set_permissions(dir.path(), Permissions::from_mode(0o711)).expect("it works on this machine");
    dir
}

/// Small and without waiting for the disk: nothing here outlives the machine.
pub(crate) fn config(dir: &Path) -> Config {
    Config::new(dir).setting("fsync", "off").setting("shared_buffers", "8MB").setting("max_connections", "10")
}

pub(crate) fn psql(cluster: &Cluster, sql: &str) -> Output {
    let url = cluster.connection_url("postgres", "postgres");
    Command::new(cluster.binaries_dir().join("psql"))
        .args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-d", &url, "-c", sql])
        .output()
        .expect("it works on this machine")
}

/// The answer of a query that must succeed.
pub(crate) fn query(cluster: &Cluster, sql: &str) -> String {
    let output = psql(cluster, sql);
    assert!(output.status.success(), "{sql}: {output:?}");
    String::from_utf8(output.stdout).expect("it works on this machine").trim().to_owned()
}

/// The processes whose arguments or title name the directory or the cluster.
pub(crate) fn processes_of(marks: &[&str]) -> Vec<u32> {
    let all = Command::new("ps").args(["-axww", "-o", "pid=,stat=,args="]).output().expect("it works on this machine");
    let all = String::from_utf8_lossy(&all.stdout).into_owned();
    all.lines()
        .filter_map(|line| {
            let mut fields = line.split_whitespace();
            let pid: u32 = fields.next()?.parse().ok()?;
            let is_zombie = fields.next()?.starts_with('Z');
            let is_postgres = line.contains("postgres") && !line.contains("psql");
            let named = marks.iter().any(|mark| line.contains(mark));
            (named && is_postgres && !is_zombie).then_some(pid)
        })
        .collect()
}

/// The name that all processes of the cluster carry.
pub(crate) fn mark(cluster: &Cluster) -> String {
    query(cluster, "show cluster_name")
}

pub(crate) fn kill(signal: &str, pid: u32) {
    let status = Command::new("kill").args([signal, &pid.to_string()]).status().expect("it works on this machine");
    assert!(status.success(), "kill {signal} {pid}");
}

/// Polls until `state` holds; fails after [`LIMIT`].
pub(crate) async fn wait_until(what: &str, mut state: impl FnMut() -> bool) {
    within(what, async {
        while !state() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
}

/// The bound on awaiting something that must happen.
pub(crate) async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(LIMIT, future).await {
        Ok(value) => value,
        Err(_) => panic!("not within {LIMIT:?}: {what}"),
    }
}

/// A command that runs as the owner of `path`.
pub(crate) fn as_owner(path: &Path, program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir("/");
    if is_root() {
        let owner = fs::metadata(path).expect("it exists");
        command.uid(owner.uid()).gid(owner.gid());
    }
    command
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
