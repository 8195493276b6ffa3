//! A status page watched over the socket by somebody who is nobody.

use crate::app::TestApp;
use crate::client::Client;
use crate::socket::{Stream, open};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use uuid::Uuid;

const SOON: Duration = Duration::from_secs(30);

async fn next(socket: &mut Stream) -> Value {
    loop {
        match timeout(SOON, socket.next()).await.expect("a frame").expect("an open socket").unwrap() {
            Message::Text(text) => return serde_json::from_str(&text).unwrap(),
            Message::Close(frame) => panic!("closed: {frame:?}"),
            _ => {}
        }
    }
}

/// The next frame of this type; all frames up to it are kept.
async fn until(socket: &mut Stream, wanted: &str, frames: &mut Vec<Value>) {
    loop {
        let frame = next(socket).await;
        let found = frame["type"] == wanted;
        frames.push(frame);
        if found {
            return;
        }
    }
}

async fn say(socket: &mut Stream, message: Value) {
    socket.send(Message::Text(message.to_string().into())).await.unwrap();
}

fn id(node: &Value) -> Uuid {
    node["id"].as_str().unwrap().parse().unwrap()
}

/// A public page of one system in a workspace that is its members' alone: shown, hidden, page.
async fn publish(admin: &Client) -> (Uuid, Uuid, Value) {
    let workspace = id(&admin.post("/api/v1/workspaces", json!({ "title": "Payments" })).await.ok());
    let mut systems = Vec::new();
    for title in ["checkout-prod-1", "hidden-db-7"] {
        systems.push(id(&admin.post("/api/v1/systems", json!({ "title": title, "parent_id": workspace })).await.ok()));
    }
    let page = json!({ "title": "Acme", "parent_id": workspace, "slug": "acme", "published": true, "visibility": "public" });
    let page = admin.post("/api/v1/status-pages", page).await.ok();
    let entries = json!({ "entries": [{ "target_id": systems[0], "label": "Shop" }] });
    let path = format!("/api/v1/status-pages/{}/entries", id(&page));
    let page = change(admin, reqwest::Method::PUT, &path, &page, entries).await;
    (systems[0], systems[1], page)
}

async fn change(admin: &Client, method: reqwest::Method, path: &str, node: &Value, body: Value) -> Value {
    let version = format!("\"{}\"", node["version"]);
    admin.send(method, path, Some(body), &[("if-match", &version)]).await.ok()
}

#[tokio::test]
async fn a_page_s_watcher_is_told_that_it_changed_and_nothing_else() {
    let app = TestApp::start().await;
    let admin = app.administrator().await;
    let (shop, hidden, page) = publish(&admin).await;
    let mut socket = open(app.ready.address, None).await.unwrap();
    let mut frames = Vec::new();
    say(&mut socket, json!({ "type": "subscribe", "id": "x", "topic": "status:none" })).await;
    until(&mut socket, "error", &mut frames).await;
    assert_eq!(frames.last().unwrap()["code"], "not_found");
    say(&mut socket, json!({ "type": "subscribe", "id": "page", "topic": "status:acme" })).await;
    until(&mut socket, "subscribed", &mut frames).await;

    // What is not on the page, however often it changes, is no news of it …
    let mut node = admin.get(&format!("/api/v1/systems/{hidden}")).await.ok();
    for n in 0..5 {
        let body = json!({ "title": format!("hidden-db-{n}") });
        node = change(&admin, reqwest::Method::PATCH, &format!("/api/v1/systems/{hidden}"), &node, body).await;
    }
    // … and what is, is.
    let node = admin.get(&format!("/api/v1/systems/{shop}")).await.ok();
    let body = json!({ "check": { "type": "tcp", "address": "127.0.0.1:1" } });
    change(&admin, reqwest::Method::PATCH, &format!("/api/v1/systems/{shop}"), &node, body).await;
    // No prober runs here: the state comes as if one had found it.
    let down = "update systems set state = 'down' where node_id = $1";
    sqlx::query(down).bind(shop).execute(app.db.owner_pool()).await.unwrap();
    until(&mut socket, "changed", &mut frames).await;
    let told = frames.iter().filter(|frame| frame["type"] == "changed").count();
    assert_eq!(told, 1, "{frames:?}");
    assert_eq!(*frames.last().unwrap(), json!({ "type": "changed", "id": "page" }));

    // Until it is taken back: then that is the last there is to tell.
    let path = format!("/api/v1/status-pages/{}", id(&page));
    let page = admin.get(&path).await.ok();
    change(&admin, reqwest::Method::PATCH, &path, &page, json!({ "published": false })).await;
    until(&mut socket, "changed", &mut frames).await;
    say(&mut socket, json!({ "type": "ping" })).await;
    until(&mut socket, "pong", &mut frames).await;
    let text = Value::from(frames).to_string();
    for secret in ["hidden", "checkout", "Shop", "Acme", &shop.to_string(), &hidden.to_string()] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
}

#[tokio::test]
async fn a_socket_watches_a_few_pages_as_long_as_it_wants() {
    let app = TestApp::start().await;
    let admin = app.administrator().await;
    publish(&admin).await;
    let mut socket = open(app.ready.address, None).await.unwrap();
    let mut frames = Vec::new();
    for n in 0..4 {
        say(&mut socket, json!({ "type": "subscribe", "id": format!("p{n}"), "topic": "status:acme" })).await;
        until(&mut socket, "subscribed", &mut frames).await;
    }
    for (id, code) in [("p1", "conflict"), ("p5", "limit")] {
        say(&mut socket, json!({ "type": "subscribe", "id": id, "topic": "status:acme" })).await;
        until(&mut socket, "error", &mut frames).await;
        assert_eq!(frames.last().unwrap()["code"], code);
    }
    say(&mut socket, json!({ "type": "unsubscribe", "id": "p1" })).await;
    say(&mut socket, json!({ "type": "subscribe", "id": "p5", "topic": "status:acme" })).await;
    until(&mut socket, "subscribed", &mut frames).await;
    assert_eq!(frames.last().unwrap()["id"], "p5");
    for bad in ["status:", "status:ACME", "status:a/b"] {
        say(&mut socket, json!({ "type": "subscribe", "id": "bad", "topic": bad })).await;
        until(&mut socket, "error", &mut frames).await;
        assert_eq!(frames.last().unwrap()["code"], "invalid", "{bad}");
    }
}
