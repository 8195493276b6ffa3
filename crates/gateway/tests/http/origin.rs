//! Pages of other sites.

use crate::server::{Ask, Server};
use domain::token::TokenAccess;
use serde_json::json;

#[tokio::test]
async fn another_sites_page_changes_nothing() {
    let server = Server::with(|settings| settings.allowed_origins = vec!["https://intranet.test".into()]).await;
    let kari = server.db.person("kari").await;
    let session = server.session(kari).await;
    let token = server.token(kari, TokenAccess::Write, None).await;
    let patch = |title: &str| Ask::new("PATCH", "/api/v1/me").json(&json!({ "title": title }));
    let cookie = format!("synops_session={session}");

    let evil = patch("evil").header("cookie", &cookie).header("origin", "https://evil.test");
    server.ask(evil).await.refused(403, "forbidden");
    server.ask(patch("evil").header("cookie", &cookie)).await.refused(403, "forbidden");
    let evil = Ask::new("DELETE", "/api/v1/session").header("cookie", &cookie).header("sec-fetch-site", "cross-site");
    server.ask(evil).await.refused(403, "forbidden");
    let sign_in = json!({ "login": "kari", "password": "correct horse battery" });
    let evil = Ask::new("POST", "/api/v1/session").json(&sign_in).header("origin", "https://evil.test");
    server.ask(evil).await.refused(403, "forbidden");
    assert_eq!(server.count("select count(*) from nodes where title = 'evil'").await, 0);
    assert_eq!(server.count("select count(*) from sessions").await, 1);

    server.ask(patch("own").session(&session)).await.expect(200);
    server.ask(patch("own").header("cookie", &cookie).header("origin", "https://intranet.test")).await.expect(200);
    server.ask(patch("own").header("cookie", &cookie).header("sec-fetch-site", "same-origin")).await.expect(200);
    server.ask(patch("program").bearer(&token)).await.expect(200);
    // Reading is no harm: the other page can't see the answer.
    server.ask(Ask::get("/api/v1/me").header("cookie", &cookie).header("origin", "https://evil.test")).await.expect(200);
}

#[tokio::test]
async fn a_form_is_no_request_of_ours() {
    let server = Server::new().await;
    let body = br#"{"login":"kari","password":"x"}"#.to_vec();
    let ask = Ask::new("POST", "/api/v1/session").body(body).header("content-type", "text/plain");
    assert_eq!(server.ask(ask).await.refused(400, "invalid")["field"], "Content-Type");
}
