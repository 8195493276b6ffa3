//! The live socket: whoever is connected is told of every committed change they may see.
//!
//! [`hub::Hub`] is the feed's sink. It knows every reader, what they may see and what they asked
//! for, and puts what concerns them into their [`outbox::Outbox`]; the socket's task empties it.
//! A subscription is exact: what happens while its first rows are read is held, and told after
//! them if they don't have it ([`reader::Pending`]).

mod body;
mod entry;
mod frame;
mod hub;
mod index;
mod map;
mod movements;
mod newest;
mod outbox;
mod pace;
mod pending;
mod prepared;
mod presence;
mod protocol;
mod reader;
pub(crate) mod rows;
pub(crate) mod socket;
mod status;
mod subscribe;
mod tokens;

pub(crate) use hub::Seen;
pub use hub::{Hub, HubStats};

/// Follows what is kept in no log: where devices are, for those who look at a map, and who has which channel open.
/// Until it is dropped. `url` is for connections of their own.
pub async fn follow_the_moment(state: crate::state::State, url: String) {
    let hub = state.hub();
    tokio::join!(hub.movements.follow(&url, &state), hub.presence.follow(&url, &state));
}
