//! A maintenance of Synops itself: as an administrator plans it, and as the database shows it.

use crate::client::Client;
use crate::supervisor::Up;
use crate::worker_load::LIMIT;
use chrono::{DateTime, Utc};
use domain::node::INSTANCE_ID;
use serde_json::{Value, json};
use sqlx::FromRow;
use testkit::{TestDb, wait_until};
use uuid::Uuid;

/// The first administrator, by an API token: good at every server, and after every restart.
pub(crate) struct Admin {
    token: String,
}

impl Admin {
    /// By the link that the first server said.
    pub(crate) async fn sign_in(up: &Up) -> Self {
        let client = Client::new(up.address);
        client.sign_in_by_link(up.line.split_whitespace().last().expect("a link")).await;
        let made = client.post("/api/v1/me/tokens", json!({ "name": "test", "access": "write" })).await.ok();
        Self { token: made["token"].as_str().expect("a token").to_owned() }
    }

    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    pub(crate) fn at(&self, up: &Up) -> Client {
        Client::new(up.address).with_token(&self.token)
    }

    /// A window of ten minutes that begins in a moment, by the clock.
    pub(crate) async fn plan(&self, up: &Up, db: &TestDb, more: &Value) -> Window {
        let now = now(db).await;
        let (starts_at, ends_at) = (now + chrono::TimeDelta::seconds(1), now + chrono::TimeDelta::seconds(601));
        let mut plan = json!({ "title": "Upgrade", "starts_at": starts_at, "ends_at": ends_at, "affects": [INSTANCE_ID] });
        if let (Some(plan), Some(more)) = (plan.as_object_mut(), more.as_object()) {
            plan.extend(more.clone());
        }
        let planned = self.at(up).post("/api/v1/maintenances", plan).await.ok();
        Window { id: planned["id"].as_str().and_then(|id| id.parse().ok()).expect("an id") }
    }

    /// One of the acts on it: `start`, `extend`, `close` …
    pub(crate) async fn act(&self, up: &Up, window: &Window, act: &str, body: Value) -> Value {
        self.at(up).post(&format!("/api/v1/maintenances/{}/{act}", window.id), body).await.ok()
    }
}

pub(crate) async fn now(db: &TestDb) -> DateTime<Utc> {
    sqlx::query_scalar("select clock_timestamp()").fetch_one(db.superuser_pool()).await.expect("the time")
}

/// The servers that live, as they tell of themselves; oldest first.
pub(crate) async fn instances(db: &TestDb) -> Vec<(Uuid, String, DateTime<Utc>)> {
    let statement = "select id, state, started_at from instances order by started_at, id";
    sqlx::query_as(statement).fetch_all(db.superuser_pool()).await.expect("the servers")
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) id: Uuid,
}

/// A server that stops for it.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Stop {
    pub(crate) instance_id: Uuid,
    pub(crate) turn: i32,
    pub(crate) closed_at: Option<DateTime<Utc>>,
    pub(crate) draining_at: Option<DateTime<Utc>>,
    pub(crate) drain_until: Option<DateTime<Utc>>,
    pub(crate) stopped_at: Option<DateTime<Utc>>,
    pub(crate) late: Vec<String>,
}

impl Window {
    pub(crate) async fn state(&self, db: &TestDb) -> String {
        let statement = "select state from maintenances where node_id = $1";
        sqlx::query_scalar(statement).bind(self.id).fetch_one(db.superuser_pool()).await.expect("its state")
    }

    pub(crate) async fn becomes(&self, db: &TestDb, state: &str) {
        wait_until(state, LIMIT, async || self.state(db).await == state).await;
    }

    pub(crate) async fn outcome(&self, db: &TestDb) -> Option<String> {
        let statement = "select outcome from maintenances where node_id = $1";
        sqlx::query_scalar(statement).bind(self.id).fetch_one(db.superuser_pool()).await.expect("its outcome")
    }

    /// Those that had to stop for it, by their turn.
    pub(crate) async fn stops(&self, db: &TestDb) -> Vec<Stop> {
        let statement = "select instance_id, turn, closed_at, draining_at, drain_until, stopped_at, late
            from maintenance_stops where maintenance_id = $1 and turn is not null order by turn, instance_id";
        sqlx::query_as(statement).bind(self.id).fetch_all(db.superuser_pool()).await.expect("its stops")
    }

    /// What people were told, in this order.
    pub(crate) async fn told(&self, db: &TestDb) -> Vec<String> {
        let statement = "select message from timeline_updates where node_id = $1 order by at, id";
        sqlx::query_scalar(statement).bind(self.id).fetch_all(db.superuser_pool()).await.expect("its updates")
    }

    /// Classes of jobs that wait for it.
    pub(crate) async fn blocked(&self, db: &TestDb) -> Vec<String> {
        let statement = "select name from job_classes where blocked_by = $1 order by name";
        sqlx::query_scalar(statement).bind(self.id).fetch_all(db.superuser_pool()).await.expect("the classes")
    }
}
