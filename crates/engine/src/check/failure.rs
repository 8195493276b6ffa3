//! Why a check failed, in words for people: bounded, without secrets, without another program's text.

use domain::limits::CHECK_ERROR_MAX_CHARS;
use std::fmt;
use std::io::ErrorKind;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The guard refused every address.
    NotAllowed,
    SocketNotAllowed,
    NameUnknown,
    /// No name server answers.
    NamesUnavailable,
    ConnectionRefused,
    ConnectionClosed,
    Unreachable,
    ConnectionFailed,
    TimedOut {
        after_ms: u128,
    },
    Status {
        got: u16,
        expected: String,
    },
    TextMissing,
    /// Found neither before the bound nor an end.
    TextMissingIn {
        bytes: usize,
    },
    CertificateExpired,
    CertificateForAnotherName,
    CertificateUntrusted,
    Tls,
    RedirectsTooMany {
        followed: usize,
    },
    RedirectNowhere,
    NotHttp,
    /// PostgreSQL's error code.
    Postgres(String),
    NotPostgres,
    /// What is stored is no check that can be run.
    Unsupported(&'static str),
}

impl Failure {
    pub(crate) fn from_io(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::ConnectionRefused => Self::ConnectionRefused,
            ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe | ErrorKind::UnexpectedEof => {
                Self::ConnectionClosed
            }
            ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown | ErrorKind::AddrNotAvailable => {
                Self::Unreachable
            }
            ErrorKind::NotFound => Self::ConnectionRefused,
            _ => Self::ConnectionFailed,
        }
    }

    /// As it is stored and shown, never longer than `CHECK_ERROR_MAX_CHARS`.
    pub(crate) fn text(&self) -> String {
        self.to_string().chars().take(CHECK_ERROR_MAX_CHARS).collect()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAllowed => "address not allowed",
            Self::SocketNotAllowed => "socket not allowed",
            Self::NameUnknown => "name does not resolve",
            Self::NamesUnavailable => "no name server answers",
            Self::ConnectionRefused => "connection refused",
            Self::ConnectionClosed => "connection closed before an answer",
            Self::Unreachable => "host unreachable",
            Self::ConnectionFailed => "connection failed",
            Self::TimedOut { after_ms } => return write!(f, "timed out after {after_ms} ms"),
            Self::Status { got, expected } => return write!(f, "answered {got}, expected {expected}"),
            Self::TextMissing => "text not found",
            Self::TextMissingIn { bytes } => return write!(f, "text not found in the first {bytes} bytes"),
            Self::CertificateExpired => "TLS certificate not valid at this time",
            Self::CertificateForAnotherName => "TLS certificate is for another name",
            Self::CertificateUntrusted => "TLS certificate not trusted",
            Self::Tls => "TLS failed",
            Self::RedirectsTooMany { followed } => return write!(f, "redirected more than {followed} times"),
            Self::RedirectNowhere => "redirected to no http:// or https:// address",
            Self::NotHttp => "answer is not HTTP",
            Self::Postgres(code) => return postgres(code, f),
            Self::NotPostgres => "answer is not PostgreSQL's",
            Self::Unsupported(what) => what,
        })
    }
}

/// PostgreSQL's codes that an operator can do something about.
fn postgres(code: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str(match code {
        "28P01" => "password refused",
        "28000" => "login refused",
        "3D000" => "no such database",
        "53300" => "too many connections",
        "57P03" => "PostgreSQL is starting or stopping",
        "57P01" | "57P02" => "PostgreSQL is shutting down",
        _ => {
            let code: String = code.chars().filter(char::is_ascii_alphanumeric).take(5).collect();
            return write!(f, "PostgreSQL refused with code {code}");
        }
    })
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        let check = |failure: Failure, expect: &str| assert_eq!(failure.text(), expect);
        check(Failure::TimedOut { after_ms: 5000 }, "timed out after 5000 ms");
        check(Failure::Status { got: 503, expected: "200-299".to_owned() }, "answered 503, expected 200-299");
        check(Failure::from_io(ErrorKind::ConnectionRefused), "connection refused");
        check(Failure::Postgres("28P01".to_owned()), "password refused");
        check(Failure::Postgres("XX000".to_owned()), "PostgreSQL refused with code XX000");
        check(Failure::Postgres("<script>alert(1)".to_owned()), "PostgreSQL refused with code scrip");
    }

    #[test]
    fn a_text_is_bounded() {
        let long = Failure::Status { got: 200, expected: "301,".repeat(500) };
        assert_eq!(long.text().chars().count(), CHECK_ERROR_MAX_CHARS);
    }
}
