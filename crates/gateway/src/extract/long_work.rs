//! Work that takes as long as people do: calls, uploads.

use crate::refusal::Refused;
use crate::state::State;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::Refusal;

/// Refuses with 503 while Synops closes: what takes long would be cut off by the stop. Stands before
/// the body among a handler's arguments, so that nothing of an upload is read in vain.
pub(crate) struct LongWork;

impl FromRequestParts<State> for LongWork {
    type Rejection = Refused;

    async fn from_request_parts(_: &mut Parts, state: &State) -> Result<Self, Refused> {
        if state.phase().takes_work() {
            return Ok(Self);
        }
        Err(Refusal::closing(None, state.now()).into())
    }
}
