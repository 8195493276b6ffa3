//! A private PostgreSQL with the real schema, and copies of it.

use anyhow::Context as _;
use managed_postgres::{Cluster, Config};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use std::path::Path;
use std::str::FromStr;
use store::bootstrap::{DATABASE, OWNER_ROLE, SERVER_ROLE};

/// The same for every variant: what is committed is on disk.
const SETTINGS: [(&str, &str); 6] = [
    ("fsync", "on"),
    ("synchronous_commit", "on"),
    ("max_connections", "400"),
    // A checkpoint in the middle of one variant would be held against it.
    ("checkpoint_timeout", "30min"),
    ("max_wal_size", "16GB"),
    ("shared_buffers", "256MB"),
];

pub(crate) struct Postgres {
    cluster: Cluster,
}

impl Postgres {
    /// Starts one in `dir` with these settings besides, and migrates its database.
    pub(crate) async fn start(dir: &Path, settings: &[(&str, &str)]) -> anyhow::Result<Self> {
        let config =
            SETTINGS.iter().chain(settings).fold(Config::new(dir), |config, (name, value)| config.setting(*name, *value));
        let cluster = Cluster::start(config).await.context("PostgreSQL")?;
        store::bootstrap::bootstrap(&cluster.connection_url("postgres", "postgres")).await?;
        store::migrate::migrate(&cluster.connection_url(OWNER_ROLE, DATABASE), SERVER_ROLE).await?;
        Ok(Self { cluster })
    }

    pub(crate) fn version(&self) -> u32 {
        self.cluster.major_version()
    }

    /// Of the process that keeps all others.
    pub(crate) fn pid(&self) -> u32 {
        self.cluster.pid().unwrap_or(0)
    }

    /// The processes that servers' tailers read the log by.
    pub(crate) async fn tailers(&self) -> anyhow::Result<Vec<u32>> {
        let mut db = self.superuser("postgres").await?;
        let statement = "select pid from pg_stat_activity where application_name = 'synops tailer'";
        let pids: Vec<i32> = sqlx::query_scalar(statement).fetch_all(&mut db).await?;
        Ok(pids.into_iter().map(i32::cast_unsigned).collect())
    }

    /// For the server's own login.
    pub(crate) fn server_url(&self, database: &str) -> String {
        self.cluster.connection_url(SERVER_ROLE, database)
    }

    pub(crate) fn superuser_url(&self, database: &str) -> String {
        self.cluster.connection_url("postgres", database)
    }

    /// The server's login, as anybody with psql would use it.
    pub(crate) async fn foreign_writer(&self, database: &str) -> anyhow::Result<PgConnection> {
        Ok(PgConnectOptions::from_str(&self.server_url(database))?.connect().await?)
    }

    /// The same with the mark of our own writers, who ring by other means.
    pub(crate) async fn own_writer(&self, database: &str) -> anyhow::Result<PgConnection> {
        Ok(PgConnectOptions::from_str(&self.server_url(database))?.options([("synops.writer", "server")]).connect().await?)
    }

    pub(crate) async fn superuser(&self, database: &str) -> anyhow::Result<PgConnection> {
        Ok(PgConnection::connect(&self.cluster.connection_url("postgres", database)).await?)
    }

    /// Runs statements of ours as superuser.
    pub(crate) async fn run(&self, database: &str, statements: &str) -> anyhow::Result<()> {
        let mut db = self.superuser(database).await?;
        sqlx::raw_sql(AssertSqlSafe(statements.to_owned())).execute(&mut db).await?;
        db.close().await?;
        Ok(())
    }

    /// An exact copy of the product's database, changed by these statements.
    pub(crate) async fn copy(&self, name: &str, statements: &str) -> anyhow::Result<()> {
        self.run("postgres", &format!("create database {name} template {DATABASE}")).await?;
        self.run(name, statements).await.with_context(|| format!("the variant {name}"))
    }
}
