//! Dead letters: corrected, replayed, discarded.

use super::{Desk, JobOutcome};
use crate::carry_out::Stop;
use domain::Refusal;
use domain::job::{JobKind, NewJob, Priority};
use serde_json::{Value, json};
use std::collections::HashMap;
use store::dead_letter::DeadLetter;
use uuid::Uuid;

const NO_LETTER: Refusal = Refusal::NotFound { what: "dead letter" };
/// Named in the audit log; each letter itself says who decided about it.
const NAMED_MAX: usize = 20;

impl Desk<'_> {
    pub(super) async fn edit_letter(&mut self, id: Uuid, payload: &Value) -> Result<JobOutcome, Stop> {
        let letter = self.open_letters(&[id]).await?.pop().ok_or(NO_LETTER)?;
        kind_of(&letter)?.check_payload(payload)?;
        store::dead_letter::update_dead_letter_payload(&mut *self.db, id, payload).await?;
        self.record("edit_dead_letter", json!({ "letter": id, "job_kind": letter.kind })).await?;
        Ok(JobOutcome::LetterEdited(id))
    }

    pub(super) async fn replay(&mut self, ids: &[Uuid]) -> Result<JobOutcome, Stop> {
        let letters = self.open_letters(ids).await?;
        let mut jobs = Vec::with_capacity(letters.len());
        for (at, letter) in letters.iter().enumerate() {
            jobs.push(job_of(letter, self.actor.person_id()).map_err(|refusal| place(refusal, at, letters.len()))?);
        }
        store::job::insert_jobs(&mut *self.db, &jobs).await?;
        let kept = letters.iter().zip(&jobs).filter_map(|(letter, job)| Some((job.id, letter.checkpoint.clone()?)));
        store::job::keep_checkpoints(&mut *self.db, &kept.collect::<Vec<_>>()).await?;
        let new_ids: Vec<Uuid> = jobs.iter().map(|job| job.id).collect();
        store::dead_letter::mark_replayed(&mut *self.db, ids, &new_ids, self.actor.person_id()).await?;
        self.record("replay_dead_letters", summary(ids)).await?;
        Ok(JobOutcome::Replayed(ids.iter().copied().zip(new_ids).collect()))
    }

    pub(super) async fn discard(&mut self, ids: &[Uuid]) -> Result<JobOutcome, Stop> {
        self.open_letters(ids).await?;
        store::dead_letter::discard_dead_letters(&mut *self.db, ids, self.actor.person_id()).await?;
        self.record("discard_dead_letters", summary(ids)).await?;
        Ok(JobOutcome::Discarded(ids.to_vec()))
    }

    /// All of these, in their order, held until the end; refused unless all are there and open.
    async fn open_letters(&mut self, ids: &[Uuid]) -> Result<Vec<DeadLetter>, Stop> {
        let letters = store::dead_letter::lock_dead_letters(&mut *self.db, ids).await?;
        let mut letters: HashMap<Uuid, DeadLetter> = letters.into_iter().map(|letter| (letter.id, letter)).collect();
        let mut all = Vec::with_capacity(ids.len());
        for id in ids {
            let letter = letters.remove(id).ok_or(NO_LETTER)?;
            if let Some(resolution) = &letter.resolution {
                return Err(Refusal::conflict(format!("{id} was {resolution} already")).into());
            }
            all.push(letter);
        }
        Ok(all)
    }
}

fn kind_of(letter: &DeadLetter) -> Result<JobKind, Refusal> {
    let kind = match letter.source.as_str() {
        "telemetry" => Some(JobKind::TelemetryReplay),
        _ => JobKind::parse(&letter.kind),
    };
    kind.ok_or_else(|| Refusal::conflict(format!("this version has no jobs of the kind {}", letter.kind)))
}

/// A new job in the letter's place. Its attempts begin anew.
fn job_of(letter: &DeadLetter, by: Option<Uuid>) -> Result<NewJob, Refusal> {
    let kind = kind_of(letter)?;
    kind.check_payload(&letter.payload)?;
    let new = NewJob::new(kind, letter.payload.clone());
    Ok(NewJob {
        priority: letter.priority.map_or(Priority::Normal, Priority::from_rank),
        attempts_max: letter.attempts_max.unwrap_or(new.attempts_max),
        created_by: by,
        ..new
    })
}

fn place(refusal: Refusal, at: usize, of: usize) -> Refusal {
    if of == 1 { refusal } else { refusal.within(&format!("ids[{at}]")) }
}

fn summary(ids: &[Uuid]) -> Value {
    json!({ "count": ids.len(), "letters": ids.iter().take(NAMED_MAX).collect::<Vec<_>>() })
}
