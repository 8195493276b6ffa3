//! HTTP, JSON, sockets and the embedded page. Knows what a caller may see and do only by asking:
//! the database for reads, `intentions` for writes.

mod accounts;
mod activity;
mod admin;
mod caller;
mod calls;
mod catalog;
mod checks;
mod cookie;
mod cursor;
mod describe;
mod docs;
mod edges;
mod extract;
mod health;
mod incident;
mod intentions;
mod jobs;
mod layers;
mod lifecycle;
mod live;
mod maintenance;
mod nodes;
mod nouns;
mod origin;
mod page;
mod probes;
mod refusal;
mod reply;
mod router;
mod secret;
mod serve;
mod state;
mod timeline;
mod wire;

pub use accounts::password::hash as hash_password;
pub use accounts::sign_in_link::sign_in_url;
pub use live::{Hub, HubStats};
pub use router::{openapi, openapi_json, router};
pub use secret::{API_TOKEN_PREFIX, Secret};
pub use serve::serve;
pub use state::{LiveKit, Settings, State, Wiring};
pub use wire::edge::render_edge;
pub use wire::node::render_node;
