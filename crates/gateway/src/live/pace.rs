//! How much a socket may say.

use domain::limits::{SOCKET_MESSAGES_MAX, SOCKET_MESSAGES_PERIOD};
use tokio::time::Instant;

/// How many messages came since when.
pub(super) struct Pace {
    since: Instant,
    messages: u32,
}

impl Pace {
    pub(super) fn new() -> Self {
        Self { since: Instant::now(), messages: 0 }
    }

    /// Counts a message; whether there are more than anybody needs. Taking them would be at the
    /// expense of the others.
    pub(super) fn is_exceeded(&mut self) -> bool {
        if self.since.elapsed() > SOCKET_MESSAGES_PERIOD {
            *self = Self::new();
        }
        self.messages += 1;
        self.messages > SOCKET_MESSAGES_MAX
    }
}
