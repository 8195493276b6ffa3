//! The login in a database's URL.

use crate::exit::Misconfigured;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

/// What a `postgres://` address says of who connects.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    pub(crate) role: String,
    pub(crate) password: Option<SecretString>,
    /// The same address without the password.
    pub(crate) url_without_password: String,
    /// The directory of its socket, when it connects by one.
    pub(crate) socket_dir: Option<String>,
}

impl Login {
    /// `name` is the setting it came from, for the message.
    pub(crate) fn parse(name: &str, url: &SecretString) -> Result<Self, Misconfigured> {
        let wrong =
            || Misconfigured(format!("`{name}`: an address like postgres://user:password@host:5432/database is expected"));
        let mut url = Url::parse(url.expose_secret()).map_err(|_| wrong())?;
        let query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let find = |name: &str| query.iter().rfind(|(key, _)| key == name).map(|(_, value)| value.clone());
        let role = find("user").or_else(|| Some(decode(url.username())).filter(|role| !role.is_empty())).ok_or_else(wrong)?;
        let password = find("password").or_else(|| url.password().map(decode));
        let host = find("host").or_else(|| url.host_str().map(decode));
        url.set_password(None)
            .map_err(|()| wrong())
            .or_else(|error| if url.password().is_none() { Ok(()) } else { Err(error) })?;
        if query.iter().any(|(key, _)| key == "password") {
            url.query_pairs_mut().clear().extend_pairs(query.iter().filter(|(key, _)| key != "password"));
        }
        Ok(Self {
            role,
            password: password.map(SecretString::from),
            url_without_password: url.to_string(),
            socket_dir: host.filter(|host| host.starts_with('/')),
        })
    }
}

/// Percent-decoded; what is no UTF-8 is replaced.
fn decode(text: &str) -> String {
    // A query's decoder: in it alone "+" is a space, so it goes in encoded.
    let query = format!("x={}", text.replace('+', "%2B").replace('&', "%26"));
    url::form_urlencoded::parse(query.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, role: &str, password: Option<&str>, without: &str, socket_dir: Option<&str>) {
        let login = Login::parse("database_url", &SecretString::from(url)).unwrap();
        assert_eq!(login.role, role);
        assert_eq!(login.password.as_ref().map(|p| p.expose_secret()), password);
        assert_eq!(login.url_without_password, without);
        assert_eq!(login.socket_dir.as_deref(), socket_dir);
        assert!(!format!("{login:?}").contains("s3cret"));
    }

    #[test]
    fn logins_are_read_and_passwords_taken_out() {
        check("postgres://app:s3cret@db:5432/syn", "app", Some("s3cret"), "postgres://app@db:5432/syn", None);
        check("postgres://app@db/syn?sslmode=require", "app", None, "postgres://app@db/syn?sslmode=require", None);
        check("postgres://a%40b:s3cret%2B%26+%3D@db/syn", "a@b", Some("s3cret+&+="), "postgres://a%40b@db/syn", None);
        check(
            "postgres:///syn?host=%2Frun%2Fpg&user=app&password=s3cret",
            "app",
            Some("s3cret"),
            "postgres:///syn?host=%2Frun%2Fpg&user=app",
            Some("/run/pg"),
        );
        check("postgres://app@%2Frun%2Fpg/syn", "app", None, "postgres://app@%2Frun%2Fpg/syn", Some("/run/pg"));
    }

    #[test]
    fn an_address_without_a_user_is_refused_without_telling_the_password() {
        for url in ["postgres://:s3cret@db/syn", "postgres://db/syn", "postgres://a:s3cret@[/x"] {
            let error = Login::parse("owner_url", &SecretString::from(url)).unwrap_err().to_string();
            assert!(error.contains("`owner_url`") && !error.contains("s3cret"), "{error}");
        }
    }
}
