//! The one place where a refusal becomes a status and a problem. What the caller reads is the
//! refusal's text; its cause goes to the log with the request's id.

use crate::wire::problem::{ClosedWindow, Problem, ProblemCode};
use axum::Json;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::Refusal;
use std::error::Error;
use std::sync::Arc;

/// When a caller may try again, where nothing better is known.
const RETRY_AFTER_S: u64 = 1;

/// A refusal on its way out. It leaves a handler as an empty response with itself attached:
/// [`finish`] makes the problem of it, once the request's id is at hand.
#[derive(Clone, Debug)]
pub(crate) enum Refused {
    Refusal(Arc<Refusal>),
    MethodNotAllowed,
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self::Refusal(Arc::new(refusal))
    }
}

impl From<store::Error> for Refused {
    fn from(error: store::Error) -> Self {
        store::refusal(error).into()
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = self.meaning().status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// What a refusal means in HTTP.
struct Meaning {
    status: StatusCode,
    code: ProblemCode,
    title: &'static str,
    field: Option<String>,
    current_version: Option<i64>,
    retry_after_s: Option<u64>,
    window: Option<ClosedWindow>,
}

impl Meaning {
    const fn plain(status: StatusCode, code: ProblemCode, title: &'static str) -> Self {
        Self { status, code, title, field: None, current_version: None, retry_after_s: None, window: None }
    }
}

impl Refused {
    fn meaning(&self) -> Meaning {
        use ProblemCode as Code;
        use StatusCode as Status;
        let Self::Refusal(refusal) = self else {
            return Meaning::plain(Status::METHOD_NOT_ALLOWED, Code::MethodNotAllowed, "Not that way");
        };
        match refusal.as_ref() {
            Refusal::NotFound { .. } => Meaning::plain(Status::NOT_FOUND, Code::NotFound, "Not there"),
            Refusal::Forbidden { .. } => Meaning::plain(Status::FORBIDDEN, Code::Forbidden, "Not allowed"),
            Refusal::Unauthenticated { .. } => Meaning::plain(Status::UNAUTHORIZED, Code::Unauthenticated, "Not signed in"),
            Refusal::Invalid { field, .. } => {
                Meaning { field: Some(field.clone()), ..Meaning::plain(Status::BAD_REQUEST, Code::Invalid, "Not valid") }
            }
            Refusal::Conflict { .. } => Meaning::plain(Status::CONFLICT, Code::Conflict, "Contradicts what is there"),
            Refusal::Stale { current_version } => Meaning {
                current_version: Some(*current_version),
                ..Meaning::plain(Status::PRECONDITION_FAILED, Code::Stale, "Changed meanwhile")
            },
            Refusal::PreconditionRequired => {
                Meaning::plain(Status::PRECONDITION_REQUIRED, Code::PreconditionRequired, "Version missing")
            }
            Refusal::Limit { retry_after_s, .. } => {
                Meaning { retry_after_s: *retry_after_s, ..Meaning::plain(Status::TOO_MANY_REQUESTS, Code::Limit, "Too many") }
            }
            Refusal::TooLarge { .. } => Meaning::plain(Status::PAYLOAD_TOO_LARGE, Code::TooLarge, "Too large"),
            Refusal::IdempotencyRunning => Meaning {
                retry_after_s: Some(RETRY_AFTER_S),
                ..Meaning::plain(Status::CONFLICT, Code::IdempotencyRunning, "Still running")
            },
            Refusal::IdempotencyMismatch => {
                Meaning::plain(Status::UNPROCESSABLE_ENTITY, Code::IdempotencyMismatch, "Another request under this key")
            }
            Refusal::Unavailable { .. } | Refusal::Checking => Meaning {
                retry_after_s: Some(RETRY_AFTER_S),
                ..Meaning::plain(Status::SERVICE_UNAVAILABLE, Code::Unavailable, "Not available now")
            },
            Refusal::Closing { window, retry_after_s } => Meaning {
                retry_after_s: Some(*retry_after_s),
                window: window.map(ClosedWindow::from),
                ..Meaning::plain(Status::SERVICE_UNAVAILABLE, Code::Unavailable, "Not available now")
            },
            Refusal::Internal { .. } => Meaning::plain(Status::INTERNAL_SERVER_ERROR, Code::Internal, "Our fault"),
        }
    }

    fn detail(&self) -> String {
        match self {
            Self::Refusal(refusal) => refusal.to_string(),
            Self::MethodNotAllowed => "this route takes other methods: see the header Allow".to_owned(),
        }
    }

    fn problem(&self, request_id: &str) -> (StatusCode, Problem) {
        let Meaning { status, code, title, field, current_version, retry_after_s, window } = self.meaning();
        let name = serde_json::to_value(code).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default();
        let problem = Problem {
            r#type: format!("/problems/{name}"),
            title,
            status: status.as_u16(),
            detail: self.detail(),
            code,
            field,
            current_version,
            retry_after_s,
            window,
            request_id: request_id.to_owned(),
        };
        (status, problem)
    }

    /// As a problem within a larger answer. Its cause goes to the log, as always.
    pub(crate) fn told(&self, request_id: &str) -> Problem {
        self.log();
        self.problem(request_id).1
    }

    /// Writes to the log what the caller is not told.
    fn log(&self) {
        let Self::Refusal(refusal) = self else { return };
        match refusal.as_ref() {
            Refusal::Internal { source } => {
                tracing::error!(cause = %chain(source.as_ref()), "a request failed by a fault of ours")
            }
            Refusal::Unavailable { detail, source } => {
                let cause = source.as_ref().map(|s| chain(s.as_ref())).unwrap_or_default();
                tracing::warn!(%detail, %cause, "a request could not be served");
            }
            other => tracing::debug!(refusal = %other, "a request was refused"),
        }
    }
}

/// An error with all its causes, in one line.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

/// Gives a refused response its body, and leaves every other as it is.
pub(crate) fn finish(mut response: Response, request_id: &str) -> Response {
    let Some(refused) = response.extensions_mut().remove::<Refused>() else { return response };
    refused.log();
    let (status, problem) = refused.problem(request_id);
    let retry_after_s = problem.retry_after_s;
    let mut finished = (status, Json(problem)).into_response();
    // What routing said besides, like Allow.
    for (name, value) in response.headers() {
        if name != CONTENT_TYPE && name != CONTENT_LENGTH {
            finished.headers_mut().append(name, value.clone());
        }
    }
    let headers = finished.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    if let Some(seconds) = retry_after_s {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    finished
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::refusal::ClosedFor;
    use uuid::Uuid;

    fn check(refusal: Refusal, expect: &str) {
        let (status, problem) = Refused::from(refusal).problem("r1");
        assert_eq!(status.as_u16(), problem.status);
        assert_eq!(serde_json::to_string(&problem).unwrap(), expect);
    }

    #[test]
    fn each_refusal_is_a_problem() {
        check(
            Refusal::NotFound { what: "node" },
            r#"{"type":"/problems/not_found","title":"Not there","status":404,"detail":"no such node","code":"not_found","request_id":"r1"}"#,
        );
        check(
            Refusal::invalid("title", "1 to 200 characters"),
            r#"{"type":"/problems/invalid","title":"Not valid","status":400,"detail":"title: 1 to 200 characters","code":"invalid","field":"title","request_id":"r1"}"#,
        );
        check(
            Refusal::Stale { current_version: 4 },
            r#"{"type":"/problems/stale","title":"Changed meanwhile","status":412,"detail":"it has changed meanwhile: version 4 now","code":"stale","current_version":4,"request_id":"r1"}"#,
        );
        check(
            Refusal::Limit { detail: "too many attempts".into(), retry_after_s: Some(5) },
            r#"{"type":"/problems/limit","title":"Too many","status":429,"detail":"too many attempts","code":"limit","retry_after_s":5,"request_id":"r1"}"#,
        );
    }

    #[test]
    fn what_is_refused_while_it_closes_names_the_window() {
        let window = ClosedFor {
            maintenance_id: Uuid::nil(),
            starts_at: "2026-11-22T12:00:00Z".parse().unwrap(),
            ends_at: "2026-11-22T13:00:00Z".parse().unwrap(),
        };
        check(
            Refusal::Closing { window: Some(window), retry_after_s: 60 },
            r#"{"type":"/problems/unavailable","title":"Not available now","status":503,"detail":"Synops is taken down for maintenance, planned until 2026-11-22T13:00:00Z: come again after that","code":"unavailable","retry_after_s":60,"window":{"maintenance_id":"00000000-0000-0000-0000-000000000000","starts_at":"2026-11-22T12:00:00Z","ends_at":"2026-11-22T13:00:00Z"},"request_id":"r1"}"#,
        );
        let finished = finish(Refused::from(Refusal::Closing { window: None, retry_after_s: 7 }).into_response(), "r1");
        assert_eq!((finished.status().as_u16(), &finished.headers()["retry-after"]), (503, &HeaderValue::from(7)));
    }

    #[test]
    fn each_refusal_has_its_status() {
        let status = |refusal: Refusal| Refused::from(refusal).meaning().status.as_u16();
        assert_eq!(status(Refusal::forbidden("no")), 403);
        assert_eq!(status(Refusal::Unauthenticated { detail: "no" }), 401);
        assert_eq!(status(Refusal::conflict("no")), 409);
        assert_eq!(status(Refusal::PreconditionRequired), 428);
        assert_eq!(status(Refusal::TooLarge { detail: "no".into() }), 413);
        assert_eq!(status(Refusal::IdempotencyRunning), 409);
        assert_eq!(status(Refusal::IdempotencyMismatch), 422);
        assert_eq!(status(Refusal::Unavailable { detail: "no", source: None }), 503);
    }

    #[test]
    fn a_cause_is_never_told() {
        let source = Box::new(std::io::Error::other("password=secret at db.internal"));
        for refusal in [
            Refusal::Internal { source },
            Refusal::Unavailable { detail: "the database does not answer", source: Some("host db.internal".into()) },
        ] {
            let (_, problem) = Refused::from(refusal).problem("r1");
            let text = serde_json::to_string(&problem).unwrap();
            assert!(!text.contains("internal:") && !text.contains("db.internal") && !text.contains("secret"), "{text}");
        }
    }

    #[test]
    fn what_routing_said_is_kept() {
        let mut response = Refused::MethodNotAllowed.into_response();
        response.headers_mut().insert("allow", HeaderValue::from_static("GET"));
        let finished = finish(response, "r1");
        assert_eq!(finished.status(), 405);
        assert_eq!(finished.headers()["allow"], "GET");
        assert_eq!(finished.headers()["content-type"], "application/problem+json");
        assert!(finished.headers().get("retry-after").is_none());
    }
}
