//! Who reads and says what in channels, whom a message reaches, and what is left for who leaves.

use crate::access::{member, sign_in};
use crate::app::TestApp;
use crate::chat::{channel, id_of, make_channel, say};
use crate::client::Client;
use crate::socket::Reader;
use domain::EdgeKind::{MemberOf, Reader as ReaderOf};
use keyring::Keyring;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

/// What every route about a channel and one of its messages answers this caller.
async fn answers(client: &Client, channel: Uuid, message: &Value) -> Vec<(&'static str, StatusCode)> {
    let (channel, id) = (format!("/api/v1/channels/{channel}"), message["id"].as_str().unwrap());
    let (path, version) = (format!("/api/v1/messages/{id}"), format!("\"{}\"", message["version"]));
    let new = json!({ "id": Uuid::now_v7(), "body": "hello" });
    let version = [("if-match", version.as_str())];
    let mut answered = Vec::new();
    for (name, method, path, body, headers) in [
        ("channel", Method::GET, channel.clone(), None, &[][..]),
        ("messages", Method::GET, format!("{channel}/messages"), None, &[]),
        ("pins", Method::GET, format!("{channel}/pins"), None, &[]),
        ("message", Method::GET, path.clone(), None, &[]),
        ("edits", Method::GET, format!("{path}/edits"), None, &[]),
        ("mark", Method::PUT, format!("{channel}/mark"), Some(json!({ "read_number": 1 })), &[]),
        ("send", Method::POST, format!("{channel}/messages"), Some(new), &[]),
        ("react", Method::PUT, format!("{path}/reactions"), Some(json!({ "emoji": "👍", "on": true })), &[]),
        ("pin", Method::PUT, format!("{path}/pin"), Some(json!({ "pinned": true })), &[]),
        ("promote", Method::POST, format!("{path}/promote"), Some(json!({ "audience": "public" })), &[]),
        ("edit", Method::PATCH, path.clone(), Some(json!({ "body": "x" })), &version),
        ("delete", Method::DELETE, path.clone(), None, &version),
    ] {
        answered.push((name, client.send(method, &path, body, headers).await.status));
    }
    answered
}

#[tokio::test]
async fn what_one_may_not_see_is_not_there_and_what_one_may_only_read_is_not_written() {
    let app = TestApp::start().await;
    let admin = app.administrator().await;
    let (workspace, channel) = channel(&app, &admin).await;
    let said = say(&admin, channel, "for us").await;
    let (reader_id, reader) = sign_in(&app, &admin, "reader").await;
    let (_, stranger) = sign_in(&app, &admin, "stranger").await;
    app.db.grant(reader_id, ReaderOf, workspace).await;
    for (name, status) in answers(&stranger, channel, &said).await {
        assert_eq!(status, StatusCode::NOT_FOUND, "a stranger, {name}");
    }
    for (name, status) in answers(&app.client(), channel, &said).await {
        let reads = ["channel", "messages", "pins", "message", "edits"].contains(&name);
        assert_eq!(status, if reads { StatusCode::NOT_FOUND } else { StatusCode::UNAUTHORIZED }, "nobody, {name}");
    }
    for (name, status) in answers(&reader, channel, &said).await {
        let may = ["channel", "messages", "pins", "message", "edits", "mark"].contains(&name);
        assert_eq!(status, if may { StatusCode::OK } else { StatusCode::FORBIDDEN }, "a reader, {name}");
    }
    // Neither do they hear of it.
    let topic = format!("channel:{channel}");
    for client in [&stranger, &app.client()] {
        let mut socket = Reader::start(app.ready.address, client.session(), &["channel", "message"]).await;
        socket.subscribe(&topic, None).await;
        socket.until("it is answered", |held| held.running.contains(&topic)).await;
        let heard = say(&admin, make_channel(&admin, workspace).await, "elsewhere").await;
        say(&admin, channel, "more").await;
        let open =
            admin.post("/api/v1/channels", json!({ "parent_id": workspace, "title": "Open", "visibility": "public" })).await.ok();
        let open = say(&admin, id_of(&open), "for everybody").await;
        let open_id = id_of(&open);
        socket.until("what is public is told", |held| held.rows.contains_key(&open_id)).await;
        assert!(!socket.held.told.contains(&id_of(&heard)) && !socket.held.told.contains(&id_of(&said)));
        assert_eq!(socket.held.told.len(), 2, "the public channel and what was said there: {:?}", socket.held.told);
        app.db.delete(open["scope_id"].as_str().unwrap().parse().unwrap()).await;
    }
}

#[tokio::test]
async fn who_leaves_a_team_hears_nothing_after_that() {
    let app = TestApp::start().await;
    let admin = app.administrator().await;
    let (workspace, channel) = channel(&app, &admin).await;
    let team = app.db.team("On call").await;
    app.db.grant(team, MemberOf, workspace).await;
    let (kari_id, kari) = member(&app, &admin, "kari", team).await;
    let before = id_of(&say(&kari, channel, "before").await);
    let topic = format!("channel:{channel}");
    let mut page = Reader::start(app.ready.address, kari.session(), &["channel", "message"]).await;
    page.subscribe(&topic, None).await;
    page.until("she has what was said", |held| held.rows.contains_key(&before)).await;
    page.held.keep_frames = true;

    app.db.revoke(kari_id, MemberOf, team).await;
    let after = say(&admin, channel, "after the leaving").await;
    page.until("it is taken away", |held| !held.rows.contains_key(&before) && !held.rows.contains_key(&channel)).await;
    // What comes on the same socket behind it comes without it.
    let mark =
        admin.post("/api/v1/channels", json!({ "parent_id": workspace, "title": "Open", "visibility": "signed_in" })).await.ok();
    let mark_id = id_of(&mark);
    page.until("what she may see is told", |held| held.rows.contains_key(&mark_id)).await;
    assert!(page.held.frames.iter().all(|frame| !frame.contains("after the leaving")), "{:?}", page.held.frames);
    assert!(!page.held.told.contains(&id_of(&after)));
    assert_eq!(kari.get(&format!("/api/v1/channels/{channel}/messages")).await.status, StatusCode::NOT_FOUND);

    // And back: she asks for the channel anew, and has all of it.
    app.db.grant(kari_id, MemberOf, team).await;
    let after_id = id_of(&after);
    page.until("it is back", |held| held.rows.contains_key(&after_id) && held.rows.contains_key(&before)).await;
}

#[tokio::test]
async fn a_closed_channel_is_for_its_own_people() {
    let app = TestApp::start().await;
    let admin = app.administrator().await;
    let workspace = app.db.workspace("Work").await;
    let (_, kari) = member(&app, &admin, "kari", workspace).await;
    let (ola_id, ola) = member(&app, &admin, "ola", workspace).await;
    let closed = json!({ "parent_id": workspace, "title": "Closed", "isolated": true });
    let closed = id_of(&kari.post("/api/v1/channels", closed).await.ok());
    let said = say(&kari, closed, "between us").await;
    for (name, status) in answers(&ola, closed, &said).await {
        assert_eq!(status, StatusCode::NOT_FOUND, "{name}");
    }
    let found = ola.get("/api/v1/search?q=between").await.ok();
    assert_eq!(found["items"], json!([]));
    assert_eq!(kari.get("/api/v1/search?q=between").await.ok()["items"].as_array().unwrap().len(), 1);
    app.db.grant(ola_id, MemberOf, closed).await;
    assert_eq!(ola.get("/api/v1/search?q=between").await.ok()["items"].as_array().unwrap().len(), 1);
    say(&ola, closed, "hello").await;
}

#[tokio::test]
async fn who_is_named_is_told_if_they_may_read_it() {
    let app = TestApp::start().await;
    let admin = app.administrator().await;
    let (workspace, channel) = channel(&app, &admin).await;
    let team = app.db.team("On call").await;
    let mut people = Vec::new();
    for login in ["kari", "ola", "siri", "outside"] {
        people.push(sign_in(&app, &admin, login).await);
    }
    for (id, _) in &people[..3] {
        app.db.grant(*id, MemberOf, workspace).await;
    }
    for person in [&people[1], &people[3]] {
        app.db.grant(person.0, MemberOf, team).await;
    }
    let [kari, ola, siri, outside] = [0, 1, 2, 3].map(|n| &people[n].1);
    let told = async |client: &Client| {
        let told = client.get("/api/v1/notifications").await.ok();
        let items = told["items"].as_array().unwrap().iter();
        items.map(|one| (one["kind"].as_str().unwrap().to_owned(), one["body"].as_str().unwrap().to_owned())).collect::<Vec<_>>()
    };
    let text = format!("[Kari](node:{}) and [On call](node:{team}): look, [X](node:{})", people[0].0, people[3].0);
    let said = say(siri, channel, &text).await;
    let named = ("message_mention".to_owned(), "Kari and On call: look, X".to_owned());
    assert_eq!(told(kari).await, std::slice::from_ref(&named));
    assert_eq!(told(ola).await, std::slice::from_ref(&named), "by the team");
    assert_eq!(told(siri).await, [], "not oneself");
    assert_eq!(told(outside).await, [], "named twice, and may not read it");

    let path = format!("/api/v1/channels/{channel}/messages");
    let reply = json!({ "id": Uuid::now_v7(), "body": "secret answer", "thread_id": said["id"] });
    kari.post(&path, reply).await.ok();
    assert_eq!(told(siri).await, [("message_reply".to_owned(), String::new())], "without its words, which may be deleted");
    assert_eq!(told(ola).await, [named], "who has not had their say in it");

    let version =
        format!("\"{}\"", siri.get(&format!("/api/v1/messages/{}", said["id"].as_str().unwrap())).await.ok()["version"]);
    let message = format!("/api/v1/messages/{}", said["id"].as_str().unwrap());
    siri.send(Method::DELETE, &message, None, &[("if-match", &version)]).await.ok();
    assert_eq!(told(kari).await, [], "what is deleted is taken back from there as well");
}

#[tokio::test]
async fn answers_are_mailed_once_until_they_are_read() {
    let app = TestApp::start_with(|config| config.secrets.key = Some(Keyring::generate().unwrap())).await;
    let admin = app.administrator().await;
    let (workspace, channel) = channel(&app, &admin).await;
    let (_, kari) = member(&app, &admin, "kari", workspace).await;
    let mail =
        json!({ "parent_id": workspace, "title": "Mail", "channel": "smtp", "host": "127.0.0.1", "sender": "a@example.org" });
    admin.post("/api/v1/connections", mail).await.ok();
    sqlx::query("update people set email = login || '@example.org'").execute(app.db.owner_pool()).await.unwrap();
    let asked = say(&kari, channel, "Why?").await;
    let answers_mailed = async || {
        let path = format!("/api/v1/channels/{channel}/messages");
        admin.post(&path, json!({ "id": Uuid::now_v7(), "body": "because", "thread_id": asked["id"] })).await.ok();
        kari.get("/api/v1/deliveries?channel=smtp").await.ok()["items"].as_array().unwrap().len()
    };
    assert_eq!((answers_mailed().await, answers_mailed().await, answers_mailed().await), (1, 1, 1));
    let told = kari.get("/api/v1/notifications").await.ok();
    assert_eq!((told["items"].as_array().unwrap().len(), &told["items"][0]["count"]), (1, &json!(3)));
    kari.post("/api/v1/notifications/read", json!({ "ids": [told["items"][0]["id"]] })).await.ok();
    assert_eq!((answers_mailed().await, answers_mailed().await), (2, 2));
    // Whoever wants mail alone has nothing there to be read: each is mailed.
    let alone = json!({ "in_app": false, "mail": true, "ntfy": true, "quiet": null });
    kari.send(Method::PUT, "/api/v1/notification-preferences", Some(alone), &[]).await.ok();
    assert_eq!((answers_mailed().await, answers_mailed().await), (3, 4));
}

#[tokio::test]
async fn what_its_author_can_t_see_is_not_named() {
    let app = TestApp::start().await;
    let admin = app.administrator().await;
    let (workspace, channel) = channel(&app, &admin).await;
    let hidden = app.db.system("Hidden", app.db.workspace("Other").await).await;
    let (_, kari) = member(&app, &admin, "kari", workspace).await;
    let text = format!("[guess](node:{hidden}) [none](node:{})", Uuid::now_v7());
    assert_eq!(say(&kari, channel, &text).await["message"]["mentions"], json!([]));
    assert_eq!(say(&admin, channel, &text).await["message"]["mentions"], json!([hidden]));
}

async fn delete(client: &Client, noun: &str, id: Uuid) -> StatusCode {
    let path = format!("/api/v1/{noun}/{id}");
    let version = format!("\"{}\"", client.get(&path).await.ok()["version"]);
    client.send(Method::DELETE, &path, None, &[("if-match", &version)]).await.status
}

#[tokio::test]
async fn what_one_may_not_delete_does_not_go_with_what_is_around_it() {
    let app = TestApp::start().await;
    let admin = app.administrator().await;
    let workspace = app.db.workspace("Work").await;
    let (_, kari) = member(&app, &admin, "kari", workspace).await;
    let (_, ola) = member(&app, &admin, "ola", workspace).await;
    let outer = id_of(&ola.post("/api/v1/groups", json!({ "parent_id": workspace, "title": "Outer" })).await.ok());
    let group = id_of(&ola.post("/api/v1/groups", json!({ "parent_id": outer, "title": "Inner" })).await.ok());
    let closed = json!({ "parent_id": group, "title": "Closed", "isolated": true });
    let closed = id_of(&kari.post("/api/v1/channels", closed).await.ok());
    say(&kari, closed, "between us").await;
    assert_eq!(delete(&ola, "groups", group).await, StatusCode::FORBIDDEN, "he does not even see it");
    assert_eq!(delete(&ola, "groups", outer).await, StatusCode::FORBIDDEN, "nor further in");
    assert_eq!(kari.get(&format!("/api/v1/channels/{closed}/messages")).await.ok()["items"].as_array().unwrap().len(), 1);
    assert_eq!(delete(&kari, "groups", outer).await, StatusCode::NO_CONTENT, "whose it is may");

    // What a thing has goes with it, as its updates do.
    let system = app.db.system("Till", workspace).await;
    let beside = make_channel(&kari, system).await;
    say(&kari, beside, "it is slow").await;
    assert_eq!(delete(&ola, "systems", system).await, StatusCode::NO_CONTENT);
    assert_eq!(kari.get(&format!("/api/v1/channels/{beside}")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn who_reads_beside_a_thing_is_for_its_administrators_to_say_and_somebody_always_can() {
    let app = TestApp::start().await;
    let admin = app.administrator().await;
    let workspace = app.db.workspace("Work").await;
    let (_, kari) = member(&app, &admin, "kari", workspace).await;
    let system = app.db.system("Till", workspace).await;
    for scope in [json!({ "isolated": true }), json!({ "visibility": "public" })] {
        let mut body = scope;
        body["parent_id"] = json!(system);
        assert_eq!(kari.post("/api/v1/channels", body).await.status, StatusCode::FORBIDDEN);
    }
    let closed = json!({ "parent_id": system, "isolated": true });
    let closed = admin.post("/api/v1/channels", closed).await.ok();
    say(&admin, id_of(&closed), "ours").await;
    assert_eq!(kari.get(&format!("/api/v1/channels/{}", id_of(&closed))).await.status, StatusCode::NOT_FOUND);

    // Closed later, by somebody whose rights came from above.
    let other = make_channel(&admin, app.db.system("Scale", workspace).await).await;
    let close = async |id: Uuid| {
        let version = admin.get(&format!("/api/v1/nodes/{id}")).await.ok()["version"].clone();
        let intention = json!({ "type": "set_scope", "id": id, "version": version, "isolated": true });
        admin.post("/api/v1/intentions", json!({ "intentions": [intention] })).await.status
    };
    let said = say(&admin, other, "of all").await;
    assert_eq!(close(id_of(&said)).await, StatusCode::BAD_REQUEST, "a message is as open as its channel");
    assert_eq!(close(other).await, StatusCode::OK);
    say(&admin, other, "still there").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_there_is_not_for_strangers() {
    let app = TestApp::start().await;
    let admin = app.administrator().await;
    let workspace = app.db.workspace("Work").await;
    let open = json!({ "parent_id": workspace, "title": "Open", "visibility": "public" });
    let open = id_of(&admin.post("/api/v1/channels", open).await.ok());
    let topic = format!("channel:{open}");
    let (_, kari) = sign_in(&app, &admin, "kari").await;
    let mut stranger = Reader::start(app.ready.address, None, &[]).await;
    let mut colleague = Reader::start(app.ready.address, kari.session(), &[]).await;
    let mut there = Reader::start(app.ready.address, admin.session(), &[]).await;
    for reader in [&mut stranger, &mut colleague, &mut there] {
        reader.held.keep_frames = true;
        reader.subscribe(&topic, None).await;
        reader.until("the channel is there", |held| held.running.contains(&topic)).await;
    }
    there.say(&json!({ "type": "typing", "channel_id": open })).await;
    let typing = |held: &crate::socket::Held| held.frames.iter().any(|text| text.contains(r#""typing":true"#));
    colleague.until("a colleague sees who types", typing).await;
    let said = id_of(&say(&admin, open, "hello").await);
    stranger.until("what is said is for everybody", |held| held.rows.contains_key(&said)).await;
    assert!(stranger.held.frames.iter().all(|text| !text.contains(r#""presence""#)), "{:?}", stranger.held.frames);
}
