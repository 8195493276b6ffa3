//! `synops telemetry`: its arguments.

use super::Json;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum TelemetryVerb {
    /// Who is connected, what waits to be kept, and which server keeps it.
    #[command(after_help = "Example:\n  watch -n 1 synops telemetry status\n  synops telemetry status --json | jq .lag.pending")]
    Status(Json),
}
