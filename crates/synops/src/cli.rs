//! The command line.

mod connections;
mod devices;
mod incident;
mod jobs;
mod maintenance;
mod telemetry;

pub use connections::ConnectionsVerb;
pub use devices::{DevicesVerb, SimulateArgs};
pub use incident::IncidentVerb;
pub use jobs::{
    DeadLettersVerb, EnqueueArgs, JobsList, JobsVerb, Letters, OneJob, OneSchedule, OutcomeArg, PriorityArg, SchedulesVerb,
    StateArg,
};
pub use maintenance::MaintenanceVerb;
pub use telemetry::TelemetryVerb;

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

const EXIT_CODES: &str = "Exit codes: 0 done, 1 failed, 2 wrong usage, 78 the configuration must be put right first.";

/// Self-hosted live operations server.
#[derive(Debug, Parser)]
#[command(name = "synops", version, after_help = EXIT_CODES, max_term_width = 100)]
pub struct Cli {
    /// The configuration file, instead of SYNOPS_CONFIG or ./synops.toml.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    #[command(subcommand)]
    pub verb: Verb,
}

#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Run the server until SIGTERM or SIGINT.
    ///
    /// Without DATABASE_URL it runs a private PostgreSQL in the data directory and migrates it by
    /// itself. The first start prints a one-time link that signs in the administrator.
    #[command(after_help = "Example:\n  SYNOPS_LISTEN=127.0.0.1:8080 synops serve")]
    Serve(ServeArgs),
    /// Bring the schema up to date, with the owner's login (SYNOPS_OWNER_URL).
    ///
    /// Makes the role of DATABASE_URL, with its password, if it is missing and the owner may.
    #[command(
        after_help = "Example:\n  SYNOPS_OWNER_URL=postgres://owner:…@db/synops DATABASE_URL=postgres://synops_server:…@db/synops synops migrate"
    )]
    Migrate(Json),
    /// Look at everything around the server: what is not fine, and what to do.
    #[command(after_help = "Example:\n  synops doctor --json | jq '.[] | select(.level != \"ok\")'")]
    Doctor(Json),
    /// Make people, list them, let them in again.
    #[command(subcommand)]
    User(UserVerb),
    /// API tokens for programs.
    #[command(subcommand)]
    Token(TokenVerb),
    /// Background work: look at it, pause it, enqueue more.
    #[command(subcommand)]
    Jobs(JobsVerb),
    /// What failed for good: look at it, correct it, replay or discard it.
    #[command(subcommand)]
    DeadLetters(DeadLettersVerb),
    /// Plan windows in which something is taken down, and see them through.
    #[command(subcommand)]
    Maintenance(MaintenanceVerb),
    /// Open incidents, tell people about them, resolve them.
    #[command(subcommand)]
    Incident(IncidentVerb),
    /// Devices that send telemetry: simulate them.
    #[command(subcommand)]
    Devices(DevicesVerb),
    /// How messages leave Synops: the key that their secrets are kept with.
    #[command(subcommand)]
    Connections(ConnectionsVerb),
    /// What comes from devices, and whether it is kept.
    #[command(subcommand)]
    Telemetry(TelemetryVerb),
    /// Compare the database's schema with what the migrations make.
    #[command(subcommand)]
    Schema(SchemaVerb),
    /// The configuration: its defaults, and what is in force.
    #[command(subcommand)]
    Config(ConfigVerb),
    /// Print the OpenAPI description of the API.
    #[command(after_help = "Example:\n  synops openapi > openapi.json")]
    Openapi,
}

#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Keep a workspace with demonstration data: systems that are checked for real.
    #[arg(long)]
    pub demo: bool,
}

#[derive(Clone, Copy, Debug, Args)]
pub struct Json {
    /// Print JSON, for programs.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Subcommand)]
pub enum UserVerb {
    /// Make a person; prints a one-time link to sign in with.
    #[command(after_help = "Example:\n  synops user create kari --name 'Kari Nordmann' --email kari@example.org --grant admin")]
    Create {
        /// What the person signs in with: lower-case letters, digits, . _ @ + -
        login: String,
        /// The person's name; the login if absent.
        #[arg(long)]
        name: Option<String>,
        #[arg(long)]
        email: Option<String>,
        /// Rights in all of Synops.
        #[arg(long)]
        grant: Option<Grant>,
        #[command(flatten)]
        json: Json,
    },
    /// Everybody who could sign in.
    #[command(after_help = "Example:\n  synops user list --json")]
    List(Json),
    /// Sign a person out everywhere, take the password away, and print a one-time link to set a new one.
    #[command(after_help = "Example:\n  synops user reset-password kari")]
    ResetPassword {
        login: String,
        #[command(flatten)]
        json: Json,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Grant {
    Reader,
    Member,
    Admin,
    Owner,
}

#[derive(Debug, Subcommand)]
pub enum TokenVerb {
    /// Make an API token for a person; it is shown once.
    #[command(after_help = "Example:\n  synops token create kari --name backup --access read --days 90")]
    Create {
        /// The login of the person on whose behalf the token acts.
        login: String,
        /// What the token is for.
        #[arg(long)]
        name: String,
        #[arg(long, default_value = "write")]
        access: Access,
        /// How long it holds; without end if absent.
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..=3650))]
        days: Option<u32>,
        #[command(flatten)]
        json: Json,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Access {
    Read,
    Write,
}

#[derive(Debug, Subcommand)]
pub enum SchemaVerb {
    /// Print each difference between the database and what the migrations make; fails when there are some.
    #[command(
        after_help = "Lines with - are missing in the database, lines with + are not of the migrations.\n\nExample:\n  synops schema check"
    )]
    Check(Json),
    /// Print the schema of the database, one thing a line.
    #[command(after_help = "Example:\n  synops schema dump > crates/store/src/schema.txt")]
    Dump,
}

#[derive(Debug, Subcommand)]
pub enum ConfigVerb {
    /// Print the commented file of all settings with their defaults.
    #[command(after_help = "Example:\n  synops config default > synops.toml")]
    Default,
    /// Print every setting in force and where it comes from; secrets are hidden.
    #[command(after_help = "Example:\n  SYNOPS_LOG_LEVEL=debug synops config show")]
    Show(Json),
    /// Check the configuration without starting anything.
    #[command(after_help = "Example:\n  synops config check && systemctl restart synops")]
    Check,
}
