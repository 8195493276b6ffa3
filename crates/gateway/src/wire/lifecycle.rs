//! How far Synops itself is, for everybody and for administrators.

use super::job::Job;
use super::node::NodeView;
use chrono::{DateTime, Utc};
use domain::forecast::{Fate, StopMode};
use domain::lifecycle::{InstanceState, Window};
use domain::maintenance::MaintenanceState;
use serde::Serialize;
use std::collections::BTreeMap;
use store::maintenance::StopRow;
use utoipa::ToSchema;
use uuid::Uuid;

/// How far a stop of this server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Phase {
    Running,
    /// A stop is known to come; nothing else has changed.
    Announced,
    /// No new work begins.
    Closing,
    /// What is under way finishes.
    Draining,
    Stopped,
}

impl From<drain::Phase> for Phase {
    fn from(phase: drain::Phase) -> Self {
        match phase {
            drain::Phase::Running => Self::Running,
            drain::Phase::Announced => Self::Announced,
            drain::Phase::Closing => Self::Closing,
            drain::Phase::Draining => Self::Draining,
            drain::Phase::Stopped => Self::Stopped,
        }
    }
}

/// How far Synops is: what anybody may know. The same as the socket's frame `lifecycle`.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct Lifecycle {
    pub(crate) phase: Phase,
    pub(crate) server_time: DateTime<Utc>,
    /// The maintenance of Synops itself that is under way, or begins within a day.
    #[schema(required)]
    pub(crate) window: Option<WindowView>,
}

/// A maintenance of Synops itself.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = Window)]
pub(crate) struct WindowView {
    pub(crate) maintenance_id: Uuid,
    pub(crate) state: MaintenanceState,
    pub(crate) starts_at: DateTime<Utc>,
    pub(crate) ends_at: DateTime<Utc>,
    /// Until when jobs may finish; null while nothing drains.
    #[schema(required)]
    pub(crate) drain_until: Option<DateTime<Utc>>,
    /// One server after the other: requests are answered all the while.
    pub(crate) rolling: bool,
    /// At this moment only administrators of the instance are let in: others are answered 503.
    pub(crate) admins_only: bool,
}

impl From<&Window> for WindowView {
    fn from(window: &Window) -> Self {
        Self {
            maintenance_id: window.maintenance_id,
            state: window.state,
            starts_at: window.starts_at,
            ends_at: window.ends_at,
            drain_until: window.drain_until,
            rolling: window.rolling,
            admins_only: window.admins_only,
        }
    }
}

/// What of the caller's a maintenance of Synops itself will meet.
#[derive(Serialize, ToSchema)]
pub(crate) struct Mine {
    /// Null: there is none.
    #[schema(required)]
    pub(crate) maintenance_id: Option<Uuid>,
    /// Jobs that the caller has enqueued.
    pub(crate) jobs: Vec<MyJob>,
    /// Systems that it takes along.
    pub(crate) systems: Vec<MySystem>,
    /// There are more of one or the other.
    pub(crate) truncated: bool,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct MyJob {
    pub(crate) id: Uuid,
    #[schema(example = "tool")]
    pub(crate) kind: String,
    pub(crate) fate: Fate,
    /// Null: it waits.
    #[schema(required)]
    pub(crate) started_at: Option<DateTime<Utc>>,
    /// From 0 to 1.
    #[schema(required)]
    pub(crate) progress: Option<f32>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct MySystem {
    pub(crate) id: Uuid,
    #[schema(example = "Database")]
    pub(crate) title: String,
}

/// A maintenance of Synops itself, server by server.
#[derive(Serialize, ToSchema)]
pub(crate) struct MaintenanceStatus<'a> {
    pub(crate) server_time: DateTime<Utc>,
    /// Of the server that answers.
    pub(crate) phase: Phase,
    /// The one that is under way; else the next; null without any, and where it is not to be seen.
    #[schema(required)]
    pub(crate) maintenance: Option<NodeView<'a>>,
    /// In seconds: until it begins, or until jobs must have finished. Null when there is nothing to count down to.
    #[schema(required)]
    pub(crate) countdown_s: Option<i64>,
    /// How Synops goes down for it: as decided at its begin, or as things are now.
    #[schema(required)]
    pub(crate) mode: Option<StopMode>,
    /// Why.
    #[schema(required)]
    pub(crate) mode_reason: Option<String>,
    /// Servers that live, and those that the maintenance has stopped.
    pub(crate) instances: Vec<InstanceStatus>,
    pub(crate) sessions: Sessions,
    /// Those that run, the longest running first.
    pub(crate) jobs: Vec<Job>,
    pub(crate) jobs_truncated: bool,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct InstanceStatus {
    pub(crate) id: Uuid,
    #[schema(example = "web-1")]
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) roles: Vec<String>,
    /// As it last told; null when it is gone.
    #[schema(required)]
    pub(crate) state: Option<InstanceState>,
    #[schema(required)]
    pub(crate) started_at: Option<DateTime<Utc>>,
    #[schema(required)]
    pub(crate) seen_at: Option<DateTime<Utc>>,
    /// It was heard of of late.
    pub(crate) is_present: bool,
    /// It gives this answer.
    pub(crate) is_this: bool,
    /// What it has under way, by part: `jobs`, `checks`, `requests`, `sockets`.
    pub(crate) in_flight: BTreeMap<String, i64>,
    /// Its way through the maintenance; null: it knows nothing of it, or need not stop.
    #[schema(required)]
    pub(crate) stop: Option<Stop>,
}

/// The steps that a server has acknowledged.
#[derive(Serialize, ToSchema)]
pub(crate) struct Stop {
    /// Null: it does not stop for it.
    #[schema(required)]
    pub(crate) turn: Option<i32>,
    #[schema(required)]
    pub(crate) announced_at: Option<DateTime<Utc>>,
    #[schema(required)]
    pub(crate) closed_at: Option<DateTime<Utc>>,
    #[schema(required)]
    pub(crate) draining_at: Option<DateTime<Utc>>,
    #[schema(required)]
    pub(crate) drain_until: Option<DateTime<Utc>>,
    #[schema(required)]
    pub(crate) stopped_at: Option<DateTime<Utc>>,
    /// Parts that did not end in time.
    pub(crate) late: Vec<String>,
}

impl From<StopRow> for Stop {
    fn from(row: StopRow) -> Self {
        let StopRow { turn, announced_at, closed_at, draining_at, drain_until, stopped_at, late, .. } = row;
        Self { turn, announced_at, closed_at, draining_at, drain_until, stopped_at, late }
    }
}

/// Who is connected.
#[derive(Serialize, ToSchema)]
pub(crate) struct Sessions {
    /// To all servers.
    pub(crate) count: i64,
    /// To the server that answers, longest first.
    pub(crate) items: Vec<Session>,
    pub(crate) truncated: bool,
}

#[derive(Serialize, ToSchema)]
#[schema(as = LiveSession)]
pub(crate) struct Session {
    /// Null: somebody who is not signed in.
    #[schema(required)]
    pub(crate) person: Option<SessionPerson>,
    pub(crate) since: DateTime<Utc>,
    /// What the page shows: titles of nodes, or else topics.
    pub(crate) looks_at: Vec<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SessionPerson {
    pub(crate) id: Uuid,
    #[schema(example = "Kari Nordmann")]
    pub(crate) title: String,
}
