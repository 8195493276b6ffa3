//! Devices: what sends telemetry.

use crate::refusal::Refusal;
use crate::telemetry::{Imei, Motion};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a node of kind `device` has besides. Where it is changes with each record, and is no part of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    pub imei: String,
    /// As its maker calls it; may be empty.
    pub model: String,
    /// Heard of lately.
    pub online: bool,
    /// `None`: it was never heard of.
    pub online_since: Option<DateTime<Utc>>,
    pub motion: Motion,
    /// By the device's clock; `None` while it was nowhere yet.
    pub motion_since: Option<DateTime<Utc>>,
}

/// What to set of a device; absent fields stay.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DevicePatch {
    /// 15 digits: what it introduces itself with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, pattern = "^[0-9]{15}$", example = "356307042441013")]
    pub imei: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, max_length = 100, example = "FMC130")]
    pub model: Option<String>,
}

/// Characters of a model's name.
const MODEL_MAX_CHARS: usize = 100;

impl DevicePatch {
    pub fn validate(&self) -> Result<(), Refusal> {
        if self.imei.as_deref().is_some_and(|imei| Imei::from_ascii(imei.as_bytes()).is_none()) {
            return Err(Refusal::invalid("imei", "15 digits"));
        }
        if self.model.as_ref().is_some_and(|model| model.chars().count() > MODEL_MAX_CHARS || model.contains('\0')) {
            return Err(Refusal::invalid("model", format!("at most {MODEL_MAX_CHARS} characters, without NUL")));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_named() {
        let check = |imei: Option<&str>, model: Option<String>, expect: bool| {
            let patch = DevicePatch { imei: imei.map(str::to_owned), model };
            assert_eq!(patch.validate().is_ok(), expect, "{patch:?}");
        };
        check(Some("356307042441013"), Some("FMC130".to_owned()), true);
        check(None, None, true);
        check(Some("35630704244101"), None, false);
        check(Some("35630704244101x"), None, false);
        check(Some("٣56307042441013"), None, false);
        check(None, Some("x".repeat(101)), false);
        check(None, Some("a\0b".to_owned()), false);
    }
}
