//! Runs of checks.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// One run of a check.
#[derive(Serialize, ToSchema)]
pub(crate) struct CheckRun {
    at: DateTime<Utc>,
    ok: bool,
    /// To the first complete answer; null when there was none.
    #[schema(required, example = 12.5)]
    latency_ms: Option<f32>,
    /// Why it failed.
    #[schema(required, example = "connection refused")]
    error: Option<String>,
}

impl From<domain::check::CheckRun> for CheckRun {
    fn from(run: domain::check::CheckRun) -> Self {
        Self { at: run.at, ok: run.ok, latency_ms: run.latency_ms, error: run.error }
    }
}

/// A page of runs, newest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct CheckRunPage {
    pub(crate) items: Vec<CheckRun>,
    /// Give it as `cursor` for what follows; null at the end.
    #[schema(required)]
    pub(crate) next_cursor: Option<String>,
}

/// A run as a sparkline shows it.
#[derive(Serialize, ToSchema)]
pub(crate) struct LatencyPoint {
    at: DateTime<Utc>,
    ok: bool,
    #[schema(required, example = 12.5)]
    latency_ms: Option<f32>,
}

impl From<domain::check::LatencyPoint> for LatencyPoint {
    fn from(point: domain::check::LatencyPoint) -> Self {
        Self { at: point.at, ok: point.ok, latency_ms: point.latency_ms }
    }
}

/// The last runs of a system, oldest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct Latency {
    pub(crate) id: Uuid,
    pub(crate) points: Vec<LatencyPoint>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct LatencyList {
    pub(crate) items: Vec<Latency>,
}

/// A check that will run now.
#[derive(Serialize, ToSchema)]
pub(crate) struct CheckDue {
    /// The system.
    pub(crate) due: Uuid,
}
