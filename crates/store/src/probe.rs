//! Connects to somebody else's PostgreSQL, as a check does.

use sqlx::Connection;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgSslMode};
use std::io::ErrorKind;
use std::net::IpAddr;
use std::path::PathBuf;

/// Where to connect: decided by whoever guards what checks may reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Address(IpAddr),
    /// The directory of a unix socket.
    Socket(PathBuf),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tls {
    Off,
    /// If the server offers it. Certificates are not verified.
    #[default]
    Preferred,
    /// Certificates are not verified.
    Required,
}

/// Whom to log in as. (No `Debug`: it carries a password.)
pub struct Login<'a> {
    pub port: u16,
    pub user: &'a str,
    pub database: &'a str,
    pub password: Option<&'a str>,
    pub tls: Tls,
}

/// Why it failed; free of the other server's own text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    Io(ErrorKind),
    Tls,
    /// PostgreSQL's error code.
    Refused(String),
    Protocol,
}

/// Connects, runs `select 1`, and says goodbye. The caller bounds its time.
pub async fn probe_postgres(place: &Place, login: &Login<'_>) -> Result<(), Failure> {
    let mode = match login.tls {
        Tls::Off => PgSslMode::Disable,
        Tls::Preferred => PgSslMode::Prefer,
        Tls::Required => PgSslMode::Require,
    };
    // Always a password, so that none from this server's own environment goes to a stranger.
    let options = PgConnectOptions::new_without_pgpass()
        .port(login.port)
        .username(login.user)
        .database(login.database)
        .password(login.password.unwrap_or_default())
        .ssl_mode(mode)
        .application_name("synops-check");
    let options = match place {
        Place::Address(address) => options.host(&address.to_string()),
        Place::Socket(directory) => options.socket(directory),
    };
    let mut db = PgConnection::connect_with(&options).await.map_err(|error| failure(&error))?;
    sqlx::query_scalar!(r#"select 1 as "one!""#).fetch_one(&mut db).await.map_err(|error| failure(&error))?;
    // It has answered: a goodbye that fails changes nothing.
    let _ = db.close().await;
    Ok(())
}

fn failure(error: &sqlx::Error) -> Failure {
    match error {
        sqlx::Error::Io(error) => Failure::Io(error.kind()),
        sqlx::Error::Tls(_) => Failure::Tls,
        sqlx::Error::Database(error) => Failure::Refused(error.code().unwrap_or_default().into_owned()),
        _ => Failure::Protocol,
    }
}
