//! Status pages over HTTP: who makes them, who reads them, and that they tell nothing else.

use crate::server::{Answer, Ask, Server, id_of};
use domain::EdgeKind;
use serde_json::{Value, json};
use uuid::Uuid;

const PATH: &str = "/api/v1/status-pages";
/// What stands where no reader of a page may come upon it.
const SECRETS: [&str; 10] = [
    "hidden-db-7",
    "hidden-cause",
    "Kari Hemmelig",
    "internal-note",
    "signed-in-note",
    "hidden-reason",
    "hidden-body",
    "hidden-group-member",
    "hidden-window",
    "hidden-attr",
];

struct Place {
    server: Server,
    workspace: Uuid,
    group: Uuid,
    shop: Uuid,
    hidden: Uuid,
    member: String,
    reader: String,
}

async fn place() -> Place {
    let server = Server::new().await;
    let db = &server.db;
    let workspace = db.workspace("Payments").await;
    let group = db.group("Databases", workspace).await;
    let shop = db.system("checkout-prod-1", workspace).await;
    let hidden = db.system("hidden-db-7", workspace).await;
    let primary = db.system("Primary", group).await;
    // In the group, but for other readers.
    let apart = db.system("hidden-group-member", group).await;
    db.make_scope(apart).await;
    run(&server, "update systems set check_spec = '{\"type\":\"tcp\",\"address\":\"hidden-attr:1\"}', state = 'up', state_reason = 'hidden-reason'").await;
    run(&server, "update nodes set body = 'hidden-body', attrs = '{\"x\":\"hidden-attr\"}' where kind = 'system'").await;
    let (reader, member) = (db.person("reader").await, db.person("member").await);
    run(&server, "update nodes set title = 'Kari Hemmelig' where kind = 'person'").await;
    db.grant(reader, EdgeKind::Reader, workspace).await;
    db.grant(member, EdgeKind::MemberOf, workspace).await;
    let (reader, member) = (server.session(reader).await, server.session(member).await);
    let days = "insert into check_rollups (system_id, span, starts_at, runs, failures)
        select $1, 'day', date_trunc('day', now(), 'UTC') - make_interval(days => n), 1000, case when n = 3 then 15 else 0 end from generate_series(0, 9) n";
    sqlx::query(days).bind(primary).execute(db.owner_pool()).await.unwrap();
    Place { server, workspace, group, shop, hidden, member, reader }
}

async fn run(server: &Server, sql: &'static str) {
    sqlx::query(sql).execute(server.db.owner_pool()).await.expect(sql);
}

impl Place {
    async fn send(&self, method: &str, path: &str, session: &str, version: Option<i64>, body: &Value) -> Answer {
        let ask = Ask::new(method, &format!("{PATH}{path}")).session(session).json(body);
        self.server
            .ask(match version {
                Some(version) => ask.if_match(version),
                None => ask,
            })
            .await
    }

    /// A published page for everybody, which shows the shop and the group.
    async fn page(&self) -> Value {
        let body = json!({ "title": "Acme", "parent_id": self.workspace, "slug": "acme", "headline": "How Acme does", "published": true, "visibility": "public" });
        let made = self.send("POST", "", &self.member, None, &body).await.expect(201);
        let entries = json!({ "entries": [{ "target_id": self.shop, "label": "Shop" }, { "target_id": self.group }] });
        let path = format!("/{}/entries", id_of(&made));
        self.send("PUT", &path, &self.member, made["version"].as_i64(), &entries).await.expect(200)
    }

    /// By which its readers can be asked and told.
    async fn mail_connection(&self) -> Uuid {
        let admin = self.server.db.person("admin").await;
        self.server.db.grant(admin, EdgeKind::Admin, self.workspace).await;
        let body = json!({ "parent_id": self.workspace, "title": "Mail", "channel": "smtp", "host": "127.0.0.1", "sender": "a@example.org" });
        let ask = Ask::new("POST", "/api/v1/connections").session(&self.server.session(admin).await).json(&body);
        id_of(&self.server.ask(ask).await.expect(201))
    }

    async fn read(&self, path: &str) -> Answer {
        self.server.ask(Ask::get(&format!("/status/{path}"))).await
    }

    /// A window over the shop and a system that is on no page, with something told to each audience.
    async fn window(&self) -> Uuid {
        let id = self.server.db.maintenance("New disks", self.workspace, (-60.0, 3_600.0), &[self.shop, self.hidden]).await;
        let told = "insert into timeline_updates (id, node_id, by_title, message, audience) values
            (gen_random_uuid(), $1, 'Kari Hemmelig', 'public-note <b>', 'public'), (gen_random_uuid(), $1, null, 'signed-in-note', 'signed_in'),
            (gen_random_uuid(), $1, null, 'internal-note hidden-cause', 'internal')";
        sqlx::query(told).bind(id).execute(self.server.db.owner_pool()).await.unwrap();
        let elsewhere = self.server.db.maintenance("hidden-window", self.workspace, (-60.0, 3_600.0), &[self.hidden]).await;
        for id in [id, elsewhere] {
            sqlx::query("update nodes set body = 'hidden-body' where id = $1")
                .bind(id)
                .execute(self.server.db.owner_pool())
                .await
                .unwrap();
        }
        id
    }
}

#[tokio::test]
async fn a_page_tells_what_it_shows_and_nothing_else() {
    let p = place().await;
    p.page().await;
    let window = p.window().await;
    let json = p.read("acme.json").await.expect(200);
    assert_eq!((&json["title"], &json["overall"]), (&json!("Acme"), &json!("maintenance")));
    let shop = &json["sections"][0]["systems"][0];
    assert_eq!((&shop["label"], &shop["state"], &shop["uptime_percent"]), (&json!("Shop"), &json!("maintenance"), &Value::Null));
    let databases = &json["sections"][1];
    assert_eq!((&databases["title"], databases["systems"].as_array().unwrap().len()), (&json!("Databases"), 1));
    let primary = &databases["systems"][0];
    assert_eq!(
        (&primary["label"], &primary["state"], &primary["uptime_percent"]),
        (&json!("Primary"), &json!("operational"), &json!(99.85))
    );
    let days = primary["days"].as_array().unwrap();
    assert_eq!((days.len(), &days[89]["uptime_percent"], &days[86]["uptime_percent"]), (90, &json!(100.0), &json!(98.5)));
    assert_eq!(days[0]["uptime_percent"], Value::Null);
    let notices = json["notices"].as_array().unwrap();
    assert_eq!(notices.len(), 1);
    assert_eq!(
        (&notices[0]["id"], &notices[0]["title"], &notices[0]["affects"]),
        (&json!(window), &json!("New disks"), &json!(["Shop"]))
    );
    assert_eq!(notices[0]["updates"].as_array().unwrap().len(), 1);
    for form in ["acme", "acme.json", "acme.atom", "acme.ics", "acme?lang=nb"] {
        let answer = p.read(form).await;
        assert_eq!(answer.status, 200, "{form}: {}", answer.text());
        let text = answer.text();
        // (Lines of a calendar are folded.)
        let text = text.replace("\r\n ", "");
        assert!(text.contains("New disks"), "{form}: {text}");
        assert!(form.contains("ics") || text.contains("public-note"), "{form}: {text}");
        for secret in SECRETS.iter().chain(&["checkout-prod-1"]) {
            assert!(!text.contains(secret), "{form} tells {secret}: {text}");
        }
        assert!(!text.contains(&p.hidden.to_string()) && !text.contains(&p.shop.to_string()), "{form}");
        assert!(form.contains('.') || !text.contains("<b>"), "{form}: {text}");
    }
}

#[tokio::test]
async fn incidents_are_told_as_everybody_was_told_them() {
    let p = place().await;
    p.page().await;
    let post =
        async |body: &Value| p.server.ask(Ask::new("POST", "/api/v1/incidents").session(&p.member).json(body)).await.expect(201);
    let told = json!({ "message": "public-note", "audience": "public" });
    let incident = json!({ "title": "Slow", "body": "hidden-body", "severity": "major", "health_override": "degraded",
        "affects": [p.shop, p.hidden], "update": told });
    let opened = post(&incident).await;
    post(&json!({ "title": "hidden-window", "affects": [p.hidden] })).await;
    let path = format!("/api/v1/incidents/{}/updates", id_of(&opened));
    for (message, audience) in [("internal-note hidden-cause", "internal"), ("signed-in-note", "signed_in")] {
        let update = json!({ "message": message, "audience": audience });
        p.server.ask(Ask::new("POST", &path).session(&p.member).json(&update)).await.expect(200);
    }
    // One that a rule has opened is named by its cause, which the page calls otherwise.
    let by_rule = "update incidents set automatic = true, cause_id = $2 where node_id = $1";
    let automatic = post(&json!({ "title": "checkout-prod-1 is down, and hidden-db-7", "affects": [p.shop] })).await;
    sqlx::query(by_rule).bind(id_of(&automatic)).bind(p.hidden).execute(p.server.db.owner_pool()).await.unwrap();
    let json = p.read("acme.json").await.expect(200);
    assert_eq!((&json["overall"], &json["sections"][0]["systems"][0]["state"]), (&json!("degraded"), &json!("degraded")));
    let notices = json["notices"].as_array().unwrap();
    let titles: Vec<&Value> = notices.iter().map(|notice| &notice["title"]).collect();
    assert_eq!(titles, [&json!("Shop"), &json!("Slow")]);
    assert_eq!(
        (&notices[1]["kind"], &notices[1]["affects"], &notices[1]["active"]),
        (&json!("incident"), &json!(["Shop"]), &json!(true))
    );
    for form in ["acme", "acme.json", "acme.atom", "acme.ics"] {
        let text = p.read(form).await.text().replace("\r\n ", "");
        assert!(form.ends_with("ics") || text.contains("public-note"), "{form}: {text}");
        for secret in SECRETS.iter().chain(&["checkout-prod-1"]) {
            assert!(!text.contains(secret), "{form} tells {secret}: {text}");
        }
    }
}

#[tokio::test]
async fn the_page_reads_without_a_script_in_two_languages() {
    let p = place().await;
    p.page().await;
    p.window().await;
    let english = p.read("acme").await;
    let text = english.text();
    for words in [
        "<html lang=\"en\">",
        "Maintenance under way",
        "Operational",
        "99.85% uptime",
        "as-of",
        "How Acme does",
        "public-note &lt;b&gt;",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert_eq!(text.matches("<i ").count(), 180, "a bar for each day");
    assert!(text.len() < 60_000, "{}", text.len());
    let ask = Ask::get("/status/acme").header("accept-language", "nb-NO,nb;q=0.9,en;q=0.5");
    let norwegian = p.server.ask(ask).await.text();
    for words in ["<html lang=\"nb\">", "Vedlikehold pågår", "I drift", "99,85 % oppetid"] {
        assert!(norwegian.contains(words), "{words}: {norwegian}");
    }
    for asset in ["status.js", "status.css"] {
        let file = p.read(&format!("assets/{asset}")).await;
        assert_eq!((file.status, file.header("cache-control").as_str()), (200, "public, max-age=31536000, immutable"));
        assert!(text.contains(&format!("/status/assets/{asset}?")), "{text}");
    }
    assert!(english.header("content-security-policy").contains("script-src 'self'"));
}

#[tokio::test]
async fn what_is_known_is_not_sent_again() {
    let p = place().await;
    p.page().await;
    for form in ["acme", "acme.json", "acme.atom", "acme.ics"] {
        let first = p.read(form).await;
        let etag = first.header("etag");
        assert_eq!((first.status, first.header("cache-control").as_str()), (200, "public, no-cache"), "{form}");
        let again = p.server.ask(Ask::get(&format!("/status/{form}")).header("if-none-match", &etag)).await;
        assert_eq!((again.status, again.body.len()), (304, 0), "{form}");
        let other = p.server.ask(Ask::get(&format!("/status/{form}?lang=nb")).header("if-none-match", &etag)).await;
        assert_eq!(other.status, 200, "{form}");
    }
    let etag = p.read("acme").await.header("etag");
    // What is not on the page changes nothing of it; what is does.
    let rename = "update nodes set title = 'hidden-db-8' where id = $1";
    sqlx::query(rename).bind(p.hidden).execute(p.server.db.owner_pool()).await.unwrap();
    assert_eq!(p.server.ask(Ask::get("/status/acme").header("if-none-match", &etag)).await.status, 304);
    sqlx::query("update systems set state = 'down' where node_id = $1")
        .bind(p.shop)
        .execute(p.server.db.owner_pool())
        .await
        .unwrap();
    assert_eq!(p.server.ask(Ask::get("/status/acme").header("if-none-match", &etag)).await.status, 200);
}

#[tokio::test]
async fn a_page_is_there_for_its_readers_alone() {
    let p = place().await;
    let page = p.page().await;
    let path = format!("/{}", id_of(&page));
    let change =
        async |version: &Value, body: Value| p.send("PATCH", &path, &p.member, version.as_i64(), &body).await.expect(200);
    let read = async |session: Option<&str>| -> u16 {
        let ask = Ask::get("/status/acme.json");
        p.server.ask(if let Some(session) = session { ask.session(session) } else { ask }).await.status
    };
    assert_eq!((read(None).await, read(Some(&p.reader)).await), (200, 200));
    let page = change(&page["version"], json!({ "visibility": "signed_in" })).await;
    assert_eq!((read(None).await, read(Some(&p.reader)).await), (404, 200));
    let private = p.server.ask(Ask::get("/status/acme").session(&p.reader)).await;
    assert_eq!(private.header("cache-control"), "private, no-cache");
    let page = change(&page["version"], json!({ "visibility": "members" })).await;
    assert_eq!(read(None).await, 404);
    let stranger = p.server.session(p.server.db.person("stranger").await).await;
    assert_eq!((read(Some(&stranger)).await, read(Some(&p.member)).await), (404, 200));
    let page = change(&page["version"], json!({ "visibility": "public", "published": false })).await;
    assert_eq!((read(None).await, read(Some(&p.member)).await), (404, 404));
    change(&page["version"], json!({ "published": true, "slug": "new" })).await;
    assert_eq!(read(None).await, 404);
    assert_eq!(p.read("new.json").await.status, 200);
    for missing in ["none", "none.json", "new.exe", "NEW", "a%00b"] {
        assert_eq!(p.read(missing).await.status, 404, "{missing}");
    }
    // Somebody with a browser is told so in words, and the same of a page that is not theirs.
    let asked = async |path: &str| p.server.ask(Ask::get(path).header("accept", "text/html,*/*;q=0.8")).await;
    let (none, unpublished) = (asked("/status/none").await, asked("/status/acme").await);
    assert_eq!((none.status, none.header("content-type").as_str()), (404, "text/html; charset=utf-8"));
    assert!(none.text().contains("There is no status page here"), "{}", none.text());
    assert_eq!((unpublished.status, unpublished.text()), (404, none.text()));
}

#[tokio::test]
async fn to_publish_takes_who_answers_for_both() {
    let p = place().await;
    let body = json!({ "title": "Mine", "parent_id": p.workspace, "slug": "mine" });
    p.send("POST", "", &p.reader, None, &body).await.refused(403, "forbidden");
    let page = p.send("POST", "", &p.member, None, &body).await.expect(201);
    assert_eq!((&page["status_page"]["published"], &page["scope"]["visibility"]), (&json!(false), &json!("members")));
    p.send("POST", "", &p.member, None, &body).await.refused(409, "conflict");
    let bad = json!({ "title": "x", "parent_id": p.workspace, "slug": "../x" });
    assert_eq!(p.send("POST", "", &p.member, None, &bad).await.refused(400, "invalid")["field"], "slug");
    let entries = format!("/{}/entries", id_of(&page));
    let (elsewhere, version) = (p.server.db.workspace("Elsewhere").await, page["version"].as_i64());
    let theirs = p.server.db.system("Theirs", elsewhere).await;
    let wanted = json!({ "entries": [{ "target_id": theirs }] });
    p.send("PUT", &entries, &p.member, version, &wanted).await.refused(404, "not_found");
    let member_id = "select person_id from scope_access where level = 4 and scope_id = $1";
    let member: Uuid = sqlx::query_scalar(member_id).bind(id_of(&page)).fetch_one(p.server.db.owner_pool()).await.unwrap();
    p.server.db.grant(member, EdgeKind::Reader, elsewhere).await;
    // To read it is not to publish it, whichever way.
    p.send("PUT", &entries, &p.member, version, &wanted).await.refused(403, "forbidden");
    let edge =
        json!({ "intentions": [{ "type": "create_edge", "kind": "shows", "source_id": id_of(&page), "target_id": theirs }] });
    p.server.ask(Ask::new("POST", "/api/v1/intentions").session(&p.member).json(&edge)).await.refused(403, "forbidden");
    p.send("PUT", &entries, &p.member, None, &wanted).await.refused(428, "precondition_required");
    p.send("PUT", &entries, &p.member, Some(99), &wanted).await.refused(412, "stale");
    p.send("PUT", &entries, &p.reader, version, &json!({ "entries": [] })).await.refused(403, "forbidden");

    p.server.db.grant(member, EdgeKind::MemberOf, elsewhere).await;
    let both = json!({ "entries": [{ "target_id": theirs }, { "target_id": p.shop, "label": "Shop" }] });
    let page = p.send("PUT", &entries, &p.member, version, &both).await.expect(200);
    let there = p.server.ask(Ask::get(&format!("{PATH}{entries}")).session(&p.member)).await.expect(200);
    assert_eq!(
        (&there["items"][0]["title"], &there["items"][1]["label"], &there["hidden"]),
        (&json!("Theirs"), &json!("Shop"), &json!(0))
    );
    // What one can't see any more stays, and is not named.
    p.server.db.revoke(member, EdgeKind::MemberOf, elsewhere).await;
    p.server.db.revoke(member, EdgeKind::Reader, elsewhere).await;
    let there = p.server.ask(Ask::get(&format!("{PATH}{entries}")).session(&p.member)).await.expect(200);
    assert_eq!((there["items"].as_array().unwrap().len(), &there["hidden"]), (1, &json!(1)));
    p.send("PUT", &entries, &p.member, page["version"].as_i64(), &json!({ "entries": [] })).await.expect(200);
    assert_eq!(p.server.count("select count(*) from edges where kind = 'shows'").await, 1);
    let twice = json!({ "entries": [{ "target_id": p.shop }, { "target_id": p.shop }] });
    p.send("PUT", &entries, &p.member, page["version"].as_i64(), &twice).await.refused(400, "invalid");
    let audited =
        p.server.count("select count(*) from audit_log where action in ('create_status_page', 'set_status_page_entries')").await;
    assert_eq!(audited, 3);
}

#[tokio::test]
async fn an_address_is_told_nothing_before_it_is_confirmed() {
    let p = place().await;
    p.page().await;
    p.mail_connection().await;
    let post = async |path: &str, body: &str, from: &str| -> Answer {
        let ask = Ask::new("POST", &format!("/status/{path}")).from(from).body(body.as_bytes().to_vec());
        p.server.ask(ask.header("content-type", "application/x-www-form-urlencoded")).await
    };
    let first = post("acme/subscribe", "email=kari%40example.org", "192.0.2.1").await;
    let again = post("acme/subscribe", "email=kari%40example.org", "192.0.2.1").await;
    assert_eq!((first.status, first.text()), (200, again.text()));
    assert_eq!(p.server.count("select count(*) from status_subscribers where confirmed_at is null").await, 1);
    assert_eq!(post("acme/subscribe", "email=nobody", "192.0.2.1").await.status, 400);
    assert_eq!(post("acme/subscribe", "", "192.0.2.1").await.status, 400);
    assert_eq!(post("none/subscribe", "email=a%40b.c", "192.0.2.2").await.status, 404);
    post("acme/subscribe", "email=a%40b.c", "192.0.2.1").await;
    post("acme/subscribe", "email=b%40b.c", "192.0.2.1").await.refused(429, "limit");
    assert_eq!(post("acme/subscribe", "email=b%40b.c", "192.0.2.3").await.status, 200);

    // As the mail's link has it.
    let token = "kari-token";
    let known = "update status_subscribers set token_hash = sha256($1) where email = 'kari@example.org'";
    sqlx::query(known).bind(token.as_bytes()).execute(p.server.db.owner_pool()).await.unwrap();
    let link = format!("acme/confirm?token={token}");
    let asked = p.read(&link).await;
    assert!(asked.status == 200 && asked.text().contains("<button>Confirm</button>"), "{}", asked.text());
    assert_eq!(asked.header("cache-control"), "no-store");
    let confirmed = "select count(*) from status_subscribers where confirmed_at is not null";
    assert_eq!(p.server.count(confirmed).await, 0, "whoever looks at a link does not follow it");
    assert_eq!(post("acme/confirm?token=other", "", "192.0.2.1").await.status, 404);
    assert_eq!(post(&link, "", "192.0.2.1").await.status, 200);
    assert_eq!(p.server.count(confirmed).await, 1);
    assert_eq!(post(&link, "", "192.0.2.1").await.status, 404, "once");

    let token: Uuid = sqlx::query_scalar("select unsubscribe_token from status_subscribers where confirmed_at is not null")
        .fetch_one(p.server.db.owner_pool())
        .await
        .unwrap();
    let link = format!("acme/unsubscribe?token={token}");
    assert!(p.read(&link).await.text().contains("<button>Unsubscribe</button>"));
    assert_eq!(p.server.count(confirmed).await, 1);
    let first = post(&link, "List-Unsubscribe=One-Click", "192.0.2.1").await;
    assert_eq!((first.status, p.server.count(confirmed).await), (200, 0));
    assert_eq!(post(&link, "List-Unsubscribe=One-Click", "192.0.2.1").await.text(), first.text());
    let strange = p.read("acme/confirm?token=%22%3E%3Cscript%3E").await.text();
    assert!(!strange.contains("<script>"), "{strange}");
}
