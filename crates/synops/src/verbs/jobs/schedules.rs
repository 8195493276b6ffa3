//! `synops jobs schedules`.

use super::{act, moment, table};
use crate::cli::{Json, OneSchedule, SchedulesVerb};
use crate::database::Database;
use crate::verbs::{payload_of, print, print_json};
use ::intentions::JobOutcome;
use domain::job_act::{JobAct, JobSchedulePatch, NewJobSchedule};
use serde_json::{Value, json};
use store::job_schedule::JobSchedule;
use uuid::Uuid;

pub(super) async fn carry_out(verb: &SchedulesVerb, database: &Database) -> anyhow::Result<()> {
    match verb {
        SchedulesVerb::List(json) => list(*json, database).await,
        SchedulesVerb::Add { name, cron, timezone, kind, payload, json } => {
            let new = NewJobSchedule {
                name: name.clone(),
                kind: *kind,
                payload: payload_of(payload)?,
                cron: cron.clone(),
                timezone: timezone.clone(),
                enabled: true,
            };
            tell(&JobAct::CreateSchedule(Box::new(new)), *json, database).await
        }
        SchedulesVerb::Enable(one) => switch(one, true, database).await,
        SchedulesVerb::Disable(one) => switch(one, false, database).await,
        SchedulesVerb::Delete(one) => {
            let id = find(&one.schedule, database).await?;
            tell(&JobAct::DeleteSchedule { id }, one.json, database).await
        }
    }
}

async fn list(json: Json, database: &Database) -> anyhow::Result<()> {
    let all = store::job_schedule::list_job_schedules(&database.pool).await?;
    if json.json {
        return print_json(&all.iter().map(line).collect::<Vec<_>>());
    }
    let cells = |of: &JobSchedule| {
        let next = if of.enabled { moment(of.next_at) } else { "off".to_owned() };
        vec![
            of.name.clone(),
            of.kind.clone(),
            of.cron.clone(),
            of.timezone.clone(),
            next,
            of.last_at.map(moment).unwrap_or_default(),
        ]
    };
    print(&table(&["name", "kind", "cron", "zone", "next", "last"], all.iter().map(cells)))
}

/// Without the payload, which may hold secrets.
fn line(of: &JobSchedule) -> Value {
    json!({
        "id": of.id, "name": of.name, "kind": of.kind, "cron": of.cron, "timezone": of.timezone, "enabled": of.enabled,
        "builtin": of.builtin, "next_at": of.next_at, "last_at": of.last_at, "last_job_id": of.last_job_id,
    })
}

async fn switch(one: &OneSchedule, enabled: bool, database: &Database) -> anyhow::Result<()> {
    let id = find(&one.schedule, database).await?;
    let patch = Box::new(JobSchedulePatch { enabled: Some(enabled), ..JobSchedulePatch::default() });
    tell(&JobAct::UpdateSchedule { id, patch }, one.json, database).await
}

/// By its name or id.
async fn find(wanted: &str, database: &Database) -> anyhow::Result<Uuid> {
    let all = store::job_schedule::list_job_schedules(&database.pool).await?;
    let found = all.iter().find(|schedule| schedule.name == wanted || schedule.id.to_string() == wanted);
    match found {
        Some(found) => Ok(found.id),
        None => anyhow::bail!("no schedule is called {wanted}; `synops jobs schedules list` shows all"),
    }
}

async fn tell(what: &JobAct, json: Json, database: &Database) -> anyhow::Result<()> {
    let (value, text) = match act(what, database).await? {
        JobOutcome::Schedule(of) => {
            let next = if of.enabled { format!("is due next at {}", moment(of.next_at)) } else { "is off".to_owned() };
            (line(&of), format!("{} {next}\n", of.name))
        }
        JobOutcome::ScheduleDeleted(id) => (json!({ "deleted": id }), "deleted\n".to_owned()),
        _ => (Value::Null, String::new()),
    };
    if json.json { print_json(&value) } else { print(&text) }
}
