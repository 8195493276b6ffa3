use crate::counts::Counts;
use crate::flight::Flights;
use crate::memory::Memory;
use crate::provider::{Provider, Stale, Trouble, Value};
use crate::redis::{Redis, RedisScope};
use crate::scope::{Inner, Scope, ScopeConfig};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;

/// A store answers within this, or counts as away: reads must not wait for it longer than for the
/// database.
const ANSWERS_WITHIN: Duration = Duration::from_millis(250);
/// For connecting anew, which no read waits for.
const RENEWED_WITHIN: Duration = Duration::from_secs(2);

/// Where values are kept.
#[derive(Clone, Debug)]
pub enum Backing {
    /// In each process for itself.
    Memory,
    /// In a store that several processes share.
    Redis(Arc<Redis>),
    /// Nowhere. Who asks for the same at the same time still shares one load.
    Off,
}

impl Backing {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Redis(_) => "redis",
            Self::Off => "off",
        }
    }
}

/// Scopes that are kept in one place.
pub struct Cache {
    backing: Backing,
    standing: Arc<Standing>,
    scopes: Mutex<Vec<Arc<dyn AnyScope>>>,
    /// One renewal at a time: two would each undo the other.
    renewing: tokio::sync::Mutex<()>,
}

/// A scope as the page of administrators shows it. Never a key, never a value.
#[derive(Clone, Debug)]
pub struct ScopeInfo {
    pub name: &'static str,
    pub ttl: Duration,
    pub counts: Counts,
    /// Entries, and their bytes; `None` where that is not known.
    pub size: Option<(u64, u64)>,
    pub loading: usize,
}

impl Cache {
    pub fn new(backing: Backing) -> Self {
        let standing = Arc::new(Standing::default());
        // What a shared store holds from before is not known to be right.
        if matches!(backing, Backing::Redis(_)) {
            standing.distrust();
        }
        Self { backing, standing, scopes: Mutex::default(), renewing: tokio::sync::Mutex::new(()) }
    }

    pub fn backing(&self) -> &Backing {
        &self.backing
    }

    /// A scope of this cache. Its name must be its own, and stay the same while the values' form does.
    pub fn scope<V: Value, E: Send + Sync + 'static>(&self, config: ScopeConfig) -> Scope<V, E> {
        let provider: Option<Box<dyn Provider<V>>> = match &self.backing {
            Backing::Memory => Some(Box::new(Memory::new(config.name, config.ttl, config.max_bytes))),
            Backing::Redis(redis) => Some(Box::new(RedisScope::new(Arc::clone(redis), config.name, config.ttl))),
            Backing::Off => None,
        };
        self.scope_over(config, provider)
    }

    /// A scope over a store of the caller's.
    pub fn scope_over<V: Value, E: Send + Sync + 'static>(
        &self,
        config: ScopeConfig,
        provider: Option<Box<dyn Provider<V>>>,
    ) -> Scope<V, E> {
        let inner = Arc::new(Inner {
            config,
            provider,
            flights: Mutex::new(Flights::default()),
            standing: Arc::clone(&self.standing),
            counting: Default::default(),
            answers_within: ANSWERS_WITHIN,
        });
        self.scopes.lock().push(Arc::clone(&inner) as Arc<dyn AnyScope>);
        Scope(inner)
    }

    /// Empties all scopes, for everybody who shares the store: invalidations may have been missed. Until that
    /// has succeeded everything is loaded. Says whether it has.
    pub async fn renew(&self) -> bool {
        let _one_at_a_time = self.renewing.lock().await;
        self.standing.distrust();
        let upto = self.standing.distrusted();
        let scopes: Vec<Arc<dyn AnyScope>> = self.scopes.lock().clone();
        let all = [Stale::prefix("")];
        for scope in &scopes {
            scope.detach(&all);
        }
        let renewed = async {
            match &self.backing {
                Backing::Redis(redis) => redis.renew().await,
                Backing::Memory | Backing::Off => {
                    for scope in &scopes {
                        scope.empty(&all).await?;
                    }
                    Ok(())
                }
            }
        };
        match tokio::time::timeout(RENEWED_WITHIN, renewed).await.unwrap_or(Err(Trouble::TimedOut)) {
            Ok(()) => {
                self.standing.trust(upto);
                true
            }
            Err(trouble) => {
                tracing::debug!(%trouble, "the cache could not be emptied yet");
                false
            }
        }
    }

    /// Renews it if it is left alone: to be called now and then.
    pub async fn mend(&self) {
        if !self.is_used() {
            self.renew().await;
        }
    }

    /// Whether the store is used; else everything is loaded.
    pub fn is_used(&self) -> bool {
        self.standing.trusted().is_some()
    }

    pub fn scopes(&self) -> Vec<ScopeInfo> {
        let scopes: Vec<Arc<dyn AnyScope>> = self.scopes.lock().clone();
        scopes.iter().map(|scope| scope.info()).collect()
    }
}

/// A scope, whatever it holds.
trait AnyScope: Send + Sync {
    fn detach(&self, stale: &[Stale]);
    fn empty<'a>(&'a self, all: &'a [Stale]) -> BoxFuture<'a, Result<(), Trouble>>;
    fn info(&self) -> ScopeInfo;
}

impl<V: Value, E: Send + Sync + 'static> AnyScope for Inner<V, E> {
    fn detach(&self, stale: &[Stale]) {
        self.flights.lock().detach(stale);
    }

    fn empty<'a>(&'a self, all: &'a [Stale]) -> BoxFuture<'a, Result<(), Trouble>> {
        match &self.provider {
            Some(provider) => provider.invalidate(all),
            None => std::future::ready(Ok(())).boxed(),
        }
    }

    fn info(&self) -> ScopeInfo {
        ScopeInfo {
            name: self.config.name,
            ttl: self.config.ttl,
            counts: self.counts(),
            size: self.provider.as_ref().and_then(|provider| provider.size()),
            loading: self.flights.lock().len(),
        }
    }
}

/// Whether the store may be used. Each trouble is counted: what was renewed before a trouble came does not
/// mend that one.
#[derive(Debug, Default)]
pub(crate) struct Standing(Mutex<Troubles>);

#[derive(Debug, Default)]
struct Troubles {
    seen: u64,
    mended: u64,
}

impl Standing {
    /// Since which trouble it is trusted; `None`: it is not.
    pub(crate) fn trusted(&self) -> Option<u64> {
        let troubles = self.0.lock();
        (troubles.seen == troubles.mended).then_some(troubles.seen)
    }

    /// Says whether it was trusted until now.
    pub(crate) fn distrust(&self) -> bool {
        let mut troubles = self.0.lock();
        let was = troubles.seen == troubles.mended;
        troubles.seen += 1;
        was
    }

    fn distrusted(&self) -> u64 {
        self.0.lock().seen
    }

    fn trust(&self, upto: u64) {
        self.0.lock().mended = upto;
    }
}
