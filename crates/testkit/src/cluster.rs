//! The cluster that tests make their databases in, and the one template they are made from.

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::str::FromStr;

/// Superuser's URL of any database of the cluster.
const URL_VARIABLE: &str = "SYNOPS_TEST_POSTGRES_URL";
pub(crate) const OWNER: &str = "synops_owner";
pub(crate) const SERVER: &str = "synops_server";
/// Of both logins, for clusters that ask for one.
const PASSWORD: &str = "synops-test";
/// Held while roles and template are made: tests run in many processes.
const TEMPLATE_LOCK: i64 = 0x7379_6e6f_7073;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// Where the cluster is, and how to log in.
#[derive(Clone)]
pub(crate) struct Cluster {
    superuser: PgConnectOptions,
}

impl Cluster {
    /// From the environment; fails the test when it says nothing.
    #[expect(clippy::disallowed_methods, reason = "the suite tells its tests where PostgreSQL is by this variable")]
    pub(crate) fn of_the_suite() -> Self {
        let url = std::env::var(URL_VARIABLE).unwrap_or_else(|_| {
            panic!("{URL_VARIABLE} is not set: run the tests by ./dev test, or name a superuser's URL there")
        });
        Self::at(&url)
    }

    /// A superuser's URL of any database of it.
    pub(crate) fn at(url: &str) -> Self {
        let superuser = PgConnectOptions::from_str(url).unwrap_or_else(|error| panic!("the cluster's URL: {error}"));
        Self { superuser: superuser.application_name("synops-testkit") }
    }

    pub(crate) async fn connect(&self) -> Result<PgConnection> {
        PgConnection::connect_with(&self.superuser).await
    }

    pub(crate) fn superuser(&self, database: &str) -> PgConnectOptions {
        self.superuser.clone().database(database)
    }

    pub(crate) fn login(&self, role: &str, database: &str) -> PgConnectOptions {
        self.superuser(database).username(role).password(PASSWORD)
    }

    /// Makes the template unless it is there, and answers its name. The name tells which migrations
    /// made it; a half-made one has another name, and is made anew.
    pub(crate) async fn template(&self) -> Result<String> {
        let name = format!("synops_template_{:016x}", hash_of_migrations());
        let mut db = self.connect().await?;
        // The end of the connection lets go of it, however this ends.
        sqlx::query("select pg_advisory_lock($1)").bind(TEMPLATE_LOCK).execute(&mut db).await?;
        let there: bool = sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
            .bind(&name)
            .fetch_one(&mut db)
            .await?;
        if !there {
            self.make_template(&mut db, &name).await?;
        }
        db.close().await?;
        Ok(name)
    }

    async fn make_template(&self, db: &mut PgConnection, name: &str) -> Result<()> {
        for role in [OWNER, SERVER] {
            let known: bool = sqlx::query_scalar("select exists (select from pg_roles where rolname = $1)")
                .bind(role)
                .fetch_one(&mut *db)
                .await?;
            let verb = if known { "alter" } else { "create" };
            run(db, format!("{verb} role {role} login nosuperuser password '{PASSWORD}'")).await?;
        }
        let making = format!("{name}_making");
        run(db, format!("drop database if exists {making} with (force)")).await?;
        run(db, format!("create database {making} owner {OWNER} template template0 encoding 'UTF8'")).await?;
        let mut inside = PgConnection::connect_with(&self.superuser(&making)).await?;
        run(&mut inside, format!("alter schema public owner to {OWNER}")).await?;
        inside.close().await?;
        let owner_url = url_of(&self.login(OWNER, &making));
        store::migrate::migrate(&owner_url, SERVER).await.unwrap_or_else(|error| panic!("the template's migrations: {error:?}"));
        run(db, format!("alter database {making} rename to {name}")).await?;
        run(db, format!("alter database {name} with allow_connections false")).await
    }
}

/// Runs one statement whose names come from this crate alone.
pub(crate) async fn run(db: &mut PgConnection, statement: String) -> Result<()> {
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(db).await?;
    Ok(())
}

pub(crate) fn url_of(options: &PgConnectOptions) -> String {
    options.to_url_lossy().to_string()
}

fn hash_of_migrations() -> u64 {
    let mut hasher = DefaultHasher::new();
    for migration in store::migrate::MIGRATIONS.iter() {
        migration.version.hash(&mut hasher);
        migration.checksum.hash(&mut hasher);
    }
    hasher.finish()
}
