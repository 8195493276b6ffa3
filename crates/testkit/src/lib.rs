//! What tests need: a database each, graph data in it, a proxy that breaks connections, servers for
//! the product to talk to, and the one way to wait. Knows nothing above `store`.

mod authority;
mod cluster;
pub mod graph;
pub mod http_server;
mod mail_server;
mod redis_server;
mod tcp_proxy;
mod test_db;
mod wait_until;

pub use authority::{Authority, Certified};
pub use http_server::HttpServer;
pub use mail_server::MailServer;
pub use redis_server::RedisServer;
pub use tcp_proxy::{Target, TcpProxy};
pub use test_db::TestDb;
pub use wait_until::{Seen, wait_until};
