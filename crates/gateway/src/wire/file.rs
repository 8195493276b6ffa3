//! Files: what is told of them, and what stands for their bytes.

use super::message::FileView;
use chrono::{DateTime, Utc};
use domain::message::FileRef;
use serde::Serialize;
use serde_json::Value;
use store::file::SentFile;
use utoipa::ToSchema;
use uuid::Uuid;

/// The bytes of a file, in a description.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
pub(crate) struct FileContent(#[expect(dead_code, reason = "nobody makes one")] Vec<u8>);

/// As an upload is answered.
pub(crate) fn render_file(file: &FileRef) -> Value {
    serde_json::to_value(FileView::from(file)).unwrap_or_default()
}

/// A file that was sent in a channel.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChannelFile {
    id: Uuid,
    #[schema(example = "graph.png")]
    name: String,
    #[schema(example = "image/png")]
    media_type: String,
    #[schema(example = 40960)]
    size_bytes: i64,
    message_id: Uuid,
    /// When it was uploaded.
    at: DateTime<Utc>,
    /// Who sent it; null: the server itself.
    #[schema(required)]
    by: Option<Sender>,
}

/// Somebody, by the name they had then.
#[derive(Serialize, ToSchema)]
#[schema(as = FileSender)]
pub(crate) struct Sender {
    id: Uuid,
    #[schema(example = "Kari Nordmann")]
    title: String,
}

impl From<SentFile> for ChannelFile {
    fn from(file: SentFile) -> Self {
        let SentFile { id, name, media_type, size_bytes, message_id, at, by_id, by_title } = file;
        let by = by_id.zip(by_title).map(|(id, title)| Sender { id, title });
        Self { id, name, media_type, size_bytes, message_id, at, by }
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ChannelFilePage {
    pub(crate) items: Vec<ChannelFile>,
    /// Give it as `cursor` for what follows; null at the end.
    #[schema(required)]
    pub(crate) next_cursor: Option<String>,
}
