//! `synops openapi`.

use super::print;
use crate::exit::Outcome;

/// Needs neither configuration nor database.
pub fn run() -> anyhow::Result<Outcome> {
    print(&gateway::openapi_json())?;
    Ok(Outcome::Done)
}
