//! What a device is told, and what it answers.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use store::device_command::DeviceCommand;
use utoipa::ToSchema;
use uuid::Uuid;

/// What somebody has a device told, and what it answered.
#[derive(Serialize, ToSchema)]
#[schema(as = DeviceCommand)]
pub(crate) struct CommandView {
    id: Uuid,
    #[schema(example = "getinfo")]
    text: String,
    #[schema(example = 12)]
    codec: i16,
    /// `queued` until the device is there, `sent`, `answered`, `timed_out` or `failed`.
    #[schema(example = "answered")]
    state: String,
    #[schema(required, example = "RTC:2026/11/22 18:00 Init:2026/11/20 7:12 UpTime:201345s")]
    answer: Option<String>,
    #[schema(required)]
    created_by: Option<Uuid>,
    created_at: DateTime<Utc>,
    #[schema(required)]
    sent_at: Option<DateTime<Utc>>,
    #[schema(required)]
    answered_at: Option<DateTime<Utc>>,
}

impl From<DeviceCommand> for CommandView {
    fn from(command: DeviceCommand) -> Self {
        let DeviceCommand { id, text, codec, state, answer, created_by, created_at, sent_at, answered_at, .. } = command;
        Self { id, text, codec, state, answer, created_by, created_at, sent_at, answered_at }
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct CommandPage {
    pub(crate) items: Vec<CommandView>,
    /// Null: this is the last page.
    #[schema(required)]
    pub(crate) next_cursor: Option<String>,
}

/// What to have a device told.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewCommand {
    /// Made by the caller, if at all.
    #[schema(nullable = false)]
    pub(crate) id: Option<Uuid>,
    /// Printable ASCII.
    #[schema(min_length = 1, max_length = 512, example = "getinfo")]
    pub(crate) text: String,
    /// 12, or 14: then only the device with this IMEI answers.
    #[serde(default = "codec_12")]
    #[schema(default = 12, example = 12)]
    pub(crate) codec: i16,
}

const fn codec_12() -> i16 {
    12
}
