//! What may not be seen is not there; what may be seen but not done is forbidden.

use crate::server::{Ask, Server, id_of};
use domain::EdgeKind;
use domain::node::INSTANCE_ID;
use serde_json::{Value, json};
use uuid::Uuid;

struct Place {
    server: Server,
    workspace: Uuid,
    system: Uuid,
    stranger: String,
    reader: String,
    member: String,
}

async fn place() -> Place {
    let server = Server::new().await;
    server.db.grant(server.db.person("admin").await, EdgeKind::Owner, INSTANCE_ID).await;
    let workspace = server.db.workspace("Payments").await;
    let system = server.db.system("Checkout", workspace).await;
    let (reader, member) = (server.db.person("reader").await, server.db.person("member").await);
    server.db.grant(reader, EdgeKind::Reader, workspace).await;
    server.db.grant(member, EdgeKind::MemberOf, workspace).await;
    let stranger = server.session(server.db.person("stranger").await).await;
    let (reader, member) = (server.session(reader).await, server.session(member).await);
    Place { server, workspace, system, stranger, reader, member }
}

async fn titles(server: &Server, ask: Ask) -> Vec<String> {
    let page = server.ask(ask).await.expect(200);
    page["items"].as_array().unwrap().iter().map(|n| n["title"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn reading_follows_grants_and_visibility() {
    let p = place().await;
    let systems = || Ask::get("/api/v1/systems");
    assert_eq!(titles(&p.server, systems()).await, [""; 0]);
    assert_eq!(titles(&p.server, systems().session(&p.stranger)).await, [""; 0]);
    assert_eq!(titles(&p.server, systems().session(&p.reader)).await, ["Checkout"]);
    for path in ["nodes", "systems"] {
        for rest in ["", "/edges", "/audit", "/checks"] {
            if (path == "systems") != (rest.is_empty() || rest == "/checks") && !rest.is_empty() {
                continue;
            }
            let path = format!("/api/v1/{path}/{}{rest}", p.system);
            p.server.ask(Ask::get(&path)).await.refused(404, "not_found");
            p.server.ask(Ask::get(&path).session(&p.stranger)).await.refused(404, "not_found");
        }
    }
    let latency = format!("/api/v1/systems/latency?ids={}", p.system);
    assert_eq!(p.server.ask(Ask::get(&latency).session(&p.stranger)).await.expect(200)["items"], json!([]));
    assert_eq!(p.server.ask(Ask::get(&latency).session(&p.reader)).await.expect(200)["items"][0]["id"], p.system.to_string());

    sqlx::query("update scopes set visibility = 'public' where node_id = $1")
        .bind(p.workspace)
        .execute(p.server.db.owner_pool())
        .await
        .unwrap();
    assert_eq!(titles(&p.server, systems()).await, ["Checkout"]);
    let got = p.server.ask(Ask::get(&format!("/api/v1/systems/{}", p.system))).await;
    assert_eq!(got.expect(200)["version"].to_string(), got.header("etag").trim_matches('"'));
}

#[tokio::test]
async fn writing_is_404_403_or_done() {
    let p = place().await;
    let path = format!("/api/v1/systems/{}", p.system);
    let patch = |title: &str| Ask::new("PATCH", &path).if_match(2).json(&json!({ "title": title }));
    let version = p.server.ask(Ask::get(&path).session(&p.reader)).await.expect(200)["version"].as_i64().unwrap();
    p.server.ask(patch("a")).await.refused(401, "unauthenticated");
    p.server.ask(patch("a").session(&p.stranger)).await.refused(404, "not_found");
    p.server.ask(patch("a").session(&p.reader)).await.refused(403, "forbidden");
    let done = p.server.ask(patch("a").if_match(version).session(&p.member)).await;
    assert_eq!(done.expect(200)["title"], "a");
    assert_eq!(done.header("etag"), format!("\"{}\"", version + 1));

    let new = |session: &str| {
        Ask::new("POST", "/api/v1/systems").session(session).json(&json!({ "title": "b", "parent_id": p.workspace }))
    };
    p.server.ask(new(&p.stranger)).await.refused(404, "not_found");
    p.server.ask(new(&p.reader)).await.refused(403, "forbidden");
    p.server.ask(new(&p.member)).await.expect(201);
    let check = |session: &str| Ask::new("POST", &format!("{path}/check")).session(session);
    p.server.ask(check(&p.stranger)).await.refused(404, "not_found");
    p.server.ask(check(&p.reader)).await.refused(403, "forbidden");
    assert_eq!(p.server.ask(check(&p.member)).await.expect(202)["due"], p.system.to_string());
}

#[tokio::test]
async fn a_change_names_the_version_it_is_made_from() {
    let p = place().await;
    let path = format!("/api/v1/systems/{}", p.system);
    let version = p.server.ask(Ask::get(&path).session(&p.member)).await.expect(200)["version"].as_i64().unwrap();
    for method in ["PATCH", "DELETE"] {
        let ask = || {
            let ask = Ask::new(method, &path).session(&p.member);
            if method == "PATCH" { ask.json(&json!({ "title": "new" })) } else { ask }
        };
        p.server.ask(ask()).await.refused(428, "precondition_required");
        p.server.ask(ask().header("if-match", "3")).await.refused(400, "invalid");
        for stale in [0, version - 1, version + 1, i64::MAX] {
            let problem = p.server.ask(ask().if_match(stale)).await.refused(412, "stale");
            assert_eq!(problem["current_version"], version);
        }
    }
    let unchanged = p.server.ask(Ask::get(&path).session(&p.member)).await.expect(200);
    assert_eq!((&unchanged["title"], &unchanged["version"]), (&json!("Checkout"), &json!(version)));
    p.server.ask(Ask::new("DELETE", &path).session(&p.member).if_match(version)).await.expect(204);
    p.server.ask(Ask::get(&path).session(&p.member)).await.refused(404, "not_found");
}

#[tokio::test]
async fn an_edge_is_seen_by_whoever_sees_both_ends() {
    let p = place().await;
    let elsewhere = p.server.db.workspace("Elsewhere").await;
    let other = p.server.db.system("Other", elsewhere).await;
    p.server.db.edge(EdgeKind::DependsOn, p.system, other).await;
    let ask = |query: &str| Ask::get(&format!("/api/v1/nodes/{}/edges{query}", p.system));
    let page = p.server.ask(ask("").session(&p.reader)).await.expect(200);
    let kinds: Vec<&Value> = page["items"].as_array().unwrap().iter().map(|e| &e["kind"]).collect();
    assert_eq!(kinds, ["part_of"]);
    assert_eq!(page["nodes"].as_array().unwrap().len(), 1);
    assert_eq!(id_of(&page["nodes"][0]), p.workspace);
    for (query, length) in [("?direction=in", 0), ("?direction=out", 1), ("?kind=depends_on", 0), ("?kind=part_of&limit=1", 1)] {
        let page = p.server.ask(ask(query).session(&p.reader)).await.expect(200);
        assert_eq!(page["items"].as_array().unwrap().len(), length, "{query}");
    }
}

#[tokio::test]
async fn what_was_done_is_told_to_whoever_may_see_it() {
    let p = place().await;
    let new = json!({ "title": "b", "parent_id": p.workspace });
    let made = p.server.ask(Ask::new("POST", "/api/v1/systems").session(&p.member).json(&new)).await.expect(201);
    let activity = p.server.ask(Ask::get("/api/v1/activity").session(&p.reader)).await.expect(200);
    let entry = &activity["items"][0];
    assert_eq!((&entry["action"], &entry["actor"]["title"]), (&json!("create_node"), &json!("member")));
    assert_eq!(entry["node"], json!({ "id": made["id"], "kind": "system", "title": "b" }));
    let audit = Ask::get(&format!("/api/v1/nodes/{}/audit", id_of(&made)));
    assert_eq!(p.server.ask(audit.session(&p.reader)).await.expect(200)["items"].as_array().unwrap().len(), 1);
    assert_eq!(p.server.ask(Ask::get("/api/v1/activity").session(&p.stranger)).await.expect(200)["items"], json!([]));
}

#[tokio::test]
async fn the_last_administrator_stays_by_whatever_way_they_would_go() {
    let server = Server::new().await;
    let admin = server.db.person("admin").await;
    let grant = server.db.grant(admin, EdgeKind::Owner, INSTANCE_ID).await;
    let session = server.session(admin).await;
    let intend =
        |intention: Value| Ask::new("POST", "/api/v1/intentions").session(&session).json(&json!({ "intentions": [intention] }));
    let path = format!("/api/v1/people/{admin}");
    let version = server.ask(Ask::get(&path).session(&session)).await.expect(200)["version"].clone();
    let leaves = || intend(json!({ "type": "delete_edge", "id": grant, "version": 1 }));
    for ask in [
        leaves(),
        intend(json!({ "type": "delete_node", "id": admin, "version": version })),
        intend(json!({ "type": "update_node", "id": admin, "version": version, "person": { "disabled": true } })),
    ] {
        let problem = server.ask(ask).await.refused(409, "conflict");
        assert_eq!(problem["detail"], "nobody would be left who administers Synops");
    }
    server.db.grant(server.db.person("second").await, EdgeKind::Admin, INSTANCE_ID).await;
    server.ask(leaves()).await.expect(200);
}

/// As after psql took the last grant: the rest of the graph still belongs to its owners.
#[tokio::test]
async fn where_nobody_administers_owners_still_do_as_they_like() {
    let server = Server::new().await;
    let workspace = server.db.workspace("Payments").await;
    let system = server.db.system("Checkout", workspace).await;
    let owner = server.db.person("owner").await;
    server.db.grant(owner, EdgeKind::Owner, workspace).await;
    let reader = server.db.person("reader").await;
    let grant = server.db.grant(reader, EdgeKind::Reader, workspace).await;
    let session = server.session(owner).await;
    let node = |id: Uuid| Ask::get(&format!("/api/v1/nodes/{id}")).session(&session);
    let version = async |id| server.ask(node(id)).await.expect(200)["version"].clone();
    let intentions = json!({ "intentions": [
        { "type": "delete_node", "id": system, "version": version(system).await },
        { "type": "delete_edge", "id": grant, "version": 1 },
        { "type": "set_scope", "id": workspace, "version": version(workspace).await, "visibility": "signed_in" },
    ] });
    server.ask(Ask::new("POST", "/api/v1/intentions").session(&session).json(&intentions)).await.expect(200);
    server.ask(node(system)).await.refused(404, "not_found");
}

#[tokio::test]
async fn who_makes_a_place_a_scope_owns_it_even_cut_off() {
    let p = place().await;
    let admin = p.server.db.person("second").await;
    p.server.db.grant(admin, EdgeKind::Admin, p.workspace).await;
    let session = p.server.session(admin).await;
    let group = p.server.db.group("Cards", p.workspace).await;
    let read = |who: &str| Ask::get(&format!("/api/v1/groups/{group}")).session(who);
    let set = async |isolated: bool, who: &str| {
        let version = p.server.ask(read(&session)).await.expect(200)["version"].clone();
        let intention = json!({ "type": "set_scope", "id": group, "version": version, "isolated": isolated });
        p.server.ask(Ask::new("POST", "/api/v1/intentions").session(who).json(&json!({ "intentions": [intention] }))).await
    };
    set(false, &p.member).await.refused(403, "forbidden");
    assert_eq!(set(false, &session).await.expect(200)["results"][0]["node"]["scope_id"], group.to_string());
    p.server.ask(read(&p.reader)).await.expect(200);
    set(true, &session).await.expect(200);
    p.server.ask(read(&p.reader)).await.refused(404, "not_found");
    assert_eq!(p.server.ask(read(&session)).await.expect(200)["scope"]["isolated"], true);
    let grants = Ask::get(&format!("/api/v1/nodes/{group}/edges?direction=in&kind=owner")).session(&session);
    let grants = p.server.ask(grants).await.expect(200);
    assert_eq!(grants["items"].as_array().unwrap().len(), 1);
    assert_eq!(grants["items"][0]["source_id"], admin.to_string());
}

#[tokio::test]
async fn an_edge_is_in_the_history_of_both_its_ends_for_whoever_sees_them() {
    let p = place().await;
    let admin = p.server.db.person("second").await;
    p.server.db.grant(admin, EdgeKind::Owner, p.workspace).await;
    let session = p.server.session(admin).await;
    let newcomer = p.server.db.person("newcomer").await;
    let grant = json!({ "type": "create_edge", "kind": "reader", "source_id": newcomer, "target_id": p.workspace });
    p.server
        .ask(Ask::new("POST", "/api/v1/intentions").session(&session).json(&json!({ "intentions": [grant] })))
        .await
        .expect(200);
    let history = async |id: Uuid, who: &str| {
        let page = p.server.ask(Ask::get(&format!("/api/v1/nodes/{id}/audit")).session(who)).await.expect(200);
        page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["node"]["title"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(history(p.workspace, &session).await, ["newcomer"]);
    assert_eq!(history(newcomer, &session).await, ["newcomer"]);
    assert_eq!(history(p.system, &session).await, [""; 0]);
    // Who does not see the scope learns of no grant there.
    assert_eq!(history(newcomer, &p.stranger).await, [""; 0]);
}
