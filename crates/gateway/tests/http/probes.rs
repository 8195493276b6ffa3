//! For whoever watches the server.

use crate::server::{Ask, Server, now};
use chrono::TimeDelta;
use domain::EdgeKind;
use domain::node::INSTANCE_ID;

#[tokio::test]
async fn ready_means_database_migrations_and_feed() {
    let server = Server::new().await;
    server.ask(Ask::get("/healthz")).await.expect(200);
    assert_eq!(server.ask(Ask::get("/readyz")).await.expect(200)["ready"], true);

    let reasons = async |server: &Server| server.ask(Ask::get("/readyz")).await.expect(503)["reasons"].to_string();
    server.feed.send_replace(feed::Health { level_at: Some(now() - TimeDelta::seconds(60)), ..feed::Health::default() });
    assert!(reasons(&server).await.contains("feed"));
    server.feed.send_replace(feed::Health { level_at: None, ..feed::Health::default() });
    assert!(reasons(&server).await.contains("feed"));
    server.feed.send_replace(feed::Health { level_at: Some(now()), ..feed::Health::default() });

    let unknown = "update _sqlx_migrations set version = 9999 where version = (select max(version) from _sqlx_migrations)";
    sqlx::query(unknown).execute(server.db.owner_pool()).await.unwrap();
    assert!(reasons(&server).await.contains("migrations"));
    server.db.pool().close().await;
    let told = reasons(&server).await;
    assert!(told.contains("database") && !told.contains("Pool"), "{told}");
    server.ask(Ask::get("/healthz")).await.expect(200);
}

#[tokio::test]
async fn without_a_database_a_request_is_unavailable_and_says_no_more() {
    let server = Server::new().await;
    server.db.pool().close().await;
    for path in ["/api/v1/nodes", "/api/v1/activity"] {
        let answer = server.ask(Ask::get(path)).await;
        let problem = answer.refused(503, "unavailable");
        assert_eq!(answer.header("retry-after"), "1");
        assert!(!problem["detail"].as_str().unwrap().contains("Pool"), "{problem}");
    }
}

/// So that by the end of the pause nobody has one left to send a request on.
#[tokio::test]
async fn a_server_that_closes_keeps_no_connection() {
    let server = Server::new().await;
    let kept = async |path: &str| server.ask(Ask::get(path)).await.header("connection");
    for path in ["/readyz", "/api/v1/nodes", "/", "/api/v1/nowhere"] {
        assert_eq!(kept(path).await, "", "{path}");
    }
    server.drain.close();
    for path in ["/readyz", "/api/v1/nodes", "/", "/api/v1/nowhere"] {
        assert_eq!(kept(path).await, "close", "{path}");
    }
    server.drain.abort();
    assert_eq!(kept("/api/v1/nodes").await, "");
}

#[tokio::test]
async fn figures_are_served() {
    let server = Server::new().await;
    let answer = server.ask(Ask::get("/metrics")).await;
    answer.expect(200);
    assert!(answer.header("content-type").starts_with("text/plain; version=0.0.4"));
}

#[tokio::test]
async fn health_is_for_administrators() {
    let server = Server::new().await;
    let (admin, kari) = (server.db.person("admin").await, server.db.person("kari").await);
    server.db.grant(admin, EdgeKind::Admin, INSTANCE_ID).await;
    let ask = || Ask::get("/api/v1/admin/health");
    server.ask(ask()).await.refused(401, "unauthenticated");
    server.ask(ask().session(&server.session(kari).await)).await.refused(403, "forbidden");
    let health = server.ask(ask().session(&server.session(admin).await)).await.expect(200);
    let names: Vec<&str> = health["checks"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["schema", "feed", "clock", "connections", "transactions", "partitions", "checks", "disk"]);
    assert!(health["database"]["size_bytes"].as_i64().unwrap() > 0);
    assert!(health["disk"]["total_bytes"].as_u64().unwrap() > 0);
    assert!(health["pool"]["max"].as_u64().unwrap() > 0);
}
