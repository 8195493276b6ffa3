//! `synops doctor`.

use super::{print, print_json};
use crate::cli::Json;
use crate::config::Config;
use crate::doctor::{self, Level};
use crate::exit::Outcome;

/// Fails when a line does.
pub async fn run(json: Json, config: &Config) -> anyhow::Result<Outcome> {
    let findings = doctor::examine(config).await;
    if json.json {
        print_json(&findings)?
    } else {
        print(&doctor::render(&findings))?
    }
    let failed = findings.iter().any(|finding| finding.level == Level::Fail);
    Ok(if failed { Outcome::Findings } else { Outcome::Done })
}
