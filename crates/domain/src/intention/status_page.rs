//! What can be said of intentions about status pages without looking.

use super::{Intention, validate_own};
use crate::limits::STATUS_ENTRIES_MAX;
use crate::refusal::Refusal;
use crate::status_page::EntryPatch;

pub(super) fn validate(intention: &Intention) -> Result<(), Refusal> {
    match intention {
        Intention::CreateStatusPage { title, body, status_page, .. } => {
            validate_own(Some(title), Some(body), None)?;
            status_page.validate().map_err(|r| r.within("status_page"))?;
            status_page.slug.as_ref().map(|_| ()).ok_or_else(|| Refusal::invalid("status_page.slug", "it must be given"))
        }
        Intention::UpdateStatusPage { title, body, status_page, .. } => {
            validate_own(title.as_deref(), body.as_deref(), None)?;
            status_page.validate().map_err(|r| r.within("status_page"))
        }
        Intention::SetStatusPageEntries { entries, .. } => validate_entries(entries),
        _ => Ok(()),
    }
}

fn validate_entries(entries: &[EntryPatch]) -> Result<(), Refusal> {
    if entries.len() > STATUS_ENTRIES_MAX {
        return Err(Refusal::invalid("entries", format!("at most {STATUS_ENTRIES_MAX}")));
    }
    for (at, entry) in entries.iter().enumerate() {
        entry.validate().map_err(|r| r.within(&format!("entries[{at}]")))?;
        if entries[..at].iter().any(|earlier| earlier.target_id == entry.target_id) {
            return Err(Refusal::invalid(format!("entries[{at}].target_id"), "each system or group once"));
        }
    }
    Ok(())
}
