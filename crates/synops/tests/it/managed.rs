//! The private PostgreSQL: from nothing, over a kill, lost while serving.

use crate::client::Client;
use crate::program::{Served, run};
use rustix::process::{Pid, Signal, kill_process};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;
use testkit::wait_until;

const SOON: Duration = Duration::from_secs(60);

/// PostgreSQL, which runs as another user when this is root, must get there.
pub(crate) fn data_dir() -> TempDir {
    let dir = tempfile::Builder::new().prefix("synops-it-").tempdir().expect("a directory");
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).expect("its mode");
    dir
}

pub(crate) fn client(served: &Served) -> Client {
    Client::new(served.address())
}

fn postmaster(data_dir: &Path) -> Option<Pid> {
    let text = std::fs::read_to_string(data_dir.join("postgres/postmaster.pid")).ok()?;
    Pid::from_raw(text.lines().next()?.trim().parse().ok()?)
}

#[tokio::test]
async fn from_nothing_and_over_a_kill() {
    let dir = data_dir();
    let path = dir.path().to_str().unwrap();
    let variables = [("SYNOPS_DATA_DIR", path)];
    run(&["user", "list"], &variables).await.check(78, "`synops serve` makes it");

    let mut served = Served::start(dir.path(), &[]).await;
    assert!(served.line.contains("first sign-in: http://127.0.0.1:"), "{}", served.line);
    wait_until("readiness", SOON, async || client(&served).get("/readyz").await.status == 200).await;
    // Commands find the server's own PostgreSQL.
    run(&["user", "create", "kari"], &variables).await.check(0, "");
    run(&["schema", "check"], &variables).await.check(0, "");
    let doctor = run(&["doctor"], &[("SYNOPS_DATA_DIR", path), ("SYNOPS_LISTEN", "127.0.0.1:0")]).await;
    assert_eq!(doctor.code, Some(0), "{doctor:?}");
    let pid = served.child.id().unwrap();
    let second = run(&["serve"], &[("SYNOPS_DATA_DIR", path), ("SYNOPS_LISTEN", "127.0.0.1:0")]).await;
    second.check(1, &format!("process {pid}"));

    served.child.kill().await.unwrap();
    let served = Served::start(dir.path(), &[]).await;
    assert!(!served.line.contains("first sign-in"), "{}", served.line);
    let list = run(&["user", "list"], &variables).await;
    assert!(list.out.contains("kari"), "{list:?}");
    assert_eq!(served.terminate().await, Some(0));
    assert_eq!(postmaster(dir.path()), None, "PostgreSQL stopped with the server");
    // Not running: started for the command alone.
    let list = run(&["user", "list"], &variables).await;
    assert!(list.out.contains("kari"), "{list:?}");
    assert_eq!(postmaster(dir.path()), None);
}

#[tokio::test]
async fn postgresql_lost_while_serving_comes_back() {
    let dir = data_dir();
    let served = Served::start(dir.path(), &[]).await;
    let caller = client(&served);
    wait_until("readiness", SOON, async || caller.get("/readyz").await.status == 200).await;
    let lost = postmaster(dir.path()).unwrap();
    kill_process(lost, Signal::KILL).unwrap();
    wait_until("another PostgreSQL", SOON, async || postmaster(dir.path()).is_some_and(|pid| pid != lost)).await;
    wait_until("readiness again", SOON, async || {
        caller.get("/readyz").await.status == 200 && caller.get("/api/v1/nodes").await.status == 200
    })
    .await;
    assert_eq!(served.terminate().await, Some(0));
}
