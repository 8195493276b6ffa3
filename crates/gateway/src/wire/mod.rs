//! The shapes on the wire. A noun has two: the domain's type and the view here.

pub(crate) mod account;
pub(crate) mod announcement;
pub(crate) mod audit;
pub(crate) mod cache;
pub(crate) mod catalog;
pub(crate) mod check;
pub(crate) mod connection;
pub(crate) mod dead_letter;
pub(crate) mod edge;
pub(crate) mod health;
pub(crate) mod incident;
pub(crate) mod intention;
pub(crate) mod job;
pub(crate) mod job_class;
pub(crate) mod lifecycle;
pub(crate) mod maintenance;
pub(crate) mod node;
pub(crate) mod notification;
pub(crate) mod nouns;
pub(crate) mod problem;
pub(crate) mod search;
pub(crate) mod series;
pub(crate) mod status;
pub(crate) mod status_page;
pub(crate) mod timeline;
