//! Connection URLs for a unix socket.

use std::fmt::Write;
use std::path::Path;

/// The form that libpq and the common drivers agree on: no host in the
/// authority, everything else as query parameters.
pub(crate) fn url(socket_dir: &Path, port: u16, user: &str, database: &str) -> String {
    format!("postgres:///{}?host={}&port={port}&user={}", encode(database), encode(&socket_dir.to_string_lossy()), encode(user))
}

/// Percent-encodes all but RFC 3986's unreserved characters. A space becomes
/// `%20` since libpq does not read `+` as one.
fn encode(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("writing to a string cannot fail");
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_meaning_in_a_url_is_encoded() {
        assert_eq!(
            url(Path::new("/a b/c+d"), 5432, "o&m", "50% ø/x?"),
            "postgres:///50%25%20%C3%B8%2Fx%3F?host=%2Fa%20b%2Fc%2Bd&port=5432&user=o%26m"
        );
    }
}
