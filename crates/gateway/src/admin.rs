//! What only administrators of the instance may see.

use crate::caller::{Caller, Person};
use crate::refusal::Refused;
use crate::state::State;
use domain::Refusal;
use domain::access::Level;
use domain::node::INSTANCE_ID;

/// The caller, if they administer the instance; else 401 or 403.
pub(crate) async fn administrator(state: &State, caller: &Caller) -> Result<Person, Refused> {
    let person = caller.person()?;
    let level = store::access::find_level(state.pool(), Some(person.id), INSTANCE_ID).await?;
    if level.is_none_or(|level| level < Level::Admin) {
        return Err(Refusal::forbidden("this needs an administrator of the instance").into());
    }
    Ok(person)
}
