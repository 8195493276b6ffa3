//! What can be said of intentions about incidents without looking.

use super::{Intention, validate_own};
use crate::incident::NewIncidentUpdate;
use crate::refusal::Refusal;
use crate::timeline::validate_message;

pub(super) fn validate(intention: &Intention) -> Result<(), Refusal> {
    match intention {
        Intention::OpenIncident { title, body, attrs, incident, update, .. } => {
            validate_own(Some(title), Some(body), Some(attrs))?;
            incident.validate().map_err(|r| r.within("incident"))?;
            update.as_ref().map_or(Ok(()), NewIncidentUpdate::validate).map_err(|r| r.within("update"))
        }
        Intention::UpdateIncident { title, body, attrs, incident, .. } => {
            validate_own(title.as_deref(), body.as_deref(), attrs.as_ref())?;
            incident.validate().map_err(|r| r.within("incident"))
        }
        Intention::ResolveIncident { message, .. } => message.as_deref().map_or(Ok(()), validate_message),
        Intention::AddIncidentUpdate { update, .. } => update.validate().map_err(|r| r.within("update")),
        Intention::EditUpdate { patch, .. } => patch.validate().map_err(|r| r.within("patch")),
        _ => Ok(()),
    }
}
