//! The one way in: every change of the graph is an [`Intention`], carried out here.

mod announcement_clock;
mod apply;
mod authorise;
mod carry_out;
mod check_state;
mod connection_test;
mod files;
mod incident_rules;
mod jobs;
mod maintenance_clock;
mod notices;
mod notify;
mod rehearsal;
mod secrets;
mod series_clock;
mod status_subscriber;
mod stop;
mod telemetry;

use domain::intention::Intention;
use domain::maintenance::Series;
use domain::{Actor, Edge, Node, Refusal};
use keyring::Keyring;
use serde_json::Value;
use std::sync::Arc;
use store::Pool;
use store::device_command::DeviceCommand;
use tokio::sync::Notify;
use uuid::Uuid;

pub use files::{FileKept, NewFile};
pub use jobs::{JobOutcome, JobsDone};
pub use notices::{NoticeOutcome, NoticesDone};
pub use secrets::{Rotation, SecretsError, open as open_secrets};
pub use status_subscriber::NewSubscriber;
pub use telemetry::Kept;

/// Wakes the local tailer; called after each commit.
pub type Bell = Arc<dyn Fn() + Send + Sync>;

/// Carries intentions out. Cheap to clone.
#[derive(Clone)]
pub struct Intentions {
    pool: Pool,
    bell: Bell,
    check_bell: Arc<Notify>,
    maintenance_bell: Arc<Notify>,
    jobs_bell: Option<Bell>,
    keyring: Option<Keyring>,
    fences: telemetry::Fences,
}

/// What is known of a request besides its intentions.
#[derive(Clone, Debug, Default)]
pub struct Context {
    pub request_id: Option<String>,
    pub idempotency: Option<Idempotency>,
}

/// A key that makes a repeat of the same request answer the same.
#[derive(Clone, Debug)]
pub struct Idempotency {
    /// Whose key it is: a person's id.
    pub caller: String,
    pub key: String,
    /// Over method, path and body.
    pub request_hash: Vec<u8>,
}

/// What became of one intention.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Node(Box<Node>),
    Edge(Edge),
    Deleted(Uuid),
    /// The check of this system is due now.
    Due(Uuid),
    Series(Box<Series>),
    /// So many positions were marked, or are not any more.
    Marked(u64),
    Command(Box<DeviceCommand>),
}

/// What became of a request.
#[derive(Debug)]
pub enum Done {
    /// It was carried out now; the rendered answer.
    Now { outcomes: Vec<Outcome>, status: u16, response: Value },
    /// It was carried out before, under the same key; the answer it got then.
    Before { status: u16, response: Value },
}

impl Intentions {
    pub fn new(pool: Pool, bell: Bell) -> Self {
        Self {
            pool,
            bell,
            check_bell: Arc::default(),
            jobs_bell: None,
            maintenance_bell: Arc::default(),
            keyring: None,
            fences: telemetry::Fences::default(),
        }
    }

    /// With the bell of this process's worker, which rings for others too. Without one, workers are
    /// rung by the database.
    #[must_use]
    pub fn with_jobs_bell(mut self, bell: Option<Bell>) -> Self {
        self.jobs_bell = bell;
        self
    }

    /// With the keys that secrets are kept with. Without any, connections can't be made.
    #[must_use]
    pub fn with_keyring(mut self, keyring: Option<Keyring>) -> Self {
        self.keyring = keyring;
        self
    }

    /// Rung after each commit that may have made a check due; shared by all clones. It is for one
    /// listener, the prober of this process: a ring that comes while it looks is kept, and rings in a
    /// row count once. Other processes find what is due when they next look.
    pub fn check_bell(&self) -> Arc<Notify> {
        self.check_bell.clone()
    }

    /// Rung after each commit that may have moved a maintenance's window; like [`Self::check_bell`] for
    /// one listener, the clock of this process.
    pub fn maintenance_bell(&self) -> Arc<Notify> {
        self.maintenance_bell.clone()
    }

    /// After a commit by which a maintenance has moved: readers are told, the clock looks again, and jobs may
    /// have to wait or may go on.
    fn ring_for_maintenance(&self) {
        (self.bell)();
        self.maintenance_bell.notify_one();
        if let Some(jobs) = &self.jobs_bell {
            jobs();
        }
    }

    /// Carries all of them out in one transaction, or none. `render` makes the answer, which is
    /// stored with the work when there is an idempotency key.
    pub async fn carry_out(
        &self,
        actor: &Actor,
        intentions: Vec<Intention>,
        context: &Context,
        render: impl Fn(&[Outcome]) -> (u16, Value) + Send,
    ) -> Result<Done, Refusal> {
        carry_out::carry_out(self, actor, intentions, context, render).await
    }
}
