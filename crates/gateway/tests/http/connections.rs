//! Connections over HTTP: who may make and use them, and that what is secret of them is told to nobody.

use crate::server::{Answer, Ask, Server, id_of};
use domain::EdgeKind;
use domain::node::INSTANCE_ID;
use serde_json::{Value, json};
use uuid::Uuid;

const PATH: &str = "/api/v1/connections";
const SECRET: &str = "hunter2-is-what-nobody-reads";

struct Place {
    server: Server,
    workspace: Uuid,
    admin: String,
    member: String,
    reader: String,
    stranger: String,
}

async fn place() -> Place {
    let server = Server::new().await;
    let workspace = server.db.workspace("Payments").await;
    let session = async |login: &str, grant: Option<EdgeKind>| {
        let person = server.db.person(login).await;
        if let Some(grant) = grant {
            server.db.grant(person, grant, workspace).await;
        }
        server.session(person).await
    };
    let (admin, member) = (session("admin", Some(EdgeKind::Admin)).await, session("member", Some(EdgeKind::MemberOf)).await);
    let (reader, stranger) = (session("reader", Some(EdgeKind::Reader)).await, session("stranger", None).await);
    Place { server, workspace, admin, member, reader, stranger }
}

impl Place {
    fn smtp(&self) -> Value {
        json!({
            "parent_id": self.workspace, "title": "Mail", "channel": "smtp", "host": "mail.example.org",
            "sender": "ops@example.org", "username": "ops", "password": SECRET,
        })
    }

    async fn ask(&self, method: &str, session: &str, path: &str, body: Option<&Value>) -> Answer {
        let ask = Ask::new(method, &format!("{PATH}{path}")).session(session);
        self.server
            .ask(match body {
                Some(body) => ask.json(body),
                None => ask,
            })
            .await
    }

    async fn patch(&self, session: &str, id: Uuid, version: i64, body: &Value) -> Answer {
        self.server.ask(Ask::new("PATCH", &format!("{PATH}/{id}")).session(session).if_match(version).json(body)).await
    }

    async fn made(&self) -> Uuid {
        id_of(&self.ask("POST", &self.admin, "", Some(&self.smtp())).await.expect(201))
    }

    /// All that the database holds as text, but for what is sealed.
    async fn everything_kept(&self) -> String {
        let sql = "select coalesce(string_agg(t, ' '), '') from (
            select to_jsonb(n)::text as t from nodes n union all select to_jsonb(c)::text from connections c
            union all select to_jsonb(a)::text from audit_log a union all select to_jsonb(i)::text from idempotency_keys i
            union all select encode(ciphertext, 'escape') from connection_secrets) all_texts";
        sqlx::query_scalar(sql).fetch_one(self.server.db.owner_pool()).await.unwrap()
    }
}

#[tokio::test]
async fn administrators_make_them_and_members_use_them() {
    let p = place().await;
    p.ask("POST", &p.stranger, "", Some(&p.smtp())).await.refused(404, "not_found");
    p.ask("POST", &p.reader, "", Some(&p.smtp())).await.refused(403, "forbidden");
    p.ask("POST", &p.member, "", Some(&p.smtp())).await.refused(403, "forbidden");
    let made = p.ask("POST", &p.admin, "", Some(&p.smtp())).await.expect(201);
    assert_eq!((&made["connection"]["host"], &made["connection"]["secrets"]), (&json!("mail.example.org"), &json!(["password"])));
    assert_eq!((&made["connection"]["security"], &made["connection"]["port"]), (&json!("starttls"), &json!(587)));
    let id = id_of(&made);
    let listed = async |session: &str| p.ask("GET", session, "", None).await.expect(200)["items"].as_array().unwrap().len();
    assert_eq!((listed(&p.admin).await, listed(&p.member).await), (1, 1));
    assert_eq!((listed(&p.reader).await, listed(&p.stranger).await), (0, 0));
    p.ask("GET", &p.stranger, &format!("/{id}"), None).await.refused(404, "not_found");
    for path in ["/test", "/preview"] {
        let body = json!({ "kind": "system_down" });
        let body = (path == "/preview").then_some(&body);
        p.ask("POST", &p.member, &format!("/{id}{path}"), body).await.refused(403, "forbidden");
        p.ask("POST", &p.stranger, &format!("/{id}{path}"), body).await.refused(404, "not_found");
    }
    p.patch(&p.member, id, 1, &json!({ "enabled": false })).await.refused(403, "forbidden");
    // In a workspace that everybody may read it stays among those who were granted something.
    sqlx::query("update scopes set visibility = 'public' where node_id = $1")
        .bind(p.workspace)
        .execute(p.server.db.owner_pool())
        .await
        .unwrap();
    p.ask("GET", &p.stranger, &format!("/{id}"), None).await.refused(404, "not_found");
    let opened = json!({ "intentions": [{ "type": "set_scope", "id": id, "version": made["version"], "visibility": "public" }] });
    let ask = Ask::new("POST", "/api/v1/intentions").session(&p.admin).json(&opened);
    p.server.ask(ask).await.refused(400, "invalid");
}

#[tokio::test]
async fn a_secret_is_never_told_again() {
    let p = place().await;
    let key = "once";
    let ask = Ask::new("POST", PATH).session(&p.admin).header("idempotency-key", key).json(&p.smtp());
    let made = p.server.ask(ask).await;
    let id = id_of(&made.expect(201));
    let again = Ask::new("POST", PATH).session(&p.admin).header("idempotency-key", key).json(&p.smtp());
    let again = p.server.ask(again).await;
    let mut told = vec![made.text(), again.text()];
    for path in [format!("{PATH}/{id}"), PATH.to_owned(), format!("/api/v1/nodes/{id}"), format!("/api/v1/nodes/{id}/audit")] {
        let answer = p.server.ask(Ask::get(&path).session(&p.admin)).await;
        answer.expect(200);
        told.push(answer.text());
    }
    // Nor by what is refused.
    let wrong = json!({ "parent_id": p.workspace, "title": "x", "channel": "slack", "url": format!("ftp://{SECRET}") });
    told.push(p.ask("POST", &p.admin, "", Some(&wrong)).await.text());
    let wrong = json!({ "password": { "is": SECRET } });
    told.push(p.patch(&p.admin, id, 1, &wrong).await.text());
    told.push(p.everything_kept().await);
    assert!(told.iter().all(|text| !text.contains(SECRET)), "{told:?}");
}

#[tokio::test]
async fn a_password_stays_with_the_host_it_was_given_for() {
    let p = place().await;
    let id = p.made().await;
    let secrets = |node: Value| (node["connection"]["secrets"].clone(), node["version"].as_i64().unwrap());
    let node = p.ask("GET", &p.admin, &format!("/{id}"), None).await.expect(200);
    let version = node["version"].as_i64().unwrap();
    p.patch(&p.admin, id, version + 1, &json!({ "enabled": false })).await.refused(412, "stale");
    let (kept, version) = secrets(p.patch(&p.admin, id, version, &json!({ "sender": "other@example.org" })).await.expect(200));
    assert_eq!(kept, json!(["password"]));
    let moved = p.patch(&p.admin, id, version, &json!({ "host": "mail.attacker.example" })).await.expect(200);
    let (kept, version) = secrets(moved);
    assert_eq!(kept, json!([]));
    let both = json!({ "host": "mail.example.org", "password": SECRET });
    let (kept, version) = secrets(p.patch(&p.admin, id, version, &both).await.expect(200));
    assert_eq!(kept, json!(["password"]));
    let field = p.patch(&p.admin, id, version, &json!({ "security": "none", "password": SECRET })).await.refused(400, "invalid");
    assert_eq!(field["field"], "password");
    let field = p.patch(&p.admin, id, version, &json!({ "url": "https://a.example" })).await.refused(400, "invalid");
    assert_eq!(field["field"], "url");
}

#[tokio::test]
async fn what_is_sealed_opens_in_its_own_row_alone() {
    let p = place().await;
    let (one, two) = (p.made().await, p.made().await);
    let differ: bool = sqlx::query_scalar("select count(distinct ciphertext) = 2 from connection_secrets")
        .fetch_one(p.server.db.owner_pool())
        .await
        .unwrap();
    assert!(differ, "the same secret is sealed differently for each");
    let swap = "update connection_secrets s set nonce = o.nonce, ciphertext = o.ciphertext, key_id = o.key_id
        from connection_secrets o where o.node_id <> s.node_id";
    assert_eq!(sqlx::query(swap).execute(p.server.db.owner_pool()).await.unwrap().rows_affected(), 2);
    for id in [one, two] {
        let node = p.ask("GET", &p.admin, &format!("/{id}"), None).await.expect(200);
        let version = node["version"].as_i64().unwrap();
        p.patch(&p.admin, id, version, &json!({ "username": "x" })).await.refused(503, "unavailable");
    }
}

#[tokio::test]
async fn it_says_what_it_says_in_its_own_words() {
    let p = place().await;
    let id = p.made().await;
    let preview = async |body: Value| p.ask("POST", &p.admin, &format!("/{id}/preview"), Some(&body)).await;
    let built_in = preview(json!({ "kind": "system_down" })).await.expect(200);
    assert_eq!(built_in["subject"], "Down: New disks for the database");
    let tried = json!({ "kind": "system_down", "template": { "subject": "! {{ title }}", "body": "{{ nonsense }}" } });
    assert_eq!(preview(tried).await.expect(200)["subject"], "! New disks for the database");
    let bad = json!({ "kind": "system_down", "template": { "subject": "x", "body": "{% include '/etc/passwd' %}" } });
    assert_eq!(preview(bad).await.refused(400, "invalid")["field"], "template.body");

    let version = p.ask("GET", &p.admin, &format!("/{id}"), None).await.expect(200)["version"].as_i64().unwrap();
    let own = json!({ "templates": [{ "kind": "system_down", "subject": "Own: {{ title }}", "body": "x" }] });
    let put = |session: &str, version: i64, body: &Value| {
        Ask::new("PUT", &format!("{PATH}/{id}/templates")).session(session).if_match(version).json(body)
    };
    p.server.ask(put(&p.member, version, &own)).await.refused(403, "forbidden");
    p.server.ask(put(&p.admin, version + 7, &own)).await.refused(412, "stale");
    p.server.ask(put(&p.admin, version, &own)).await.expect(200);
    assert_eq!(preview(json!({ "kind": "system_down" })).await.expect(200)["subject"], "Own: New disks for the database");
    let kept = p.ask("GET", &p.admin, &format!("/{id}/templates"), None).await.expect(200);
    assert_eq!(kept["templates"][0]["subject"], "Own: {{ title }}");
    let twice = json!({ "templates": [own["templates"][0], own["templates"][0]] });
    p.server.ask(put(&p.admin, version + 1, &twice)).await.refused(400, "invalid");
}

#[tokio::test]
async fn a_test_message_leaves_its_trace() {
    let p = place().await;
    let id = p.made().await;
    let answer = p.ask("POST", &p.admin, &format!("/{id}/test"), Some(&json!({ "to": "kari@example.org" }))).await.expect(200);
    assert_eq!((&answer["ok"], &answer["detail"]), (&json!(true), &json!("kari@example.org")));
    let node = p.ask("GET", &p.admin, &format!("/{id}"), None).await.expect(200);
    assert!(node["connection"]["tested_at"].is_string() && node["connection"]["test_error"].is_null(), "{node}");
    assert_eq!(p.server.count("select count(*) from audit_log where action = 'test_connection'").await, 1);
    // Deleting it takes an administrator, and takes its secrets along.
    let version = node["version"].as_i64().unwrap();
    let delete = |session: &str| Ask::new("DELETE", &format!("{PATH}/{id}")).session(session).if_match(version);
    p.server.ask(delete(&p.member)).await.refused(403, "forbidden");
    p.server.ask(delete(&p.admin)).await.expect(204);
    assert_eq!(p.server.count("select count(*) from connection_secrets").await, 0);
    // The instance's own are its administrators'.
    let mut own = p.smtp();
    own["parent_id"] = json!(INSTANCE_ID);
    p.ask("POST", &p.admin, "", Some(&own)).await.refused(403, "forbidden");
}
