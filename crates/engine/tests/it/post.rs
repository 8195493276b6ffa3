//! A place with somebody to tell.

use crate::SOON;
use crate::jobs::Server;
use domain::connection::{Channel, ConnectionPatch, Security, Withheld};
use domain::maintenance::MaintenancePatch;
use domain::{Actor, EdgeKind, Intention};
use engine::{Post, WorkConfig};
use intentions::{Context, Done, Intentions, Outcome};
use keyring::Keyring;
use serde_json::Value;
use std::sync::Arc;
use testkit::{HttpServer, MailServer, TestDb, wait_until};
use uuid::Uuid;

/// A workspace with a system, and Kari, who has subscribed to it.
pub(crate) struct Place {
    pub(crate) db: TestDb,
    keyring: Keyring,
    pub(crate) intentions: Intentions,
    pub(crate) workspace: Uuid,
    pub(crate) system: Uuid,
    pub(crate) kari: Uuid,
}

pub(crate) async fn place() -> Place {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let db = TestDb::new().await;
    let keyring = Keyring::new(&Keyring::generate().unwrap(), &[]).unwrap();
    let intentions = Intentions::new(db.pool().clone(), Arc::new(|| {})).with_keyring(Some(keyring.clone()));
    let workspace = db.workspace("Payments").await;
    let system = db.system("Checkout", workspace).await;
    let kari = db.person("kari").await;
    db.grant(kari, EdgeKind::MemberOf, workspace).await;
    sqlx::query("update people set email = 'kari@example.org'").execute(db.owner_pool()).await.unwrap();
    Place { db, keyring, intentions, workspace, system, kari }
}

impl Place {
    pub(crate) async fn carry_out(&self, intention: Intention) -> Uuid {
        let done = self.intentions.carry_out(&Actor::Server, vec![intention], &Context::default(), |_| (200, Value::Null)).await;
        match done.unwrap() {
            Done::Now { outcomes, .. } => match &outcomes[0] {
                Outcome::Node(node) => node.id,
                other => panic!("{other:?}"),
            },
            Done::Before { .. } => unreachable!("without a key"),
        }
    }

    pub(crate) async fn connection(&self, channel: Channel, connection: ConnectionPatch) -> Uuid {
        let (title, body) = (channel.to_string(), String::new());
        self.carry_out(Intention::CreateConnection { id: None, parent_id: self.workspace, title, body, channel, connection })
            .await
    }

    pub(crate) async fn hook(&self, http: &HttpServer, path: &str) -> Uuid {
        let url = Some(Withheld::new(format!("http://{}{path}", http.address)));
        self.connection(Channel::Webhook, ConnectionPatch { url, ..Default::default() }).await
    }

    /// Kari wants to be told of the system, by this connection or themselves.
    pub(crate) async fn subscribe(&self, connection_id: Option<Uuid>) {
        let statement = "insert into subscriptions (id, subscriber_id, subscriber_kind, target_id, connection_id)
            values ($1, $2, 'person', $3, $4)";
        sqlx::query(statement)
            .bind(Uuid::now_v7())
            .bind(self.kari)
            .bind(self.system)
            .bind(connection_id)
            .execute(self.db.owner_pool())
            .await
            .unwrap();
    }

    pub(crate) async fn plan(&self, title: &str) -> Uuid {
        let now = store::database::now(self.db.pool()).await.unwrap();
        let maintenance = MaintenancePatch {
            starts_at: Some(now + chrono::TimeDelta::minutes(60)),
            ends_at: Some(now + chrono::TimeDelta::minutes(120)),
            affects: Some(vec![self.system]),
            ..Default::default()
        };
        let (body, attrs) = (String::new(), serde_json::Map::new());
        let title = title.to_owned();
        self.carry_out(Intention::PlanMaintenance { id: None, parent_id: None, title, body, attrs, maintenance }).await
    }

    pub(crate) fn post(&self) -> Post {
        Post::new(self.db.pool().clone(), Some(self.keyring.clone()), "https://synops.test").unwrap()
    }

    pub(crate) fn worker(&self) -> Server {
        let post = self.post();
        Server::start_and(&self.db, WorkConfig::new(self.db.server_url()), move |config| config.post = post)
    }

    /// What is told of a delivery by this channel, once it is as wanted.
    pub(crate) async fn delivered(&self, channel: Channel, wanted: &str) -> (i32, Option<String>, Vec<String>) {
        let what = format!("a delivery by {channel} is {wanted}");
        let row: (Uuid, i32, Option<String>) = wait_until(&what, SOON, async || {
            sqlx::query_as("select id, attempts, error from deliveries where channel = $1 and state = $2")
                .bind(channel.as_str())
                .bind(wanted)
                .fetch_optional(self.db.owner_pool())
                .await
                .unwrap()
        })
        .await;
        let log = store::delivery::list_attempts(self.db.pool(), row.0, 10).await.unwrap();
        (row.1, row.2, log.into_iter().map(|attempt| attempt.detail).collect())
    }

    /// Has a failed attempt be made again now, and be the last.
    pub(crate) async fn last_attempt(&self) {
        let statement = "update jobs set run_at = clock_timestamp(), state = 'ready', attempts_max = attempt + 1
            where kind = 'deliver' and state = 'scheduled'";
        // It is written down before its job waits.
        wait_until("the job waits for its next attempt", SOON, async || {
            sqlx::query(statement).execute(self.db.owner_pool()).await.unwrap().rows_affected() == 1
        })
        .await;
    }
}

/// What a connection to this mail server takes.
pub(crate) fn patch_of(mail: &MailServer) -> ConnectionPatch {
    ConnectionPatch {
        host: Some(mail.address.ip().to_string()),
        port: Some(mail.address.port().into()),
        security: Some(Security::None),
        sender: Some("synops@example.org".to_owned()),
        ..Default::default()
    }
}
