//! `synops user` and `synops token`, beside a running server.

use crate::app::TestApp;
use crate::program::run;
use serde_json::{Value, json};
use std::time::Duration;
use testkit::wait_until;

const LIMIT: Duration = Duration::from_secs(60);

#[tokio::test]
async fn people_and_tokens_of_the_command_line_are_the_servers() {
    let app = TestApp::start().await;
    let url = app.db.server_url();
    let variables = [("DATABASE_URL", url.as_str())];
    let made = run(&["user", "create", "kari", "--name", "Kari Nordmann", "--grant", "admin", "--json"], &variables).await;
    made.check(0, "");
    let made: Value = serde_json::from_str(&made.out).unwrap();
    let kari = app.client();
    kari.sign_in_by_link(made["sign_in_url"].as_str().unwrap()).await;
    let me = kari.get("/api/v1/me").await.ok();
    assert_eq!((&me["person"]["title"], &me["instance_admin"]), (&json!("Kari Nordmann"), &json!(true)));

    let token = run(&["token", "create", "kari", "--name", "backup", "--access", "read"], &variables).await;
    token.check(0, "");
    let program = kari.with_token(token.out.trim());
    assert_eq!(program.get("/api/v1/me").await.ok()["person"]["id"], me["person"]["id"]);
    let refused = program.post("/api/v1/workspaces", json!({ "title": "X" })).await;
    assert_eq!(refused.status, 403, "{}", refused.text);

    let reset = run(&["user", "reset-password", "kari", "--json"], &variables).await;
    reset.check(0, "");
    // The command line is another process: the server hears of it by the feed.
    let signed_out = async || kari.get("/api/v1/me").await.ok()["person"].is_null();
    wait_until("signed out everywhere", LIMIT, signed_out).await;
    let reset: Value = serde_json::from_str(&reset.out).unwrap();
    kari.sign_in_by_link(reset["sign_in_url"].as_str().unwrap()).await;

    let list = run(&["user", "list", "--json"], &variables).await;
    let list: Vec<Value> = serde_json::from_str(&list.out).unwrap();
    let logins: Vec<&str> = list.iter().filter_map(|person| person["login"].as_str()).collect();
    assert_eq!(logins, ["admin", "kari"]);
    run(&["user", "create", "kari"], &variables).await.check(1, "somebody has this login already");
    run(&["user", "create", "No Login"], &variables).await.check(1, "lower-case");
    run(&["token", "create", "ola", "--name", "x"], &variables).await.check(1, "nobody has the login ola");
    let audited: i64 = sqlx::query_scalar(
        "select count(*) from audit_log where action in ('create_token', 'reset_password') and actor_id is null",
    )
    .fetch_one(app.db.pool())
    .await
    .unwrap();
    assert_eq!(audited, 2);
}
