//! What a job's handler is given, and what it answers.

use super::desk::Desk;
use domain::limits::{JOB_MESSAGE_MAX_CHARS, JOB_PAYLOAD_MAX_BYTES};
use serde::de::DeserializeOwned;
use serde_json::Value;
use sqlx::PgConnection;
use std::sync::Arc;
use store::Pool;
use store::job::{ClaimedJob, Held};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// What a job answers when it is done: something for its history, or nothing.
pub type Done = Option<Value>;

/// Why a job is not done.
#[derive(Debug)]
pub enum Failure {
    /// It may go better another time.
    Again(String),
    /// It never will: the dead letters.
    Never(String),
    /// It was told to stop and did.
    Stopped,
    /// Somebody else runs it by now: nothing that this one writes counts.
    Lost,
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Again(format!("the database: {error}"))
    }
}

/// One attempt at a job.
#[derive(Clone, Debug)]
pub struct Context {
    pub(super) held: Held,
    pub(super) job: Arc<ClaimedJob>,
    pub(super) pool: Pool,
    pub(super) desk: Arc<Desk>,
    pub(super) stop: CancellationToken,
}

impl Context {
    /// The payload in the kind's own shape. One that has another can't be put right by trying again.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        T::deserialize(&self.job.payload).map_err(|error| Failure::Never(format!("the payload has the wrong shape: {error}")))
    }

    pub fn id(&self) -> Uuid {
        self.held.id
    }

    /// From 1 on.
    pub fn attempt(&self) -> i16 {
        self.job.attempt
    }

    /// What an earlier attempt kept.
    pub fn kept(&self) -> Option<&Value> {
        self.job.checkpoint.as_ref()
    }

    /// Cancelled when the job is to end: cancelled by a person, out of time, interrupted by a drain, or
    /// lost. It gets a few seconds to keep its place; then it is cut off.
    pub fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Tells how far it is, from 0 to 1. Written about once a second.
    pub fn progress(&self, done: f32, message: Option<&str>) {
        let message = message.map(|text| text.chars().filter(|c| !c.is_control()).take(JOB_MESSAGE_MAX_CHARS).collect());
        let done = if done.is_nan() { 0.0 } else { done.clamp(0.0, 1.0) };
        self.desk.progress(self.held, done, message);
    }

    /// Keeps where another attempt goes on.
    pub async fn keep(&self, checkpoint: &Value) -> Result<(), Failure> {
        if checkpoint.to_string().len() > JOB_PAYLOAD_MAX_BYTES {
            return Err(Failure::Never(format!("a checkpoint has at most {JOB_PAYLOAD_MAX_BYTES} bytes")));
        }
        if store::job::save_checkpoint(&self.pool, self.held, checkpoint).await? { Ok(()) } else { Err(Failure::Lost) }
    }

    /// Makes what the transaction writes count only while the job is held: to be called in each
    /// transaction with effects. Nobody takes the job over before it ends.
    pub async fn hold(&self, db: &mut PgConnection) -> Result<(), Failure> {
        if store::job::hold_job(db, self.held).await? { Ok(()) } else { Err(Failure::Lost) }
    }
}
