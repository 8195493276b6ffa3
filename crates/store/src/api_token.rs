//! API tokens: how programs prove on whose behalf they call. Kept by their SHA-256.

use crate::node::unknown;
use domain::token::TokenAccess;
use sqlx::PgExecutor;
use sqlx::types::chrono::{DateTime, Utc};
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// Whom an API token stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenHolder {
    pub token_id: Uuid,
    pub person_id: Uuid,
    /// The person's name, for the audit log.
    pub title: String,
    pub access: TokenAccess,
    pub expires_at: Option<DateTime<Utc>>,
}

/// The holder of a token that still holds; `None` when it has expired or the person is disabled.
/// Its use is noted at most once a minute: each note is a write.
pub async fn find_holder(db: impl PgExecutor<'_>, token_hash: &[u8]) -> Result<Option<TokenHolder>> {
    let row = sqlx::query!(
        "with used as (
           update api_tokens set last_used_at = clock_timestamp()
            where token_hash = $1 and (last_used_at is null or last_used_at < clock_timestamp() - interval '1 minute'))
         select t.id, t.person_id, n.title, t.access, t.expires_at
           from api_tokens t join people p on p.node_id = t.person_id join nodes n on n.id = t.person_id
          where t.token_hash = $1 and (t.expires_at is null or t.expires_at > clock_timestamp()) and not p.disabled",
        token_hash
    )
    .fetch_optional(db)
    .await?;
    row.map(|r| {
        let access = parse_access(&r.access)?;
        Ok(TokenHolder { token_id: r.id, person_id: r.person_id, title: r.title, access, expires_at: r.expires_at })
    })
    .transpose()
}

pub struct NewToken<'a> {
    pub id: Uuid,
    pub token_hash: &'a [u8],
    pub person_id: Uuid,
    pub name: &'a str,
    pub access: TokenAccess,
    pub expires_at: Option<DateTime<Utc>>,
}

/// Makes a token unless the person has `max` already; false then. The caller holds `lock_account`,
/// or two at once could both be the last.
pub async fn insert_token(db: impl PgExecutor<'_>, new: NewToken<'_>, max: i64) -> Result<bool> {
    let done = sqlx::query!(
        "insert into api_tokens (id, token_hash, person_id, name, access, expires_at)
         select $1, $2, $3, $4, $5, $6 where (select count(*) from api_tokens where person_id = $3) < $7",
        new.id,
        new.token_hash,
        new.person_id,
        new.name,
        new.access.as_str(),
        new.expires_at,
        max
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiToken {
    pub id: Uuid,
    pub name: String,
    pub access: TokenAccess,
    pub created_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
    pub expires_at: Option<DateTime<Utc>>,
}

/// A person's tokens, newest first; expired ones too, until upkeep drops them.
pub async fn list_tokens(db: impl PgExecutor<'_>, person_id: Uuid, limit: i64) -> Result<Vec<ApiToken>> {
    let rows = sqlx::query!(
        "select id, name, access, created_at, last_used_at, expires_at from api_tokens
          where person_id = $1 order by created_at desc, id desc limit $2",
        person_id,
        limit
    )
    .fetch_all(db)
    .await?;
    rows.into_iter()
        .map(|r| {
            let access = parse_access(&r.access)?;
            let (created_at, last_used_at, expires_at) = (r.created_at, r.last_used_at, r.expires_at);
            Ok(ApiToken { id: r.id, name: r.name, access, created_at, last_used_at, expires_at })
        })
        .collect()
}

/// Revokes a person's token; answers its name, `None` when there is no such.
pub async fn delete_token(db: impl PgExecutor<'_>, person_id: Uuid, id: Uuid) -> Result<Option<String>> {
    sqlx::query_scalar!("delete from api_tokens where person_id = $1 and id = $2 returning name", person_id, id)
        .fetch_optional(db)
        .await
}

/// Drops up to `limit` tokens that expired a week ago: until then their list shows what happened.
pub async fn delete_expired(db: impl PgExecutor<'_>, limit: i64) -> Result<u64> {
    let done = sqlx::query!(
        "delete from api_tokens where id in (
           select id from api_tokens where expires_at <= clock_timestamp() - interval '7 days' limit $1)",
        limit
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected())
}

fn parse_access(text: &str) -> Result<TokenAccess> {
    TokenAccess::parse(text).ok_or_else(|| unknown("access", text))
}
