//! The cache, as administrators see it.

use cache::ScopeInfo;
use serde::Serialize;
use utoipa::ToSchema;

/// What reads are kept in.
#[derive(Serialize, ToSchema)]
#[schema(as = Cache)]
pub(crate) struct CacheView {
    /// `memory`, `redis` or `off`.
    #[schema(example = "memory")]
    pub(crate) provider: &'static str,
    /// False while reads go to the database: the cache is not reached, or the feed is behind.
    pub(crate) is_used: bool,
    pub(crate) scopes: Vec<CacheScope>,
}

/// One kind of values. Counts are of keys, since this server started.
#[derive(Serialize, ToSchema)]
pub(crate) struct CacheScope {
    #[schema(example = "maintenances.pages")]
    name: &'static str,
    /// A value is not served when it is older.
    #[schema(example = 15)]
    ttl_s: u64,
    hits: u64,
    misses: u64,
    /// Answered by a load that was under way.
    joins: u64,
    /// Loaded and not stored, because it was invalidated meanwhile.
    refusals: u64,
    evictions: u64,
    /// Times that the store failed or did not answer.
    troubles: u64,
    /// Of all that was asked for, how much was there or on its way; null before the first.
    #[schema(required, minimum = 0, maximum = 1)]
    hit_rate: Option<f64>,
    /// Null where it is not known.
    #[schema(required)]
    entries: Option<u64>,
    #[schema(required)]
    bytes: Option<u64>,
}

impl From<&ScopeInfo> for CacheScope {
    fn from(info: &ScopeInfo) -> Self {
        let counts = info.counts;
        let (spared, asked) = (counts.hits + counts.joins, counts.hits + counts.joins + counts.misses);
        let (entries, bytes) = info.size.unzip();
        Self {
            name: info.name,
            ttl_s: info.ttl.as_secs(),
            hits: counts.hits,
            misses: counts.misses,
            joins: counts.joins,
            refusals: counts.refusals,
            evictions: counts.evictions,
            troubles: counts.troubles,
            hit_rate: (asked > 0).then(|| spared as f64 / asked as f64),
            entries,
            bytes,
        }
    }
}
