//! `synops dead-letters`.

use super::jobs::{act, facts, moment, short, table};
use super::{payload_of, print, print_json};
use crate::cli::{DeadLettersVerb, Json, Letters};
use crate::config::Config;
use crate::database::Database;
use crate::exit::Outcome;
use ::intentions::JobOutcome;
use domain::job_act::JobAct;
use domain::limits::DEAD_LETTERS_AT_ONCE_MAX;
use serde_json::{Value, json};
use store::dead_letter::DeadLetter;
use uuid::Uuid;

pub async fn run(verb: &DeadLettersVerb, config: &Config) -> anyhow::Result<Outcome> {
    let database = Database::visit(config).await?;
    let done = carry_out(verb, &database).await;
    database.close().await?;
    done.map(|()| Outcome::Done)
}

async fn carry_out(verb: &DeadLettersVerb, database: &Database) -> anyhow::Result<()> {
    match verb {
        DeadLettersVerb::List { resolved, kind, limit, json } => {
            let letters =
                store::dead_letter::list_dead_letters(&database.pool, !resolved, None, kind.as_deref(), None, *limit).await?;
            if json.json {
                return print_json(&letters.iter().map(line).collect::<Vec<_>>());
            }
            print(&table(&["id", "kind", "failed", "attempts", "decided", "error"], letters.iter().map(cells)))
        }
        DeadLettersVerb::Show(one) => {
            let letter = store::dead_letter::find_dead_letter(&database.pool, one.id).await?;
            let letter = letter.ok_or_else(|| anyhow::anyhow!("no such dead letter; `synops dead-letters list` shows them"))?;
            let mut shown = line(&letter);
            shown["checkpoint"] = json!(letter.checkpoint);
            shown["payload"] = letter.payload;
            if one.json.json { print_json(&shown) } else { print(&facts(&shown)) }
        }
        DeadLettersVerb::Edit { id, payload, json } => {
            let what = JobAct::EditDeadLetter { id: *id, payload: payload_of(payload)? };
            act(&what, database).await?;
            if json.json { print_json(&json!({ "id": id })) } else { print(&format!("{id} has another payload now\n")) }
        }
        DeadLettersVerb::Replay(letters) => decide(letters, database, "replayed", |ids| JobAct::ReplayDeadLetters { ids }).await,
        DeadLettersVerb::Discard(letters) => {
            decide(letters, database, "discarded", |ids| JobAct::DiscardDeadLetters { ids }).await
        }
    }
}

/// Those named at once; all of them batch by batch, so that a stop in between loses nothing.
async fn decide(letters: &Letters, database: &Database, done: &str, what: impl Fn(Vec<Uuid>) -> JobAct) -> anyhow::Result<()> {
    let mut decided = Vec::new();
    if letters.all {
        let batch = i64::try_from(DEAD_LETTERS_AT_ONCE_MAX).unwrap_or(i64::MAX);
        loop {
            let open =
                store::dead_letter::list_dead_letters(&database.pool, true, None, letters.kind.as_deref(), None, batch).await?;
            if open.is_empty() {
                break;
            }
            decided.extend(lines_of(&act(&what(open.iter().map(|letter| letter.id).collect()), database).await?));
        }
    } else {
        decided.extend(lines_of(&act(&what(letters.ids.clone()), database).await?));
    }
    tell(letters.json, done, &decided)
}

fn lines_of(outcome: &JobOutcome) -> Vec<Value> {
    match outcome {
        JobOutcome::Replayed(pairs) => pairs.iter().map(|(id, job_id)| json!({ "id": id, "job_id": job_id })).collect(),
        JobOutcome::Discarded(ids) => ids.iter().map(|id| json!({ "id": id })).collect(),
        _ => Vec::new(),
    }
}

fn tell(json: Json, done: &str, decided: &[Value]) -> anyhow::Result<()> {
    if json.json {
        return print_json(&decided);
    }
    let mut text = format!("{} {done}\n", decided.len());
    for job in decided.iter().filter_map(|line| line["job_id"].as_str()) {
        text.push_str(&format!("{job}\n"));
    }
    print(&text)
}

/// Without the payload, which may hold secrets.
fn line(letter: &DeadLetter) -> Value {
    json!({
        "id": letter.id, "at": letter.at, "source": letter.source, "kind": letter.kind, "class": letter.class,
        "error": letter.error, "attempts": letter.attempts, "created_at": letter.created_at, "created_by": letter.created_by,
        "resolution": letter.resolution, "resolved_at": letter.resolved_at, "resolved_by": letter.resolved_by,
        "replayed_as": letter.replayed_as,
    })
}

fn cells(letter: &DeadLetter) -> Vec<String> {
    vec![
        letter.id.to_string(),
        letter.kind.clone(),
        moment(letter.at),
        letter.attempts.to_string(),
        letter.resolution.clone().unwrap_or_default(),
        short(Some(&letter.error)),
    ]
}
