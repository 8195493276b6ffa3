//! What a benchmark runs on: directories, PostgreSQL, servers and their rivals. Each is gone when
//! its value is dropped.

mod cpu;
mod nchan;
mod postgres;
mod program;
mod redis;
mod server;

pub(crate) use cpu::Cpu;
pub(crate) use nchan::{Nchan, PUBLISH_PATH, SUBSCRIBE_PATH, free_address};
pub(crate) use postgres::Postgres;
pub(crate) use program::Program;
pub(crate) use redis::Redis;
pub(crate) use server::Server;

use anyhow::Context as _;
use rustix::process::{Resource, getrlimit, setrlimit};
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// Sockets of a few thousand subscribers; what we start inherits it.
const FILES_WANTED: u64 = 16_384;

/// Lets this process and what it starts have enough sockets.
pub(crate) fn raise_file_limit() -> anyhow::Result<()> {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|now| now < FILES_WANTED) {
        limit.current = Some(limit.maximum.map_or(FILES_WANTED, |most| most.min(FILES_WANTED)));
        setrlimit(Resource::Nofile, limit).context("cannot raise the limit of open files")?;
    }
    Ok(())
}

/// A directory that whoever PostgreSQL runs as can pass through.
pub(crate) fn scratch() -> anyhow::Result<tempfile::TempDir> {
    let made = tempfile::Builder::new().prefix("synops-bench-").permissions(Permissions::from_mode(0o711)).tempdir();
    made.context("cannot make a temporary directory")
}

/// The directory of this program: the server's is the same.
pub(crate) fn binaries_dir() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("where this program is")?;
    Ok(own.parent().map(PathBuf::from).unwrap_or_default())
}
