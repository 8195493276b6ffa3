//! The kinds of jobs, one file each. `domain::job::JobKind` says what holds for each.

mod check_history_rollup;
mod deliver;
mod noop;
mod retention;
mod telemetry_replay;
mod tool;
pub(crate) mod webhook;

pub use tool::Tools;
pub(crate) use webhook::Webhooks;

use super::context::{Context, Done, Failure};
use crate::Retention;
use crate::notify::Post;
use content::Folder;
use domain::job::{JobKind, JobSpec};
use intentions::Intentions;
use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

type Running = Pin<Box<dyn Future<Output = Result<Done, Failure>> + Send>>;
type Handler = Arc<dyn Fn(Context) -> Running + Send + Sync>;

/// What a worker can run.
#[derive(Clone, Default)]
pub struct Kinds(HashMap<&'static str, (JobSpec, Handler)>);

impl Kinds {
    /// Those of the product.
    pub(crate) fn all(
        (retention, files): (Retention, Option<Folder>),
        tools: Tools,
        webhooks: Webhooks,
        post: Post,
        intentions: Intentions,
    ) -> Self {
        let kept = retention.positions;
        Self::default()
            .with(JobKind::Noop.spec(), noop::run)
            .with(JobKind::CheckHistoryRollup.spec(), check_history_rollup::run)
            .with(JobKind::Retention.spec(), move |context| retention::run(context, retention, files.clone()))
            .with(JobKind::Tool.spec(), move |context| tool::run(context, tools.clone()))
            .with(JobKind::Webhook.spec(), move |context| webhook::run(context, webhooks.clone()))
            .with(JobKind::Deliver.spec(), move |context| deliver::run(context, post.clone()))
            .with(JobKind::TelemetryReplay.spec(), move |context| telemetry_replay::run(context, intentions.clone(), kept))
    }

    /// These, and of the others those that are not in here.
    pub(crate) fn or(mut self, others: Self) -> Self {
        for (name, kind) in others.0 {
            self.0.entry(name).or_insert(kind);
        }
        self
    }

    /// Adds a kind, or takes the place of one.
    #[must_use]
    pub fn with<F, R>(mut self, spec: JobSpec, run: F) -> Self
    where
        F: Fn(Context) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Done, Failure>> + Send + 'static,
    {
        self.0.insert(spec.name, (spec, Arc::new(move |context| Box::pin(run(context)))));
        self
    }

    pub(super) fn specs(&self) -> impl Iterator<Item = JobSpec> {
        self.0.values().map(|(spec, _)| *spec)
    }

    pub(super) fn handler(&self, name: &str) -> Option<Handler> {
        self.0.get(name).map(|(_, handler)| handler.clone())
    }
}

impl fmt::Debug for Kinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
