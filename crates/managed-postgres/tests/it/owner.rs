//! What happens when the process that owns the cluster is killed. The owner is
//! this test binary, run again for the one test `hold`.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use managed_postgres::{Cluster, Error, Guarantee};

use crate::support::{config, kill, open_dir, processes_of, query, wait_until};

const HOLD_DIR: &str = "MANAGED_POSTGRES_HOLD_DIR";
const HELD: &str = "held ";

/// Not a test: the owner that the others kill. Ends by itself with its input.
#[tokio::test]
#[ignore = "run by the tests of this file"]
#[expect(clippy::disallowed_methods, reason = "how the tests tell this process what to hold")]
async fn hold() {
    let Some(dir) = std::env::var_os(HOLD_DIR) else {
        return;
    };
    let cluster = Cluster::start(config(Path::new(&dir))).await.unwrap();
    query(&cluster, "create table if not exists kept as select 42 as answer");
    let mark = query(&cluster, "show cluster_name");
    let guarantee = cluster.guarantee();
    println!("\n{HELD}{} {mark} {guarantee:?}", cluster.pid().unwrap());
    let mut rest = String::new();
    tokio::task::spawn_blocking(move || std::io::stdin().read_to_string(&mut rest)).await.unwrap().unwrap();
    cluster.stop().await.unwrap();
}

/// An owner in another process, killed at the latest when this is dropped.
struct Owner {
    process: Child,
    /// Kept open: the test runner in there writes once more at its end.
    _output: BufReader<ChildStdout>,
    postmaster: u32,
    mark: String,
    guarantee: String,
}

impl Owner {
    fn start(dir: &Path, path: Option<&str>) -> Self {
        let mut command = Command::new(std::env::current_exe().expect("it works on this machine"));
        command
            .args(["owner::hold", "--exact", "--ignored", "--nocapture"])
            .env(HOLD_DIR, dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        if let Some(path) = path {
            command.env("PATH", path);
        }
        let mut process = command.spawn().expect("it works on this machine");
        let mut output = BufReader::new(process.stdout.take().expect("it is piped"));
        let mut lines = output.by_ref().lines().map_while(Result::ok);
        let held = lines.find(|line| line.starts_with(HELD));
        let Some(held) = held else {
            panic!("the owner did not start: {:?}", process.wait());
        };
        let fields: Vec<&str> = held[HELD.len()..].split(' ').collect();
        Self {
            process,
            _output: output,
            postmaster: fields[0].parse().expect("it works on this machine"),
            mark: fields[1].to_owned(),
            guarantee: fields[2].to_owned(),
        }
    }

    fn kill(&mut self) {
        self.process.kill().expect("it works on this machine");
        self.process.wait().expect("it works on this machine");
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn watcher_of(postmaster: u32) -> u32 {
    let pids = Command::new("pgrep").args(["-f", &format!("kill -INT .* {postmaster}$")]).output();
    let pids = String::from_utf8(pids.expect("pgrep is there").stdout).expect("it prints numbers");
    pids.trim().parse().expect("there is one watcher")
}

async fn check_data(dir: &Path) {
    let cluster = Cluster::start(config(dir)).await.expect("it works on this machine");
    assert_eq!(query(&cluster, "select answer from kept"), "42");
    cluster.stop().await.expect("it works on this machine");
}

#[tokio::test]
async fn the_database_stops_when_its_owner_is_killed() {
    let dir = open_dir();
    let mut owner = Owner::start(dir.path(), None);
    owner.kill();
    wait_until("no process is left", || processes_of(&[&owner.mark]).is_empty()).await;
    check_data(dir.path()).await;
}

/// Without `setpriv` on the path.
#[tokio::test]
async fn the_watcher_stops_it_where_the_kernel_does_not() {
    let dir = open_dir();
    let mut owner = Owner::start(dir.path(), Some("/nonexistent"));
    assert_eq!(owner.guarantee, format!("{:?}", Guarantee::Watcher));
    owner.kill();
    wait_until("no process is left", || processes_of(&[&owner.mark]).is_empty()).await;
    check_data(dir.path()).await;
}

/// The watcher is killed first, so that nothing tells the postmaster.
#[tokio::test]
async fn a_postmaster_that_outlived_its_owner_is_taken_over() {
    let dir = open_dir();
    let mut owner = Owner::start(dir.path(), Some("/nonexistent"));
    kill("-KILL", watcher_of(owner.postmaster));
    owner.kill();
    assert!(processes_of(&[&owner.mark]).contains(&owner.postmaster));

    let cluster = Cluster::start(config(dir.path())).await.unwrap();
    assert_ne!(cluster.pid(), Some(owner.postmaster));
    assert_eq!(query(&cluster, "select answer from kept"), "42");
    cluster.stop().await.unwrap();
}

#[tokio::test]
async fn a_second_server_is_refused_while_the_first_runs_in_another_process() {
    let dir = open_dir();
    let mut owner = Owner::start(dir.path(), None);
    match Cluster::start(config(dir.path())).await {
        Err(Error::InUse { holder, .. }) => assert_eq!(holder, Some(owner.process.id())),
        other => panic!("{other:?}"),
    }
    // And it stops cleanly when asked, here by the end of its input.
    drop(owner.process.stdin.take());
    assert!(owner.process.wait().unwrap().success());
    assert_eq!(processes_of(&[&owner.mark]), []);
    check_data(dir.path()).await;
}
