//! Channels: what is asked, and what is told of them.

use chrono::{DateTime, Utc};
use domain::Visibility;
use domain::channel::{Channel, ChannelPatch, History};
use domain::intention::ScopePatch;
use serde::{Deserialize, Serialize};
use store::channel::Mark;
use utoipa::ToSchema;
use uuid::Uuid;

/// What a channel has besides.
#[derive(Serialize, ToSchema)]
#[schema(as = ChannelFacet)]
pub(crate) struct ChannelView {
    /// The system, incident, maintenance or board whose channel it is; null: it stands for itself.
    #[schema(required)]
    beside_id: Option<Uuid>,
    /// What its readers are given first.
    history: History,
}

impl From<&Channel> for ChannelView {
    fn from(channel: &Channel) -> Self {
        let Channel { beside_id, history } = *channel;
        Self { beside_id, history }
    }
}

/// A new channel.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewChannel {
    /// Made by the caller, if at all.
    #[schema(nullable = false)]
    pub(crate) id: Option<Uuid>,
    /// The instance, a workspace or group; or a system, incident, maintenance or board, which has one channel.
    pub(crate) parent_id: Uuid,
    /// By default that of its parent.
    #[schema(nullable = false, min_length = 1, max_length = 200, example = "On call")]
    pub(crate) title: Option<String>,
    /// Its topic, in Markdown.
    #[serde(default)]
    pub(crate) body: String,
    /// By default the newest 50 messages.
    #[schema(nullable = false)]
    pub(crate) history: Option<History>,
    /// By default `members`: those of what is around it.
    #[schema(nullable = false)]
    pub(crate) visibility: Option<Visibility>,
    /// Takes no grants from the scopes around it.
    #[schema(nullable = false)]
    pub(crate) isolated: Option<bool>,
}

impl NewChannel {
    pub(crate) fn scope(&self) -> Option<ScopePatch> {
        let scope = ScopePatch { visibility: self.visibility, isolated: self.isolated };
        (scope != ScopePatch::default()).then_some(scope)
    }
}

/// What to change of a channel.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChannelChange {
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    pub(crate) title: Option<String>,
    #[schema(nullable = false)]
    pub(crate) body: Option<String>,
    #[schema(nullable = false)]
    pub(crate) history: Option<History>,
    #[schema(nullable = false)]
    pub(crate) visibility: Option<Visibility>,
    #[schema(nullable = false)]
    pub(crate) isolated: Option<bool>,
}

impl ChannelChange {
    pub(crate) fn patch(&self) -> ChannelPatch {
        ChannelPatch { history: self.history }
    }
}

/// How far I am with a channel.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChannelMark {
    channel_id: Uuid,
    /// Of its newest message; 0: there is none.
    #[schema(example = 120)]
    last_number: i64,
    #[schema(required)]
    last_at: Option<DateTime<Utc>>,
    #[schema(example = 118)]
    read_number: i64,
    /// What is new in it does not count as unread.
    muted: bool,
}

impl From<Mark> for ChannelMark {
    fn from(mark: Mark) -> Self {
        let Mark { channel_id, last_number, last_at, read_number, muted } = mark;
        Self { channel_id, last_number, last_at, read_number, muted }
    }
}

/// Of all channels that I may read.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChannelMarks {
    pub(crate) items: Vec<ChannelMark>,
}
