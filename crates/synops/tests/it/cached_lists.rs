//! Lists that are read through the caches: never what is somebody else's, and what one has changed oneself at once.

use crate::app::TestApp;
use crate::client::Client;
use domain::EdgeKind;
use keyring::Keyring;
use reqwest::Method;
use serde_json::json;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use testkit::{TestDb, wait_until};
use tokio::task::JoinSet;
use uuid::Uuid;

/// Reads of two people together.
const ROUNDS: usize = 10_000;
/// Well before what is kept would be too old by itself.
const TOLD_WITHIN: Duration = Duration::from_secs(12);

/// Every list that goes through the caches; besides, those of [`lists_of`].
const LISTS: [&str; 18] = [
    "workspaces",
    "groups",
    "systems",
    "maintenances",
    "nodes?kind=system",
    "nodes",
    "teams",
    "views",
    "environments",
    "incidents",
    "announcements",
    "dependencies",
    "status-pages",
    "devices",
    "connections",
    "notifications",
    "maintenance-series",
    "subscriptions",
];

/// One of each kind that is made through the API; their ids.
async fn made_in(admin: &Client, db: &TestDb, workspace: Uuid, system: Uuid, (name, imei): (&str, &str)) -> Vec<String> {
    let mut ids = Vec::new();
    let series = json!({ "rule": "FREQ=YEARLY", "starts_at": "2040-01-01T02:00:00", "timezone": "Europe/Oslo",
        "duration_s": 3_600, "plan": { "affects": [system] } });
    for (list, more) in [
        ("views", json!({})),
        ("environments", json!({})),
        ("incidents", json!({ "severity": "minor" })),
        // One that has begun is for everybody.
        ("announcements", json!({ "starts_at": crate::planned::now(db).await + chrono::TimeDelta::days(30) })),
        ("status-pages", json!({ "slug": name, "visibility": "members" })),
        ("devices", json!({ "imei": imei })),
        ("connections", json!({ "channel": "webhook", "url": "https://example.org/hook" })),
        ("maintenance-series", series),
    ] {
        let mut new = json!({ "parent_id": workspace, "title": format!("{name} {list}") });
        new.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let made = admin.post(&format!("/api/v1/{list}"), new).await.ok();
        ids.push(made["id"].as_str().unwrap().to_owned());
    }
    ids
}

/// Of a status page and of a connection, and what somebody prefers; with what is in them, of this name.
async fn lists_of(admin: &Client, client: &Client, db: &TestDb, ids: &[String], name: &str) -> (Vec<String>, [String; 3]) {
    let (page, connection) = (&ids[4], &ids[6]);
    let follower = follower(db, page, &format!("{name}@example.org")).await;
    let words = format!("To {name}");
    set_words(admin, connection, &words).await;
    let zone = format!("Etc/GMT-{}", name.len());
    prefer(client, &zone).await;
    let lists = vec![
        format!("status-pages/{page}/followers"),
        format!("connections/{connection}/templates"),
        "notification-preferences".to_owned(),
    ];
    (lists, [follower, words, zone])
}

/// By what is not our own server; answers its id.
async fn follower(db: &TestDb, page: &str, email: &str) -> String {
    let statement =
        "insert into status_subscribers (id, page_id, email, confirmed_at) values (gen_random_uuid(), $1::uuid, $2, now())
        returning id::text";
    sqlx::query_scalar(statement).bind(page).bind(email).fetch_one(db.owner_pool()).await.unwrap()
}

async fn set_words(admin: &Client, connection: &str, subject: &str) {
    let path = format!("/api/v1/connections/{connection}");
    let version = format!("\"{}\"", admin.get(&path).await.ok()["version"]);
    let body = json!({ "templates": [{ "kind": "incident_opened", "subject": subject, "body": "Something is wrong" }] });
    admin.send(Method::PUT, &format!("{path}/templates"), Some(body), &[("if-match", &version)]).await.ok();
}

async fn prefer(client: &Client, timezone: &str) {
    let quiet = json!({ "from": "22:00", "to": "07:00", "timezone": timezone });
    let body = json!({ "in_app": true, "mail": true, "ntfy": true, "quiet": quiet });
    client.send(Method::PUT, "/api/v1/notification-preferences", Some(body), &[]).await.ok();
}

/// Somebody subscribes to a workspace, and something happens there; the ids of what they were told, and of their
/// subscription.
async fn told_of(admin: &Client, client: &Client, workspace: Uuid, system: Uuid) -> Vec<String> {
    let subscribed = client.post("/api/v1/subscriptions", json!({ "target_id": workspace })).await.ok();
    let incident = json!({ "parent_id": workspace, "title": "Something", "severity": "minor", "affects": [system] });
    admin.post("/api/v1/incidents", incident).await.ok();
    let told = client.get("/api/v1/notifications").await.ok();
    told["items"].as_array().unwrap().iter().chain([&subscribed]).map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_reads_what_is_somebody_elses() {
    // Connections are made with a key alone.
    let app = TestApp::start_with(|config| config.secrets.key = Some(Keyring::generate().unwrap())).await;
    let admin = app.administrator().await;
    let db = &app.db;
    let (mut people, mut all) = (Vec::new(), Vec::new());
    for (name, imei) in [("kari", "356307042441013"), ("ola", "356307042441014")] {
        let (person, client) = crate::access::sign_in(&app, &admin, name).await;
        let workspace = db.workspace(&format!("{name}'s")).await;
        let mut own = HashSet::from([workspace.to_string()]);
        for n in 0..5 {
            let system = db.system(&format!("{name} {n}"), workspace).await;
            let maintenance = db.maintenance(&format!("{name} {n}"), workspace, (3_600.0, 7_200.0), &[system]).await;
            let group = db.group(&format!("{name} {n}"), workspace).await;
            own.extend([system, group, maintenance].map(|id| id.to_string()));
            let other = db.system(&format!("{name} behind {n}"), workspace).await;
            own.extend([other, db.edge(EdgeKind::DependsOn, system, other).await].map(|id| id.to_string()));
        }
        let system = db.system(&format!("{name} last"), workspace).await;
        let made = made_in(&admin, db, workspace, system, (name, imei)).await;
        db.grant(person, EdgeKind::Admin, workspace).await;
        own.extend(told_of(&admin, &client, workspace, system).await);
        let (more, texts) = lists_of(&admin, &client, db, &made, name).await;
        own.extend(made.into_iter().chain(texts));
        let lists: Vec<String> = LISTS.iter().map(|list| (*list).to_owned()).chain(more).collect();
        people.push((Arc::new(client), Arc::new(own), person));
        all.push(lists);
    }
    // A third place that is now the one's, now the other's.
    let shared = db.workspace("shared").await;
    let system = db.system("shared", shared).await;
    let mut tasks = JoinSet::new();
    for (at, (client, _, _)) in people.iter().enumerate() {
        let (client, others) = (Arc::clone(client), Arc::clone(&people[1 - at].1));
        let (own, lists) = (Arc::clone(&people[at].1), all[at].clone());
        tasks.spawn(async move {
            for round in 0..ROUNDS / 2 {
                let list = &lists[round % lists.len()];
                // What takes no limit is shown whole.
                let limit = if LISTS.contains(&list.as_str()) { "limit=200" } else { "" };
                let page = client.get(&format!("/api/v1/{list}{}{limit}", if list.contains('?') { '&' } else { '?' })).await;
                assert_eq!(page.status, 200, "round {round}: {list}: {}", page.text);
                let texts: HashSet<String> = page.text.split('"').map(str::to_owned).collect();
                assert!(texts.is_disjoint(&others), "round {round}: {list} showed what is somebody else's");
                assert!(list == "teams" || !texts.is_disjoint(&own), "round {round}: {list} did not show one's own");
            }
        });
    }
    for round in 0..60 {
        let (client, _, person) = &people[round % 2];
        let body = json!({ "kind": "reader", "source_id": person, "target_id": shared, "type": "create_edge" });
        let granted = admin.post("/api/v1/intentions", json!({ "intentions": [body] })).await.ok();
        let edge = &granted["results"][0]["edge"];
        assert_eq!(client.get(&format!("/api/v1/systems/{system}")).await.status, 200, "round {round}: granted");
        assert!(client.get("/api/v1/systems?limit=200").await.text.contains(&system.to_string()), "round {round}");
        let body = json!({ "type": "delete_edge", "id": edge["id"], "version": edge["version"] });
        admin.post("/api/v1/intentions", json!({ "intentions": [body] })).await.ok();
        assert_eq!(client.get(&format!("/api/v1/systems/{system}")).await.status, 404, "round {round}: taken back");
        assert!(!client.get("/api/v1/systems?limit=200").await.text.contains(&system.to_string()), "round {round}");
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
}

/// Reads until an answer comes from what is kept.
async fn kept(admin: &Client, client: &Client, path: &str) {
    let hits = async || {
        let cache = admin.get("/api/v1/admin/cache").await.ok();
        let of = |name| cache["scopes"].as_array().unwrap().iter().find(|scope| scope["name"] == name).unwrap()["hits"].as_u64();
        (of("nodes.pages"), of("own.pages"))
    };
    wait_until(&format!("{path} is kept"), TOLD_WITHIN, async || {
        client.get(path).await.ok();
        let before = hits().await;
        client.get(path).await.ok();
        before != hits().await
    })
    .await;
}

/// What lies beside the graph: an answer that is kept goes with the write that makes it untrue, whoever writes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_of_what_is_no_node_is_as_new_as_its_rows() {
    let app = TestApp::start_with(|config| config.secrets.key = Some(Keyring::generate().unwrap())).await;
    let (admin, db) = (app.administrator().await, &app.db);
    let workspace = db.workspace("Shop").await;
    let system = db.system("Checkout", workspace).await;
    let made = made_in(&admin, db, workspace, system, ("kari", "356307042441013")).await;
    let (page, connection, series) = (made[4].clone(), made[6].clone(), made[7].clone());
    let series_path = format!("/api/v1/maintenance-series/{series}");
    let shows = async |path: &str, text: &str| admin.get(path).await.text.contains(text);

    // By our own server: at once.
    for path in [series_path.as_str(), "/api/v1/maintenance-series"] {
        let version = format!("\"{}\"", admin.get(&series_path).await.ok()["version"]);
        kept(&admin, &admin, path).await;
        let title = format!("Renamed for {}", path.len());
        admin.send(Method::PATCH, &series_path, Some(json!({ "title": title })), &[("if-match", &version)]).await.ok();
        assert!(shows(path, &title).await, "{path}");
    }
    kept(&admin, &admin, "/api/v1/subscriptions").await;
    let subscribed = admin.post("/api/v1/subscriptions", json!({ "target_id": system })).await.ok();
    let subscription = subscribed["id"].as_str().unwrap();
    assert!(shows("/api/v1/subscriptions", subscription).await);
    kept(&admin, &admin, "/api/v1/notification-preferences").await;
    prefer(&admin, "Etc/GMT-9").await;
    assert!(shows("/api/v1/notification-preferences", "Etc/GMT-9").await);
    let (followers, words) =
        (format!("/api/v1/status-pages/{page}/followers"), format!("/api/v1/connections/{connection}/templates"));
    let id = follower(db, &page, "kari@example.org").await;
    wait_until("who follows is told", TOLD_WITHIN, async || shows(&followers, &id).await).await;
    kept(&admin, &admin, &followers).await;
    admin.send(Method::DELETE, &format!("{followers}/{id}"), None, &[]).await.ok();
    assert!(!shows(&followers, &id).await);
    set_words(&admin, &connection, "As it was").await;
    kept(&admin, &admin, &words).await;
    set_words(&admin, &connection, "As it is").await;
    assert!(shows(&words, "As it is").await);

    // By whoever else writes: as soon as the feed comes to it.
    let by_psql = [
        (series_path.as_str(), "update maintenance_series set title = 'by psql' where title <> 'by psql'", "by psql"),
        ("/api/v1/maintenance-series", "update maintenance_series set body = 'psql too'", "psql too"),
        ("/api/v1/subscriptions", "update subscriptions set kinds = '{system_up}'", "system_up"),
        ("/api/v1/notification-preferences", "update notification_preferences set timezone = 'Asia/Kathmandu'", "Kathmandu"),
        (
            &followers,
            "insert into status_subscribers (id, page_id, email) select gen_random_uuid(), node_id, 'ola@example.org' from status_pages",
            "ola@example.org",
        ),
        (&words, "update connection_templates set subject = 'by psql'", "by psql"),
    ];
    for (path, statement, shown) in by_psql {
        kept(&admin, &admin, path).await;
        sqlx::query(statement).execute(db.owner_pool()).await.unwrap();
        wait_until(&format!("{path} shows what psql wrote"), TOLD_WITHIN, async || shows(path, shown).await).await;
    }
}
