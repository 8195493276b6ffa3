//! Which database, and how to get to it.

use crate::config::Config;
use crate::exit::Misconfigured;
use crate::login::Login;
use crate::{managed, preconditions};
use anyhow::Context as _;
use managed_postgres::{Cluster, Error};
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;
use store::{Pool, PoolOptions};

/// A database that is ready to be worked on: migrated, and with a login that fits.
pub(crate) struct Database {
    /// Of the server's login.
    pub(crate) url: SecretString,
    pub(crate) pool: Pool,
    /// The private PostgreSQL, when this process runs it.
    pub(crate) cluster: Option<Cluster>,
    /// What the URL says of it.
    pub(crate) login: Login,
}

impl Database {
    /// For the server: starts the private PostgreSQL and migrates it, or connects to the one that
    /// the configuration names, which must have been migrated.
    pub(crate) async fn open(config: &Config) -> anyhow::Result<Self> {
        let Some(url) = &config.database_url else {
            let cluster = managed::start(config).await.map_err(managed::told)?;
            // Dropped on an error, it ends.
            managed::prepare(&cluster).await?;
            let url = SecretString::from(managed::server_url(&cluster));
            return Self::connect(config, url, Some(cluster)).await;
        };
        let database = Self::connect(config, url.clone(), None).await?;
        preconditions::check(&database.pool).await?;
        Ok(database)
    }

    /// For a command: as it is. A private PostgreSQL that a server runs is used, else started for as
    /// long as the command takes.
    pub(crate) async fn visit(config: &Config) -> anyhow::Result<Self> {
        if let Some(url) = &config.database_url {
            return Self::connect(config, url.clone(), None).await;
        }
        if !managed::is_there(config) {
            let dir = config.data_dir.display();
            return Err(Misconfigured(format!(
                "There is no database in {dir} yet: `synops serve` makes it. Or set DATABASE_URL."
            ))
            .into());
        }
        match managed::start(config).await {
            Ok(cluster) => {
                let url = SecretString::from(managed::server_url(&cluster));
                Self::connect(config, url, Some(cluster)).await
            }
            Err(Error::InUse { .. }) => {
                let url = managed::url_of_running(&config.data_dir)?;
                Self::connect(config, SecretString::from(url), None).await
            }
            Err(error) => Err(managed::told(error)),
        }
    }

    async fn connect(config: &Config, url: SecretString, cluster: Option<Cluster>) -> anyhow::Result<Self> {
        let login = Login::parse("database_url", &url)?;
        let options = PoolOptions { connections_max: config.connections_max, ..PoolOptions::default() };
        let pool = store::connect(url.expose_secret(), &options).await.context("the database does not answer")?;
        Ok(Self { url, pool, cluster, login })
    }

    /// Lets go of it. A cluster that was started for a command stops.
    pub(crate) async fn close(self) -> anyhow::Result<()> {
        close_pool(&self.pool).await;
        match self.cluster {
            Some(cluster) => Ok(cluster.stop().await?),
            None => Ok(()),
        }
    }
}

/// Waits for connections in use, within a bound: whoever holds one then loses it.
pub(crate) async fn close_pool(pool: &Pool) {
    const BOUND: Duration = Duration::from_secs(3);
    if tokio::time::timeout(BOUND, pool.close()).await.is_err() {
        tracing::warn!("connections to the database were still in use and are cut");
    }
}
