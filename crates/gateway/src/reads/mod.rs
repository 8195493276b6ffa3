//! Cached reads. What is kept is never anybody's own: nodes as they are, and pages as they are for whoever
//! may see the same scopes. Who may see which scopes is kept too, and judged last.
//!
//! The feed drops what a change makes untrue before anybody is told of the change. While it is behind
//! (or the caller asks for what is not applied here yet) everything is read from the database.

mod beside;
mod caller;
mod cause;
mod entry;
mod fences;
mod follow;
mod page;
mod related;
mod sight;
mod status;
mod value;

pub(crate) use beside::Beside;
pub(crate) use cause::WithCause;
pub(crate) use entry::Entry;
pub use fences::Sequence;
pub(crate) use page::{Places, Shelf, render};
pub(crate) use related::Affected;
pub(crate) use sight::Sight;

use crate::caller::Caller;
use crate::refusal::Refused;
use ::cache::{Backing, Cache, Scope, ScopeConfig, ScopeInfo};
use domain::limits::{
    CACHE_ANNOUNCEMENTS_TTL, CACHE_CALLERS_TTL, CACHE_CATALOG_TTL, CACHE_FLEET_TTL, CACHE_INCIDENTS_TTL, CACHE_MAINTENANCES_TTL,
    CACHE_NODES_MAX_BYTES, CACHE_PAGES_MAX_BYTES, CACHE_RELATIONS_MAX_BYTES, CACHE_SIGHTS_MAX_BYTES, CACHE_STATUS_PAGES_TTL,
    SIGHT_ATTEMPTS_MAX,
};
use domain::{NodeKind, Refusal};
use feed::Progress;
use feed::snapshot::Snapshot;
use std::sync::Arc;
use std::time::Duration;
use store::Pool;
use uuid::Uuid;

/// Kinds whose values are kept together: a change of one drops the pages of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Module {
    Catalog,
    Maintenances,
    Incidents,
    Announcements,
    Fleet,
    Chat,
}

impl Module {
    pub(crate) const ALL: [Self; 6] =
        [Self::Catalog, Self::Maintenances, Self::Incidents, Self::Announcements, Self::Fleet, Self::Chat];

    pub(crate) fn of(kind: NodeKind) -> Self {
        match kind {
            NodeKind::Maintenance => Self::Maintenances,
            NodeKind::Incident => Self::Incidents,
            NodeKind::Announcement => Self::Announcements,
            NodeKind::Device | NodeKind::Geofence => Self::Fleet,
            NodeKind::Channel | NodeKind::Message | NodeKind::Board | NodeKind::Column | NodeKind::Card | NodeKind::Note => {
                Self::Chat
            }
            _ => Self::Catalog,
        }
    }

    const fn names(self) -> (&'static str, &'static str, Duration) {
        match self {
            Self::Catalog => ("catalog", "catalog.pages", CACHE_CATALOG_TTL),
            Self::Maintenances => ("maintenances", "maintenances.pages", CACHE_MAINTENANCES_TTL),
            Self::Incidents => ("incidents", "incidents.pages", CACHE_INCIDENTS_TTL),
            Self::Fleet => ("fleet", "fleet.pages", CACHE_FLEET_TTL),
            Self::Chat => ("chat", "chat.pages", CACHE_CATALOG_TTL),
            Self::Announcements => ("announcements", "announcements.pages", CACHE_ANNOUNCEMENTS_TTL),
        }
    }
}

/// Where a read gets its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Via {
    Cache,
    Database,
}

/// The scopes of one module.
struct Kept {
    nodes: Scope<Entry, sqlx::Error>,
    pages: Scope<page::Rendered, sqlx::Error>,
}

/// All cached reads of a process.
pub struct Reads {
    pool: Pool,
    progress: Progress,
    /// What stays in this process: who is signed in, and who sees what.
    own: Cache,
    /// What may be shared with other instances.
    shared: Cache,
    callers: Scope<caller::Held, caller::NotHeld>,
    sights: Scope<Sight, sqlx::Error>,
    kept: [Kept; Module::ALL.len()],
    /// Of a system, the groups around it; of a system or group, what names it as affected.
    around: Scope<related::Related, sqlx::Error>,
    affecting: Scope<related::Related, sqlx::Error>,
    /// Lists of nodes of any kind and of what lies beside them, and lists that are somebody's own.
    any: Scope<page::Rendered, sqlx::Error>,
    own_pages: Scope<page::Rendered, sqlx::Error>,
    /// What public pages say.
    status: Scope<status::Said, sqlx::Error>,
}

impl Reads {
    /// `progress` is the tailer's that keeps this right.
    pub fn new(pool: Pool, progress: Progress, backing: Backing) -> Self {
        // Off is off: nothing is kept here either.
        let own = Cache::new(if matches!(backing, Backing::Off) { Backing::Off } else { Backing::Memory });
        let shared = Cache::new(backing);
        let kept = Module::ALL.map(|module| {
            let (nodes, pages, ttl) = module.names();
            Kept {
                nodes: shared.scope(ScopeConfig { name: nodes, ttl, max_bytes: CACHE_NODES_MAX_BYTES }),
                pages: shared.scope(ScopeConfig { name: pages, ttl, max_bytes: CACHE_PAGES_MAX_BYTES }),
            }
        });
        let config = |name| ScopeConfig { name, ttl: CACHE_CALLERS_TTL, max_bytes: CACHE_SIGHTS_MAX_BYTES };
        let relation = |name| ScopeConfig { name, ttl: CACHE_MAINTENANCES_TTL, max_bytes: CACHE_RELATIONS_MAX_BYTES };
        let (around, affecting) = (shared.scope(relation("around")), shared.scope(relation("affecting")));
        let (callers, sights) = (own.scope(config("callers")), own.scope(config("sights")));
        let pages = |name, ttl| ScopeConfig { name, ttl, max_bytes: CACHE_PAGES_MAX_BYTES };
        let any = shared.scope(pages("nodes.pages", CACHE_CATALOG_TTL));
        let own_pages = shared.scope(pages("own.pages", CACHE_ANNOUNCEMENTS_TTL));
        let status = own.scope(pages("status_pages", CACHE_STATUS_PAGES_TTL));
        Self { pool, progress, own, shared, callers, sights, kept, around, affecting, any, own_pages, status }
    }

    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// The provider's name, whether it is used now, and each scope.
    pub(crate) fn info(&self) -> (&'static str, bool, Vec<ScopeInfo>) {
        let mut scopes = self.own.scopes();
        scopes.extend(self.shared.scopes());
        (self.shared.backing().name(), self.shared.is_used() && self.progress.is_fresh(), scopes)
    }

    /// Uses the store again once it can be emptied; to be called now and then.
    pub async fn mend(&self) {
        self.own.mend().await;
        self.shared.mend().await;
    }

    fn kept(&self, module: Module) -> &Kept {
        &self.kept[module as usize]
    }

    /// Begins a read of this caller's.
    async fn asking(&self, caller: &Caller) -> Result<Asking<'_>, Refused> {
        let via = if self.progress.is_fresh() { caller.via } else { Via::Database };
        let sight = self.sight(caller.reader(), via).await?;
        Ok(Asking { reads: self, reader: caller.reader(), via, sight, attempts: 0 })
    }
}

/// A read: what is found counts only if it `holds`, else it is looked for again.
struct Asking<'a> {
    reads: &'a Reads,
    reader: Option<Uuid>,
    via: Via,
    /// What the reader sees.
    sight: Arc<Sight>,
    attempts: usize,
}

impl Asking<'_> {
    /// Whether the reader still sees what they saw before this was read, the last of it at these moments. So
    /// nothing is ever judged by an access that is older than it.
    async fn holds(&mut self, read_at: &[Arc<Snapshot>]) -> Result<bool, Refused> {
        let progress = &self.reads.progress;
        // The feed takes a sight away before it moves on: one that is still there holds as far as it is.
        let covered = self.via == Via::Cache && read_at.iter().all(|at| progress.covers(at));
        let now = self.reads.sight(self.reader, if covered { Via::Cache } else { Via::Database }).await?;
        if *now == *self.sight {
            return Ok(true);
        }
        // What is kept may be older than what was just found out: the next look is at what is.
        (self.sight, self.via) = (now, Via::Database);
        self.attempts += 1;
        if self.attempts >= SIGHT_ATTEMPTS_MAX {
            let detail = "what you may see keeps changing; try again";
            return Err(Refusal::Unavailable { detail, source: None }.into());
        }
        Ok(false)
    }
}

/// What a load failed with, told to one of those who waited for it.
fn lost(error: Arc<sqlx::Error>) -> Refused {
    store::refusal_of_shared(error).into()
}
