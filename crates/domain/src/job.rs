//! Background work: what there is to do, how often it is tried, and when it is tried again.

use crate::Refusal;
use crate::limits::{JOB_BACKOFF_FIRST, JOB_BACKOFF_MAX, JOB_PAYLOAD_MAX_BYTES, TOOL_NAME_MAX_CHARS, WEBHOOK_URL_MAX_BYTES};
use crate::notification::DeliverPayload;
use crate::telemetry::replay::Replay;
use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;
use utoipa::ToSchema;
use uuid::Uuid;

/// What can be paused: everything of a class waits, what runs goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobClass {
    /// The server's own housekeeping.
    Upkeep,
    /// Commands that the configuration allows.
    Tools,
    /// Word to people and other systems.
    Notifications,
}

impl JobClass {
    pub const ALL: [Self; 3] = [Self::Upkeep, Self::Tools, Self::Notifications];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Upkeep => "upkeep",
            Self::Tools => "tools",
            Self::Notifications => "notifications",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.as_str() == name)
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    Urgent,
    High,
    #[default]
    Normal,
    Low,
}

impl Priority {
    pub const ALL: [Self; 4] = [Self::Urgent, Self::High, Self::Normal, Self::Low];

    /// As stored: lower comes first.
    pub const fn rank(self) -> i16 {
        match self {
            Self::Urgent => 0,
            Self::High => 1,
            Self::Normal => 2,
            Self::Low => 3,
        }
    }

    pub fn from_rank(rank: i16) -> Self {
        Self::ALL.into_iter().find(|priority| priority.rank() == rank).unwrap_or_default()
    }
}

/// What holds for all jobs of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JobSpec {
    pub name: &'static str,
    pub class: JobClass,
    pub attempts_max: i16,
    /// An attempt that takes longer has failed.
    pub time_limit: Duration,
    /// Running at once on one instance.
    pub at_once: usize,
    /// Short ones are claimed in advance, many at a time.
    pub is_short: bool,
}

/// The kinds of jobs there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobKind {
    /// Does nothing: to see that jobs run.
    Noop,
    /// Hourly and daily figures of checks.
    CheckHistoryRollup,
    /// Makes and drops partitions, deletes what has expired.
    Retention,
    /// Runs a command that the configuration allows.
    Tool,
    /// Tells another system, by a signed POST.
    Webhook,
    /// Sends what somebody is to be told.
    Deliver,
    /// Takes in what a device sent and was a dead letter.
    TelemetryReplay,
}

impl JobKind {
    pub const ALL: [Self; 7] =
        [Self::Noop, Self::CheckHistoryRollup, Self::Retention, Self::Tool, Self::Webhook, Self::Deliver, Self::TelemetryReplay];

    pub const fn spec(self) -> JobSpec {
        let (name, class, attempts_max, time_limit, at_once, is_short) = match self {
            Self::Noop => ("noop", JobClass::Upkeep, 3, Duration::from_secs(60), 20, true),
            Self::CheckHistoryRollup => ("check_history_rollup", JobClass::Upkeep, 10, Duration::from_secs(600), 1, false),
            Self::Retention => ("retention", JobClass::Upkeep, 10, Duration::from_secs(1800), 1, false),
            Self::Tool => ("tool", JobClass::Tools, 3, Duration::from_secs(3600), 4, false),
            Self::Webhook => ("webhook", JobClass::Notifications, 12, Duration::from_secs(60), 16, false),
            Self::Deliver => ("deliver", JobClass::Notifications, 12, Duration::from_secs(60), 16, false),
            Self::TelemetryReplay => ("telemetry_replay", JobClass::Upkeep, 5, Duration::from_secs(60), 4, false),
        };
        JobSpec { name, class, attempts_max, time_limit, at_once, is_short }
    }

    pub const fn as_str(self) -> &'static str {
        self.spec().name
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Whether a payload is of this kind's shape.
    pub fn check_payload(self, payload: &Value) -> Result<(), Refusal> {
        if payload.to_string().len() > JOB_PAYLOAD_MAX_BYTES {
            return Err(Refusal::TooLarge { detail: format!("a payload has at most {JOB_PAYLOAD_MAX_BYTES} bytes") });
        }
        // A list would be read as the fields in order.
        if !payload.is_object() {
            return Err(Refusal::invalid("payload", "a JSON object"));
        }
        match self {
            Self::Noop | Self::CheckHistoryRollup | Self::Retention => shaped::<Nothing>(payload).map(drop),
            Self::Tool => shaped::<ToolPayload>(payload)?.validate(),
            Self::Webhook => shaped::<WebhookPayload>(payload)?.validate(),
            Self::Deliver => shaped::<DeliverPayload>(payload).map(drop),
            Self::TelemetryReplay => Replay::of(payload).map(drop),
        }
    }
}

/// A payload in its kind's own shape.
pub fn shaped<T: DeserializeOwned>(payload: &Value) -> Result<T, Refusal> {
    T::deserialize(payload).map_err(|error| Refusal::invalid("payload", without_values(&error.to_string())))
}

/// What a payload holds may be a secret, and refusals get into logs: names of fields are told, values
/// are not.
fn without_values(error: &str) -> String {
    match error.rsplit_once(", expected ") {
        Some((told, _)) if told.starts_with("unknown field") => error.chars().take(200).collect(),
        Some((_, expected)) => format!("it must be {expected}"),
        None => error.chars().take(200).collect(),
    }
}

/// Of kinds that need to know nothing.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ToolPayload {
    /// As the configuration calls it.
    pub tool: String,
    /// Given to the command on its standard input.
    #[serde(default)]
    pub input: Value,
}

impl ToolPayload {
    pub fn validate(&self) -> Result<(), Refusal> {
        let known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
        let fits = (1..=TOOL_NAME_MAX_CHARS).contains(&self.tool.len()) && self.tool.chars().all(known);
        if fits { Ok(()) } else { Err(Refusal::invalid("payload.tool", "the name of a tool in the configuration")) }
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookPayload {
    pub url: String,
    /// What happened, for the header `Synops-Event`.
    pub event: String,
    pub body: Value,
}

impl WebhookPayload {
    pub fn validate(&self) -> Result<(), Refusal> {
        let url = &self.url;
        let fits = url.len() <= WEBHOOK_URL_MAX_BYTES && !url.chars().any(|c| c.is_whitespace() || c.is_control());
        if !fits || !(url.starts_with("https://") || url.starts_with("http://")) {
            return Err(Refusal::invalid("payload.url", "an http:// or https:// address without spaces"));
        }
        let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if self.event.is_empty() || self.event.len() > 64 || !self.event.chars().all(known) {
            return Err(Refusal::invalid("payload.event", "1 to 64 letters, digits or ._-"));
        }
        Ok(())
    }
}

/// A job to be enqueued.
#[derive(Clone, Debug, PartialEq)]
pub struct NewJob {
    pub id: Uuid,
    pub kind: String,
    pub class: String,
    pub priority: Priority,
    /// `None`: now, by the database's clock.
    pub run_at: Option<DateTime<Utc>>,
    pub unique_key: Option<String>,
    /// The unique key holds for so long, whatever becomes of the job; without it, while the job waits.
    pub unique_for: Option<Duration>,
    pub payload: Value,
    pub attempts_max: i16,
    pub created_by: Option<Uuid>,
}

impl NewJob {
    pub fn new(kind: JobKind, payload: Value) -> Self {
        Self::of(&kind.spec(), payload)
    }

    pub fn of(spec: &JobSpec, payload: Value) -> Self {
        Self {
            id: Uuid::now_v7(),
            kind: spec.name.to_owned(),
            class: spec.class.as_str().to_owned(),
            priority: Priority::Normal,
            run_at: None,
            unique_key: None,
            unique_for: None,
            payload,
            attempts_max: spec.attempts_max,
            created_by: None,
        }
    }
}

/// How long a job waits before its next attempt: 1 s, 2 s, 4 s … up to an hour, and up to half of that
/// more or less (`chance` is from 0 to 1), so that what failed together does not come back together.
pub fn backoff(attempt: i16, chance: f64) -> Duration {
    let doublings = u32::try_from(attempt.max(1) - 1).unwrap_or(0).min(20);
    let pause = JOB_BACKOFF_FIRST.saturating_mul(2_u32.saturating_pow(doublings)).min(JOB_BACKOFF_MAX);
    pause.mul_f64(0.5 + chance.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_are_read_as_written() {
        for kind in JobKind::ALL {
            assert_eq!(JobKind::parse(kind.as_str()), Some(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        for class in JobClass::ALL {
            assert_eq!(JobClass::parse(class.as_str()), Some(class));
        }
        for priority in Priority::ALL {
            assert_eq!(Priority::from_rank(priority.rank()), priority);
        }
    }

    #[test]
    fn payloads_of_the_wrong_shape_are_refused() {
        fn check(kind: JobKind, payload: Value, expect: Option<&str>) {
            let refused = kind.check_payload(&payload).err().map(|refusal| refusal.to_string());
            match (expect, &refused) {
                (None, None) => {}
                (Some(expect), Some(refused)) if refused.contains(expect) => {}
                _ => panic!("{payload}: {refused:?}, not {expect:?}"),
            }
        }
        check(JobKind::Noop, json!({}), None);
        check(JobKind::Noop, json!({ "a": 1 }), Some("unknown field"));
        check(JobKind::Noop, json!(null), Some("payload"));
        check(JobKind::Tool, json!({ "tool": "backup" }), None);
        check(JobKind::Tool, json!({ "tool": "../sh" }), Some("payload.tool"));
        check(JobKind::Tool, json!({ "tool": "a", "input": "x".repeat(JOB_PAYLOAD_MAX_BYTES) }), Some("at most"));
        check(JobKind::Webhook, json!({ "url": "https://a.example/x", "event": "a.b", "body": {} }), None);
        check(JobKind::Webhook, json!({ "url": "ftp://a.example", "event": "a", "body": {} }), Some("payload.url"));
        check(JobKind::Webhook, json!({ "url": "https://a.example", "event": "a\nb", "body": {} }), Some("payload.event"));
        check(JobKind::Webhook, json!({ "url": "https://a.example" }), Some("missing field"));
        check(JobKind::Tool, json!({ "tool": ["hunter2"] }), Some("payload: it must be a string"));
        check(JobKind::Tool, json!(["hunter2"]), Some("payload: a JSON object"));
    }

    #[test]
    fn attempts_come_further_and_further_apart() {
        assert_eq!(backoff(1, 0.5), JOB_BACKOFF_FIRST);
        assert_eq!(backoff(4, 0.5), JOB_BACKOFF_FIRST * 8);
        assert_eq!(backoff(i16::MAX, 0.5), JOB_BACKOFF_MAX);
        assert!(backoff(3, 0.0) < backoff(3, 1.0) && backoff(-5, 0.0) > Duration::ZERO);
    }
}
