//! The embedded page, and what every answer carries.

use crate::server::{Ask, Server};

#[tokio::test]
async fn the_page_answers_wherever_it_routes() {
    let server = Server::new().await;
    for path in ["/", "/systems/0190f3a7", "/sign-in/link"] {
        let answer = server.ask(Ask::get(path).header("accept", "text/html")).await;
        answer.expect(200);
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(answer.header("cache-control"), "no-cache");
        let again = server.ask(Ask::get(path).header("if-none-match", &answer.header("etag"))).await;
        assert_eq!((again.status, again.body.len()), (304, 0));
        let head = server.ask(Ask::new("HEAD", path)).await;
        assert_eq!((head.status, head.header("etag")), (200, answer.header("etag")));
    }
    server.ask(Ask::get("/nothing.js")).await.refused(404, "not_found");
    server.ask(Ask::get("/_app/immutable/nothing")).await.refused(404, "not_found");
    server.ask(Ask::get("/x").header("accept", "application/json")).await.refused(404, "not_found");
    server.ask(Ask::new("POST", "/")).await.refused(405, "method_not_allowed");
}

#[tokio::test]
async fn unknown_routes_and_methods_are_problems() {
    let server = Server::new().await;
    for path in ["/api", "/api/", "/api/v1", "/api/v1/nothing", "/api/v2/nodes", "/api/v1/nodes/"] {
        server.ask(Ask::get(path).header("accept", "text/html")).await.refused(404, "not_found");
    }
    for (method, path, allow) in
        [("PUT", "/api/v1/nodes", "GET,HEAD"), ("POST", "/healthz", "GET,HEAD"), ("PATCH", "/api/v1/intentions", "POST")]
    {
        let answer = server.ask(Ask::new(method, path)).await;
        answer.refused(405, "method_not_allowed");
        assert_eq!(answer.header("allow"), allow);
    }
}

#[tokio::test]
async fn every_answer_is_guarded_and_named() {
    let server = Server::new().await;
    for path in ["/", "/api/v1/me", "/api/v1/nothing", "/healthz", "/docs", "/nothing.js"] {
        let answer = server.ask(Ask::get(path).header("x-request-id", "mine-1")).await;
        assert_eq!(answer.header("x-request-id"), "mine-1", "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
        let policy = answer.header("content-security-policy");
        let scripts = policy.split(';').map(str::trim).find(|part| part.starts_with("script-src")).unwrap_or_default();
        assert!(scripts.starts_with("script-src 'self'") && !scripts.contains("unsafe"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("base-uri 'none'"), "{policy}");
    }
    let (a, b) = (server.ask(Ask::get("/healthz")).await, server.ask(Ask::get("/healthz").header("x-request-id", "a b")).await);
    assert!(a.header("x-request-id").len() == 32 && b.header("x-request-id").len() == 32);
    assert_ne!(a.header("x-request-id"), b.header("x-request-id"));
}

#[tokio::test]
async fn the_description_is_served() {
    let server = Server::new().await;
    let served = server.ask(Ask::get("/api/v1/openapi.json")).await;
    assert_eq!(served.text(), gateway::openapi_json());
    let packed = server.ask(Ask::get("/api/v1/openapi.json").header("accept-encoding", "gzip")).await;
    assert_eq!(packed.header("content-encoding"), "gzip");
    assert!(packed.body.len() * 4 < served.body.len());
    assert!(server.ask(Ask::get("/docs")).await.text().contains("<code>/api/v1/intentions</code>"));
}
