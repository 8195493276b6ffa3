//! `synops jobs` and `synops dead-letters`.

use super::Json;
use clap::{Args, Subcommand, ValueEnum};
use domain::job::{JobClass, JobKind};
use uuid::Uuid;

#[derive(Debug, Subcommand)]
pub enum JobsVerb {
    /// Jobs that wait or run, in the order in which they are due; or those that have ended.
    #[command(after_help = "Example:\n  synops jobs list --state running\n  synops jobs list --ended --kind tool --json")]
    List(JobsList),
    /// One job with its payload, whether it waits, runs or has ended.
    #[command(after_help = "Example:\n  synops jobs show 0190f3a7-c2b1-7d0e-9f00-c0ffee00cafe")]
    Show(OneJob),
    /// Run a scheduled job now.
    #[command(after_help = "Example:\n  synops jobs retry 0190f3a7-c2b1-7d0e-9f00-c0ffee00cafe")]
    Retry(OneJob),
    /// Cancel a job: one that waits ends at once, one that runs is told to.
    #[command(after_help = "Example:\n  synops jobs cancel 0190f3a7-c2b1-7d0e-9f00-c0ffee00cafe")]
    Cancel(OneJob),
    /// Begin no more jobs of a class, on any server, until it is resumed; what runs goes on.
    #[command(after_help = "Example:\n  synops jobs pause tools --reason 'the disk is being replaced'")]
    Pause {
        #[arg(value_parser = class)]
        class: JobClass,
        #[arg(long)]
        reason: Option<String>,
        #[command(flatten)]
        json: Json,
    },
    /// Begin jobs of a class again.
    #[command(after_help = "Example:\n  synops jobs resume tools")]
    Resume {
        #[arg(value_parser = class)]
        class: JobClass,
        #[command(flatten)]
        json: Json,
    },
    /// Enqueue a job.
    #[command(
        after_help = "Example:\n  synops jobs enqueue tool --payload '{\"tool\": \"backup\", \"input\": {\"full\": true}}'\n  \
                      synops jobs enqueue retention --run-at 2026-12-01T03:00:00Z"
    )]
    Enqueue(EnqueueArgs),
    /// What is enqueued again and again.
    #[command(subcommand)]
    Schedules(SchedulesVerb),
}

#[derive(Debug, Args)]
pub struct JobsList {
    #[arg(long)]
    pub state: Option<StateArg>,
    /// Those that have ended, newest first.
    #[arg(long, conflicts_with_all = ["state", "class"])]
    pub ended: bool,
    /// How they ended.
    #[arg(long, requires = "ended")]
    pub outcome: Option<OutcomeArg>,
    #[arg(long, value_parser = kind)]
    pub kind: Option<JobKind>,
    #[arg(long, value_parser = class)]
    pub class: Option<JobClass>,
    /// At most so many.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=10_000))]
    pub limit: i64,
    #[command(flatten)]
    pub json: Json,
}

#[derive(Debug, Args)]
pub struct OneJob {
    pub id: Uuid,
    #[command(flatten)]
    pub json: Json,
}

#[derive(Debug, Args)]
pub struct EnqueueArgs {
    /// noop, check_history_rollup, retention, tool or webhook.
    #[arg(value_parser = kind)]
    pub kind: JobKind,
    /// JSON in the shape of its kind; `-` reads it from standard input, where no other user sees it.
    #[arg(long, default_value = "{}", value_name = "JSON")]
    pub payload: String,
    #[arg(long, default_value = "normal")]
    pub priority: PriorityArg,
    /// Not before this time (RFC 3339); at once if absent.
    #[arg(long, value_name = "TIME")]
    pub run_at: Option<chrono::DateTime<chrono::Utc>>,
    /// Refused while a job of this kind with this key waits.
    #[arg(long, value_name = "KEY")]
    pub unique_key: Option<String>,
    #[command(flatten)]
    pub json: Json,
}

#[derive(Debug, Subcommand)]
pub enum SchedulesVerb {
    /// All of them, and when each is due next.
    #[command(after_help = "Example:\n  synops jobs schedules list --json")]
    List(Json),
    /// Make one.
    #[command(
        after_help = "Example:\n  synops jobs schedules add 'nightly backup' --cron '15 3 * * *' --timezone Europe/Oslo \\\n    \
                      --kind tool --payload '{\"tool\": \"backup\"}'"
    )]
    Add {
        name: String,
        /// Minute, hour, day, month and weekday.
        #[arg(long)]
        cron: String,
        #[arg(long, default_value = "UTC")]
        timezone: String,
        #[arg(long, value_parser = kind)]
        kind: JobKind,
        /// JSON in the shape of its kind; `-` reads it from standard input.
        #[arg(long, default_value = "{}", value_name = "JSON")]
        payload: String,
        #[command(flatten)]
        json: Json,
    },
    /// Switch one on.
    #[command(after_help = "Example:\n  synops jobs schedules enable 'nightly backup'")]
    Enable(OneSchedule),
    /// Switch one off, until it is switched on.
    #[command(after_help = "Example:\n  synops jobs schedules disable 'nightly backup'")]
    Disable(OneSchedule),
    /// Delete one; the server's own can only be switched off.
    #[command(after_help = "Example:\n  synops jobs schedules delete 'nightly backup'")]
    Delete(OneSchedule),
}

#[derive(Debug, Args)]
pub struct OneSchedule {
    /// Its name or id.
    pub schedule: String,
    #[command(flatten)]
    pub json: Json,
}

#[derive(Debug, Subcommand)]
pub enum DeadLettersVerb {
    /// What failed for good, newest first.
    #[command(after_help = "Example:\n  synops dead-letters list --kind webhook\n  synops dead-letters list --resolved --json")]
    List {
        /// Those that were decided about.
        #[arg(long)]
        resolved: bool,
        #[arg(long)]
        kind: Option<String>,
        /// At most so many.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=10_000))]
        limit: i64,
        #[command(flatten)]
        json: Json,
    },
    /// One of them, with its payload.
    #[command(after_help = "Example:\n  synops dead-letters show 0190f3a7-c2b1-7d0e-9f00-c0ffee00cafe")]
    Show(OneJob),
    /// Correct the payload.
    #[command(
        after_help = "Example:\n  synops dead-letters edit 0190f3a7-c2b1-7d0e-9f00-c0ffee00cafe --payload '{\"tool\": \"backup\"}'"
    )]
    Edit {
        id: Uuid,
        /// JSON in the shape of its kind; `-` reads it from standard input.
        #[arg(long, value_name = "JSON")]
        payload: String,
        #[command(flatten)]
        json: Json,
    },
    /// Make each of them a job again, which goes on where it stopped.
    #[command(after_help = "Example:\n  synops dead-letters replay 0190f3a7-c2b1-7d0e-9f00-c0ffee00cafe\n  \
                            synops dead-letters replay --all --kind webhook")]
    Replay(Letters),
    /// Decide that nothing is to be done about them.
    #[command(after_help = "Example:\n  synops dead-letters discard 0190f3a7-c2b1-7d0e-9f00-c0ffee00cafe")]
    Discard(Letters),
}

#[derive(Debug, Args)]
pub struct Letters {
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    pub ids: Vec<Uuid>,
    /// All that are open.
    #[arg(long)]
    pub all: bool,
    /// Of these only those of a kind.
    #[arg(long, requires = "all")]
    pub kind: Option<String>,
    #[command(flatten)]
    pub json: Json,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum StateArg {
    Scheduled,
    Ready,
    Running,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum OutcomeArg {
    Succeeded,
    Failed,
    Cancelled,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum PriorityArg {
    Urgent,
    High,
    Normal,
    Low,
}

fn kind(text: &str) -> Result<JobKind, String> {
    let all = || JobKind::ALL.map(JobKind::as_str).join(", ");
    JobKind::parse(text).ok_or_else(|| format!("one of {}", all()))
}

pub(super) fn class(text: &str) -> Result<JobClass, String> {
    let all = || JobClass::ALL.map(JobClass::as_str).join(", ");
    JobClass::parse(text).ok_or_else(|| format!("one of {}", all()))
}
