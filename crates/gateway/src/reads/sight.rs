//! Which scopes somebody sees.

use super::{Reads, Via, lost};
use crate::refusal::Refused;
use ::cache::{Key, Value};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use uuid::Uuid;

/// The scopes that a reader may see, in order. Whoever sees the same scopes has the same sight.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sight {
    scopes: Vec<Uuid>,
    digest: String,
}

impl Sight {
    pub(super) fn of(mut scopes: Vec<Uuid>) -> Self {
        scopes.sort_unstable();
        scopes.dedup();
        let mut hash = Sha256::new();
        scopes.iter().for_each(|scope| hash.update(scope.as_bytes()));
        let digest = hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        Self { scopes, digest }
    }

    pub(crate) fn sees(&self, scope_id: Uuid) -> bool {
        self.scopes.binary_search(&scope_id).is_ok()
    }

    pub(crate) fn scopes(&self) -> &[Uuid] {
        &self.scopes
    }

    pub(super) fn digest(&self) -> &str {
        &self.digest
    }
}

impl Value for Sight {
    // It never leaves the process.
    fn encode(&self) -> Vec<u8> {
        Vec::new()
    }

    fn decode(_: &[u8]) -> Option<Self> {
        None
    }

    fn bytes(&self) -> usize {
        self.scopes.len() * size_of::<Uuid>() + self.digest.len()
    }
}

impl Reads {
    /// As it is now: all that was committed before this call counts. For what is told without being asked for.
    pub(crate) async fn sight_now(&self, reader: Option<Uuid>) -> Result<Arc<Sight>, Refused> {
        self.catch_up().await;
        self.sight_kept(reader).await
    }

    /// Waits until all that was committed before this call is known here, or nothing kept is trusted.
    pub(crate) async fn catch_up(&self) {
        self.progress.catch_up().await;
    }

    /// As it was when this process last caught up, or later.
    pub(crate) async fn sight_kept(&self, reader: Option<Uuid>) -> Result<Arc<Sight>, Refused> {
        self.sight(reader, if self.progress.is_fresh() { Via::Cache } else { Via::Database }).await
    }

    pub(super) async fn sight(&self, reader: Option<Uuid>, via: Via) -> Result<Arc<Sight>, Refused> {
        let pool = self.pool.clone();
        let load = move || async move { store::access::list_readable_scopes(&pool, reader).await.map(Sight::of) };
        match via {
            Via::Cache => self.sights.wrap(key(reader), load).await.map_err(lost),
            Via::Database => Ok(Arc::new(load().await?)),
        }
    }
}

pub(super) fn key(reader: Option<Uuid>) -> Key {
    Key::new(reader.map_or_else(|| "nobody".to_owned(), |person| person.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_scopes_are_the_same_sight() {
        let (a, b) = (Uuid::from_u128(1), Uuid::from_u128(2));
        assert_eq!(Sight::of(vec![a, b]), Sight::of(vec![b, a, b]));
        assert_ne!(Sight::of(vec![a]).digest(), Sight::of(vec![a, b]).digest());
        assert_ne!(Sight::of(vec![]).digest(), Sight::of(vec![a]).digest());
        assert!(Sight::of(vec![b]).sees(b) && !Sight::of(vec![b]).sees(a));
    }
}
