//! The one integration binary: the production wiring, a database per test, a port each.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod access;
mod app;
mod client;
mod closing;
mod config;
mod crash;
mod database_roles;
mod demo;
mod doctor;
mod faults;
mod feed;
mod hostile;
mod jobs;
mod maintenances;
mod managed;
mod memory;
mod migrate;
mod program;
mod raw;
mod schema;
mod serve;
mod service;
mod socket;
mod stopping;
mod users;
mod windows;
mod worker_load;
mod workers;
