//! Devices over HTTP: who makes them, who sees them and where they are.

use crate::server::{Ask, Server, id_of};
use domain::EdgeKind;
use domain::node::INSTANCE_ID;
use serde_json::{Value, json};
use uuid::Uuid;

const PATH: &str = "/api/v1/devices";

struct Place {
    server: Server,
    workspace: Uuid,
    admin: String,
    reader: String,
    stranger: String,
}

async fn place() -> Place {
    let server = Server::new().await;
    let admin = server.db.person("admin").await;
    server.db.grant(admin, EdgeKind::Admin, INSTANCE_ID).await;
    let workspace = server.db.workspace("Fleet").await;
    let reader = server.db.person("kari").await;
    server.db.grant(reader, EdgeKind::Reader, workspace).await;
    let stranger = server.db.person("ola").await;
    let (admin, reader, stranger) = (server.session(admin).await, server.session(reader).await, server.session(stranger).await);
    Place { server, workspace, admin, reader, stranger }
}

impl Place {
    fn new_device(&self, title: &str, imei: &str) -> Value {
        json!({ "parent_id": self.workspace, "title": title, "imei": imei, "model": "FMC130" })
    }

    async fn made(&self, title: &str, imei: &str) -> Uuid {
        let body = self.new_device(title, imei);
        id_of(&self.server.ask(Ask::new("POST", PATH).session(&self.admin).json(&body)).await.expect(201))
    }

    async fn titles(&self, session: &str, query: &str) -> Vec<String> {
        let page = self.server.ask(Ask::get(&format!("{PATH}{query}")).session(session)).await.expect(200);
        page["items"].as_array().unwrap().iter().map(|item| item["title"].as_str().unwrap().to_owned()).collect()
    }
}

#[tokio::test]
async fn a_device_is_made_changed_found_and_deleted() {
    let p = place().await;
    let id = p.made("Van 2", "356307042441013").await;
    p.made("van 1", "356307042441014").await;
    let again = p.new_device("Van 3", "356307042441013");
    p.server.ask(Ask::new("POST", PATH).session(&p.admin).json(&again)).await.refused(409, "conflict");
    for imei in ["35630704244101", "35630704244101a", ""] {
        let wrong = p.new_device("Van 3", imei);
        p.server.ask(Ask::new("POST", PATH).session(&p.admin).json(&wrong)).await.refused(400, "invalid");
    }
    let body = p.new_device("Van 4", "356307042441015");
    p.server.ask(Ask::new("POST", PATH).session(&p.reader).json(&body)).await.refused(403, "forbidden");
    p.server.ask(Ask::new("POST", PATH).session(&p.stranger).json(&body)).await.refused(404, "not_found");

    assert_eq!(p.titles(&p.reader, "").await, ["van 1", "Van 2"]);
    assert_eq!(p.titles(&p.reader, "?q=VAN%202").await, ["Van 2"]);
    assert_eq!(p.titles(&p.reader, "?q=356307042441014").await, ["van 1"]);
    assert_eq!(p.titles(&p.reader, "?q=%25").await, Vec::<String>::new(), "no pattern");
    assert_eq!(p.titles(&p.reader, "?online=true").await, Vec::<String>::new());
    assert_eq!(p.titles(&p.stranger, "").await, Vec::<String>::new());

    let one = format!("{PATH}/{id}");
    let found = p.server.ask(Ask::get(&one).session(&p.reader)).await.expect(200);
    let device = json!({ "imei": "356307042441013", "model": "FMC130", "online": false, "online_since": null,
        "motion": "unknown", "motion_since": null });
    assert_eq!(found["device"], device);
    let version = found["version"].as_i64().unwrap();
    let change = json!({ "title": "Van two", "model": "" });
    p.server.ask(Ask::new("PATCH", &one).session(&p.admin).json(&change)).await.refused(428, "precondition_required");
    let ask = Ask::new("PATCH", &one).session(&p.admin).if_match(version).json(&change);
    let changed = p.server.ask(ask).await.expect(200);
    assert_eq!((changed["title"].as_str(), changed["device"]["model"].as_str()), (Some("Van two"), Some("")));
    let ask = Ask::new("PATCH", &one).session(&p.admin).if_match(version).json(&change);
    p.server.ask(ask).await.refused(412, "stale");
    let version = changed["version"].as_i64().unwrap();
    p.server.ask(Ask::new("DELETE", &one).session(&p.admin).if_match(version)).await.expect(204);
    p.server.ask(Ask::get(&one).session(&p.admin)).await.refused(404, "not_found");
}

/// One that can be true, so many seconds from now.
fn position(device_id: Uuid, in_s: i64) -> store::position::Position {
    let at = crate::server::now() + chrono::TimeDelta::seconds(in_s);
    let io = json!({ "239": 1, "66": 12_618 }).as_object().cloned().unwrap();
    store::position::Position {
        device_id,
        at,
        digest: 7,
        received_at: at,
        latitude: 59.9,
        longitude: 10.7,
        altitude_m: 3,
        heading_deg: 180,
        speed_kmh: 30,
        satellites: 8,
        priority: 0,
        event_id: 0,
        io,
        faulty: None,
    }
}

impl Place {
    fn intentions(&self) -> intentions::Intentions {
        intentions::Intentions::new(self.server.db.pool().clone(), std::sync::Arc::new(|| {}))
    }

    async fn keep(&self, positions: Vec<store::position::Position>) {
        self.intentions().keep_positions(positions, &[], None).await.unwrap();
    }

    async fn asked(&self, path: &str, session: &str) -> Value {
        self.server.ask(Ask::get(path).session(session)).await.expect(200)
    }
}

#[tokio::test]
async fn where_a_device_is_is_for_whoever_may_see_it() {
    let p = place().await;
    let id = p.made("Van", "356307042441013").await;
    let position = position(id, 0);
    let intentions = intentions::Intentions::new(p.server.db.pool().clone(), std::sync::Arc::new(|| {}));
    let kept = intentions.keep_positions(vec![position.clone(), position.clone()], &[], None).await.unwrap();
    assert_eq!((kept.new, kept.unknown.len()), (1, 0));
    let nobodys = store::position::Position { device_id: Uuid::from_u128(9), ..position };
    assert_eq!(intentions.keep_positions(vec![nobodys], &[], None).await.unwrap().unknown, [Uuid::from_u128(9)]);
    for path in ["state", "positions"] {
        let path = format!("{PATH}/{id}/{path}");
        let found = p.server.ask(Ask::get(&path).session(&p.reader)).await.expect(200);
        let place = found.get("items").map_or(&found, |items| &items[0]);
        assert_eq!((place["latitude"].as_f64(), place["speed_kmh"].as_i64()), (Some(59.9), Some(30)), "{path}");
        p.server.ask(Ask::get(&path).session(&p.stranger)).await.refused(404, "not_found");
        p.server.ask(Ask::get(&path)).await.refused(404, "not_found");
    }
    let path = format!("{PATH}/{id}/positions");
    for (query, code) in [("?limit=5001", 400), ("?from=x", 400), ("?cursor=x", 400)] {
        assert_eq!(p.server.ask(Ask::get(&format!("{path}{query}")).session(&p.reader)).await.status, code, "{query}");
    }
    let none = p.server.ask(Ask::get(&format!("{path}?faulty=true")).session(&p.reader)).await.expect(200);
    assert_eq!(none["items"], json!([]));
}

const GEOFENCES: &str = "/api/v1/geofences";

#[tokio::test]
async fn a_geofence_is_made_changed_and_deleted() {
    let p = place().await;
    let circle = |radius_m: f64| json!({ "type": "circle", "center": [10.7, 59.9], "radius_m": radius_m });
    let new = |shape: Value| json!({ "parent_id": p.workspace, "title": "Depot", "shape": shape, "dwell_s": 300 });
    let bow = json!({ "type": "polygon", "points": [[0.0, 0.0], [1.0, 1.0], [1.0, 0.0], [0.0, 1.0]] });
    for wrong in [circle(0.0), circle(f64::MAX), bow, json!({ "type": "line" }), json!(null)] {
        p.server.ask(Ask::new("POST", GEOFENCES).session(&p.admin).json(&new(wrong))).await.refused(400, "invalid");
    }
    p.server.ask(Ask::new("POST", GEOFENCES).session(&p.reader).json(&new(circle(500.0)))).await.refused(403, "forbidden");
    p.server.ask(Ask::new("POST", GEOFENCES).session(&p.stranger).json(&new(circle(500.0)))).await.refused(404, "not_found");
    let id = id_of(&p.server.ask(Ask::new("POST", GEOFENCES).session(&p.admin).json(&new(circle(500.0)))).await.expect(201));
    let one = format!("{GEOFENCES}/{id}");
    let found = p.asked(&one, &p.reader).await;
    assert_eq!(found["geofence"], json!({ "shape": circle(500.0), "dwell_s": 300 }));
    assert_eq!(p.asked(&format!("{GEOFENCES}?q=DEP"), &p.reader).await["items"].as_array().unwrap().len(), 1);
    assert_eq!(p.asked(GEOFENCES, &p.stranger).await["items"], json!([]));
    p.server.ask(Ask::get(&one).session(&p.stranger)).await.refused(404, "not_found");
    let version = found["version"].as_i64().unwrap();
    let change = json!({ "shape": circle(900.0), "dwell_s": null });
    let changed = p.server.ask(Ask::new("PATCH", &one).session(&p.admin).if_match(version).json(&change)).await.expect(200);
    assert_eq!(changed["geofence"], json!({ "shape": circle(900.0), "dwell_s": null }));
    p.server.ask(Ask::new("PATCH", &one).session(&p.admin).if_match(version).json(&change)).await.refused(412, "stale");
    let shapes: i64 = sqlx::query_scalar("select count(*) from geofence_shapes where geofence_id = $1")
        .bind(id)
        .fetch_one(p.server.db.pool())
        .await
        .unwrap();
    assert_eq!(shapes, 2, "the former shape is where it was");
    let version = changed["version"].as_i64().unwrap();
    p.server.ask(Ask::new("DELETE", &one).session(&p.admin).if_match(version)).await.expect(204);
    p.server.ask(Ask::get(&one).session(&p.admin)).await.refused(404, "not_found");
}

/// Who is where is what devices say, and for whoever may see both.
#[tokio::test]
async fn who_is_in_a_geofence() {
    let p = place().await;
    let id = p.made("Van", "356307042441013").await;
    let hidden = p.server.db.workspace("Hidden").await;
    let around = json!({ "type": "circle", "center": [10.7, 59.9], "radius_m": 500.0 });
    let (open, secret) =
        (p.server.db.geofence("Depot", &around, p.workspace).await, p.server.db.geofence("Secret", &around, hidden).await);
    for (kind, target) in [("inside", open), ("inside", secret)] {
        let edge = json!({ "intentions": [{ "type": "create_edge", "kind": kind, "source_id": id, "target_id": target }] });
        p.server.ask(Ask::new("POST", "/api/v1/intentions").session(&p.admin).json(&edge)).await.refused(400, "invalid");
    }
    p.keep(vec![position(id, 1)]).await;
    let state = p.asked(&format!("{PATH}/{id}/state"), &p.reader).await;
    let titles: Vec<&str> = state["inside"].as_array().unwrap().iter().map(|one| one["title"].as_str().unwrap()).collect();
    assert_eq!(titles, ["Depot"]);
    let voltage = state["io"].as_array().unwrap().iter().find(|io| io["id"] == 66).unwrap();
    assert_eq!((voltage["unit"].as_str(), voltage["value"].as_f64()), (Some("V"), Some(12.618)));
    let all = p.asked(&format!("{PATH}/{id}/state"), &p.admin).await;
    assert_eq!(all["inside"].as_array().unwrap().len(), 2);
    let records = p.asked(&format!("{PATH}/{id}/timing-records"), &p.reader).await;
    let mut names: Vec<Option<&str>> =
        records["items"].as_array().unwrap().iter().map(|one| one["fence"]["title"].as_str()).collect();
    names.sort();
    assert_eq!(names, [None, Some("Depot")], "of the other the times alone");
    let edges = p.asked(&format!("/api/v1/nodes/{id}/edges?kind=inside"), &p.reader).await;
    assert_eq!(edges["items"].as_array().map(Vec::len), Some(1));
    let edge = edges["items"][0]["id"].as_str().unwrap().to_owned();
    let version = edges["items"][0]["version"].as_i64().unwrap();
    let gone = json!({ "intentions": [{ "type": "delete_edge", "id": edge, "version": version }] });
    p.server.ask(Ask::new("POST", "/api/v1/intentions").session(&p.admin).json(&gone)).await.refused(400, "invalid");
    for path in ["timing-records", "trips", "stops"] {
        p.server.ask(Ask::get(&format!("{PATH}/{id}/{path}")).session(&p.stranger)).await.refused(404, "not_found");
    }
    assert_eq!(p.asked(&format!("{PATH}/{id}/trips"), &p.reader).await["items"].as_array().unwrap().len(), 1);
    assert_eq!(p.titles(&p.reader, "?motion=moving").await, ["Van"]);
}

#[tokio::test]
async fn a_map_shows_what_one_may_see() {
    let p = place().await;
    let id = p.made("Van", "356307042441013").await;
    p.keep(vec![position(id, 0)]).await;
    let shown = async |session: &str, bbox: &str| {
        let page = p.asked(&format!("{PATH}/positions{bbox}"), session).await;
        page["items"].as_array().unwrap().len()
    };
    assert_eq!(shown(&p.reader, "").await, 1);
    assert_eq!(shown(&p.reader, "?bbox=10,59,11,60").await, 1);
    assert_eq!(shown(&p.reader, "?bbox=370,59,371,60").await, 1);
    assert_eq!(shown(&p.reader, "?bbox=11,59,12,60").await, 0);
    assert_eq!(shown(&p.stranger, "").await, 0);
    for wrong in ["?bbox=1,2,3", "?bbox=11,59,10,60", "?bbox=x", "?cursor=x"] {
        p.server.ask(Ask::get(&format!("{PATH}/positions{wrong}")).session(&p.reader)).await.refused(400, "invalid");
    }
}

/// Takes a member: readers look.
#[tokio::test]
async fn what_members_have_devices_do() {
    let p = place().await;
    let id = p.made("Van", "356307042441013").await;
    let (commands, faulty, retell) =
        (format!("{PATH}/{id}/commands"), format!("{PATH}/{id}/positions/faulty"), format!("{PATH}/{id}/retell"));
    let (from, to) = (crate::server::now() - chrono::TimeDelta::hours(1), crate::server::now() + chrono::TimeDelta::hours(1));
    let asks = [
        (&commands, json!({ "text": "getinfo" })),
        (&faulty, json!({ "from": from, "to": to, "faulty": true })),
        (&retell, json!({ "from": from })),
    ];
    for (path, body) in &asks {
        p.server.ask(Ask::new("POST", path).session(&p.reader).json(body)).await.refused(403, "forbidden");
        p.server.ask(Ask::new("POST", path).session(&p.stranger).json(body)).await.refused(404, "not_found");
    }
    p.server.ask(Ask::get(&commands).session(&p.reader)).await.refused(403, "forbidden");
    p.server.ask(Ask::new("POST", &retell).session(&p.admin).json(&asks[2].1)).await.refused(409, "conflict");
    p.keep(vec![position(id, 0), position(id, 10)]).await;
    let marked = p.server.ask(Ask::new("POST", &faulty).session(&p.admin).json(&asks[1].1)).await.expect(200);
    assert_eq!(marked, json!({ "count": 2 }));
    assert_eq!(p.intentions().retell_devices().await.unwrap(), 1);
    assert_eq!(p.asked(&format!("{PATH}/{id}/state"), &p.reader).await, Value::Null, "nothing is left that can be true");
    p.server.ask(Ask::new("POST", &retell).session(&p.admin).json(&asks[2].1)).await.expect(204);
    let wrong = json!({ "from": to, "to": from, "faulty": true });
    p.server.ask(Ask::new("POST", &faulty).session(&p.admin).json(&wrong)).await.refused(400, "invalid");

    for wrong in [json!({ "text": "" }), json!({ "text": "é" }), json!({ "text": "getinfo", "codec": 13 })] {
        p.server.ask(Ask::new("POST", &commands).session(&p.admin).json(&wrong)).await.refused(400, "invalid");
    }
    for number in 0..domain::limits::DEVICE_COMMANDS_OPEN_MAX {
        let command = p.server.ask(Ask::new("POST", &commands).session(&p.admin).json(&asks[0].1)).await.expect(201);
        assert_eq!((command["state"].as_str(), command["codec"].as_i64()), (Some("queued"), Some(12)), "{number}");
    }
    p.server.ask(Ask::new("POST", &commands).session(&p.admin).json(&asks[0].1)).await.refused(409, "conflict");
    let listed = p.asked(&format!("{commands}?limit=5"), &p.admin).await;
    assert_eq!(listed["items"].as_array().unwrap().len(), 5);
    assert!(listed["next_cursor"].is_string());
}

#[tokio::test]
async fn how_telemetry_does_is_for_administrators() {
    let p = place().await;
    let path = "/api/v1/telemetry/status";
    p.made("Van", "356307042441013").await;
    p.server.ask(Ask::get(path)).await.refused(401, "unauthenticated");
    p.server.ask(Ask::get(path).session(&p.reader)).await.refused(403, "forbidden");
    let status = p.server.ask(Ask::get(path).session(&p.admin)).await.expect(200);
    let expected = json!({
        "stream": "direct", "connected": 0, "devices": 1, "records_per_s": 0.0, "lag": { "pending": 0, "oldest_s": 0.0 },
        "shards": [], "dead_letters_open": 0,
    });
    assert_eq!(status, expected);
}
