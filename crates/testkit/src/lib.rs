//! What tests need: a database each, graph data in it, a proxy that breaks connections, and the one
//! way to wait. Knows nothing above `store`.

mod cluster;
pub mod graph;
mod tcp_proxy;
mod test_db;
mod wait_until;

pub use tcp_proxy::{Target, TcpProxy};
pub use test_db::TestDb;
pub use wait_until::{Seen, wait_until};
