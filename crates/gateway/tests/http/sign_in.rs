//! Signing in and out.

use crate::server::{Answer, Ask, Server};
use gateway::Secret;
use serde_json::json;
use std::time::Duration;
use uuid::Uuid;

const PASSWORD: &str = "correct horse battery";

fn sign_in(login: &str, password: &str) -> Ask {
    Ask::new("POST", "/api/v1/session").json(&json!({ "login": login, "password": password }))
}

fn by_link(token: &str) -> Ask {
    Ask::new("POST", "/api/v1/session/link").json(&json!({ "token": token }))
}

async fn link(server: &Server, person_id: Uuid, lasts: Duration) -> String {
    let secret = Secret::new("");
    store::sign_in_link::insert_link(server.db.pool(), &secret.hash, person_id, lasts).await.expect("a link");
    secret.text
}

async fn me(server: &Server, session: &str) -> serde_json::Value {
    server.ask(Ask::get("/api/v1/me").session(session)).await.expect(200)
}

#[tokio::test]
async fn a_sign_in_sets_a_cookie_that_signing_out_ends() {
    let server = Server::new().await;
    let kari = server.db.person("kari").await;
    server.set_password(kari, PASSWORD).await;

    let signed_in = server.ask(sign_in(" Kari ", PASSWORD)).await;
    let body = signed_in.expect(200);
    assert_eq!(body["person"]["id"], kari.to_string());
    assert_eq!(body["person"]["person"]["login"], "kari");
    assert_eq!(body["has_password"], true);
    assert_eq!(body["instance_admin"], false);
    assert!(!signed_in.text().contains("argon2"));
    let cookie = signed_in.header("set-cookie");
    assert!(cookie.ends_with("; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax"), "{cookie}");

    let session = signed_in.cookie().unwrap();
    assert_eq!(me(&server, &session).await["person"]["id"], kari.to_string());
    let out = server.ask(Ask::new("DELETE", "/api/v1/session").session(&session)).await;
    out.expect(204);
    assert!(out.cookie().is_none() && out.header("set-cookie").contains("Max-Age=0"), "{out:?}");
    assert!(me(&server, &session).await["person"].is_null());
    assert_eq!(server.count("select count(*) from sessions").await, 0);
}

#[tokio::test]
async fn behind_tls_the_cookie_is_for_tls_alone() {
    let server = Server::with(|settings| settings.secure_cookies = true).await;
    let kari = server.db.person("kari").await;
    let token = link(&server, kari, Duration::from_secs(60)).await;
    let cookie = server.ask(by_link(&token)).await.header("set-cookie");
    assert!(cookie.ends_with("; Secure"), "{cookie}");
}

#[tokio::test]
async fn every_failed_sign_in_looks_the_same() {
    let server = Server::new().await;
    for login in ["kari", "disabled"] {
        let person = server.db.person(login).await;
        server.set_password(person, PASSWORD).await;
    }
    server.db.person("by-link-only").await;
    sqlx::query("update people set disabled = true where login = 'disabled'").execute(server.db.owner_pool()).await.unwrap();

    let mut details = Vec::new();
    let long = "x".repeat(600);
    let tries = [
        ("kari", "wrong password"),
        ("kari", ""),
        ("kari", long.as_str()),
        ("nobody", PASSWORD),
        ("disabled", PASSWORD),
        ("by-link-only", PASSWORD),
        ("a\0b", PASSWORD),
        (long.as_str(), PASSWORD),
    ];
    for (login, password) in tries {
        let answer = server.ask(sign_in(login, password)).await;
        let problem = answer.refused(401, "unauthenticated");
        assert!(answer.cookie().is_none());
        details.push(problem["detail"].clone());
    }
    details.dedup();
    assert_eq!(details.len(), 1, "{details:?}");
}

#[tokio::test]
async fn guessing_is_bounded_by_login_and_by_address() {
    let server = Server::new().await;
    let mut refused = 0;
    for n in 0..11 {
        // Each from elsewhere: what counts is the login.
        let answer = server.ask(sign_in("kari", "wrong password").from(&format!("198.51.100.{n}"))).await;
        refused += u32::from(answer.status == 429);
        if n == 10 {
            let problem = answer.refused(429, "limit");
            let wait: u64 = answer.header("retry-after").parse().unwrap();
            assert!((1..=60).contains(&wait), "{wait}");
            assert_eq!(problem["retry_after_s"], wait);
        }
    }
    assert_eq!(refused, 1);
    for n in 0..11 {
        // Each on another login: what counts is the address, of which a network's are one.
        let ask = sign_in("", "x").from(&format!("2001:db8::{n}"));
        let expect = if n < 10 { 401 } else { 429 };
        assert_eq!(server.ask(ask).await.status, expect, "{n}");
    }
    assert_eq!(server.ask(sign_in("ola", "wrong password")).await.status, 401);
}

#[tokio::test]
async fn a_link_lets_one_in_once() {
    let server = Server::new().await;
    let kari = server.db.person("kari").await;
    let token = link(&server, kari, Duration::from_secs(60)).await;
    let (a, b) = tokio::join!(server.ask(by_link(&token)), server.ask(by_link(&token)));
    let (won, lost): (Vec<Answer>, Vec<Answer>) = [a, b].into_iter().partition(|answer| answer.status == 200);
    assert_eq!((won.len(), lost.len()), (1, 1));
    assert_eq!(me(&server, &won[0].cookie().unwrap()).await["person"]["id"], kari.to_string());
    lost[0].refused(401, "unauthenticated");
    server.ask(by_link(&token)).await.refused(401, "unauthenticated");

    let over = link(&server, kari, Duration::ZERO).await;
    server.ask(by_link(&over)).await.refused(401, "unauthenticated");
    let earlier = link(&server, kari, Duration::from_secs(60)).await;
    link(&server, kari, Duration::from_secs(60)).await;
    server.ask(by_link(&earlier)).await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn the_oldest_session_goes_when_there_are_too_many() {
    let server = Server::new().await;
    let kari = server.db.person("kari").await;
    let oldest = server.session(kari).await;
    for _ in 1..50 {
        server.session(kari).await;
    }
    let token = link(&server, kari, Duration::from_secs(60)).await;
    let newest = server.ask(by_link(&token)).await.cookie().unwrap();
    assert_eq!(server.count("select count(*) from sessions").await, 50);
    assert!(me(&server, &oldest).await["person"].is_null());
    assert_eq!(me(&server, &newest).await["person"]["id"], kari.to_string());
}

#[tokio::test]
async fn a_session_ends_in_time_and_with_its_person() {
    let server = Server::new().await;
    let kari = server.db.person("kari").await;
    let session = server.session(kari).await;
    sqlx::query("update sessions set expires_at = clock_timestamp()").execute(server.db.owner_pool()).await.unwrap();
    assert!(me(&server, &session).await["person"].is_null());
    let session = server.session(kari).await;
    sqlx::query("update people set disabled = true").execute(server.db.owner_pool()).await.unwrap();
    assert!(me(&server, &session).await["person"].is_null());
}
