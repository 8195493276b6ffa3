//! What people are told, over HTTP: whoever has subscribed and may see it, once each, and nobody else.

use crate::server::{Answer, Ask, Server, id_of, now};
use chrono::TimeDelta;
use domain::EdgeKind;
use serde_json::{Value, json};
use uuid::Uuid;

struct Place {
    server: Server,
    workspace: Uuid,
    group: Uuid,
    system: Uuid,
    member: String,
    kari: Uuid,
    kari_session: String,
}

/// A workspace with a group and a system in it, a member who plans, and Kari, who may read it.
async fn place() -> Place {
    let server = Server::new().await;
    let workspace = server.db.workspace("Payments").await;
    let group = server.db.group("Cards", workspace).await;
    let system = server.db.system("Checkout", group).await;
    let member = server.db.person("member").await;
    server.db.grant(member, EdgeKind::Admin, workspace).await;
    let kari = server.db.person("kari").await;
    server.db.grant(kari, EdgeKind::Reader, workspace).await;
    let (member, kari_session) = (server.session(member).await, server.session(kari).await);
    Place { server, workspace, group, system, member, kari, kari_session }
}

impl Place {
    async fn ask(&self, method: &str, session: &str, path: &str, body: Option<&Value>) -> Answer {
        let ask = Ask::new(method, &format!("/api/v1{path}")).session(session);
        let ask = if let Some(body) = body { ask.json(body) } else { ask };
        self.server.ask(ask).await
    }

    async fn subscribe(&self, session: &str, body: Value) -> Answer {
        self.ask("POST", session, "/subscriptions", Some(&body)).await
    }

    async fn plan(&self, affects: &[Uuid]) -> Uuid {
        let (from, to) = (now() + TimeDelta::minutes(60), now() + TimeDelta::minutes(120));
        let body = json!({ "title": "Disks", "starts_at": from, "ends_at": to, "affects": affects });
        id_of(&self.ask("POST", &self.member, "/maintenances", Some(&body)).await.expect(201))
    }

    /// Titles and bodies, newest first.
    async fn told(&self, session: &str) -> Vec<(String, String)> {
        let page = self.ask("GET", session, "/notifications", None).await.expect(200);
        let text = |item: &Value, name: &str| item[name].as_str().unwrap().to_owned();
        page["items"].as_array().unwrap().iter().map(|item| (text(item, "title"), text(item, "body"))).collect()
    }

    async fn unread(&self, session: &str) -> i64 {
        self.ask("GET", session, "/notifications/unread-count", None).await.expect(200)["unread"].as_i64().unwrap()
    }
}

#[tokio::test]
async fn a_subscription_counts_for_what_is_inside() {
    let p = place().await;
    for target in [Some(p.system), Some(p.group), Some(p.workspace), None] {
        let made = p.subscribe(&p.kari_session, json!({ "target_id": target })).await.expect(201);
        assert_eq!(made["target"]["title"].is_string(), target.is_some());
        p.plan(&[p.system]).await;
        let told = p.told(&p.kari_session).await;
        assert_eq!(told.len(), 1, "{target:?}: {told:?}");
        assert_eq!(told[0].0, "Maintenance planned: Disks");
        assert!(told[0].1.ends_with("Cards, Checkout") || told[0].1.ends_with("Checkout"), "{told:?}");
        let id = made["id"].as_str().unwrap();
        p.ask("DELETE", &p.kari_session, &format!("/subscriptions/{id}"), None).await.expect(204);
        p.plan(&[p.system]).await;
        assert_eq!(p.told(&p.kari_session).await.len(), 1, "nothing after the end of it");
        sqlx::query("delete from notifications").execute(p.server.db.owner_pool()).await.unwrap();
    }
    // Only of the kinds that were asked for, and once however many subscriptions reach it.
    for target in [p.system, p.group] {
        p.subscribe(&p.kari_session, json!({ "target_id": target, "kinds": ["maintenance_cancelled"] })).await.expect(201);
    }
    let id = p.plan(&[p.system]).await;
    assert_eq!(p.told(&p.kari_session).await.len(), 0);
    p.ask("POST", &p.member, &format!("/maintenances/{id}/cancel"), None).await.expect(200);
    assert_eq!(p.told(&p.kari_session).await.len(), 1);
    assert_eq!(p.server.count("select sum(count) from notifications").await, 1);
}

#[tokio::test]
async fn nobody_is_told_of_what_they_can_not_see() {
    let p = place().await;
    let stranger = p.server.db.person("stranger").await;
    let stranger = p.server.session(stranger).await;
    // Of everything: of everything that one may see.
    p.subscribe(&stranger, json!({})).await.expect(201);
    p.subscribe(&stranger, json!({ "target_id": p.system })).await.refused(404, "not_found");
    p.subscribe(&p.kari_session, json!({ "target_id": p.system })).await.expect(201);
    let hidden = p.server.db.workspace("Hidden").await;
    let secret = p.server.db.system("Secret", hidden).await;
    p.server
        .db
        .grant(
            sqlx::query_scalar("select node_id from people where login = 'member'")
                .fetch_one(p.server.db.owner_pool())
                .await
                .unwrap(),
            EdgeKind::MemberOf,
            hidden,
        )
        .await;

    // One of both workspaces names to Kari what she may see.
    p.plan(&[p.system, secret]).await;
    let told = p.told(&p.kari_session).await;
    assert_eq!(told.len(), 1);
    assert!(told[0].1.contains("Checkout") && !told[0].1.contains("Secret"), "{told:?}");
    assert_eq!(p.told(&stranger).await, []);

    // Words for members stay with members.
    let id = p.plan(&[p.system]).await;
    let said = |audience: &str| json!({ "message": format!("{audience} words"), "audience": audience });
    for audience in ["internal", "public"] {
        p.ask("POST", &p.member, &format!("/maintenances/{id}/updates"), Some(&said(audience))).await.expect(200);
    }
    let all: String = sqlx::query_scalar("select string_agg(title || body, ' ') from notifications")
        .fetch_one(p.server.db.owner_pool())
        .await
        .unwrap();
    assert!(all.contains("public words") && !all.contains("internal words"), "{all}");

    // Whoever loses access is told no more, and what they were told of it is gone from their list.
    assert!(p.unread(&p.kari_session).await > 0);
    p.server.db.revoke(p.kari, EdgeKind::Reader, p.workspace).await;
    assert_eq!((p.told(&p.kari_session).await.len(), p.unread(&p.kari_session).await), (0, 0));
    let before = p.server.count("select count(*) from notifications").await;
    p.plan(&[p.system]).await;
    assert_eq!(p.server.count("select count(*) from notifications").await, before);
}

#[tokio::test]
async fn unread_ones_about_the_same_become_one() {
    let p = place().await;
    p.subscribe(&p.kari_session, json!({ "target_id": p.system })).await.expect(201);
    let id = p.plan(&[p.system]).await;
    let later = json!({ "ends_at": now() + TimeDelta::minutes(180) });
    p.ask("POST", &p.member, &format!("/maintenances/{id}/extend"), Some(&later)).await.expect(200);
    let page = p.ask("GET", &p.kari_session, "/notifications?unread=true", None).await.expect(200);
    let item = &page["items"][0];
    assert_eq!((page["items"].as_array().unwrap().len(), &item["count"]), (1, &json!(2)));
    assert_eq!(item["title"], "Maintenance takes longer: Disks");
    // Read, it stays as it was; the next is another.
    let read = json!({ "ids": [item["id"]] });
    assert_eq!(p.ask("POST", &p.kari_session, "/notifications/read", Some(&read)).await.expect(200)["read"], 1);
    assert_eq!(p.unread(&p.kari_session).await, 0);
    p.ask("POST", &p.member, &format!("/maintenances/{id}/cancel"), None).await.expect(200);
    assert_eq!((p.told(&p.kari_session).await.len(), p.unread(&p.kari_session).await), (2, 1));
    // Of some kinds only.
    for (kinds, count) in [("maintenance_cancelled", 1), ("maintenance_cancelled,message_reply", 1), ("message_mention", 0)] {
        let page = p.ask("GET", &p.kari_session, &format!("/notifications?kind={kinds}"), None).await.expect(200);
        assert_eq!(page["items"].as_array().unwrap().len(), count, "{kinds}");
    }
    p.ask("GET", &p.kari_session, "/notifications?kind=nonsense", None).await.refused(400, "invalid");
    // All of them, and one away; never somebody else's.
    let all = json!({ "all_before": now() + TimeDelta::seconds(60) });
    let stranger = p.server.session(p.server.db.person("stranger").await).await;
    assert_eq!(p.ask("POST", &stranger, "/notifications/read", Some(&all)).await.expect(200)["read"], 0);
    let path = format!("/notifications/{}", item["id"].as_str().unwrap());
    p.ask("DELETE", &stranger, &path, None).await.refused(404, "not_found");
    assert_eq!(p.ask("POST", &p.kari_session, "/notifications/read", Some(&all)).await.expect(200)["read"], 1);
    p.ask("DELETE", &p.kari_session, &path, None).await.expect(204);
    assert_eq!(p.told(&p.kari_session).await.len(), 1);
    p.ask("POST", &p.kari_session, "/notifications/read", Some(&json!({}))).await.refused(400, "invalid");
}

#[tokio::test]
async fn teams_are_told_as_far_as_all_of_them_may_see() {
    let p = place().await;
    let team = p.server.db.team("On call").await;
    p.server.db.grant(p.kari, EdgeKind::MemberOf, team).await;
    let subscription = json!({ "subscriber_id": team, "target_id": p.system });
    p.subscribe(&p.kari_session, subscription.clone()).await.refused(403, "forbidden");
    let chief = p.server.db.person("chief").await;
    p.server.db.grant(chief, EdgeKind::Owner, domain::node::INSTANCE_ID).await;
    let chief = p.server.session(chief).await;
    let made = p.subscribe(&chief, subscription.clone()).await.expect(201);
    p.subscribe(&chief, subscription).await.refused(409, "conflict");
    p.plan(&[p.system]).await;
    assert_eq!((p.told(&p.kari_session).await.len(), p.told(&chief).await.len()), (1, 0));

    // By a connection it goes to all of them at once: what one may not see, none is told by it.
    let hook = json!({ "parent_id": p.workspace, "title": "Room", "channel": "slack", "url": "https://hooks.example.org/x" });
    let hook = id_of(&p.ask("POST", &p.member, "/connections", Some(&hook)).await.expect(201));
    let by_hook = json!({ "subscriber_id": team, "target_id": p.system, "connection_id": hook });
    p.subscribe(&p.kari_session, by_hook.clone()).await.refused(403, "forbidden");
    p.subscribe(&chief, by_hook).await.expect(201);
    p.plan(&[p.system]).await;
    let deliveries = "select count(*) from deliveries";
    assert_eq!(p.server.count(deliveries).await, 1);
    let outsider = p.server.db.person("outsider").await;
    p.server.db.grant(outsider, EdgeKind::MemberOf, team).await;
    p.plan(&[p.system]).await;
    assert_eq!(p.server.count(deliveries).await, 1);
    p.server.db.grant(outsider, EdgeKind::Reader, p.workspace).await;
    p.plan(&[p.system]).await;
    assert_eq!(p.server.count(deliveries).await, 2);
    // Each with its job, in the same transaction.
    assert_eq!(
        p.server.count("select count(*) from jobs j join deliveries d on d.job_id = j.id and j.kind = 'deliver'").await,
        2
    );
    p.ask("DELETE", &p.kari_session, &format!("/subscriptions/{}", made["id"].as_str().unwrap()), None)
        .await
        .refused(404, "not_found");
}

#[tokio::test]
async fn each_person_says_how_they_are_told() {
    let p = place().await;
    let path = "/notification-preferences";
    let kept = p.ask("GET", &p.kari_session, path, None).await.expect(200);
    assert_eq!(kept, json!({ "in_app": true, "mail": true, "ntfy": true, "quiet": null }));
    let mail =
        json!({ "parent_id": p.workspace, "title": "Mail", "channel": "smtp", "host": "127.0.0.1", "sender": "a@example.org" });
    p.ask("POST", &p.member, "/connections", Some(&mail)).await.expect(201);
    sqlx::query("update people set email = login || '@example.org'").execute(p.server.db.owner_pool()).await.unwrap();
    p.subscribe(&p.kari_session, json!({ "target_id": p.system })).await.expect(201);
    let states = async || -> Vec<String> {
        sqlx::query_scalar("select state from deliveries order by at").fetch_all(p.server.db.owner_pool()).await.unwrap()
    };
    p.plan(&[p.system]).await;
    assert_eq!(states().await, ["queued"]);
    // All day long it is quiet: mail waits, with its job.
    let quiet = json!({ "from": "00:00", "to": "00:00", "timezone": "Europe/Oslo" });
    let set = async |body: Value| p.ask("PUT", &p.kari_session, path, Some(&body)).await;
    set(json!({ "in_app": true, "mail": true, "ntfy": true, "quiet": quiet })).await.expect(200);
    p.plan(&[p.system]).await;
    assert_eq!(states().await, ["queued", "held"]);
    let waits = "select count(*) from jobs j join deliveries d on d.job_id = j.id where j.run_at = d.held_until and j.state = 'scheduled'";
    assert_eq!(p.server.count(waits).await, 1);
    set(json!({ "in_app": false, "mail": false, "ntfy": true, "quiet": null })).await.expect(200);
    let before = p.told(&p.kari_session).await;
    p.plan(&[p.system]).await;
    assert_eq!((states().await.len(), p.told(&p.kari_session).await), (2, before));
    let wrong = json!({ "in_app": true, "mail": true, "ntfy": true, "quiet": { "from": "9", "to": "10:00", "timezone": "UTC" } });
    assert_eq!(set(wrong).await.refused(400, "invalid")["field"], "quiet.from");

    // Their own deliveries, and those of a connection for whoever administers it.
    let seen =
        async |session: &str| p.ask("GET", session, "/deliveries", None).await.expect(200)["items"].as_array().unwrap().len();
    let stranger = p.server.session(p.server.db.person("stranger").await).await;
    assert_eq!((seen(&p.kari_session).await, seen(&p.member).await, seen(&stranger).await), (2, 2, 0));
    let id: Uuid = sqlx::query_scalar("select id from deliveries limit 1").fetch_one(p.server.db.owner_pool()).await.unwrap();
    p.ask("POST", &p.kari_session, &format!("/deliveries/{id}/retry"), None).await.refused(403, "forbidden");
    p.ask("POST", &p.member, &format!("/deliveries/{id}/retry"), None).await.refused(409, "conflict");
    p.ask("POST", &stranger, &format!("/deliveries/{id}/retry"), None).await.refused(404, "not_found");
    assert_eq!(p.ask("GET", &p.kari_session, &format!("/deliveries/{id}"), None).await.expect(200)["log"], json!([]));
    let by_channel = async |channel: &str| -> usize {
        let page = p.ask("GET", &p.member, &format!("/deliveries?channel={channel}"), None).await.expect(200);
        page["items"].as_array().unwrap().len()
    };
    assert_eq!((by_channel("smtp").await, by_channel("ntfy").await), (2, 0));
    p.ask("GET", &p.member, "/deliveries?channel=pigeon", None).await.refused(400, "invalid");
}

#[tokio::test]
async fn a_subscription_is_changed_in_its_place() {
    let p = place().await;
    let made =
        p.subscribe(&p.kari_session, json!({ "target_id": p.system, "kinds": ["maintenance_cancelled"] })).await.expect(201);
    let path = format!("/subscriptions/{}", made["id"].as_str().unwrap());
    let change = async |session: &str, body: Value| p.ask("PATCH", session, &path, Some(&body)).await;
    p.plan(&[p.system]).await;
    assert_eq!(p.told(&p.kari_session).await.len(), 0);
    let kinds = json!({ "kinds": ["maintenance_planned", "maintenance_planned", "maintenance_cancelled"] });
    // Whoever administers the place is not the one who is told.
    change(&p.member, kinds.clone()).await.refused(404, "not_found");
    let changed = change(&p.kari_session, kinds).await.expect(200);
    assert_eq!((&changed["id"], &changed["created_at"]), (&made["id"], &made["created_at"]));
    assert_eq!(changed["kinds"].as_array().unwrap().len(), 2);
    p.plan(&[p.system]).await;
    assert_eq!(p.told(&p.kari_session).await.len(), 1);
    assert_eq!(change(&p.kari_session, json!({ "kinds": [] })).await.expect(200)["kinds"], json!([]));
    for wrong in [json!({ "kinds": ["status_confirmation"] }), json!({ "kinds": ["none"] }), json!({ "target_id": p.group })] {
        change(&p.kari_session, wrong).await.refused(400, "invalid");
    }
    p.ask("PATCH", &p.kari_session, &format!("/subscriptions/{}", Uuid::now_v7()), Some(&json!({ "kinds": [] })))
        .await
        .refused(404, "not_found");
    assert_eq!(p.server.count("select count(*) from audit_log where action = 'change_subscription'").await, 2);
}

/// Whoever has no part in a connection any more does not have more sent by it.
#[tokio::test]
async fn by_a_connection_takes_what_subscribing_took() {
    let p = place().await;
    let ola = p.server.db.person("ola").await;
    p.server.db.grant(ola, EdgeKind::MemberOf, p.workspace).await;
    let session = p.server.session(ola).await;
    let hook = json!({ "parent_id": p.workspace, "title": "Hook", "channel": "webhook", "url": "https://hooks.example.org/" });
    let hook = id_of(&p.ask("POST", &p.member, "/connections", Some(&hook)).await.expect(201));
    let body = json!({ "target_id": p.system, "connection_id": hook, "kinds": ["maintenance_cancelled"] });
    let made = p.subscribe(&session, body).await.expect(201);
    let path = format!("/subscriptions/{}", made["id"].as_str().unwrap());
    p.ask("PATCH", &session, &path, Some(&json!({ "kinds": ["maintenance_planned"] }))).await.expect(200);
    p.server.db.revoke(ola, EdgeKind::MemberOf, p.workspace).await;
    p.server.db.grant(ola, EdgeKind::Reader, p.workspace).await;
    p.ask("PATCH", &session, &path, Some(&json!({ "kinds": [] }))).await.refused(403, "forbidden");
}

/// An incident is told from its begin to its end, and words for members stay with members.
#[tokio::test]
async fn incidents_are_told_as_they_go() {
    let p = place().await;
    p.subscribe(&p.kari_session, json!({ "target_id": p.group })).await.expect(201);
    let opened = json!({
        "title": "Cards are declined", "severity": "major", "affects": [p.system],
        "update": { "message": "We look into it.", "audience": "internal" },
    });
    let id = id_of(&p.ask("POST", &p.member, "/incidents", Some(&opened)).await.expect(201));
    let newest = async || p.told(&p.kari_session).await.remove(0);
    let (title, body) = newest().await;
    assert_eq!(title, "Incident: Cards are declined");
    assert!(body.contains("Checkout") && !body.contains("look into"), "{body}");
    p.ask("POST", &p.member, &format!("/incidents/{id}/acknowledge"), None).await.expect(200);
    assert_eq!(newest().await.0, "Incident acknowledged: Cards are declined");
    let before = p.server.count("select sum(count)::int8 from notifications").await;
    for (audience, more) in [("internal", 0), ("public", 1)] {
        let said = json!({ "message": format!("{audience} words"), "audience": audience });
        p.ask("POST", &p.member, &format!("/incidents/{id}/updates"), Some(&said)).await.expect(200);
        assert_eq!(p.server.count("select sum(count)::int8 from notifications").await, before + more, "{audience}");
    }
    assert!(newest().await.1.starts_with("public words"));
    p.ask("POST", &p.member, &format!("/incidents/{id}/resolve"), None).await.expect(200);
    assert_eq!(newest().await.0, "Incident resolved: Cards are declined");
}
