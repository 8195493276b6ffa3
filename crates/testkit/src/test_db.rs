//! A database of its own for each test.

use crate::cluster::{Cluster, OWNER, SERVER, run, url_of};
use crate::tcp_proxy::Target;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use std::net::SocketAddr;
use std::time::Duration;
use store::{Pool, PoolOptions};
use uuid::Uuid;

const CONNECTIONS_MAX: u32 = 8;
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(20);
const DROP_LIMIT: Duration = Duration::from_secs(20);

/// A migrated database that nobody else uses. Dropped with this value, also when the test fails.
pub struct TestDb {
    cluster: Cluster,
    name: String,
    pool: Pool,
    owner_pool: Pool,
    superuser_pool: Pool,
}

impl TestDb {
    /// Copies the template (a few ten milliseconds; the first test of a suite also makes it).
    pub async fn new() -> Self {
        Self::of(Cluster::of_the_suite()).await
    }

    /// In a cluster that is the test's own, by a superuser's URL: one to be killed. It must outlive this.
    pub async fn new_at(superuser_url: &str) -> Self {
        Self::of(Cluster::at(superuser_url)).await
    }

    async fn of(cluster: Cluster) -> Self {
        let template = cluster.template().await.unwrap_or_else(|error| panic!("the template database: {error}"));
        let name = format!("synops_test_{}", Uuid::new_v4().simple());
        let mut db = cluster.connect().await.expect("the suite's PostgreSQL");
        run(&mut db, format!("create database {name} template {template} owner {OWNER}")).await.expect("a database for the test");
        let lazy = |options: PgConnectOptions| {
            PgPoolOptions::new().max_connections(CONNECTIONS_MAX).acquire_timeout(ACQUIRE_TIMEOUT).connect_lazy_with(options)
        };
        let owner_pool = lazy(cluster.login(OWNER, &name));
        let superuser_pool = lazy(cluster.superuser(&name));
        let server_url = url_of(&cluster.login(SERVER, &name));
        let pool =
            store::connect(&server_url, &PoolOptions { connections_max: CONNECTIONS_MAX, acquire_timeout: ACQUIRE_TIMEOUT })
                .await
                .expect("the server's login");
        Self { cluster, name, pool, owner_pool, superuser_pool }
    }

    /// As if nobody had kept partitions for long: what is written now goes to the nets.
    pub async fn forget_partitions(&self) {
        let statement = "do $$ declare leaf text; begin
            for leaf in select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid where c.relname ~ '_p[0-9]{8}$'
            loop execute format('drop table %I', leaf); end loop; end $$";
        sqlx::raw_sql(statement).execute(&self.owner_pool).await.expect("the owner may drop partitions");
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Through `store::connect` with the server's login, as the product does it.
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// With the owner's login and no settings: writes as somebody with psql does.
    pub fn owner_pool(&self) -> &Pool {
        &self.owner_pool
    }

    /// For what only the cluster's superuser may see or break.
    pub fn superuser_pool(&self) -> &Pool {
        &self.superuser_pool
    }

    pub fn server_url(&self) -> String {
        url_of(&self.cluster.login(SERVER, &self.name))
    }

    pub fn owner_url(&self) -> String {
        url_of(&self.cluster.login(OWNER, &self.name))
    }

    /// The superuser's URL of this database.
    pub fn superuser_url(&self) -> String {
        url_of(&self.cluster.superuser(&self.name))
    }

    /// Where the cluster listens, for a [`crate::TcpProxy`] in front of it.
    pub fn target(&self) -> Target {
        let options = self.cluster.superuser(&self.name);
        match options.get_socket() {
            Some(directory) => Target::Unix(directory.join(format!(".s.PGSQL.{}", options.get_port()))),
            None => Target::Tcp(format!("{}:{}", options.get_host(), options.get_port())),
        }
    }

    /// The server's URL by way of a proxy.
    pub fn server_url_via(&self, proxy: SocketAddr) -> String {
        via(&self.server_url(), proxy)
    }

    /// The owner's URL by way of a proxy.
    pub fn owner_url_via(&self, proxy: SocketAddr) -> String {
        via(&self.owner_url(), proxy)
    }
}

/// The same login, database and settings at another address. (The authority may be a socket.)
fn via(url: &str, address: SocketAddr) -> String {
    let (login, rest) = url.split_once('@').expect("a URL made here names its user");
    let (_, database) = rest.split_once('/').expect("a URL made here names its database");
    format!("{login}@{address}/{database}")
}

impl Drop for TestDb {
    /// On a thread with a runtime of its own: the test's may be gone, or be this thread's.
    fn drop(&mut self) {
        let (cluster, name) = (self.cluster.clone(), self.name.clone());
        let thread = std::thread::Builder::new().name("drop-test-db".to_owned()).spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
            let dropping = async {
                let mut db = cluster.connect().await?;
                run(&mut db, format!("drop database if exists {name} with (force)")).await
            };
            match runtime.block_on(async { tokio::time::timeout(DROP_LIMIT, dropping).await }) {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => Err(error.to_string()),
                Err(_) => Err(format!("not within {DROP_LIMIT:?}")),
            }
        });
        let outcome =
            thread.map_err(|error| error.to_string()).and_then(|t| t.join().unwrap_or_else(|_| Err("it panicked".to_owned())));
        if let Err(error) = outcome
            && !std::thread::panicking()
        {
            panic!("the test's database {} could not be dropped: {error}", self.name);
        }
    }
}
