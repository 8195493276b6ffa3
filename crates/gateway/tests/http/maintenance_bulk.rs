//! Many maintenances at once: by system, closed together, as a calendar.

use crate::server::{Answer, Ask, Server, id_of, now};
use chrono::TimeDelta;
use domain::EdgeKind;
use serde_json::{Value, json};
use uuid::Uuid;

const PATH: &str = "/api/v1/maintenances";

struct Place {
    server: Server,
    workspace: Uuid,
    other: Uuid,
    group: Uuid,
    shop: Uuid,
    db: Uuid,
    theirs: Uuid,
    member: String,
    member_id: Uuid,
}

/// A workspace with a system and one in a group, and one that its member does not see.
async fn place() -> Place {
    let server = Server::new().await;
    let workspace = server.db.workspace("Payments").await;
    let other = server.db.workspace("Other").await;
    let group = server.db.group("Databases", workspace).await;
    let shop = server.db.system("Shop", workspace).await;
    let db = server.db.system("Primary", group).await;
    let theirs = server.db.system("Theirs", other).await;
    let member_id = server.db.person("member").await;
    server.db.grant(member_id, EdgeKind::MemberOf, workspace).await;
    let member = server.session(member_id).await;
    Place { server, workspace, other, group, shop, db, theirs, member, member_id }
}

impl Place {
    async fn post(&self, path: &str, body: &Value) -> Answer {
        self.server.ask(Ask::new("POST", &format!("{PATH}{path}")).session(&self.member).json(body)).await
    }

    async fn start(&self, id: Uuid) {
        let started = "update maintenances set state = 'in_progress', started_at = now() where node_id = $1";
        sqlx::query(started).bind(id).execute(self.server.db.owner_pool()).await.unwrap();
    }
}

fn pairs(answer: &Value) -> Vec<(Value, Vec<Value>)> {
    let items = answer["items"].as_array().unwrap().iter();
    items.map(|item| (item["system_id"].clone(), item["maintenance_ids"].as_array().unwrap().clone())).collect()
}

#[tokio::test]
async fn windows_are_found_by_their_systems() {
    let p = place().await;
    let db = &p.server.db;
    let by_name = db.maintenance("Shop alone", p.workspace, (3_600.0, 7_200.0), &[p.shop]).await;
    let by_group = db.maintenance("Databases", p.workspace, (60.0, 7_200.0), &[p.group, p.shop]).await;
    let hidden = db.maintenance("Hidden", p.other, (60.0, 7_200.0), &[p.shop, p.theirs]).await;
    let over = db.maintenance("Over", p.workspace, (3_600.0, 7_200.0), &[p.shop]).await;
    let cancel = "update maintenances set state = 'cancelled', outcome = 'cancelled' where node_id = $1";
    sqlx::query(cancel).bind(over).execute(db.owner_pool()).await.unwrap();
    let ask = json!({ "system_ids": [p.shop, p.db, p.theirs, Uuid::nil()] });
    let all = p.post("/by-systems", &ask).await.expect(200);
    // The one that begins first comes first; what one can't see, of either, is not there.
    let mut expect = vec![(json!(p.shop), vec![json!(by_group), json!(by_name)]), (json!(p.db), vec![json!(by_group)])];
    expect.sort_by_key(|(id, _)| id.to_string());
    assert_eq!(pairs(&all), expect);
    assert_eq!(all["maintenances"].as_array().unwrap().len(), 2);
    assert!(!all.to_string().contains(&hidden.to_string()) && !all.to_string().contains(&p.theirs.to_string()), "{all}");
    p.start(by_group).await;
    let mut ask = json!({ "system_ids": [p.shop, p.db], "active": true });
    let active = p.post("/by-systems", &ask).await.expect(200);
    assert!(pairs(&active).iter().all(|(_, ids)| *ids == [json!(by_group)]) && pairs(&active).len() == 2, "{active}");
    ask = json!({ "system_ids": [p.shop, p.db], "upcoming": true });
    assert_eq!(pairs(&p.post("/by-systems", &ask).await.expect(200)), [(json!(p.shop), vec![json!(by_name)])]);
    let many = json!({ "system_ids": vec![Uuid::nil(); 501] });
    assert_eq!(p.post("/by-systems", &many).await.refused(400, "invalid")["field"], "system_ids");
    let anonymous = Ask::new("POST", &format!("{PATH}/by-systems")).json(&json!({ "system_ids": [p.shop] }));
    assert_eq!(pairs(&p.server.ask(anonymous).await.expect(200)), []);
}

#[tokio::test]
async fn each_is_closed_for_itself() {
    let p = place().await;
    let db = &p.server.db;
    let runs = db.maintenance("Runs", p.workspace, (-60.0, 7_200.0), &[p.shop]).await;
    let waits = db.maintenance("Waits", p.workspace, (3_600.0, 7_200.0), &[p.shop]).await;
    let hidden = db.maintenance("Hidden", p.other, (-60.0, 7_200.0), &[p.theirs]).await;
    p.start(runs).await;
    p.start(hidden).await;
    let done = p.post("/close", &json!({ "ids": [waits, runs, hidden, runs] })).await.expect(200);
    let items = done["items"].as_array().unwrap();
    let code = |at: usize| items[at]["problem"]["code"].as_str();
    assert_eq!(items[1]["maintenance"]["maintenance"]["state"], "completed");
    assert_eq!((code(0), code(1), code(2), code(3)), (Some("conflict"), None, Some("not_found"), Some("conflict")));
    assert_eq!(p.server.count("select count(*) from maintenances where state = 'completed'").await, 1);
    assert_eq!(p.server.count("select count(*) from audit_log where action = 'close_maintenance'").await, 1);
    p.post("/close", &json!({ "ids": [] })).await.refused(400, "invalid");
    p.post("/close", &json!({ "ids": vec![runs; 201] })).await.refused(400, "invalid");
    let reader = p.server.token(p.member_id, domain::token::TokenAccess::Read, None).await;
    let ask = Ask::new("POST", &format!("{PATH}/close")).bearer(&reader).json(&json!({ "ids": [runs] }));
    p.server.ask(ask).await.refused(403, "forbidden");
}

#[tokio::test]
async fn a_calendar_shows_what_its_person_sees() {
    let p = place().await;
    let db = &p.server.db;
    let mine = db.maintenance("New disks", p.workspace, (3_600.0, 7_200.0), &[p.shop]).await;
    db.maintenance("hidden-window", p.other, (3_600.0, 7_200.0), &[p.theirs]).await;
    let told = "insert into timeline_updates (id, node_id, message, audience) values
        (gen_random_uuid(), $1, 'for-all', 'signed_in'), (gen_random_uuid(), $1, 'internal-note', 'internal')";
    sqlx::query(told).bind(mine).execute(db.owner_pool()).await.unwrap();
    let token_path = "/api/v1/me/calendar-token";
    p.server.ask(Ask::new("POST", token_path)).await.refused(401, "unauthenticated");
    let made = p.server.ask(Ask::new("POST", token_path).session(&p.member)).await.expect(201);
    let url = made["url"].as_str().unwrap().strip_prefix("http://synops.test").unwrap().to_owned();
    let read = async |url: &str| p.server.ask(Ask::get(url)).await;
    let first = read(&url).await;
    assert_eq!((first.status, first.header("content-type").as_str()), (200, "text/calendar; charset=utf-8"));
    let text = first.text();
    for line in [&format!("UID:{mine}@synops\r\n"), "SUMMARY:New disks", "SEQUENCE:0", "STATUS:CONFIRMED", "for-all"] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(!text.contains("hidden") && !text.contains("internal"), "{text}");
    let etag = first.header("etag");
    let again = p.server.ask(Ask::get(&url).header("if-none-match", &etag)).await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    // A change of the window raises the sequence, a cancel says so; the UID stays.
    let later = json!({ "ends_at": now() + TimeDelta::hours(3) });
    p.post(&format!("/{mine}/extend"), &later).await.expect(200);
    assert!(read(&url).await.text().contains("SEQUENCE:1"));
    p.server.ask(Ask::new("POST", &format!("{PATH}/{mine}/cancel")).session(&p.member)).await.expect(200);
    let cancelled = p.server.ask(Ask::get(&url).header("if-none-match", &etag)).await.text();
    assert!(cancelled.contains("SEQUENCE:2") && cancelled.contains("STATUS:CANCELLED"), "{cancelled}");
    assert!(cancelled.contains(&format!("UID:{mine}@synops")), "{cancelled}");

    // It opens nothing else, and ends.
    let token = made["token"].as_str().unwrap();
    p.server.ask(Ask::get(PATH).bearer(token)).await.refused(401, "unauthenticated");
    let next = p.server.ask(Ask::new("POST", token_path).session(&p.member)).await.expect(201);
    read(&url).await.refused(401, "unauthenticated");
    let url = next["url"].as_str().unwrap().strip_prefix("http://synops.test").unwrap().to_owned();
    p.server.db.revoke(p.member_id, EdgeKind::MemberOf, p.workspace).await;
    assert!(!read(&url).await.text().contains("New disks"));
    p.server.ask(Ask::new("DELETE", token_path).session(&p.member)).await.expect(204);
    p.server.ask(Ask::new("DELETE", token_path).session(&p.member)).await.refused(404, "not_found");
    read(&url).await.refused(401, "unauthenticated");
    read(&format!("{PATH}.ics")).await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn windows_are_listed_by_the_time_they_overlap() {
    let p = place().await;
    let mut ids = Vec::new();
    for hour in 0..6 {
        let from = f64::from(hour) * 3_600.0;
        ids.push(p.server.db.maintenance(&format!("W{hour}"), p.workspace, (from, from + 3_000.0), &[p.shop]).await);
    }
    let at = |hours: i64, minutes: i64| {
        (now() + TimeDelta::hours(hours) + TimeDelta::minutes(minutes)).format("%Y-%m-%dT%H:%M:%SZ").to_string()
    };
    let list = async |query: &str| -> Vec<Uuid> {
        let (mut found, mut more) = (Vec::new(), String::new());
        loop {
            let page = p.server.ask(Ask::get(&format!("{PATH}?limit=2&{query}{more}")).session(&p.member)).await.expect(200);
            found.extend(page["items"].as_array().unwrap().iter().map(id_of));
            match page["next_cursor"].as_str() {
                Some(cursor) => more = format!("&cursor={cursor}"),
                None => return found,
            }
        }
    };
    let (from, to) = (at(1, 10), at(4, -20));
    assert_eq!(list(&format!("from={from}&to={to}&order=earliest_first")).await, ids[1..4]);
    let latest: Vec<Uuid> = ids[1..4].iter().rev().copied().collect();
    assert_eq!(list(&format!("from={from}&to={to}")).await, latest);
    assert_eq!(list("order=earliest_first").await, ids);
}
