//! The fleet: devices, where they are and were, the geofences they were in, and what they are told.

pub(crate) mod commands;
pub(crate) mod devices;
pub(crate) mod geofences;
pub(crate) mod positions;
pub(crate) mod stories;

use crate::caller::Caller;
use crate::nouns::without_place;
use crate::refusal::Refused;
use crate::reply;
use crate::state::State;
use crate::wire::command::CommandView;
use crate::wire::device::Marked;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::Response;
use domain::Intention;
use intentions::{Context, Outcome};
use serde_json::Value;

/// Of what is no node: what became of it.
async fn carry_out(
    state: &State,
    caller: &Caller,
    context: &Context,
    intention: Intention,
    status: StatusCode,
) -> Result<Response, Refused> {
    let render = |outcomes: &[Outcome]| match outcomes.last() {
        Some(Outcome::Marked(count)) => (status.as_u16(), serde_json::to_value(Marked { count: *count }).unwrap_or_default()),
        Some(Outcome::Command(command)) => {
            (status.as_u16(), serde_json::to_value(CommandView::from(command.as_ref().clone())).unwrap_or_default())
        }
        _ => (StatusCode::NO_CONTENT.as_u16(), Value::Null),
    };
    let done = state.wiring.intentions.carry_out(&caller.actor, vec![intention], context, render).await;
    let mut response = reply::done(done.map_err(without_place)?);
    response.headers_mut().remove(LOCATION);
    Ok(response)
}
