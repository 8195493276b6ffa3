//! Enqueues what is due by the clock. A due time is taken by one instance, in one transaction with the
//! job it makes. What came due several times while nobody looked is enqueued once.

use super::Patience;
use super::bell::Bell;
use super::stop::Stop;
use domain::job::{JobKind, NewJob};
use domain::schedule::Schedule;
use std::time::Duration;
use store::Pool;
use store::job::Inserted;
use store::job_schedule::JobSchedule;
use tokio::time::sleep;
use uuid::Uuid;

/// Looks at least so often: another instance may have changed a schedule.
const LOOK_PERIOD: Duration = Duration::from_secs(5);
/// After a look that found something due which another instance was at.
const LOOK_PAUSE: Duration = Duration::from_millis(100);
const AT_ONCE: i64 = 50;

/// What the server itself needs.
const BUILTIN: [(&str, JobKind, &str); 2] =
    [("retention", JobKind::Retention, "17 * * * *"), ("check history", JobKind::CheckHistoryRollup, "4 * * * *")];

pub(super) struct Scheduler {
    pub(super) pool: Pool,
    pub(super) bell: Bell,
    pub(super) stop: Stop,
}

impl Scheduler {
    /// Until it is told to end; not while the server closes.
    pub(super) async fn keep(self) {
        while !self.stop.interrupt.is_cancelled() {
            if self.stop.is_closed() {
                self.stop.interrupt.run_until_cancelled(self.stop.opened()).await;
                continue;
            }
            tokio::select! {
                () = self.run() => {}
                () = self.stop.closed() => {}
            }
        }
    }

    async fn run(&self) {
        let mut patience = Patience::new();
        let mut known = false;
        loop {
            let looked = async {
                if !known {
                    self.make_builtin().await?;
                    known = true;
                }
                self.look().await
            };
            match looked.await {
                Ok(pause) => {
                    patience = Patience::new();
                    sleep(pause).await;
                }
                Err(error) => {
                    tracing::warn!(%error, "what is due by the clock could not be enqueued; tried again shortly");
                    sleep(patience.next()).await;
                }
            }
        }
    }

    async fn make_builtin(&self) -> Result<(), sqlx::Error> {
        for (name, kind, cron) in BUILTIN {
            store::job_schedule::ensure_builtin_schedule(&self.pool, name, kind.as_str(), cron).await?;
        }
        Ok(())
    }

    /// Answers how long to wait before the next look.
    async fn look(&self) -> Result<Duration, sqlx::Error> {
        let mut tx = store::begin(&self.pool).await?;
        let due = store::job_schedule::lock_due_schedules(&mut tx, AT_ONCE).await?;
        let now = store::database::now(&mut *tx).await?;
        for schedule in &due {
            let next_at = Schedule::parse(&schedule.cron, &schedule.timezone, now).ok().and_then(|s| s.next_after(now));
            if next_at.is_none() {
                tracing::error!(name = schedule.name, cron = schedule.cron, "a schedule is switched off: it is never due again");
            }
            let job_id = match job_of(schedule) {
                Some(job) => match store::job::insert_jobs(&mut tx, &[job]).await?[..] {
                    [Inserted::New(id)] => Some(id),
                    _ => None,
                },
                None => None,
            };
            store::job_schedule::advance_schedule(&mut *tx, schedule.id, job_id, next_at).await?;
        }
        tx.commit().await?;
        if !due.is_empty() {
            self.bell.ring();
        }
        let next = store::job_schedule::find_next_schedule(&self.pool).await?;
        Ok(next.map_or(LOOK_PERIOD, |next| next.clamp(LOOK_PAUSE, LOOK_PERIOD)))
    }
}

/// One of a schedule waits at a time. `None` when this version does not know the kind.
fn job_of(schedule: &JobSchedule) -> Option<NewJob> {
    let kind = JobKind::parse(&schedule.kind);
    if kind.is_none() {
        tracing::error!(
            name = schedule.name,
            kind = schedule.kind,
            "a schedule asks for a kind of job that this version does not know"
        );
    }
    Some(NewJob {
        id: Uuid::now_v7(),
        unique_key: Some(format!("schedule {}", schedule.id)),
        ..NewJob::new(kind?, schedule.payload.clone())
    })
}
