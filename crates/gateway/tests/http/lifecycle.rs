//! How far Synops itself is: everybody is told when, and only those who may see it what and who.

use crate::server::{Ask, Server, id_of, now};
use chrono::TimeDelta;
use domain::EdgeKind;
use domain::job::{JobKind, NewJob};
use domain::lifecycle::Window;
use domain::maintenance::MaintenanceState;
use domain::node::INSTANCE_ID;
use serde_json::{Value, json};
use uuid::Uuid;

/// A maintenance of Synops, and a system of a closed workspace besides, planned and told of.
async fn planned(server: &Server, admin: &str, system: Uuid) -> Uuid {
    let (starts_at, ends_at) = (now() + TimeDelta::minutes(30), now() + TimeDelta::minutes(60));
    let plan = json!({ "title": "Secret upgrade", "starts_at": starts_at, "ends_at": ends_at, "affects": [INSTANCE_ID, system],
        "parent_id": INSTANCE_ID });
    let id = id_of(&server.ask(Ask::new("POST", "/api/v1/maintenances").session(admin).json(&plan)).await.expect(201));
    server.windows.send_replace(Some(Window {
        maintenance_id: id,
        state: MaintenanceState::Scheduled,
        starts_at,
        ends_at,
        drain_until: None,
        rolling: false,
        admins_only: false,
        blocked_classes: Vec::new(),
    }));
    id
}

#[tokio::test]
async fn everybody_is_told_when_and_only_administrators_who() {
    let server = Server::new().await;
    let admin = server.db.person("admin").await;
    server.db.grant(admin, EdgeKind::Owner, INSTANCE_ID).await;
    let workspace = server.db.workspace("Payments").await;
    let system = server.db.system("Checkout", workspace).await;
    let (member, stranger) = (server.db.person("member").await, server.db.person("stranger").await);
    server.db.grant(member, EdgeKind::MemberOf, workspace).await;
    let sessions = (server.session(admin).await, server.session(member).await, server.session(stranger).await);

    let none = server.ask(Ask::get("/api/v1/lifecycle")).await.expect(200);
    assert_eq!((&none["phase"], &none["window"]), (&json!("running"), &Value::Null), "{none}");
    let nothing = server.ask(Ask::get("/api/v1/lifecycle/mine").session(&sessions.1)).await.expect(200);
    assert_eq!(nothing, json!({ "maintenance_id": null, "jobs": [], "systems": [], "truncated": false }));

    let id = planned(&server, &sessions.0, system).await;
    let told = server.ask(Ask::get("/api/v1/lifecycle")).await.expect(200);
    assert_eq!((&told["window"]["maintenance_id"], &told["window"]["state"]), (&json!(id), &json!("scheduled")));
    assert!(!told.to_string().contains("Secret"), "its title is for those who may see it: {told}");

    // Mine: what I enqueued, and what I may see.
    let mut db = server.db.pool().acquire().await.unwrap();
    let job = |by| NewJob {
        created_by: Some(by),
        run_at: Some(now() + TimeDelta::minutes(40)),
        ..NewJob::new(JobKind::Noop, json!({}))
    };
    let (mine, theirs) = (job(member), job(stranger));
    let mine_id = mine.id;
    store::job::insert_jobs(&mut db, &[mine, theirs]).await.unwrap();
    let told = server.ask(Ask::get("/api/v1/lifecycle/mine").session(&sessions.1)).await.expect(200);
    let jobs: Vec<&Value> = told["jobs"].as_array().unwrap().iter().map(|job| &job["id"]).collect();
    assert_eq!(jobs, [&json!(mine_id)], "{told}");
    assert_eq!(told["jobs"][0]["fate"], "waits");
    let told = server.ask(Ask::get("/api/v1/lifecycle/mine").session(&sessions.2)).await.expect(200);
    assert_eq!((told["jobs"].as_array().unwrap().len(), &told["systems"]), (1, &json!([])), "{told}");
    let told = server.ask(Ask::get("/api/v1/lifecycle/mine").session(&sessions.0)).await.expect(200);
    assert_eq!(told["systems"], json!([{ "id": system, "title": "Checkout" }]), "{told}");
    server.ask(Ask::get("/api/v1/lifecycle/mine")).await.expect(401);

    // Who is connected, and what runs, is the administrators' alone.
    let path = "/api/v1/admin/maintenance";
    server.ask(Ask::get(path)).await.expect(401);
    server.ask(Ask::get(path).session(&sessions.1)).await.expect(403);
    let status = server.ask(Ask::get(path).session(&sessions.0)).await.expect(200);
    assert_eq!((&status["maintenance"]["id"], &status["mode"]), (&json!(id), &json!("full")), "{status}");
    let countdown = status["countdown_s"].as_i64().unwrap();
    assert!((1_700..=1_800).contains(&countdown), "{countdown}");
}

#[tokio::test]
async fn while_it_is_checked_only_administrators_are_let_in() {
    let server = Server::new().await;
    let admin = server.db.person("admin").await;
    server.db.grant(admin, EdgeKind::Owner, INSTANCE_ID).await;
    let workspace = server.db.workspace("Payments").await;
    let system = server.db.system("Checkout", workspace).await;
    let member = server.db.person("member").await;
    server.db.grant(member, EdgeKind::Owner, workspace).await;
    let (admin, member) = (server.session(admin).await, server.session(member).await);
    planned(&server, &admin, system).await;
    let ask = async |path: &str, session: Option<&String>| {
        let ask = Ask::get(path);
        let ask = session.map_or(ask, |session| Ask::get(path).session(session));
        server.ask(ask).await.status
    };
    let system = format!("/api/v1/systems/{system}");
    for (only, expect) in [(false, 200), (true, 503), (false, 200)] {
        server.windows.send_modify(|window| window.as_mut().unwrap().admins_only = only);
        for path in ["/api/v1/nodes", system.as_str(), "/api/v1/me/tokens"] {
            assert_eq!(ask(path, Some(&member)).await, expect, "{path}");
            assert_eq!(ask(path, Some(&admin)).await, 200, "{path}");
        }
        // The socket: as for every request, before it is one.
        assert_eq!(ask("/api/v1/live", Some(&member)).await == 503, only);
        assert_eq!(ask("/api/v1/nodes", None).await, expect);
        for open in ["/api/v1/lifecycle", "/api/v1/me", "/healthz", "/api/v1/lifecycle/mine"] {
            assert_eq!(ask(open, Some(&member)).await, 200, "{open}");
        }
    }
}
