//! Whatever comes in is answered with a problem, never with a fault of ours.

use crate::server::{Ask, Server};
use domain::EdgeKind;
use domain::limits::REQUEST_BODY_MAX_BYTES;
use domain::node::INSTANCE_ID;
use serde_json::json;

async fn place() -> (Server, String) {
    let server = Server::new().await;
    let owner = server.db.person("owner").await;
    server.db.grant(owner, EdgeKind::Owner, INSTANCE_ID).await;
    let session = server.session(owner).await;
    (server, session)
}

#[tokio::test]
async fn odd_paths_and_queries() {
    let (server, session) = place().await;
    let id = INSTANCE_ID;
    let long = "x".repeat(5_000);
    for path in [
        "nodes/x".to_owned(),
        "nodes/%00".to_owned(),
        "nodes/%ff".to_owned(),
        format!("nodes/{id}x"),
        "nodes?limit=0".to_owned(),
        "nodes?limit=201".to_owned(),
        "nodes?limit=-9223372036854775808".to_owned(),
        "nodes?limit=99999999999999999999999".to_owned(),
        "nodes?limit=".to_owned(),
        "nodes?kind=nonsense".to_owned(),
        "nodes?parent_id=x".to_owned(),
        "nodes?q=%00".to_owned(),
        format!("nodes?q={long}"),
        "nodes?cursor=".to_owned(),
        "nodes?cursor=%00".to_owned(),
        "nodes?cursor=WyJhXHUwMDAwYiIsIjAwMDAwMDAwLTAwMDAtMDAwMC0wMDAwLTAwMDAwMDAwMDAwMCJd".to_owned(),
        format!("nodes?cursor={long}"),
        "nodes?limit=1&limit=2".to_owned(),
        format!("nodes/{id}/edges?direction=up"),
        format!("nodes/{id}/edges?cursor=MQ"),
        format!(
            "nodes/{id}/audit?cursor=WyIrMjAwMDAwLTAxLTAxVDAwOjAwOjAwWiIsIjAwMDAwMDAwLTAwMDAtMDAwMC0wMDAwLTAwMDAwMDAwMDAwMCJd"
        ),
        format!("systems/{id}/checks?from=yesterday"),
        format!("systems/{id}/checks?from=%2B200000-01-01T00:00:00Z"),
        "systems/latency".to_owned(),
        "systems/latency?ids=x".to_owned(),
        "systems/latency?ids=%00".to_owned(),
    ] {
        let problem = server.ask(Ask::get(&format!("/api/v1/{path}")).session(&session)).await.refused(400, "invalid");
        assert!(!problem["field"].as_str().unwrap().is_empty(), "{path}: {problem}");
        assert!(problem["detail"].as_str().unwrap().len() < 1_000, "{problem}");
    }
    // An id of another form, and what nobody knows.
    for path in ["nodes/00000000000070008000000000000001", "nodes?nonsense=1", "nodes?q=%ff"] {
        server.ask(Ask::get(&format!("/api/v1/{path}")).session(&session)).await.expect(200);
    }
}

#[tokio::test]
async fn odd_bodies() {
    let (server, session) = place().await;
    let post = |path: &str, body: Vec<u8>| Ask::new("POST", &format!("/api/v1/{path}")).session(&session).body(body);
    let node = |more: &str| {
        format!(r#"{{"intentions":[{{"type":"create_node","kind":"workspace","parent_id":"{INSTANCE_ID}","title":"a"{more}}}]}}"#)
            .into_bytes()
    };
    for body in [
        b"".to_vec(),
        b"null".to_vec(),
        b"[]".to_vec(),
        b"{".to_vec(),
        b"\xff\xfe{}".to_vec(),
        b"{\"intentions\":[{\"type\":\"create_node\",\"title\":\"\xff\"}]}".to_vec(),
        "[".repeat(200_000).into_bytes(),
        format!("{{\"intentions\":{}", "[{\"a\":".repeat(50_000)).into_bytes(),
        br#"{"intentions":[{"type":"nonsense"}]}"#.to_vec(),
        br#"{"intentions":[{"type":"delete_node","id":"x","version":1}]}"#.to_vec(),
        br#"{"intentions":[{"type":"delete_node","id":"00000000-0000-7000-8000-000000000001","version":1e400}]}"#.to_vec(),
        br#"{"intentions":[{"type":"delete_node","id":"00000000-0000-7000-8000-000000000001","version":9223372036854775808}]}"#
            .to_vec(),
        node(r#","nonsense":1"#),
        node(r#","title":"b""#),
        node(r#","body":"a\u0000b""#),
        node(r#","attrs":{"a":"\u0000"}"#),
        node(r#","attrs":{"\u0000":1}"#),
        node(r#","attrs":[]"#),
        node(&format!(r#","body":"{}""#, "x".repeat(65_537))),
        node(&format!(r#","attrs":{{"a":"{}"}}"#, "x".repeat(20_000))),
        node(r#","system":{"interval_s":99999999999}"#),
    ] {
        let shown = String::from_utf8_lossy(&body[..body.len().min(150)]).into_owned();
        let problem = server.ask(post("intentions", body)).await;
        assert_eq!(problem.status, 400, "{shown}: {}", problem.text());
        problem.refused(400, "invalid");
    }
    for (path, body) in [
        ("session", json!({ "login": 7, "password": "x" })),
        ("session", json!({ "login": "a" })),
        ("session/link", json!({ "token": null })),
        ("workspaces", json!({ "title": "a\0b" })),
        ("people", json!({ "title": "a", "login": "a\0b" })),
        ("people", json!({ "title": "a", "login": "ab", "email": "a\0b@c" })),
        ("systems", json!({ "title": "a", "parent_id": INSTANCE_ID, "check": { "type": "tcp", "address": "a\0b:1" } })),
        ("systems", json!({ "title": "a", "parent_id": INSTANCE_ID, "password": "a\0b" })),
        ("me/password", json!({ "new": 1 })),
    ] {
        let answer = server.ask(post(path, serde_json::to_vec(&body).unwrap())).await;
        assert_eq!(answer.status, 400, "{path} {body}: {}", answer.text());
    }
    assert_eq!(server.count("select count(*) from nodes where kind in ('workspace', 'system')").await, 0);
}

#[tokio::test]
async fn a_body_too_large_is_refused_unread() {
    let (server, session) = place().await;
    let fits = REQUEST_BODY_MAX_BYTES;
    for path in ["intentions", "session"] {
        let post = |length: usize| Ask::new("POST", &format!("/api/v1/{path}")).session(&session).body(vec![b' '; length]);
        server.ask(post(fits)).await.refused(400, "invalid");
        server.ask(post(fits + 1)).await.refused(413, "too_large");
    }
    // Nobody unknown makes us hold one.
    let anonymous = Ask::new("POST", "/api/v1/intentions").body(vec![b' '; fits + 1]);
    server.ask(anonymous).await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn odd_headers() {
    let (server, _) = place().await;
    for (name, value) in
        [("authorization", "Bearer"), ("authorization", "Basic x"), ("cookie", ";;;=;synops_session"), ("if-match", "x")]
    {
        server.ask(Ask::get("/api/v1/me").header(name, value)).await.expect(200);
    }
    server.ask(Ask::get("/api/v1/me").header("authorization", "Bearer  ")).await.refused(401, "unauthenticated");
    let long = "y".repeat(4_000);
    server.ask(Ask::get("/api/v1/me").header("cookie", &format!("synops_session={long}"))).await.expect(200);
}
