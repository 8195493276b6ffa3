//! Typed routes.

use crate::server::{Ask, Server, id_of};
use domain::EdgeKind;
use domain::node::INSTANCE_ID;
use serde_json::{Value, json};
use uuid::Uuid;

/// A server and the session of its owner.
async fn place() -> (Server, String) {
    let server = Server::new().await;
    let owner = server.db.person("owner").await;
    server.db.grant(owner, EdgeKind::Owner, INSTANCE_ID).await;
    let session = server.session(owner).await;
    (server, session)
}

async fn create(server: &Server, session: &str, noun: &str, body: Value) -> Value {
    let answer = server.ask(Ask::new("POST", &format!("/api/v1/{noun}")).session(session).json(&body)).await;
    let node = answer.expect(201);
    assert_eq!(answer.header("location"), format!("/api/v1/nodes/{}", id_of(&node)));
    assert_eq!(answer.header("etag"), format!("\"{}\"", node["version"]));
    node
}

fn change(session: &str, noun: &str, node: &Value, body: &Value) -> Ask {
    let path = format!("/api/v1/{noun}/{}", id_of(node));
    Ask::new("PATCH", &path).session(session).if_match(node["version"].as_i64().unwrap()).json(body)
}

#[tokio::test]
async fn every_noun_is_made_read_changed_and_deleted() {
    let (server, session) = place().await;
    let workspace = create(&server, &session, "workspaces", json!({ "title": "Payments", "visibility": "public" })).await;
    assert_eq!(workspace["scope"], json!({ "visibility": "public", "isolated": false }));
    let parent = id_of(&workspace);
    let nouns = [
        ("workspaces", "workspace", json!({ "title": "w" })),
        ("groups", "group", json!({ "title": "g", "parent_id": parent })),
        ("systems", "system", json!({ "title": "s", "parent_id": parent })),
        ("environments", "environment", json!({ "title": "e", "parent_id": parent })),
        ("teams", "team", json!({ "title": "t" })),
        ("people", "person", json!({ "title": "p", "login": "p" })),
    ];
    for (noun, kind, body) in nouns {
        let made = create(&server, &session, noun, body).await;
        assert_eq!(made["kind"], kind);
        let path = format!("/api/v1/{noun}/{}", id_of(&made));
        let mut read = server.ask(Ask::get(&path).session(&session)).await.expect(200);
        if kind == "system" {
            // Told where it is read alone: it depends on who asks.
            assert_eq!(read.as_object_mut().unwrap().remove("cause"), Some(Value::Null));
        }
        assert_eq!(read, made);
        let list = server.ask(Ask::get(&format!("/api/v1/{noun}")).session(&session)).await.expect(200);
        assert!(list["items"].as_array().unwrap().contains(&made), "{list}");
        assert!(list["items"].as_array().unwrap().iter().all(|node| node["kind"] == kind));
        let changed = server
            .ask(change(&session, noun, &made, &json!({ "title": "new", "body": "# b", "attrs": { "a": [1] } })))
            .await
            .expect(200);
        assert_eq!(
            (&changed["title"], &changed["body"], &changed["attrs"]),
            (&json!("new"), &json!("# b"), &json!({ "a": [1] }))
        );
        server.ask(change(&session, noun, &changed, &json!({}))).await.refused(400, "invalid");
        server.ask(change(&session, noun, &changed, &json!({ "nonsense": 1 }))).await.refused(400, "invalid");
        // Under another noun's route it is not there.
        let other = if noun == "teams" { "people" } else { "teams" };
        server.ask(Ask::get(&format!("/api/v1/{other}/{}", id_of(&made))).session(&session)).await.refused(404, "not_found");
        server.ask(change(&session, other, &changed, &json!({ "title": "x" }))).await.refused(404, "not_found");
        let delete = Ask::new("DELETE", &path).session(&session).if_match(changed["version"].as_i64().unwrap());
        server.ask(delete).await.expect(204);
        server.ask(Ask::get(&path).session(&session)).await.refused(404, "not_found");
    }
}

#[tokio::test]
async fn any_number_among_the_attributes_reads_back_as_it_was() {
    let (server, session) = place().await;
    // PostgreSQL writes them out digit by digit, which is where a hasty reader goes past the largest there is.
    let attrs = json!({ "largest": f64::MAX, "least": f64::MIN, "tiny": f64::MIN_POSITIVE, "odd": 0.1 + 0.2, "whole": u64::MAX });
    let made = create(&server, &session, "workspaces", json!({ "title": "w", "attrs": attrs })).await;
    assert_eq!(made["attrs"], attrs);
    let read = server.ask(Ask::get(&format!("/api/v1/workspaces/{}", id_of(&made))).session(&session)).await.expect(200);
    assert_eq!(read["attrs"], attrs);
}

#[tokio::test]
async fn a_system_is_flat_and_its_password_is_never_told() {
    let (server, session) = place().await;
    let parent = id_of(&create(&server, &session, "workspaces", json!({ "title": "w" })).await);
    let body = json!({ "title": "db", "parent_id": parent, "interval_s": 30, "password": "s3cret-pw",
        "check": { "type": "postgres", "url": "postgres://app@db.test/app" } });
    let made = create(&server, &session, "systems", body).await;
    assert_eq!(made["system"]["has_password"], true);
    assert_eq!(made["system"]["interval_s"], 30);
    assert_eq!(made["system"]["state"], "unknown");
    let off = server.ask(change(&session, "systems", &made, &json!({ "check": null }))).await.expect(200);
    assert_eq!((&off["system"]["check"], &off["system"]["has_password"]), (&Value::Null, &json!(false)));
    let problem = server
        .ask(change(&session, "systems", &off, &json!({ "check": { "type": "http", "url": "ftp://x" } })))
        .await
        .refused(400, "invalid");
    assert_eq!(problem["field"], "check.url");
    let problem = server.ask(change(&session, "systems", &off, &json!({ "interval_s": 1 }))).await.refused(400, "invalid");
    assert_eq!(problem["field"], "interval_s");
    let kept = "select count(*) from audit_log where audit_log::text like '%s3cret-pw%'";
    assert_eq!(server.count(kept).await, 0);
}

#[tokio::test]
async fn fields_and_scope_change_together_and_a_move_goes_alone() {
    let (server, session) = place().await;
    let w = id_of(&create(&server, &session, "workspaces", json!({ "title": "w" })).await);
    let other = id_of(&create(&server, &session, "workspaces", json!({ "title": "other" })).await);
    let group = create(&server, &session, "groups", json!({ "title": "g", "parent_id": w })).await;
    assert!(group["scope"].is_null());
    let group = server
        .ask(change(&session, "groups", &group, &json!({ "title": "h", "visibility": "signed_in", "isolated": false })))
        .await
        .expect(200);
    assert_eq!((&group["title"], &group["scope"]["visibility"]), (&json!("h"), &json!("signed_in")));
    assert_eq!(group["scope_id"], group["id"]);

    server.ask(change(&session, "groups", &group, &json!({ "parent_id": other, "title": "x" }))).await.refused(400, "invalid");
    let moved = server.ask(change(&session, "groups", &group, &json!({ "parent_id": other }))).await.expect(200);
    assert_eq!((&moved["parent_id"], &moved["title"]), (&json!(other), &json!("h")));
    let scoped = create(&server, &session, "groups", json!({ "title": "g2", "parent_id": w, "visibility": "public" })).await;
    assert_eq!(scoped["scope"]["visibility"], "public");
}

#[tokio::test]
async fn people_have_logins_of_their_own() {
    let (server, session) = place().await;
    let kari =
        create(&server, &session, "people", json!({ "title": "Kari", "login": "kari", "email": "kari@example.org" })).await;
    assert_eq!(kari["person"], json!({ "login": "kari", "email": "kari@example.org", "disabled": false }));
    let again = Ask::new("POST", "/api/v1/people").session(&session).json(&json!({ "title": "Kari", "login": "kari" }));
    server.ask(again).await.refused(409, "conflict");
    let bad = Ask::new("POST", "/api/v1/people").session(&session).json(&json!({ "title": "K", "login": "Kari Nordmann" }));
    assert_eq!(server.ask(bad).await.refused(400, "invalid")["field"], "login");
    let own = server.session(id_of(&kari)).await;
    let disabled = server.ask(change(&session, "people", &kari, &json!({ "disabled": true }))).await.expect(200);
    assert_eq!(disabled["person"]["disabled"], true);
    assert!(server.ask(Ask::get("/api/v1/me").session(&own)).await.json()["person"].is_null());
    let path = format!("/api/v1/people/{}/sign-in-link", id_of(&kari));
    server.ask(Ask::new("POST", &path).session(&session)).await.refused(409, "conflict");
}

#[tokio::test]
async fn runs_of_a_check_are_listed_newest_first() {
    let (server, session) = place().await;
    let w = server.db.workspace("w").await;
    let system = server.db.system("s", w).await;
    let insert = "insert into check_runs (system_id, at, ok, latency_ms, error)
        select $1, clock_timestamp() - n * interval '1 minute', n % 2 = 0, n, case when n % 2 = 1 then 'refused' end from generate_series(0, 39) n";
    sqlx::query(insert).bind(system).execute(server.db.owner_pool()).await.unwrap();
    let path = format!("/api/v1/systems/{system}/checks");
    let first = server.ask(Ask::get(&format!("{path}?limit=30")).session(&session)).await.expect(200);
    let next = first["next_cursor"].as_str().unwrap();
    let rest = server.ask(Ask::get(&format!("{path}?limit=30&cursor={next}")).session(&session)).await.expect(200);
    let all: Vec<f64> =
        [&first, &rest].iter().flat_map(|p| p["items"].as_array().unwrap()).map(|r| r["latency_ms"].as_f64().unwrap()).collect();
    assert_eq!(all, (0..40).map(f64::from).collect::<Vec<_>>());
    assert!(rest["next_cursor"].is_null());
    let one = &first["items"][1];
    assert_eq!((&one["ok"], &one["error"]), (&json!(false), &json!("refused")));
    let none = server.ask(Ask::get(&format!("{path}?to=2020-01-01T00:00:00Z")).session(&session)).await.expect(200);
    assert_eq!(none, json!({ "items": [], "next_cursor": null }));
    let points = server
        .ask(Ask::get(&format!("/api/v1/systems/latency?ids={system},{}", Uuid::now_v7())).session(&session))
        .await
        .expect(200);
    assert_eq!(points["items"].as_array().unwrap().len(), 1);
    assert_eq!(points["items"][0]["points"].as_array().unwrap().len(), 30);
    assert_eq!(points["items"][0]["points"][29]["latency_ms"], 0.0);
}
