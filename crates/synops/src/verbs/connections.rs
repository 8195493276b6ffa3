//! `synops connections`.

use super::{intentions, print, print_json, refused};
use crate::cli::{ConnectionsVerb, Json};
use crate::config::Config;
use crate::database::Database;
use crate::exit::{Misconfigured, Outcome};
use crate::secret_key;
use keyring::Keyring;
use secrecy::ExposeSecret;
use serde_json::json;

pub async fn run(verb: &ConnectionsVerb, config: &Config) -> anyhow::Result<Outcome> {
    let json = match verb {
        ConnectionsVerb::RotateKey(json) => *json,
        ConnectionsVerb::NewKey => {
            print(&format!("{}\n", Keyring::generate()?.expose_secret()))?;
            return Ok(Outcome::Done);
        }
    };
    let database = Database::visit(config).await?;
    let done = rotate(json, config, &database).await;
    database.close().await?;
    done.map(|()| Outcome::Done)
}

async fn rotate(json: Json, config: &Config, database: &Database) -> anyhow::Result<()> {
    let keys = secret_key::keyring(config)?.ok_or_else(|| Misconfigured("`secrets.key` is not set".to_owned()))?;
    let done = intentions(database).with_keyring(Some(keys)).rotate_secrets().await.map_err(refused)?;
    if json.json {
        print_json(&json!({ "resealed": done.resealed, "failed": done.failed }))?;
    } else {
        print(&format!("{} sealed with the newest key\n", done.resealed))?;
    }
    anyhow::ensure!(
        done.failed.is_empty(),
        "no key opens the secrets of {} connections: add it to secrets.old_keys, or give their secrets again: {}",
        done.failed.len(),
        done.failed.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    );
    Ok(())
}
