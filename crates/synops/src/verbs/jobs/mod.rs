//! `synops jobs`.

mod lines;
mod schedules;

pub(super) use lines::{facts, moment, short, table};

use super::{intentions, payload_of, print, print_json, refused};
use crate::cli::{EnqueueArgs, JobsList, JobsVerb, Json, OutcomeArg, PriorityArg, StateArg};
use crate::config::Config;
use crate::database::Database;
use crate::exit::Outcome;
use ::intentions::{Context, JobOutcome, JobsDone};
use domain::Actor;
use domain::job::{JobClass, JobKind, Priority};
use domain::job_act::{EnqueueJob, JobAct};
use serde_json::{Value, json};
use store::job::{JobFilter, JobState, PastOutcome};
use uuid::Uuid;

pub async fn run(verb: &JobsVerb, config: &Config) -> anyhow::Result<Outcome> {
    let database = Database::visit(config).await?;
    let done = carry_out(verb, &database).await;
    database.close().await?;
    done.map(|()| Outcome::Done)
}

async fn carry_out(verb: &JobsVerb, database: &Database) -> anyhow::Result<()> {
    match verb {
        JobsVerb::List(list) if list.ended => list_ended(list, database).await,
        JobsVerb::List(list) => list_open(list, database).await,
        JobsVerb::Show(one) => show(one.id, one.json, database).await,
        JobsVerb::Retry(one) => tell(&JobAct::Retry { id: one.id }, one.json, database).await,
        JobsVerb::Cancel(one) => tell(&JobAct::Cancel { id: one.id }, one.json, database).await,
        JobsVerb::Pause { class, reason, json } => {
            tell(&JobAct::Pause { class: *class, reason: reason.clone() }, *json, database).await
        }
        JobsVerb::Resume { class, json } => tell(&JobAct::Resume { class: *class }, *json, database).await,
        JobsVerb::Enqueue(args) => enqueue(args, database).await,
        JobsVerb::Schedules(verb) => schedules::carry_out(verb, database).await,
    }
}

/// Carries an act out as the server itself, which may do anything.
pub(super) async fn act(act: &JobAct, database: &Database) -> anyhow::Result<JobOutcome> {
    let done = intentions(database).act_on_jobs(&Actor::Server, act, &Context::default(), |_| (200, Value::Null)).await;
    match done.map_err(refused)? {
        JobsDone::Now { outcome, .. } => Ok(outcome),
        // Without a key there is no earlier answer.
        JobsDone::Before { .. } => anyhow::bail!("it was carried out before"),
    }
}

/// Carries it out and says what became of it.
async fn tell(what: &JobAct, json: Json, database: &Database) -> anyhow::Result<()> {
    let (value, text) = match act(what, database).await? {
        JobOutcome::Job(job) => {
            let text = match (&job.cancel_requested_at, job.state.as_str()) {
                (Some(_), _) => format!("{} is told to stop\n", job.id),
                (None, "scheduled") => format!("{} is scheduled for {}\n", job.id, moment(job.run_at)),
                (None, _) => format!("{} is due now\n", job.id),
            };
            (json!({ "id": job.id, "kind": job.kind, "state": job.state, "run_at": job.run_at }), text)
        }
        JobOutcome::Ended(job) => {
            (json!({ "id": job.id, "kind": job.kind, "state": job.outcome }), format!("{} is {}\n", job.id, job.outcome))
        }
        JobOutcome::Class(class) => {
            let text = match class.paused_at {
                Some(at) => {
                    format!("{} is paused since {}: `synops jobs resume {}` ends that\n", class.name, moment(at), class.name)
                }
                None => match class.blocked_by {
                    Some(id) => format!("{} waits for the maintenance {id}\n", class.name),
                    None => format!("{} runs\n", class.name),
                },
            };
            (
                json!({ "name": class.name, "paused_at": class.paused_at, "paused_reason": class.paused_reason, "blocked_by": class.blocked_by }),
                text,
            )
        }
        _ => (Value::Null, String::new()),
    };
    if json.json { print_json(&value) } else { print(&text) }
}

async fn list_open(list: &JobsList, database: &Database) -> anyhow::Result<()> {
    let state = list.state.map(|state| match state {
        StateArg::Scheduled => JobState::Scheduled,
        StateArg::Ready => JobState::Ready,
        StateArg::Running => JobState::Running,
    });
    let filter = JobFilter { state, kind: list.kind.map(JobKind::as_str), class: list.class.map(JobClass::as_str), after: None };
    let jobs = store::job::list_jobs(&database.pool, &filter, list.limit).await?;
    if list.json.json {
        return print_json(&jobs.iter().map(lines::job).collect::<Vec<_>>());
    }
    print(&table(&["id", "kind", "state", "due", "attempt", "progress", "last error"], jobs.iter().map(lines::job_cells)))
}

async fn list_ended(list: &JobsList, database: &Database) -> anyhow::Result<()> {
    let outcome = list.outcome.map(|outcome| match outcome {
        OutcomeArg::Succeeded => PastOutcome::Succeeded,
        OutcomeArg::Failed => PastOutcome::Failed,
        OutcomeArg::Cancelled => PastOutcome::Cancelled,
    });
    let kind = list.kind.map(JobKind::as_str);
    let jobs = store::job::list_past_jobs(&database.pool, outcome, kind, None, list.limit).await?;
    if list.json.json {
        return print_json(&jobs.iter().map(lines::past_job).collect::<Vec<_>>());
    }
    print(&table(&["id", "kind", "outcome", "ended", "attempt", "error"], jobs.iter().map(lines::past_job_cells)))
}

/// With what a list leaves out: it may hold secrets.
async fn show(id: Uuid, json: Json, database: &Database) -> anyhow::Result<()> {
    let shown = match store::job::find_job(&database.pool, id).await? {
        Some(job) => {
            let mut shown = lines::job(&job);
            shown["checkpoint"] = json!(job.checkpoint);
            shown["payload"] = job.payload;
            shown
        }
        None => {
            let past = store::job::find_past_job(&database.pool, id).await?;
            let past = past.ok_or_else(|| anyhow::anyhow!("no such job; `synops jobs list` shows those there are"))?;
            let mut shown = lines::past_job(&past);
            shown["result"] = json!(past.result);
            shown["payload"] = past.payload;
            shown
        }
    };
    if json.json { print_json(&shown) } else { print(&facts(&shown)) }
}

async fn enqueue(args: &EnqueueArgs, database: &Database) -> anyhow::Result<()> {
    let priority = match args.priority {
        PriorityArg::Urgent => Priority::Urgent,
        PriorityArg::High => Priority::High,
        PriorityArg::Normal => Priority::Normal,
        PriorityArg::Low => Priority::Low,
    };
    let new = EnqueueJob {
        priority,
        run_at: args.run_at,
        unique_key: args.unique_key.clone(),
        ..EnqueueJob::new(args.kind, payload_of(&args.payload)?)
    };
    tell(&JobAct::Enqueue(Box::new(new)), args.json, database).await
}
