//! Who is told by mail what a page says.

use sqlx::PgExecutor;
use sqlx::types::chrono::{DateTime, Utc};
use std::time::Duration;
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// Takes an address down that has yet to be confirmed; answers the subscriber's id. `None` for one that is confirmed
/// already, or was asked to confirm within the last `pause`: then no mail is sent again.
pub async fn upsert_subscriber(
    db: impl PgExecutor<'_>,
    page_id: Uuid,
    email: &str,
    token_hash: &[u8],
    lasts: Duration,
    pause: Duration,
) -> Result<Option<Uuid>> {
    sqlx::query_scalar!(
        "insert into status_subscribers as s (id, page_id, email, token_hash, token_expires_at)
         values ($1, $2, $3, $4, clock_timestamp() + make_interval(secs => $5))
         on conflict (page_id, email) do update
         set token_hash = excluded.token_hash, token_expires_at = excluded.token_expires_at, created_at = excluded.created_at
         where s.confirmed_at is null and s.created_at < clock_timestamp() - make_interval(secs => $6)
         returning id",
        Uuid::now_v7(),
        page_id,
        email,
        token_hash,
        lasts.as_secs_f64(),
        pause.as_secs_f64()
    )
    .fetch_optional(db)
    .await
}

/// How many addresses a page has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubscriberCounts {
    pub confirmed: i64,
    /// Asked to confirm, and have not yet.
    pub unconfirmed: i64,
}

pub async fn count_subscribers(db: impl PgExecutor<'_>, page_id: Uuid) -> Result<SubscriberCounts> {
    sqlx::query_as!(
        SubscriberCounts,
        r#"select count(confirmed_at) as "confirmed!", count(*) - count(confirmed_at) as "unconfirmed!"
             from status_subscribers where page_id = $1"#,
        page_id
    )
    .fetch_one(db)
    .await
}

/// Of a page's addresses that are not confirmed keeps the newest `kept`; answers how many others went.
pub async fn delete_oldest_unconfirmed(db: impl PgExecutor<'_>, page_id: Uuid, kept: i64) -> Result<u64> {
    // Locked in one order, and not those that another transaction confirms or deletes at this moment.
    let done = sqlx::query!(
        "delete from status_subscribers where id in (
           select s.id from status_subscribers s
            where s.confirmed_at is null and s.id in (
              select o.id from status_subscribers o where o.page_id = $1 and o.confirmed_at is null
               order by o.created_at desc, o.id desc offset $2)
            order by s.id for update skip locked)",
        page_id,
        kept
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

/// An address, for those who manage its page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscriber {
    pub id: Uuid,
    pub email: String,
    /// Null: nothing but the question goes there.
    pub confirmed_at: Option<DateTime<Utc>>,
    /// When it was given, the last time.
    pub created_at: DateTime<Utc>,
}

/// A page's addresses, newest first; `before`: the last of the page before.
pub async fn list_subscribers(
    db: impl PgExecutor<'_>,
    page_id: Uuid,
    before: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<Subscriber>> {
    let (before_at, before_id) = before.unzip();
    sqlx::query_as!(
        Subscriber,
        "select id, email, confirmed_at, created_at from status_subscribers
          where page_id = $1 and ($2::timestamptz is null or (created_at, id) < ($2, $3::uuid))
          order by created_at desc, id desc limit $4",
        page_id,
        before_at,
        before_id,
        limit
    )
    .fetch_all(db)
    .await
}

/// Takes an address off a page, with what was to be sent there; false when there is none.
pub async fn delete_subscriber_of(db: impl PgExecutor<'_>, page_id: Uuid, id: Uuid) -> Result<bool> {
    let done = sqlx::query!("delete from status_subscribers where page_id = $1 and id = $2", page_id, id).execute(db).await?;
    Ok(done.rows_affected() == 1)
}

/// An address that was confirmed.
pub struct Confirmed {
    pub page_id: Uuid,
    pub unsubscribe_token: Uuid,
}

/// A page that shows something a maintenance or incident affects.
#[derive(Clone, Debug)]
pub struct PageToTell {
    pub page_id: Uuid,
    pub slug: String,
    pub title: String,
    /// What the page calls the systems on it that are affected.
    pub labels: Vec<String>,
}

/// The pages whose subscribers are told of a maintenance or incident: those that everybody may read and that show a
/// system it affects, as `projection.rs` reads them.
pub async fn list_pages_to_tell(db: impl PgExecutor<'_>, about_id: Uuid, limit: i64) -> Result<Vec<PageToTell>> {
    sqlx::query_as!(
        PageToTell,
        r#"with recursive affected as materialized (select a.system_id from affected_systems($1) a),
           around(id) as (
             select system_id from affected
             union
             select e.target_id from around a join edges e on e.source_id = a.id and e.kind = 'part_of'),
           -- By the index of targets, whatever the planner thinks: few are around, and edges are many.
           pages as (
             select distinct e.source_id as id from around a cross join lateral (
               select e.source_id from edges e where e.target_id = a.id and e.kind = 'shows' offset 0) e)
           select p.node_id as page_id, p.slug, n.title, shown.labels as "labels!"
             from pages join status_pages p on p.node_id = pages.id and p.published
             join scopes s on s.node_id = p.node_id and s.visibility = 'public'
             join nodes n on n.id = p.node_id
             cross join lateral (
               select array_agg(distinct case when t.kind = 'system' then coalesce(e.attrs ->> 'label', x.title) else x.title end) as labels
                 from shown_systems(p.node_id) w join affected a on a.system_id = w.system_id
                 join edges e on e.id = w.entry_id join nodes t on t.id = e.target_id join nodes x on x.id = w.system_id) shown
            where shown.labels is not null
              and exists (select from status_subscribers c where c.page_id = p.node_id and c.confirmed_at is not null)
            order by p.node_id limit $2"#,
        about_id,
        limit
    )
    .fetch_all(db)
    .await
}

/// Somebody who follows a page.
#[derive(Clone, Debug)]
pub struct Follower {
    pub id: Uuid,
    pub email: String,
    pub unsubscribe_token: Uuid,
}

/// Those who have confirmed, by id; `after`: the last of the batch before.
pub async fn list_followers(db: impl PgExecutor<'_>, page_id: Uuid, after: Option<Uuid>, limit: i64) -> Result<Vec<Follower>> {
    sqlx::query_as!(
        Follower,
        "select id, email, unsubscribe_token from status_subscribers
          where page_id = $1 and confirmed_at is not null and ($2::uuid is null or id > $2) order by id limit $3",
        page_id,
        after,
        limit
    )
    .fetch_all(db)
    .await
}

/// Uses a link up; `None` when it is unknown, used, or too old.
pub async fn confirm_subscriber(db: impl PgExecutor<'_>, token_hash: &[u8]) -> Result<Option<Confirmed>> {
    sqlx::query_as!(
        Confirmed,
        "update status_subscribers set confirmed_at = clock_timestamp(), token_hash = null, token_expires_at = null
          where token_hash = $1 and token_expires_at > clock_timestamp()
         returning page_id, unsubscribe_token",
        token_hash
    )
    .fetch_optional(db)
    .await
}

/// Ends a subscription; whether there was one is nobody's business.
pub async fn delete_subscriber(db: impl PgExecutor<'_>, unsubscribe_token: Uuid) -> Result<()> {
    sqlx::query!("delete from status_subscribers where unsubscribe_token = $1", unsubscribe_token).execute(db).await?;
    Ok(())
}

/// Deletes those that were not confirmed in time; answers how many, at most `limit`.
pub async fn delete_unconfirmed(db: impl PgExecutor<'_>, limit: i64) -> Result<u64> {
    let done = sqlx::query!(
        "delete from status_subscribers where id in (
           select id from status_subscribers where confirmed_at is null and token_expires_at < clock_timestamp() limit $1)",
        limit
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}
