//! How many uploads there are at once.

use domain::Refusal;
use domain::limits::{UPLOADS_AT_ONCE, UPLOADS_AT_ONCE_PER_PERSON};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

/// When somebody may try again.
const RETRY_AFTER_S: u64 = 5;

/// By whom, and how many of theirs.
#[derive(Debug, Default)]
pub(crate) struct Uploads(Arc<Mutex<HashMap<Uuid, usize>>>);

/// The right to one, while this is held.
#[derive(Debug)]
pub(super) struct Slot {
    uploads: Arc<Mutex<HashMap<Uuid, usize>>>,
    person_id: Uuid,
}

impl Uploads {
    /// One that waited would hold its sender up until they give up: it is refused at once.
    pub(super) fn begin(&self, person_id: Uuid) -> Result<Slot, Refusal> {
        let mut uploads = self.0.lock();
        let (all, own) = (uploads.values().sum::<usize>(), uploads.get(&person_id).copied().unwrap_or_default());
        if all >= UPLOADS_AT_ONCE || own >= UPLOADS_AT_ONCE_PER_PERSON {
            let whose = if own >= UPLOADS_AT_ONCE_PER_PERSON { "of yours " } else { "" };
            let detail = format!("too many uploads {whose}are under way: try again when one of them is done");
            return Err(Refusal::Limit { detail, retry_after_s: Some(RETRY_AFTER_S) });
        }
        uploads.insert(person_id, own + 1);
        Ok(Slot { uploads: Arc::clone(&self.0), person_id })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut uploads = self.uploads.lock();
        match uploads.get_mut(&self.person_id) {
            Some(own) if *own > 1 => *own -= 1,
            _ => _ = uploads.remove(&self.person_id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_has_all_of_them() {
        let uploads = Uploads::default();
        let people: Vec<Uuid> = (0..4).map(Uuid::from_u128).collect();
        let take = |person: Uuid, count: usize| (0..count).map_while(|_| uploads.begin(person).ok()).collect::<Vec<_>>();
        let first = take(people[0], 100);
        assert_eq!(first.len(), UPLOADS_AT_ONCE_PER_PERSON);
        let (second, third) = (take(people[1], 100), take(people[2], 100));
        assert_eq!(first.len() + second.len() + third.len(), UPLOADS_AT_ONCE);
        assert!(uploads.begin(people[3]).is_err());
        drop(first);
        assert_eq!(take(people[3], 100).len(), UPLOADS_AT_ONCE_PER_PERSON);
        drop((second, third));
        assert!(uploads.0.lock().is_empty(), "what has ended is forgotten");
    }
}
