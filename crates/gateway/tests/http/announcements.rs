//! Announcements over HTTP: who makes them, who sees them when, and who has put them away.

use crate::server::{Answer, Ask, Server, id_of, now};
use chrono::TimeDelta;
use domain::EdgeKind;
use domain::node::INSTANCE_ID;
use serde_json::{Value, json};
use uuid::Uuid;

const PATH: &str = "/api/v1/announcements";

struct Place {
    server: Server,
    admin: String,
    kari: String,
}

async fn place() -> Place {
    let server = Server::new().await;
    let admin = server.db.person("admin").await;
    server.db.grant(admin, EdgeKind::Admin, INSTANCE_ID).await;
    let kari = server.db.person("kari").await;
    let (admin, kari) = (server.session(admin).await, server.session(kari).await);
    Place { server, admin, kari }
}

impl Place {
    async fn post(&self, session: &str, body: &Value) -> Answer {
        self.server.ask(Ask::new("POST", PATH).session(session).json(body)).await
    }

    async fn made(&self, title: &str, audience: &str, starts_in_s: i64) -> Uuid {
        let starts_at = now() + TimeDelta::seconds(starts_in_s);
        let body = json!({ "title": title, "audience": audience, "starts_at": starts_at });
        id_of(&self.post(&self.admin, &body).await.expect(201))
    }

    /// Titles, in order, as somebody sees them.
    async fn seen(&self, session: Option<&str>, query: &str) -> Vec<String> {
        let ask = Ask::get(&format!("{PATH}{query}"));
        let ask = if let Some(session) = session { ask.session(session) } else { ask };
        let page = self.server.ask(ask).await.expect(200);
        page["items"].as_array().unwrap().iter().map(|item| item["title"].as_str().unwrap().to_owned()).collect()
    }
}

#[tokio::test]
async fn each_is_seen_by_whom_it_is_for_and_not_before_its_time() {
    let p = place().await;
    p.post(&p.kari, &json!({ "title": "x" })).await.refused(403, "forbidden");
    for (title, audience, starts) in
        [("everybody", "all", -1), ("colleagues", "signed_in", -1), ("insiders", "members", -1), ("later", "all", 3_600)]
    {
        p.made(title, audience, starts).await;
    }
    let sorted = async |session: Option<&str>| {
        let mut titles = p.seen(session, "").await;
        titles.sort();
        titles
    };
    assert_eq!(sorted(None).await, ["everybody"]);
    assert_eq!(sorted(Some(&p.kari)).await, ["colleagues", "everybody"]);
    assert_eq!(sorted(Some(&p.admin)).await, ["colleagues", "everybody", "insiders", "later"]);
    assert_eq!(p.seen(Some(&p.admin), "?state=scheduled").await, ["later"]);
}

#[tokio::test]
async fn a_change_of_its_schedule_changes_who_sees_it() {
    let p = place().await;
    let id = p.made("News", "all", -1).await;
    let patch = async |body: Value| {
        let node = p.server.ask(Ask::get(&format!("{PATH}/{id}")).session(&p.admin)).await.expect(200);
        let ask = Ask::new("PATCH", &format!("{PATH}/{id}")).session(&p.admin).if_match(node["version"].as_i64().unwrap());
        p.server.ask(ask.json(&body)).await
    };
    assert_eq!(p.seen(None, "").await, ["News"]);
    let ended = patch(json!({ "ends_at": now() })).await.expect(200);
    assert_eq!(ended["announcement"]["state"], "ended");
    assert_eq!(p.seen(None, "").await, [""; 0]);
    assert_eq!(p.server.ask(Ask::get(&format!("{PATH}/{id}"))).await.status, 404);
    assert_eq!(patch(json!({ "ends_at": null })).await.expect(200)["announcement"]["state"], "active");
    assert_eq!(p.seen(None, "").await, ["News"]);
    assert_eq!(patch(json!({ "audience": "signed_in" })).await.expect(200)["scope"]["visibility"], "signed_in");
    assert_eq!(p.seen(None, "").await, [""; 0]);
    assert_eq!(patch(json!({ "ends_at": now() - TimeDelta::days(1) })).await.refused(400, "invalid")["field"], "ends_at");
    let path = format!("{PATH}/{id}");
    p.server
        .ask(Ask::new("PATCH", &path).session(&p.admin).json(&json!({ "title": "x" })))
        .await
        .refused(428, "precondition_required");
    p.server.ask(Ask::new("DELETE", &path).session(&p.kari).if_match(1)).await.refused(403, "forbidden");
}

#[tokio::test]
async fn what_is_put_away_stays_away_on_all_devices() {
    let p = place().await;
    let id = p.made("News", "signed_in", -1).await;
    let dismissed =
        async |session: &str| p.server.ask(Ask::get(PATH).session(session)).await.expect(200)["items"][0]["dismissed"].clone();
    let path = format!("{PATH}/{id}/dismiss");
    p.server.ask(Ask::new("POST", &path)).await.refused(401, "unauthenticated");
    for _ in 0..2 {
        p.server.ask(Ask::new("POST", &path).session(&p.kari)).await.expect(204);
    }
    // Another of hers, and somebody else.
    let kari: Uuid =
        sqlx::query_scalar("select person_id from announcement_dismissals").fetch_one(p.server.db.owner_pool()).await.unwrap();
    let other_device = p.server.session(kari).await;
    assert_eq!((dismissed(&other_device).await, dismissed(&p.admin).await), (json!(true), json!(false)));
    assert_eq!(p.seen(Some(&other_device), "?dismissed=false").await, [""; 0]);
    let told = "select count(*) from change_log where entity = 'inbox' and kind = 'dismissals'";
    assert_eq!(p.server.count(told).await, 1);
    // Other words are news.
    let node = p.server.ask(Ask::get(&format!("{PATH}/{id}")).session(&p.admin)).await.expect(200);
    let ask = Ask::new("PATCH", &format!("{PATH}/{id}")).session(&p.admin).if_match(node["version"].as_i64().unwrap());
    p.server.ask(ask.json(&json!({ "body": "more" }))).await.expect(200);
    assert_eq!(dismissed(&p.kari).await, json!(false));
    // What one can't see can't be put away: that it is there is not told.
    let hidden = p.made("hidden", "members", -1).await;
    p.server.ask(Ask::new("POST", &format!("{PATH}/{hidden}/dismiss")).session(&p.kari)).await.refused(404, "not_found");
}

#[tokio::test]
async fn they_stand_as_they_were_ordered() {
    let p = place().await;
    let (a, b, c) = (p.made("a", "all", -3).await, p.made("b", "all", -2).await, p.made("c", "all", -1).await);
    assert_eq!(p.seen(None, "").await, ["c", "b", "a"]);
    let order = async |session: &str, ids: &[Uuid]| {
        p.server.ask(Ask::new("PUT", &format!("{PATH}/order")).session(session).json(&json!({ "ids": ids }))).await
    };
    order(&p.kari, &[a, b, c]).await.refused(403, "forbidden");
    order(&p.admin, &[a, b, a]).await.refused(400, "invalid");
    order(&p.admin, &[b, c, a]).await.expect(204);
    assert_eq!(p.seen(None, "").await, ["b", "c", "a"]);
    // Page by page.
    let first = p.server.ask(Ask::get(&format!("{PATH}?limit=2"))).await.expect(200);
    let next = first["next_cursor"].as_str().unwrap();
    assert_eq!(p.seen(None, &format!("?limit=2&cursor={next}")).await, ["a"]);
}
