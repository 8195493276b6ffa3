//! The one integration binary: the production wiring, a database per test, a port each.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod access;
mod app;
mod client;
mod config;
mod database_roles;
mod demo;
mod doctor;
mod feed;
mod managed;
mod migrate;
mod program;
mod schema;
mod serve;
mod socket;
mod users;
