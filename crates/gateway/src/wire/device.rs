//! Devices and their positions: what is asked, and what is told of them.

use super::story::id_of;
use chrono::{DateTime, Utc};
use domain::device::Device;
use domain::telemetry::{Faulty, Motion, io};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::device_state::{Latest, Standing, Whereabouts};
use store::position::Position;
use utoipa::ToSchema;
use uuid::Uuid;

/// What a device has besides. Where it is changes with each record, and is asked for by itself.
#[derive(Serialize, ToSchema)]
#[schema(as = Device)]
pub(crate) struct DeviceView<'a> {
    /// What it introduces itself with.
    #[schema(example = "356307042441013")]
    imei: &'a str,
    /// As its maker calls it; may be empty.
    #[schema(example = "FMC130")]
    model: &'a str,
    /// Heard of lately.
    online: bool,
    /// Null: it was never heard of.
    #[schema(required)]
    online_since: Option<DateTime<Utc>>,
    /// Unknown before the first position that can be true.
    motion: Motion,
    /// By the device's clock.
    #[schema(required)]
    motion_since: Option<DateTime<Utc>>,
}

impl<'a> From<&'a Device> for DeviceView<'a> {
    fn from(device: &'a Device) -> Self {
        let Device { imei, model, online, online_since, motion, motion_since } = device;
        let (online, online_since, motion, motion_since) = (*online, *online_since, *motion, *motion_since);
        Self { imei, model, online, online_since, motion, motion_since }
    }
}

/// A new device, in a workspace or group.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewDevice {
    /// Made by the caller, if at all.
    #[schema(nullable = false)]
    pub(crate) id: Option<Uuid>,
    pub(crate) parent_id: Uuid,
    #[schema(min_length = 1, max_length = 200, example = "Van 12")]
    pub(crate) title: String,
    /// Markdown.
    #[serde(default)]
    pub(crate) body: String,
    #[schema(pattern = "^[0-9]{15}$", example = "356307042441013")]
    pub(crate) imei: String,
    #[schema(nullable = false, max_length = 100, example = "FMC130")]
    pub(crate) model: Option<String>,
}

/// What to change of a device.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeviceChange {
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    pub(crate) title: Option<String>,
    #[schema(nullable = false)]
    pub(crate) body: Option<String>,
    #[schema(nullable = false, pattern = "^[0-9]{15}$")]
    pub(crate) imei: Option<String>,
    #[schema(nullable = false, max_length = 100)]
    pub(crate) model: Option<String>,
    /// Another workspace or group.
    #[schema(nullable = false)]
    pub(crate) parent_id: Option<Uuid>,
}

/// What a device was found to be by its latest record.
#[derive(Serialize, ToSchema)]
#[schema(as = DeviceState)]
pub(crate) struct DeviceStateView {
    /// By the device's clock.
    at: DateTime<Utc>,
    /// When it was last heard of.
    received_at: DateTime<Utc>,
    /// Degrees (WGS 84).
    #[schema(example = 59.9139)]
    latitude: f64,
    #[schema(example = 10.7522)]
    longitude: f64,
    altitude_m: i16,
    /// Clockwise from north.
    heading_deg: i16,
    speed_kmh: i16,
    satellites: i16,
    motion: Motion,
    /// By the device's clock.
    #[schema(required)]
    motion_since: Option<DateTime<Utc>>,
    /// Of all its trips.
    odometer_m: i64,
    /// In order of their numbers.
    io: Vec<IoView>,
    /// Geofences it is in that one may see.
    inside: Vec<InsideView>,
    /// While it moves.
    #[schema(required)]
    trip: Option<OpenTripView>,
}

/// A value of the device's inputs and outputs.
#[derive(Serialize, ToSchema)]
#[schema(as = IoValue)]
pub(crate) struct IoView {
    #[schema(example = 66)]
    id: u16,
    /// Null: this number has no name here.
    #[schema(required, example = "External voltage")]
    name: Option<&'static str>,
    /// A number in its unit, or a text in hexadecimal.
    #[schema(value_type = Object, example = 12.6)]
    value: Value,
    #[schema(required, example = "V")]
    unit: Option<&'static str>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Inside)]
pub(crate) struct InsideView {
    /// The geofence.
    id: Uuid,
    title: String,
    entered_at: DateTime<Utc>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = OpenTrip)]
pub(crate) struct OpenTripView {
    id: Uuid,
    started_at: DateTime<Utc>,
    /// So far.
    distance_m: i64,
}

impl DeviceStateView {
    /// `titles`: of geofences that the reader may see.
    pub(crate) fn new(standing: Standing, titles: &[(Uuid, String)]) -> Option<Self> {
        let Standing { device_id, received_at, latest, state, .. } = standing;
        let odometer_m = state.odometer_m();
        let Latest { at, latitude, longitude, altitude_m, heading_deg, speed_kmh, satellites, io } = latest?;
        let title = |fence: Uuid| titles.iter().find(|(id, _)| *id == fence).map(|(_, title)| title.clone());
        let inside = state
            .inside
            .iter()
            .filter_map(|one| Some(InsideView { id: one.fence, title: title(one.fence)?, entered_at: one.entered_at }));
        Some(Self {
            at,
            received_at,
            latitude,
            longitude,
            altitude_m,
            heading_deg,
            speed_kmh,
            satellites,
            motion: state.motion,
            motion_since: state.motion_since,
            odometer_m,
            io: io_views(&io),
            inside: inside.collect(),
            trip: state.trip.as_ref().map(|trip| OpenTripView {
                id: id_of(device_id, trip.began_at, Uuid::nil()),
                started_at: trip.began_at,
                distance_m: trip.distance_mm / 1_000,
            }),
        })
    }
}

fn io_views(io: &Map<String, Value>) -> Vec<IoView> {
    let mut views: Vec<IoView> = io
        .iter()
        .filter_map(|(id, raw)| {
            let id: u16 = id.parse().ok()?;
            let named = io::named(id);
            let value = named.map_or_else(|| raw.clone(), |named| named.read(raw));
            Some(IoView { id, name: named.map(|named| named.name), value, unit: named.and_then(|named| named.unit) })
        })
        .collect();
    views.sort_unstable_by_key(|view| view.id);
    views
}

/// Which positions can't be true, as somebody says.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Marking {
    pub(crate) from: DateTime<Utc>,
    /// Not itself in it.
    pub(crate) to: DateTime<Utc>,
    /// False: takes that back.
    pub(crate) faulty: bool,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Marked {
    pub(crate) count: u64,
}

/// From when on a device's story is to be told anew.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Retelling {
    pub(crate) from: DateTime<Utc>,
}

/// `[device, time in ms, longitude, latitude, km/h, heading]`, as it stands in the socket's frames.
#[derive(Serialize)]
pub(crate) struct LatestPosition(Uuid, i64, f64, f64, i16, i16);

impl From<&Whereabouts> for LatestPosition {
    fn from(found: &Whereabouts) -> Self {
        let Whereabouts { device_id, at, longitude, latitude, speed_kmh, heading_deg, .. } = *found;
        Self(device_id, at.timestamp_millis(), longitude, latitude, speed_kmh, heading_deg)
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct LatestPositionPage {
    /// Each is `[device, time in ms, longitude, latitude, km/h, heading]`.
    #[schema(value_type = Vec<Vec<Value>>, example = json!([["01940b2e-7f5a-7c3e-9d4c-0f6f2a1b3c4d", 1_763_830_000_000_i64, 10.7522, 59.9139, 48, 270]]))]
    pub(crate) items: Vec<LatestPosition>,
    /// Null: this is the last page.
    #[schema(required)]
    pub(crate) cursor: Option<String>,
}

/// A record of a device.
#[derive(Serialize, ToSchema)]
#[schema(as = Position)]
pub(crate) struct PositionView {
    /// By the device's clock.
    at: DateTime<Utc>,
    /// Degrees (WGS 84).
    #[schema(example = 59.9139)]
    latitude: f64,
    #[schema(example = 10.7522)]
    longitude: f64,
    altitude_m: i16,
    /// Clockwise from north.
    heading_deg: i16,
    speed_kmh: i16,
    satellites: i16,
    /// 0 low, 1 high, 2 panic.
    priority: i16,
    /// The IO value that caused it; 0: none did.
    event_id: i32,
    /// IO values by id.
    #[schema(example = json!({ "239": 1 }))]
    io: Map<String, Value>,
    /// Why it can't be true: `no_fix`, `jump`, `future`, or `marked` by somebody.
    #[schema(required, example = "no_fix")]
    faulty: Option<Faulty>,
}

impl From<Position> for PositionView {
    fn from(position: Position) -> Self {
        Self {
            at: position.at,
            latitude: position.latitude,
            longitude: position.longitude,
            altitude_m: position.altitude_m,
            heading_deg: position.heading_deg,
            speed_kmh: position.speed_kmh,
            satellites: position.satellites,
            priority: position.priority,
            event_id: position.event_id,
            io: position.io,
            faulty: position.faulty,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct PositionPage {
    pub(crate) items: Vec<PositionView>,
    /// Null: this is the last page.
    #[schema(required)]
    pub(crate) next_cursor: Option<String>,
}
