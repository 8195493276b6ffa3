//! What can be said of intentions about series without looking.

use super::{Intention, validate_own};
use crate::refusal::Refusal;

pub(super) fn validate(intention: &Intention) -> Result<(), Refusal> {
    match intention {
        Intention::CreateMaintenanceSeries { title, body, series, .. } => {
            validate_own(Some(title), Some(body), None)?;
            series.validate().and_then(|()| series.timing(None)).map_err(|r| r.within("series"))?;
            let affects = series.plan.as_ref().and_then(|plan| plan.affects.as_ref());
            affects.map(|_| ()).ok_or_else(|| Refusal::invalid("series.plan.affects", "it must be given"))
        }
        Intention::UpdateMaintenanceSeries { title, body, series, .. } => {
            validate_own(title.as_deref(), body.as_deref(), None)?;
            series.validate().map_err(|r| r.within("series"))
        }
        _ => Ok(()),
    }
}
