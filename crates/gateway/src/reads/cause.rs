//! Systems, each with the one where its trouble began.

use super::entry::moments;
use super::{Entry, Module, Reads, lost};
use crate::caller::Caller;
use crate::refusal::Refused;
use domain::dependency::Cause;
use domain::node::Facet;
use domain::system::System;
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

/// A system, and why it is not well if that is another's fault.
pub(crate) struct WithCause {
    pub(crate) entry: Arc<Entry>,
    pub(crate) cause: Option<Cause>,
}

impl WithCause {
    pub(crate) fn system(&self) -> Option<&System> {
        system(&self.entry)
    }
}

fn system(entry: &Entry) -> Option<&System> {
    match &entry.node()?.facet {
        Some(Facet::System(system)) => Some(system),
        _ => None,
    }
}

impl Reads {
    /// Those of these systems that the caller may see, in the order of the ids. The name of a cause that they
    /// may not see is not told.
    pub(crate) async fn systems(&self, caller: &Caller, ids: &[Uuid]) -> Result<Vec<WithCause>, Refused> {
        let mut asking = self.asking(caller).await?;
        loop {
            let entries = self.entries(Module::Catalog, ids, asking.via).await.map_err(lost)?;
            let mut causes: Vec<Uuid> = entries.iter().filter_map(|entry| system(entry)?.cause_id).collect();
            causes.sort_unstable();
            causes.dedup();
            let found = self.entries(Module::Catalog, &causes, asking.via).await.map_err(lost)?;
            let read_at: Vec<_> = moments(&entries).into_iter().chain(moments(&found)).collect();
            if !asking.holds(&read_at).await? {
                continue;
            }
            let sees = |entry: &Arc<Entry>| entry.node().is_some_and(|node| asking.sight.sees(node.scope_id));
            let found: HashMap<Uuid, Arc<Entry>> = causes.into_iter().zip(found).collect();
            let told = |id: Uuid| match found.get(&id).filter(|entry| sees(entry)).and_then(|entry| entry.node()) {
                Some(node) => Cause::Seen { id, title: node.title.clone() },
                None => Cause::Hidden,
            };
            let seen = entries.into_iter().filter(|entry| sees(entry) && system(entry).is_some());
            return Ok(seen.map(|entry| WithCause { cause: system(&entry).and_then(|s| s.cause_id).map(told), entry }).collect());
        }
    }
}
