//! Finds the machine's PostgreSQL and runs a private cluster with it.
//!
//! [`Cluster::start`] makes the cluster when there is none, takes over what a
//! killed owner left behind, and returns once the database accepts connections.
//! It listens on a unix socket in a private directory and nowhere else, so every
//! connection is trusted: whoever can enter that directory owns the data anyway.
//!
//! ```text
//! <dir>/postgres        the data directory, owned by the user that PostgreSQL runs as
//! <dir>/postgres.conf   the settings, written at every start
//! <dir>/postgres.lock   held while a process owns the directory; contains its pid
//! <dir>/postgres.log    what PostgreSQL says; `.1` is the file before it
//! <dir>/socket          the socket, unless its path would be too long for a socket
//! ```
//!
//! # What holds
//!
//! - One owner per directory: a second one is refused with the pid of the first.
//! - The postmaster never outlives its owner by more than a fast shutdown, also
//!   when the owner is killed; see [`Guarantee`].
//! - A start never begins while a process of an earlier postmaster lives: such
//!   processes are stopped first, not adopted. Only our own child gives us its
//!   exit, the guarantee above, and the settings and binaries of this start.
//! - The data directory appears whole or not at all, and is never deleted.

mod account;
mod binaries;
mod cluster;
mod command;
mod config;
mod connection;
mod environment;
mod error;
mod guarantee;
mod initdb;
mod leftovers;
mod lock;
mod log;
mod pid_file;
mod postmaster;
mod processes;
mod reach;
mod settings;
mod socket;

pub use cluster::Cluster;
pub use config::Config;
pub use error::Error;
pub use guarantee::Guarantee;
