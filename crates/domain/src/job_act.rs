//! What people do about background work.

use crate::Refusal;
use crate::job::{JobClass, JobKind, NewJob, Priority};
use crate::limits::{
    DEAD_LETTERS_AT_ONCE_MAX, JOB_PERIOD_MAX, JOB_REASON_MAX_CHARS, JOB_UNIQUE_KEY_MAX_BYTES, SCHEDULE_NAME_MAX_CHARS,
};
use chrono::{DateTime, Datelike, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;
use utoipa::ToSchema;
use uuid::Uuid;

/// One of them; carried out by `intentions`, and recorded there.
#[derive(Clone, Debug, PartialEq)]
pub enum JobAct {
    Enqueue(Box<EnqueueJob>),
    /// One that waits ends at once; one that runs is told to.
    Cancel {
        id: Uuid,
    },
    /// What is scheduled for later is due now.
    Retry {
        id: Uuid,
    },
    /// Nothing of the class is claimed any more; what runs goes on.
    Pause {
        class: JobClass,
        reason: Option<String>,
    },
    Resume {
        class: JobClass,
    },
    CreateSchedule(Box<NewJobSchedule>),
    UpdateSchedule {
        id: Uuid,
        patch: Box<JobSchedulePatch>,
    },
    DeleteSchedule {
        id: Uuid,
    },
    EditDeadLetter {
        id: Uuid,
        payload: Value,
    },
    /// All of them, or none. Each becomes a job that goes on from its checkpoint.
    ReplayDeadLetters {
        ids: Vec<Uuid>,
    },
    DiscardDeadLetters {
        ids: Vec<Uuid>,
    },
}

/// A job to be enqueued.
#[derive(Clone, Debug, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnqueueJob {
    pub kind: JobKind,
    /// In the shape of its kind.
    #[serde(default = "nothing")]
    #[schema(value_type = Map<String, Value>, default = json!({}))]
    pub payload: Value,
    #[serde(default)]
    pub priority: Priority,
    /// Not before; at once if absent.
    pub run_at: Option<DateTime<Utc>>,
    /// Among the jobs of its kind that wait there is one with this key.
    #[schema(min_length = 1, max_length = 200)]
    pub unique_key: Option<String>,
    /// The key holds for so long instead, whatever becomes of the job.
    #[schema(minimum = 1, maximum = 31_536_000)]
    pub unique_for_s: Option<u32>,
}

fn nothing() -> Value {
    json!({})
}

impl EnqueueJob {
    pub fn new(kind: JobKind, payload: Value) -> Self {
        Self { kind, payload, priority: Priority::Normal, run_at: None, unique_key: None, unique_for_s: None }
    }

    fn validate(&self) -> Result<(), Refusal> {
        self.kind.check_payload(&self.payload)?;
        if self.run_at.is_some_and(|at| !(1970..=9999).contains(&at.year())) {
            return Err(Refusal::invalid("run_at", "a time from 1970 to 9999"));
        }
        if let Some(key) = &self.unique_key
            && (key.is_empty() || key.len() > JOB_UNIQUE_KEY_MAX_BYTES || key.contains('\0'))
        {
            return Err(Refusal::invalid("unique_key", format!("1 to {JOB_UNIQUE_KEY_MAX_BYTES} bytes, without NUL")));
        }
        match (self.unique_for_s, &self.unique_key) {
            (Some(_), None) => Err(Refusal::invalid("unique_for_s", "nothing without a unique_key")),
            (Some(seconds), _) if seconds == 0 || Duration::from_secs(seconds.into()) > JOB_PERIOD_MAX => {
                Err(Refusal::invalid("unique_for_s", format!("1 to {} seconds", JOB_PERIOD_MAX.as_secs())))
            }
            _ => Ok(()),
        }
    }

    /// The job, enqueued by somebody (`None`: the server).
    pub fn job(&self, created_by: Option<Uuid>) -> NewJob {
        NewJob {
            priority: self.priority,
            run_at: self.run_at,
            unique_key: self.unique_key.clone(),
            unique_for: self.unique_for_s.map(|seconds| Duration::from_secs(seconds.into())),
            created_by,
            ..NewJob::new(self.kind, self.payload.clone())
        }
    }
}

/// What is to be enqueued again and again.
#[derive(Clone, Debug, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewJobSchedule {
    #[schema(min_length = 1, max_length = 100, example = "nightly backup")]
    pub name: String,
    pub kind: JobKind,
    /// In the shape of its kind.
    #[serde(default = "nothing")]
    #[schema(value_type = Map<String, Value>, default = json!({}))]
    pub payload: Value,
    /// Minute, hour, day, month and weekday.
    #[schema(max_length = 100, example = "15 3 * * *")]
    pub cron: String,
    /// In which the pattern is read.
    #[serde(default = "utc")]
    #[schema(example = "Europe/Oslo", default = "UTC")]
    pub timezone: String,
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub enabled: bool,
}

fn utc() -> String {
    "UTC".to_owned()
}

fn yes() -> bool {
    true
}

/// What changes of a schedule; what is absent stays.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JobSchedulePatch {
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 100)]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<JobKind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Map<String, Value>>)]
    pub payload: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 100)]
    pub cron: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

impl JobSchedulePatch {
    /// The names of what it changes.
    pub fn fields(&self) -> Vec<String> {
        match serde_json::to_value(self) {
            Ok(Value::Object(fields)) => fields.into_iter().map(|(name, _)| name).collect(),
            _ => Vec::new(),
        }
    }
}

impl JobAct {
    /// What can be told without the database.
    pub fn validate(&self) -> Result<(), Refusal> {
        match self {
            Self::Enqueue(job) => job.validate(),
            Self::Pause { reason: Some(reason), .. } => check_reason(reason),
            Self::CreateSchedule(new) => {
                check_name(&new.name)?;
                new.kind.check_payload(&new.payload)
            }
            Self::UpdateSchedule { patch, .. } => {
                if **patch == JobSchedulePatch::default() {
                    return Err(Refusal::invalid("body", "at least one field to change"));
                }
                patch.name.as_deref().map_or(Ok(()), check_name)
            }
            Self::ReplayDeadLetters { ids } | Self::DiscardDeadLetters { ids } => check_ids(ids),
            _ => Ok(()),
        }
    }
}

fn check_reason(reason: &str) -> Result<(), Refusal> {
    if reason.contains('\0') || reason.chars().count() > JOB_REASON_MAX_CHARS {
        return Err(Refusal::invalid("reason", format!("at most {JOB_REASON_MAX_CHARS} characters, without NUL")));
    }
    Ok(())
}

fn check_name(name: &str) -> Result<(), Refusal> {
    if name.trim().is_empty() || name.chars().count() > SCHEDULE_NAME_MAX_CHARS || name.chars().any(char::is_control) {
        return Err(Refusal::invalid("name", format!("1 to {SCHEDULE_NAME_MAX_CHARS} characters, none of them invisible")));
    }
    Ok(())
}

fn check_ids(ids: &[Uuid]) -> Result<(), Refusal> {
    let mut known = std::collections::HashSet::new();
    if ids.is_empty() || ids.len() > DEAD_LETTERS_AT_ONCE_MAX || !ids.iter().all(|id| known.insert(id)) {
        return Err(Refusal::invalid("ids", format!("1 to {DEAD_LETTERS_AT_ONCE_MAX} ids, each once")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(act: JobAct, refused: Option<&str>) {
        let field = match act.validate() {
            Ok(()) => None,
            Err(Refusal::Invalid { field, .. }) => Some(field),
            Err(other) => panic!("{other}"),
        };
        assert_eq!(field.as_deref(), refused, "{act:?}");
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let job = |change: fn(&mut EnqueueJob)| {
            let mut job = EnqueueJob::new(JobKind::Noop, json!({}));
            change(&mut job);
            JobAct::Enqueue(Box::new(job))
        };
        check(job(|_| ()), None);
        check(job(|j| j.payload = json!([])), Some("payload"));
        check(job(|j| j.run_at = Some(DateTime::<Utc>::MAX_UTC)), Some("run_at"));
        check(job(|j| j.unique_key = Some(String::new())), Some("unique_key"));
        check(job(|j| j.unique_key = Some("x".repeat(201))), Some("unique_key"));
        check(job(|j| j.unique_for_s = Some(5)), Some("unique_for_s"));
        check(job(|j| (j.unique_key, j.unique_for_s) = (Some("a".into()), Some(0))), Some("unique_for_s"));
        check(job(|j| (j.unique_key, j.unique_for_s) = (Some("a".into()), Some(60))), None);
        check(JobAct::Pause { class: JobClass::Tools, reason: Some("x".repeat(201)) }, Some("reason"));
        check(JobAct::Pause { class: JobClass::Tools, reason: None }, None);
    }

    #[test]
    fn of_letters_each_is_named_once() {
        let id = Uuid::now_v7();
        check(JobAct::ReplayDeadLetters { ids: vec![] }, Some("ids"));
        check(JobAct::DiscardDeadLetters { ids: vec![id, id] }, Some("ids"));
        check(JobAct::DiscardDeadLetters { ids: (0..501).map(|_| Uuid::now_v7()).collect() }, Some("ids"));
        check(JobAct::ReplayDeadLetters { ids: (0..500).map(|_| Uuid::now_v7()).collect() }, None);
    }

    #[test]
    fn a_change_changes_something() {
        let id = Uuid::now_v7();
        let patch = |patch: JobSchedulePatch| JobAct::UpdateSchedule { id, patch: Box::new(patch) };
        check(patch(JobSchedulePatch::default()), Some("body"));
        check(patch(JobSchedulePatch { name: Some(" ".into()), ..Default::default() }), Some("name"));
        let both = JobSchedulePatch { enabled: Some(false), cron: Some("x".into()), ..Default::default() };
        assert_eq!(both.fields(), ["cron", "enabled"]);
        check(patch(both), None);
    }
}
