//! What can be said of intentions about boards without looking.

use super::{Intention, validate_own};
use crate::refusal::Refusal;

pub(super) fn validate(intention: &Intention) -> Result<(), Refusal> {
    match intention {
        Intention::CreateColumn { title, .. } => validate_own(Some(title), None, None),
        Intention::CreateCard { title, body, .. } => validate_own(Some(title), Some(body), None),
        _ => Ok(()),
    }
}
