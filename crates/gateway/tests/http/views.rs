//! Views of systems that somebody picked by hand.

use crate::server::{Answer, Ask, Server, id_of};
use domain::EdgeKind;
use domain::limits::VIEW_SYSTEMS_MAX;
use serde_json::{Value, json};
use uuid::Uuid;

struct Place {
    server: Server,
    workspace: Uuid,
    member: String,
    reader: String,
}

async fn place() -> Place {
    let server = Server::new().await;
    let workspace = server.db.workspace("Payments").await;
    let (reader, member) = (server.db.person("reader").await, server.db.person("member").await);
    server.db.grant(reader, EdgeKind::Reader, workspace).await;
    server.db.grant(member, EdgeKind::MemberOf, workspace).await;
    let (reader, member) = (server.session(reader).await, server.session(member).await);
    Place { server, workspace, member, reader }
}

impl Place {
    async fn save(&self, view: &Value) -> Answer {
        let body = json!({ "parent_id": self.workspace, "title": "Mine", "view": view });
        self.server.ask(Ask::new("POST", "/api/v1/views").session(&self.member).json(&body)).await
    }

    async fn change(&self, id: Uuid, version: i64, view: &Value) -> Answer {
        let ask = Ask::new("PATCH", &format!("/api/v1/views/{id}")).session(&self.member).if_match(version);
        self.server.ask(ask.json(&json!({ "view": view }))).await
    }

    async fn shown(&self, session: &str, view: Uuid) -> Vec<String> {
        let page = self.server.ask(Ask::get(&format!("/api/v1/views/{view}/systems")).session(session)).await.expect(200);
        page["items"].as_array().unwrap().iter().map(|item| item["title"].as_str().unwrap().to_owned()).collect()
    }
}

#[tokio::test]
async fn picked_systems_are_shown_besides_what_the_conditions_say() {
    let p = place().await;
    let db = &p.server.db;
    let (one, two) = (db.system("One", p.workspace).await, db.system("Two", p.workspace).await);
    db.system("Three", p.workspace).await;
    let picked = p.save(&json!({ "system_ids": [one, two] })).await.expect(201);
    assert_eq!(picked["view"]["system_ids"], json!([one, two]));
    let id = id_of(&picked);
    assert_eq!(p.shown(&p.reader, id).await, ["One", "Two"], "without a condition these alone");
    let with_text = p.save(&json!({ "system_ids": [one], "text": "thr" })).await.expect(201);
    assert_eq!(p.shown(&p.reader, id_of(&with_text)).await, ["One", "Three"]);
    let everything = p.save(&json!({})).await.expect(201);
    assert_eq!(p.shown(&p.reader, id_of(&everything)).await, ["One", "Three", "Two"]);

    // One that is gone falls out; what is left of nothing is nothing, and not everything.
    db.delete(one).await;
    assert_eq!(p.shown(&p.reader, id).await, ["Two"]);
    db.delete(two).await;
    assert_eq!(p.shown(&p.reader, id).await, Vec::<String>::new());
    // It may stay named when somebody changes the view, who could not name it anew.
    let version = picked["version"].as_i64().unwrap();
    p.change(id, version, &json!({ "system_ids": [one], "text": "thr" })).await.expect(200);
    assert_eq!(p.shown(&p.reader, id).await, ["Three"]);
    p.save(&json!({ "system_ids": [one] })).await.refused(404, "not_found");
}

#[tokio::test]
async fn a_view_shows_nobody_more_than_they_see() {
    let p = place().await;
    let db = &p.server.db;
    let elsewhere = db.workspace("Elsewhere").await;
    let (ours, theirs) = (db.system("Ours", p.workspace).await, db.system("Theirs", elsewhere).await);
    p.save(&json!({ "system_ids": [ours, theirs] })).await.refused(404, "not_found");
    let group = db.group("Cards", p.workspace).await;
    p.save(&json!({ "system_ids": [group] })).await.refused(404, "not_found");
    let many = vec![ours; VIEW_SYSTEMS_MAX + 1];
    assert_eq!(p.save(&json!({ "system_ids": many })).await.refused(400, "invalid")["field"], "view.system_ids");

    let member: Uuid =
        sqlx::query_scalar("select node_id from people where login = 'member'").fetch_one(db.owner_pool()).await.unwrap();
    db.grant(member, EdgeKind::Reader, elsewhere).await;
    let both = id_of(&p.save(&json!({ "system_ids": [ours, theirs] })).await.expect(201));
    assert_eq!(
        (p.shown(&p.member, both).await, p.shown(&p.reader, both).await),
        (vec!["Ours".into(), "Theirs".into()], vec!["Ours".to_owned()])
    );
    db.revoke(member, EdgeKind::Reader, elsewhere).await;
    assert_eq!(p.shown(&p.member, both).await, ["Ours"]);
}
