//! What can be said of intentions about conversations without looking.

use super::{Intention, validate_own};
use crate::limits::FILES_PER_MESSAGE_MAX;
use crate::message::{emoji_of, validate_body};
use crate::refusal::Refusal;

pub(super) fn validate(intention: &Intention) -> Result<(), Refusal> {
    match intention {
        Intention::CreateChannel { title, body, channel, .. } => {
            validate_own(title.as_deref(), Some(body), None)?;
            channel.validate().map_err(|r| r.within("channel"))
        }
        Intention::UpdateChannel { title, body, channel, .. } => {
            validate_own(title.as_deref(), body.as_deref(), None)?;
            channel.validate().map_err(|r| r.within("channel"))
        }
        Intention::SendMessage { body, file_ids, .. } => {
            if file_ids.len() > FILES_PER_MESSAGE_MAX {
                return Err(Refusal::invalid("file_ids", format!("at most {FILES_PER_MESSAGE_MAX} files")));
            }
            validate_body(body, !file_ids.is_empty())
        }
        // Whether it has files is seen then.
        Intention::EditMessage { body, .. } => validate_body(body, true),
        Intention::React { emoji, .. } => emoji_of(emoji).map(drop),
        _ => Ok(()),
    }
}
