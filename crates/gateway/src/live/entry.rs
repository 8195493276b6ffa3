//! One thing that waits for a reader.

use super::frame::{AddedFrames, Changes, ItemFrames, SubscribedFrames};
use axum::extract::ws::Utf8Bytes;
use std::sync::Arc;
use uuid::Uuid;

#[derive(Debug)]
pub(super) enum Entry {
    Text(Utf8Bytes),
    Subscribed(Box<SubscribedFrames>),
    /// What a continued stream missed.
    Missed(Box<ItemFrames>),
    RemovedScopes(Vec<Uuid>),
    Changes(Arc<Changes>),
    Added(Box<AddedFrames>),
    Token(Arc<str>),
    Pong(Utf8Bytes),
    /// Where devices of a map are.
    Positions(Utf8Bytes),
    /// The newest of each node and edge, for a reader that was slow.
    Newest(Box<ItemFrames>),
}

impl Entry {
    pub(super) fn is_answer(&self) -> bool {
        matches!(self, Self::Text(_) | Self::Subscribed(_) | Self::Missed(_))
    }

    /// Is sent as it is, in its place, to a slow reader too.
    pub(super) fn stands_for_itself(&self) -> bool {
        self.is_answer() || matches!(self, Self::Positions(_))
    }

    /// What it adds to the bound.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Changes(changes) => changes.bytes,
            Self::RemovedScopes(scopes) => scopes.len() * 40,
            Self::Added(added) => added.nodes.iter().map(|body| body.json.len() + 48).sum(),
            _ => 0,
        }
    }

    /// What is sent after it is older: its token would promise too much.
    pub(super) fn drop_token(&mut self) {
        match self {
            Self::Subscribed(frames) => frames.drop_token(),
            Self::Missed(frames) => frames.drop_token(),
            _ => {}
        }
    }

    /// Cuts off the next frame; `None` when nothing is left, or when it is no matter of frames.
    pub(super) fn next_frame(&mut self) -> Option<Utf8Bytes> {
        match self {
            Self::Subscribed(frames) => frames.next(),
            Self::Missed(frames) | Self::Newest(frames) => frames.next(),
            Self::Added(frames) => frames.next(),
            _ => None,
        }
    }
}
