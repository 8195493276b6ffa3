//! A system is not well because of one that its reader may not see: they learn that it is so, and nothing of the other.

use crate::app::TestApp;
use crate::client::Client;
use crate::socket::{Held, Reader};
use domain::EdgeKind;
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

const KINDS: [&str; 4] = ["workspace", "system", "incident", "status_page"];
/// What the other is called, and where it is.
const SECRET: [&str; 2] = ["vault-db-77", "Underneath"];

struct Place {
    app: TestApp,
    admin: Client,
    reader: Client,
    shown: Uuid,
    hidden: Uuid,
}

/// A shop on a database of somebody else's, whose rule opens incidents at once; and a page of the shop for everybody.
async fn place() -> Place {
    let app = TestApp::start().await;
    let admin = app.administrator().await;
    let (person, reader) = crate::access::sign_in(&app, &admin, "kari").await;
    let db = &app.db;
    let (shop, underneath) = (db.workspace("Shop").await, db.workspace(SECRET[1]).await);
    let (shown, hidden) = (db.system("Checkout", shop).await, db.system(SECRET[0], underneath).await);
    db.grant(person, EdgeKind::Reader, shop).await;
    db.edge(EdgeKind::DependsOn, shown, hidden).await;
    // No check says otherwise meanwhile.
    for statement in [
        r#"update systems set check_spec = '{"type": "tcp", "address": "127.0.0.1:9"}', incident_after_s = 0"#,
        "delete from check_schedule",
        "update systems set state = 'up'",
    ] {
        sqlx::query(statement).execute(db.owner_pool()).await.unwrap();
    }
    let page = json!({ "title": "Acme", "parent_id": shop, "slug": "acme", "published": true, "visibility": "public" });
    let page = admin.post("/api/v1/status-pages", page).await.ok();
    let path = format!("/api/v1/status-pages/{}/entries", page["id"].as_str().unwrap());
    let (entries, version) = (json!({ "entries": [{ "target_id": shown }] }), format!("\"{}\"", page["version"]));
    admin.send(Method::PUT, &path, Some(entries), &[("if-match", &version)]).await.ok();
    Place { app, admin, reader, shown, hidden }
}

/// The state that a reader of the socket was told of a system.
fn is(held: &Held, id: Uuid, state: &str) -> bool {
    held.rows.get(&id).is_some_and(|row| row["system"]["effective_state"] == state)
}

#[tokio::test]
async fn a_cause_that_one_may_not_see_is_told_to_nobody() {
    let p = place().await;
    let mut reader = Reader::start(p.app.ready.address, p.reader.session(), &KINDS).await;
    let mut admin = Reader::start(p.app.ready.address, p.admin.session(), &KINDS).await;
    for reader in [&mut reader, &mut admin] {
        reader.held.keep_frames = true;
        reader.until("it is well", |held| is(held, p.shown, "up")).await;
    }
    let paths = [format!("/api/v1/systems/{}", p.shown), "/status/acme.json".to_owned()];
    for down in [true, false, true] {
        let statement = if down {
            "update systems set state = 'down' where node_id = $1"
        } else {
            "update systems set state = 'up' where node_id = $1"
        };
        sqlx::query(statement).bind(p.hidden).execute(p.app.db.owner_pool()).await.unwrap();
        let state = if down { "degraded" } else { "up" };
        reader.until("it follows", |held| is(held, p.shown, state)).await;
        admin.until("it follows", |held| is(held, p.shown, state)).await;
        // And what comes behind it.
        admin.until("the other's incident", |held| held.rows.values().any(|row| row["title"] == "vault-db-77 is down")).await;
        assert!(p.reader.get(&paths[0]).await.text.contains(r#""cause":{"hidden":true}"#) == down);
    }
    let bulk = p.reader.post("/api/v1/systems/states", json!({ "ids": [p.shown, p.hidden] })).await;
    let mut read = vec![bulk.text];
    for list in ["systems", "incidents", "nodes", "dependencies", "status-pages", "search?q=vault"] {
        read.push(p.reader.get(&format!("/api/v1/{list}")).await.text);
    }
    read.push(p.reader.get(&paths[0]).await.text);
    for form in ["acme", "acme.json", "acme.atom", "acme.ics"] {
        read.push(p.app.client().get(&format!("/status/{form}")).await.text);
    }
    assert!(read.iter().filter(|text| text.contains("Checkout")).count() >= 5, "they were answered");
    reader.until("all is told that was to be told", |held| held.frames.iter().any(|frame| frame.contains("degraded"))).await;
    for text in read.iter().chain(&reader.held.frames) {
        for secret in [SECRET[0], SECRET[1], &p.hidden.to_string()] {
            assert!(!text.contains(secret), "{secret} is told: {text}");
        }
    }
    // It is the reader who may not see it: to others it is named.
    let named = p.admin.get(&paths[0]).await.ok()["cause"].clone();
    assert_eq!(named, json!({ "id": p.hidden, "title": SECRET[0] }));
}
