//! Who calls: the one place that turns a request's credential into an actor, for routes and for
//! the socket alike. A further way to sign in (OpenID Connect) ends in a session like the others,
//! made by `accounts::session`: nothing changes here.

use crate::reads::Via;
use crate::refusal::Refused;
use crate::state::State;
use crate::{cookie, secret};
use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use chrono::{DateTime, Utc};
use domain::{Actor, Refusal};
use uuid::Uuid;

/// What a caller has proved to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) actor: Actor,
    pub(crate) credential: Credential,
    /// When the credential ends; `None` for one that doesn't, and for nobody.
    pub(crate) expires_at: Option<DateTime<Utc>>,
    /// Where what they read comes from.
    pub(crate) via: Via,
}

/// By what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Credential {
    Session { id: Uuid },
    Token { id: Uuid },
    None,
}

/// A signed-in person, as account routes need one.
pub(crate) struct Person {
    pub(crate) id: Uuid,
    pub(crate) title: String,
}

impl Caller {
    const NOBODY: Self = Self { actor: Actor::Anonymous, credential: Credential::None, expires_at: None, via: Via::Database };

    /// For reading: whom `readable_scopes` is asked for.
    pub(crate) fn reader(&self) -> Option<Uuid> {
        self.actor.person_id()
    }

    /// The person who is signed in; else 401.
    pub(crate) fn person(&self) -> Result<Person, Refusal> {
        match &self.actor {
            Actor::Person { id, title, .. } => Ok(Person { id: *id, title: title.clone() }),
            Actor::Server | Actor::Anonymous => Err(Refusal::Unauthenticated { detail: "sign in first" }),
        }
    }

    /// The person, if the credential may change something; else 401 or 403.
    pub(crate) fn writer(&self) -> Result<Person, Refusal> {
        match &self.actor {
            Actor::Person { may_write: false, .. } => Err(Refusal::forbidden("this API token may only read")),
            _ => self.person(),
        }
    }

    /// The person, signed in by a session; else 401 or 403. Credentials are made and changed by
    /// people alone: a token that could make tokens would outlive its own end.
    pub(crate) fn session_holder(&self) -> Result<Person, Refusal> {
        match self.credential {
            Credential::Token { .. } => Err(Refusal::forbidden("sign in for this: an API token can't change credentials")),
            _ => self.person(),
        }
    }

    pub(crate) fn session_id(&self) -> Option<Uuid> {
        match self.credential {
            Credential::Session { id } => Some(id),
            Credential::Token { .. } | Credential::None => None,
        }
    }
}

impl FromRequestParts<State> for Caller {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Refused> {
        let via = via(state, &parts.headers).await;
        // A change is made by who one is now, not by who one was a moment ago.
        let known = if parts.method.is_safe() { via } else { Via::Database };
        Ok(Self { via, ..authenticate(state, &parts.headers, known).await? })
    }
}

/// The position that a write answered with: what is read is at least as new.
const SYNOPS_AFTER: &str = "synops-after";

/// From where to read for these headers.
async fn via(state: &State, headers: &HeaderMap) -> Via {
    match headers.get(SYNOPS_AFTER).map(|position| position.to_str()) {
        None => Via::Cache,
        Some(Ok(position)) if state.reads().progress().reaches(position).await => Via::Cache,
        Some(_) => Via::Database,
    }
}

/// Who sends these headers. An API token that doesn't hold is refused; a cookie that doesn't hold
/// is a session that has ended: nobody, who sees what is public.
pub(crate) async fn authenticate(state: &State, headers: &HeaderMap, via: Via) -> Result<Caller, Refusal> {
    if let Some(token) = bearer(headers) {
        return by_token(state, token, via).await;
    }
    match cookie::find(headers).and_then(secret::hash_of) {
        Some(hash) => Ok(current(state, state.reads().holder_of_session(&hash, via).await?).unwrap_or(Caller::NOBODY)),
        None => Ok(Caller::NOBODY),
    }
}

async fn by_token(state: &State, token: &str, via: Via) -> Result<Caller, Refusal> {
    let refused = Refusal::Unauthenticated { detail: "this API token does not hold: it is unknown, revoked or expired" };
    let Some(hash) = secret::hash_of(token) else { return Err(refused) };
    current(state, state.reads().holder_of_token(&hash, via).await?).ok_or(refused)
}

/// What is kept of a credential does not outlive it.
fn current(state: &State, caller: Option<Caller>) -> Option<Caller> {
    caller.filter(|caller| caller.expires_at.is_none_or(|at| at > state.now()))
}

/// The token behind `Bearer`; `None` for other schemes, which are a proxy's.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bearer_tokens() {
        let check = |value: &'static str, expect: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, value.parse().unwrap());
            assert_eq!(bearer(&headers), expect, "{value}");
        };
        check("Bearer syn_abc", Some("syn_abc"));
        check("bearer  syn_abc ", Some("syn_abc"));
        check("Basic dXNlcjpwdw==", None);
        check("Bearer", None);
    }
}
