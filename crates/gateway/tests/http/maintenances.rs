//! Maintenances over HTTP: who may plan them, what is refused, and who is told what.

use crate::server::{Answer, Ask, Server, id_of, now};
use chrono::{DateTime, TimeDelta, Utc};
use domain::EdgeKind;
use domain::node::INSTANCE_ID;
use serde_json::{Value, json};
use uuid::Uuid;

const PATH: &str = "/api/v1/maintenances";

struct Place {
    server: Server,
    workspace: Uuid,
    system: Uuid,
    admin: String,
    member: String,
    reader: String,
    stranger: String,
}

async fn place() -> Place {
    let server = Server::new().await;
    let admin = server.db.person("admin").await;
    server.db.grant(admin, EdgeKind::Owner, INSTANCE_ID).await;
    let workspace = server.db.workspace("Payments").await;
    let system = server.db.system("Checkout", workspace).await;
    let (reader, member) = (server.db.person("reader").await, server.db.person("member").await);
    server.db.grant(reader, EdgeKind::Reader, workspace).await;
    server.db.grant(member, EdgeKind::MemberOf, workspace).await;
    let stranger = server.session(server.db.person("stranger").await).await;
    let (admin, reader, member) = (server.session(admin).await, server.session(reader).await, server.session(member).await);
    Place { server, workspace, system, admin, member, reader, stranger }
}

fn in_minutes(minutes: i64) -> DateTime<Utc> {
    now() + TimeDelta::minutes(minutes)
}

fn plan(affects: &[Uuid], from: i64, to: i64) -> Value {
    json!({ "title": "Disks", "starts_at": in_minutes(from), "ends_at": in_minutes(to), "affects": affects })
}

impl Place {
    async fn post(&self, session: &str, path: &str, body: &Value) -> Answer {
        self.server.ask(Ask::new("POST", &format!("{PATH}{path}")).session(session).json(body)).await
    }

    async fn bare_post(&self, session: &str, path: &str) -> Answer {
        self.server.ask(Ask::new("POST", &format!("{PATH}{path}")).session(session)).await
    }

    async fn planned(&self, from: i64, to: i64) -> Uuid {
        id_of(&self.post(&self.member, "", &plan(&[self.system], from, to)).await.expect(201))
    }

    async fn get(&self, session: &str, path: &str) -> Answer {
        self.server.ask(Ask::get(&format!("{PATH}{path}")).session(session)).await
    }

    async fn state(&self, id: Uuid) -> String {
        let node = self.get(&self.member, &format!("/{id}")).await.expect(200);
        node["maintenance"]["state"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn members_plan_what_they_may_take_down() {
    let p = place().await;
    let body = plan(&[p.system], 60, 120);
    p.post(&p.stranger, "", &body).await.refused(404, "not_found");
    p.post(&p.reader, "", &body).await.refused(403, "forbidden");
    let made = p.post(&p.member, "", &body).await.expect(201);
    // By default where what it affects is.
    assert_eq!((&made["kind"], &made["parent_id"]), (&json!("maintenance"), &json!(p.workspace)));
    let facet = &made["maintenance"];
    assert_eq!((&facet["state"], &facet["affects_instance"]), (&json!("scheduled"), &json!(false)));
    assert_eq!((&facet["verify"], &facet["blocked_classes"]), (&json!(true), &json!(["tools"])));
    let path = format!("/{}", id_of(&made));
    p.get(&p.stranger, &path).await.refused(404, "not_found");
    assert_eq!(p.get(&p.reader, &path).await.expect(200)["maintenance"], *facet);

    // Of another workspace: what one can't see is not there, what one only reads is forbidden.
    let elsewhere = p.server.db.workspace("Elsewhere").await;
    let theirs = p.server.db.system("Theirs", elsewhere).await;
    let both = plan(&[p.system, theirs], 60, 120);
    p.post(&p.member, "", &both).await.refused(404, "not_found");
    sqlx::query("update scopes set visibility = 'signed_in' where node_id = $1")
        .bind(elsewhere)
        .execute(p.server.db.owner_pool())
        .await
        .unwrap();
    p.post(&p.member, "", &both).await.refused(403, "forbidden");
    // An intention of the general kind makes none, and edges made apart obey the same rule.
    let made =
        json!({ "intentions": [{ "type": "create_node", "kind": "maintenance", "parent_id": p.workspace, "title": "x" }] });
    let ask = Ask::new("POST", "/api/v1/intentions").session(&p.member).json(&made);
    assert_eq!(p.server.ask(ask).await.refused(400, "invalid")["field"], "kind");
    let edge =
        json!({ "intentions": [{ "type": "create_edge", "kind": "affects", "source_id": path[1..], "target_id": theirs }] });
    let ask = Ask::new("POST", "/api/v1/intentions").session(&p.member).json(&edge);
    p.server.ask(ask).await.refused(403, "forbidden");
}

#[tokio::test]
async fn synops_itself_is_the_administrators() {
    let p = place().await;
    let body = plan(&[INSTANCE_ID], 60, 120);
    p.post(&p.member, "", &body).await.refused(403, "forbidden");
    // Nor by way of the own workspace.
    let mut own = plan(&[p.system, INSTANCE_ID], 60, 120);
    own["parent_id"] = json!(p.workspace);
    p.post(&p.member, "", &own).await.refused(403, "forbidden");
    let made = p.post(&p.admin, "", &own).await.expect(201);
    assert_eq!(made["maintenance"]["affects_instance"], true);
    let id = id_of(&made);
    for act in ["start", "cancel", "close"] {
        p.bare_post(&p.member, &format!("/{id}/{act}")).await.refused(403, "forbidden");
    }
    for method in ["PATCH", "DELETE"] {
        let ask = Ask::new(method, &format!("{PATH}/{id}")).session(&p.member).if_match(made["version"].as_i64().unwrap());
        let ask = if method == "PATCH" { ask.json(&json!({ "title": "Mine" })) } else { ask };
        p.server.ask(ask).await.refused(403, "forbidden");
    }
    let edges = format!("/api/v1/nodes/{id}/edges?kind=affects");
    let edges = p.server.ask(Ask::get(&edges).session(&p.admin)).await.expect(200);
    let edge = edges["items"].as_array().unwrap().iter().find(|e| e["target_id"] == json!(INSTANCE_ID)).unwrap();
    let gone = json!({ "intentions": [{ "type": "delete_edge", "id": edge["id"], "version": edge["version"] }] });
    p.server.ask(Ask::new("POST", "/api/v1/intentions").session(&p.member).json(&gone)).await.refused(403, "forbidden");
    p.get(&p.member, &format!("/{id}/forecast")).await.refused(403, "forbidden");

    // One at a time.
    let problem = p.post(&p.admin, "", &plan(&[INSTANCE_ID], 100, 200)).await.refused(409, "conflict");
    assert!(problem["detail"].as_str().unwrap().contains("overlaps"), "{problem}");
    p.post(&p.admin, "", &plan(&[INSTANCE_ID], 130, 200)).await.expect(201);
    let longer = json!({ "ends_at": in_minutes(140) });
    p.post(&p.admin, &format!("/{id}/extend"), &longer).await.refused(409, "conflict");
}

#[tokio::test]
async fn windows_that_make_no_sense_are_refused() {
    let p = place().await;
    let check = async |body: Value, field: &str| {
        let problem = p.post(&p.member, "", &body).await.refused(400, "invalid");
        assert_eq!(problem["field"], field, "{body}");
    };
    check(plan(&[p.system], 60, 30), "ends_at").await;
    check(plan(&[p.system], -60, 30), "starts_at").await;
    check(plan(&[p.system], 60, 60 + 31 * 24 * 60), "ends_at").await;
    check(plan(&[p.system], 400 * 24 * 60, 400 * 24 * 60 + 60), "starts_at").await;
    check(plan(&[], 60, 120), "affects").await;
    check(plan(&[p.workspace], 60, 120), "affects").await;
    let with = |name: &str, value: Value| {
        let mut body = plan(&[p.system], 60, 120);
        body[name] = value;
        body
    };
    check(with("timezone", json!("Mars/Olympus")), "timezone").await;
    check(with("starts_at", json!("soon")), "starts_at").await;
    check(with("title", json!(" ")), "title").await;
    check(with("parent_id", json!(p.system)), "parent_id").await;
    check(with("links", json!([{ "title": "x", "url": "javascript:alert(1)" }])), "links[0].url").await;
    check(with("blocked_classes", json!(["nonsense"])), "blocked_classes[0]").await;
    assert_eq!(p.server.count("select count(*) from maintenances").await, 0);
}

#[tokio::test]
async fn a_window_goes_its_way_by_hand() {
    let p = place().await;
    let id = p.planned(60, 120).await;
    let act = async |name: &str| p.bare_post(&p.member, &format!("/{id}/{name}")).await;
    act("close").await.refused(409, "conflict");
    // Brought forward as a whole.
    let started = act("start").await.expect(200)["maintenance"].clone();
    let time = |value: &Value| value.as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
    assert_eq!(started["state"], "in_progress");
    assert!(time(&started["starts_at"]) <= in_minutes(1));
    assert_eq!((time(&started["ends_at"]) - time(&started["starts_at"])).num_minutes(), 60);
    let problem = act("cancel").await.refused(409, "conflict");
    assert!(problem["detail"].as_str().unwrap().contains("has started"), "{problem}");
    act("start").await.refused(409, "conflict");
    let node = p.get(&p.member, &format!("/{id}")).await.expect(200);
    let delete = Ask::new("DELETE", &format!("{PATH}/{id}")).session(&p.member).if_match(node["version"].as_i64().unwrap());
    p.server.ask(delete).await.refused(409, "conflict");
    p.post(&p.member, &format!("/{id}/extend"), &json!({ "ends_at": in_minutes(30) })).await.refused(400, "invalid");
    let ends_at = in_minutes(180);
    let extended = p.post(&p.member, &format!("/{id}/extend"), &json!({ "ends_at": ends_at })).await.expect(200);
    assert!((time(&extended["maintenance"]["ends_at"]) - ends_at).num_milliseconds().abs() < 1);
    let said = json!({ "message": "All **done**.", "audience": "signed_in", "state_change": "completed" });
    let closed = p.post(&p.member, &format!("/{id}/updates"), &said).await.expect(200);
    assert_eq!((&closed["maintenance"]["state"], &closed["maintenance"]["outcome"]), (&json!("completed"), &json!("closed")));
    act("close").await.refused(409, "conflict");
    p.post(&p.member, &format!("/{id}/extend"), &json!({ "ends_at": in_minutes(200) })).await.refused(409, "conflict");
    // Who did what is in the log; another is called off.
    let audit = p.server.ask(Ask::get(&format!("/api/v1/nodes/{id}/audit")).session(&p.reader)).await.expect(200);
    let actions: Vec<&str> = audit["items"].as_array().unwrap().iter().filter_map(|entry| entry["action"].as_str()).collect();
    assert_eq!(actions, ["close_maintenance", "extend_maintenance", "start_maintenance", "plan_maintenance"]);
    let other = p.planned(60, 120).await;
    let cancelled = p.post(&p.member, &format!("/{other}/cancel"), &json!({ "reason": "The disks are late." })).await.expect(200);
    assert_eq!(cancelled["maintenance"]["outcome"], "cancelled");
    let problem = p.bare_post(&p.member, &format!("/{other}/start")).await.refused(409, "conflict");
    assert!(problem["detail"].as_str().unwrap().contains("cancelled"), "{problem}");
}

#[tokio::test]
async fn a_change_keeps_to_what_the_state_allows() {
    let p = place().await;
    let id = p.planned(60, 120).await;
    let patch = async |body: Value| {
        let node = p.get(&p.member, &format!("/{id}")).await.expect(200);
        let ask = Ask::new("PATCH", &format!("{PATH}/{id}")).session(&p.member).if_match(node["version"].as_i64().unwrap());
        p.server.ask(ask.json(&body)).await
    };
    let other = p.server.db.system("Till", p.workspace).await;
    let changed = patch(json!({ "title": "New disks", "starts_at": in_minutes(70), "affects": [other] })).await.expect(200);
    assert_eq!(changed["title"], "New disks");
    let affected = p.get(&p.reader, "/affected?upcoming=true").await.expect(200);
    let systems: Vec<&Value> = affected["items"].as_array().unwrap().iter().map(|item| &item["system_id"]).collect();
    assert_eq!(systems, [&json!(other)]);
    assert_eq!(p.get(&p.reader, "/affected").await.expect(200)["items"], json!([]));
    assert_eq!(patch(json!({})).await.refused(400, "invalid")["field"], "body");
    assert_eq!(patch(json!({ "ends_at": in_minutes(65) })).await.refused(400, "invalid")["field"], "ends_at");
    p.bare_post(&p.member, &format!("/{id}/start")).await.expect(200);
    assert_eq!(p.get(&p.reader, "/affected").await.expect(200)["items"].as_array().unwrap().len(), 1);
    patch(json!({ "starts_at": in_minutes(80) })).await.refused(409, "conflict");
    patch(json!({ "ends_at": in_minutes(20), "drain_bound_s": 5 })).await.expect(200);
    p.bare_post(&p.member, &format!("/{id}/close")).await.expect(200);
    patch(json!({ "affects": [p.system] })).await.refused(409, "conflict");
    patch(json!({ "body": "What we learnt.", "links": [{ "title": "Notes", "url": "https://wiki.example.org" }] }))
        .await
        .expect(200);
    let ask = Ask::new("PATCH", &format!("{PATH}/{id}")).session(&p.member).if_match(1).json(&json!({ "title": "x" }));
    p.server.ask(ask).await.refused(412, "stale");
}

#[tokio::test]
async fn updates_are_for_their_audience() {
    let p = place().await;
    sqlx::query("update scopes set visibility = 'public' where node_id = $1")
        .bind(p.workspace)
        .execute(p.server.db.owner_pool())
        .await
        .unwrap();
    let id = p.planned(60, 120).await;
    let path = format!("/{id}/updates");
    for audience in ["public", "signed_in", "internal"] {
        let said = json!({ "message": format!("For {audience}."), "audience": audience });
        p.post(&p.reader, &path, &said).await.refused(403, "forbidden");
        p.post(&p.member, &path, &said).await.expect(200);
    }
    let told = |answer: Answer| -> Vec<String> {
        let page = answer.expect(200);
        page["items"].as_array().unwrap().iter().map(|update| update["message"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(told(p.server.ask(Ask::get(&format!("{PATH}{path}"))).await), ["For public."]);
    for session in [&p.stranger, &p.reader] {
        assert_eq!(told(p.get(session, &path).await), ["For signed_in.", "For public."]);
    }
    assert_eq!(told(p.get(&p.member, &path).await), ["For internal.", "For signed_in.", "For public."]);
    // What is internal stands nowhere else, either.
    let audit = p.server.ask(Ask::get(&format!("/api/v1/nodes/{id}/audit")).session(&p.reader)).await;
    assert!(!audit.text().contains("For internal."), "{}", audit.text());
    // By pages, each once.
    let first = p.get(&p.member, &format!("{path}?limit=2")).await.expect(200);
    let cursor = first["next_cursor"].as_str().unwrap();
    assert_eq!(told(p.get(&p.member, &format!("{path}?limit=2&cursor={cursor}")).await), ["For public."]);
    assert_eq!(p.post(&p.member, &path, &json!({ "message": "x" })).await.refused(400, "invalid")["field"], "body");
    let empty = json!({ "message": " ", "audience": "public" });
    assert_eq!(p.post(&p.member, &path, &empty).await.refused(400, "invalid")["field"], "message");
    // Whoever may not see it learns nothing.
    let hidden = p.server.db.workspace("Hidden").await;
    let theirs = p.server.db.maintenance("Theirs", hidden, (60.0, 600.0), &[]).await;
    p.get(&p.member, &format!("/{theirs}/updates")).await.refused(404, "not_found");
}

#[tokio::test]
async fn lists_are_filtered_ordered_and_paged() {
    let p = place().await;
    let group = p.server.db.group("Cards", p.workspace).await;
    let inner = p.server.db.system("Inner", group).await;
    let hour = 3_600.0;
    let by_group = p.server.db.maintenance("A", p.workspace, (hour, 2.0 * hour), &[group]).await;
    let by_name = p.server.db.maintenance("B", p.workspace, (3.0 * hour, 4.0 * hour), &[inner, p.system]).await;
    let of_synops = p.server.db.maintenance("C", p.workspace, (5.0 * hour, 6.0 * hour), &[INSTANCE_ID]).await;
    let hidden = p.server.db.workspace("Hidden").await;
    p.server.db.maintenance("D", hidden, (7.0 * hour, 8.0 * hour), &[inner]).await;
    p.bare_post(&p.member, &format!("/{by_name}/cancel")).await.expect(200);
    let check = async |query: &str, expect: &[Uuid]| {
        let page = p.get(&p.reader, query).await.expect(200);
        let ids: Vec<Uuid> = page["items"].as_array().unwrap().iter().map(id_of).collect();
        assert_eq!(ids, expect, "{query}");
    };
    check("", &[of_synops, by_name, by_group]).await;
    check("?order=earliest_first", &[by_group, by_name, of_synops]).await;
    check("?state=scheduled", &[of_synops, by_group]).await;
    check("?state=cancelled,completed", &[by_name]).await;
    check(&format!("?affects={inner}"), &[by_name, by_group]).await;
    check(&format!("?affects={}", p.system), &[by_name]).await;
    check(&format!("?affects={group}"), &[by_group]).await;
    check(&format!("?affects={INSTANCE_ID}"), &[of_synops]).await;
    let time = |hours: i64| (now() + TimeDelta::minutes(60 * hours + 30)).format("%FT%TZ").to_string();
    check(&format!("?from={}", time(3)), &[of_synops, by_name]).await;
    check(&format!("?to={}", time(3)), &[by_name, by_group]).await;
    for order in ["latest_first", "earliest_first"] {
        let mut seen = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = p.get(&p.reader, &format!("?limit=1&order={order}{cursor}")).await.expect(200);
            seen.extend(page["items"].as_array().unwrap().iter().map(id_of));
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        seen.sort();
        let mut all = [by_group, by_name, of_synops];
        all.sort();
        assert_eq!(seen, all, "{order}");
    }
    for bad in ["?state=nonsense", "?order=up", "?cursor=x", "?limit=0", "?from=%2B262000-01-01T00:00:00Z"] {
        p.get(&p.reader, bad).await.refused(400, "invalid");
    }
    // What one can't see is affected by nothing.
    let theirs = p.server.db.system("Theirs", hidden).await;
    p.server.db.edge(EdgeKind::Affects, by_group, theirs).await;
    check(&format!("?affects={theirs}"), &[]).await;
}

#[tokio::test]
async fn a_forecast_tells_what_the_window_meets() {
    let p = place().await;
    let jobs = |run_in: i64, kind: domain::job::JobKind| domain::job::NewJob {
        run_at: Some(in_minutes(run_in)),
        ..domain::job::NewJob::new(kind, json!({ "tool": "backup" }))
    };
    let tool = domain::job::JobKind::Tool;
    let (within, crossing, after) = (jobs(90, tool), jobs(30, tool), jobs(300, tool));
    let mut db = p.server.db.pool().acquire().await.unwrap();
    store::job::insert_jobs(&mut db, &[within.clone(), crossing.clone(), after]).await.unwrap();
    store::job_schedule::ensure_builtin_schedule(&mut *db, "hourly", "retention", "0 * * * *").await.unwrap();
    let body = plan(&[INSTANCE_ID, p.system], 60, 180);
    p.post(&p.member, "/forecast", &body).await.refused(403, "forbidden");
    let check = |told: &Value| {
        let fates: Vec<(Uuid, &str)> =
            told["jobs"].as_array().unwrap().iter().map(|job| (id_of(job), job["fate"].as_str().unwrap())).collect();
        // Without history a job takes as long as it may: an hour.
        assert_eq!(fates, [(crossing.id, "crosses_start"), (within.id, "waits")]);
        assert_eq!((&told["stop"], &told["schedules"][0]["name"]), (&json!("full"), &json!("hourly")));
        let system = &told["systems"][0];
        assert_eq!((&system["id"], &system["checked"]), (&json!(p.system), &json!(false)));
        assert_eq!(told["truncated"], false);
    };
    check(&p.post(&p.admin, "/forecast", &body).await.expect(200));
    assert_eq!(p.server.count("select count(*) from maintenances").await, 0);
    let id = id_of(&p.post(&p.admin, "", &body).await.expect(201));
    check(&p.get(&p.admin, &format!("/{id}/forecast")).await.expect(200));
    // Jobs are the matter of Synops itself.
    let id = p.planned(60, 120).await;
    p.get(&p.reader, &format!("/{id}/forecast")).await.refused(403, "forbidden");
    let told = p.get(&p.member, &format!("/{id}/forecast")).await.expect(200);
    assert_eq!((&told["stop"], &told["jobs"], &told["schedules"]), (&json!("none"), &json!([]), &json!([])));
}

#[tokio::test]
async fn a_rehearsal_leaves_no_trace() {
    let p = place().await;
    let spec = json!({ "type": "tcp", "address": "127.0.0.1:9" });
    let checked = p.server.db.checked_system("Till", p.workspace, Some(spec)).await;
    let id = id_of(&p.post(&p.admin, "", &plan(&[checked, INSTANCE_ID], 60, 120)).await.expect(201));
    let before = p.get(&p.admin, &format!("/{id}")).await.expect(200);
    let logged = p.server.count("select count(*) from change_log").await;
    p.bare_post(&p.member, &format!("/{id}/rehearsal")).await.refused(403, "forbidden");
    let told = p.bare_post(&p.admin, &format!("/{id}/rehearsal")).await.expect(200);
    let steps = told["steps"].as_array().unwrap();
    let names: Vec<&str> = steps.iter().map(|step| step["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["announce", "start", "close", "drain", "restart", "end", "verify", "complete"]);
    let times: Vec<&str> = steps.iter().map(|step| step["at"].as_str().unwrap()).collect();
    assert!(times.is_sorted(), "{times:?}");
    // Nobody has checked it yet, so nothing says that it would be green.
    let fine: Vec<bool> = steps.iter().map(|step| step["ok"].as_bool().unwrap()).collect();
    assert_eq!((fine.iter().filter(|ok| !**ok).count(), fine[6], &told["ok"]), (1, false, &json!(false)));
    assert!(steps[1]["took_ms"].as_f64().unwrap() > 0.0 && steps[3]["took_ms"].is_null());
    assert_eq!(p.get(&p.admin, &format!("/{id}")).await.expect(200), before);
    assert_eq!(p.server.count("select count(*) from change_log").await, logged);
    assert_eq!(p.server.count("select count(*) from timeline_updates").await, 0);
    p.bare_post(&p.admin, &format!("/{id}/cancel")).await.expect(200);
    p.bare_post(&p.admin, &format!("/{id}/rehearsal")).await.refused(409, "conflict");
    assert_eq!(p.state(id).await, "cancelled");
}
