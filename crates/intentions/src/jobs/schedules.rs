//! What is enqueued again and again.

use super::{Desk, JobOutcome};
use crate::carry_out::Stop;
use chrono::{DateTime, Utc};
use domain::Refusal;
use domain::job::JobKind;
use domain::job_act::{JobSchedulePatch, NewJobSchedule};
use domain::limits::SCHEDULES_MAX;
use domain::schedule::Schedule;
use serde_json::json;
use store::job_schedule::{JobSchedule, NewSchedule};
use uuid::Uuid;

const NO_SCHEDULE: Refusal = Refusal::NotFound { what: "schedule" };

impl Desk<'_> {
    pub(super) async fn create_schedule(&mut self, new: &NewJobSchedule) -> Result<JobOutcome, Stop> {
        let next_at = self.next(&new.cron, &new.timezone).await?;
        let row = NewSchedule {
            name: new.name.trim(),
            kind: new.kind.as_str(),
            payload: &new.payload,
            cron: &new.cron,
            timezone: &new.timezone,
            enabled: new.enabled,
            next_at,
        };
        let made = store::job_schedule::insert_job_schedule(&mut *self.db, &row, SCHEDULES_MAX).await?;
        let made = made.ok_or_else(|| Refusal::Limit {
            detail: format!("{SCHEDULES_MAX} schedules are enough: delete one first"),
            retry_after_s: None,
        })?;
        self.record("create_job_schedule", summary(&made)).await?;
        Ok(JobOutcome::Schedule(Box::new(made)))
    }

    pub(super) async fn update_schedule(&mut self, id: Uuid, patch: &JobSchedulePatch) -> Result<JobOutcome, Stop> {
        let now = store::job_schedule::lock_job_schedule(&mut *self.db, id).await?.ok_or(NO_SCHEDULE)?;
        let renamed = patch.name.as_deref().is_some_and(|name| name.trim() != now.name);
        if now.builtin && (renamed || patch.kind.is_some_and(|kind| kind.as_str() != now.kind)) {
            return Err(Refusal::conflict("the server's own: its name and kind stay as they are").into());
        }
        let payload = patch.payload.as_ref().unwrap_or(&now.payload);
        if patch.payload.is_some() || patch.kind.is_some() {
            let kind = patch.kind.or_else(|| JobKind::parse(&now.kind));
            kind.ok_or_else(|| Refusal::invalid("kind", "a kind that this version knows"))?.check_payload(payload)?;
        }
        let cron = patch.cron.as_deref().unwrap_or(&now.cron);
        let timezone = patch.timezone.as_deref().unwrap_or(&now.timezone);
        let enabled = patch.enabled.unwrap_or(now.enabled);
        // One that was off does not catch up on what it missed.
        let moved = (cron, timezone) != (now.cron.as_str(), now.timezone.as_str()) || (enabled && !now.enabled);
        let next_at = if moved { self.next(cron, timezone).await? } else { now.next_at };
        let row = NewSchedule {
            name: patch.name.as_deref().map_or(now.name.as_str(), str::trim),
            kind: patch.kind.map_or(now.kind.as_str(), |kind| kind.as_str()),
            payload,
            cron,
            timezone,
            enabled,
            next_at,
        };
        let changed = store::job_schedule::update_job_schedule(&mut *self.db, id, &row).await?;
        let mut summary = summary(&changed);
        summary["fields"] = json!(patch.fields());
        self.record("update_job_schedule", summary).await?;
        Ok(JobOutcome::Schedule(Box::new(changed)))
    }

    pub(super) async fn delete_schedule(&mut self, id: Uuid) -> Result<JobOutcome, Stop> {
        let now = store::job_schedule::lock_job_schedule(&mut *self.db, id).await?.ok_or(NO_SCHEDULE)?;
        if !store::job_schedule::delete_job_schedule(&mut *self.db, id).await? {
            return Err(Refusal::conflict("the server's own can't be deleted: switch it off instead").into());
        }
        self.record("delete_job_schedule", summary(&now)).await?;
        Ok(JobOutcome::ScheduleDeleted(id))
    }

    /// When it is due next, by the database's clock.
    async fn next(&mut self, cron: &str, timezone: &str) -> Result<DateTime<Utc>, Stop> {
        let now = store::database::now(&mut *self.db).await?;
        let next = Schedule::parse(cron, timezone, now)?.next_after(now);
        Ok(next.ok_or_else(|| Refusal::invalid("cron", "a time that will come; this one never does"))?)
    }
}

fn summary(of: &JobSchedule) -> serde_json::Value {
    json!({
        "schedule": of.id, "name": of.name, "job_kind": of.kind, "cron": of.cron, "timezone": of.timezone, "enabled": of.enabled,
    })
}
