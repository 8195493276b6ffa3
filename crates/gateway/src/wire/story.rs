//! What is made of a device's positions.

use chrono::{DateTime, Utc};
use domain::telemetry::fold::{Stop, Trip};
use serde::Serialize;
use store::story::TimingRecord;
use utoipa::ToSchema;
use uuid::Uuid;

/// Of what has no id of its own: the same for the same.
pub(super) fn id_of(device_id: Uuid, at: DateTime<Utc>, other: Uuid) -> Uuid {
    let bytes: u128 =
        device_id.as_u128().rotate_left(31) ^ other.as_u128().rotate_left(67) ^ u128::from(at.timestamp_micros().cast_unsigned());
    uuid::Builder::from_custom_bytes(bytes.to_be_bytes()).into_uuid()
}

/// When a device was in a geofence.
#[derive(Serialize, ToSchema)]
#[schema(as = TimingRecord)]
pub(crate) struct TimingRecordView {
    id: Uuid,
    /// Null: it is gone, or not for the reader.
    #[schema(required)]
    fence: Option<FenceName>,
    /// By the device's clock, like the other.
    entered_at: DateTime<Utc>,
    /// Null: it is still inside.
    #[schema(required)]
    left_at: Option<DateTime<Utc>>,
    /// It has stayed for the geofence's dwell time.
    dwelt: bool,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct FenceName {
    id: Uuid,
    title: String,
}

impl TimingRecordView {
    pub(crate) fn new(device_id: Uuid, record: TimingRecord) -> Self {
        let TimingRecord { geofence_id, title, entered_at, left_at, dwelt } = record;
        let fence = title.map(|title| FenceName { id: geofence_id, title });
        Self { id: id_of(device_id, entered_at, geofence_id), fence, entered_at, left_at, dwelt }
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct TimingRecordPage {
    pub(crate) items: Vec<TimingRecordView>,
    /// Null: this is the last page.
    #[schema(required)]
    pub(crate) next_cursor: Option<String>,
}

/// From when a device began to move until it stood.
#[derive(Serialize, ToSchema)]
#[schema(as = Trip)]
pub(crate) struct TripView {
    id: Uuid,
    /// By the device's clock, like the other.
    started_at: DateTime<Utc>,
    /// Null: it goes on.
    #[schema(required)]
    ended_at: Option<DateTime<Utc>>,
    /// `[longitude, latitude]` in degrees.
    from: [f64; 2],
    to: [f64; 2],
    /// Along the great circles between its positions.
    distance_m: i64,
    max_speed_kmh: i16,
}

impl TripView {
    pub(crate) fn new(device_id: Uuid, trip: &Trip) -> Self {
        let Trip { began_at, ended_at, from, to, distance_mm, max_speed_kmh } = *trip;
        Self {
            id: id_of(device_id, began_at, Uuid::nil()),
            started_at: began_at,
            ended_at,
            from: [from.longitude, from.latitude],
            to: [to.longitude, to.latitude],
            distance_m: distance_mm / 1_000,
            max_speed_kmh,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct TripPage {
    pub(crate) items: Vec<TripView>,
    /// Null: this is the last page.
    #[schema(required)]
    pub(crate) next_cursor: Option<String>,
}

/// While a device stood.
#[derive(Serialize, ToSchema)]
#[schema(as = DeviceStop)]
pub(crate) struct StopView {
    id: Uuid,
    /// By the device's clock, like the other.
    started_at: DateTime<Utc>,
    /// Null: it still stands.
    #[schema(required)]
    ended_at: Option<DateTime<Utc>>,
    latitude: f64,
    longitude: f64,
}

impl StopView {
    pub(crate) fn new(device_id: Uuid, stop: &Stop) -> Self {
        let Stop { began_at, ended_at, place } = *stop;
        let id = id_of(device_id, began_at, Uuid::max());
        Self { id, started_at: began_at, ended_at, latitude: place.latitude, longitude: place.longitude }
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct StopPage {
    pub(crate) items: Vec<StopView>,
    /// Null: this is the last page.
    #[schema(required)]
    pub(crate) next_cursor: Option<String>,
}
