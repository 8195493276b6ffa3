//! `synops doctor`: whether everything around the server is as it should be, line by line, each
//! with what to do.

mod database;
mod dumps;
mod files;
mod machine;

use crate::config::Config;
use crate::database::Database;
use serde::Serialize;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Ok,
    Warn,
    Fail,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub name: &'static str,
    pub level: Level,
    pub detail: String,
    /// What to do; for what is not fine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

impl Finding {
    fn ok(name: &'static str, detail: impl Into<String>) -> Self {
        Self { name, level: Level::Ok, detail: detail.into(), advice: None }
    }

    fn warn(name: &'static str, detail: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { name, level: Level::Warn, detail: detail.into(), advice: Some(advice.into()) }
    }

    fn fail(name: &'static str, detail: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { name, level: Level::Fail, detail: detail.into(), advice: Some(advice.into()) }
    }
}

/// Looks at everything. Changes nothing; a private PostgreSQL that does not run is started for as
/// long as it takes.
pub async fn examine(config: &Config) -> Vec<Finding> {
    let mut findings = vec![
        Finding::ok("configuration", format!("roles {:?}, data in {}", config.roles, config.data_dir.display())),
        machine::listen(config).await,
        machine::data_dir(config),
        files::room(config),
    ];
    findings.extend(dumps::telemetry(config));
    match Database::visit(config).await {
        Ok(database) => {
            database::examine(&database, config, &mut findings).await;
            if let Err(error) = database.close().await {
                findings.push(Finding::warn("private PostgreSQL", format!("{error:#}"), "Look at postgres.log in the data directory."));
            }
        }
        Err(error) => findings.push(Finding::fail(
            "database",
            format!("{error:#}"),
            "Check that PostgreSQL runs and that DATABASE_URL names its address, login and database. Without DATABASE_URL: look at \
             postgres.log in the data directory.",
        )),
    }
    findings
}

/// As a person reads it.
pub fn render(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let level = match finding.level {
            Level::Ok => "ok  ",
            Level::Warn => "warn",
            Level::Fail => "FAIL",
        };
        text.push_str(&format!("{level}  {}: {}\n", finding.name, indent(&finding.detail)));
        if let Some(advice) = &finding.advice {
            text.push_str(&format!("      → {}\n", indent(advice)));
        }
    }
    text
}

fn indent(text: &str) -> String {
    text.replace('\n', "\n        ")
}
