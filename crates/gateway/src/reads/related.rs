//! What affects a system: maintenances and incidents of its own, and of the groups around it.
//!
//! Two relations are kept, each by the one node that it is about, so that a change of a window drops the
//! systems it had and those it has, and nothing else.

use super::entry::{key, moments};
use super::{Entry, Module, Reads, Via, lost, value};
use crate::caller::Caller;
use crate::refusal::Refused;
use ::cache::{Scope, Value};
use domain::NodeKind;
use feed::snapshot::Snapshot;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use uuid::Uuid;

/// Nodes that have to do with one.
#[derive(Debug, Default)]
pub(super) struct Related {
    ids: Vec<Uuid>,
    at: Option<Arc<Snapshot>>,
}

impl Value for Related {
    fn encode(&self) -> Vec<u8> {
        let Some(at) = &self.at else { return Vec::new() };
        value::encode(at, &serde_json::to_vec(&self.ids).unwrap_or_default())
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (at, ids) = value::decode(bytes)?;
        Some(Self { ids: serde_json::from_slice(ids).ok()?, at: Some(at) })
    }

    fn bytes(&self) -> usize {
        size_of::<Self>() + self.ids.len() * size_of::<Uuid>()
    }
}

/// Which relation.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Relation {
    /// Of a system: itself and the groups that it is part of.
    Around,
    /// Of a system or group: what names it as affected.
    Affecting,
}

/// A system, and what affects it.
pub(crate) struct Affected {
    pub(crate) system_id: Uuid,
    pub(crate) by: Vec<Arc<Entry>>,
}

impl Reads {
    /// What of this module affects these systems, by name or by a group around them: as far as the caller may
    /// see both. Systems that nothing affects are left out.
    pub(crate) async fn affecting(&self, caller: &Caller, module: Module, systems: &[Uuid]) -> Result<Vec<Affected>, Refused> {
        let mut asking = self.asking(caller).await?;
        loop {
            let via = asking.via;
            let found = self.entries(Module::Catalog, systems, via).await.map_err(lost)?;
            let mut read_at = moments(&found);
            let around = self.related(Relation::Around, systems, via).await.map_err(lost)?;
            let places: Vec<Uuid> = distinct(around.iter().flat_map(|related| &related.ids));
            let affecting = self.related(Relation::Affecting, &places, via).await.map_err(lost)?;
            let ids: Vec<Uuid> = distinct(affecting.iter().flat_map(|related| &related.ids));
            let by = self.entries(module, &ids, via).await.map_err(lost)?;
            read_at.extend(moments(&by));
            read_at.extend(around.iter().chain(&affecting).filter_map(|related| related.at.clone()));
            if !asking.holds(&read_at).await? {
                continue;
            }
            let sees = |entry: &Entry| entry.node().is_some_and(|node| asking.sight.sees(node.scope_id));
            let by: HashMap<Uuid, Arc<Entry>> = ids.into_iter().zip(by).filter(|(_, entry)| sees(entry)).collect();
            let affecting: HashMap<Uuid, Arc<Related>> = places.into_iter().zip(affecting).collect();
            let is_system = |entry: &Entry| sees(entry) && entry.node().is_some_and(|node| node.kind == NodeKind::System);
            let all = systems.iter().zip(found).zip(around).filter(|((_, entry), _)| is_system(entry));
            let all = all.map(|((system_id, _), around)| {
                let named = around.ids.iter().filter_map(|place| affecting.get(place)).flat_map(|related| &related.ids);
                Affected { system_id: *system_id, by: distinct(named).iter().filter_map(|id| by.get(id).cloned()).collect() }
            });
            return Ok(all.filter(|affected| !affected.by.is_empty()).collect());
        }
    }

    async fn related(&self, relation: Relation, ids: &[Uuid], via: Via) -> Result<Vec<Arc<Related>>, Arc<sqlx::Error>> {
        let pool = self.pool.clone();
        let load = move |ids: Vec<Uuid>| async move {
            let pairs = match relation {
                Relation::Around => store::system::list_groups_around(&pool, &ids).await?,
                Relation::Affecting => store::edge::list_affecting(&pool, &ids).await?,
            };
            let at = value::moment(&pool).await?;
            let mut by_id: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
            for (id, other) in pairs {
                by_id.entry(id).or_default().push(other);
            }
            let mut related = |id| Related { ids: by_id.remove(&id).unwrap_or_default(), at: Some(Arc::clone(&at)) };
            Ok(ids.into_iter().map(|id| (id, related(id))).collect::<Vec<_>>())
        };
        match via {
            Via::Cache => self.relation(relation).wrap_many(ids, key, load).await,
            Via::Database => {
                Ok(load(ids.to_vec()).await.map_err(Arc::new)?.into_iter().map(|(_, related)| Arc::new(related)).collect())
            }
        }
    }

    fn relation(&self, relation: Relation) -> &Scope<Related, sqlx::Error> {
        match relation {
            Relation::Around => &self.around,
            Relation::Affecting => &self.affecting,
        }
    }
}

/// Each once, in their order.
fn distinct<'a>(ids: impl Iterator<Item = &'a Uuid>) -> Vec<Uuid> {
    let mut seen = HashSet::new();
    ids.filter(|id| seen.insert(**id)).copied().collect()
}
