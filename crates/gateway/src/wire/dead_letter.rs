//! What failed for good.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

/// What failed for good.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LetterSource {
    Job,
    /// What a device sent.
    Telemetry,
}

impl LetterSource {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Job => "job",
            Self::Telemetry => "telemetry",
        }
    }
}

/// A job, or what a device sent, that failed for good, until somebody decides about it.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeadLetter {
    /// That of the job.
    pub(crate) id: Uuid,
    /// When it failed.
    pub(crate) at: DateTime<Utc>,
    #[schema(example = "job")]
    pub(crate) source: String,
    #[schema(example = "tool")]
    pub(crate) kind: String,
    #[schema(required)]
    pub(crate) class: Option<String>,
    #[schema(example = "it ended with exit status: 1")]
    pub(crate) error: String,
    pub(crate) attempts: i16,
    /// A replay goes on where it stopped.
    pub(crate) has_checkpoint: bool,
    pub(crate) created_at: DateTime<Utc>,
    #[schema(required)]
    pub(crate) created_by: Option<Uuid>,
    /// `replayed` or `discarded`; null while it is open.
    #[schema(required, example = "replayed")]
    pub(crate) resolution: Option<String>,
    #[schema(required)]
    pub(crate) resolved_at: Option<DateTime<Utc>>,
    #[schema(required)]
    pub(crate) resolved_by: Option<Uuid>,
    /// The job it became.
    #[schema(required)]
    pub(crate) replayed_as: Option<Uuid>,
}

/// A page of dead letters, newest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeadLetterPage {
    pub(crate) items: Vec<DeadLetter>,
    /// Give it as `cursor` for what follows; null at the end.
    #[schema(required)]
    pub(crate) next_cursor: Option<String>,
}

/// A dead letter with what it works on.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeadLetterDetail {
    #[serde(flatten)]
    pub(crate) letter: DeadLetter,
    /// In the shape of its kind; it may hold secrets.
    pub(crate) payload: Value,
    /// Where a replay goes on.
    pub(crate) checkpoint: Value,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeadLetterChange {
    /// In the shape of its kind.
    #[schema(value_type = Map<String, Value>)]
    pub(crate) payload: Value,
}

/// Which of them: all, or none.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeadLetterIds {
    #[schema(min_items = 1, max_items = 500)]
    pub(crate) ids: Vec<Uuid>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Replayed {
    /// In the order asked for.
    pub(crate) items: Vec<ReplayedLetter>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ReplayedLetter {
    pub(crate) id: Uuid,
    /// The job it became.
    pub(crate) job_id: Uuid,
}

impl From<store::dead_letter::DeadLetter> for DeadLetter {
    fn from(letter: store::dead_letter::DeadLetter) -> Self {
        Self {
            id: letter.id,
            at: letter.at,
            source: letter.source,
            kind: letter.kind,
            class: letter.class,
            error: letter.error,
            attempts: letter.attempts,
            has_checkpoint: letter.checkpoint.is_some(),
            created_at: letter.created_at,
            created_by: letter.created_by,
            resolution: letter.resolution,
            resolved_at: letter.resolved_at,
            resolved_by: letter.resolved_by,
            replayed_as: letter.replayed_as,
        }
    }
}

impl From<store::dead_letter::DeadLetter> for DeadLetterDetail {
    fn from(mut letter: store::dead_letter::DeadLetter) -> Self {
        let payload = std::mem::take(&mut letter.payload);
        let checkpoint = letter.checkpoint.clone().unwrap_or_default();
        Self { letter: letter.into(), payload, checkpoint }
    }
}
