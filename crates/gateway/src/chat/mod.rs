//! Conversations: channels, their messages, and how far people have read them.

pub(crate) mod acts;
pub(crate) mod channels;
pub(crate) mod marks;
pub(crate) mod messages;
