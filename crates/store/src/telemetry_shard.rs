//! Who owns which shard of the stream that devices' frames wait in.

use crate::instance::interval;
use domain::telemetry::stream::Owned;
use sqlx::PgExecutor;
use std::time::Duration;
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// What a batch is committed by: its shards, each with the fence it was taken with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardLease {
    pub owner_id: Uuid,
    pub shards: Vec<Owned>,
}

impl ShardLease {
    fn columns(&self) -> (Vec<i16>, Vec<i64>) {
        self.shards.iter().map(|one| (one.shard, one.fence)).unzip()
    }
}

const LOST: &str = "another processor owns the shard by now";

/// Whether a batch was refused because its lease was lost.
pub fn is_lease_lost(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Protocol(text) if text == LOST)
}

/// Holds a lease until the transaction ends: nobody takes the shards over meanwhile.
///
/// # Errors
///
/// When one of them is another's by now, or may be: nothing of this transaction may be committed.
pub async fn hold_lease(db: impl PgExecutor<'_>, lease: &ShardLease) -> Result<()> {
    let (shards, fences) = lease.columns();
    let held = sqlx::query_scalar!(
        "select s.shard from telemetry_shards s
           join unnest($1::int2[], $2::int8[]) as l(shard, fence) on l.shard = s.shard and l.fence = s.fence
          where s.owner_id = $3 and s.leased_until > clock_timestamp()
          order by s.shard for share of s",
        &shards,
        &fences,
        lease.owner_id
    )
    .fetch_all(db)
    .await?;
    if held.len() == shards.len() { Ok(()) } else { Err(sqlx::Error::Protocol(LOST.to_owned())) }
}

/// Makes those that are missing, from 0 on.
pub async fn insert_shards(db: impl PgExecutor<'_>, count: i16) -> Result<()> {
    sqlx::query!(
        "insert into telemetry_shards (shard) select n::int2 from generate_series(0, $1::int4 - 1) as n
         on conflict do nothing",
        i32::from(count)
    )
    .execute(db)
    .await?;
    Ok(())
}

/// How many there are: of a larger number that was set once some may still hold something.
pub async fn count_shards(db: impl PgExecutor<'_>) -> Result<i64> {
    sqlx::query_scalar!(r#"select count(*) as "count!" from telemetry_shards"#).fetch_one(db).await
}

/// Goes on owning those of these that it still owns, for so long from now; answers which.
pub async fn renew_leases(db: impl PgExecutor<'_>, lease: &ShardLease, per_s: &[f64], span: Duration) -> Result<Vec<Owned>> {
    let (shards, fences) = lease.columns();
    let mut renewed = sqlx::query_as!(
        Owned,
        "update telemetry_shards s set leased_until = clock_timestamp() + $5::interval, per_s = l.per_s
           from unnest($1::int2[], $2::int8[], $3::float8[]) as l(shard, fence, per_s)
          where s.shard = l.shard and s.fence = l.fence and s.owner_id = $4 and s.leased_until > clock_timestamp()
         returning s.shard, s.fence",
        &shards,
        &fences,
        per_s,
        lease.owner_id,
        interval(span)
    )
    .fetch_all(db)
    .await?;
    renewed.sort_unstable_by_key(|one| one.shard);
    Ok(renewed)
}

/// Takes at most so many that nobody owns (any more), each with a higher fence.
pub async fn claim_shards(db: impl PgExecutor<'_>, owner_id: Uuid, span: Duration, max: i64) -> Result<Vec<Owned>> {
    sqlx::query_as!(
        Owned,
        "update telemetry_shards set owner_id = $1, fence = fence + 1, leased_until = clock_timestamp() + $2::interval, per_s = 0
          where shard in (
            select shard from telemetry_shards where owner_id is null or leased_until <= clock_timestamp()
             order by shard limit $3 for update skip locked)
         returning shard, fence",
        owner_id,
        interval(span),
        max
    )
    .fetch_all(db)
    .await
}

/// Gives these back, as far as they are still its own: others may take them at once.
pub async fn release_shards(db: impl PgExecutor<'_>, lease: &ShardLease) -> Result<()> {
    let (shards, fences) = lease.columns();
    sqlx::query!(
        "update telemetry_shards s set owner_id = null, leased_until = null, per_s = 0
           from unnest($1::int2[], $2::int8[]) as l(shard, fence)
          where s.shard = l.shard and s.fence = l.fence and s.owner_id = $3",
        &shards,
        &fences,
        lease.owner_id
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Raises the fence of one that it owns above `over`: the stream has seen a higher one than the database, which
/// was restored, say. `None` when it owns it no more.
pub async fn raise_fence(db: impl PgExecutor<'_>, owner_id: Uuid, of: Owned, over: i64) -> Result<Option<i64>> {
    sqlx::query_scalar!(
        "update telemetry_shards set fence = greatest(fence, $4) + 1
          where shard = $1 and fence = $2 and owner_id = $3 and leased_until > clock_timestamp() returning fence",
        of.shard,
        of.fence,
        owner_id,
        over
    )
    .fetch_optional(db)
    .await
}

/// A shard and who owns it.
#[derive(Clone, Debug, PartialEq)]
pub struct Shard {
    pub shard: i16,
    /// The owner's name.
    pub owner: Option<String>,
    /// Records a second that it kept of late.
    pub per_s: f64,
}

pub async fn list_shards(db: impl PgExecutor<'_>) -> Result<Vec<Shard>> {
    sqlx::query_as!(
        Shard,
        r#"select s.shard, t.name as "owner?", case when t.name is null then 0 else s.per_s end as "per_s!"
             from telemetry_shards s
             left join telemetry_servers t on t.instance_id = s.owner_id and t.role = 'processor'
              and s.leased_until > clock_timestamp()
            order by s.shard"#
    )
    .fetch_all(db)
    .await
}
