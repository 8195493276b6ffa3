//! Who follows a status page by mail: who can begin to, how many may wait, and who sees their addresses.

use crate::server::{Answer, Ask, Server, id_of};
use domain::EdgeKind;
use domain::limits::{STATUS_SUBSCRIBERS_PER_PAGE_MAX, STATUS_UNCONFIRMED_PER_PAGE_MAX};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU8, Ordering};
use uuid::Uuid;

struct Place {
    server: Server,
    workspace: Uuid,
    page: Uuid,
    /// Who made the page, and so owns it.
    member: String,
    /// Another member, who may read it.
    reader: String,
    from: AtomicU8,
}

async fn place() -> Place {
    let server = Server::new().await;
    let workspace = server.db.workspace("Payments").await;
    let mut sessions = Vec::new();
    for login in ["member", "other"] {
        let person = server.db.person(login).await;
        server.db.grant(person, EdgeKind::MemberOf, workspace).await;
        sessions.push(server.session(person).await);
    }
    let body = json!({ "title": "Acme", "parent_id": workspace, "slug": "acme", "published": true, "visibility": "public" });
    let made = server.ask(Ask::new("POST", "/api/v1/status-pages").session(&sessions[0]).json(&body)).await.expect(201);
    let (reader, member) = (sessions.remove(1), sessions.remove(0));
    Place { server, workspace, page: id_of(&made), member, reader, from: AtomicU8::new(1) }
}

impl Place {
    async fn mail_connection(&self) -> Uuid {
        let admin = self.server.db.person("admin").await;
        self.server.db.grant(admin, EdgeKind::Admin, self.workspace).await;
        let sender = "status@example.org";
        let body =
            json!({ "parent_id": self.workspace, "title": "Mail", "channel": "smtp", "host": "127.0.0.1", "sender": sender });
        let ask = Ask::new("POST", "/api/v1/connections").session(&self.server.session(admin).await).json(&body);
        id_of(&self.server.ask(ask).await.expect(201))
    }

    /// As a reader's browser sends the form, each from an address of its own.
    async fn follow(&self, email: &str) -> Answer {
        let from = format!("192.0.2.{}", self.from.fetch_add(1, Ordering::Relaxed));
        let ask = Ask::new("POST", "/status/acme/subscribe").from(&from).body(format!("email={email}").into_bytes());
        self.server.ask(ask.header("content-type", "application/x-www-form-urlencoded")).await
    }

    async fn has_form(&self) -> bool {
        self.server.ask(Ask::get("/status/acme")).await.text().contains("<form")
    }

    async fn followers(&self, session: &str, query: &str) -> Answer {
        let path = format!("/api/v1/status-pages/{}/followers{query}", self.page);
        self.server.ask(Ask::get(&path).session(session)).await
    }

    async fn take_off(&self, session: &str, id: &str) -> Answer {
        let path = format!("/api/v1/status-pages/{}/followers/{id}", self.page);
        self.server.ask(Ask::new("DELETE", &path).session(session)).await
    }

    /// So many addresses, an hour old and older.
    async fn some(&self, count: i64, confirmed: bool) {
        let statement =
            "insert into status_subscribers (id, page_id, email, token_hash, token_expires_at, confirmed_at, created_at)
            select gen_random_uuid(), $1, 'n' || n || $3 || '@example.org', case when not $3 then sha256(n::text::bytea) end,
                   case when not $3 then now() + interval '1 day' end, case when $3 then now() end,
                   now() - make_interval(hours => 1, secs => n)
              from generate_series(1, $2) n
            on conflict do nothing";
        let db = self.server.db.owner_pool();
        sqlx::query(statement).bind(self.page).bind(count).bind(confirmed).execute(db).await.unwrap();
    }

    async fn kept(&self) -> i64 {
        self.server.count("select count(*) from status_subscribers").await
    }
}

#[tokio::test]
async fn a_page_that_cannot_ask_keeps_no_address() {
    let p = place().await;
    assert!(!p.has_form().await);
    let refused = p.follow("kari@example.org").await;
    assert_eq!((refused.status, p.kept().await), (409, 0));
    assert!(refused.text().contains("This page sends no mail"), "{}", refused.text());
    assert_eq!(p.followers(&p.member, "").await.expect(200)["has_mail"], json!(false));

    let connection = p.mail_connection().await;
    let known = p.server.ask(Ask::get("/status/acme")).await.header("etag");
    assert!(p.has_form().await);
    assert_eq!((p.follow("kari@example.org").await.status, p.kept().await), (200, 1));
    assert_eq!(p.followers(&p.member, "").await.expect(200)["has_mail"], json!(true));

    let off = "update connections set enabled = false where node_id = $1";
    sqlx::query(off).bind(connection).execute(p.server.db.owner_pool()).await.unwrap();
    // Who kept the page learns of it, too.
    assert_eq!(p.server.ask(Ask::get("/status/acme").header("if-none-match", &known)).await.status, 200);
    assert!(!p.has_form().await);
    // Whether an address is known there, the answer does not tell.
    let answers = [p.follow("kari@example.org").await, p.follow("ola@example.org").await].map(|a| (a.status, a.text()));
    assert_eq!((answers[0].0, p.kept().await), (409, 1));
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn addresses_that_nobody_confirms_keep_nobody_away() {
    let p = place().await;
    p.mail_connection().await;
    p.some(STATUS_UNCONFIRMED_PER_PAGE_MAX, false).await;
    p.some(1, true).await;
    assert_eq!(p.follow("kari@example.org").await.status, 200);
    let counts = p.followers(&p.member, "?limit=1").await.expect(200);
    assert_eq!(
        (&counts["unconfirmed"], &counts["confirmed"]),
        (&json!(STATUS_UNCONFIRMED_PER_PAGE_MAX), &json!(1)),
        "the oldest makes room"
    );
    assert_eq!(counts["items"][0]["email"], "kari@example.org");
    let oldest =
        format!("select count(*) from status_subscribers where email = 'n{STATUS_UNCONFIRMED_PER_PAGE_MAX}false@example.org'");
    let oldest: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(oldest)).fetch_one(p.server.db.owner_pool()).await.unwrap();
    assert_eq!(oldest, 0);

    // Those who have confirmed do.
    p.some(STATUS_SUBSCRIBERS_PER_PAGE_MAX, true).await;
    let before = p.kept().await;
    assert_eq!((p.follow("ola@example.org").await.status, p.kept().await), (200, before));
}

#[tokio::test]
async fn addresses_are_for_those_who_manage_the_page() {
    let p = place().await;
    p.mail_connection().await;
    for email in ["ada@example.org", "bo@example.org", "cato@example.org"] {
        p.follow(email).await;
    }
    let confirmed =
        "update status_subscribers set confirmed_at = now(), token_hash = null, token_expires_at = null where email like 'bo%'";
    sqlx::query(confirmed).execute(p.server.db.owner_pool()).await.unwrap();
    p.server.ask(Ask::get(&format!("/api/v1/status-pages/{}/followers", p.page))).await.refused(401, "unauthenticated");
    p.followers(&p.reader, "").await.refused(403, "forbidden");
    let emails = |page: &Value| -> Vec<String> {
        page["items"].as_array().unwrap().iter().map(|item| item["email"].as_str().unwrap().to_owned()).collect()
    };
    let first = p.followers(&p.member, "?limit=2").await.expect(200);
    assert_eq!(emails(&first), ["cato@example.org", "bo@example.org"]);
    assert_eq!((&first["confirmed"], &first["unconfirmed"]), (&json!(1), &json!(2)));
    assert!(first["items"][0]["confirmed_at"].is_null() && first["items"][1]["confirmed_at"].is_string(), "{first}");
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = p.followers(&p.member, &format!("?limit=2&cursor={cursor}")).await.expect(200);
    assert_eq!((emails(&second), &second["next_cursor"]), (vec!["ada@example.org".to_owned()], &Value::Null));
    assert_eq!(p.followers(&p.member, "?cursor=x").await.refused(400, "invalid")["field"], "cursor");

    let id = first["items"][1]["id"].as_str().unwrap();
    p.take_off(&p.reader, id).await.refused(403, "forbidden");
    // Of another page it is nothing.
    let body = json!({ "title": "Other", "parent_id": p.workspace, "slug": "other" });
    let other = p.server.ask(Ask::new("POST", "/api/v1/status-pages").session(&p.member).json(&body)).await.expect(201);
    let path = format!("/api/v1/status-pages/{}/followers/{id}", id_of(&other));
    p.server.ask(Ask::new("DELETE", &path).session(&p.member)).await.refused(404, "not_found");
    assert_eq!(p.kept().await, 3);
    p.take_off(&p.member, id).await.expect(204);
    p.take_off(&p.member, id).await.refused(404, "not_found");
    assert_eq!(emails(&p.followers(&p.member, "").await.expect(200)), ["cato@example.org", "ada@example.org"]);
    let log = "select count(*) from audit_log where action = 'delete_follower' and summary::text not like '%example.org%'";
    assert_eq!(p.server.count(log).await, 1);
    let stranger = p.server.session(p.server.db.person("stranger").await).await;
    sqlx::query("update scopes set visibility = 'members'").execute(p.server.db.owner_pool()).await.unwrap();
    p.followers(&stranger, "").await.refused(404, "not_found");
    p.take_off(&stranger, id).await.refused(404, "not_found");
}
