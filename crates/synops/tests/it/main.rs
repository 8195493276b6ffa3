//! The one integration binary: the production wiring, a database per test, a port each.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod access;
mod app;
mod balancer;
mod blocked;
mod cached;
mod client;
mod closing;
mod config;
mod coordinator_kills;
mod crash;
mod database_roles;
mod demo;
mod doctor;
mod faults;
mod feed;
mod held_step;
mod hostile;
mod jobs;
mod maintenances;
mod managed;
mod memory;
mod migrate;
mod planned;
mod program;
mod raw;
mod rolling;
mod schema;
mod serve;
mod service;
mod socket;
mod status;
mod stopping;
mod supervisor;
mod told;
mod users;
mod windows;
mod worker_load;
mod workers;
