//! `synops maintenance`: what can be asked of maintenances.

use super::Json;
use chrono::{DateTime, Utc};
use clap::Subcommand;
use domain::job::JobClass;
use domain::node::INSTANCE_ID;
use std::time::Duration;
use uuid::Uuid;

#[derive(Debug, Subcommand)]
pub enum MaintenanceVerb {
    /// Plan a maintenance of systems, groups, or of Synops itself.
    #[command(
        after_help = "Example:\n  synops maintenance plan 'New disks' --affects synops --in 2h --for 30m\n  synops maintenance plan 'New disks' --affects 0192… --starts 2026-12-01T22:00:00Z --for 1h --timezone Europe/Oslo"
    )]
    Plan {
        title: String,
        /// Ids of systems or groups, or `synops` for Synops itself; several, each with its own --affects.
        #[arg(long, required = true, value_parser = parse_target)]
        affects: Vec<Uuid>,
        /// When it starts, with its offset from UTC; now if absent.
        #[arg(long, value_name = "TIME", conflicts_with = "starts_in")]
        starts: Option<DateTime<Utc>>,
        /// It starts so much later: 45s, 30m, 2h, 1d.
        #[arg(long = "in", value_name = "SPAN", value_parser = parse_span)]
        starts_in: Option<Duration>,
        /// How long it takes: 45s, 30m, 2h, 1d.
        #[arg(long = "for", value_name = "SPAN", value_parser = parse_span)]
        length: Duration,
        /// Where it belongs; the scope of the first that it affects if absent.
        #[arg(long, value_name = "ID", value_parser = parse_target)]
        parent: Option<Uuid>,
        /// The zone it is planned in, for people.
        #[arg(long, default_value = "UTC")]
        timezone: String,
        /// What it is about (Markdown).
        #[arg(long, default_value = "")]
        body: String,
        /// Complete it at its end, without waiting for checks.
        #[arg(long)]
        no_verify: bool,
        /// One instance of Synops after the other, where there are enough.
        #[arg(long)]
        rolling: bool,
        /// After a full stop of Synops only administrators are let in until all is green.
        #[arg(long)]
        admins_first: bool,
        /// While Synops itself goes down, jobs of this class wait; several, each with its own --block. Tools if absent.
        #[arg(long, value_name = "CLASS", value_parser = super::jobs::class)]
        block: Vec<JobClass>,
        /// So long jobs may take to finish before Synops stops: 45s, 30m; 5 minutes if absent.
        #[arg(long, value_name = "SPAN", value_parser = parse_span)]
        drain_bound: Option<Duration>,
        #[command(flatten)]
        json: Json,
    },
    /// Those that are planned or under way; or one, with how far each server is and what people were told.
    #[command(after_help = "Example:\n  synops maintenance status\n  synops maintenance status 0192… --json")]
    Status {
        id: Option<Uuid>,
        #[command(flatten)]
        json: Json,
    },
    /// Move the end to a later time.
    #[command(after_help = "Example:\n  synops maintenance extend 0192… --by 30m")]
    Extend {
        id: Uuid,
        /// By how much: 45s, 30m, 2h, 1d.
        #[arg(long, value_parser = parse_span)]
        by: Duration,
        #[command(flatten)]
        json: Json,
    },
    /// Call one off that has not started.
    #[command(after_help = "Example:\n  synops maintenance cancel 0192… --reason 'The disks are late.'")]
    Cancel {
        id: Uuid,
        /// For everybody who sees it.
        #[arg(long)]
        reason: Option<String>,
        #[command(flatten)]
        json: Json,
    },
    /// Start one now: the whole window comes forward.
    #[command(after_help = "Example:\n  synops maintenance start 0192…")]
    Start {
        id: Uuid,
        #[command(flatten)]
        json: Json,
    },
    /// Complete one that has started. Servers that drain for it, and can still go back, go on.
    #[command(after_help = "Example:\n  synops maintenance close 0192…")]
    Close {
        id: Uuid,
        #[command(flatten)]
        json: Json,
    },
    /// Go through the remaining steps without acting; fails when one would not go well.
    #[command(after_help = "Example:\n  synops maintenance rehearse 0192…")]
    Rehearse {
        id: Uuid,
        #[command(flatten)]
        json: Json,
    },
}

fn parse_target(text: &str) -> Result<Uuid, String> {
    match text {
        "synops" => Ok(INSTANCE_ID),
        text => text.parse().map_err(|_| "the id of a node, or synops".to_owned()),
    }
}

/// `45s`, `30m`, `2h`, `1d`.
pub(super) fn parse_span(text: &str) -> Result<Duration, String> {
    let wrong = || "a number with s, m, h or d behind it, like 30m".to_owned();
    let unit_s = match text.chars().last() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3_600,
        Some('d') => 86_400,
        _ => return Err(wrong()),
    };
    let number: u32 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    Ok(Duration::from_secs(u64::from(number) * unit_s))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans() {
        let check =
            |text: &str, expect: Option<u64>| assert_eq!(parse_span(text).ok(), expect.map(Duration::from_secs), "{text:?}");
        check("45s", Some(45));
        check("30m", Some(1_800));
        check("2h", Some(7_200));
        check("1d", Some(86_400));
        for bad in ["", "s", "30", "-1m", "1.5h", "9999999999d", "1w", "30µ"] {
            check(bad, None);
        }
    }
}
