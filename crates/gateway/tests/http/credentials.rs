//! Passwords, API tokens, sign-in links, preferences.

use crate::server::{Ask, Server, id_of, now};
use chrono::TimeDelta;
use domain::EdgeKind;
use domain::node::INSTANCE_ID;
use domain::token::TokenAccess;
use serde_json::{Value, json};
use uuid::Uuid;

const ME: &str = "/api/v1/me";

fn set_password(session: &str, body: &Value) -> Ask {
    Ask::new("POST", "/api/v1/me/password").session(session).json(body)
}

#[tokio::test]
async fn a_password_is_changed_by_who_knows_it_and_signs_out_elsewhere() {
    let server = Server::new().await;
    let kari = server.db.person("kari").await;
    let (here, elsewhere) = (server.session(kari).await, server.session(kari).await);
    let of_another = server.session(server.db.person("ola").await).await;

    server.ask(set_password(&here, &json!({ "new": "short" }))).await.refused(400, "invalid");
    server.ask(set_password(&here, &json!({ "new": "first password" }))).await.expect(204);
    let problem = server.ask(set_password(&here, &json!({ "new": "second password" }))).await.refused(400, "invalid");
    assert_eq!(problem["field"], "current");
    let wrong = json!({ "current": "no password of mine", "new": "second password" });
    assert_eq!(server.ask(set_password(&here, &wrong)).await.refused(400, "invalid")["field"], "current");
    let right = json!({ "current": "first password", "new": "second password" });
    server.ask(set_password(&here, &right)).await.expect(204);

    let signed_in = async |session: &str| server.ask(Ask::get(ME).session(session)).await.json()["person"]["id"].is_string();
    assert!(signed_in(&here).await && signed_in(&of_another).await);
    assert!(!signed_in(&elsewhere).await);
    let again = json!({ "login": "kari", "password": "second password" });
    server.ask(Ask::new("POST", "/api/v1/session").json(&again)).await.expect(200);
    assert_eq!(server.count("select count(*) from audit_log where action = 'set_password'").await, 2);
    assert_eq!(
        server
            .count("select count(*) from audit_log where audit_log::text like '%password of%' or audit_log::text like '%argon2%'")
            .await,
        0
    );
}

#[tokio::test]
async fn a_token_stands_for_its_maker_until_it_is_revoked() {
    let server = Server::new().await;
    let kari = server.db.person("kari").await;
    let session = server.session(kari).await;
    let new = json!({ "name": "backup", "access": "write", "expires_at": now() + TimeDelta::hours(1) });
    let made = server.ask(Ask::new("POST", "/api/v1/me/tokens").session(&session).json(&new)).await.expect(201);
    let token = made["token"].as_str().unwrap();
    assert!(token.starts_with("syn_"), "{token}");
    assert_eq!(server.ask(Ask::get(ME).bearer(token)).await.json()["person"]["id"], kari.to_string());

    let list = server.ask(Ask::get("/api/v1/me/tokens").session(&session)).await;
    assert_eq!(list.expect(200)["items"][0]["name"], "backup");
    assert!(list.json()["items"][0]["last_used_at"].is_string());
    assert!(!list.text().contains(token));
    let kept = "select count(*) from (select audit_log::text as t from audit_log union all select api_tokens::text from api_tokens) kept where t like '%syn\\_%'";
    assert_eq!(server.count(kept).await, 0);

    let path = format!("/api/v1/me/tokens/{}", id_of(&made));
    let other = server.session(server.db.person("ola").await).await;
    server.ask(Ask::new("DELETE", &path).session(&other)).await.refused(404, "not_found");
    server.ask(Ask::new("DELETE", &path).session(&session)).await.expect(204);
    server.ask(Ask::get(ME).bearer(token)).await.refused(401, "unauthenticated");
    server.ask(Ask::new("DELETE", &path).session(&session)).await.refused(404, "not_found");
}

#[tokio::test]
async fn a_token_that_does_not_hold_is_refused() {
    let server = Server::new().await;
    let kari = server.db.person("kari").await;
    let expired = server.token(kari, TokenAccess::Write, Some(now() - TimeDelta::seconds(1))).await;
    let session = server.session(kari).await;
    let long = "x".repeat(5_000);
    for bad in [expired.as_str(), "syn_nonsense", session.as_str(), long.as_str()] {
        let answer = server.ask(Ask::get("/api/v1/nodes").bearer(bad)).await;
        answer.refused(401, "unauthenticated");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
    // A cookie that has ended is nobody's, who may still read what is public.
    server.ask(Ask::get("/api/v1/nodes").session("nonsense")).await.expect(200);
}

#[tokio::test]
async fn a_token_does_no_more_than_it_may() {
    let server = Server::new().await;
    let kari = server.db.person("kari").await;
    let workspace = server.db.workspace("w").await;
    server.db.grant(kari, EdgeKind::Owner, workspace).await;
    server.db.grant(kari, EdgeKind::Owner, INSTANCE_ID).await;
    let (read, write) = (server.token(kari, TokenAccess::Read, None).await, server.token(kari, TokenAccess::Write, None).await);
    let new = json!({ "title": "s", "parent_id": workspace });
    server.ask(Ask::new("POST", "/api/v1/systems").bearer(&read).json(&new)).await.refused(403, "forbidden");
    server.ask(Ask::new("PATCH", ME).bearer(&read).json(&json!({ "title": "x" }))).await.refused(403, "forbidden");
    let session = server.session(kari).await;
    let sessions = server.ask(Ask::get("/api/v1/me/sessions").session(&session)).await.expect(200);
    let end = format!("/api/v1/me/sessions/{}", id_of(&sessions["items"][0]));
    server.ask(Ask::new("DELETE", &end).bearer(&read)).await.refused(403, "forbidden");
    server.ask(Ask::new("POST", "/api/v1/systems").bearer(&write).json(&new)).await.expect(201);
    // Credentials are made by people, or a short-lived token could make one that stays.
    let token = json!({ "name": "t", "access": "read" });
    server.ask(Ask::new("POST", "/api/v1/me/tokens").bearer(&write).json(&token)).await.refused(403, "forbidden");
    server
        .ask(Ask::new("POST", "/api/v1/me/password").bearer(&write).json(&json!({ "new": "0123456789" })))
        .await
        .refused(403, "forbidden");
    let link = format!("/api/v1/people/{kari}/sign-in-link");
    server.ask(Ask::new("POST", &link).bearer(&write)).await.refused(403, "forbidden");
}

#[tokio::test]
async fn tokens_are_bounded() {
    let server = Server::new().await;
    let kari = server.db.person("kari").await;
    for _ in 0..50 {
        server.token(kari, TokenAccess::Read, None).await;
    }
    let session = server.session(kari).await;
    let ask = |body: Value| Ask::new("POST", "/api/v1/me/tokens").session(&session).json(&body);
    server.ask(ask(json!({ "name": "one more", "access": "read" }))).await.refused(429, "limit");
    for bad in [
        json!({ "name": "", "access": "read" }),
        json!({ "name": "a\0b", "access": "read" }),
        json!({ "name": "x".repeat(101), "access": "read" }),
        json!({ "name": "x", "access": "all" }),
        json!({ "name": "x", "access": "read", "expires_at": "2020-01-01T00:00:00Z" }),
        json!({ "name": "x", "access": "read", "expires_at": "+200000-01-01T00:00:00Z" }),
    ] {
        server.ask(ask(bad)).await.refused(400, "invalid");
    }
}

#[tokio::test]
async fn administrators_make_sign_in_links() {
    let server = Server::with(|settings| settings.public_url = "https://synops.test/".into()).await;
    let (admin, owner, kari) = (server.db.person("admin").await, server.db.person("owner").await, server.db.person("kari").await);
    server.db.grant(admin, EdgeKind::Admin, INSTANCE_ID).await;
    server.db.grant(owner, EdgeKind::Owner, INSTANCE_ID).await;
    let session = server.session(admin).await;
    let ask = |person: Uuid, session: &str| {
        Ask::new("POST", &format!("/api/v1/people/{person}/sign-in-link"))
            .session(session)
            .header("origin", "https://synops.test")
    };
    let made = server.ask(ask(kari, &session)).await.expect(201);
    let url = made["url"].as_str().unwrap();
    let token = url.strip_prefix("https://synops.test/sign-in/link#").unwrap_or_else(|| panic!("{url}"));
    server.ask(Ask::new("POST", "/api/v1/session/link").json(&json!({ "token": token }))).await.expect(200);
    assert_eq!(
        server.count("select count(*) from audit_log where action in ('create_sign_in_link', 'use_sign_in_link')").await,
        2
    );

    server.ask(ask(owner, &session)).await.refused(403, "forbidden");
    server.ask(ask(kari, &server.session(kari).await)).await.refused(403, "forbidden");
    server.ask(ask(Uuid::now_v7(), &session)).await.refused(404, "not_found");
    server.ask(ask(INSTANCE_ID, &session)).await.refused(404, "not_found");
    server.ask(Ask::new("POST", &format!("/api/v1/people/{kari}/sign-in-link"))).await.refused(401, "unauthenticated");
    // Nobody else reads of it in the activity.
    let activity = server.ask(Ask::get("/api/v1/activity").session(&session)).await.expect(200);
    assert_eq!(activity["items"], json!([]));
}

#[tokio::test]
async fn one_changes_ones_own_account() {
    let server = Server::new().await;
    server.db.grant(server.db.person("admin").await, EdgeKind::Owner, INSTANCE_ID).await;
    let kari = server.db.person("kari").await;
    let session = server.session(kari).await;
    let ask = |body: Value| Ask::new("PATCH", ME).session(&session).json(&body);
    let body = json!({ "title": "Kari N", "email": "kari@example.org", "preferences": { "theme": "dark" } });
    let me = server.ask(ask(body)).await.expect(200);
    assert_eq!((&me["person"]["title"], &me["person"]["person"]["email"]), (&json!("Kari N"), &json!("kari@example.org")));
    let me = server.ask(ask(json!({ "email": null, "preferences": { "locale": "nb" } }))).await.expect(200);
    assert_eq!(me["person"]["person"]["email"], Value::Null);
    assert_eq!(me["preferences"], json!({ "locale": "nb", "theme": "dark" }));
    for bad in [
        json!({ "email": "x" }),
        json!({ "title": "" }),
        json!({ "login": "root" }),
        json!({ "preferences": { "theme": "pink" } }),
    ] {
        server.ask(ask(bad)).await.refused(400, "invalid");
    }
    server.ask(Ask::new("PATCH", ME).json(&json!({ "title": "x" }))).await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn one_sees_and_ends_ones_own_sessions() {
    let server = Server::new().await;
    let kari = server.db.person("kari").await;
    let (here, elsewhere) = (server.session(kari).await, server.session(kari).await);
    let other = server.session(server.db.person("ola").await).await;
    let list = server.ask(Ask::get("/api/v1/me/sessions").session(&here)).await.expect(200);
    let current: Vec<&Value> = list["items"].as_array().unwrap().iter().map(|s| &s["current"]).collect();
    assert_eq!(current, [&json!(false), &json!(true)]);
    let path = format!("/api/v1/me/sessions/{}", id_of(&list["items"][0]));
    server.ask(Ask::new("DELETE", &path).session(&other)).await.refused(404, "not_found");
    server.ask(Ask::new("DELETE", &path).session(&here)).await.expect(204);
    assert!(server.ask(Ask::get(ME).session(&elsewhere)).await.json()["person"].is_null());
    server.ask(Ask::get("/api/v1/me/sessions")).await.refused(401, "unauthenticated");
}

/// Sockets of what ended close at once, not when the tailer looks by itself.
#[tokio::test]
async fn the_end_of_a_credential_wakes_the_tailer() {
    let server = Server::new().await;
    let kari = server.db.person("kari").await;
    let here = server.session(kari).await;
    server.session(kari).await;
    // It has been rung by the time of the answer.
    let rung = async || tokio::time::timeout(std::time::Duration::ZERO, server.bell.rung()).await.is_ok();
    let new = json!({ "name": "backup", "access": "read", "expires_at": null });
    let made = server.ask(Ask::new("POST", "/api/v1/me/tokens").session(&here).json(&new)).await.expect(201);
    let list = server.ask(Ask::get("/api/v1/me/sessions").session(&here)).await.expect(200);
    assert!(!rung().await, "nothing ended yet");

    let token = format!("/api/v1/me/tokens/{}", id_of(&made));
    server.ask(Ask::new("DELETE", &token).session(&here)).await.expect(204);
    assert!(rung().await, "a token");
    let session = format!("/api/v1/me/sessions/{}", id_of(&list["items"][0]));
    server.ask(Ask::new("DELETE", &session).session(&here)).await.expect(204);
    assert!(rung().await, "another session");
    server.ask(set_password(&here, &json!({ "new": "first password" }))).await.expect(204);
    assert!(rung().await, "all other sessions");
    let again = json!({ "login": "kari", "password": "first password" });
    server.ask(Ask::new("POST", "/api/v1/session").json(&again)).await.expect(200);
    assert!(rung().await, "the oldest session, maybe");
    server.ask(Ask::new("DELETE", "/api/v1/session").session(&here)).await.expect(204);
    assert!(rung().await, "this session");
}
