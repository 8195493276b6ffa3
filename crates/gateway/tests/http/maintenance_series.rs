//! Maintenances that come again, over HTTP and by the clock.

use crate::server::{Answer, Ask, Server, id_of, now};
use chrono::{DateTime, TimeDelta, Utc};
use domain::EdgeKind;
use intentions::Intentions;
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

const PATH: &str = "/api/v1/maintenance-series";

struct Place {
    server: Server,
    intentions: Intentions,
    system: Uuid,
    member: String,
    reader: String,
    stranger: String,
}

async fn place() -> Place {
    let server = Server::new().await;
    let workspace = server.db.workspace("Payments").await;
    let system = server.db.system("Shop", workspace).await;
    let (reader, member) = (server.db.person("reader").await, server.db.person("member").await);
    server.db.grant(reader, EdgeKind::Reader, workspace).await;
    server.db.grant(member, EdgeKind::MemberOf, workspace).await;
    let stranger = server.session(server.db.person("stranger").await).await;
    let (reader, member) = (server.session(reader).await, server.session(member).await);
    let intentions = Intentions::new(server.db.pool().clone(), Arc::new(|| {}));
    Place { server, intentions, system, member, reader, stranger }
}

/// On the wall of UTC, so many days and hours from now.
fn wall(days: i64, hours: i64) -> String {
    (now() + TimeDelta::days(days) + TimeDelta::hours(hours)).format("%Y-%m-%dT%H:%M:%S").to_string()
}

impl Place {
    async fn send(&self, method: &str, path: &str, session: &str, version: Option<i64>, body: &Value) -> Answer {
        let ask = Ask::new(method, &format!("{PATH}{path}")).session(session);
        let ask = if body.is_null() { ask } else { ask.json(body) };
        self.server.ask(if let Some(version) = version { ask.if_match(version) } else { ask }).await
    }

    async fn daily(&self) -> Value {
        let body = json!({ "title": "Backups", "starts_at": wall(1, 0), "duration_s": 3600, "rule": "FREQ=DAILY;COUNT=10",
            "plan": { "affects": [self.system], "verify": false } });
        self.send("POST", "", &self.member, None, &body).await.expect(201)
    }

    /// Begins of those that are planned, the earliest first.
    async fn planned(&self) -> Vec<(Uuid, DateTime<Utc>)> {
        let path = "/api/v1/maintenances?order=earliest_first&limit=200&state=scheduled";
        let page = self.server.ask(Ask::get(path).session(&self.member)).await.expect(200);
        let items = page["items"].as_array().unwrap().iter();
        items.map(|item| (id_of(item), item["maintenance"]["starts_at"].as_str().unwrap().parse().unwrap())).collect()
    }
}

#[tokio::test]
async fn each_window_is_a_maintenance_of_its_own() {
    let p = place().await;
    let body = json!({ "title": "Backups", "starts_at": wall(1, 0), "duration_s": 3600, "plan": { "affects": [p.system] } });
    p.send("POST", "", &p.stranger, None, &body).await.refused(404, "not_found");
    p.send("POST", "", &p.reader, None, &body).await.refused(403, "forbidden");
    let series = p.daily().await;
    let path = format!("/{}", id_of(&series));
    assert_eq!(p.send("GET", &path, &p.reader, None, &Value::Null).await.expect(200)["rule"], "FREQ=DAILY;COUNT=10");
    p.send("GET", &path, &p.stranger, None, &Value::Null).await.refused(404, "not_found");
    let listed = p.send("GET", "", &p.reader, None, &Value::Null).await.expect(200);
    assert_eq!((listed["items"].as_array().unwrap().len(), &listed["next_cursor"]), (1, &Value::Null));
    assert_eq!(p.send("GET", "", &p.stranger, None, &Value::Null).await.expect(200)["items"], json!([]));
    let planned = p.planned().await;
    assert_eq!(planned.len(), 10);
    assert!(planned.windows(2).all(|two| two[1].1 - two[0].1 == TimeDelta::days(1)), "{planned:?}");
    let one = p.server.ask(Ask::get(&format!("/api/v1/maintenances/{}", planned[0].0)).session(&p.member)).await.expect(200);
    assert_eq!((&one["title"], &one["maintenance"]["verify"]), (&json!("Backups"), &json!(false)));
    // Each tells which it is a window of, and they are found by it.
    assert_eq!((&one["maintenance"]["series_id"], &one["maintenance"]["occurrence_at"]), (&series["id"], &series["starts_at"]));
    let alone = json!({ "title": "Alone", "starts_at": now() + TimeDelta::hours(1), "ends_at": now() + TimeDelta::hours(2), "affects": [p.system] });
    let alone = p.server.ask(Ask::new("POST", "/api/v1/maintenances").session(&p.member).json(&alone)).await.expect(201);
    assert_eq!((&alone["maintenance"]["series_id"], &alone["maintenance"]["occurrence_at"]), (&Value::Null, &Value::Null));
    let of_series = async |session: &str, id: Uuid| {
        let path = format!("/api/v1/maintenances?order=earliest_first&series_id={id}");
        let page = p.server.ask(Ask::get(&path).session(session)).await.expect(200);
        page["items"].as_array().unwrap().iter().map(id_of).collect::<Vec<_>>()
    };
    assert_eq!(of_series(&p.reader, id_of(&series)).await, planned.iter().map(|(id, _)| *id).collect::<Vec<_>>());
    assert_eq!(of_series(&p.reader, Uuid::now_v7()).await, Vec::<Uuid>::new());
    assert_eq!(of_series(&p.stranger, id_of(&series)).await, Vec::<Uuid>::new());
    let bad = json!({ "title": "x", "starts_at": wall(1, 0), "duration_s": 3600, "rule": "FREQ=HOURLY", "plan": { "affects": [p.system] } });
    assert_eq!(p.send("POST", "", &p.member, None, &bad).await.refused(400, "invalid")["field"], "rule");
}

#[tokio::test]
async fn the_clock_makes_each_once_whoever_looks() {
    let p = place().await;
    let id = id_of(&p.daily().await);
    let gone = p.planned().await;
    // Never made, as those beyond the horizon are not yet.
    for (maintenance, _) in &gone[5..] {
        let forget = "update maintenances set series_id = null where node_id = $1";
        sqlx::query(forget).bind(maintenance).execute(p.server.db.owner_pool()).await.unwrap();
        p.server.db.delete(*maintenance).await;
    }
    let mut looks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let intentions = p.intentions.clone();
        looks.spawn(async move { intentions.make_occurrences(id).await.unwrap() });
    }
    let made: usize = looks.join_all().await.into_iter().sum();
    assert_eq!((made, p.planned().await.len()), (5, 10));
    let begins = |all: &[(Uuid, DateTime<Utc>)]| all.iter().map(|(_, at)| *at).collect::<Vec<_>>();
    assert_eq!(begins(&p.planned().await), begins(&gone));
    // One that somebody deletes stays deleted, whoever deletes it.
    p.server.db.delete(p.planned().await[0].0).await;
    assert_eq!((p.intentions.make_occurrences(id).await.unwrap(), p.planned().await.len()), (0, 9));
}

#[tokio::test]
async fn a_change_reaches_what_follows_and_nothing_else() {
    let p = place().await;
    let series = p.daily().await;
    let (path, planned) = (format!("/{}", id_of(&series)), p.planned().await);
    let (running, edited) = (planned[0].0, planned[1].0);
    let start = Ask::new("POST", &format!("/api/v1/maintenances/{running}/start")).session(&p.member);
    p.server.ask(start).await.expect(200);
    let node = p.server.ask(Ask::get(&format!("/api/v1/maintenances/{edited}")).session(&p.member)).await.expect(200);
    let by_hand = Ask::new("PATCH", &format!("/api/v1/maintenances/{edited}")).session(&p.member);
    p.server.ask(by_hand.if_match(node["version"].as_i64().unwrap()).json(&json!({ "title": "By hand" }))).await.expect(200);

    let change = json!({ "title": "Later", "rule": "FREQ=DAILY;COUNT=5", "duration_s": 7200 });
    p.send("PATCH", &path, &p.member, None, &change).await.refused(428, "precondition_required");
    p.send("PATCH", &path, &p.member, Some(99), &change).await.refused(412, "stale");
    p.send("PATCH", &path, &p.reader, Some(1), &change).await.refused(403, "forbidden");
    let changed = p.send("PATCH", &path, &p.member, Some(1), &change).await.expect(200);
    assert_eq!((&changed["version"], &changed["plan"]["verify"]), (&json!(2), &json!(false)));
    let rows = "select n.title || ' ' || m.state || ' ' || extract(epoch from m.ends_at - m.starts_at)::int
        from maintenances m join nodes n on n.id = m.node_id order by m.occurrence_at";
    let rows: Vec<String> = sqlx::query_scalar(rows).fetch_all(p.server.db.owner_pool()).await.unwrap();
    let mut expect = vec!["Backups in_progress 3600", "By hand scheduled 3600"];
    expect.extend(["Later scheduled 7200"; 3]);
    assert_eq!(rows, expect);
    // Nothing to change: nothing is told.
    let versions = "select sum(version)::bigint from nodes where kind = 'maintenance'";
    let before = p.server.count(versions).await;
    p.intentions.make_occurrences(id_of(&series)).await.unwrap();
    assert_eq!(p.server.count(versions).await, before);

    p.send("DELETE", &path, &p.member, Some(2), &Value::Null).await.expect(204);
    p.send("DELETE", &path, &p.member, Some(3), &Value::Null).await.refused(409, "conflict");
    let states = "select string_agg(state, ' ' order by occurrence_at) from maintenances";
    let states: String = sqlx::query_scalar(states).fetch_one(p.server.db.owner_pool()).await.unwrap();
    assert_eq!(states, "in_progress scheduled cancelled cancelled cancelled");
    assert_eq!(p.intentions.make_occurrences(id_of(&series)).await.unwrap(), 0);
    let audited = "select count(*) from audit_log where action in ('create_series', 'update_series', 'end_series')";
    assert_eq!(p.server.count(audited).await, 3);
}

#[tokio::test]
async fn what_people_have_made_in_a_window_outlives_a_change_of_its_series() {
    let p = place().await;
    let series = p.daily().await;
    let (prepared, empty) = (p.planned().await[8].0, p.planned().await[9].0);
    let sheet = json!({ "parent_id": prepared, "title": "Run-sheet" });
    let sheet = id_of(&p.server.ask(Ask::new("POST", "/api/v1/boards").session(&p.member).json(&sheet)).await.expect(201));
    let change = json!({ "rule": "FREQ=DAILY;COUNT=5" });
    p.send("PATCH", &format!("/{}", id_of(&series)), &p.member, Some(1), &change).await.expect(200);
    p.server.ask(Ask::get(&format!("/api/v1/boards/{sheet}")).session(&p.member)).await.expect(200);
    let node = p.server.ask(Ask::get(&format!("/api/v1/maintenances/{prepared}")).session(&p.member)).await.expect(200);
    assert_eq!(node["maintenance"]["state"], "cancelled");
    p.server.ask(Ask::get(&format!("/api/v1/maintenances/{empty}")).session(&p.member)).await.refused(404, "not_found");
}

#[tokio::test]
async fn a_preview_tells_the_windows_and_makes_none() {
    let p = place().await;
    let body = json!({ "starts_at": "2027-03-27T02:30:00", "timezone": "Europe/Oslo", "duration_s": 3600, "rule": "FREQ=DAILY;COUNT=3", "count": 2 });
    p.server.ask(Ask::new("POST", &format!("{PATH}/preview")).json(&body)).await.refused(401, "unauthenticated");
    let windows = p.send("POST", "/preview", &p.stranger, None, &body).await.expect(200);
    let expect = json!([
        { "local": "2027-03-27T02:30:00", "starts_at": "2027-03-27T01:30:00Z", "ends_at": "2027-03-27T02:30:00Z" },
        { "local": "2027-03-28T02:30:00", "starts_at": "2027-03-28T01:30:00Z", "ends_at": "2027-03-28T02:30:00Z" },
    ]);
    assert_eq!(windows["items"], expect);
    assert_eq!(p.server.count("select count(*) from maintenances").await, 0);
    let bad = json!({ "starts_at": "2027-03-27T02:30:00", "duration_s": 3600, "rule": "nonsense" });
    assert_eq!(p.send("POST", "/preview", &p.member, None, &bad).await.refused(400, "invalid")["field"], "rule");
}
