//! Single jobs.

use super::{Desk, JobOutcome};
use crate::carry_out::Stop;
use domain::Refusal;
use domain::job::JobKind;
use domain::job_act::EnqueueJob;
use serde_json::json;
use store::job::{Inserted, Job};
use uuid::Uuid;

const NO_JOB: Refusal = Refusal::NotFound { what: "job" };

impl Desk<'_> {
    pub(super) async fn enqueue(&mut self, new: &EnqueueJob) -> Result<JobOutcome, Stop> {
        let job = new.job(self.actor.person_id());
        let inserted = store::job::insert_jobs(&mut *self.db, std::slice::from_ref(&job)).await?;
        let [Inserted::New(id)] = inserted[..] else {
            return Err(Refusal::conflict("a job of this kind with this unique key is there already").into());
        };
        let job = store::job::find_job(&mut *self.db, id).await?.ok_or(NO_JOB)?;
        let summary = json!({ "job": id, "job_kind": job.kind, "priority": job.priority, "run_at": job.run_at });
        self.record("enqueue_job", summary).await?;
        Ok(JobOutcome::Job(Box::new(job)))
    }

    /// Held, so that it neither begins nor ends meanwhile.
    async fn locked_job(&mut self, id: Uuid) -> Result<Job, Stop> {
        if let Some(job) = store::job::lock_job(&mut *self.db, id).await? {
            return Ok(job);
        }
        match store::job::find_past_job(&mut *self.db, id).await? {
            Some(past) => Err(Refusal::conflict(format!("it has ended: {}", past.outcome)).into()),
            None => Err(NO_JOB.into()),
        }
    }

    pub(super) async fn cancel(&mut self, id: Uuid) -> Result<JobOutcome, Stop> {
        let job = self.locked_job(id).await?;
        let at_once = store::job::cancel_job(&mut *self.db, id).await?.ok_or(NO_JOB)?;
        if job.kind == JobKind::Deliver.as_str() {
            store::delivery::end_delivery_of_job(&mut *self.db, id, "its job was cancelled").await?;
        }
        self.record("cancel_job", json!({ "job": id, "job_kind": job.kind, "at_once": at_once })).await?;
        if at_once {
            let past = store::job::find_past_job(&mut *self.db, id).await?.ok_or(NO_JOB)?;
            return Ok(JobOutcome::Ended(Box::new(past)));
        }
        let job = store::job::find_job(&mut *self.db, id).await?.ok_or(NO_JOB)?;
        Ok(JobOutcome::Job(Box::new(job)))
    }

    pub(super) async fn retry(&mut self, id: Uuid) -> Result<JobOutcome, Stop> {
        let job = self.locked_job(id).await?;
        match job.state.as_str() {
            "running" => return Err(Refusal::conflict("it runs already").into()),
            // It is due already, and waits for a worker.
            "ready" => return Ok(JobOutcome::Job(Box::new(job))),
            _ => {}
        }
        store::job::make_due(&mut *self.db, id).await?;
        self.record("retry_job", json!({ "job": id, "job_kind": job.kind })).await?;
        let job = store::job::find_job(&mut *self.db, id).await?.ok_or(NO_JOB)?;
        Ok(JobOutcome::Job(Box::new(job)))
    }
}
