//! Tells the database what became of jobs: those that are done many at a time, in one statement. What
//! can't be told now is told later; it is never dropped while the server runs.

use super::Patience;
use domain::limits::JOB_CLAIM_MAX;
use store::Pool;
use store::job::{Finished, Held, Retry};
use tokio::sync::mpsc;
use tokio::time::sleep;

/// Reports that wait; who has another to make waits too.
const WAITING_MAX: usize = 2 * JOB_CLAIM_MAX;
/// Tries after which a report is given up that the database answers and refuses: the lease ends, and
/// another attempt is made.
const REFUSED_MAX: u32 = 5;

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

impl Reports {
    pub(super) async fn tell(&self, report: Report) {
        // The reporter ends after all who could tell it something.
        let _ = self.0.send(report).await;
    }
}

pub(super) struct Reporter {
    pool: Pool,
    reports: mpsc::Receiver<Report>,
}

impl Reporter {
    pub(super) fn new(pool: Pool) -> (Self, Reports) {
        let (tell, reports) = mpsc::channel(WAITING_MAX);
        (Self { pool, reports }, Reports(tell))
    }

    /// Until all who could report are gone.
    pub(super) async fn run(mut self) {
        let mut batch = Vec::with_capacity(JOB_CLAIM_MAX);
        while self.reports.recv_many(&mut batch, JOB_CLAIM_MAX).await > 0 {
            let (mut finished, mut released, mut failed) = (Vec::new(), Vec::new(), Vec::new());
            for report in batch.drain(..) {
                match report {
                    Report::Finished(one) => finished.push(one),
                    Report::Released(held) => released.push(held),
                    Report::Failed { held, error, retry } => failed.push((held, error, retry)),
                }
            }
            if !finished.is_empty() {
                self.insist(Told::Finished(finished)).await;
            }
            if !released.is_empty() {
                self.insist(Told::Released(released)).await;
            }
            for (held, error, retry) in failed {
                self.insist(Told::Failed { held, error, retry }).await;
            }
        }
    }

    /// Until the database has taken it: while it does not answer, for as long as that takes.
    async fn insist(&self, told: Told) {
        let mut patience = Patience::new();
        let mut refused = 0;
        loop {
            match told.write(&self.pool).await {
                Ok(count) => return late(told.len(), count),
                Err(error) => {
                    refused += u32::from(error.as_database_error().is_some() && !store::may_retry(&error));
                    if refused >= REFUSED_MAX {
                        tracing::error!(%error, "what became of jobs is not taken; they are run again when their lease ends");
                        return;
                    }
                    tracing::warn!(%error, "what became of jobs could not be told; tried again shortly");
                    sleep(patience.next()).await;
                }
            }
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
