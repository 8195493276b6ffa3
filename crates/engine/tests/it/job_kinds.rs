//! The kinds of jobs, each with the real thing: commands of this machine, a server that listens.

use crate::SOON;
use crate::jobs::Server;
use domain::job::{JobKind, NewJob};
use engine::WorkConfig;
use engine::jobs::Tools;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::job::{Job, PastJob};
use testkit::{HttpServer, TestDb, wait_until};

/// A server with tools that are scripts, and its bell.
fn server(db: &TestDb, tools: &[(&str, &str)]) -> Server {
    let shell = |script: &str| vec!["/bin/sh".to_owned(), "-c".to_owned(), script.to_owned()];
    let tools: BTreeMap<_, _> = tools.iter().map(|(name, script)| ((*name).to_owned(), shell(script))).collect();
    Server::start_with(
        db,
        WorkConfig { tools: Tools(Arc::new(tools)), webhook_secret: Some("secret".into()), ..WorkConfig::new(db.server_url()) },
    )
}

async fn enqueue(db: &TestDb, server: &Server, kind: JobKind, payload: Value, attempts_max: i16) -> uuid::Uuid {
    let job = NewJob { attempts_max, ..NewJob::new(kind, payload) };
    store::job::insert_jobs(&mut db.pool().acquire().await.unwrap(), std::slice::from_ref(&job)).await.unwrap();
    server.bell.ring();
    job.id
}

async fn tool(db: &TestDb, server: &Server, name: &str) -> PastJob {
    let id = enqueue(db, server, JobKind::Tool, json!({ "tool": name, "input": { "a": 1 } }), 1).await;
    ended(db, id).await
}

async fn ended(db: &TestDb, id: uuid::Uuid) -> PastJob {
    wait_until("the job has ended", SOON, async || store::job::find_past_job(db.pool(), id).await.unwrap()).await
}

async fn waiting(db: &TestDb, what: &str, id: uuid::Uuid, is: impl Fn(&Job) -> bool) -> Job {
    wait_until(what, SOON, async || store::job::find_job(db.pool(), id).await.unwrap().filter(&is)).await
}

#[tokio::test]
async fn a_tool_gets_its_input_and_gives_its_result() {
    let db = TestDb::new().await;
    let server = server(
        &db,
        &[
            ("echo", "cat"),
            ("silent", "true"),
            ("fails", "echo one >&2; echo two >&2; exit 3"),
            ("wrong", "echo nonsense"),
            ("hopeless", "exit 65"),
            ("floods", "yes"),
            ("floods-log", "yes >&2"),
            ("secrets", r#"test "$(env | grep -c -i -E 'database|secret|synops_' )" = 1 && echo '"only its id"'"#),
            ("leaves", "sleep 1000 & echo 1"),
        ],
    );
    let told = async |name: &str| {
        let past = tool(&db, &server, name).await;
        (past.result, past.error.unwrap_or_default())
    };
    assert_eq!(told("echo").await.0, Some(json!({ "input": { "a": 1 }, "attempt": 1, "checkpoint": null })));
    assert_eq!(told("silent").await, (None, String::new()));
    assert_eq!(told("fails").await.1, "it ended with exit status: 3: one\ntwo");
    assert!(told("wrong").await.1.starts_with("what it wrote is not JSON"));
    assert!(told("hopeless").await.1.contains("exit status: 65"));
    assert!(told("floods").await.1.starts_with("it wrote more than 65536 bytes"));
    assert!(told("floods-log").await.1.contains("bytes of log"));
    assert_eq!(told("secrets").await, (Some(json!("only its id")), String::new()));
    assert!(told("leaves").await.1.starts_with("it left something behind"));
    assert!(told("unheard-of").await.1.contains("has no tool"));
    server.stop().await;
}

#[tokio::test]
async fn a_tool_tells_how_far_it_is_and_is_cancelled() {
    let db = TestDb::new().await;
    // One that ignores what it is told, too.
    let server =
        server(&db, &[("waits", r#"echo '{"progress": 0.5, "message": "half"}' >&2; trap "" TERM; sleep 1000; sleep 1000"#)]);
    let id = enqueue(&db, &server, JobKind::Tool, json!({ "tool": "waits" }), 1).await;
    let job = waiting(&db, "it tells", id, |job| job.progress == Some(0.5)).await;
    assert_eq!(job.message.as_deref(), Some("half"));
    assert_eq!(store::job::cancel_job(&mut db.pool().acquire().await.unwrap(), id).await.unwrap(), Some(false));
    assert_eq!(ended(&db, id).await.outcome, "cancelled");
    server.stop().await;
}

/// A stop has it keep its place; the next attempt begins there, and is not a second one.
#[tokio::test]
async fn a_tool_goes_on_from_its_checkpoint() {
    let script = r#"read given
        case "$given" in *'"at":7'*) echo "$given"; exit 0;; esac
        trap 'echo "{\"checkpoint\": {\"at\": 7}}" >&2; exit 1' TERM
        echo '{"progress": 0.7}' >&2
        while :; do sleep 0.05; done"#;
    let db = TestDb::new().await;
    let one = server(&db, &[("counts", script)]);
    let id = enqueue(&db, &one, JobKind::Tool, json!({ "tool": "counts" }), 1).await;
    waiting(&db, "it runs", id, |job| job.progress == Some(0.7)).await;
    one.stop().await;
    let job = store::job::find_job(db.pool(), id).await.unwrap().unwrap();
    assert_eq!((job.state.as_str(), job.attempt, job.checkpoint), ("ready", 0, Some(json!({ "at": 7 }))));
    let two = server(&db, &[("counts", script)]);
    assert_eq!(ended(&db, id).await.result, Some(json!({ "input": null, "attempt": 1, "checkpoint": { "at": 7 } })));
    two.stop().await;
}

#[tokio::test]
async fn a_webhook_is_told_once_and_tried_again_while_that_may_help() {
    let db = TestDb::new().await;
    let answer = |status: &str| Some(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"));
    let http = HttpServer::start(move |path| match path {
        "/good" => answer("204 No Content"),
        "/gone" => answer("410 Gone"),
        _ => answer("503 Service Unavailable"),
    })
    .await;
    let server = server(&db, &[]);
    let payload = |path: &str| json!({ "url": format!("http://{}{path}", http.address), "event": "test", "body": { "a": 1 } });
    let tell = async |payload: Value, attempts: i16| {
        let id = enqueue(&db, &server, JobKind::Webhook, payload, attempts).await;
        ended(&db, id).await
    };
    assert_eq!(tell(payload("/good"), 3).await.result, Some(json!({ "status": 204 })));
    let gone = tell(payload("/gone"), 3).await;
    assert_eq!((gone.attempt, gone.error.as_deref()), (1, Some("it answered 410")));
    let refused = tell(json!({ "url": "http://169.254.1.1/", "event": "test", "body": {} }), 3).await;
    assert_eq!((refused.attempt, refused.outcome.as_str()), (1, "failed"), "the guard holds for it too");
    let id = enqueue(&db, &server, JobKind::Webhook, payload("/busy"), 3).await;
    let job = waiting(&db, "it is to be tried again", id, |job| job.state == "scheduled").await;
    assert_eq!((job.attempt, job.error.as_deref()), (1, Some("it answered 503")));
    server.stop().await;
}

#[tokio::test]
async fn check_runs_are_rolled_up_by_hour_and_day() {
    let db = TestDb::new().await;
    let workspace = db.workspace("workspace").await;
    let system = db.system("system", workspace).await;
    // Three days ago at 22:00, every ten minutes for three hours; each fourth failed.
    let runs = "insert into check_runs (system_id, at, ok, latency_ms)
        select $1, date_trunc('day', now(), 'UTC') - interval '50 hours' + n * interval '10 minutes', n % 4 <> 0, case when n % 4 <> 0 then n end
          from generate_series(0, 17) n";
    sqlx::query(runs).bind(system).execute(db.superuser_pool()).await.unwrap();
    let server = server(&db, &[]);
    for _ in 0..2 {
        let id = enqueue(&db, &server, JobKind::CheckHistoryRollup, json!({}), 1).await;
        assert_eq!(ended(&db, id).await.outcome, "succeeded");
    }
    let midnight: chrono::DateTime<chrono::Utc> =
        sqlx::query_scalar("select date_trunc('day', now(), 'UTC') - interval '2 days'").fetch_one(db.pool()).await.unwrap();
    let list = async |span| {
        let (from, to) = (midnight - chrono::TimeDelta::days(9), midnight + chrono::TimeDelta::days(9));
        let all = store::check_rollup::list_check_rollups(db.pool(), system, span, from, to, 100).await.unwrap();
        all.iter()
            .map(|r| ((r.starts_at - midnight).num_hours(), r.runs, r.failures, r.latency_ms_p50, r.latency_ms_max))
            .collect::<Vec<_>>()
    };
    let rolled = |hours: i64, runs, failures, p50, max| (hours, runs, failures, Some(p50), Some(max));
    let hours = [rolled(-2, 6, 2, 2.5, 5.0), rolled(-1, 6, 1, 9.0, 11.0), rolled(0, 6, 2, 14.5, 17.0)];
    assert_eq!(list(store::check_rollup::Span::Hour).await, hours);
    assert_eq!(list(store::check_rollup::Span::Day).await, [rolled(-24, 12, 3, 6.0, 11.0), rolled(0, 6, 2, 14.5, 17.0)]);
    server.stop().await;
}

/// Each due time is enqueued once, whoever looks; what came due while nobody looked, too.
#[tokio::test]
async fn what_is_due_by_the_clock_is_enqueued_once() {
    let db = TestDb::new().await;
    let schedule = store::job_schedule::NewSchedule {
        name: "often",
        kind: "noop",
        payload: &json!({}),
        cron: "* * * * *",
        timezone: "Europe/Oslo",
        enabled: true,
        next_at: "2026-01-01T00:00:00Z".parse().unwrap(),
    };
    let made = store::job_schedule::insert_job_schedule(db.pool(), &schedule, 10).await.unwrap().unwrap();
    let never = store::job_schedule::NewSchedule { name: "never", cron: "0 0 30 2 *", ..schedule };
    let never = store::job_schedule::insert_job_schedule(db.pool(), &never, 10).await.unwrap().unwrap();
    let servers = [server(&db, &[]), server(&db, &[])];
    let find =
        async |id| store::job_schedule::list_job_schedules(db.pool()).await.unwrap().into_iter().find(|s| s.id == id).unwrap();
    wait_until("both are looked at", SOON, async || find(made.id).await.last_at.is_some() && !find(never.id).await.enabled).await;
    let after = find(made.id).await;
    assert!(after.next_at > after.last_at.unwrap() && after.last_job_id.is_some());
    ended(&db, after.last_job_id.unwrap()).await;
    for server in servers {
        server.stop().await;
    }
    let runs: i64 = sqlx::query_scalar(
        "select (select count(*) from job_history where kind = 'noop') + (select count(*) from jobs where kind = 'noop')",
    )
    .fetch_one(db.pool())
    .await
    .unwrap();
    // One for each schedule; a minute may have turned meanwhile.
    assert!((2..=3).contains(&runs), "{runs}");
}
