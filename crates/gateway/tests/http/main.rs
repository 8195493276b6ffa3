//! The routes, whole, on a database each: production wiring without the listener.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod access;
mod announcements;
mod bad_input;
mod calls;
mod catalog;
mod connections;
mod credentials;
mod devices;
mod followers;
mod idempotency;
mod incidents;
mod jobs;
mod lifecycle;
mod lists;
mod maintenance_bulk;
mod maintenance_series;
mod maintenances;
mod notices;
mod nouns;
mod openapi;
mod origin;
mod page;
mod probes;
mod search;
mod server;
mod sign_in;
mod status_pages;
mod views;
