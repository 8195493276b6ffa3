//! The same request twice.

use crate::server::{Ask, Server};
use domain::EdgeKind;
use serde_json::{Value, json};
use uuid::Uuid;

async fn place() -> (Server, Uuid, String) {
    let server = Server::new().await;
    let workspace = server.db.workspace("w").await;
    let kari = server.db.person("kari").await;
    server.db.grant(kari, EdgeKind::MemberOf, workspace).await;
    let session = server.session(kari).await;
    (server, workspace, session)
}

fn create(workspace: Uuid, title: &str) -> Value {
    json!({ "intentions": [{ "type": "create_node", "kind": "system", "parent_id": workspace, "title": title }] })
}

#[tokio::test]
async fn a_repeat_answers_as_the_first_time_and_does_nothing() {
    let (server, workspace, session) = place().await;
    for (path, body, status) in [
        ("/api/v1/intentions", create(workspace, "a"), 200),
        ("/api/v1/systems", json!({ "title": "b", "parent_id": workspace }), 201),
    ] {
        let key = |key: &str| Ask::new("POST", path).session(&session).header("idempotency-key", key).json(&body);
        let first = server.ask(key(path)).await;
        first.expect(status);
        let again = server.ask(key(path)).await;
        assert_eq!((again.expect(status), again.header("etag")), (first.json(), first.header("etag")));
        server.ask(key(&format!("{path}2"))).await.expect(status);
    }
    assert_eq!(server.count("select count(*) from systems").await, 4);
}

#[tokio::test]
async fn a_key_belongs_to_one_request_of_one_caller() {
    let (server, workspace, session) = place().await;
    let ask = |body: &Value| Ask::new("POST", "/api/v1/intentions").header("idempotency-key", "k").json(body);
    server.ask(ask(&create(workspace, "a")).session(&session)).await.expect(200);
    server.ask(ask(&create(workspace, "b")).session(&session)).await.refused(422, "idempotency_mismatch");
    let other_path = Ask::new("POST", "/api/v1/systems").header("idempotency-key", "k").session(&session);
    let other_path = other_path.json(&json!({ "title": "b", "parent_id": workspace }));
    server.ask(other_path).await.refused(422, "idempotency_mismatch");
    server.ask(ask(&create(workspace, "a"))).await.refused(401, "unauthenticated");
    let ola = server.db.person("ola").await;
    server.db.grant(ola, EdgeKind::MemberOf, workspace).await;
    let ola = server.session(ola).await;
    server.ask(ask(&create(workspace, "b")).session(&ola)).await.expect(200);
    assert_eq!(server.count("select count(*) from systems").await, 2);
}

#[tokio::test]
async fn a_refused_request_leaves_its_key_free() {
    let (server, workspace, session) = place().await;
    let ask = |body: &Value| Ask::new("POST", "/api/v1/intentions").session(&session).header("idempotency-key", "k").json(body);
    server.ask(ask(&create(workspace, ""))).await.refused(400, "invalid");
    server.ask(ask(&create(Uuid::now_v7(), "a"))).await.refused(404, "not_found");
    server.ask(ask(&create(workspace, "a"))).await.expect(200);
}

#[tokio::test]
async fn keys_are_short_and_visible_and_never_keep_a_secret() {
    let (server, workspace, session) = place().await;
    for bad in ["", "a b", &"x".repeat(129)] {
        let ask = Ask::new("POST", "/api/v1/intentions").session(&session).header("idempotency-key", bad);
        assert_eq!(server.ask(ask.json(&create(workspace, "a"))).await.refused(400, "invalid")["field"], "Idempotency-Key");
    }
    let token = Ask::new("POST", "/api/v1/me/tokens").session(&session).header("idempotency-key", "k");
    let token = token.json(&json!({ "name": "t", "access": "read" }));
    assert_eq!(server.ask(token).await.refused(400, "invalid")["field"], "Idempotency-Key");
    assert_eq!(server.count("select count(*) from idempotency_keys").await, 0);
}

#[tokio::test]
async fn all_or_nothing() {
    let (server, workspace, session) = place().await;
    let ask = |all: Vec<Value>| Ask::new("POST", "/api/v1/intentions").session(&session).json(&json!({ "intentions": all }));
    let good = json!({ "type": "create_node", "kind": "system", "parent_id": workspace, "title": "a" });
    let bad = json!({ "type": "create_node", "kind": "system", "parent_id": workspace, "title": "" });
    let problem = server.ask(ask(vec![good.clone(), bad.clone()])).await.refused(400, "invalid");
    assert_eq!(problem["field"], "intentions[1].title");
    // 500 are looked at, the last as well as the first.
    let mut most = vec![good.clone(); 499];
    most.push(bad);
    let problem = server.ask(ask(most)).await.refused(400, "invalid");
    assert_eq!(problem["field"], "intentions[499].title");
    server.ask(ask(Vec::new())).await.refused(400, "invalid");
    server.ask(ask(vec![good.clone(); 501])).await.refused(400, "invalid");
    assert_eq!(server.count("select count(*) from systems").await, 0);
    assert_eq!(server.ask(ask(vec![good; 20])).await.expect(200)["results"].as_array().unwrap().len(), 20);
}
