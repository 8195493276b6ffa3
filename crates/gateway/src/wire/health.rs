//! How the server does, for administrators.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

/// How this server and what it stands on do.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    /// What was looked at; what is not well says what to do.
    pub(crate) checks: Vec<HealthCheck>,
    pub(crate) database: DatabaseHealth,
    /// How far the change feed of this instance is.
    pub(crate) feed: Map<String, Value>,
    /// The open sockets of this instance.
    pub(crate) sockets: Map<String, Value>,
    pub(crate) pool: PoolHealth,
    pub(crate) prober: ProberHealth,
    pub(crate) instances: Vec<InstanceHealth>,
    /// Where the data directory lies; null where this instance has none.
    #[schema(required)]
    pub(crate) disk: Option<DiskHealth>,
}

#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct HealthCheck {
    #[schema(example = "disk")]
    pub(crate) name: &'static str,
    pub(crate) ok: bool,
    #[schema(example = "4.2 of 20.0 GB free")]
    pub(crate) detail: String,
    /// What to do when it is not well.
    #[schema(required)]
    pub(crate) advice: Option<&'static str>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct DatabaseHealth {
    #[schema(example = "17.2")]
    pub(crate) version: String,
    pub(crate) size_bytes: i64,
    /// To the whole cluster, not only ours.
    pub(crate) connections: i64,
    pub(crate) connections_max: i32,
    /// How long the oldest open transaction of the cluster has been open.
    pub(crate) oldest_transaction_s: f64,
}

/// This instance's connections to the database.
#[derive(Serialize, ToSchema)]
pub(crate) struct PoolHealth {
    pub(crate) open: u32,
    pub(crate) idle: usize,
    pub(crate) max: u32,
}

/// The checks of all instances.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProberHealth {
    pub(crate) checked_systems: i64,
    /// Due, and nobody is at it yet.
    pub(crate) due: i64,
    /// Of these, due for more than ten seconds.
    pub(crate) overdue: i64,
    pub(crate) running: i64,
    pub(crate) runs_last_minute: i64,
    pub(crate) failures_last_minute: i64,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct InstanceHealth {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) roles: Vec<String>,
    pub(crate) started_at: DateTime<Utc>,
    pub(crate) seen_at: DateTime<Utc>,
    /// The one that answers this.
    pub(crate) current: bool,
}

#[derive(Clone, Copy, Serialize, ToSchema)]
pub(crate) struct DiskHealth {
    pub(crate) total_bytes: u64,
    /// For this server's user.
    pub(crate) free_bytes: u64,
}
