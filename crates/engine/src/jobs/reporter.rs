//! Tells the database what became of jobs: those that are done many at a time, in one statement. What
//! can't be told now is told later; it is never dropped while the server runs.

use super::Patience;
use super::desk::Desk;
use domain::limits::JOB_CLAIM_MAX;
use std::sync::Arc;
use std::time::Duration;
use store::Pool;
use store::job::{Finished, Held, Retry};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

/// Reports that wait; who has another to make waits too.
const WAITING_MAX: usize = 2 * JOB_CLAIM_MAX;
/// Tries after which a report is given up that the database answers and refuses.
const REFUSED_MAX: u32 = 5;
/// Longer than the database works on any statement of ours: then the way to it is lost.
const ANSWER_MAX: Duration = Duration::from_secs(40);
/// What is told of a job whose answer the database refuses: a text with U+0000, say.
const UNKEPT: &str = "it was done, but what it answered can't be kept";

pub(super) enum Report {
    Finished(Finished),
    Failed {
        held: Held,
        error: String,
        retry: Retry,
    },
    /// Undone: for whoever comes.
    Released(Held),
}

#[derive(Clone)]
pub(super) struct Reports(mpsc::Sender<Report>);

/// Tells only while the worker runs.
#[derive(Clone)]
pub(super) struct WeakReports(mpsc::WeakSender<Report>);

impl WeakReports {
    pub(super) fn upgrade(&self) -> Option<Reports> {
        self.0.upgrade().map(Reports)
    }
}

impl Reports {
    pub(super) fn downgrade(&self) -> WeakReports {
        WeakReports(self.0.downgrade())
    }

    pub(super) async fn tell(&self, report: Report) {
        // The reporter ends after all who could tell it something.
        let _ = self.0.send(report).await;
    }
}

pub(super) struct Reporter {
    pool: Pool,
    desk: Arc<Desk>,
    reports: mpsc::Receiver<Report>,
}

impl Reporter {
    pub(super) fn new(pool: Pool, desk: Arc<Desk>) -> (Self, Reports) {
        let (tell, reports) = mpsc::channel(WAITING_MAX);
        (Self { pool, desk, reports }, Reports(tell))
    }

    /// Until all who could report are gone.
    pub(super) async fn run(mut self) {
        let mut batch = Vec::with_capacity(JOB_CLAIM_MAX);
        while self.reports.recv_many(&mut batch, JOB_CLAIM_MAX).await > 0 {
            let (mut finished, mut released) = (Vec::new(), Vec::new());
            let mut all = Vec::new();
            for report in batch.drain(..) {
                match report {
                    Report::Finished(one) => finished.push(one),
                    Report::Released(held) => released.push(held),
                    Report::Failed { held, error, retry } => all.push(Told::Failed { held, error, retry }),
                }
            }
            all.push(Told::Finished(finished));
            all.push(Told::Released(released));
            for told in all.into_iter().filter(|told| told.len() > 0) {
                let held = told.held();
                self.tell(told).await;
                self.desk.told(&held);
            }
        }
    }

    /// Together, or one by one when the database refuses all for one's sake.
    async fn tell(&self, told: Told) {
        let Some(refused) = self.insist(told).await else { return };
        for one in refused.apart() {
            let Some(refused) = self.insist(one).await else { continue };
            if let Told::Finished(finished) = &refused
                && let [Finished { held, result: Some(_), .. }] = finished[..]
            {
                let unkept = Told::Failed { held, error: UNKEPT.to_owned(), retry: Retry::Never };
                if self.insist(unkept).await.is_none() {
                    continue;
                }
            }
            tracing::error!("what became of a job is not taken; it is run again when this server was started anew");
        }
    }

    /// Until the database has taken it: while it does not answer, for as long as that takes. Answers
    /// what it refuses.
    async fn insist(&self, told: Told) -> Option<Told> {
        let mut patience = Patience::new();
        let mut refused = 0;
        loop {
            match timeout(ANSWER_MAX, told.write(&self.pool)).await {
                Ok(Ok(count)) => {
                    late(told.len(), count);
                    return None;
                }
                Ok(Err(error)) => {
                    refused += u32::from(error.as_database_error().is_some() && !store::may_retry(&error));
                    tracing::warn!(%error, "what became of jobs could not be told");
                    if refused >= REFUSED_MAX {
                        return Some(told);
                    }
                }
                Err(_) => tracing::warn!("what became of jobs could not be told: the database does not answer"),
            }
            sleep(patience.next()).await;
        }
    }
}

/// What is told by one statement.
enum Told {
    Finished(Vec<Finished>),
    Released(Vec<Held>),
    Failed { held: Held, error: String, retry: Retry },
}

impl Told {
    fn len(&self) -> usize {
        match self {
            Self::Finished(finished) => finished.len(),
            Self::Released(released) => released.len(),
            Self::Failed { .. } => 1,
        }
    }

    fn held(&self) -> Vec<Held> {
        match self {
            Self::Finished(finished) => finished.iter().map(|one| one.held).collect(),
            Self::Released(released) => released.clone(),
            Self::Failed { held, .. } => vec![*held],
        }
    }

    fn apart(self) -> Vec<Self> {
        match self {
            Self::Finished(finished) => finished.into_iter().map(|one| Self::Finished(vec![one])).collect(),
            Self::Released(released) => released.into_iter().map(|one| Self::Released(vec![one])).collect(),
            failed @ Self::Failed { .. } => vec![failed],
        }
    }

    /// Answers how many were still held.
    async fn write(&self, pool: &Pool) -> Result<usize, sqlx::Error> {
        match self {
            Self::Finished(finished) => Ok(store::job::complete_jobs(pool, finished).await?.len()),
            Self::Released(released) => Ok(store::job::release_jobs(pool, released).await?.len()),
            Self::Failed { held, error, retry } => {
                let mut db = pool.acquire().await?;
                Ok(usize::from(store::job::fail_job(&mut db, *held, error, retry).await?))
            }
        }
    }
}

/// Takes note of reports that changed nothing: others have these jobs by now.
fn late(all: usize, told: usize) {
    let late = all.saturating_sub(told);
    if late > 0 {
        tracing::warn!(jobs = late, "what became of jobs came too late: others run them by now");
        metrics::counter!("synops_jobs_fenced_total").increment(late as u64);
    }
}
