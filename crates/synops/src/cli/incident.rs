//! `synops incident`: what can be asked of incidents.

use super::Json;
use clap::Subcommand;
use domain::incident::{HealthOverride, IncidentState, Severity};
use domain::timeline::Audience;
use uuid::Uuid;

#[derive(Debug, Subcommand)]
pub enum IncidentVerb {
    /// Open an incident.
    #[command(
        after_help = "Example:\n  synops incident open 'Payments fail' --affects 0192… --severity major --message 'We are looking into it.'"
    )]
    Open {
        title: String,
        /// Ids of systems or groups; several, each with its own --affects.
        #[arg(long)]
        affects: Vec<Uuid>,
        /// Where it belongs; the scope of the first that it affects if absent.
        #[arg(long, value_name = "ID", required_unless_present = "affects")]
        parent: Option<Uuid>,
        /// minor, major or critical.
        #[arg(long, default_value = "minor", value_parser = severity)]
        severity: Severity,
        /// While it is open what it affects is at least that: degraded or down.
        #[arg(long, value_name = "STATE", value_parser = health)]
        health: Option<HealthOverride>,
        /// While it is open alerts of what it affects are kept quiet.
        #[arg(long)]
        suppress: bool,
        #[command(flatten)]
        said: Said,
        #[command(flatten)]
        json: Json,
    },
    /// Tell people something about an incident.
    #[command(after_help = "Example:\n  synops incident update 0192… 'It was the disk.' --state fixing --audience signed_in")]
    Update {
        id: Uuid,
        message: String,
        /// Also takes it there: investigating, identified, fixing, monitoring or resolved.
        #[arg(long, value_parser = state)]
        state: Option<IncidentState>,
        /// public, signed_in or internal.
        #[arg(long, default_value = "public", value_parser = audience)]
        audience: Audience,
        #[command(flatten)]
        json: Json,
    },
    /// Resolve an incident.
    #[command(after_help = "Example:\n  synops incident resolve 0192… --message 'A new disk is in.'")]
    Resolve {
        id: Uuid,
        #[command(flatten)]
        said: Said,
        #[command(flatten)]
        json: Json,
    },
    /// Incidents that are open.
    #[command(after_help = "Example:\n  synops incident list --json")]
    List(Json),
}

/// A word to people.
#[derive(Debug, clap::Args)]
pub struct Said {
    /// What people are told (Markdown).
    #[arg(long)]
    pub message: Option<String>,
    /// public, signed_in or internal.
    #[arg(long, default_value = "public", value_parser = audience)]
    pub audience: Audience,
}

fn severity(text: &str) -> Result<Severity, String> {
    Severity::parse(text).ok_or_else(|| one_of(Severity::ALL))
}

fn health(text: &str) -> Result<HealthOverride, String> {
    HealthOverride::parse(text).ok_or_else(|| one_of(HealthOverride::ALL))
}

fn state(text: &str) -> Result<IncidentState, String> {
    IncidentState::parse(text).ok_or_else(|| one_of(IncidentState::ALL))
}

fn audience(text: &str) -> Result<Audience, String> {
    Audience::parse(text).ok_or_else(|| one_of(Audience::ALL))
}

fn one_of(all: &[impl ToString]) -> String {
    let names: Vec<String> = all.iter().map(ToString::to_string).collect();
    format!("one of {}", names.join(", "))
}
