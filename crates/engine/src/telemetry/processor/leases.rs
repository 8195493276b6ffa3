//! Which shards this processor owns: an even share of all, by leases in the database that it renews each second.
//! One that dies is missed when its leases lapse; one that leaves gives them back.

use crate::settled::settled;
use crate::telemetry::Me;
use crate::telemetry::rate::Rate;
use domain::limits::{TELEMETRY_LEASE, TELEMETRY_LEASE_RENEWED_EVERY};
use domain::telemetry::stream::{Owned, Shards, fair_share};
use parking_lot::Mutex;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;
use store::Pool;
use store::telemetry_server::TelemetryServer;
use store::telemetry_shard::{self, ShardLease};
use tokio::sync::Notify;
use tokio::time::{Instant, MissedTickBehavior, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const ROLE: &str = "processor";
/// For a look at the leases that is under way at the end.
const SETTLED_WITHIN: Duration = Duration::from_secs(2);

pub(super) struct Leases {
    pool: Pool,
    me: Me,
    shards: Arc<dyn Shards>,
    standing: Mutex<Standing>,
    changed: Notify,
    rates: Mutex<HashMap<i16, Rate>>,
}

struct Standing {
    owned: Vec<Owned>,
    /// Past this they may be another's.
    until: Instant,
    rated_at: Instant,
}

impl Leases {
    pub(super) fn new(pool: Pool, me: Me, shards: Arc<dyn Shards>) -> Self {
        let now = Instant::now();
        let standing = Mutex::new(Standing { owned: Vec::new(), until: now, rated_at: now });
        Self { pool, me, shards, standing, changed: Notify::new(), rates: Mutex::default() }
    }

    pub(super) fn owner_id(&self) -> Uuid {
        self.me.instance_id
    }

    /// What it owns now. (What it commits is checked once more, by the database.)
    pub(super) fn owned(&self) -> Vec<Owned> {
        let standing = self.standing.lock();
        if Instant::now() < standing.until { standing.owned.clone() } else { Vec::new() }
    }

    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Records that were kept, by shard.
    pub(super) fn count(&self, records: &BTreeMap<i16, usize>) {
        let mut rates = self.rates.lock();
        records.iter().for_each(|(shard, records)| rates.entry(*shard).or_default().count(*records));
    }

    /// Renews them, takes its share and gives back what is beyond it, until it is done.
    pub(super) async fn keep(&self, done: &CancellationToken) {
        let mut ticks = tokio::time::interval(TELEMETRY_LEASE_RENEWED_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while done.run_until_cancelled(ticks.tick()).await.is_some() {
            match settled(timeout(TELEMETRY_LEASE / 2, self.renew()), done, SETTLED_WITHIN).await {
                None | Some(Ok(Ok(()))) => {}
                Some(Ok(Err(error))) => tracing::warn!(%error, "the leases of shards could not be renewed"),
                Some(Err(_)) => tracing::warn!("the leases of shards could not be renewed: the database does not answer"),
            }
        }
    }

    async fn renew(&self) -> Result<(), store::Error> {
        // Before the database is asked: it reckons from later on.
        let began = Instant::now();
        let before = self.standing.lock().owned.clone();
        let per_s = self.per_s(&before);
        let me = TelemetryServer {
            instance_id: self.me.instance_id,
            role: ROLE,
            name: self.me.name.clone(),
            per_s: per_s.iter().sum(),
            ..TelemetryServer::default()
        };
        store::telemetry_server::upsert_telemetry_server(&self.pool, &me, TELEMETRY_LEASE).await?;
        let mut owned = telemetry_shard::renew_leases(&self.pool, &self.lease(before.clone()), &per_s, TELEMETRY_LEASE).await?;
        let mut count = telemetry_shard::count_shards(&self.pool).await?;
        if count < i64::from(self.shards.count()) {
            telemetry_shard::insert_shards(&self.pool, self.shards.count()).await?;
            count = i64::from(self.shards.count());
        }
        let processors = store::telemetry_server::list_processors(&self.pool).await?;
        let place = processors.iter().position(|id| *id == self.me.instance_id).unwrap_or(processors.len());
        let share = fair_share(usize::try_from(count).unwrap_or_default(), processors.len(), place);
        if owned.len() > share {
            let surplus = owned.split_off(share);
            // First it reads them no more.
            self.stand(owned, began, &before);
            telemetry_shard::release_shards(&self.pool, &self.lease(surplus)).await?;
            return Ok(());
        }
        let missing = i64::try_from(share - owned.len()).unwrap_or(i64::MAX);
        if missing > 0 {
            let claimed = telemetry_shard::claim_shards(&self.pool, self.me.instance_id, TELEMETRY_LEASE, missing).await?;
            owned.extend(claimed);
            owned.sort_unstable_by_key(|one| one.shard);
        }
        self.stand(owned, began, &before);
        Ok(())
    }

    fn stand(&self, owned: Vec<Owned>, began: Instant, before: &[Owned]) {
        let is_new = owned != before;
        {
            let mut standing = self.standing.lock();
            (standing.owned, standing.until) = (owned, began + TELEMETRY_LEASE);
        }
        if is_new {
            let shards: Vec<i16> = self.standing.lock().owned.iter().map(|one| one.shard).collect();
            tracing::info!(?shards, "shards of the telemetry stream are read here");
            self.changed.notify_one();
        }
    }

    fn per_s(&self, owned: &[Owned]) -> Vec<f64> {
        let since = self.standing.lock().rated_at;
        let mut rates = self.rates.lock();
        let per_s = owned.iter().map(|one| rates.entry(one.shard).or_default().per_s(&mut { since })).collect();
        self.standing.lock().rated_at = Instant::now();
        per_s
    }

    fn lease(&self, shards: Vec<Owned>) -> ShardLease {
        ShardLease { owner_id: self.me.instance_id, shards }
    }

    /// The stream has seen a higher fence than this processor's: if the database says that it is the owner all the
    /// same, it takes a higher one.
    pub(super) async fn overtaken(&self, of: Owned, over: i64) {
        let raised = telemetry_shard::raise_fence(&self.pool, self.me.instance_id, of, over).await;
        let mut standing = self.standing.lock();
        match raised {
            Ok(Some(fence)) => standing.owned.iter_mut().filter(|one| **one == of).for_each(|one| one.fence = fence),
            Ok(None) => standing.owned.retain(|one| *one != of),
            Err(error) => tracing::debug!(%error, "a fence could not be raised"),
        }
    }

    /// Gives all back: others take them at their next look.
    pub(super) async fn give_back(&self) {
        let owned = std::mem::take(&mut self.standing.lock().owned);
        let released = telemetry_shard::release_shards(&self.pool, &self.lease(owned)).await;
        let gone = store::telemetry_server::delete_telemetry_server(&self.pool, self.me.instance_id, ROLE).await;
        if let Err(error) = released.and(gone) {
            tracing::debug!(%error, "shards could not be given back; they lapse");
        }
    }
}
