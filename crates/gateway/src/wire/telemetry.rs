//! How telemetry does, as administrators see it.

use domain::telemetry::stream::Lag;
use serde::Serialize;
use utoipa::ToSchema;

/// What comes from devices, over all servers.
#[derive(Serialize, ToSchema)]
#[schema(as = TelemetryStatus)]
pub struct TelemetryStatusView {
    /// `direct` or `redis`.
    #[schema(example = "direct")]
    pub stream: &'static str,
    /// Devices connected by TCP.
    #[schema(example = 25)]
    pub connected: i64,
    /// Devices that there are.
    #[schema(example = 40)]
    pub devices: i64,
    /// Records that were kept of late, a second.
    #[schema(example = 12.5)]
    pub records_per_s: f64,
    pub lag: TelemetryLag,
    /// None with the direct stream.
    pub shards: Vec<TelemetryShard>,
    /// Frames and records of devices that wait for a person to decide.
    #[schema(example = 0)]
    pub dead_letters_open: i64,
}

/// What waits to be kept.
#[derive(Serialize, ToSchema)]
pub struct TelemetryLag {
    /// Frames.
    #[schema(example = 3)]
    pub pending: u64,
    /// How long the oldest has waited, in seconds; 0 when none does.
    #[schema(example = 0.02)]
    pub oldest_s: f64,
}

#[derive(Serialize, ToSchema)]
pub struct TelemetryShard {
    #[schema(example = 0)]
    pub shard: i16,
    /// The server that reads it; null while none does.
    #[schema(required, example = "north-1")]
    pub owner: Option<String>,
    /// Frames that wait in it.
    #[schema(example = 3)]
    pub pending: u64,
    /// Records that were kept of late, a second.
    #[schema(example = 1.5)]
    pub per_s: f64,
}

impl From<Lag> for TelemetryLag {
    fn from(lag: Lag) -> Self {
        Self { pending: lag.pending, oldest_s: lag.oldest_s }
    }
}
