//! The commands besides `serve`: each talks to the database, prints, and ends.

pub mod config;
pub mod connections;
pub mod dead_letters;
pub mod devices;
pub mod doctor;
pub mod incident;
pub mod jobs;
pub mod maintenance;
pub mod migrate;
pub mod openapi;
pub mod schema;
pub mod serve;
pub mod telemetry;
pub mod token;
pub mod user;

use crate::config::Config;
use crate::database::Database;
use anyhow::Context as _;
use domain::Refusal;
use domain::limits::REQUEST_BODY_MAX_BYTES;
use intentions::Intentions;
use serde::Serialize;
use serde_json::Value;
use std::io::{Read, Write};
use std::sync::Arc;
use uuid::Uuid;

/// The way in for a command. Nobody of this process follows the feed: there is no bell to ring, and
/// a running server finds the change at its next look, within a fraction of a second; workers are rung
/// by the database.
fn intentions(database: &Database) -> Intentions {
    Intentions::new(database.pool.clone(), Arc::new(|| {}))
}

/// Whoever signs in with `login`.
async fn find_person(database: &Database, login: &str) -> anyhow::Result<Uuid> {
    let found = store::account::find_credentials(&database.pool, login).await?;
    match found {
        Some(found) => Ok(found.person_id),
        None => anyhow::bail!("nobody has the login {login}; `synops user list` shows all"),
    }
}

fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    let mut text = serde_json::to_string_pretty(value)?;
    text.push('\n');
    print(&text)
}

/// To standard output. That a reader has left (`| head`) is no failure.
fn print(text: &str) -> anyhow::Result<()> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

/// JSON from the command line; `-`: from standard input, where no other user sees it.
fn payload_of(said: &str) -> anyhow::Result<Value> {
    if said != "-" {
        return serde_json::from_str(said).context("the payload is not JSON");
    }
    let mut text = String::new();
    std::io::stdin().take(REQUEST_BODY_MAX_BYTES as u64).read_to_string(&mut text).context("standard input")?;
    serde_json::from_str(&text).context("what came on standard input is not JSON")
}

/// Where people reach the server, for links.
fn base_url(config: &Config) -> String {
    crate::address::base_url(config, config.listen)
}

/// A refusal with its cause, which only the command line may show: whoever runs it has the database.
fn refused(refusal: Refusal) -> anyhow::Error {
    refusal.into()
}
