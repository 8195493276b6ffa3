//! Classes of jobs: paused and resumed.

use super::{Desk, JobOutcome};
use crate::carry_out::Stop;
use domain::Refusal;
use domain::job::JobClass;
use serde_json::json;

const NO_CLASS: Refusal = Refusal::NotFound { what: "class of jobs" };

impl Desk<'_> {
    /// The statement waits for the claims that hold the class: after the commit there is none.
    pub(super) async fn pause(&mut self, class: JobClass, reason: Option<&str>) -> Result<JobOutcome, Stop> {
        let by = self.actor.person_id();
        store::job_class::pause_job_class(&mut *self.db, class.as_str(), by, reason).await?.ok_or(NO_CLASS)?;
        self.record("pause_jobs", json!({ "class": class, "reason": reason })).await?;
        self.class(class).await
    }

    pub(super) async fn resume(&mut self, class: JobClass) -> Result<JobOutcome, Stop> {
        let was_paused = store::job_class::resume_job_class(&mut *self.db, class.as_str()).await?.ok_or(NO_CLASS)?;
        if was_paused {
            self.record("resume_jobs", json!({ "class": class })).await?;
        }
        self.class(class).await
    }

    async fn class(&mut self, class: JobClass) -> Result<JobOutcome, Stop> {
        let all = store::job_class::list_job_classes(&mut *self.db).await?;
        Ok(JobOutcome::Class(all.into_iter().find(|row| row.name == class.as_str()).ok_or(NO_CLASS)?))
    }
}
