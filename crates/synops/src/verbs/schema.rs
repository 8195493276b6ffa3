//! `synops schema`.

use super::{print, print_json};
use crate::cli::{Json, SchemaVerb};
use crate::config::Config;
use crate::database::Database;
use crate::exit::Outcome;
use store::schema::{Difference, EXPECTED, differences, list_schema};

/// Reads only; any login can.
pub async fn run(verb: &SchemaVerb, config: &Config) -> anyhow::Result<Outcome> {
    let database = Database::visit(config).await?;
    let live = list_schema(&database.pool).await;
    database.close().await?;
    let live = live?;
    match verb {
        SchemaVerb::Dump => {
            print(&(live.join("\n") + "\n"))?;
            Ok(Outcome::Done)
        }
        SchemaVerb::Check(json) => check(*json, &live),
    }
}

fn check(json: Json, live: &[String]) -> anyhow::Result<Outcome> {
    let found = differences(EXPECTED, live);
    if json.json {
        let lines = |missing: bool| -> Vec<&str> {
            let of_kind = found.iter().filter_map(|difference| match difference {
                Difference::Missing(line) => missing.then_some(line.as_str()),
                Difference::Unexpected(line) => (!missing).then_some(line.as_str()),
            });
            of_kind.collect()
        };
        print_json(&serde_json::json!({ "missing": lines(true), "unexpected": lines(false) }))?;
    } else if found.is_empty() {
        print("The schema is as the migrations make it.\n")?;
    } else {
        print(&found.iter().map(|difference| format!("{difference}\n")).collect::<String>())?;
    }
    Ok(if found.is_empty() { Outcome::Done } else { Outcome::Findings })
}
