//! Incidents over HTTP: who may open and change them, what is refused, and who is told what.

use crate::server::{Answer, Ask, Server, id_of, now};
use chrono::TimeDelta;
use domain::EdgeKind;
use domain::node::INSTANCE_ID;
use serde_json::{Value, json};
use uuid::Uuid;

const PATH: &str = "/api/v1/incidents";

struct Place {
    server: Server,
    workspace: Uuid,
    group: Uuid,
    system: Uuid,
    member: String,
    reader: String,
    stranger: String,
}

async fn place() -> Place {
    let server = Server::new().await;
    let admin = server.db.person("admin").await;
    server.db.grant(admin, EdgeKind::Owner, INSTANCE_ID).await;
    let workspace = server.db.workspace("Payments").await;
    let group = server.db.group("Cards", workspace).await;
    let spec = json!({ "type": "tcp", "address": "127.0.0.1:9" });
    let system = server.db.checked_system("Checkout", group, Some(spec)).await;
    let (reader, member) = (server.db.person("reader").await, server.db.person("member").await);
    server.db.grant(reader, EdgeKind::Reader, workspace).await;
    server.db.grant(member, EdgeKind::MemberOf, workspace).await;
    let stranger = server.session(server.db.person("stranger").await).await;
    let (reader, member) = (server.session(reader).await, server.session(member).await);
    Place { server, workspace, group, system, member, reader, stranger }
}

impl Place {
    async fn get(&self, session: &str, path: &str) -> Answer {
        self.server.ask(Ask::get(&format!("{PATH}{path}")).session(session)).await
    }

    async fn post(&self, session: &str, path: &str, body: &Value) -> Answer {
        self.server.ask(Ask::new("POST", &format!("{PATH}{path}")).session(session).json(body)).await
    }

    async fn bare_post(&self, session: &str, path: &str) -> Answer {
        self.server.ask(Ask::new("POST", &format!("{PATH}{path}")).session(session)).await
    }

    async fn patch(&self, session: &str, path: &str, version: i64, body: &Value) -> Answer {
        self.server.ask(Ask::new("PATCH", &format!("{PATH}{path}")).session(session).if_match(version).json(body)).await
    }

    async fn opened(&self, body: Value) -> Uuid {
        let mut all = json!({ "title": "Payments fail" });
        all.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        id_of(&self.post(&self.member, "", &all).await.expect(201))
    }

    async fn facet(&self, id: Uuid) -> Value {
        self.get(&self.member, &format!("/{id}")).await.expect(200)["incident"].clone()
    }

    async fn open_to(&self, scope_id: Uuid, visibility: &str) {
        let statement = "update scopes set visibility = $2 where node_id = $1";
        sqlx::query(statement).bind(scope_id).bind(visibility).execute(self.server.db.owner_pool()).await.unwrap();
    }

    async fn told(&self, session: Option<&str>, id: Uuid) -> Vec<(String, Value)> {
        let ask = Ask::get(&format!("{PATH}/{id}/updates"));
        let ask = if let Some(session) = session { ask.session(session) } else { ask };
        let page = self.server.ask(ask).await.expect(200);
        let items = page["items"].as_array().unwrap().iter();
        items.map(|i| (i["message"].as_str().unwrap().to_owned(), i["state_change"].clone())).collect()
    }
}

fn ids(page: &Value) -> Vec<Uuid> {
    page["items"].as_array().unwrap().iter().map(id_of).collect()
}

#[tokio::test]
async fn members_open_them_where_they_answer_for_it() {
    let p = place().await;
    let body =
        json!({ "title": "Payments fail", "affects": [p.system, p.system], "severity": "major", "health_override": "down" });
    p.post(&p.stranger, "", &body).await.refused(404, "not_found");
    p.post(&p.reader, "", &body).await.refused(403, "forbidden");
    let made = p.post(&p.member, "", &body).await.expect(201);
    let facet = &made["incident"];
    assert_eq!((&made["kind"], &made["parent_id"]), (&json!("incident"), &json!(p.workspace)));
    assert_eq!(
        (&facet["state"], &facet["severity"], &facet["automatic"]),
        (&json!("investigating"), &json!("major"), &json!(false))
    );
    let id = id_of(&made);
    assert_eq!(p.told(Some(&p.reader), id).await, [("Opened.".to_owned(), json!("investigating"))]);
    p.get(&p.stranger, &format!("/{id}")).await.refused(404, "not_found");
    p.get(&p.stranger, &format!("/{id}/updates")).await.refused(404, "not_found");
    // While it is open it says how things are.
    let system = async || {
        let ask = Ask::get(&format!("/api/v1/systems/{}", p.system)).session(&p.reader);
        p.server.ask(ask).await.expect(200)["system"]["effective_state"].clone()
    };
    assert_eq!(system().await, "down");
    let version = made["version"].as_i64().unwrap();
    let change = json!({ "health_override": null, "severity": "critical", "suppress": true });
    p.patch(&p.reader, &format!("/{id}"), version, &change).await.refused(403, "forbidden");
    let changed = p.patch(&p.member, &format!("/{id}"), version, &change).await.expect(200);
    assert_eq!((&changed["incident"]["severity"], &changed["incident"]["suppress"]), (&json!("critical"), &json!(true)));
    p.patch(&p.member, &format!("/{id}"), version, &change).await.refused(412, "stale");
    assert_eq!(system().await, "unknown");

    // What one can't see is not there, what one only reads is forbidden.
    let elsewhere = p.server.db.workspace("Elsewhere").await;
    let theirs = p.server.db.system("Theirs", elsewhere).await;
    let both = json!({ "title": "x", "affects": [p.system, theirs] });
    p.post(&p.member, "", &both).await.refused(404, "not_found");
    let version = changed["version"].as_i64().unwrap();
    p.patch(&p.member, &format!("/{id}"), version, &json!({ "affects": [theirs] })).await.refused(404, "not_found");
    p.open_to(elsewhere, "signed_in").await;
    p.post(&p.member, "", &both).await.refused(403, "forbidden");
    let edge = json!({ "intentions": [{ "type": "create_edge", "kind": "affects", "source_id": id, "target_id": theirs }] });
    p.server.ask(Ask::new("POST", "/api/v1/intentions").session(&p.member).json(&edge)).await.refused(403, "forbidden");
    let wrong = json!({ "title": "x", "affects": [p.workspace] });
    p.post(&p.member, "", &wrong).await.refused(400, "invalid");
    assert_eq!(p.post(&p.member, "", &json!({ "title": "x" })).await.refused(400, "invalid")["field"], "parent_id");
    let ahead = json!({ "title": "x", "affects": [p.system], "started_at": now() + TimeDelta::minutes(5) });
    assert_eq!(p.post(&p.member, "", &ahead).await.refused(400, "invalid")["field"], "started_at");
    let plain = json!({ "intentions": [{ "type": "create_node", "kind": "incident", "parent_id": p.workspace, "title": "x" }] });
    p.server.ask(Ask::new("POST", "/api/v1/intentions").session(&p.member).json(&plain)).await.refused(400, "invalid");
    let ask = Ask::new("DELETE", &format!("{PATH}/{id}")).session(&p.member).if_match(version);
    p.server.ask(ask).await.expect(204);
}

#[tokio::test]
async fn an_incident_goes_its_way() {
    let p = place().await;
    let id = p.opened(json!({ "affects": [p.system], "update": { "message": "We see it.", "audience": "public", "state_change": "identified" } })).await;
    let path = |act: &str| format!("/{id}/{act}");
    assert_eq!(p.facet(id).await["state"], "identified");
    p.bare_post(&p.reader, &path("acknowledge")).await.refused(403, "forbidden");
    let facet = p.bare_post(&p.member, &path("acknowledge")).await.expect(200)["incident"].clone();
    assert!(facet["acknowledged_at"].is_string() && facet["acknowledged_by"].is_string(), "{facet}");
    p.bare_post(&p.member, &path("acknowledge")).await.refused(409, "conflict");
    let say = |message: &str, state: Option<&str>| {
        let mut update = json!({ "message": message, "audience": "signed_in" });
        if let Some(state) = state {
            update["state_change"] = json!(state);
        }
        update
    };
    p.post(&p.reader, &path("updates"), &say("x", None)).await.refused(403, "forbidden");
    p.post(&p.member, &path("updates"), &say("Back to it.", Some("investigating"))).await.expect(200);
    p.post(&p.member, &path("updates"), &say("Fixing it.", Some("fixing"))).await.expect(200);
    p.post(&p.member, &path("updates"), &say("Still.", Some("fixing"))).await.expect(200);
    p.bare_post(&p.reader, &path("resolve")).await.refused(403, "forbidden");
    let resolved =
        p.post(&p.member, &path("resolve"), &json!({ "message": "It was the disk.", "audience": "internal" })).await.expect(200);
    assert!(resolved["incident"]["resolved_at"].is_string());
    p.bare_post(&p.member, &path("resolve")).await.refused(409, "conflict");
    p.post(&p.member, &path("updates"), &say("x", Some("monitoring"))).await.refused(409, "conflict");
    p.post(&p.member, &path("updates"), &say("A word after.", None)).await.expect(200);
    let reopened = p.post(&p.member, &path("updates"), &say("Again.", Some("investigating"))).await.expect(200);
    assert_eq!((&reopened["incident"]["state"], &reopened["incident"]["resolved_at"]), (&json!("investigating"), &Value::Null));
    let told = p.told(Some(&p.member), id).await;
    let told: Vec<(&str, &Value)> = told.iter().map(|(message, state)| (message.as_str(), state)).collect();
    let null = Value::Null;
    let (again, disk, fixing, back, first) =
        (json!("investigating"), json!("resolved"), json!("fixing"), json!("investigating"), json!("identified"));
    assert_eq!(
        told,
        [
            ("Again.", &again),
            ("A word after.", &null),
            ("It was the disk.", &disk),
            ("Still.", &null),
            ("Fixing it.", &fixing),
            ("Back to it.", &back),
            ("We see it.", &first)
        ]
    );
    let mut audit = p.server.count("select count(*) from audit_log where action like '%incident%'").await;
    assert_eq!(audit, 8, "each of them is on record");
    audit = p.server.count("select count(*) from audit_log where summary::text like '%disk%'").await;
    assert_eq!(audit, 0, "but not what was said");
}

#[tokio::test]
async fn edits_keep_what_was_said_for_those_who_were_told() {
    let p = place().await;
    p.open_to(p.workspace, "public").await;
    let id = p.opened(json!({ "affects": [p.system] })).await;
    let say = |message: &str, audience: &str| json!({ "message": message, "audience": audience });
    p.post(&p.member, &format!("/{id}/updates"), &say("It was Ola.", "internal")).await.expect(200);
    let page = p.get(&p.member, &format!("/{id}/updates")).await.expect(200);
    let update = page["items"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!((&page["items"][0]["version"], &page["items"][0]["edited_at"]), (&json!(1), &Value::Null));
    let (path, edits) = (format!("/{id}/updates/{update}"), format!("/{id}/updates/{update}/edits"));
    // To others it is not there, and can't be changed.
    p.get(&p.reader, &edits).await.refused(404, "not_found");
    p.patch(&p.reader, &path, 1, &say("x", "public")).await.refused(403, "forbidden");
    let ask = Ask::new("PATCH", &format!("{PATH}{path}")).session(&p.member).json(&say("x", "public"));
    p.server.ask(ask).await.refused(428, "precondition_required");
    p.patch(&p.member, &path, 1, &json!({})).await.refused(400, "invalid");
    assert_eq!(p.patch(&p.member, &path, 1, &json!({ "message": " " })).await.refused(400, "invalid")["field"], "message");
    p.patch(&p.member, &path, 1, &say("A person made a mistake.", "public")).await.expect(200);
    let stale = p.patch(&p.member, &path, 1, &say("x", "public")).await.refused(412, "stale");
    assert_eq!(stale["current_version"], 2);
    p.patch(&p.member, &path, 2, &json!({ "message": "We made a mistake." })).await.expect(200);

    let anonymous = async |path: &str| p.server.ask(Ask::get(&format!("{PATH}{path}"))).await;
    let now = anonymous(&format!("/{id}/updates")).await.expect(200);
    assert_eq!((&now["items"][0]["message"], &now["items"][0]["version"]), (&json!("We made a mistake."), &json!(3)));
    let texts = |page: Value| {
        page["items"].as_array().unwrap().iter().map(|i| i["message"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(texts(anonymous(&edits).await.expect(200)), ["A person made a mistake."]);
    assert_eq!(texts(p.get(&p.reader, &edits).await.expect(200)), ["A person made a mistake."]);
    assert_eq!(texts(p.get(&p.member, &edits).await.expect(200)), ["A person made a mistake.", "It was Ola."]);
    let first = p.get(&p.member, &format!("{edits}?limit=1")).await.expect(200);
    let rest = p.get(&p.member, &format!("{edits}?cursor={}", first["next_cursor"].as_str().unwrap())).await.expect(200);
    assert_eq!((texts(rest), &first["items"][0]["by"]["title"]), (vec!["It was Ola.".to_owned()], &json!("member")));
    // Taken back from the public, its history goes with it.
    p.patch(&p.member, &path, 3, &json!({ "audience": "internal" })).await.expect(200);
    anonymous(&edits).await.refused(404, "not_found");
    // Of another incident, or a maintenance, it is not there.
    let other = p.opened(json!({ "affects": [p.system] })).await;
    p.patch(&p.member, &format!("/{other}/updates/{update}"), 4, &say("x", "public")).await.refused(404, "not_found");
    p.get(&p.member, &format!("/{other}/updates/{update}/edits")).await.refused(404, "not_found");
    let crossed = format!("/api/v1/maintenances/{id}/updates/{update}/edits");
    p.server.ask(Ask::get(&crossed).session(&p.member)).await.refused(404, "not_found");
    let secret = p.server.count("select count(*) from audit_log where summary::text like '%Ola%'").await;
    assert_eq!(secret, 0);
}

#[tokio::test]
async fn lists_and_bulk_reads_tell_what_one_may_see() {
    let p = place().await;
    let elsewhere = p.server.db.workspace("Elsewhere").await;
    let theirs = p.server.db.system("Theirs", elsewhere).await;
    let at = |minutes: i64| now() - TimeDelta::minutes(minutes);
    let by_name = p.opened(json!({ "affects": [p.system], "severity": "major", "started_at": at(30) })).await;
    let by_group = p.opened(json!({ "affects": [p.group], "started_at": at(20) })).await;
    let over = p.opened(json!({ "affects": [p.system], "started_at": at(10) })).await;
    p.bare_post(&p.member, &format!("/{over}/resolve")).await.expect(200);
    let unrelated = p.opened(json!({ "parent_id": p.workspace, "started_at": at(5) })).await;
    let list = async |query: &str| ids(&p.get(&p.reader, query).await.expect(200));
    assert_eq!(list("").await, [unrelated, over, by_group, by_name]);
    assert_eq!(list("?open=true").await, [unrelated, by_group, by_name]);
    assert_eq!(list("?state=resolved").await, [over]);
    assert_eq!(list("?severity=major,critical").await, [by_name]);
    assert_eq!(list(&format!("?system_id={}", p.system)).await, [over, by_group, by_name]);
    assert_eq!(list(&format!("?system_id={theirs}")).await, Vec::<Uuid>::new());
    // By the beginnings of words of title and text, whatever their accents.
    let named = p.opened(json!({ "title": "Kortfeil på østkysten", "body": "Nets svarer ikke", "affects": [p.system] })).await;
    for (q, found) in [("KORT", true), ("ostkysten%20nets", true), ("svar%20feilkort", false), ("orange", false)] {
        assert_eq!(list(&format!("?q={q}")).await, if found { vec![named] } else { Vec::new() }, "{q}");
    }
    assert_eq!(list("?q=kort&open=false").await, Vec::<Uuid>::new());
    assert_eq!(list("?q=%20-%20&limit=1").await, [named], "without a word all");
    assert_eq!(ids(&p.get(&p.stranger, "?q=kort").await.expect(200)), Vec::<Uuid>::new());
    p.server.db.delete(named).await;
    p.get(&p.reader, "?severity=fatal").await.refused(400, "invalid");
    let first = p.get(&p.reader, "?limit=3").await.expect(200);
    let rest = p.get(&p.reader, &format!("?cursor={}", first["next_cursor"].as_str().unwrap())).await.expect(200);
    assert_eq!((ids(&first), ids(&rest)), (vec![unrelated, over, by_group], vec![by_name]));
    assert_eq!(ids(&p.get(&p.stranger, "").await.expect(200)), Vec::<Uuid>::new());

    let bulk = async |session: &str, body: Value| p.post(session, "/by-systems", &body).await.expect(200)["items"].clone();
    let asked = json!({ "system_ids": [p.system, theirs, p.group] });
    assert_eq!(
        bulk(&p.reader, asked.clone()).await,
        json!([{ "system_id": p.system, "incident_ids": [over, by_group, by_name] }])
    );
    let open = json!({ "system_ids": [p.system], "open": true });
    assert_eq!(bulk(&p.reader, open).await, json!([{ "system_id": p.system, "incident_ids": [by_group, by_name] }]));
    assert_eq!(bulk(&p.stranger, asked.clone()).await, json!([]));
    // A system that one sees, and an incident of it that one doesn't.
    let mut tx = p.server.db.owner_pool().begin().await.unwrap();
    let hidden = testkit::graph::insert_node(&mut tx, domain::NodeKind::Incident, "Hidden", elsewhere).await.unwrap();
    sqlx::query("insert into incidents (node_id) values ($1)").bind(hidden).execute(&mut *tx).await.unwrap();
    testkit::graph::insert_edge(&mut tx, EdgeKind::Affects, hidden, p.system).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(bulk(&p.reader, asked.clone()).await[0]["incident_ids"].as_array().unwrap().len(), 3);
    assert_eq!(list(&format!("?system_id={}", p.system)).await.len(), 3);
    p.get(&p.reader, &format!("/{hidden}")).await.refused(404, "not_found");
    p.open_to(elsewhere, "signed_in").await;
    assert_eq!(bulk(&p.reader, asked).await[0]["incident_ids"][0], json!(hidden));
    let many = json!({ "system_ids": vec![p.system; 501] });
    assert_eq!(p.post(&p.reader, "/by-systems", &many).await.refused(400, "invalid")["field"], "system_ids");
}

#[tokio::test]
async fn updates_of_maintenances_are_edited_by_the_same_rule() {
    let p = place().await;
    let plan = json!({ "title": "Disks", "affects": [p.system], "starts_at": now() + TimeDelta::hours(1), "ends_at": now() + TimeDelta::hours(2) });
    let post = async |path: &str, body: &Value| p.server.ask(Ask::new("POST", path).session(&p.member).json(body)).await;
    let id = id_of(&post("/api/v1/maintenances", &plan).await.expect(201));
    let path = format!("/api/v1/maintenances/{id}/updates");
    post(&path, &json!({ "message": "Soon.", "audience": "public" })).await.expect(200);
    let page = p.server.ask(Ask::get(&path).session(&p.reader)).await.expect(200);
    let update = format!("{path}/{}", page["items"][0]["id"].as_str().unwrap());
    let patch = |session: &str| Ask::new("PATCH", &update).session(session).if_match(1).json(&json!({ "message": "Tomorrow." }));
    p.server.ask(patch(&p.reader)).await.refused(403, "forbidden");
    p.server.ask(patch(&p.member)).await.expect(200);
    let edits = p.server.ask(Ask::get(&format!("{update}/edits")).session(&p.reader)).await.expect(200);
    assert_eq!(edits["items"][0]["message"], "Soon.");
}
