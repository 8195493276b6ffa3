//! Messages: what is asked, and what is told of them.

use super::node::NodeView;
use chrono::{DateTime, Utc};
use domain::message::{FileRef, Message};
use domain::timeline::Audience;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What a message has besides. Its text is the node's `body`.
#[derive(Serialize, ToSchema)]
#[schema(as = MessageFacet)]
pub(crate) struct MessageView<'a> {
    channel_id: Uuid,
    /// The message it answers; null: it stands for itself.
    #[schema(required)]
    thread_id: Option<Uuid>,
    /// From 1 without gaps, among those that stand for themselves or among the answers to one.
    #[schema(example = 118)]
    number: i64,
    /// Null: the server itself.
    #[schema(required)]
    author: Option<NamedView<'a>>,
    #[schema(required)]
    edited_at: Option<DateTime<Utc>>,
    /// It was deleted: its text is gone, its place is not.
    #[schema(required)]
    deleted_at: Option<DateTime<Utc>>,
    #[schema(required)]
    pinned_at: Option<DateTime<Utc>>,
    #[schema(required)]
    pinned_by: Option<Uuid>,
    /// Since when it is on the timeline of what the channel is beside.
    #[schema(required)]
    promoted_at: Option<DateTime<Utc>>,
    /// So many answers.
    #[schema(example = 2)]
    replies: i32,
    #[schema(required)]
    last_reply_at: Option<DateTime<Utc>>,
    /// Nodes that its text names, as far as its author could see them.
    mentions: &'a [Uuid],
    /// In the order in which the emojis came.
    reactions: Vec<ReactionView<'a>>,
    files: Vec<FileView<'a>>,
}

/// Somebody, by the name they had then.
#[derive(Serialize, ToSchema)]
#[schema(as = Speaker)]
pub(crate) struct NamedView<'a> {
    id: Uuid,
    #[schema(example = "Kari Nordmann")]
    title: &'a str,
}

/// Who reacted with an emoji.
#[derive(Serialize, ToSchema)]
#[schema(as = Reaction)]
pub(crate) struct ReactionView<'a> {
    #[schema(example = "👍")]
    emoji: &'a str,
    people: Vec<NamedView<'a>>,
}

/// A file that goes along with a message.
#[derive(Serialize, ToSchema)]
#[schema(as = FileView)]
pub(crate) struct FileView<'a> {
    id: Uuid,
    #[schema(example = "graph.png")]
    name: &'a str,
    #[schema(example = "image/png")]
    media_type: &'a str,
    #[schema(example = 40960)]
    size_bytes: i64,
}

impl<'a> From<&'a FileRef> for FileView<'a> {
    fn from(file: &'a FileRef) -> Self {
        let FileRef { id, name, media_type, size_bytes } = file;
        Self { id: *id, name, media_type, size_bytes: *size_bytes }
    }
}

impl<'a> MessageView<'a> {
    pub(crate) fn new(message: &'a Message, author_id: Option<Uuid>) -> Self {
        let mut reactions: Vec<ReactionView<'a>> = Vec::new();
        for one in &message.reactions {
            let person = NamedView { id: one.person_id, title: &one.person_title };
            match reactions.iter_mut().find(|reaction| reaction.emoji == one.emoji) {
                Some(reaction) => reaction.people.push(person),
                None => reactions.push(ReactionView { emoji: &one.emoji, people: vec![person] }),
            }
        }
        let author = author_id.zip(message.author_title.as_deref());
        Self {
            channel_id: message.channel_id,
            thread_id: message.thread_id,
            number: message.number,
            author: author.map(|(id, title)| NamedView { id, title }),
            edited_at: message.edited_at,
            deleted_at: message.deleted_at,
            pinned_at: message.pinned_at,
            pinned_by: message.pinned_by,
            promoted_at: message.promoted_at,
            replies: message.replies,
            last_reply_at: message.last_reply_at,
            mentions: &message.mentions,
            reactions,
            files: message.files.iter().map(FileView::from).collect(),
        }
    }
}

/// A part of a channel's messages, in order.
#[derive(Serialize, ToSchema)]
pub(crate) struct MessagePage<'a> {
    pub(crate) items: Vec<NodeView<'a>>,
    /// There are some before the first.
    pub(crate) has_older: bool,
    /// There are some behind the last.
    pub(crate) has_newer: bool,
}

/// What is pinned, the latest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct PinnedMessages<'a> {
    pub(crate) items: Vec<NodeView<'a>>,
}

/// A new message.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewMessage {
    /// Made by the caller: sent again, it is answered with what is there.
    pub(crate) id: Uuid,
    /// Markdown. `[label](node:<id>)` names a node; people and members of teams that are named are told.
    #[schema(max_length = 16384, example = "Rebooting it now.")]
    pub(crate) body: String,
    /// The message that it answers, which is no answer itself.
    #[schema(nullable = false)]
    pub(crate) thread_id: Option<Uuid>,
    /// Uploaded before, to the same channel, by the same person.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub(crate) file_ids: Vec<Uuid>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MessageChange {
    #[schema(max_length = 16384)]
    pub(crate) body: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewReaction {
    /// One of Unicode's.
    #[schema(example = "👍")]
    pub(crate) emoji: String,
    /// False takes it back.
    pub(crate) on: bool,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pin {
    pub(crate) pinned: bool,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Promotion {
    pub(crate) audience: Audience,
}

/// What a message said before it was edited.
#[derive(Serialize, ToSchema)]
pub(crate) struct MessageEdit {
    pub(crate) id: Uuid,
    /// Until when.
    pub(crate) at: DateTime<Utc>,
    pub(crate) body: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct MessageEditPage {
    pub(crate) items: Vec<MessageEdit>,
    /// Give it as `cursor` for what follows; null at the end.
    #[schema(required)]
    pub(crate) next_cursor: Option<String>,
}
