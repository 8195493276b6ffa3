//! What the systemd unit promises, and that the program keeps it: exit codes, and word on the
//! supervisor's socket.

use crate::managed::data_dir;
use crate::program::{Served, run};
use crate::worker_load::{LIMIT, Ledger, enqueue, tool};
use rustix::process::Signal;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use testkit::{TestDb, wait_until};
use tokio::net::{TcpListener, UnixDatagram};
use tokio::task::JoinHandle;

fn unit() -> BTreeMap<String, String> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../deploy/synops.service");
    let text = std::fs::read_to_string(path).expect("the unit");
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with(['#', '[']) && !line.is_empty());
    lines.map(|line| line.split_once('=').expect("a setting")).map(|(name, value)| (name.into(), value.into())).collect()
}

/// Whether systemd starts it again after it ended by itself with this code.
fn restarts(unit: &BTreeMap<String, String>, code: i32) -> bool {
    let prevented = unit["RestartPreventExitStatus"].split(' ').any(|status| status == code.to_string());
    unit["Restart"] == "always" && !prevented
}

/// systemd's side of the notification socket.
struct Supervisor {
    dir: TempDir,
    said: Arc<Mutex<Vec<String>>>,
    listening: JoinHandle<()>,
}

impl Supervisor {
    #[expect(clippy::disallowed_methods, reason = "ended with the value that owns it")]
    fn start() -> Self {
        let dir = data_dir();
        let socket = UnixDatagram::bind(dir.path().join("notify")).expect("a socket");
        let said = Arc::new(Mutex::new(Vec::new()));
        let heard = said.clone();
        let listening = tokio::spawn(async move {
            let mut buffer = vec![0; 4_096];
            while let Ok(read) = socket.recv(&mut buffer).await {
                let text = String::from_utf8_lossy(&buffer[..read]).into_owned();
                heard.lock().expect("nobody panics with it").extend(text.lines().map(str::to_owned));
            }
        });
        Self { dir, said, listening }
    }

    fn socket(&self) -> String {
        self.dir.path().join("notify").to_str().expect("a path").to_owned()
    }

    fn said(&self) -> Vec<String> {
        self.said.lock().expect("nobody panics with it").clone()
    }

    fn count(&self, word: &str) -> usize {
        self.said().iter().filter(|said| said.starts_with(word)).count()
    }

    async fn until(&self, word: &str, count: usize) {
        wait_until(word, LIMIT, async || self.count(word) >= count).await;
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

#[tokio::test]
async fn the_unit_restarts_on_all_but_a_wrong_configuration() {
    let unit = unit();
    let expected = [("Type", "notify"), ("NotifyAccess", "main"), ("KillMode", "mixed"), ("StartLimitIntervalSec", "0")];
    for (name, value) in expected {
        assert_eq!(unit.get(name).map(String::as_str), Some(value), "{name}");
    }
    assert!(unit["ExecStart"].ends_with("synops serve"));
    assert!(unit["WatchdogSec"].parse::<u32>().unwrap() >= 30, "a heartbeat that waits for the database takes 10 s");
    assert!(unit["TimeoutStopSec"].parse::<u32>().unwrap() >= 60, "a plain stop is bounded to that");
    assert!(!unit.contains_key("MemoryDenyWriteExecute") && !unit.contains_key("PrivateIPC"), "PostgreSQL can't live with it");

    let dir = data_dir();
    let path = dir.path().to_str().unwrap();
    let wrong = run(&["serve"], &[("SYNOPS_DATA_DIR", path), ("SYNOPS_LITSEN", "x")]).await;
    wrong.check(78, "SYNOPS_LISTEN");
    assert!(!restarts(&unit, wrong.code.unwrap()));
    let taken = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let failed = run(&["serve"], &[("SYNOPS_DATA_DIR", path), ("SYNOPS_LISTEN", &address)]).await;
    failed.check(1, "is taken");
    assert!(restarts(&unit, failed.code.unwrap()));
    let db = TestDb::new().await;
    let served = Served::start(dir.path(), &[("DATABASE_URL", &db.server_url())]).await;
    let code = served.terminate().await;
    assert_eq!(code, Some(0));
    assert!(restarts(&unit, code.unwrap()), "a maintenance ends with it");
}

/// From READY to STOPPING; that it stops is told when the drain is over, and until then it asks for time.
#[tokio::test]
async fn the_supervisor_is_told_how_it_is() {
    let (supervisor, ledger, db, dir) = (Supervisor::start(), Ledger::new(600), TestDb::new().await, data_dir());
    let socket = supervisor.socket();
    let url = db.server_url();
    let variables = [("NOTIFY_SOCKET", socket.as_str()), ("WATCHDOG_USEC", "400000")];
    let served = ledger.worker_with(dir.path(), &url, &variables).await;
    supervisor.until("WATCHDOG=1", 3).await;
    assert_eq!((supervisor.count("READY=1"), supervisor.count("STOPPING=1")), (1, 0));
    assert!(supervisor.said().iter().any(|said| said.starts_with("STATUS=serving at http://")), "{:?}", supervisor.said());

    let job = tool("waits");
    enqueue(db.pool(), std::slice::from_ref(&job)).await.unwrap();
    let runs = "select exists (select from jobs where progress is not null)";
    wait_until("it runs", LIMIT, async || sqlx::query_scalar::<_, bool>(runs).fetch_one(db.pool()).await.unwrap()).await;
    served.signal(Signal::TERM);
    supervisor.until("STATUS=draining: 1 jobs", 1).await;
    let asked = supervisor.count("EXTEND_TIMEOUT_USEC=30000000");
    let beats = supervisor.count("WATCHDOG=1");
    supervisor.until("EXTEND_TIMEOUT_USEC=30000000", asked + 2).await;
    supervisor.until("WATCHDOG=1", beats + 2).await;
    assert_eq!(supervisor.count("STOPPING=1"), 0, "not while a job may finish");
    ledger.go(1);
    assert_eq!(served.ended().await, Some(0));
    supervisor.until("STOPPING=1", 1).await;
    assert_eq!((supervisor.count("READY=1"), supervisor.count("STOPPING=1")), (1, 1));
    assert_eq!(ledger.done().get(&job.id), Some(&1));
}
