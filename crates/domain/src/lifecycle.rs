//! Maintenances of Synops itself, as its servers and everybody else see them.

use crate::job::JobClass;
use crate::maintenance::MaintenanceState;
use crate::text::text_enum;
use chrono::{DateTime, Utc};
use uuid::Uuid;

text_enum! {
    /// How far a server is, as it tells of itself.
    InstanceState {
        /// It lives, and can't be counted on yet.
        Starting = "starting",
        Ready = "ready",
        /// Ready; it will stop for a maintenance.
        Announced = "announced",
        /// It begins nothing new.
        Closing = "closing",
        /// What it has under way finishes.
        Draining = "draining",
        Stopped = "stopped",
    }
}

impl InstanceState {
    /// Whether others may count on it.
    pub const fn is_ready(self) -> bool {
        matches!(self, Self::Ready | Self::Announced)
    }
}

/// A planned or running maintenance of Synops itself: what anybody may know of it. Not its title: that
/// is for those who may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    pub maintenance_id: Uuid,
    pub state: MaintenanceState,
    pub starts_at: DateTime<Utc>,
    pub ends_at: DateTime<Utc>,
    /// Until when jobs may finish; `None` while nothing drains.
    pub drain_until: Option<DateTime<Utc>>,
    pub rolling: bool,
    /// At this moment only administrators are let in.
    pub admins_only: bool,
    /// Classes of jobs that wait while it lasts.
    pub blocked_classes: Vec<JobClass>,
}

impl Window {
    /// Whether it has begun, and is not over.
    pub fn is_under_way(&self) -> bool {
        matches!(self.state, MaintenanceState::InProgress | MaintenanceState::Verifying)
    }

    /// Whether what takes long is not to be begun, because Synops is about to go down.
    pub fn is_closing(&self) -> bool {
        self.state == MaintenanceState::InProgress
    }
}

/// The servers that a maintenance of Synops itself stops.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stops {
    /// Those that lived when it began.
    pub listed: i64,
    /// Of these: stopped, or not heard of any more.
    pub gone: i64,
    /// Of these: closed for it, and not gone yet.
    pub under_way: i64,
    /// Nothing but Synops is affected.
    pub is_alone: bool,
}

impl Stops {
    /// Whether there is nothing left to wait for but the new processes.
    pub const fn are_over(self) -> bool {
        self.gone >= self.listed
    }
}
