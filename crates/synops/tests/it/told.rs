//! A server is killed between the commit of a change and whatever it does next, for each change that people are told
//! of: there is exactly one delivery for each recipient and channel then, and it is sent.

use crate::client::Client;
use crate::managed::data_dir;
use crate::program::{Served, run};
use reqwest::Method;
use rustix::process::Signal;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tempfile::TempDir;
use testkit::http_server::page;
use testkit::{HttpServer, MailServer, TcpProxy, TestDb, wait_until};
use uuid::Uuid;

const LIMIT: Duration = Duration::from_secs(60);
/// What whoever tells writes, and how PostgreSQL answers a commit.
const WRITTEN: &[u8] = b"insert into deliveries";
const COMMITTED: &[u8] = b"COMMIT\0";

/// A database, and who is told of all that happens to the system in it: a person by mail, and two connections.
struct Place {
    db: TestDb,
    dir: TempDir,
    key: String,
    hook: HttpServer,
    mail: MailServer,
    /// The first administrator's, good at every server.
    token: String,
    workspace: Uuid,
    system: Uuid,
}

/// A window of which nobody is reminded yet.
const AHEAD_S: (f64, f64) = (400_000.0, 500_000.0);

/// By mail, by webhook, by ntfy.
const TOLD: i64 = 3;

impl Place {
    async fn new() -> Self {
        let (db, dir) = (TestDb::new().await, data_dir());
        let hook = HttpServer::start(|_| page("200 OK", "{}")).await;
        let mail = MailServer::start().await;
        let key = run(&["connections", "new-key"], &[]).await.out.trim().to_owned();
        let workspace = db.workspace("Payments").await;
        let system = db.system("Checkout", workspace).await;
        let mut place = Self { db, dir, key, hook, mail, token: String::new(), workspace, system };
        let served = place.serve(&place.db.server_url()).await;
        let admin = Client::new(served.address());
        admin.sign_in_by_link(served.line.split_whitespace().last().unwrap()).await;
        let made = admin.post("/api/v1/me/tokens", json!({ "name": "test", "access": "write" })).await.ok();
        place.token = made["token"].as_str().unwrap().to_owned();
        place.subscribe(&place.at(&served)).await;
        assert_eq!(served.terminate().await, Some(0));
        place
    }

    async fn serve(&self, url: &str) -> Served {
        serve(self.dir.path(), url, &self.key).await
    }

    fn at(&self, served: &Served) -> Client {
        Client::new(served.address()).with_token(&self.token)
    }

    async fn subscribe(&self, admin: &Client) {
        let me = admin.get("/api/v1/me").await.ok()["person"]["id"].clone();
        sqlx::query("update people set email = 'kari@example.org'").execute(self.db.owner_pool()).await.unwrap();
        let (host, port) = (self.mail.address.ip().to_string(), self.mail.address.port());
        let url = format!("http://{}", self.hook.address);
        let mut connections = vec![Value::Null];
        for connection in [
            json!({ "channel": "smtp", "host": host, "port": port, "security": "none", "sender": "synops@example.org" }),
            json!({ "channel": "webhook", "url": url }),
            json!({ "channel": "ntfy", "server": url, "topic": "synops" }),
        ] {
            let mut new = json!({ "parent_id": self.workspace, "title": connection["channel"] });
            new.as_object_mut().unwrap().extend(connection.as_object().unwrap().clone());
            let made = admin.post("/api/v1/connections", new).await.ok();
            if connection["channel"] != "smtp" {
                connections.push(made["id"].clone());
            }
        }
        for connection in connections {
            let mut new = json!({ "target_id": self.workspace });
            if !connection.is_null() {
                new["connection_id"] = connection;
                new["subscriber_id"] = me.clone();
            }
            admin.post("/api/v1/subscriptions", new).await.ok();
        }
    }

    async fn count(&self, statement: &'static str) -> i64 {
        sqlx::query_scalar(statement).fetch_one(self.db.owner_pool()).await.unwrap()
    }

    async fn now(&self) -> chrono::DateTime<chrono::Utc> {
        sqlx::query_scalar("select clock_timestamp()").fetch_one(self.db.owner_pool()).await.unwrap()
    }

    /// A server does something by itself after this statement, and is killed when it has committed that; another one
    /// tells people of it, once.
    async fn survives_by_itself(&self, what: &str, statement: &'static str) {
        let before = self.told_so_far().await;
        self.killed_after_commit(what, async |_| {
            sqlx::query(statement).execute(self.db.owner_pool()).await.unwrap();
        })
        .await;
        let other = self.serve(&self.db.server_url()).await;
        self.told_once(what, before).await;
        assert_eq!(other.terminate().await, Some(0));
    }

    /// A server that is killed when it has committed a delivery, before it hears of that; `act` is what has it do so.
    async fn killed_after_commit(&self, what: &str, act: impl AsyncFnOnce(&Served)) {
        let proxy = TcpProxy::start(self.db.target()).await;
        let caught = proxy.catch(WRITTEN, COMMITTED);
        let served = self.serve(&self.db.server_url_via(proxy.address())).await;
        let killed = async {
            tokio::time::timeout(LIMIT, caught.cancelled()).await.unwrap_or_else(|_| panic!("{what}: nobody is told"));
            served.signal(Signal::KILL);
            proxy.cut();
        };
        tokio::join!(killed, act(&served));
        assert_eq!(served.ended().await, None, "it was killed");
        proxy.stop().await;
    }

    /// Everybody was told of this once more, and by one delivery each.
    async fn told_once(&self, what: &str, before: (i64, usize, usize)) {
        let waiting = "select count(*) from deliveries where state <> 'sent'";
        let all = "select count(*) from deliveries";
        wait_until(&format!("{what}: it is sent"), LIMIT, async || {
            self.count(all).await > before.0 && self.count(waiting).await == 0
        })
        .await;
        assert_eq!(self.count("select count(*) from deliveries").await, before.0 + TOLD, "{what}");
        let twice =
            "select count(*) from (select from deliveries group by event_id, recipient_id, channel having count(*) > 1) x";
        assert_eq!(self.count(twice).await, 0, "{what}");
        let now = (self.mail.mails().len(), self.hook.requests.load(Ordering::SeqCst));
        assert_eq!(now, (before.1 + 1, before.2 + 2), "{what}");
    }

    async fn told_so_far(&self) -> (i64, usize, usize) {
        let rows = self.count("select count(*) from deliveries").await;
        (rows, self.mail.mails().len(), self.hook.requests.load(Ordering::SeqCst))
    }
}

async fn serve(dir: &Path, url: &str, key: &str) -> Served {
    Served::start(dir, &[("DATABASE_URL", url), ("SYNOPS_SECRETS_KEY", key)]).await
}

/// A request that changes something.
struct Change {
    method: Method,
    path: String,
    body: Value,
    /// What it is about has a version that must be named.
    versioned: Option<String>,
}

fn post(path: String, body: Value) -> Change {
    Change { method: Method::POST, path, body, versioned: None }
}

fn patch(path: String, body: Value) -> Change {
    Change { method: Method::PATCH, versioned: Some(path.clone()), path, body }
}

/// Asked of a server that dies of it, and then once more of another, as a client does that had no answer.
async fn survives(place: &Place, other: &Served, change: Change) -> Value {
    let what = format!("{} {}", change.method, change.path);
    let before = place.told_so_far().await;
    let key = Uuid::new_v4().to_string();
    let version = match &change.versioned {
        Some(path) => place.at(other).get(path).await.ok()["version"].to_string(),
        None => String::new(),
    };
    let etag = format!("\"{version}\"");
    let mut headers = vec![("Idempotency-Key", key.as_str())];
    if change.versioned.is_some() {
        headers.push(("If-Match", &etag));
    }
    place
        .killed_after_commit(&what, async |served| {
            let asked = place.at(served).try_send(change.method.clone(), &change.path, Some(change.body.clone()), &headers).await;
            let answer = asked.map(|reply| format!("{} {}", reply.status, reply.text));
            assert!(answer.is_err(), "{what}: nobody was there to answer, but {answer:?}");
        })
        .await;
    let again = place.at(other).send(change.method, &change.path, Some(change.body), &headers).await;
    place.told_once(&what, before).await;
    if change.versioned.is_some() {
        // Its version was the one before: who asks again is told that it has changed.
        assert_eq!(again.status, 412, "{what}");
        return Value::Null;
    }
    again.ok()
}

#[tokio::test]
async fn every_change_that_people_are_told_of_outlives_its_server() {
    let place = Place::new().await;
    let other = place.serve(&place.db.server_url()).await;
    let hours = async |from: i64, to: i64| {
        let now = place.now().await;
        (now + chrono::TimeDelta::hours(from), now + chrono::TimeDelta::hours(to))
    };
    let (starts_at, ends_at) = hours(30, 31).await;
    let plan = json!({ "title": "Disks", "starts_at": starts_at, "ends_at": ends_at, "affects": [place.system] });
    let window = survives(&place, &other, post("/api/v1/maintenances".to_owned(), plan)).await;
    let path = format!("/api/v1/maintenances/{}", window["id"].as_str().unwrap());
    let (starts_at, ends_at) = hours(40, 42).await;
    survives(&place, &other, patch(path.clone(), json!({ "starts_at": starts_at, "ends_at": ends_at }))).await;
    survives(&place, &other, post(format!("{path}/updates"), json!({ "message": "ready", "audience": "public" }))).await;
    survives(&place, &other, post(format!("{path}/start"), Value::Null)).await;
    let (_, ends_at) = hours(0, 50).await;
    survives(&place, &other, post(format!("{path}/extend"), json!({ "ends_at": ends_at }))).await;
    survives(&place, &other, post(format!("{path}/close"), Value::Null)).await;

    let open = json!({ "title": "No payments", "severity": "major", "affects": [place.system] });
    let incident = survives(&place, &other, post("/api/v1/incidents".to_owned(), open)).await;
    let path = format!("/api/v1/incidents/{}", incident["id"].as_str().unwrap());
    survives(&place, &other, post(format!("{path}/acknowledge"), Value::Null)).await;
    let found = json!({ "message": "a full disk", "audience": "public", "state_change": "identified" });
    survives(&place, &other, post(format!("{path}/updates"), found)).await;
    survives(&place, &other, post(format!("{path}/resolve"), json!({}))).await;

    let (starts_at, ends_at) = hours(30, 31).await;
    let plan = json!({ "title": "Cables", "starts_at": starts_at, "ends_at": ends_at, "affects": [place.system] });
    let window = survives(&place, &other, post("/api/v1/maintenances".to_owned(), plan)).await;
    let path = format!("/api/v1/maintenances/{}/cancel", window["id"].as_str().unwrap());
    survives(&place, &other, post(path, json!({ "reason": "no cables" }))).await;
    let news = json!({ "parent_id": place.workspace, "title": "New office hours" });
    survives(&place, &other, post("/api/v1/announcements".to_owned(), news)).await;
    assert_eq!(other.terminate().await, Some(0));
}

/// The same of what servers do by themselves, where nobody asks again: another server goes on.
#[tokio::test]
async fn every_change_by_the_clock_outlives_its_server() {
    let place = Place::new().await;
    let window = place.db.maintenance("Disks", place.workspace, AHEAD_S, &[place.system]).await;
    let begin = "update maintenances set starts_at = clock_timestamp(), ends_at = clock_timestamp() + interval '1 hour'";
    // In a moment, ten minutes before it.
    let remind = "update maintenances set starts_at = clock_timestamp() + interval '602 seconds',
        ends_at = clock_timestamp() + interval '2 hours'";
    for (what, statement) in [("a reminder is due", remind), ("it begins", begin)] {
        place.survives_by_itself(what, statement).await;
    }
    let state: String = sqlx::query_scalar("select state from maintenances where node_id = $1")
        .bind(window)
        .fetch_one(place.db.owner_pool())
        .await
        .unwrap();
    assert_eq!(state, "in_progress");
}

/// The same of incidents that a system's rule opens and ends.
#[tokio::test]
async fn every_incident_by_rule_outlives_its_server() {
    let place = Place::new().await;
    // No check says otherwise meanwhile: of one that is due nobody knows.
    let ruled = "update systems set check_spec = '{\"type\": \"tcp\", \"address\": \"127.0.0.1:9\"}', incident_after_s = 0,
        incident_auto_resolve = true";
    for statement in [ruled, "delete from check_schedule"] {
        sqlx::query(statement).execute(place.db.owner_pool()).await.unwrap();
    }
    place.survives_by_itself("a system is down", "update systems set state = 'down'").await;
    let open = "select count(*) from incidents where automatic and state <> 'resolved'";
    assert_eq!((place.count("select count(*) from incidents").await, place.count(open).await), (1, 1));
    place.survives_by_itself("it is up again", "update systems set state = 'up'").await;
    assert_eq!((place.count("select count(*) from incidents").await, place.count(open).await), (1, 0));
}
