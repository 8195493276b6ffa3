//! The catalog over HTTP: order, selections, contacts, links, dependencies; and who is told what of it.

use crate::server::{Answer, Ask, Server, id_of};
use domain::node::INSTANCE_ID;
use domain::{EdgeKind, NodeKind};
use serde_json::{Value, json};
use uuid::Uuid;

struct Place {
    server: Server,
    workspace: Uuid,
    member: String,
    reader: String,
    stranger: String,
}

async fn place() -> Place {
    let server = Server::new().await;
    let admin = server.db.person("admin").await;
    server.db.grant(admin, EdgeKind::Owner, INSTANCE_ID).await;
    let workspace = server.db.workspace("Payments").await;
    let (reader, member) = (server.db.person("reader").await, server.db.person("member").await);
    server.db.grant(reader, EdgeKind::Reader, workspace).await;
    server.db.grant(member, EdgeKind::MemberOf, workspace).await;
    let stranger = server.session(server.db.person("stranger").await).await;
    let (reader, member) = (server.session(reader).await, server.session(member).await);
    Place { server, workspace, member, reader, stranger }
}

impl Place {
    async fn get(&self, session: &str, path: &str) -> Answer {
        self.server.ask(Ask::get(&format!("/api/v1{path}")).session(session)).await
    }

    async fn post(&self, session: &str, path: &str, body: &Value) -> Answer {
        self.server.ask(Ask::new("POST", &format!("/api/v1{path}")).session(session).json(body)).await
    }

    async fn put(&self, session: &str, path: &str, body: &Value) -> Answer {
        self.server.ask(Ask::new("PUT", &format!("/api/v1{path}")).session(session).json(body)).await
    }

    async fn patch(&self, session: &str, path: &str, version: i64, body: &Value) -> Answer {
        self.server.ask(Ask::new("PATCH", &format!("/api/v1{path}")).session(session).if_match(version).json(body)).await
    }

    async fn delete(&self, session: &str, path: &str, version: i64) -> Answer {
        self.server.ask(Ask::new("DELETE", &format!("/api/v1{path}")).session(session).if_match(version)).await
    }

    async fn checked(&self, title: &str, parent_id: Uuid, state: &str) -> Uuid {
        let spec = json!({ "type": "tcp", "address": "127.0.0.1:9" });
        let id = self.server.db.checked_system(title, parent_id, Some(spec)).await;
        self.set(id, state).await;
        id
    }

    async fn set(&self, id: Uuid, state: &str) {
        let statement = "update systems set state = $2 where node_id = $1";
        sqlx::query(statement).bind(id).bind(state).execute(self.server.db.owner_pool()).await.unwrap();
    }

    async fn open_to(&self, scope_id: Uuid, visibility: &str) {
        let statement = "update scopes set visibility = $2 where node_id = $1";
        sqlx::query(statement).bind(scope_id).bind(visibility).execute(self.server.db.owner_pool()).await.unwrap();
    }
}

fn titles(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|item| item["title"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn groups_stand_in_their_order() {
    let p = place().await;
    let mut ids = Vec::new();
    for title in ["Alpha", "beta", "Gamma", "Delta"] {
        ids.push(p.server.db.group(title, p.workspace).await);
    }
    let path = format!("/groups?parent_id={}", p.workspace);
    assert_eq!(titles(&p.get(&p.reader, &path).await.expect(200)), ["Alpha", "beta", "Delta", "Gamma"]);
    let order = json!({ "parent_id": p.workspace, "ids": [ids[2], ids[0], ids[3]] });
    p.put(&p.reader, "/groups/order", &order).await.refused(403, "forbidden");
    p.put(&p.stranger, "/groups/order", &order).await.refused(404, "not_found");
    p.put(&p.member, "/groups/order", &order).await.expect(204);
    // Pages follow it, whatever is not named stands first.
    let mut seen = Vec::new();
    let mut next = format!("{path}&limit=1");
    loop {
        let page = p.get(&p.reader, &next).await.expect(200);
        seen.extend(titles(&page).into_iter().map(str::to_owned));
        match page["next_cursor"].as_str() {
            Some(cursor) => next = format!("{path}&limit=1&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(seen, ["beta", "Gamma", "Alpha", "Delta"]);
    // Those that stand there already are not touched.
    let before = p.get(&p.reader, &format!("/groups/{}", ids[2])).await.expect(200)["version"].clone();
    p.put(&p.member, "/groups/order", &order).await.expect(204);
    let group = p.get(&p.reader, &format!("/groups/{}", ids[2])).await.expect(200);
    assert_eq!((&group["version"], &group["position"]), (&before, &json!(1)));
    // Of another parent, unseen, twice, none: refused whole.
    let inner = p.server.db.group("Inner", ids[0]).await;
    let order = |ids: &[Uuid]| json!({ "parent_id": p.workspace, "ids": ids });
    p.put(&p.member, "/groups/order", &order(&[ids[0], inner])).await.refused(404, "not_found");
    assert_eq!(p.put(&p.member, "/groups/order", &order(&[ids[0], ids[0]])).await.refused(400, "invalid")["field"], "ids");
    p.put(&p.member, "/groups/order", &order(&[])).await.refused(400, "invalid");
    let hidden = p.server.db.group("Hidden", p.workspace).await;
    p.server.db.make_scope(hidden).await;
    sqlx::query("update scopes set isolated = true where node_id = $1")
        .bind(hidden)
        .execute(p.server.db.owner_pool())
        .await
        .unwrap();
    p.put(&p.member, "/groups/order", &order(&[hidden, ids[0]])).await.refused(404, "not_found");
    let version = group["version"].as_i64().unwrap();
    let group = p.patch(&p.member, &format!("/groups/{}", ids[2]), version, &json!({ "position": 9 })).await.expect(200);
    assert_eq!(group["position"], 9);
    let made = json!({ "parent_id": p.workspace, "title": "First", "position": -1 });
    p.post(&p.member, "/groups", &made).await.expect(201);
    assert_eq!(titles(&p.get(&p.reader, &path).await.expect(200)), ["First", "beta", "Alpha", "Delta", "Gamma"]);
}

#[tokio::test]
async fn systems_are_selected_by_state_and_place() {
    let p = place().await;
    let db = &p.server.db;
    let group = db.group("Cards", p.workspace).await;
    let deep = db.group("Deep", group).await;
    let (up, down, slow) = (
        p.checked("Up", deep, "up").await,
        p.checked("down", group, "down").await,
        p.checked("Slow", p.workspace, "degraded").await,
    );
    let production =
        p.post(&p.member, "/environments", &json!({ "parent_id": p.workspace, "title": "Production" })).await.expect(201);
    assert_eq!(production["kind"], "environment");
    let production = id_of(&production);
    for id in [up, slow] {
        let edge =
            json!({ "intentions": [{ "type": "create_edge", "kind": "runs_in", "source_id": id, "target_id": production }] });
        p.post(&p.member, "/intentions", &edge).await.expect(200);
    }
    let list = async |query: &str| {
        let page = p.get(&p.reader, &format!("/systems{query}")).await.expect(200);
        titles(&page).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(list("").await, ["down", "Slow", "Up"]);
    assert_eq!(list("?state=down,degraded").await, ["down", "Slow"]);
    assert_eq!(list(&format!("?environment_id={production}")).await, ["Slow", "Up"]);
    assert_eq!(list(&format!("?environment_id={production}&state=up&q=U")).await, ["Up"]);
    assert_eq!(list(&format!("?state=up,down&parent_id={group}")).await, ["down"]);
    p.get(&p.reader, "/systems?state=nonsense").await.refused(400, "invalid");

    let view = json!({ "parent_id": p.workspace, "title": "Cards",
        "view": { "states": ["up", "down"], "group_ids": [group], "order": "worst_first" } });
    p.post(&p.reader, "/views", &view).await.refused(403, "forbidden");
    p.post(&p.stranger, "/views", &view).await.refused(404, "not_found");
    let made = p.post(&p.member, "/views", &view).await.expect(201);
    assert_eq!(
        made["view"],
        json!({ "states": ["up", "down"], "environment_ids": [], "group_ids": [group], "system_ids": [], "text": null, "order": "worst_first" })
    );
    let path = format!("/views/{}", id_of(&made));
    p.get(&p.stranger, &path).await.refused(404, "not_found");
    p.get(&p.stranger, &format!("{path}/systems")).await.refused(404, "not_found");
    let first = p.get(&p.reader, &format!("{path}/systems?limit=1")).await.expect(200);
    assert_eq!(titles(&first), ["down"]);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = p.get(&p.reader, &format!("{path}/systems?limit=1&cursor={cursor}")).await.expect(200);
    assert_eq!((titles(&second), &second["next_cursor"]), (vec!["Up"], &Value::Null));
    p.set(down, "degraded").await;
    assert_eq!(titles(&p.get(&p.reader, &format!("{path}/systems")).await.expect(200)), ["Up"]);
    let change = json!({ "view": { "environment_ids": [production] } });
    p.patch(&p.reader, &path, 1, &change).await.refused(403, "forbidden");
    let version = made["version"].as_i64().unwrap();
    p.patch(&p.member, &path, version, &change).await.expect(200);
    p.patch(&p.member, &path, version, &change).await.refused(412, "stale");
    assert_eq!(titles(&p.get(&p.reader, &format!("{path}/systems")).await.expect(200)), ["Slow", "Up"]);

    // A selection names nothing that its author does not see, and shows nobody more than they see.
    let elsewhere = db.workspace("Elsewhere").await;
    let (theirs, hidden) = (db.group("Theirs", elsewhere).await, db.system("Hidden", elsewhere).await);
    for wrong in [json!({ "group_ids": [theirs] }), json!({ "environment_ids": [theirs] }), json!({ "group_ids": [hidden] })] {
        let body = json!({ "parent_id": p.workspace, "title": "x", "view": wrong });
        p.post(&p.member, "/views", &body).await.refused(404, "not_found");
        p.patch(&p.member, &path, version + 1, &json!({ "view": wrong })).await.refused(404, "not_found");
    }
    let wrong = json!({ "parent_id": p.workspace, "title": "x", "view": { "text": "a\0" } });
    assert_eq!(p.post(&p.member, "/views", &wrong).await.refused(400, "invalid")["field"], "view.text");
    p.open_to(p.workspace, "public").await;
    let anonymous = p.server.ask(Ask::get(&format!("/api/v1{path}/systems"))).await.expect(200);
    assert_eq!(titles(&anonymous), ["Slow", "Up"]);
    p.delete(&p.member, &path, version + 1).await.expect(204);
}

#[tokio::test]
async fn an_environment_that_one_may_not_see_tells_nothing() {
    let p = place().await;
    let db = &p.server.db;
    let (secret, up) = (db.workspace("Secret").await, db.system("Up", p.workspace).await);
    let mut tx = db.owner_pool().begin().await.unwrap();
    let staging = testkit::graph::insert_node(&mut tx, NodeKind::Environment, "Staging", secret).await.unwrap();
    testkit::graph::insert_edge(&mut tx, EdgeKind::RunsIn, up, staging).await.unwrap();
    tx.commit().await.unwrap();
    let path = format!("/systems?environment_id={staging}");
    assert_eq!(titles(&p.get(&p.reader, &path).await.expect(200)), Vec::<&str>::new());
    p.open_to(secret, "signed_in").await;
    assert_eq!(titles(&p.get(&p.reader, &path).await.expect(200)), ["Up"]);
}

#[tokio::test]
async fn contacts_are_for_those_who_see_who_it_is() {
    let p = place().await;
    let db = &p.server.db;
    let group = db.group("Cards", p.workspace).await;
    let system = db.system("Checkout", group).await;
    let (kari, ops) = (db.person("kari").await, db.team("Ops").await);
    sqlx::query("update people set email = 'kari@example.org' where node_id = $1")
        .bind(kari)
        .execute(db.owner_pool())
        .await
        .unwrap();
    let path = format!("/systems/{system}/contacts");
    let add = json!({ "person_id": kari, "role": "on call" });
    // People are seen by those who may read the instance.
    p.open_to(INSTANCE_ID, "members").await;
    p.post(&p.member, &path, &add).await.refused(404, "not_found");
    p.open_to(INSTANCE_ID, "signed_in").await;
    p.post(&p.reader, &path, &add).await.refused(403, "forbidden");
    p.post(&p.stranger, &path, &add).await.refused(404, "not_found");
    let edge = p.post(&p.member, &path, &add).await.expect(201);
    assert_eq!((&edge["kind"], &edge["attrs"]), (&json!("contact_of"), &json!({ "role": "on call" })));
    p.post(&p.member, &path, &add).await.refused(409, "conflict");
    p.post(&p.member, &path, &json!({ "team_id": kari })).await.refused(404, "not_found");
    assert_eq!(p.post(&p.member, &path, &json!({})).await.refused(400, "invalid")["field"], "person_id");
    let mailbox = json!({ "mailbox": { "title": "Hosting", "email": "help@example.org" } });
    let at_group = format!("/groups/{group}/contacts");
    let of_group = p.post(&p.member, &at_group, &mailbox).await.expect(201);
    p.post(&p.member, &at_group, &json!({ "team_id": ops })).await.expect(201);
    assert_eq!(
        p.post(&p.member, &path, &json!({ "mailbox": { "title": "x", "email": "x" } })).await.refused(400, "invalid")["field"],
        "mailbox.email"
    );

    let told = |page: &Value| -> Vec<(String, Value, Value, Value)> {
        let items = page["items"].as_array().unwrap().iter();
        items
            .map(|i| {
                (
                    i["contact"]["title"].as_str().unwrap().to_owned(),
                    i["email"].clone(),
                    i["from"]["title"].clone(),
                    i["inherited"].clone(),
                )
            })
            .collect()
    };
    let page = p.get(&p.reader, &path).await.expect(200);
    let (kari_is, hosting_is) = (
        ("kari".to_owned(), json!("kari@example.org"), json!("Checkout"), json!(false)),
        ("Hosting".to_owned(), json!("help@example.org"), json!("Cards"), json!(true)),
    );
    let ops_is = ("Ops".to_owned(), Value::Null, json!("Cards"), json!(true));
    assert_eq!(told(&page), [kari_is, hosting_is, ops_is]);
    let first = p.get(&p.reader, &format!("{path}?limit=1")).await.expect(200);
    let rest = p.get(&p.reader, &format!("{path}?cursor={}", first["next_cursor"].as_str().unwrap())).await.expect(200);
    assert_eq!(rest["items"].as_array().unwrap().len(), 2);
    // Nobody signed in: no address, no person; not in the node either.
    p.open_to(p.workspace, "public").await;
    let anonymous = p.server.ask(Ask::get(&format!("/api/v1{path}"))).await.expect(200);
    assert_eq!(told(&anonymous), [("Hosting".to_owned(), Value::Null, json!("Cards"), json!(true))]);
    let hosting = id_of(&page["items"][1]["contact"]);
    mailbox_by_itself(&p, hosting, kari).await;
    // Its own alone are taken from it, by who answers for it.
    let inherited = format!("{path}/{}", of_group["id"].as_str().unwrap());
    p.delete(&p.member, &inherited, 1).await.refused(404, "not_found");
    let own = format!("{path}/{}", edge["id"].as_str().unwrap());
    p.delete(&p.reader, &own, 1).await.refused(403, "forbidden");
    p.delete(&p.member, &own, 9).await.refused(412, "stale");
    p.delete(&p.member, &own, 1).await.expect(204);
    assert_eq!(p.get(&p.reader, &path).await.expect(200)["items"].as_array().unwrap().len(), 2);
    mailbox_of_its_scope(&p, &path, hosting).await;
}

/// Its address is for whoever is signed in.
async fn mailbox_by_itself(p: &Place, hosting: Uuid, person: Uuid) {
    for answer in
        [p.server.ask(Ask::get(&format!("/api/v1/nodes/{hosting}"))).await, p.get(&p.member, &format!("/nodes/{hosting}")).await]
    {
        assert!(!answer.text().contains("help@"), "{}", answer.text());
    }
    let path = format!("/contacts/{hosting}");
    let one = p.get(&p.reader, &path).await;
    assert!(one.header("etag").len() > 2);
    assert_eq!(one.expect(200)["email"], json!("help@example.org"));
    assert_eq!(p.server.ask(Ask::get(&format!("/api/v1{path}"))).await.expect(200)["email"], Value::Null);
    p.get(&p.reader, &format!("/contacts/{person}")).await.refused(404, "not_found");
}

/// It is changed, and deleted, by who answers for where it is.
async fn mailbox_of_its_scope(p: &Place, path: &str, hosting: Uuid) {
    let version = p.get(&p.member, &format!("/nodes/{hosting}")).await.expect(200)["version"].as_i64().unwrap();
    let change = json!({ "email": "care@example.org" });
    p.patch(&p.reader, &format!("/contacts/{hosting}"), version, &change).await.refused(403, "forbidden");
    let changed = p.patch(&p.member, &format!("/contacts/{hosting}"), version, &change).await.expect(200);
    assert_eq!(changed["version"], version + 1, "a change of the address is news");
    assert_eq!(p.get(&p.reader, path).await.expect(200)["items"][0]["email"], "care@example.org");
    p.delete(&p.member, &format!("/contacts/{hosting}"), version + 1).await.expect(204);
    assert_eq!(p.get(&p.reader, path).await.expect(200)["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn links_are_set_whole() {
    let p = place().await;
    let system = p.server.db.system("Checkout", p.workspace).await;
    let path = format!("/systems/{system}/links");
    let answer = p.get(&p.reader, &path).await;
    let version = answer.expect(200)["version"].as_i64().unwrap();
    assert_eq!((answer.json()["links"].clone(), answer.header("etag")), (json!([]), format!("\"{version}\"")));
    let links = json!({ "links": [{ "title": "Runbook", "url": "https://wiki.example.org/run" }] });
    let put = async |session: &str, version: i64, body: &Value| {
        p.server.ask(Ask::new("PUT", &format!("/api/v1{path}")).session(session).if_match(version).json(body)).await
    };
    p.put(&p.member, &path, &links).await.refused(428, "precondition_required");
    put(&p.stranger, version, &links).await.refused(404, "not_found");
    put(&p.reader, version, &links).await.refused(403, "forbidden");
    let bad = json!({ "links": [{ "title": "x", "url": "javascript:alert(1)" }] });
    assert_eq!(put(&p.member, version, &bad).await.refused(400, "invalid")["field"], "links[0].url");
    let set = put(&p.member, version, &links).await.expect(200);
    assert_eq!((&set["links"], &set["version"]), (&links["links"], &json!(version + 1)));
    put(&p.member, version, &links).await.refused(412, "stale");
    let node = p.get(&p.reader, &format!("/systems/{system}")).await.expect(200);
    assert_eq!(node["system"]["links"], links["links"]);
}

#[tokio::test]
async fn a_cause_is_named_to_those_who_see_it() {
    let p = place().await;
    let db = &p.server.db;
    let elsewhere = db.workspace("Elsewhere").await;
    let (base, api) = (p.checked("Database", elsewhere, "up").await, p.checked("API", p.workspace, "up").await);
    let page = p.checked("Page", p.workspace, "up").await;
    let depends = |system: Uuid, on: Uuid, impact: &str| json!({ "system_id": system, "depends_on_id": on, "impact": impact });
    p.post(&p.member, "/dependencies", &depends(api, base, "critical")).await.refused(404, "not_found");
    p.post(&p.reader, "/dependencies", &depends(page, api, "critical")).await.refused(403, "forbidden");
    p.post(&p.member, "/dependencies", &depends(page, api, "fatal")).await.refused(400, "invalid");
    let made = p.post(&p.member, "/dependencies", &depends(page, api, "critical")).await;
    let edge = made.expect(201);
    assert_eq!((&edge["attrs"]["impact"], made.header("location").as_str()), (&json!("critical"), ""));
    db.edge(EdgeKind::DependsOn, api, base).await;
    p.set(base, "down").await;

    let cause = async |session: &str, id: Uuid| {
        let node = p.get(session, &format!("/systems/{id}")).await.expect(200);
        (node["system"]["state"].clone(), node["system"]["effective_state"].clone(), node["cause"].clone())
    };
    assert_eq!(cause(&p.reader, page).await, (json!("up"), json!("degraded"), json!({ "hidden": true })));
    let bulk = json!({ "ids": [page, api, base, Uuid::nil()] });
    let states = p.post(&p.reader, "/systems/states", &bulk).await.expect(200);
    let items = states["items"].as_array().unwrap();
    assert!(items.len() == 2 && items.iter().all(|i| i["cause"] == json!({ "hidden": true })), "{states}");
    assert!(!states.to_string().contains(&base.to_string()) && !states.to_string().contains("Database"));
    p.open_to(elsewhere, "signed_in").await;
    let named = json!({ "id": base, "title": "Database" });
    assert_eq!(cause(&p.reader, page).await, (json!("up"), json!("degraded"), named.clone()));
    assert_eq!(cause(&p.stranger, base).await, (json!("down"), json!("down"), Value::Null));
    p.get(&p.stranger, &format!("/systems/{page}")).await.refused(404, "not_found");
    // Nobody signed in sees what is public, and the rest is as if it were not there.
    p.open_to(p.workspace, "public").await;
    let anonymous = p.server.ask(Ask::new("POST", "/api/v1/systems/states").json(&bulk)).await.expect(200);
    assert_eq!(anonymous["items"].as_array().unwrap().len(), 2);
    assert_eq!(anonymous["items"][0]["cause"], json!({ "hidden": true }));
    let many = json!({ "ids": vec![page; 501] });
    assert_eq!(p.post(&p.reader, "/systems/states", &many).await.refused(400, "invalid")["field"], "ids");

    // What depends on what: both ends must be seen.
    let list = async |session: &str, query: &str| {
        let page = p.get(session, &format!("/dependencies{query}")).await.expect(200);
        let items = page["items"].as_array().unwrap().clone();
        items
            .iter()
            .map(|i| format!("{} → {}", i["system"]["title"].as_str().unwrap(), i["depends_on"]["title"].as_str().unwrap()))
            .collect::<Vec<_>>()
    };
    assert_eq!(list(&p.reader, "").await, ["Page → API", "API → Database"]);
    assert_eq!(list(&p.reader, &format!("?system_id={api}&direction=up")).await, ["API → Database"]);
    assert_eq!(list(&p.reader, &format!("?system_id={api}&direction=down")).await, ["Page → API"]);
    assert_eq!(list(&p.reader, &format!("?system_id={api}&limit=1")).await, ["Page → API"]);
    p.get(&p.reader, "/dependencies?direction=up").await.refused(400, "invalid");
    p.open_to(elsewhere, "members").await;
    assert_eq!(list(&p.reader, "").await, ["Page → API"]);
    p.get(&p.reader, &format!("/dependencies?system_id={base}")).await.refused(404, "not_found");

    let path = format!("/dependencies/{}", edge["id"].as_str().unwrap());
    p.patch(&p.reader, &path, 1, &json!({ "impact": "degraded" })).await.refused(403, "forbidden");
    p.patch(&p.member, &path, 2, &json!({ "impact": "degraded" })).await.refused(412, "stale");
    p.patch(&p.member, &path, 1, &json!({ "impact": "informational" })).await.expect(200);
    assert_eq!(cause(&p.reader, page).await, (json!("up"), json!("up"), Value::Null));
    let plain =
        json!({ "intentions": [{ "type": "update_edge", "id": edge["id"], "version": 2, "attrs": { "impact": "fatal" } }] });
    p.post(&p.member, "/intentions", &plain).await.refused(400, "invalid");
    p.delete(&p.member, &path, 2).await.expect(204);
    assert_eq!(list(&p.reader, "").await, Vec::<String>::new());
}

#[tokio::test]
async fn a_circle_is_refused_with_its_way() {
    let p = place().await;
    let db = &p.server.db;
    let elsewhere = db.workspace("Elsewhere").await;
    let (one, two) = (db.system("One", p.workspace).await, db.system("Two", p.workspace).await);
    let hidden = db.system("Hidden", elsewhere).await;
    db.edge(EdgeKind::DependsOn, two, hidden).await;
    db.edge(EdgeKind::DependsOn, hidden, one).await;
    let circle = json!({ "system_id": one, "depends_on_id": two });
    let problem = p.post(&p.member, "/dependencies", &circle).await.refused(409, "conflict");
    assert_eq!(problem["detail"], "it would run in a circle: One → Two → something you may not see → One");
    // Whoever sees none of it learns nothing of it.
    p.post(&p.stranger, "/dependencies", &circle).await.refused(404, "not_found");
    p.open_to(elsewhere, "signed_in").await;
    let problem = p.post(&p.member, "/dependencies", &circle).await.refused(409, "conflict");
    assert_eq!(problem["detail"], "it would run in a circle: One → Two → Hidden → One");
    let same = json!({ "system_id": one, "depends_on_id": one });
    p.post(&p.member, "/dependencies", &same).await.refused(400, "invalid");
}
