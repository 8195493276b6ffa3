//! Carries jobs out, one after the other, each within its time.

use super::context::{Context, Done, Failure};
use super::desk::{Desk, Why, held};
use super::kinds::Kinds;
use super::reporter::{Report, Reports};
use super::stop::Stop;
use domain::job::{JobSpec, backoff};
use domain::limits::{JOB_CANCEL_GRACE, JOB_ERROR_MAX_CHARS};
use futures_util::FutureExt;
use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use store::Pool;
use store::job::{ClaimedJob, Finished, Held, Retry};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

pub(super) struct Runner {
    pub(super) pool: Pool,
    pub(super) desk: Arc<Desk>,
    pub(super) kinds: Kinds,
    pub(super) reports: Reports,
    pub(super) stop: Stop,
}

impl Runner {
    /// Until no job of the kind waits here, or none is to be begun any more.
    pub(super) async fn run(self: Arc<Self>, kind: &'static str) {
        while let Some((spec, job, stop)) = self.desk.begin(kind, !self.stop.is_closed()) {
            let began = Instant::now();
            let held = held(&job);
            let (attempt, last) = (job.attempt, job.attempt >= job.attempts_max);
            let ended = self.attempt(&spec, job, stop).await;
            let why = self.desk.end(held);
            let (outcome, report) = judge(held, ended, why, &spec, attempt, last);
            metrics::counter!("synops_jobs_total", "kind" => kind, "outcome" => outcome).increment(1);
            metrics::histogram!("synops_job_duration_seconds", "kind" => kind).record(began.elapsed().as_secs_f64());
            match report {
                Some(report) => self.report(report).await,
                None => self.desk.told(&[held]),
            }
        }
    }

    pub(super) async fn report(&self, report: Report) {
        self.reports.tell(report).await;
    }

    /// `None`: it was told to stop, and did not within its grace.
    async fn attempt(&self, spec: &JobSpec, job: ClaimedJob, stop: CancellationToken) -> Option<Result<Done, Failure>> {
        let held = held(&job);
        let Some(handler) = self.kinds.handler(spec.name) else {
            return Some(Err(Failure::Again("this server has no such kind of job".to_owned())));
        };
        let context = Context { held, job: Arc::new(job), pool: self.pool.clone(), desk: self.desk.clone(), stop: stop.clone() };
        let mut running = std::pin::pin!(AssertUnwindSafe(handler(context)).catch_unwind());
        let ended = tokio::select! {
            biased;
            ended = &mut running => Some(ended),
            () = stop.cancelled() => None,
            () = sleep(spec.time_limit) => {
                self.desk.stop(held, Why::TimedOut);
                None
            }
        };
        let ended = match ended {
            Some(ended) => Some(ended),
            None => timeout(JOB_CANCEL_GRACE, running).await.ok(),
        };
        ended.map(|ended| ended.unwrap_or_else(|panic| Err(Failure::Again(format!("it panicked: {}", panic_text(&*panic))))))
    }
}

/// What is told of an attempt: a word for the metrics, and the report, unless there is nobody to hear it.
fn judge(
    held: Held,
    ended: Option<Result<Done, Failure>>,
    why: Option<Why>,
    spec: &JobSpec,
    attempt: i16,
    last: bool,
) -> (&'static str, Option<Report>) {
    let failed = |error: String, never: bool| {
        // PostgreSQL's text holds any character but one.
        let error: String = error.chars().filter(|c| *c != '\0').take(JOB_ERROR_MAX_CHARS).collect();
        let retry = if never || last { Retry::Never } else { Retry::After(backoff(attempt, rand::random_range(0.0..=1.0))) };
        let outcome = if retry == Retry::Never { "failed" } else { "retried" };
        (outcome, Some(Report::Failed { held, error, retry }))
    };
    match (ended, why) {
        (Some(Err(Failure::Lost)), _) | (_, Some(Why::Lost)) => ("lost", None),
        (Some(Ok(result)), _) => ("succeeded", Some(Report::Finished(Finished { held, succeeded: true, result }))),
        (_, Some(Why::Cancelled)) => ("cancelled", Some(Report::Finished(Finished { held, succeeded: false, result: None }))),
        (_, Some(Why::Interrupted)) => ("interrupted", Some(Report::Released(held))),
        (_, Some(Why::TimedOut)) => failed(format!("it took longer than {}", in_words(spec.time_limit)), false),
        (Some(Err(Failure::Again(error))), None) => failed(error, false),
        (Some(Err(Failure::Never(error))), None) => failed(error, true),
        (Some(Err(Failure::Stopped)) | None, None) => failed("it stopped without being told to".to_owned(), false),
    }
}

fn in_words(span: Duration) -> String {
    if span.as_secs() >= 120 { format!("{} minutes", span.as_secs() / 60) } else { format!("{} s", span.as_secs()) }
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("without a word")
}
