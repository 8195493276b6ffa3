//! A PostgreSQL connection and `select 1`.
//!
//! Of the URL only what says where and as whom is taken: user, host, port, database (also as query
//! parameters) and `sslmode`. Other parameters are left out, because some of them name files. The
//! name is resolved here, past the guard, and PostgreSQL is given the address: so certificates
//! cannot be verified, and `sslmode=verify-…` is refused rather than weakened.

use super::failure::Failure;
use super::network::{Network, first_of};
use reqwest::Url;
use std::path::PathBuf;
use std::time::Duration;
use store::probe::{self, Login, Place, Tls};

pub(super) async fn check(network: &Network, url: &str, password: Option<&str>, budget: Duration) -> Result<(), Failure> {
    let address = Address::parse(url)?;
    let login = Login { port: address.port, user: &address.user, database: &address.database, password, tls: address.tls };
    if address.host.starts_with('/') {
        let directory = PathBuf::from(&address.host);
        if !network.guard().admits_socket(&directory) {
            return Err(Failure::SocketNotAllowed);
        }
        return probe::probe_postgres(&Place::Socket(directory), &login).await.map_err(failure);
    }
    let addresses = network.addresses(&address.host).await?;
    let login = &login;
    first_of(addresses, budget, |ip| async move { probe::probe_postgres(&Place::Address(ip), login).await.map_err(failure) })
        .await
}

fn failure(failure: probe::Failure) -> Failure {
    match failure {
        probe::Failure::Io(kind) => Failure::from_io(kind),
        probe::Failure::Tls => Failure::Tls,
        probe::Failure::Refused(code) => Failure::Postgres(code),
        probe::Failure::Protocol => Failure::NotPostgres,
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Address {
    /// A name, an address, or the directory of a socket.
    host: String,
    port: u16,
    user: String,
    database: String,
    tls: Tls,
}

const NO_URL: Failure = Failure::Unsupported("the address is not like postgres://user@host:5432/database");

impl Address {
    fn parse(text: &str) -> Result<Self, Failure> {
        let url = Url::parse(text).map_err(|_| NO_URL)?;
        let mut host = url.host_str().map(decode).transpose()?.unwrap_or_default();
        let mut user = decode(url.username())?;
        let mut port = url.port().unwrap_or(5432);
        let mut database = decode(url.path().trim_start_matches('/'))?;
        let mut tls = Tls::Preferred;
        for (name, value) in url.query_pairs() {
            match name.as_ref() {
                "host" => host = value.into_owned(),
                "port" => port = value.parse().map_err(|_| NO_URL)?,
                "user" => user = value.into_owned(),
                "dbname" => database = value.into_owned(),
                "sslmode" => {
                    tls = match value.as_ref() {
                        "disable" => Tls::Off,
                        "allow" | "prefer" => Tls::Preferred,
                        "require" => Tls::Required,
                        _ => return Err(Failure::Unsupported("a check cannot verify certificates: use sslmode=require")),
                    }
                }
                _ => {}
            }
        }
        if host.is_empty() {
            return Err(NO_URL);
        }
        if user.is_empty() {
            user = "postgres".to_owned();
        }
        // As PostgreSQL itself has it.
        if database.is_empty() {
            database.clone_from(&user);
        }
        Ok(Self { host, port, user, database, tls })
    }
}

/// Undoes percent-encoding.
fn decode(text: &str) -> Result<String, Failure> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let mut digit = || bytes.next().and_then(|b| char::from(b).to_digit(16)).and_then(|d| u8::try_from(d).ok());
        let (Some(high), Some(low)) = (digit(), digit()) else { return Err(NO_URL) };
        out.push(high * 16 + low);
    }
    String::from_utf8(out).map_err(|_| NO_URL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let check = |url: &str, host: &str, port, user: &str, database: &str, tls| {
            let expect = Address { host: host.to_owned(), port, user: user.to_owned(), database: database.to_owned(), tls };
            assert_eq!(Address::parse(url), Ok(expect), "{url}");
        };
        check("postgres://app@db.example.org:6432/shop", "db.example.org", 6432, "app", "shop", Tls::Preferred);
        check("postgresql://db/shop?sslmode=require&application_name=x", "db", 5432, "postgres", "shop", Tls::Required);
        check("postgres://app@[::1]/", "[::1]", 5432, "app", "app", Tls::Preferred);
        check("postgres:///shop?host=/run/x&port=7&user=a%20b&sslmode=disable", "/run/x", 7, "a b", "shop", Tls::Off);
        check("postgres://app@%2Frun%2Fx:5433/shop", "/run/x", 5433, "app", "shop", Tls::Preferred);
        check("postgres://a%40b@h/d%2Fe?sslrootcert=/etc/shadow", "h", 5432, "a@b", "d/e", Tls::Preferred);
    }

    #[test]
    fn what_is_no_address() {
        for url in
            ["", "postgres://", "postgres:///shop", "postgres://u@h:x/d", "postgres://u@h/%zz", "postgres://h/d?port=99999"]
        {
            assert_eq!(Address::parse(url), Err(NO_URL), "{url}");
        }
        assert!(matches!(Address::parse("postgres://h/d?sslmode=verify-full"), Err(Failure::Unsupported(_))));
    }
}
