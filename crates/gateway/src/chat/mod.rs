//! Conversations: channels, their messages, files that go along, and how far people have read them.

pub(crate) mod acts;
pub(crate) mod channels;
pub(crate) mod files;
pub(crate) mod marks;
pub(crate) mod messages;
