//! Maintenances from the API and the command line to open sockets, and the clock between them.

use crate::app::TestApp;
use crate::program::run;
use crate::socket::{Held, Reader};
use serde_json::{Value, json};
use testkit::TestDb;
use uuid::Uuid;

const KINDS: [&str; 1] = ["maintenance"];

fn state(held: &Held, id: Uuid) -> Option<&str> {
    held.rows.get(&id)?["maintenance"]["state"].as_str()
}

fn id_of(node: &Value) -> Uuid {
    node["id"].as_str().and_then(|id| id.parse().ok()).unwrap_or_else(|| panic!("{node}"))
}

#[tokio::test]
async fn each_change_of_a_maintenance_is_on_open_pages() {
    let app = TestApp::start().await;
    let admin = app.administrator().await;
    let shop = app.db.workspace("Shop").await;
    let system = app.db.system("Checkout", shop).await;
    let mut seeing = Reader::start(app.ready.address, admin.session(), &KINDS).await;
    let mut stranger = Reader::start(app.ready.address, None, &KINDS).await;

    let now = store::database::now(app.db.pool()).await.unwrap();
    let plan = json!({
        "title": "Disks", "affects": [system],
        "starts_at": now + chrono::TimeDelta::hours(1), "ends_at": now + chrono::TimeDelta::hours(2),
    });
    let planned = id_of(&admin.post("/api/v1/maintenances", plan).await.ok());
    seeing.until("it is planned", |held| state(held, planned) == Some("scheduled")).await;
    admin.post(&format!("/api/v1/maintenances/{planned}/cancel"), json!({ "reason": "Not today." })).await.ok();
    seeing.until("it is cancelled", |held| state(held, planned) == Some("cancelled")).await;

    // From the command line, due at once: the server's clock does the rest.
    let url = app.db.server_url();
    let variables = [("DATABASE_URL", url.as_str())];
    let system = system.to_string();
    let made = run(&["maintenance", "plan", "Memory", "--affects", &system, "--for", "10m", "--json"], &variables).await;
    made.check(0, "");
    let made = id_of(&serde_json::from_str(&made.out).unwrap());
    seeing.until("the clock has started it", |held| state(held, made) == Some("in_progress")).await;
    let said = json!({ "message": "Done early.", "audience": "public", "state_change": "completed" });
    admin.post(&format!("/api/v1/maintenances/{made}/updates"), said).await.ok();
    seeing.until("it is completed", |held| state(held, made) == Some("completed")).await;

    // Whoever may not see it was told nothing, up to something later that everybody sees.
    let open = app.db.workspace("Open").await;
    let statement = "update scopes set visibility = 'public' where node_id = $1";
    sqlx::query(statement).bind(open).execute(app.db.owner_pool()).await.unwrap();
    let public = app.db.maintenance("Public", open, (3_600.0, 7_200.0), &[]).await;
    stranger.until("the public one", |held| held.rows.contains_key(&public)).await;
    assert_eq!(stranger.held.told.iter().copied().collect::<Vec<_>>(), [public]);
}

#[tokio::test]
async fn the_command_line_sees_a_maintenance_through() {
    // Without a server: one that lived would stop for it.
    let db = TestDb::new().await;
    let url = db.server_url();
    let variables = [("DATABASE_URL", url.as_str())];
    run(&["maintenance", "status"], &variables).await.check(0, "");
    let plan =
        "maintenance plan Upgrade --affects synops --in 2h --for 30m --block upkeep --block tools --drain-bound 90s --json";
    let plan: Vec<&str> = plan.split(' ').collect();
    let made = run(&plan, &variables).await;
    made.check(0, "");
    let made: Value = serde_json::from_str(&made.out).unwrap();
    assert_eq!(made["maintenance"]["affects_instance"], true);
    assert_eq!(made["maintenance"]["blocked_classes"], json!(["tools", "upkeep"]));
    assert_eq!(made["maintenance"]["drain_bound_s"], 90);
    let id = id_of(&made).to_string();
    let again = ["maintenance", "plan", "Again", "--affects", "synops", "--in", "2h", "--for", "30m"];
    run(&again, &variables).await.check(1, "overlaps");
    let rehearsed = run(&["maintenance", "rehearse", &id], &variables).await;
    rehearsed.check(0, "");
    assert!(rehearsed.out.contains("becomes in_progress") && rehearsed.out.contains("start again: 0"), "{}", rehearsed.out);
    let extended = run(&["maintenance", "extend", &id, "--by", "1h"], &variables).await;
    extended.check(0, "");
    let started = run(&["maintenance", "start", &id, "--json"], &variables).await;
    started.check(0, "");
    let started: Value = serde_json::from_str(&started.out).unwrap();
    let time = |name: &str| started["maintenance"][name].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    assert_eq!((time("ends_at") - time("starts_at")).num_minutes(), 90);
    run(&["maintenance", "cancel", &id], &variables).await.check(1, "has started");
    let list = run(&["maintenance", "status"], &variables).await;
    assert!(list.out.contains(&id) && list.out.contains("in_progress"), "{}", list.out);
    let status = run(&["maintenance", "status", &id, "--json"], &variables).await;
    let status: Value = serde_json::from_str(&status.out).unwrap();
    assert_eq!(status["updates"][0]["state_change"], "in_progress");
    assert_eq!(status["stops"], json!([]));
    let paused = run(&["jobs", "resume", "tools"], &variables).await;
    assert!(paused.out.contains(&format!("waits for the maintenance {id}")), "{}", paused.out);
    let closed = run(&["maintenance", "close", &id, "--json"], &variables).await;
    let closed: Value = serde_json::from_str(&closed.out).unwrap();
    assert_eq!(closed["maintenance"]["outcome"], "closed");
    run(&["maintenance", "start", &Uuid::nil().to_string()], &variables).await.check(1, "no such maintenance");
    run(&["maintenance", "plan", "x", "--affects", "synops", "--for", "soon"], &variables).await.check(2, "like 30m");
    run(&["maintenance", "plan", "x", "--affects", "synops", "--for", "1s"], &variables).await.check(1, "1 minute to 30 days");
    for verb in ["plan", "status", "extend", "cancel", "start", "close", "rehearse"] {
        let help = run(&["maintenance", verb, "--help"], &variables).await;
        assert!(help.out.contains("Example:") && help.out.contains("--json"), "{verb}: {}", help.out);
    }
}
