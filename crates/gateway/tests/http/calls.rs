//! Calls: who gets a token for which room, and what it lets them do.

use crate::server::{Answer, Ask, Server, now};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use domain::lifecycle::Window;
use domain::maintenance::MaintenanceState;
use domain::node::INSTANCE_ID;
use domain::token::TokenAccess;
use domain::{EdgeKind, Visibility};
use gateway::LiveKit;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use uuid::Uuid;

const SECRET: &str = "a-secret-of-livekit";

struct Place {
    server: Server,
    workspace: Uuid,
    system: Uuid,
}

impl Place {
    async fn new() -> Self {
        let livekit = LiveKit { url: "wss://calls.test".into(), api_key: "APIkey".into(), api_secret: SECRET.into() };
        let server = Server::with(|settings| settings.livekit = Some(livekit)).await;
        let workspace = server.db.workspace("Payments").await;
        let system = server.db.system("Checkout", workspace).await;
        Self { server, workspace, system }
    }

    async fn person(&self, login: &str, kind: Option<EdgeKind>) -> Uuid {
        let person = self.server.db.person(login).await;
        if let Some(kind) = kind {
            self.server.db.grant(person, kind, self.workspace).await;
        }
        person
    }

    async fn call(&self, person: Uuid) -> Answer {
        let session = self.server.session(person).await;
        self.server.ask(ask(self.system).session(&session)).await
    }
}

fn ask(node: Uuid) -> Ask {
    Ask::new("POST", &format!("/api/v1/nodes/{node}/call"))
}

/// What a token says, once its signature has been found to be right.
fn claims(token: &str) -> Value {
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap().chain_update(signed);
    mac.verify_slice(&URL_SAFE_NO_PAD.decode(signature).unwrap()).expect("its signature");
    let (header, claims) = signed.split_once('.').unwrap();
    let read = |part: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    assert_eq!(read(header), json!({ "alg": "HS256", "typ": "JWT" }));
    read(claims)
}

fn grant(room: Uuid, may_speak: bool) -> Value {
    json!({ "roomJoin": true, "room": room, "canPublish": may_speak, "canSubscribe": true, "canPublishData": may_speak })
}

#[tokio::test]
async fn members_speak_and_readers_listen() {
    let place = Place::new().await;
    let member = place.person("kari", Some(EdgeKind::MemberOf)).await;
    let (before, answer, after) = (now().timestamp(), place.call(member).await, now().timestamp());
    let call = answer.expect(200);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!((&call["url"], &call["room"]), (&json!("wss://calls.test"), &json!(place.system)));
    let said = claims(call["token"].as_str().unwrap());
    assert_eq!((&said["iss"], &said["sub"], &said["name"]), (&json!("APIkey"), &json!(member), &json!("kari")));
    assert_eq!(said["video"], grant(place.system, true));
    let (nbf, exp) = (said["nbf"].as_i64().unwrap(), said["exp"].as_i64().unwrap());
    assert!((before..=after).contains(&nbf), "{before} {nbf} {after}");
    assert_eq!(exp - nbf, 600);
    let expires_at: chrono::DateTime<chrono::Utc> = serde_json::from_value(call["expires_at"].clone()).unwrap();
    assert_eq!(expires_at.timestamp(), exp);

    let reader = place.person("ola", Some(EdgeKind::Reader)).await;
    let call = place.call(reader).await.expect(200);
    assert_eq!(claims(call["token"].as_str().unwrap())["video"], grant(place.system, false));
    // A program that may only read says nothing either.
    for (access, may_speak) in [(TokenAccess::Read, false), (TokenAccess::Write, true)] {
        let token = place.server.token(member, access, None).await;
        let call = place.server.ask(ask(place.system).bearer(&token)).await.expect(200);
        assert_eq!(claims(call["token"].as_str().unwrap())["video"], grant(place.system, may_speak), "{access:?}");
    }
}

#[tokio::test]
async fn only_whoever_is_signed_in_and_sees_it_calls() {
    let place = Place::new().await;
    let stranger = place.person("stranger", None).await;
    place.call(stranger).await.refused(404, "not_found");
    place.server.ask(ask(place.system)).await.refused(401, "unauthenticated");
    let session = place.server.session(stranger).await;
    place.server.ask(ask(Uuid::now_v7()).session(&session)).await.refused(404, "not_found");
    place.server.ask(Ask::new("POST", "/api/v1/nodes/x/call").session(&session)).await.refused(400, "invalid");
    // Answers with secrets are never stored.
    let keyed = ask(INSTANCE_ID).session(&session).header("idempotency-key", "k");
    assert_eq!(place.server.ask(keyed).await.refused(400, "invalid")["field"], "Idempotency-Key");
    let set = "update scopes set visibility = $2 where node_id = $1";
    let public = Visibility::Public.as_str();
    sqlx::query(set).bind(place.workspace).bind(public).execute(place.server.db.owner_pool()).await.unwrap();
    let call = place.call(stranger).await.expect(200);
    assert_eq!(claims(call["token"].as_str().unwrap())["video"], grant(place.system, false));
    place.server.ask(ask(place.system)).await.refused(401, "unauthenticated");
    let stored = "select count(*) from idempotency_keys";
    assert_eq!(place.server.count(stored).await, 0);
}

#[tokio::test]
async fn without_livekit_there_are_no_calls() {
    let server = Server::new().await;
    let person = server.db.person("kari").await;
    server.db.grant(person, EdgeKind::Admin, INSTANCE_ID).await;
    let problem = server.ask(ask(INSTANCE_ID).session(&server.session(person).await)).await.refused(404, "not_found");
    assert!(problem["detail"].as_str().unwrap().contains("LiveKit is not configured"), "{problem}");
}

#[tokio::test]
async fn while_the_server_closes_no_call_begins() {
    let place = Place::new().await;
    let member = place.person("kari", Some(EdgeKind::MemberOf)).await;
    place.server.drain.announce();
    place.call(member).await.expect(200);
    place.server.drain.close();
    let answer = place.call(member).await;
    let problem = answer.refused(503, "unavailable");
    assert_eq!((answer.header("retry-after").as_str(), &problem["retry_after_s"]), ("1", &json!(1)));
    assert!(problem.get("window").is_none(), "nobody planned it: {problem}");
    place.server.drain.abort();
    place.call(member).await.expect(200);
}

#[tokio::test]
async fn in_a_window_of_synops_no_call_begins_and_its_end_is_told() {
    let place = Place::new().await;
    let member = place.person("kari", Some(EdgeKind::MemberOf)).await;
    let ends_at = now() + TimeDelta::minutes(10);
    let window = |state| Window {
        maintenance_id: place.workspace,
        state,
        starts_at: ends_at - TimeDelta::minutes(20),
        ends_at,
        drain_until: None,
        rolling: true,
        admins_only: false,
        blocked_classes: Vec::new(),
    };
    for (state, is_refused) in
        [(MaintenanceState::Scheduled, false), (MaintenanceState::InProgress, true), (MaintenanceState::Verifying, false)]
    {
        place.server.windows.send_replace(Some(window(state)));
        let answer = place.call(member).await;
        if !is_refused {
            answer.expect(200);
            continue;
        }
        let problem = answer.refused(503, "unavailable");
        let expected = serde_json::to_value((place.workspace, ends_at - TimeDelta::minutes(20), ends_at)).unwrap();
        let told = &problem["window"];
        assert_eq!(json!([told["maintenance_id"], told["starts_at"], told["ends_at"]]), expected, "{problem}");
        let retry_after: i64 = answer.header("retry-after").parse().unwrap();
        assert!((1..=600).contains(&retry_after) && now() + TimeDelta::seconds(retry_after + 1) >= ends_at, "{retry_after}");
    }
    // A plain stop is not that of a window to come.
    place.server.windows.send_replace(Some(window(MaintenanceState::Scheduled)));
    place.server.drain.close();
    let problem = place.call(member).await.refused(503, "unavailable");
    assert!(problem.get("window").is_none(), "{problem}");
}
