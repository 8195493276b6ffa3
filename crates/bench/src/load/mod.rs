//! The load: callers and subscribers that cost as little as they can, because they share the
//! machine with what they measure.

mod crowd;
mod http;
mod mark;
mod socket;

pub(crate) use crowd::{Crowd, Heard, Member};
pub(crate) use http::Http;
pub(crate) use mark::title_of;
pub(crate) use socket::Socket;
