//! All SQL of the product and nothing else, one file per noun. Functions take an executor, so that
//! the caller owns the transaction; rows are private, domain types come out.

pub mod access;
pub mod account;
pub mod announcement;
pub mod api_token;
pub mod audit;
pub mod bootstrap;
pub mod check;
pub mod check_rollup;
mod connect;
pub mod connection;
pub mod database;
pub mod dead_letter;
pub mod delivery;
pub mod edge;
mod error;
pub mod feed;
pub mod fence;
pub mod forecast;
pub mod idempotency;
pub mod instance;
pub mod job;
pub mod job_class;
pub mod job_schedule;
pub mod job_stats;
pub mod maintenance;
pub mod migrate;
pub mod node;
pub mod notification;
pub mod partition;
pub mod person;
pub mod privilege;
pub mod probe;
pub mod schema;
pub mod scope;
mod scram;
pub mod session;
pub mod sign_in_link;
pub mod subscription;
pub mod tombstone;

pub use connect::{Pool, PoolOptions, connect};
pub use error::{Error, may_retry, refusal, refusal_of_shared};
