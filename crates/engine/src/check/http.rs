//! A GET whose answer must be as expected.
//!
//! Up to five redirects are followed, each past the guard, unless the redirect itself is what is
//! expected. Without a text to look for the answer is complete with its headers; with one it is read
//! until the text is found, at most `CHECK_BODY_MAX_BYTES`. No proxy, no cookies, a fresh connection
//! each time.

use super::failure::Failure;
use super::network::{Network, literal};
use domain::check::StatusRanges;
use domain::limits::CHECK_BODY_MAX_BYTES;
use reqwest::header::LOCATION;
use reqwest::{Client, Response, Url, redirect};
use std::error::Error;
use std::sync::Arc;

const REDIRECTS_MAX: usize = 5;
const STATUS_DEFAULT: &str = "200-299";

/// A client that connects past the guard, and says what it is there for. The process has installed
/// its TLS provider before.
pub(crate) fn client(network: &Network, purpose: &str) -> Result<Client, reqwest::Error> {
    let builder = || {
        Client::builder()
            .dns_resolver(Arc::new(network.clone()))
            .redirect(redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .pool_max_idle_per_host(0)
            .user_agent(format!("synops/{} ({purpose})", env!("CARGO_PKG_VERSION")))
    };
    builder().build().or_else(|error| {
        tracing::warn!(%error, "the machine's TLS certificates cannot be read: nothing can be reached over https");
        builder().tls_certs_only([]).build()
    })
}

pub(super) struct Expected<'a> {
    pub(super) status: Option<&'a str>,
    pub(super) text: Option<&'a str>,
}

pub(super) async fn check(client: &Client, network: &Network, url: &str, expected: &Expected<'_>) -> Result<(), Failure> {
    let statuses = match expected.status {
        Some(text) => StatusRanges::parse(text).ok_or(Failure::Unsupported("the expected status is no list of codes"))?,
        None => StatusRanges::default(),
    };
    let mut url = Url::parse(url).map_err(|_| Failure::Unsupported("the address is not one"))?;
    for _ in 0..=REDIRECTS_MAX {
        let answer = get(client, network, &url).await?;
        let status = answer.status();
        if statuses.contains(status.as_u16()) {
            return match expected.text {
                Some(text) => find(answer, text.as_bytes()).await,
                None => Ok(()),
            };
        }
        let Some(location) = answer.headers().get(LOCATION).filter(|_| status.is_redirection()) else {
            let expected = expected.status.unwrap_or(STATUS_DEFAULT).to_owned();
            return Err(Failure::Status { got: status.as_u16(), expected });
        };
        url = location.to_str().ok().and_then(|to| url.join(to).ok()).ok_or(Failure::RedirectNowhere)?;
    }
    Err(Failure::RedirectsTooMany { followed: REDIRECTS_MAX })
}

async fn get(client: &Client, network: &Network, url: &Url) -> Result<Response, Failure> {
    admit(network, url)?;
    client.get(url.clone()).send().await.map_err(|error| failure(&error))
}

/// Whether an address may be asked; of names the client's resolver decides.
pub(crate) fn admit(network: &Network, url: &Url) -> Result<(), Failure> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Failure::RedirectNowhere);
    }
    // The client connects to literals without asking its resolver.
    if let Some(address) = url.host_str().and_then(literal)
        && !network.guard().admits(address)
    {
        return Err(Failure::NotAllowed);
    }
    Ok(())
}

/// Looks for a text in the body, as bytes.
async fn find(mut answer: Response, text: &[u8]) -> Result<(), Failure> {
    let mut body: Vec<u8> = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| failure(&error))? {
        // What was searched before can only hold the text's beginning.
        let from = body.len().saturating_sub(text.len());
        let room = CHECK_BODY_MAX_BYTES - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if body[from..].windows(text.len()).any(|window| window == text) {
            return Ok(());
        }
        if body.len() >= CHECK_BODY_MAX_BYTES {
            return Err(Failure::TextMissingIn { bytes: CHECK_BODY_MAX_BYTES });
        }
    }
    Err(Failure::TextMissing)
}

/// What lies behind the client's error.
pub(crate) fn failure(error: &reqwest::Error) -> Failure {
    let mut cause: Option<&(dyn Error + 'static)> = error.source();
    let mut io_kind = None;
    while let Some(found) = cause {
        if let Some(ours) = found.downcast_ref::<Failure>() {
            return ours.clone();
        }
        if let Some(tls) = found.downcast_ref::<rustls::Error>() {
            return tls_failure(tls);
        }
        cause = match found.downcast_ref::<std::io::Error>() {
            // What an io error wraps is no source of it.
            Some(io) => {
                io_kind = Some(io.kind());
                io.get_ref().map(|inner| inner as &(dyn Error + 'static))
            }
            None => found.source(),
        };
    }
    match io_kind {
        Some(kind) => Failure::from_io(kind),
        None if error.is_connect() => Failure::ConnectionFailed,
        None => Failure::NotHttp,
    }
}

fn tls_failure(error: &rustls::Error) -> Failure {
    use rustls::CertificateError as Bad;
    match error {
        rustls::Error::InvalidCertificate(
            Bad::Expired | Bad::ExpiredContext { .. } | Bad::NotValidYet | Bad::NotValidYetContext { .. },
        ) => Failure::CertificateExpired,
        rustls::Error::InvalidCertificate(Bad::NotValidForName | Bad::NotValidForNameContext { .. }) => {
            Failure::CertificateForAnotherName
        }
        rustls::Error::InvalidCertificate(_) => Failure::CertificateUntrusted,
        _ => Failure::Tls,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::{CertificateError, Error as TlsError};

    #[test]
    fn certificates() {
        let check = |error: CertificateError, expect| assert_eq!(tls_failure(&TlsError::InvalidCertificate(error)), expect);
        check(CertificateError::Expired, Failure::CertificateExpired);
        check(CertificateError::NotValidForName, Failure::CertificateForAnotherName);
        check(CertificateError::UnknownIssuer, Failure::CertificateUntrusted);
        assert_eq!(tls_failure(&TlsError::DecryptError), Failure::Tls);
    }
}
