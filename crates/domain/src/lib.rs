//! Types, ids, decisions and limits. No IO and no clock: `now` is an argument.

pub mod access;
pub mod actor;
pub mod announcement;
pub mod audit;
pub mod check;
pub mod connection;
pub mod contact;
pub mod dependency;
pub mod edge;
pub mod forecast;
pub mod incident;
pub mod intention;
pub mod job;
pub mod job_act;
pub mod lifecycle;
pub mod limits;
pub mod link;
pub mod maintenance;
pub mod node;
pub mod notification;
pub mod person;
pub mod refusal;
pub mod schedule;
pub mod search;
pub mod status_page;
pub mod system;
mod text;
pub mod timeline;
pub mod token;
pub mod view;

pub use access::{Level, Visibility};
pub use actor::Actor;
pub use edge::{Edge, EdgeKind};
pub use intention::Intention;
pub use node::{Facet, Node, NodeKind};
pub use refusal::Refusal;
