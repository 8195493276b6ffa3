//! Background work for administrators: what each route answers, refuses, writes and records.

use crate::server::{Ask, Server};
use domain::EdgeKind;
use domain::job::{JobKind, NewJob};
use domain::node::INSTANCE_ID;
use domain::token::TokenAccess;
use serde_json::{Value, json};
use std::time::Duration;
use store::job::{Held, Inserted, Wanted};
use uuid::Uuid;

struct Admin {
    server: Server,
    session: String,
    id: Uuid,
}

impl Admin {
    async fn new() -> Self {
        let server = Server::new().await;
        let id = server.db.person("kari").await;
        server.db.grant(id, EdgeKind::Admin, INSTANCE_ID).await;
        let session = server.session(id).await;
        Self { server, session, id }
    }

    async fn get(&self, path: &str) -> Value {
        self.server.ask(Ask::get(&format!("/api/v1/admin{path}")).session(&self.session)).await.expect(200)
    }

    async fn ask(&self, method: &str, path: &str, body: &Value) -> crate::server::Answer {
        let ask = Ask::new(method, &format!("/api/v1/admin{path}")).session(&self.session);
        self.server.ask(if body.is_null() { ask } else { ask.json(body) }).await
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        self.ask("POST", path, &body).await.expect(200)
    }

    /// Enqueues as the server does.
    async fn insert(&self, job: NewJob) -> Uuid {
        let mut db = self.server.db.pool().acquire().await.unwrap();
        match store::job::insert_jobs(&mut db, &[job]).await.unwrap()[..] {
            [Inserted::New(id)] => id,
            _ => panic!("it is there already"),
        }
    }

    /// Claims everything of a kind, as a worker does.
    async fn claim(&self, kind: JobKind) -> Vec<Held> {
        let spec = kind.spec();
        let wanted = [Wanted { kind: spec.name, class: spec.class.as_str(), room: 600 }];
        let claimed = store::job::claim_jobs(self.server.db.pool(), Uuid::now_v7(), &wanted, 600).await.unwrap();
        claimed.into_iter().map(|job| Held { id: job.id, fence: job.fence }).collect()
    }

    /// Dead letters of noops, with this payload and checkpoint.
    async fn letters(&self, many: usize, payload: &Value) -> Vec<Uuid> {
        let mut db = self.server.db.pool().acquire().await.unwrap();
        let jobs: Vec<NewJob> = (0..many).map(|_| NewJob::new(JobKind::Noop, payload.clone())).collect();
        store::job::insert_jobs(&mut db, &jobs).await.unwrap();
        let held = self.claim(JobKind::Noop).await;
        for one in &held {
            assert!(store::job::save_checkpoint(&mut *db, *one, &json!({ "at": 7 })).await.unwrap());
        }
        store::job::bury_jobs(&mut *db, &held, "it never works").await.unwrap()
    }

    async fn audit(&self, action: &'static str) -> Vec<Value> {
        sqlx::query_scalar("select summary from audit_log where action = $1 and node_id = $2 and actor_id = $3 order by at")
            .bind(action)
            .bind(INSTANCE_ID)
            .bind(self.id)
            .fetch_all(self.server.db.owner_pool())
            .await
            .unwrap()
    }
}

fn id_of(value: &Value) -> Uuid {
    value["id"].as_str().and_then(|id| id.parse().ok()).unwrap_or_else(|| panic!("{value}"))
}

const ROUTES: [(&str, &str); 18] = [
    ("GET", "/jobs"),
    ("POST", "/jobs"),
    ("GET", "/jobs/history"),
    ("GET", "/jobs/{id}"),
    ("POST", "/jobs/{id}/cancel"),
    ("POST", "/jobs/{id}/retry"),
    ("GET", "/job-classes"),
    ("POST", "/job-classes/tools/pause"),
    ("POST", "/job-classes/tools/resume"),
    ("GET", "/job-schedules"),
    ("POST", "/job-schedules"),
    ("PATCH", "/job-schedules/{id}"),
    ("DELETE", "/job-schedules/{id}"),
    ("GET", "/job-stats"),
    ("GET", "/dead-letters"),
    ("GET", "/dead-letters/{id}"),
    ("PATCH", "/dead-letters/{id}"),
    ("POST", "/dead-letters/replay"),
];

/// A body that each of the routes takes.
fn body_of(method: &str, path: &str) -> Option<Value> {
    match (method, path) {
        ("POST", "/jobs") => Some(json!({ "kind": "noop" })),
        ("POST", "/job-schedules") => Some(json!({ "name": "a", "kind": "noop", "cron": "0 0 * * *" })),
        ("PATCH", "/job-schedules/{id}") => Some(json!({ "enabled": false })),
        ("PATCH", "/dead-letters/{id}") => Some(json!({ "payload": {} })),
        ("POST", path) if path.starts_with("/dead-letters") => Some(json!({ "ids": [Uuid::nil()] })),
        _ => None,
    }
}

#[tokio::test]
async fn nobody_but_administrators_gets_anywhere() {
    let admin = Admin::new().await;
    let ola = admin.server.db.person("ola").await;
    admin.server.db.grant(ola, EdgeKind::MemberOf, INSTANCE_ID).await;
    let ola = admin.server.session(ola).await;
    let reading = admin.server.token(admin.id, TokenAccess::Read, None).await;
    let routes = ROUTES.into_iter().chain([("POST", "/dead-letters/discard")]);
    for (method, path) in routes {
        let ask = || {
            let full = format!("/api/v1/admin{}", path.replace("{id}", &Uuid::now_v7().to_string()));
            let ask = Ask::new(method, &full);
            body_of(method, path).map_or_else(|| Ask::new(method, &full), |body| ask.json(&body))
        };
        admin.server.ask(ask()).await.refused(401, "unauthenticated");
        admin.server.ask(ask().session(&ola)).await.refused(403, "forbidden");
        let answer = admin.server.ask(ask().bearer(&reading)).await;
        match method {
            "GET" => assert!(matches!(answer.status, 200 | 404), "{method} {path}: {}", answer.text()),
            _ => drop(answer.refused(403, "forbidden")),
        }
    }
    assert_eq!(admin.server.count("select count(*) from jobs").await, 0);
    assert_eq!(admin.server.count("select count(*) from job_classes where paused_at is not null").await, 0);
    assert_eq!(admin.server.count("select count(*) from audit_log where action like '%job%'").await, 0);
}

#[tokio::test]
async fn a_job_is_enqueued_once_per_key_and_its_payload_kept_apart() {
    let admin = Admin::new().await;
    let body =
        json!({ "kind": "tool", "payload": { "tool": "backup", "input": "hunter2" }, "priority": "high", "unique_key": "a" });
    let ask = || Ask::new("POST", "/api/v1/admin/jobs").session(&admin.session).header("idempotency-key", "one");
    let made = admin.server.ask(ask().json(&body)).await.expect(201);
    assert_eq!((&made["state"], &made["priority"], &made["class"]), (&json!("ready"), &json!("high"), &json!("tools")));
    assert_eq!(admin.server.ask(ask().json(&body)).await.expect(201), made, "the same answer again");
    admin.server.ask(ask().json(&json!({ "kind": "noop" }))).await.refused(422, "idempotency_mismatch");
    admin.ask("POST", "/jobs", &body).await.refused(409, "conflict");
    assert_eq!(admin.server.count("select count(*) from jobs").await, 1);

    let shown = admin.get(&format!("/jobs/{}", id_of(&made))).await;
    assert_eq!((&shown["payload"]["input"], &shown["created_by"]), (&json!("hunter2"), &json!(admin.id)));
    let listed = admin.get("/jobs").await;
    assert_eq!(listed["items"], json!([made]));
    for told in [listed.to_string(), made.to_string(), json!(admin.audit("enqueue_job").await).to_string()] {
        assert!(!told.contains("hunter2"), "{told}");
    }
    assert_eq!(admin.audit("enqueue_job").await.len(), 1);
    let stored = "select count(*) from idempotency_keys where response::text like '%hunter2%'";
    assert_eq!(admin.server.count(stored).await, 0);
}

#[tokio::test]
async fn what_does_not_fit_is_refused_by_name() {
    let admin = Admin::new().await;
    let check = async |path: &str, body: Value, field: &str| {
        let problem = admin.ask("POST", path, &body).await.refused(400, "invalid");
        assert_eq!(problem["field"], field, "{body}: {problem}");
        assert!(!problem["detail"].as_str().unwrap().contains("hunter2"), "{problem}");
    };
    check("/jobs", json!({ "kind": "nonsense" }), "kind").await;
    check("/jobs", json!({ "kind": "noop", "priority": 1 }), "priority").await;
    check("/jobs", json!({ "kind": "noop", "run_at": "tomorrow" }), "run_at").await;
    check("/jobs", json!({ "kind": "noop", "payload": { "a": 1 } }), "payload").await;
    check("/jobs", json!({ "kind": "tool", "payload": { "tool": { "hunter2": 1 } } }), "payload").await;
    check("/jobs", json!({ "kind": "webhook", "payload": { "url": "ftp://a", "event": "a", "body": 1 } }), "payload.url").await;
    check("/jobs", json!({ "kind": "noop", "unique_key": "" }), "unique_key").await;
    let large = json!({ "kind": "tool", "payload": { "tool": "a", "input": "x".repeat(70_000) } });
    admin.ask("POST", "/jobs", &large).await.refused(413, "too_large");

    let schedule = |cron: &str, zone: &str| json!({ "name": "a", "kind": "noop", "cron": cron, "timezone": zone });
    check("/job-schedules", schedule("0 0 30 2 *", "UTC"), "cron").await;
    check("/job-schedules", schedule("every day", "UTC"), "cron").await;
    check("/job-schedules", schedule("0 0 * * *", "Mars/Olympus"), "timezone").await;
    check("/job-schedules", json!({ "name": " ", "kind": "noop", "cron": "0 0 * * *" }), "name").await;
    check("/job-schedules", json!({ "name": "a", "kind": "tool", "cron": "0 0 * * *" }), "payload").await;

    check("/dead-letters/replay", json!({ "ids": [] }), "ids").await;
    let many: Vec<Uuid> = (0..501).map(|_| Uuid::now_v7()).collect();
    check("/dead-letters/discard", json!({ "ids": many }), "ids").await;
    check("/job-classes/tools/pause", json!({ "reason": "x".repeat(201) }), "reason").await;
    for (path, field) in [("/jobs?state=gone", "state"), ("/jobs?cursor=x", "cursor"), ("/jobs/history?limit=0", "limit")] {
        let problem = admin.ask("GET", path, &Value::Null).await.refused(400, "invalid");
        assert_eq!(problem["field"], field, "{path}");
    }
    let nobody = Uuid::now_v7();
    for (method, path) in [
        ("GET", format!("/jobs/{nobody}")),
        ("POST", format!("/jobs/{nobody}/cancel")),
        ("POST", format!("/jobs/{nobody}/retry")),
        ("POST", "/job-classes/nonsense/pause".to_owned()),
        ("DELETE", format!("/job-schedules/{nobody}")),
        ("GET", format!("/dead-letters/{nobody}")),
    ] {
        admin.ask(method, &path, &Value::Null).await.refused(404, "not_found");
    }
    assert_eq!(
        admin.server.count("select count(*) from jobs").await + admin.server.count("select count(*) from job_schedules").await,
        0
    );
}

#[tokio::test]
async fn lists_are_filtered_and_paged() {
    let admin = Admin::new().await;
    for _ in 0..3 {
        admin.insert(NewJob::new(JobKind::Noop, json!({}))).await;
    }
    let later = crate::server::now() + Duration::from_secs(3600);
    admin.insert(NewJob { run_at: Some(later), ..NewJob::new(JobKind::Retention, json!({})) }).await;
    let ids = |page: &Value| -> Vec<Uuid> { page["items"].as_array().unwrap().iter().map(id_of).collect() };
    let first = admin.get("/jobs?state=ready&limit=2").await;
    let second = admin.get(&format!("/jobs?state=ready&limit=2&cursor={}", first["next_cursor"].as_str().unwrap())).await;
    let mut seen = [ids(&first), ids(&second)].concat();
    assert_eq!((seen.len(), &second["next_cursor"]), (3, &Value::Null));
    seen.dedup();
    assert_eq!(seen.len(), 3);
    assert_eq!(ids(&admin.get("/jobs?kind=retention").await), ids(&admin.get("/jobs?state=scheduled").await));
    assert!(ids(&admin.get("/jobs?class=tools").await).is_empty());

    let held = admin.claim(JobKind::Noop).await;
    let done = |held: Held, succeeded| store::job::Finished { held, succeeded, result: Some(json!({ "n": 1 })) };
    let finished = [done(held[0], true), done(held[1], false)];
    store::job::complete_jobs(admin.server.db.pool(), &finished).await.unwrap();
    store::job::bury_jobs(admin.server.db.pool(), &held[2..], "no").await.unwrap();
    for (query, id, state) in
        [("succeeded", held[0].id, "succeeded"), ("cancelled", held[1].id, "cancelled"), ("failed", held[2].id, "failed")]
    {
        let page = admin.get(&format!("/jobs/history?outcome={query}&kind=noop")).await;
        assert_eq!((ids(&page), &page["items"][0]["state"]), (vec![id], &json!(state)));
    }
    let shown = admin.get(&format!("/jobs/{}", held[0].id)).await;
    assert_eq!((&shown["result"], shown["ended_at"].is_string()), (&json!({ "n": 1 }), true));
    let one = admin.get("/jobs/history?limit=1").await;
    let rest = admin.get(&format!("/jobs/history?cursor={}", one["next_cursor"].as_str().unwrap())).await;
    assert_eq!(rest["items"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_job_is_cancelled_and_retried() {
    let admin = Admin::new().await;
    let later = crate::server::now() + Duration::from_secs(3600);
    let id = admin.insert(NewJob { run_at: Some(later), ..NewJob::new(JobKind::Noop, json!({})) }).await;
    let due = admin.post(&format!("/jobs/{id}/retry"), Value::Null).await;
    assert_eq!(due["state"], "ready");
    assert_eq!(admin.post(&format!("/jobs/{id}/retry"), Value::Null).await["state"], "ready");
    assert_eq!(admin.audit("retry_job").await.len(), 1, "the second changed nothing");
    assert_eq!(admin.claim(JobKind::Noop).await.len(), 1, "it is due");
    admin.ask("POST", &format!("/jobs/{id}/retry"), &Value::Null).await.refused(409, "conflict");
    let told = admin.post(&format!("/jobs/{id}/cancel"), Value::Null).await;
    assert!(told["state"] == "running" && told["cancel_requested_at"].is_string(), "{told}");

    let waiting = admin.insert(NewJob::new(JobKind::Noop, json!({}))).await;
    let ended = admin.post(&format!("/jobs/{waiting}/cancel"), Value::Null).await;
    assert_eq!(ended["state"], "cancelled");
    admin.ask("POST", &format!("/jobs/{waiting}/cancel"), &Value::Null).await.refused(409, "conflict");
    let at_once: Vec<Value> = admin.audit("cancel_job").await.iter().map(|entry| entry["at_once"].clone()).collect();
    assert_eq!(at_once, [json!(false), json!(true)]);
}

#[tokio::test]
async fn a_class_is_paused_for_all_workers_until_it_is_resumed() {
    let admin = Admin::new().await;
    admin.insert(NewJob::new(JobKind::Noop, json!({}))).await;
    let paused = admin.post("/job-classes/upkeep/pause", json!({ "reason": "a new disk" })).await;
    assert_eq!((&paused["paused_by"]["title"], &paused["paused_reason"]), (&json!("kari"), &json!("a new disk")));
    assert_eq!(admin.claim(JobKind::Noop).await, []);
    let listed = admin.get("/job-classes").await;
    let upkeep = listed["items"].as_array().unwrap().iter().find(|class| class["name"] == "upkeep").unwrap();
    assert_eq!(*upkeep, paused);
    assert!(paused["kinds"].as_array().unwrap().contains(&json!("noop")));
    let resumed = admin.post("/job-classes/upkeep/resume", Value::Null).await;
    assert_eq!((&resumed["paused_at"], &resumed["paused_by"]), (&Value::Null, &Value::Null));
    assert_eq!(admin.claim(JobKind::Noop).await.len(), 1);
    assert_eq!(admin.audit("pause_jobs").await[0]["reason"], "a new disk");
    assert_eq!(admin.audit("resume_jobs").await.len(), 1);
}

#[tokio::test]
async fn schedules_are_made_changed_and_deleted() {
    let admin = Admin::new().await;
    let pool = admin.server.db.pool();
    store::job_schedule::ensure_builtin_schedule(pool, "retention", "retention", "17 * * * *").await.unwrap();
    let new = json!({ "name": "backup", "kind": "tool", "payload": { "tool": "backup" }, "cron": "15 3 * * *", "timezone": "Europe/Oslo" });
    let made = admin.ask("POST", "/job-schedules", &new).await.expect(201);
    assert!(made["next_at"].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap() > crate::server::now());
    admin.ask("POST", "/job-schedules", &new).await.refused(409, "conflict");
    let path = format!("/job-schedules/{}", id_of(&made));
    let changed = admin.ask("PATCH", &path, &json!({ "enabled": false, "cron": "30 4 1 * *" })).await.expect(200);
    assert!(changed["enabled"] == false && changed["next_at"] != made["next_at"], "{changed}");
    let problem = admin.ask("PATCH", &path, &json!({ "cron": "0 0 31 4 *" })).await.refused(400, "invalid");
    assert_eq!(problem["field"], "cron");
    admin.ask("PATCH", &path, &json!({ "kind": "webhook" })).await.refused(400, "invalid");
    admin.ask("PATCH", &path, &json!({})).await.refused(400, "invalid");
    let all = admin.get("/job-schedules").await["items"].clone();
    assert_eq!((&all[0]["payload"]["tool"], &all[1]["builtin"]), (&json!("backup"), &json!(true)));

    let builtin = format!("/job-schedules/{}", id_of(&all[1]));
    admin.ask("DELETE", &builtin, &Value::Null).await.refused(409, "conflict");
    admin.ask("PATCH", &builtin, &json!({ "name": "other" })).await.refused(409, "conflict");
    admin.ask("PATCH", &builtin, &json!({ "kind": "noop" })).await.refused(409, "conflict");
    assert_eq!(admin.ask("PATCH", &builtin, &json!({ "enabled": false })).await.expect(200)["enabled"], false);
    admin.ask("DELETE", &path, &Value::Null).await.expect(204);
    assert_eq!(admin.server.count("select count(*) from job_schedules").await, 1);
    let fields = admin.audit("update_job_schedule").await[0]["fields"].clone();
    assert_eq!(fields, json!(["cron", "enabled"]));
    assert_eq!(admin.audit("delete_job_schedule").await.len(), 1);
}

#[tokio::test]
async fn dead_letters_are_corrected_and_replayed_where_they_stopped() {
    let admin = Admin::new().await;
    let ids = admin.letters(3, &json!({ "secret": "hunter2" })).await;
    let listed = admin.get("/dead-letters?kind=noop").await;
    assert_eq!(listed["items"].as_array().unwrap().len(), 3);
    assert!(!listed.to_string().contains("hunter2") && listed["items"][0]["has_checkpoint"] == true, "{listed}");
    let shown = admin.get(&format!("/dead-letters/{}", ids[0])).await;
    assert_eq!((&shown["payload"]["secret"], &shown["checkpoint"]), (&json!("hunter2"), &json!({ "at": 7 })));

    // None of them is, while one does not fit.
    admin.ask("PATCH", &format!("/dead-letters/{}", ids[0]), &json!({ "payload": {} })).await.expect(204);
    admin.ask("PATCH", &format!("/dead-letters/{}", ids[1]), &json!({ "payload": [] })).await.refused(400, "invalid");
    let problem = admin.ask("POST", "/dead-letters/replay", &json!({ "ids": ids })).await.refused(400, "invalid");
    assert_eq!(problem["field"], "ids[1].payload");
    assert_eq!(admin.server.count("select count(*) from jobs").await, 0);

    admin.ask("PATCH", &format!("/dead-letters/{}", ids[1]), &json!({ "payload": {} })).await.expect(204);
    let replayed = admin.post("/dead-letters/replay", json!({ "ids": ids[..2] })).await;
    let job: Uuid = replayed["items"][1]["job_id"].as_str().unwrap().parse().unwrap();
    assert_eq!(replayed["items"][1]["id"], json!(ids[1]));
    let job = admin.get(&format!("/jobs/{job}")).await;
    assert_eq!((&job["attempt"], &job["checkpoint"], &job["state"]), (&json!(0), &json!({ "at": 7 }), &json!("ready")));
    admin.ask("POST", "/dead-letters/replay", &json!({ "ids": ids[..1] })).await.refused(409, "conflict");
    admin.ask("PATCH", &format!("/dead-letters/{}", ids[0]), &json!({ "payload": {} })).await.refused(409, "conflict");
    admin.ask("POST", "/dead-letters/discard", &json!({ "ids": [ids[2], Uuid::now_v7()] })).await.refused(404, "not_found");
    admin.ask("POST", "/dead-letters/discard", &json!({ "ids": [ids[2]] })).await.expect(204);
    assert_eq!(admin.get("/dead-letters").await["items"], json!([]));
    let decided = admin.get("/dead-letters?open=false").await;
    let resolutions: Vec<&str> = decided["items"].as_array().unwrap().iter().filter_map(|l| l["resolution"].as_str()).collect();
    assert_eq!(resolutions.iter().filter(|r| **r == "replayed").count(), 2, "{decided}");
    assert_eq!(admin.server.count("select count(*) from jobs").await, 2);
    for action in ["edit_dead_letter", "replay_dead_letters", "discard_dead_letters"] {
        let entries = json!(admin.audit(action).await).to_string();
        assert!(entries.len() > 2 && !entries.contains("hunter2"), "{action}: {entries}");
    }
}

#[tokio::test]
async fn five_hundred_letters_are_replayed_at_once() {
    let admin = Admin::new().await;
    let ids = admin.letters(500, &json!({})).await;
    assert_eq!(ids.len(), 500);
    let replayed = admin.post("/dead-letters/replay", json!({ "ids": ids })).await;
    assert_eq!(replayed["items"].as_array().unwrap().len(), 500);
    let kept = r#"select count(*) from jobs where checkpoint = '{"at": 7}'"#;
    assert_eq!(admin.server.count(kept).await, 500);
    assert_eq!(admin.audit("replay_dead_letters").await[0]["count"], 500);
}

#[tokio::test]
async fn the_figures_are_those_of_the_queue() {
    let admin = Admin::new().await;
    for _ in 0..4 {
        admin.insert(NewJob::new(JobKind::Noop, json!({}))).await;
    }
    let held = admin.claim(JobKind::Noop).await;
    admin.insert(NewJob::new(JobKind::Noop, json!({}))).await;
    let finished = [store::job::Finished { held: held[0], succeeded: true, result: None }];
    store::job::complete_jobs(admin.server.db.pool(), &finished).await.unwrap();
    store::job::bury_jobs(admin.server.db.pool(), &held[1..2], "no").await.unwrap();
    let stats = admin.get("/job-stats").await;
    let noop = &stats["kinds"][0];
    assert_eq!((&noop["waiting"], &noop["running"], &noop["scheduled"]), (&json!(1), &json!(2), &json!(0)), "{stats}");
    assert!(noop["oldest_due_s"].as_f64().unwrap() >= 0.0);
    let minutes = stats["minutes"].as_array().unwrap();
    assert_eq!(minutes.len(), 60);
    let sum = |name: &str| minutes.iter().filter_map(|minute| minute[name].as_i64()).sum::<i64>();
    assert_eq!((sum("succeeded"), sum("failed"), sum("cancelled")), (1, 1, 0));
    // Their worker never told that it lives.
    let workers = stats["workers"].as_array().unwrap();
    assert_eq!((workers.len(), &workers[0]["alive"], workers[0]["jobs"].as_array().unwrap().len()), (1, &json!(false), 2));
    assert_eq!(stats["dead_letters_open"], 1);
}
