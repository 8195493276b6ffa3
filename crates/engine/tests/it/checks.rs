//! What each kind of check finds.

use crate::servers::noise;
use crate::{Running, SOON};
use domain::limits::CHECK_BODY_MAX_BYTES;
use serde_json::{Value, json};
use testkit::http_server::{closed_port, page, redirect};
use testkit::{HttpServer, Target, TcpProxy, TestDb, wait_until};
use uuid::Uuid;

/// Has all of them checked once, and compares with the expected error (`None`: it is up).
async fn check_all(db: &TestDb, change: impl FnOnce(&mut engine::EngineConfig), cases: &[(Value, Option<&str>)]) {
    let workspace = db.workspace("Checks").await;
    let mut ids: Vec<Uuid> = Vec::new();
    for (spec, _) in cases {
        ids.push(db.checked_system(&spec.to_string().chars().take(190).collect::<String>(), workspace, Some(spec.clone())).await);
    }
    // Those that are to time out shall not take long; the others shall not time out on a busy machine.
    let slow: Vec<Uuid> =
        ids.iter().zip(cases).filter(|(_, case)| case.1 == Some("timed out after 400 ms")).map(|(id, _)| *id).collect();
    sqlx::query("update systems set interval_s = 86400, timeout_ms = case when node_id = any($1) then 400 else 20000 end")
        .bind(slow)
        .execute(db.owner_pool())
        .await
        .unwrap();
    let engine = Running::start(db, change);
    for (id, (spec, expect)) in ids.iter().zip(cases) {
        let (ok, latency, error) = wait_until(&format!("a run of {spec}"), SOON, async || {
            sqlx::query_as::<_, (bool, Option<f32>, Option<String>)>(
                "select ok, latency_ms, error from check_runs where system_id = $1",
            )
            .bind(id)
            .fetch_optional(db.owner_pool())
            .await
            .unwrap()
        })
        .await;
        assert_eq!(error.as_deref(), *expect, "{spec}");
        assert_eq!((ok, latency.is_some()), (expect.is_none(), expect.is_none()), "{spec}");
        assert!(latency.is_none_or(|ms| ms > 0.0), "{spec}");
    }
    engine.stop().await;
}

fn http(url: String) -> Value {
    json!({ "type": "http", "url": url })
}

#[tokio::test]
async fn http_answers() {
    let db = TestDb::new().await;
    let server = HttpServer::start(|path| match path {
        "/ok" => page("200 OK", "all is well"),
        "/gone" => page("404 Not Found", ""),
        "/busy" => page("503 Service Unavailable", ""),
        "/moved" => redirect("/ok"),
        "/loop" => redirect("/loop"),
        "/nowhere" => redirect("file:///etc/passwd"),
        "/long" => page("200 OK", &"x".repeat(CHECK_BODY_MAX_BYTES + 10)),
        "/late-text" => page("200 OK", &format!("{}needle", "x".repeat(CHECK_BODY_MAX_BYTES - 6))),
        "/cut" => Some("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort".to_owned()),
        "/noise" => Some("this is not HTTP\r\n\r\n".to_owned()),
        _ => None,
    })
    .await;
    let at = |path: &str| format!("http://{}{path}", server.address);
    let text = |path: &str, text: &str| json!({ "type": "http", "url": at(path), "expect_text": text });
    let status = |path: &str, status: &str| json!({ "type": "http", "url": at(path), "expect_status": status });
    let named = format!("http://localhost:{}/ok", server.address.port());
    let closed = closed_port().await;
    let (noise, _noise) = noise().await;
    check_all(
        &db,
        |_| {},
        &[
            (http(at("/ok")), None),
            (http(named), None),
            (http(at("/gone")), Some("answered 404, expected 200-299")),
            (status("/busy", "200,204"), Some("answered 503, expected 200,204")),
            (status("/gone", "404"), None),
            (text("/ok", "is well"), None),
            (text("/ok", "is ill"), Some("text not found")),
            (text("/late-text", "needle"), None),
            (text("/long", "needle"), Some("text not found in the first 1048576 bytes")),
            (http(at("/moved")), None),
            (text("/moved", "is well"), None),
            (status("/moved", "302"), None),
            (http(at("/loop")), Some("redirected more than 5 times")),
            (http(at("/nowhere")), Some("redirected to no http:// or https:// address")),
            (text("/cut", "short and more"), Some("connection closed before an answer")),
            (http(at("/noise")), Some("answer is not HTTP")),
            (http(at("/never")), Some("timed out after 400 ms")),
            (http(format!("http://{closed}/")), Some("connection refused")),
            (http("http://nothing.invalid/".to_owned()), Some("name does not resolve")),
            (http(format!("http://{noise}/")), Some("answer is not HTTP")),
            (http(format!("https://{noise}/")), Some("TLS failed")),
            (json!({ "type": "smoke-signal" }), Some("not a check that this version knows")),
        ],
    )
    .await;
}

#[tokio::test]
async fn tcp_and_postgres_answers() {
    let db = TestDb::new().await;
    let proxy = TcpProxy::start(db.target()).await;
    let silent = TcpProxy::start(Target::Tcp(proxy.address().to_string())).await;
    silent.stall();
    let (noise, _noise) = noise().await;
    let (port, name) = (proxy.address().port(), db.name());
    let tcp = |address: String| json!({ "type": "tcp", "address": address });
    let postgres = |url: String| json!({ "type": "postgres", "url": url });
    check_all(
        &db,
        |_| {},
        &[
            (tcp(format!("127.0.0.1:{port}")), None),
            (tcp(format!("localhost:{port}")), None),
            (tcp(closed_port().await.to_string()), Some("connection refused")),
            (tcp("nothing.invalid:80".to_owned()), Some("name does not resolve")),
            (postgres(format!("postgres://synops_server@127.0.0.1:{port}/{name}")), None),
            (postgres(format!("postgres://synops_server@localhost:{port}/{name}?sslmode=disable")), None),
            (postgres(format!("postgres://synops_server@127.0.0.1:{port}/nothing")), Some("no such database")),
            (
                postgres(format!("postgres://synops_server@127.0.0.1:{port}/{name}?sslmode=verify-full")),
                Some("a check cannot verify certificates: use sslmode=require"),
            ),
            (postgres(format!("postgres://a@{}/b", closed_port().await)), Some("connection refused")),
            (postgres(format!("postgres://a@{}/b", silent.address())), Some("timed out after 400 ms")),
            (postgres(format!("postgres://a@{}/b?sslmode=disable", noise)), Some("answer is not PostgreSQL's")),
        ],
    )
    .await;
    proxy.stop().await;
}

#[tokio::test]
async fn the_guard_holds_on_every_way() {
    // Link-local addresses that nobody has: should the guard ever fail, nobody is bothered. (Which
    // addresses it refuses is a table in guard.rs.)
    let db = TestDb::new().await;
    let server = HttpServer::start(|path| match path {
        "/literal" => redirect("http://169.254.77.77/latest/meta-data/"),
        "/v6" => redirect("http://[::ffff:a9fe:4d4d]/"),
        "/number" => redirect("http://2852015437/"),
        "/twice" => redirect("/literal"),
        _ => page("200 OK", ""),
    })
    .await;
    let refused = Some("address not allowed");
    let mut cases: Vec<(Value, Option<&str>)> = ["/literal", "/v6", "/number", "/twice"]
        .iter()
        .map(|path| (http(format!("http://{}{path}", server.address)), refused))
        .collect();
    for host in ["169.254.77.77", "[fe80::1]", "[::ffff:169.254.77.77]", "2852015437", "0xa9.254.77.77", "0.0.0.0", "[::]"] {
        cases.push((http(format!("http://{host}:{}/", server.address.port())), refused));
    }
    for address in ["169.254.77.77:80", "[fe80::7]:80", "0.0.0.0:80", "224.0.0.1:80"] {
        cases.push((json!({ "type": "tcp", "address": address }), refused));
    }
    for url in ["postgres://a@169.254.77.77/b", "postgres://a@h/b?host=169.254.77.77", "postgres://a@[::ffff:169.254.77.77]/b"] {
        cases.push((json!({ "type": "postgres", "url": url }), refused));
    }
    for url in ["postgres:///b?host=/run/elsewhere", "postgres://a@%2Frun%2Felsewhere/b"] {
        cases.push((json!({ "type": "postgres", "url": url }), Some("socket not allowed")));
    }
    check_all(&db, |config| config.guard.postgres_sockets = vec!["/run/postgresql".into()], &cases).await;
}

#[tokio::test]
async fn what_the_configuration_allows_is_reached() {
    let db = TestDb::new().await;
    let server = HttpServer::start(|_| page("200 OK", "")).await;
    // Nothing but loopback is there to connect to: 0.0.0.0 leads to it.
    let url = format!("http://0.0.0.0:{}/", server.address.port());
    let mut cases = vec![(http(url), None)];
    let mut sockets = Vec::new();
    if let Target::Unix(path) = db.target() {
        let directory = path.parent().unwrap().to_owned();
        let port = path.extension().unwrap().to_str().unwrap();
        let url = format!("postgres:///{}?host={}&port={port}&user=synops_server", db.name(), directory.display());
        cases.push((json!({ "type": "postgres", "url": url }), None));
        sockets.push(directory);
    }
    let change = |config: &mut engine::EngineConfig| {
        config.guard.allow = vec!["0.0.0.0".to_owned()];
        config.guard.postgres_sockets = sockets;
    };
    check_all(&db, change, &cases).await;
}
