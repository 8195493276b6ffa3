//! What only administrators of the instance may see.

use crate::caller::{Caller, Person};
use crate::refusal::Refused;
use crate::state::State;
use domain::Refusal;
use domain::access::Level;
use domain::node::INSTANCE_ID;
use uuid::Uuid;

/// The caller, if they administer the instance; else 401 or 403.
pub(crate) async fn administrator(state: &State, caller: &Caller) -> Result<Person, Refused> {
    let person = caller.person()?;
    if !is_administrator(state, person.id).await? {
        return Err(Refusal::forbidden("this needs an administrator of the instance").into());
    }
    Ok(person)
}

pub(crate) async fn is_administrator(state: &State, person_id: Uuid) -> Result<bool, Refused> {
    let level = store::access::find_level(state.pool(), Some(person_id), INSTANCE_ID).await?;
    Ok(level.is_some_and(|level| level >= Level::Admin))
}
