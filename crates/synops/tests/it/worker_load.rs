//! Workers as real processes, and a load of jobs whose effects are counted.

use crate::managed::data_dir;
use crate::program::Served;
use domain::job::{JobKind, NewJob};
use serde_json::json;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use testkit::wait_until;
use tokio::time::interval;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub(crate) const LIMIT: Duration = Duration::from_secs(60);
/// So many attempts that no kill in a row uses them up.
const ATTEMPTS_MAX: i16 = 100;

/// Where tools write down what they did: a file a job, a line each time.
///
/// `counts` is done at once. `waits` is done when the file `go-<attempt>` is there; one whose server was
/// killed ends with the directory.
pub(crate) struct Ledger {
    dir: TempDir,
    config: PathBuf,
}

impl Ledger {
    pub(crate) fn new(finish_s: u32) -> Self {
        let dir = data_dir();
        std::fs::create_dir(dir.path().join("done")).expect("a directory");
        let (config, path) = (dir.path().join("synops.toml"), dir.path().display());
        let done = format!("echo done >> {path}/done/$SYNOPS_JOB_ID");
        // Its input is one line of JSON without an end.
        let attempt = r#"line=$(cat); rest=${line#*\"attempt\":}; n=${rest%%[!0-9]*}; echo '{"progress":0.5}' >&2"#;
        let waits = format!("{attempt}; until [ -e {path}/go-$n ]; do [ -d {path} ] || exit 1; sleep 0.02; done; {done}");
        let tools = format!(
            "[jobs]\nfinish_s = {finish_s}\n[tools]\ncounts = [\"/bin/sh\", \"-c\", '{done}']\nwaits = [\"/bin/sh\", \"-c\", {}]\n",
            serde_json::to_string(&waits).expect("a text")
        );
        std::fs::write(&config, tools).expect("its configuration");
        Self { dir, config }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Lets this attempt of what waits be done.
    pub(crate) fn go(&self, attempt: u32) {
        std::fs::write(self.path().join(format!("go-{attempt}")), "").expect("a file");
    }

    /// How often each job was done.
    pub(crate) fn done(&self) -> HashMap<Uuid, usize> {
        let files = std::fs::read_dir(self.path().join("done")).expect("the ledger");
        let count = |file: std::io::Result<std::fs::DirEntry>| {
            let file = file.expect("a file");
            let lines = std::fs::read_to_string(file.path()).expect("its lines").lines().count();
            (file.file_name().to_string_lossy().parse().expect("a job's id"), lines)
        };
        files.map(count).collect()
    }

    /// A server on this database that does nothing but jobs and its figures.
    pub(crate) async fn worker(&self, data_dir: &Path, url: &str) -> Served {
        self.worker_with(data_dir, url, &[]).await
    }

    pub(crate) async fn worker_with(&self, data_dir: &Path, url: &str, more: &[(&str, &str)]) -> Served {
        let all = self.variables(url, more);
        let all: Vec<(&str, &str)> = all.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        Served::start(data_dir, &all).await
    }

    /// What such a server has in its environment.
    pub(crate) fn variables(&self, url: &str, more: &[(&str, &str)]) -> Vec<(String, String)> {
        let config = self.config.to_str().expect("a path");
        let variables = [("SYNOPS_CONFIG", config), ("DATABASE_URL", url), ("SYNOPS_ROLES", "worker,gateway")];
        let limits = [("SYNOPS_DATABASE_CONNECTIONS_MAX", "6"), ("SYNOPS_LOG_LEVEL", "info")];
        let all = variables.into_iter().chain(limits).chain(more.iter().copied());
        all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }
}

pub(crate) fn tool(name: &str) -> NewJob {
    NewJob { attempts_max: ATTEMPTS_MAX, ..NewJob::new(JobKind::Tool, json!({ "tool": name })) }
}

fn noop() -> NewJob {
    NewJob { attempts_max: ATTEMPTS_MAX, ..NewJob::new(JobKind::Noop, json!({})) }
}

/// Enqueues; an error means that it is not known whether it did.
pub(crate) async fn enqueue(db: &sqlx::PgPool, jobs: &[NewJob]) -> Result<(), sqlx::Error> {
    let mut tx = db.begin().await?;
    store::job::insert_jobs(&mut tx, jobs).await?;
    tx.commit().await
}

/// Enqueues some of both kinds again and again; answers what was acknowledged.
pub(crate) async fn keep_enqueueing(db: sqlx::PgPool, stop: CancellationToken) -> Vec<NewJob> {
    let (mut pace, mut all) = (interval(Duration::from_millis(40)), Vec::new());
    while stop.run_until_cancelled(pace.tick()).await.is_some() {
        let jobs: Vec<NewJob> = (0..10).map(|_| noop()).chain([tool("counts")]).collect();
        if enqueue(&db, &jobs).await.is_ok() {
            all.extend(jobs);
        }
    }
    all
}

/// How many jobs have ended.
pub(crate) async fn ended(db: &sqlx::PgPool) -> Option<i64> {
    sqlx::query_scalar("select count(*) from job_history").fetch_one(db).await.ok()
}

/// Waits until all have ended: each once, each well, with its effects.
pub(crate) async fn check_all(db: &sqlx::PgPool, ledger: &Ledger, jobs: &[NewJob]) {
    let ids: Vec<Uuid> = jobs.iter().map(|job| job.id).collect();
    wait_until("all jobs have ended", LIMIT, async || {
        let left: i64 = sqlx::query_scalar("select count(*) from jobs where id = any($1)").bind(&ids).fetch_one(db).await.ok()?;
        (left == 0).then_some(())
    })
    .await;
    let rows: Vec<(Uuid, String, i64)> =
        sqlx::query_as("select id, outcome, count(*) from job_history where id = any($1) group by id, outcome")
            .bind(&ids)
            .fetch_all(db)
            .await
            .expect("the history");
    let strange: Vec<_> = rows.iter().filter(|(_, outcome, count)| outcome != "succeeded" || *count != 1).collect();
    assert!(strange.is_empty(), "{strange:?}");
    assert_eq!(rows.len(), ids.len(), "none is lost");
    let done = ledger.done();
    let missing = jobs.iter().filter(|job| job.kind == "tool" && !done.contains_key(&job.id)).count();
    let again = done.values().filter(|times| **times > 1).count();
    println!("{} jobs, {} with effects of their own, of which {again} more than once", ids.len(), done.len());
    assert_eq!(missing, 0, "done without its effects");
}
