//! What people do about background work: each act in one transaction with its audit entry, which
//! stands at the instance. Payloads are in neither the audit log nor the server's.

mod classes;
mod letters;
mod queue;
mod schedules;

use crate::carry_out::{Stop, commit, give_back, take_key};
use crate::{Context, Intentions, authorise};
use domain::audit::AuditSubject;
use domain::job_act::JobAct;
use domain::limits::TRANSACTION_ATTEMPTS_MAX;
use domain::node::{INSTANCE_ID, NodeKind};
use domain::{Actor, Refusal};
use serde_json::{Value, json};
use sqlx::PgConnection;
use store::job::{Job, PastJob};
use store::job_class::JobClassRow;
use store::job_schedule::JobSchedule;
use uuid::Uuid;

/// What became of an act.
#[derive(Clone, Debug, PartialEq)]
pub enum JobOutcome {
    /// As it is now: enqueued, due, or told to stop.
    Job(Box<Job>),
    /// It ended by this.
    Ended(Box<PastJob>),
    Class(JobClassRow),
    Schedule(Box<JobSchedule>),
    ScheduleDeleted(Uuid),
    /// This letter has another payload now.
    LetterEdited(Uuid),
    /// Letters, each with the job it became.
    Replayed(Vec<(Uuid, Uuid)>),
    Discarded(Vec<Uuid>),
}

/// What became of a request.
#[derive(Debug)]
pub enum JobsDone {
    /// It was carried out now; the rendered answer.
    Now { outcome: JobOutcome, status: u16, response: Value },
    /// It was carried out before, under the same key; the answer it got then.
    Before { status: u16, response: Value },
}

impl Intentions {
    /// Carries an act out, for an administrator of the instance, and wakes the workers. `render` makes
    /// the answer, which is stored when there is an idempotency key: it must hold no payload.
    pub async fn act_on_jobs(
        &self,
        actor: &Actor,
        act: &JobAct,
        context: &Context,
        render: impl Fn(&JobOutcome) -> (u16, Value) + Send,
    ) -> Result<JobsDone, Refusal> {
        authorise::writer(actor)?;
        act.validate()?;
        if let Some((status, response)) = take_key(self, context).await? {
            return Ok(JobsDone::Before { status, response });
        }
        let done = self.attempts(actor, act, context, &render).await;
        match &done {
            Ok(_) => self.ring_jobs().await,
            Err(_) => give_back(self, context.idempotency.as_ref()).await,
        }
        done
    }

    async fn attempts(
        &self,
        actor: &Actor,
        act: &JobAct,
        context: &Context,
        render: &(impl Fn(&JobOutcome) -> (u16, Value) + Send),
    ) -> Result<JobsDone, Refusal> {
        let mut attempt = 1;
        loop {
            match self.act_once(actor, act, context, render).await {
                Err(Stop::Database(error)) if store::may_retry(&error) && attempt < TRANSACTION_ATTEMPTS_MAX => attempt += 1,
                Err(Stop::Database(error)) => return Err(store::refusal(error)),
                Err(Stop::Refused(refusal)) => return Err(refusal),
                Ok(done) => return Ok(done),
            }
        }
    }

    async fn act_once(
        &self,
        actor: &Actor,
        act: &JobAct,
        context: &Context,
        render: &(impl Fn(&JobOutcome) -> (u16, Value) + Send),
    ) -> Result<JobsDone, Stop> {
        let mut tx = store::begin(&self.pool).await?;
        authorise::administrator(&mut tx, actor).await?;
        let outcome = Desk { db: &mut tx, actor, request_id: context.request_id.as_deref() }.act(act).await?;
        let (status, response) = render(&outcome);
        commit(tx, context, status, &response).await?;
        Ok(JobsDone::Now { outcome, status, response })
    }

    pub(crate) async fn ring_jobs(&self) {
        match &self.jobs_bell {
            Some(bell) => bell(),
            None => {
                if let Err(error) = store::job::ring(&self.pool).await {
                    tracing::debug!(%error, "workers could not be rung; they look by themselves");
                }
            }
        }
    }
}

/// The work of one transaction.
struct Desk<'a> {
    db: &'a mut PgConnection,
    actor: &'a Actor,
    request_id: Option<&'a str>,
}

impl Desk<'_> {
    async fn act(&mut self, act: &JobAct) -> Result<JobOutcome, Stop> {
        match act {
            JobAct::Enqueue(job) => self.enqueue(job).await,
            JobAct::Cancel { id } => self.cancel(*id).await,
            JobAct::Retry { id } => self.retry(*id).await,
            JobAct::Pause { class, reason } => self.pause(*class, reason.as_deref()).await,
            JobAct::Resume { class } => self.resume(*class).await,
            JobAct::CreateSchedule(new) => self.create_schedule(new).await,
            JobAct::UpdateSchedule { id, patch } => self.update_schedule(*id, patch).await,
            JobAct::DeleteSchedule { id } => self.delete_schedule(*id).await,
            JobAct::EditDeadLetter { id, payload } => self.edit_letter(*id, payload).await,
            JobAct::ReplayDeadLetters { ids } => self.replay(ids).await,
            JobAct::DiscardDeadLetters { ids } => self.discard(ids).await,
        }
    }

    /// Writes the audit entry: at the instance, whose administrators alone do this.
    async fn record(&mut self, action: &str, mut summary: Value) -> Result<(), Stop> {
        let titles = store::node::list_titles(&mut *self.db, &[INSTANCE_ID]).await?;
        let subject = AuditSubject {
            node_id: Some(INSTANCE_ID),
            edge_id: None,
            scope_id: INSTANCE_ID,
            other_scope_id: INSTANCE_ID,
            kind: Some(NodeKind::Instance),
            title: titles.into_iter().next().map(|(_, title)| title),
        };
        if let Some(fields) = summary.as_object_mut() {
            fields.insert("kind".into(), json!(subject.kind));
            fields.insert("title".into(), json!(subject.title));
        }
        let actor_title = if let Actor::Person { title, .. } = self.actor { Some(title.as_str()) } else { None };
        let entry = store::audit::NewEntry {
            id: Uuid::now_v7(),
            actor_id: self.actor.person_id(),
            actor_title,
            action,
            subject: &subject,
            summary: &summary,
            request_id: self.request_id,
        };
        Ok(store::audit::insert_entry(&mut *self.db, entry).await?)
    }
}
