//! What a refused request is answered with (RFC 9457).

use chrono::{DateTime, Utc};
use domain::refusal::ClosedFor;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// Why a request was not done.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// `/problems/<code>`: one for each code.
    #[schema(example = "/problems/stale")]
    pub(crate) r#type: String,
    /// The same for every problem of this code.
    #[schema(example = "Changed meanwhile")]
    pub(crate) title: &'static str,
    /// The HTTP status.
    #[schema(example = 412)]
    pub(crate) status: u16,
    /// What happened, for a person.
    #[schema(example = "it has changed meanwhile: version 4 now")]
    pub(crate) detail: String,
    pub(crate) code: ProblemCode,
    /// Which input was wrong: `title`, `intentions[3].title`, `If-Match`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "title")]
    pub(crate) field: Option<String>,
    /// With `stale`: the version there is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 4)]
    pub(crate) current_version: Option<i64>,
    /// When trying again may help; also in `Retry-After`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 5)]
    pub(crate) retry_after_s: Option<u64>,
    /// While Synops is taken down for maintenance: for how long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) window: Option<ClosedWindow>,
    /// Names the request in the server's log; also in `X-Request-Id`.
    #[schema(example = "0190f3a7c2b17d0e9f00c0ffee00cafe")]
    pub(crate) request_id: String,
}

/// A maintenance that takes down Synops itself.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ClosedWindow {
    pub(crate) maintenance_id: Uuid,
    pub(crate) starts_at: DateTime<Utc>,
    /// As planned now; it may be moved.
    pub(crate) ends_at: DateTime<Utc>,
}

impl From<ClosedFor> for ClosedWindow {
    fn from(window: ClosedFor) -> Self {
        Self { maintenance_id: window.maintenance_id, starts_at: window.starts_at, ends_at: window.ends_at }
    }
}

/// What kind of problem it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ProblemCode {
    NotFound,
    MethodNotAllowed,
    Forbidden,
    Unauthenticated,
    Conflict,
    Stale,
    PreconditionRequired,
    Invalid,
    Limit,
    TooLarge,
    Unavailable,
    IdempotencyRunning,
    IdempotencyMismatch,
    Internal,
}
