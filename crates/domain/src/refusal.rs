//! Why something is not done. Free of HTTP: the gateway alone turns it into a status.

/// `Display` is what the caller may read; causes stay in `source` and in the log.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// It is not there, or the caller may not see it: the same answer for both.
    #[error("no such {what}")]
    NotFound { what: &'static str },
    /// The caller may see it, but not do this.
    #[error("{needs}")]
    Forbidden { needs: String },
    /// Nobody is signed in, or with credentials that don't hold.
    #[error("{detail}")]
    Unauthenticated { detail: &'static str },
    #[error("{field}: {expects}")]
    Invalid { field: String, expects: String },
    /// It contradicts what is there.
    #[error("{detail}")]
    Conflict { detail: String },
    /// Somebody changed it since the caller read it.
    #[error("it has changed meanwhile: version {current_version} now")]
    Stale { current_version: i64 },
    #[error("say which version you change: the header If-Match is missing")]
    PreconditionRequired,
    #[error("{detail}")]
    Limit { detail: String, retry_after_s: Option<u64> },
    #[error("{detail}")]
    TooLarge { detail: String },
    #[error("a request with this Idempotency-Key is still running")]
    IdempotencyRunning,
    #[error("this Idempotency-Key was used with another request")]
    IdempotencyMismatch,
    /// Something that is needed does not answer now. Nothing was changed.
    #[error("{detail}")]
    Unavailable {
        detail: &'static str,
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// A fault of ours. The text says no more than that.
    #[error("something went wrong on our side; nothing was changed")]
    Internal {
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Refusal {
    pub fn invalid(field: impl Into<String>, expects: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), expects: expects.into() }
    }

    pub fn forbidden(needs: impl Into<String>) -> Self {
        Self::Forbidden { needs: needs.into() }
    }

    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::Conflict { detail: detail.into() }
    }

    /// Names the place of a refused part: `intentions[3].title`.
    pub fn within(self, place: &str) -> Self {
        match self {
            Self::Invalid { field, expects } => Self::Invalid { field: format!("{place}.{field}"), expects },
            other => other,
        }
    }
}
