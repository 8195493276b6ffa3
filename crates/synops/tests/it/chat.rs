//! Conversations: what is said is there once and in one order for everybody, whatever is repeated, edited or deleted.

use crate::access::{member, sign_in};
use crate::app::TestApp;
use crate::client::{Client, Reply};
use crate::socket::Reader;
use domain::EdgeKind;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tokio::task::JoinSet;
use uuid::Uuid;

/// A workspace's channel, and its administrator.
pub(crate) async fn channel(app: &TestApp, admin: &Client) -> (Uuid, Uuid) {
    let workspace = app.db.workspace("Work").await;
    (workspace, make_channel(admin, workspace).await)
}

pub(crate) async fn make_channel(client: &Client, parent_id: Uuid) -> Uuid {
    let channel = client.post("/api/v1/channels", json!({ "parent_id": parent_id, "title": "Talk" })).await.ok();
    id_of(&channel)
}

pub(crate) fn id_of(node: &Value) -> Uuid {
    node["id"].as_str().and_then(|id| id.parse().ok()).expect("an id")
}

pub(crate) async fn say(client: &Client, channel: Uuid, body: &str) -> Value {
    let message = json!({ "id": Uuid::now_v7(), "body": body });
    client.post(&format!("/api/v1/channels/{channel}/messages"), message).await.ok()
}

async fn answer(client: &Client, channel: Uuid, to: &Value, body: &str) -> Reply {
    let message = json!({ "id": Uuid::now_v7(), "body": body, "thread_id": to["id"] });
    client.post(&format!("/api/v1/channels/{channel}/messages"), message).await
}

/// A change that is made from this version of it.
async fn change(client: &Client, method: Method, of: &Value, body: Option<Value>) -> Reply {
    let version = format!("\"{}\"", of["version"]);
    client.send(method, &format!("/api/v1/messages/{}", of["id"].as_str().unwrap()), body, &[("if-match", &version)]).await
}

async fn put(client: &Client, of: &Value, what: &str, body: Value) -> Reply {
    client.send(Method::PUT, &format!("/api/v1/messages/{}/{what}", of["id"].as_str().unwrap()), Some(body), &[]).await
}

/// Numbers and texts, as a page tells them.
async fn listed(client: &Client, channel: Uuid, query: &str) -> Vec<(i64, String)> {
    let page = client.get(&format!("/api/v1/channels/{channel}/messages?{query}")).await.ok();
    let items = page["items"].as_array().expect("items");
    items.iter().map(|node| (node["message"]["number"].as_i64().unwrap(), node["body"].as_str().unwrap().to_owned())).collect()
}

/// What a reader holds of a channel, by number.
fn held(reader: &Reader) -> BTreeMap<i64, (Uuid, String)> {
    let own = reader.held.rows.values().filter(|row| row["kind"] == "message" && row["message"]["thread_id"].is_null());
    own.map(|row| (row["message"]["number"].as_i64().unwrap(), (id_of(row), row["body"].as_str().unwrap().to_owned()))).collect()
}

async fn listens(app: std::net::SocketAddr, client: &Client, channel: Uuid) -> Reader {
    let mut reader = Reader::start(app, client.session(), &[]).await;
    let topic = format!("channel:{channel}");
    reader.subscribe(&topic, None).await;
    reader.until("the channel is there", |held| held.running.contains(&topic)).await;
    reader
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_who_talk_at_once_are_heard_once_and_in_one_order_by_everybody() {
    const EACH: usize = 15;
    let app = TestApp::start().await;
    let admin = app.administrator().await;
    let second = app.second().await;
    let (_, channel) = channel(&app, &admin).await;
    let mut readers = [
        listens(app.ready.address, &admin, channel).await,
        listens(second.ready.address, &admin.at(second.ready.address), channel).await,
    ];
    let mut talkers = JoinSet::new();
    for talker in 0..4 {
        let client = if talker % 2 == 0 { admin.at(app.ready.address) } else { admin.at(second.ready.address) };
        talkers.spawn(async move {
            for n in 0..EACH {
                let message = json!({ "id": Uuid::now_v7(), "body": format!("{talker}/{n}") });
                let path = format!("/api/v1/channels/{channel}/messages");
                // Each is said twice: the answer to the first may have been lost.
                let (first, again) = tokio::join!(client.post(&path, message.clone()), client.post(&path, message.clone()));
                let (first, again) = (first.ok(), again.ok());
                assert_eq!(first["message"]["number"], again["message"]["number"], "{message}");
            }
        });
    }
    while let Some(talked) = talkers.join_next().await {
        talked.unwrap();
    }
    let all = 4 * EACH;
    let said = listed(&admin, channel, "limit=200").await;
    assert_eq!(said.iter().map(|(number, _)| *number).collect::<Vec<_>>(), (1..=i64::try_from(all).unwrap()).collect::<Vec<_>>());
    for talker in 0..4 {
        let own: Vec<&str> = said.iter().filter_map(|(_, body)| body.strip_prefix(&format!("{talker}/"))).collect();
        assert_eq!(own, (0..EACH).map(|n| n.to_string()).collect::<Vec<_>>(), "one's own are in their order");
    }
    for reader in &mut readers {
        reader.until("all is told", |held| held.rows.values().filter(|row| row["kind"] == "message").count() == all).await;
        let told: Vec<(i64, String)> = held(reader).into_iter().map(|(number, (_, body))| (number, body)).collect();
        assert_eq!(told, said);
        assert!(reader.held.repeats.is_empty(), "{:?}", reader.held.repeats);
    }
}

#[tokio::test]
async fn an_id_is_its_author_s_and_its_channel_s() {
    let app = TestApp::start().await;
    let admin = app.administrator().await;
    let (workspace, channel) = channel(&app, &admin).await;
    let (_, ola) = member(&app, &admin, "ola", workspace).await;
    let other = make_channel(&admin, workspace).await;
    let said = say(&admin, channel, "mine").await;
    let again = json!({ "id": said["id"], "body": "something else" });
    for (client, channel, expect) in
        [(&admin, channel, StatusCode::CREATED), (&admin, other, StatusCode::CONFLICT), (&ola, channel, StatusCode::CONFLICT)]
    {
        let reply = client.post(&format!("/api/v1/channels/{channel}/messages"), again.clone()).await;
        assert_eq!(reply.status, expect, "{}", reply.text);
    }
    assert_eq!(listed(&admin, channel, "").await, [(1, "mine".to_owned())]);
    assert_eq!(listed(&admin, other, "").await, []);
}

#[tokio::test]
async fn what_is_edited_keeps_what_it_said_and_what_is_deleted_nothing() {
    let app = TestApp::start().await;
    let admin = app.administrator().await;
    let (workspace, channel) = channel(&app, &admin).await;
    let (_, ola) = member(&app, &admin, "ola", workspace).await;
    let first = say(&ola, channel, "A secret **word**").await;
    assert_eq!(first["title"], "A secret word");
    assert_eq!(change(&admin, Method::PATCH, &first, Some(json!({ "body": "not mine" }))).await.status, StatusCode::FORBIDDEN);
    let edited = change(&ola, Method::PATCH, &first, Some(json!({ "body": "Another" }))).await.ok();
    assert_eq!(change(&ola, Method::PATCH, &first, Some(json!({ "body": "x" }))).await.status, StatusCode::PRECONDITION_FAILED);
    assert!(edited["message"]["edited_at"].is_string());
    let edits = format!("/api/v1/messages/{}/edits", first["id"].as_str().unwrap());
    let before = admin.get(&edits).await.ok();
    assert_eq!(before["items"][0]["body"], "A secret **word**");
    let reacted = put(&ola, &edited, "reactions", json!({ "emoji": "👍", "on": true })).await.ok();
    let pinned = put(&ola, &reacted, "pin", json!({ "pinned": true })).await.ok();
    assert_eq!(admin.get(&format!("/api/v1/channels/{channel}/pins")).await.ok()["items"].as_array().unwrap().len(), 1);
    // Administrators may take back what others said.
    let gone = change(&admin, Method::DELETE, &pinned, None).await.ok();
    assert_eq!((&gone["body"], &gone["title"]), (&json!(""), &json!("…")));
    let message = &gone["message"];
    assert!(message["deleted_at"].is_string() && message["pinned_at"].is_null(), "{message}");
    assert_eq!(message["reactions"], json!([]));
    assert_eq!(admin.get(&edits).await.ok()["items"], json!([]));
    assert_eq!(change(&ola, Method::PATCH, &gone, Some(json!({ "body": "back" }))).await.status, StatusCode::CONFLICT);
    assert_eq!(listed(&admin, channel, "").await, [(1, String::new())], "its place stays");
    assert_eq!(say(&ola, channel, "next").await["message"]["number"], 2);
    // Nowhere in the database is a word of it left, the audit log included.
    for (table, column) in [("nodes", "body"), ("message_edits", "body"), ("audit_log", "summary::text"), ("change_log", "kind")]
    {
        let statement = format!("select count(*) from {table} where {column} like '%secret%'");
        let found: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(statement)).fetch_one(app.db.owner_pool()).await.unwrap();
        assert_eq!(found, 0, "{table}");
    }
}

#[tokio::test]
async fn answers_stand_in_their_thread() {
    let app = TestApp::start().await;
    let admin = app.administrator().await;
    let (_, channel) = channel(&app, &admin).await;
    let (question, other) = (say(&admin, channel, "Why?").await, say(&admin, channel, "Other").await);
    let mut reader = listens(app.ready.address, &admin, channel).await;
    for n in 1..=3 {
        let said = answer(&admin, channel, &question, &format!("because {n}")).await.ok();
        assert_eq!((&said["message"]["number"], &said["message"]["thread_id"]), (&json!(n), &question["id"]));
        assert_eq!(answer(&admin, channel, &said, "no threads in threads").await.status, StatusCode::CONFLICT);
    }
    let question_id = id_of(&question);
    reader
        .until("the question has its answers", |held| {
            held.rows.get(&question_id).is_some_and(|row| row["message"]["replies"] == 3)
        })
        .await;
    assert_eq!(listed(&admin, channel, "").await.len(), 2, "answers are not among the others");
    let thread = listed(&admin, channel, &format!("thread_id={question_id}")).await;
    assert_eq!(thread.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [1, 2, 3]);
    let heard = json!({ "id": Uuid::now_v7(), "body": "in time", "thread_id": other["id"] });
    let path = format!("/api/v1/channels/{channel}/messages");
    admin.post(&path, heard.clone()).await.ok();
    let other = admin.get(&format!("/api/v1/messages/{}", id_of(&other))).await.ok();
    let gone = change(&admin, Method::DELETE, &other, None).await.ok();
    assert_eq!(answer(&admin, channel, &gone, "too late").await.status, StatusCode::CONFLICT);
    // Who does not know that it was heard, and asks once more, is told so.
    assert_eq!(admin.post(&path, heard.clone()).await.ok()["id"], heard["id"]);
    // What is asked about lies in another channel.
    let elsewhere = make_channel(&admin, domain::node::INSTANCE_ID).await;
    assert_eq!(answer(&admin, elsewhere, &question, "here?").await.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn a_person_reacts_once_with_an_emoji() {
    let app = TestApp::start().await;
    let admin = app.administrator().await;
    let (workspace, channel) = channel(&app, &admin).await;
    let (_, ola) = member(&app, &admin, "ola", workspace).await;
    let said = say(&admin, channel, "Done").await;
    let react =
        async |client: &Client, emoji: &str, on: bool| put(client, &said, "reactions", json!({ "emoji": emoji, "on": on })).await;
    react(&admin, "👍", true).await.ok();
    let again = react(&admin, "👍", true).await.ok();
    react(&ola, "🎉", true).await.ok();
    let both = react(&ola, "👍", true).await.ok();
    let told: Vec<(&str, usize)> = both["message"]["reactions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["emoji"].as_str().unwrap(), one["people"].as_array().unwrap().len()))
        .collect();
    assert_eq!(told, [("👍", 2), ("🎉", 1)]);
    assert_eq!(again["message"]["reactions"][0]["people"].as_array().unwrap().len(), 1);
    let less = react(&admin, "👍", false).await.ok();
    assert_eq!(less["message"]["reactions"][0]["emoji"], "🎉");
    for bad in ["", "ok", "👍👍", "<script>"] {
        assert_eq!(react(&admin, bad, true).await.status, StatusCode::BAD_REQUEST, "{bad}");
    }
    let emojis =
        ["😀", "😁", "😂", "😃", "😄", "😅", "😆", "😇", "😈", "😉", "😊", "😋", "😌", "😍", "😎", "😏", "😐", "😑", "😒", "😓"];
    let mut refused = 0;
    for emoji in emojis {
        refused += usize::from(react(&admin, emoji, true).await.status == StatusCode::TOO_MANY_REQUESTS);
    }
    assert_eq!(refused, 2, "20 emojis are enough");
}

#[tokio::test]
async fn a_reader_is_given_what_the_channel_says_and_asks_for_the_rest() {
    let app = TestApp::start().await;
    let admin = app.administrator().await;
    let (_, channel) = channel(&app, &admin).await;
    for n in 1..=30 {
        say(&admin, channel, &format!("{n}")).await;
    }
    let old = "update nodes set created_at = created_at - interval '3 days'
        where id in (select node_id from messages where channel_id = $1 and number <= 25)";
    sqlx::query(old).bind(channel).execute(app.db.owner_pool()).await.unwrap();
    let set = async |history: Value| {
        let version = format!("\"{}\"", admin.get(&format!("/api/v1/channels/{channel}")).await.ok()["version"]);
        let path = format!("/api/v1/channels/{channel}");
        admin.send(Method::PATCH, &path, Some(json!({ "history": history })), &[("if-match", &version)]).await
    };
    for (history, expect) in [
        (json!({ "kind": "messages", "count": 10 }), (21..=30).collect::<Vec<i64>>()),
        (json!({ "kind": "none" }), vec![]),
        (json!({ "kind": "days", "count": 2 }), (26..=30).collect()),
        (json!({ "kind": "messages", "count": 200 }), (1..=30).collect()),
    ] {
        set(history.clone()).await.ok();
        let reader = listens(app.ready.address, &admin, channel).await;
        assert_eq!(held(&reader).into_keys().collect::<Vec<_>>(), expect, "{history}");
        let polled = admin.get(&format!("/api/v1/live/rows?topic=channel:{channel}")).await.ok();
        assert_eq!(polled["nodes"].as_array().unwrap().len(), expect.len() + 1, "with the channel itself: {history}");
        assert_eq!(polled["truncated"], expect.len() < 30);
    }
    for bad in [json!({ "kind": "messages", "count": 201 }), json!({ "kind": "days", "count": 0 }), json!({ "kind": "all" })] {
        assert_eq!(set(bad.clone()).await.status, StatusCode::BAD_REQUEST, "{bad}");
    }
    let numbers =
        async |query: &str| listed(&admin, channel, query).await.into_iter().map(|(number, _)| number).collect::<Vec<_>>();
    assert_eq!(numbers("limit=3").await, [28, 29, 30]);
    assert_eq!(numbers("before=28&limit=3").await, [25, 26, 27]);
    assert_eq!(numbers("before=2").await, [1]);
    assert_eq!(numbers("after=28").await, [29, 30]);
    assert_eq!(numbers("around=10&limit=4").await, [8, 9, 10, 11]);
    assert_eq!(numbers("around=1000&limit=2").await, [29, 30]);
    let status = async |query: &str| admin.get(&format!("/api/v1/channels/{channel}/messages?{query}")).await.status;
    for bad in ["before=1&after=2", "before=-1", "limit=0", "limit=201", "around=x"] {
        assert_eq!(status(bad).await, StatusCode::BAD_REQUEST, "{bad}");
    }
}

#[tokio::test]
async fn a_new_channel_is_told_to_who_is_there_and_nothing_begins_anew() {
    let app = TestApp::start().await;
    let admin = app.administrator().await;
    let workspace = app.db.workspace("Work").await;
    let (_, kari) = member(&app, &admin, "kari", workspace).await;
    for client in [&admin, &kari] {
        let mut page = Reader::start(app.ready.address, client.session(), &["channel"]).await;
        let topic = format!("node:{workspace}");
        page.subscribe(&topic, None).await;
        page.until("it runs", |held| held.running.contains(&topic)).await;
        let channel = make_channel(&admin, workspace).await;
        let is_its_place = |row: &&Value| row["kind"] == "part_of" && row["source_id"] == channel.to_string();
        page.until("the channel is told, with its level and its place", |held| {
            let level = held.levels.contains_key(&channel);
            level && held.rows.contains_key(&channel) && held.rows.values().any(|row| is_its_place(&row))
        })
        .await;
        // What is said there is not what the channel's page is about.
        let topic = format!("node:{channel}");
        page.subscribe(&topic, None).await;
        page.until("it runs", |held| held.running.contains(&topic)).await;
        let said = say(&admin, channel, "hello").await;
        let after = make_channel(&admin, workspace).await;
        page.until("what is told behind it", |held| held.rows.contains_key(&after)).await;
        assert!(!page.held.told.contains(&id_of(&said)));
        assert_eq!(page.held.resyncs, 0);
    }
}

#[tokio::test]
async fn a_reader_who_was_away_misses_nothing_and_hears_nothing_twice() {
    let app = TestApp::start().await;
    let admin = app.administrator().await;
    let (_, channel) = channel(&app, &admin).await;
    let first = say(&admin, channel, "one").await;
    let topic = format!("channel:{channel}");
    let mut reader = listens(app.ready.address, &admin, channel).await;
    reader.until("it has a token", |held| held.token.is_some()).await;
    let since = reader.held.token.clone();
    reader.cut();
    change(&admin, Method::PATCH, &first, Some(json!({ "body": "one, edited" }))).await.ok();
    let second = say(&admin, channel, "two").await;
    answer(&admin, channel, &second, "answer").await.ok();
    reader.connect().await;
    reader.subscribe(&topic, since.as_deref()).await;
    reader.until("it has it all", |held| held.rows.values().filter(|row| row["kind"] == "message").count() == 3).await;
    assert_eq!(held(&reader).into_values().map(|(_, body)| body).collect::<Vec<_>>(), ["one, edited", "two"]);
    assert_eq!(reader.held.resyncs, 0);
    assert!(reader.held.repeats.is_empty(), "{:?}", reader.held.repeats);
}

#[tokio::test]
async fn what_is_unread_is_known_on_every_device() {
    let app = TestApp::start().await;
    let admin = app.administrator().await;
    let (workspace, channel) = channel(&app, &admin).await;
    let (ola_id, ola) = sign_in(&app, &admin, "ola").await;
    app.db.grant(ola_id, EdgeKind::Reader, workspace).await;
    let marks = async |client: &Client| {
        let marks = client.get("/api/v1/channels/marks").await.ok();
        let mine = marks["items"].as_array().unwrap().iter().find(|mark| mark["channel_id"] == channel.to_string()).cloned();
        mine.map(|mark| (mark["last_number"].as_i64().unwrap(), mark["read_number"].as_i64().unwrap(), mark["muted"] == true))
    };
    for n in 0..3 {
        say(&admin, channel, &n.to_string()).await;
    }
    assert_eq!(marks(&admin).await, Some((3, 3, false)), "who speaks has read");
    assert_eq!(marks(&ola).await, Some((3, 0, false)));
    let mut device = Reader::start(app.ready.address, ola.session(), &[]).await;
    device.held.keep_frames = true;
    let path = format!("/api/v1/channels/{channel}/mark");
    let mark = async |body: Value| ola.send(Method::PUT, &path, Some(body), &[]).await;
    mark(json!({ "read_number": 2 })).await.ok();
    assert_eq!(marks(&ola).await, Some((3, 2, false)));
    device
        .until("the other device is told", |held| {
            held.frames.iter().any(|text| text.contains(r#""inbox""#) && text.contains("channels"))
        })
        .await;
    mark(json!({ "read_number": 1, "muted": true })).await.ok();
    assert_eq!(marks(&ola).await, Some((3, 2, true)), "it only rises");
    mark(json!({ "read_number": i64::MAX })).await.ok();
    assert_eq!(marks(&ola).await, Some((3, 3, true)), "and not beyond what there is");
    app.db.revoke(ola_id, EdgeKind::Reader, workspace).await;
    assert_eq!(mark(json!({ "read_number": 3 })).await.status, StatusCode::NOT_FOUND);
    assert_eq!(marks(&ola).await, None);
}

#[tokio::test]
async fn a_thing_has_one_channel_and_its_messages_go_to_its_timeline() {
    let app = TestApp::start().await;
    let admin = app.administrator().await;
    let workspace = app.db.workspace("Work").await;
    let incident = admin.post("/api/v1/incidents", json!({ "title": "Down", "parent_id": workspace })).await.ok();
    let open = json!({ "parent_id": incident["id"] });
    let (one, other) = tokio::join!(admin.post("/api/v1/channels", open.clone()), admin.post("/api/v1/channels", open.clone()));
    let (one, other) = (one.ok(), other.ok());
    assert_eq!(one["id"], other["id"], "two who begin to talk do so in one place");
    assert_eq!((&one["title"], &one["channel"]["beside_id"]), (&json!("Down"), &incident["id"]));
    let channel = id_of(&one);
    let system = app.db.system("Checkout", workspace).await;
    let said = say(&admin, channel, &format!("It was [Checkout](node:{system}).")).await;
    assert_eq!(said["message"]["mentions"], json!([system]));
    let path = format!("/api/v1/messages/{}/promote", said["id"].as_str().unwrap());
    let promoted = admin.post(&path, json!({ "audience": "public" })).await.ok();
    assert!(promoted["message"]["promoted_at"].is_string());
    let updates = admin.get(&format!("/api/v1/incidents/{}/updates", incident["id"].as_str().unwrap())).await.ok();
    let told = (&updates["items"][0]["message"], &updates["items"][0]["audience"]);
    assert_eq!(told, (&json!("It was Checkout."), &json!("public")));
    assert_eq!(admin.post(&path, json!({ "audience": "public" })).await.status, StatusCode::CONFLICT, "once");
    let plain = say(&admin, make_channel(&admin, workspace).await, "nowhere to go").await;
    let path = format!("/api/v1/messages/{}/promote", plain["id"].as_str().unwrap());
    assert_eq!(admin.post(&path, json!({ "audience": "public" })).await.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn messages_are_changed_by_their_own_intentions_alone() {
    let app = TestApp::start().await;
    let admin = app.administrator().await;
    let (workspace, channel) = channel(&app, &admin).await;
    let said = say(&admin, channel, "stays").await;
    let other = make_channel(&admin, workspace).await;
    let (id, version) = (&said["id"], &said["version"]);
    for intention in [
        json!({ "type": "update_node", "id": id, "version": version, "body": "other" }),
        json!({ "type": "delete_node", "id": id, "version": version }),
        json!({ "type": "move_node", "id": id, "version": version, "parent_id": other }),
        json!({ "type": "create_node", "kind": "message", "parent_id": channel, "title": "x" }),
        json!({ "type": "create_node", "kind": "channel", "parent_id": workspace, "title": "x" }),
    ] {
        let status = admin.post("/api/v1/intentions", json!({ "intentions": [intention] })).await.status;
        assert!(status.is_client_error(), "{intention}: {status}");
    }
    let moved = sqlx::query("update edges set target_id = $2 where source_id = $1 and kind = 'part_of'")
        .bind(id_of(&said))
        .bind(other)
        .execute(app.db.owner_pool())
        .await;
    assert!(moved.unwrap_err().to_string().contains("stay where they were made"));
    assert_eq!(listed(&admin, channel, "").await, [(1, "stays".to_owned())]);
}

/// Who is there, and whether they type, as the newest frame says.
fn present(reader: &Reader) -> Vec<(String, bool)> {
    let frames = reader.held.frames.iter().rev().filter_map(|text| serde_json::from_str::<Value>(text).ok());
    let Some(frame) = frames.into_iter().find(|frame| frame["type"] == "presence") else { return Vec::new() };
    let people = frame["people"].as_array().unwrap().iter();
    people.map(|one| (one["title"].as_str().unwrap().to_owned(), one["typing"] == true)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_there_and_types_is_seen_on_every_server_and_kept_nowhere() {
    let app = TestApp::start().await;
    let admin = app.administrator().await;
    let second = app.second().await;
    let (workspace, channel) = channel(&app, &admin).await;
    let (kari_id, kari) = sign_in(&app, &admin, "kari").await;
    let (ola_id, ola) = sign_in(&app, &admin, "ola").await;
    app.db.grant(kari_id, EdgeKind::MemberOf, workspace).await;
    app.db.grant(ola_id, EdgeKind::Reader, workspace).await;
    let mut here = listens(app.ready.address, &kari, channel).await;
    let mut there = listens(second.ready.address, &ola, channel).await;
    let both = |types: bool| vec![("kari".to_owned(), types), ("ola".to_owned(), false)];
    for reader in [&mut here, &mut there] {
        reader.held.keep_frames = true;
    }
    // What was told before frames were kept is told again when something changes.
    here.say(&json!({ "type": "typing", "channel_id": channel })).await;
    let sees = |expect: Vec<(String, bool)>| {
        move |held: &crate::socket::Held| {
            let newest = held.frames.iter().rev().find(|text| text.contains(r#""presence""#));
            newest.is_some_and(|text| {
                expect.iter().all(|(title, types)| text.contains(&format!(r#""title":"{title}","typing":{types}"#)))
            })
        }
    };
    there.until("ola sees kari type, at another server", sees(both(true))).await;
    here.until("and kari sees ola", sees(both(true))).await;
    say(&kari, channel, "said").await;
    there.until("who has said it types no more", sees(both(false))).await;

    // Somebody who has it not open is not heard of.
    let mut elsewhere = Reader::start(app.ready.address, admin.session(), &[]).await;
    elsewhere.say(&json!({ "type": "typing", "channel_id": channel })).await;
    app.db.revoke(ola_id, EdgeKind::Reader, workspace).await;
    here.until("who may not read it is not there", |held| {
        held.frames.iter().rev().find(|text| text.contains(r#""presence""#)).is_some_and(|text| !text.contains("ola"))
    })
    .await;
    there.held.frames.clear();
    here.say(&json!({ "type": "typing", "channel_id": channel })).await;
    here.until("kari sees herself", sees(vec![("kari".to_owned(), true)])).await;
    assert_eq!(present(&here), [("kari".to_owned(), true)]);
    here.cut();
    let open =
        admin.post("/api/v1/channels", json!({ "parent_id": workspace, "title": "Open", "visibility": "signed_in" })).await.ok();
    there.subscribe("kind:channel", None).await;
    let open = id_of(&open);
    there.until("what ola may see comes", |held| held.rows.contains_key(&open)).await;
    assert!(there.held.frames.iter().all(|text| !text.contains(r#""presence""#)), "{:?}", there.held.frames);
}
