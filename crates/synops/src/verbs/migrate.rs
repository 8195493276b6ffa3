//! `synops migrate`.

use super::{print, print_json};
use crate::cli::Json;
use crate::config::Config;
use crate::exit::{Misconfigured, Outcome};
use crate::login::Login;
use crate::managed;
use anyhow::Context as _;
use secrecy::ExposeSecret;
use store::bootstrap::Error;

/// With the owner's login; never with the server's, whatever it may have been granted.
pub async fn run(json: Json, config: &Config) -> anyhow::Result<Outcome> {
    match (&config.database_url, &config.owner_url) {
        (None, None) => private(config).await?,
        (None, Some(_)) => {
            return Err(Misconfigured(
                "SYNOPS_OWNER_URL is set and DATABASE_URL is not: name the server's login there too".to_owned(),
            )
            .into());
        }
        (Some(_), None) => {
            let what = "SYNOPS_OWNER_URL is not set: migrations run with the login that owns the schema, like\n\n    \
                        SYNOPS_OWNER_URL='postgres://OWNER:PASSWORD@HOST/DATABASE' synops migrate";
            return Err(Misconfigured(what.to_owned()).into());
        }
        (Some(server_url), Some(owner_url)) => {
            let server = Login::parse("database_url", server_url)?;
            let owner = Login::parse("owner_url", owner_url)?;
            if server.role == owner.role {
                let what = format!(
                    "DATABASE_URL and SYNOPS_OWNER_URL name the same login, {}: the server must not be able to change the schema. \
                     Put another role into DATABASE_URL, synops_server for example; it is made if it is missing",
                    server.role
                );
                return Err(Misconfigured(what).into());
            }
            given(owner_url.expose_secret(), &server).await?;
        }
    }
    if json.json {
        print_json(&serde_json::json!({ "migrated": true }))?;
    } else {
        print("The schema is up to date.\n")?;
    }
    Ok(Outcome::Done)
}

/// The private PostgreSQL, which a running server has migrated already.
async fn private(config: &Config) -> anyhow::Result<()> {
    match managed::start(config).await {
        Ok(cluster) => {
            managed::prepare(&cluster).await?;
            Ok(cluster.stop().await?)
        }
        Err(managed_postgres::Error::InUse { .. }) => {
            tracing::info!("a server runs on this data directory; it migrated when it started");
            Ok(())
        }
        Err(error) => Err(managed::told(error)),
    }
}

async fn given(owner_url: &str, server: &Login) -> anyhow::Result<()> {
    let password = server.password.as_ref().map(ExposeSecret::expose_secret);
    match store::bootstrap::ensure_server_role(owner_url, &server.role, password).await {
        Ok(true) => tracing::info!(role = server.role, "made the server's role"),
        Ok(false) => {}
        Err(error @ (Error::MayNotMakeRoles | Error::Password)) => {
            let what = format!(
                "{error}. As a superuser, run:\n\n    create role \"{}\" login password '…';",
                server.role.replace('"', "\"\"")
            );
            return Err(Misconfigured(what).into());
        }
        Err(Error::Database(error)) => {
            return Err(anyhow::Error::new(error).context("the owner's login could not work on the database"));
        }
    }
    store::migrate::migrate(owner_url, &server.role).await?;
    let owned =
        store::bootstrap::revoke_temporary(owner_url).await.context("the right to temporary tables could not be taken back")?;
    if !owned {
        tracing::info!("the database is not the owner's: everybody may still make temporary tables in it");
    }
    Ok(())
}
