//! `serve --demo`: every state can be seen, and a second start changes nothing.

use crate::app::{TestApp, config, start};
use domain::node::Facet;
use domain::system::State;
use serde_json::Value;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;
use synops::config::Role;
use testkit::wait_until;

/// Checks are due at once when their systems are made.
const FIRST_CHECKS: Duration = Duration::from_secs(30);

#[tokio::test]
async fn all_four_states_are_seen() {
    let app = TestApp::start_with(|config| {
        config.demo = true;
        config.roles = vec![Role::Gateway, Role::Prober];
    })
    .await;
    let administrator = app.administrator().await;
    let all = ["degraded", "down", "unknown", "up"].map(str::to_owned);
    wait_until("every state", FIRST_CHECKS, async || {
        let systems = administrator.get("/api/v1/systems?limit=200").await.ok();
        let systems = systems["items"].as_array().cloned().unwrap_or_default();
        let states: BTreeSet<String> =
            systems.iter().filter_map(|s| s.pointer("/system/state").and_then(Value::as_str)).map(str::to_owned).collect();
        systems.len() >= 10 && states.into_iter().eq(all.clone())
    })
    .await;
    // Anybody may read the public workspace, and that alone.
    let public = app.client().get("/api/v1/nodes?kind=workspace").await.ok();
    let titles: Vec<&str> = public["items"].as_array().unwrap().iter().filter_map(|n| n["title"].as_str()).collect();
    assert_eq!(titles, ["Public services"]);
}

#[tokio::test]
async fn its_devices_drive_about() {
    let app = TestApp::start_with(|config| {
        config.demo = true;
        config.roles = vec![Role::Gateway, Role::Ingest];
        config.telemetry = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
    })
    .await;
    let administrator = app.administrator().await;
    wait_until("all are heard of, and one has told more than once", FIRST_CHECKS, async || {
        let devices = administrator.get("/api/v1/devices?online=true&limit=200").await.ok();
        let there: (i64, i64) =
            sqlx::query_as("select count(distinct device_id), count(*) from positions").fetch_one(app.db.pool()).await.unwrap();
        devices["items"].as_array().map(Vec::len) == Some(25) && there.0 == 25 && there.1 > 25
    })
    .await;
}

#[tokio::test]
async fn a_second_start_keeps_what_people_changed_and_follows_the_server() {
    let mut app = TestApp::start_with(|config| config.demo = true).await;
    let count = "select (select count(*) from nodes), (select count(*) from edges)";
    let before: (i64, i64) = sqlx::query_as(count).fetch_one(app.db.pool()).await.unwrap();
    sqlx::query("update nodes set title = 'Renamed' where title = 'Website'").execute(app.db.pool()).await.unwrap();
    app.stop();

    let mut settings = config(&app.db);
    settings.demo = true;
    settings.roles = vec![Role::Gateway];
    let (server, runtime) = start(settings).await.unwrap();
    let after: (i64, i64) = sqlx::query_as(count).fetch_one(app.db.pool()).await.unwrap();
    assert_eq!(before, after);
    let filter = store::node::NodeFilter { title_contains: Some("Renamed".to_owned()), ..Default::default() };
    let scopes = store::access::list_readable_scopes(app.db.pool(), None).await.unwrap();
    let found = store::node::list_nodes(app.db.pool(), &scopes, &filter, None, 2).await.unwrap();
    let [website] = found.as_slice() else { panic!("{found:?}") };
    let Some(Facet::System(system)) = &website.facet else { panic!("{website:?}") };
    assert_eq!(system.state, State::Unknown, "nobody probes here");
    let check = serde_json::to_value(&system.check).unwrap();
    assert_eq!(check["url"], format!("http://{}/", server.ready.address));
    server.stop().await.unwrap();
    runtime.shutdown_background();
}
