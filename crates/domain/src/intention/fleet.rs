//! What can be said of intentions about the fleet without looking.

use super::{Intention, validate_own};
use crate::refusal::Refusal;
use crate::telemetry::codec::validate_command;

pub(super) fn validate(intention: &Intention) -> Result<(), Refusal> {
    match intention {
        Intention::CreateDevice { title, body, device, .. } => {
            validate_own(Some(title), Some(body), None)?;
            if device.imei.is_none() {
                return Err(Refusal::invalid("device.imei", "it must be given"));
            }
            device.validate().map_err(|r| r.within("device"))
        }
        Intention::UpdateDevice { title, body, device, .. } => {
            validate_own(title.as_deref(), body.as_deref(), None)?;
            device.validate().map_err(|r| r.within("device"))
        }
        Intention::CreateGeofence { title, body, geofence, .. } => {
            validate_own(Some(title), Some(body), None)?;
            if geofence.shape.is_none() {
                return Err(Refusal::invalid("geofence.shape", "it must be given"));
            }
            geofence.validate().map_err(|r| r.within("geofence"))
        }
        Intention::UpdateGeofence { title, body, geofence, .. } => {
            validate_own(title.as_deref(), body.as_deref(), None)?;
            geofence.validate().map_err(|r| r.within("geofence"))
        }
        Intention::MarkPositions { from, to, .. } if from >= to => Err(Refusal::invalid("to", "a time after `from`")),
        Intention::SendCommand { text, codec, .. } => {
            if !matches!(codec, 12 | 14) {
                return Err(Refusal::invalid("codec", "12 or 14"));
            }
            validate_command(text)
        }
        _ => Ok(()),
    }
}
