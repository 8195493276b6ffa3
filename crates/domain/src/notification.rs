//! What people are told without asking: of what kind it is, to whom it goes, when it may come, and in which
//! words.

mod act;
mod preferences;
mod template;
mod words;

pub use act::{MarkPatch, NewSubscription, NoticeAct, PreferencesPatch, QuietHours, ReadUntil};
pub use preferences::{Preferences, Quiet};
pub use template::{BadTemplate, Letter, Rendered, StatusLinks, Template, example, preview, render};
pub use words::words;

use crate::Refusal;
use crate::connection::TestOutcome;
use crate::node::NodeKind;
use crate::text::text_enum;
use crate::timeline::Audience;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::pin::Pin;
use uuid::Uuid;

text_enum! {
    /// What has happened. Subscriptions choose among these.
    NoticeKind {
        MaintenancePlanned = "maintenance_planned",
        MaintenanceChanged = "maintenance_changed",
        MaintenanceReminder = "maintenance_reminder",
        MaintenanceStarted = "maintenance_started",
        MaintenanceExtended = "maintenance_extended",
        MaintenanceVerifying = "maintenance_verifying",
        MaintenanceCompleted = "maintenance_completed",
        MaintenanceCancelled = "maintenance_cancelled",
        /// Somebody wrote something about it.
        MaintenanceUpdate = "maintenance_update",
        SystemDown = "system_down",
        SystemUp = "system_up",
        IncidentOpened = "incident_opened",
        IncidentUpdated = "incident_updated",
        IncidentAcknowledged = "incident_acknowledged",
        IncidentResolved = "incident_resolved",
        Announcement = "announcement",
        /// Somebody named them, or a team of theirs, in a channel.
        MessageMention = "message_mention",
        /// Somebody answered in a thread in which they have their say.
        MessageReply = "message_reply",
        /// A stranger is asked whether the address is theirs that is to be told what a status page says.
        StatusConfirmation = "status_confirmation",
    }
}

impl NoticeKind {
    /// Whether somebody may subscribe to it, and have it told in words of their own.
    pub const fn is_for_members(self) -> bool {
        !matches!(self, Self::StatusConfirmation | Self::MessageMention | Self::MessageReply)
    }

    /// Whether those who follow a status page by mail are told.
    pub const fn is_for_followers(self) -> bool {
        matches!(
            self,
            Self::MaintenancePlanned
                | Self::MaintenanceChanged
                | Self::MaintenanceStarted
                | Self::MaintenanceExtended
                | Self::MaintenanceCompleted
                | Self::MaintenanceCancelled
                | Self::MaintenanceUpdate
                | Self::IncidentOpened
                | Self::IncidentUpdated
                | Self::IncidentResolved
        )
    }

    /// Whether it comes in quiet hours too, whatever else is said about it.
    pub const fn is_critical(self) -> bool {
        matches!(self, Self::SystemDown | Self::IncidentOpened)
    }
}

text_enum! {
    /// How far a delivery is.
    DeliveryState {
        /// Its job waits or runs.
        Queued = "queued",
        /// Until quiet hours end.
        Held = "held",
        Sent = "sent",
        /// An attempt failed; there will be another.
        Failed = "failed",
        /// Nobody tries any more.
        Dead = "dead",
        /// Whom it was for may not read it any more.
        Withdrawn = "withdrawn",
    }
}

/// Something that has happened, as those who tell of it say it.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// Made with it: one notification and one delivery for each, a recipient and channel.
    pub event_id: Uuid,
    pub kind: NoticeKind,
    /// What it happened to: who may not read it hears nothing.
    pub node_id: Uuid,
    pub node_kind: NodeKind,
    pub scope_id: Uuid,
    pub title: String,
    /// Systems and groups that it is about, besides: subscriptions to them count. They are named to those
    /// who may read them.
    pub about: Vec<Uuid>,
    /// Whom its words are for, among those who may read the node.
    pub audience: Audience,
    /// Somebody's words, or the reason.
    pub message: Option<String>,
    pub starts_at: Option<DateTime<Utc>>,
    pub ends_at: Option<DateTime<Utc>>,
    /// It comes in quiet hours too.
    pub critical: bool,
}

impl Notice {
    pub fn new(kind: NoticeKind, node_id: Uuid, node_kind: NodeKind, scope_id: Uuid, title: impl Into<String>) -> Self {
        Self {
            event_id: Uuid::now_v7(),
            kind,
            node_id,
            node_kind,
            scope_id,
            title: title.into(),
            about: Vec::new(),
            audience: Audience::Public,
            message: None,
            starts_at: None,
            ends_at: None,
            critical: kind.is_critical(),
        }
    }

    /// Notifications with the same key become one while they are unread.
    pub fn collapse_key(&self) -> String {
        format!("{}:{}", self.node_kind, self.node_id)
    }
}

/// The payload of the job that sends a delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeliverPayload {
    pub delivery_id: Uuid,
}

type Testing<'a> = Pin<Box<dyn Future<Output = Result<TestOutcome, Refusal>> + Send + 'a>>;

/// Sends messages of the moment: whoever answers requests asks whoever speaks with the outside.
pub trait Messenger: Send + Sync {
    /// Sends a test message by a connection, to this mail address where it is mail.
    fn test(&self, connection_id: Uuid, to: Option<String>) -> Testing<'_>;
}
