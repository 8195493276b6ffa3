//! Geofences: what is asked, and what is told of them.

use domain::geofence::{Geofence, GeofencePatch};
use domain::telemetry::Shape;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What a geofence has besides.
#[derive(Serialize, ToSchema)]
#[schema(as = Geofence)]
pub(crate) struct GeofenceView<'a> {
    shape: &'a Shape,
    /// Whoever stays so many seconds is told of; null: nobody.
    #[schema(required, example = 300)]
    dwell_s: Option<i32>,
}

impl<'a> From<&'a Geofence> for GeofenceView<'a> {
    fn from(geofence: &'a Geofence) -> Self {
        let Geofence { shape, dwell_s } = geofence;
        Self { shape, dwell_s: *dwell_s }
    }
}

/// A new geofence, in a workspace or group.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewGeofence {
    /// Made by the caller, if at all.
    #[schema(nullable = false)]
    pub(crate) id: Option<Uuid>,
    pub(crate) parent_id: Uuid,
    #[schema(min_length = 1, max_length = 200, example = "Depot")]
    pub(crate) title: String,
    /// Markdown.
    #[serde(default)]
    pub(crate) body: String,
    pub(crate) shape: Shape,
    /// Whoever stays so many seconds is told of.
    #[schema(minimum = 1, example = 300)]
    pub(crate) dwell_s: Option<i32>,
}

/// What to change of a geofence.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GeofenceChange {
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    pub(crate) title: Option<String>,
    #[schema(nullable = false)]
    pub(crate) body: Option<String>,
    #[schema(nullable = false)]
    pub(crate) shape: Option<Shape>,
    /// Null: nobody is told.
    #[serde(default, with = "domain::intention::present")]
    #[schema(value_type = Option<i32>, minimum = 1)]
    pub(crate) dwell_s: Option<Option<i32>>,
    /// Another workspace or group.
    #[schema(nullable = false)]
    pub(crate) parent_id: Option<Uuid>,
}

impl NewGeofence {
    pub(crate) fn patch(&self) -> GeofencePatch {
        GeofencePatch { shape: Some(self.shape.clone()), dwell_s: Some(self.dwell_s) }
    }
}
