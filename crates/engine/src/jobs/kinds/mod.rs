//! The kinds of jobs, one file each. `domain::job::JobKind` says what holds for each.

mod noop;

use super::context::{Context, Done, Failure};
use domain::job::{JobKind, JobSpec};
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
    pub fn all() -> Self {
        Self::default().with(JobKind::Noop.spec(), noop::run)
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
