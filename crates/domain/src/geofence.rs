//! Geofences: places on the map that devices enter and leave.

use crate::refusal::Refusal;
use crate::telemetry::Shape;
use crate::telemetry::fence::validate_dwell;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a node of kind `geofence` has besides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Geofence {
    pub shape: Shape,
    /// It is told when a device has been inside for so many seconds.
    pub dwell_s: Option<i32>,
}

/// What to set of a geofence; absent fields stay.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GeofencePatch {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub shape: Option<Shape>,
    /// Null: nobody is told.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "crate::intention::present")]
    #[schema(value_type = Option<i32>, minimum = 1)]
    pub dwell_s: Option<Option<i32>>,
}

impl GeofencePatch {
    pub fn validate(&self) -> Result<(), Refusal> {
        self.shape.as_ref().map_or(Ok(()), |shape| shape.validate().map_err(|refusal| refusal.within("shape")))?;
        validate_dwell(self.dwell_s.flatten())
    }
}
