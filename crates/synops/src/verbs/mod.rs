//! The commands besides `serve`: each talks to the database, prints, and ends.

pub mod config;
pub mod doctor;
pub mod maintenance;
pub mod migrate;
pub mod openapi;
pub mod schema;
pub mod serve;
pub mod token;
pub mod user;

use crate::config::Config;
use crate::database::Database;
use domain::Refusal;
use intentions::Intentions;
use serde::Serialize;
use std::io::Write;
use std::sync::Arc;
use uuid::Uuid;

/// The way in for a command. Nobody of this process follows the feed: there is no bell to ring, and
/// a running server finds the change at its next look, within a fraction of a second.
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

/// Where people reach the server, for links.
fn base_url(config: &Config) -> String {
    crate::address::base_url(config, config.listen)
}

/// A refusal with its cause, which only the command line may show: whoever runs it has the database.
fn refused(refusal: Refusal) -> anyhow::Error {
    refusal.into()
}
