//! Who wants to be told of what.

use domain::notification::NoticeKind;
use sqlx::types::chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// A subscription, with the names of what it joins as far as its reader may see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    pub id: Uuid,
    pub subscriber_id: Uuid,
    pub subscriber_kind: String,
    pub subscriber_title: Option<String>,
    pub target_id: Option<Uuid>,
    pub target_kind: Option<String>,
    pub target_title: Option<String>,
    pub kinds: Vec<String>,
    pub connection_id: Option<Uuid>,
    pub connection_title: Option<String>,
    pub created_at: DateTime<Utc>,
}

pub struct NewSubscriptionRow<'a> {
    pub id: Uuid,
    pub subscriber_id: Uuid,
    pub subscriber_kind: &'a str,
    pub target_id: Option<Uuid>,
    pub kinds: &'a [NoticeKind],
    pub connection_id: Option<Uuid>,
    pub created_by: Option<Uuid>,
}

/// False when the subscriber has so many already. The caller has locked the subscriber's node.
pub async fn insert_subscription(db: impl PgExecutor<'_>, new: NewSubscriptionRow<'_>, most: i64) -> Result<bool> {
    let kinds: Vec<String> = new.kinds.iter().map(|kind| kind.as_str().to_owned()).collect();
    let done = sqlx::query!(
        "insert into subscriptions (id, subscriber_id, subscriber_kind, target_id, kinds, connection_id, created_by)
         select $1, $2, $3, $4, $5, $6, $7 where (select count(*) from subscriptions where subscriber_id = $2) < $8",
        new.id,
        new.subscriber_id,
        new.subscriber_kind,
        new.target_id,
        &kinds,
        new.connection_id,
        new.created_by,
        most
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Of these kinds from now on; false when it is not there.
pub async fn update_subscription(db: impl PgExecutor<'_>, id: Uuid, kinds: &[NoticeKind]) -> Result<bool> {
    let kinds: Vec<String> = kinds.iter().map(|kind| kind.as_str().to_owned()).collect();
    let done = sqlx::query!("update subscriptions set kinds = $2 where id = $1", id, &kinds).execute(db).await?;
    Ok(done.rows_affected() == 1)
}

macro_rules! subscriptions {
    ($rest:tt $(, $arg:expr)*) => {
        sqlx::query_as!(
            Subscription,
            r#"select s.id as "id!", s.subscriber_id as "subscriber_id!", s.subscriber_kind as "subscriber_kind!",
                 p.title as "subscriber_title?", s.target_id, t.kind as "target_kind?", t.title as "target_title?",
                 s.kinds as "kinds!", s.connection_id, c.title as "connection_title?", s.created_at as "created_at!"
               from subscriptions s
               left join nodes p on p.id = s.subscriber_id and p.scope_id = any($1)
               left join nodes t on t.id = s.target_id and t.scope_id = any($1)
               left join nodes c on c.id = s.connection_id and c.scope_id = any($1) "#
                + $rest
            $(, $arg)*)
    };
}

/// Subscriptions of the reader themselves, or of a team that they see, newest first; `before`: the last of the page before.
/// `scopes` are those that the reader may read.
pub async fn list_subscriptions(
    db: impl PgExecutor<'_>,
    reader: Uuid,
    scopes: &[Uuid],
    subscriber_id: Uuid,
    before: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<Subscription>> {
    let (before_at, before_id) = before.unzip();
    subscriptions!(
        "where s.subscriber_id = $2 and (s.subscriber_id = $6 or p.id is not null)
           and ($3::timestamptz is null or (s.created_at, s.id) < ($3, $4::uuid))
         order by s.created_at desc, s.id desc limit $5",
        scopes,
        subscriber_id,
        before_at,
        before_id,
        limit,
        reader
    )
    .fetch_all(db)
    .await
}

/// One, as `reader` sees it; whether they may is for the caller to know.
pub async fn find_subscription(db: &mut PgConnection, reader: Option<Uuid>, id: Uuid) -> Result<Option<Subscription>> {
    let scopes = crate::access::list_readable_scopes(&mut *db, reader).await?;
    subscriptions!("where s.id = $2", &scopes, id).fetch_optional(db).await
}

pub async fn delete_subscription(db: impl PgExecutor<'_>, id: Uuid) -> Result<bool> {
    let done = sqlx::query!("delete from subscriptions where id = $1", id).execute(db).await?;
    Ok(done.rows_affected() == 1)
}
