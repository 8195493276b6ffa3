//! `synops config`.

use super::{print, print_json};
use crate::cli::{ConfigVerb, Json};
use crate::config::{self, Config, DEFAULT_FILE, Environment};
use crate::exit::Outcome;
use std::path::Path;

/// Needs no database.
pub fn run(verb: &ConfigVerb, file: Option<&Path>, environment: &Environment) -> anyhow::Result<Outcome> {
    match verb {
        ConfigVerb::Default => print(DEFAULT_FILE)?,
        ConfigVerb::Show(json) => show(*json, file, environment)?,
        ConfigVerb::Check => {
            Config::load(file, environment)?;
            print("The configuration is fine.\n")?;
        }
    }
    Ok(Outcome::Done)
}

fn show(json: Json, file: Option<&Path>, environment: &Environment) -> anyhow::Result<()> {
    let all = config::show(file, environment)?;
    if json.json {
        return print_json(&all);
    }
    let mut text = String::new();
    for shown in all {
        match shown.value {
            Some(value) => text.push_str(&format!("{} = {value}  # {}\n", shown.name, shown.source)),
            None => text.push_str(&format!("# {} is not set\n", shown.name)),
        }
    }
    print(&text)
}
