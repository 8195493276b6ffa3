//! `synops jobs` and `synops dead-letters`, straight on the database.

use crate::program::{Ended, run, synops};
use domain::job::{JobKind, NewJob};
use serde_json::{Value, json};
use std::process::Stdio;
use store::job::{Held, Wanted};
use testkit::TestDb;
use tokio::io::AsyncWriteExt;
use uuid::Uuid;

struct Shell {
    db: TestDb,
    url: String,
}

impl Shell {
    async fn new() -> Self {
        let db = TestDb::new().await;
        let url = db.server_url();
        Self { db, url }
    }

    async fn run(&self, arguments: &[&str]) -> Ended {
        run(arguments, &[("DATABASE_URL", &self.url)]).await
    }

    async fn json(&self, arguments: &[&str]) -> Value {
        let ended = self.run(&[arguments, &["--json"]].concat()).await;
        ended.check(0, "");
        serde_json::from_str(&ended.out).unwrap_or_else(|error| panic!("{error}: {ended:?}"))
    }

    async fn count(&self, sql: &'static str) -> i64 {
        sqlx::query_scalar(sql).fetch_one(self.db.owner_pool()).await.unwrap()
    }

    /// Dead letters of jobs that do nothing.
    async fn letters(&self, payload: &Value, many: usize) -> Vec<String> {
        let mut db = self.db.pool().acquire().await.unwrap();
        let jobs: Vec<NewJob> = (0..many).map(|_| NewJob::new(JobKind::Noop, payload.clone())).collect();
        store::job::insert_jobs(&mut db, &jobs).await.unwrap();
        let wanted = [Wanted { kind: "noop", class: "upkeep", room: many }];
        let claimed = store::job::claim_jobs(&mut *db, Uuid::now_v7(), &wanted, many).await.unwrap();
        let held: Vec<Held> = claimed.iter().map(|job| Held { id: job.id, fence: job.fence }).collect();
        store::job::bury_jobs(&mut *db, &held, "no\nway").await.unwrap().iter().map(Uuid::to_string).collect()
    }
}

#[tokio::test]
async fn jobs_are_enqueued_shown_and_cancelled() {
    let shell = Shell::new().await;
    let payload = r#"{"tool": "backup", "input": "hunter2"}"#;
    let run_at = "2099-01-01T00:00:00Z";
    let made = shell.json(&["jobs", "enqueue", "tool", "--payload", payload, "--run-at", run_at, "--unique-key", "a"]).await;
    let id = made["id"].as_str().unwrap();
    assert_eq!(made["state"], "scheduled");
    shell.run(&["jobs", "enqueue", "tool", "--payload", payload, "--unique-key", "a"]).await.check(1, "unique key");
    let shown = shell.json(&["jobs", "show", id]).await;
    assert_eq!(shown["payload"]["input"], "hunter2");
    let listed = shell.run(&["jobs", "list", "--state", "scheduled"]).await;
    assert!(listed.out.contains(id) && !listed.out.contains("hunter2"), "{listed:?}");
    assert!(!shell.json(&["jobs", "list"]).await.to_string().contains("hunter2"));
    assert_eq!(shell.json(&["jobs", "retry", id]).await["state"], "ready");
    assert_eq!(shell.json(&["jobs", "cancel", id]).await["state"], "cancelled");
    shell.run(&["jobs", "cancel", id]).await.check(1, "it has ended: cancelled");
    let ended = shell.json(&["jobs", "list", "--ended", "--outcome", "cancelled", "--kind", "tool"]).await;
    assert_eq!(ended[0]["id"], id);
    assert!(shell.run(&["jobs", "show", id]).await.out.contains("cancelled"));

    shell.run(&["jobs", "enqueue", "nonsense"]).await.check(2, "one of noop");
    shell.run(&["jobs", "enqueue", "tool", "--payload", "{"]).await.check(1, "the payload is not JSON");
    shell.run(&["jobs", "enqueue", "noop", "--payload", "[1]"]).await.check(1, "payload");
    shell.run(&["jobs", "show", &Uuid::now_v7().to_string()]).await.check(1, "no such job");
    shell.run(&["jobs", "show", "x"]).await.check(2, "invalid value");
    let audited =
        "select count(*) from audit_log where action in ('enqueue_job', 'retry_job', 'cancel_job') and actor_id is null";
    assert_eq!(shell.count(audited).await, 3);
    assert_eq!(shell.count("select count(*) from audit_log where summary::text like '%hunter2%'").await, 0);
}

#[tokio::test]
async fn a_payload_may_come_on_standard_input() {
    let shell = Shell::new().await;
    let mut command = synops(&["jobs", "enqueue", "tool", "--payload", "-", "--json"], &[("DATABASE_URL", &shell.url)]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(br#"{"tool": "backup"}"#).await.unwrap();
    let ended = Ended::from(child.wait_with_output().await.unwrap());
    ended.check(0, "");
    assert_eq!(shell.count("select count(*) from jobs where payload ->> 'tool' = 'backup'").await, 1);
}

#[tokio::test]
async fn a_class_is_paused_and_resumed() {
    let shell = Shell::new().await;
    let paused = shell.json(&["jobs", "pause", "tools", "--reason", "a new disk"]).await;
    assert!(paused["paused_at"].is_string() && paused["paused_reason"] == "a new disk", "{paused}");
    assert_eq!(shell.count("select count(*) from job_classes where name = 'tools' and paused_at is not null").await, 1);
    assert_eq!(shell.run(&["jobs", "resume", "tools"]).await.check(0, "").out, "tools runs\n");
    assert_eq!(shell.count("select count(*) from job_classes where paused_at is not null").await, 0);
    shell.run(&["jobs", "pause", "nonsense"]).await.check(2, "one of upkeep");
}

#[tokio::test]
async fn schedules_are_added_switched_and_deleted() {
    let shell = Shell::new().await;
    let add = |cron: &'static str, zone: &'static str| {
        ["jobs", "schedules", "add", "nightly", "--cron", cron, "--timezone", zone, "--kind", "noop"]
    };
    shell.run(&add("0 0 31 2 *", "UTC")).await.check(1, "never");
    shell.run(&add("0 0 * * *", "Mars/Olympus")).await.check(1, "timezone");
    shell.run(&add("15 3 * * *", "Europe/Oslo")).await.check(0, "");
    shell.run(&["jobs", "schedules", "disable", "nightly"]).await.check(0, "");
    assert_eq!(shell.json(&["jobs", "schedules", "list"]).await[0]["enabled"], false);
    assert!(shell.run(&["jobs", "schedules", "list"]).await.out.contains("off"));
    shell.run(&["jobs", "schedules", "enable", "nightly"]).await.check(0, "");
    shell.run(&["jobs", "schedules", "enable", "weekly"]).await.check(1, "no schedule is called weekly");
    shell.run(&["jobs", "schedules", "delete", "nightly"]).await.check(0, "");
    assert_eq!(shell.count("select count(*) from job_schedules").await, 0);
}

#[tokio::test]
async fn dead_letters_are_corrected_replayed_and_discarded() {
    let shell = Shell::new().await;
    let ids = shell.letters(&json!({ "secret": "hunter2" }), 1).await;
    let more = shell.letters(&json!({}), 3).await;
    let listed = shell.run(&["dead-letters", "list"]).await;
    assert!(listed.out.contains("no way") && !listed.out.contains("hunter2"), "{listed:?}");
    assert!(shell.run(&["dead-letters", "show", &ids[0]]).await.out.contains("hunter2"));
    shell.run(&["dead-letters", "replay", &ids[0]]).await.check(1, "payload");
    shell.run(&["dead-letters", "edit", &ids[0], "--payload", "{}"]).await.check(0, "");
    let replayed = shell.json(&["dead-letters", "replay", &ids[0]]).await;
    assert_eq!((replayed[0]["id"].as_str(), replayed[0]["job_id"].is_string()), (Some(ids[0].as_str()), true));
    shell.run(&["dead-letters", "replay", &ids[0]]).await.check(1, "was replayed already");
    shell.run(&["dead-letters", "discard", &more[0]]).await.check(0, "");
    let all = shell.run(&["dead-letters", "replay", "--all", "--kind", "noop"]).await;
    assert!(all.check(0, "").out.starts_with("2 replayed\n"), "{all:?}");
    assert_eq!(shell.json(&["dead-letters", "list"]).await, json!([]));
    assert_eq!(shell.json(&["dead-letters", "list", "--resolved"]).await.as_array().map(Vec::len), Some(4));
    assert_eq!(shell.count("select count(*) from jobs").await, 3);
    shell.run(&["dead-letters", "discard"]).await.check(2, "required");
}
