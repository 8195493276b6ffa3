//! What only the person and the server know of an account: the password's hash and the preferences.

use serde_json::{Map, Value};
use sqlx::PgExecutor;
use sqlx::types::Json;
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// What a sign-in is judged by.
#[derive(Clone)]
pub struct Credentials {
    pub person_id: Uuid,
    /// The person's name, for the audit log.
    pub title: String,
    pub disabled: bool,
    /// argon2id, as a PHC string; `None`: signs in by link alone.
    pub password_hash: Option<String>,
}

/// By login, which is lower case.
pub async fn find_credentials(db: impl PgExecutor<'_>, login: &str) -> Result<Option<Credentials>> {
    sqlx::query_as!(
        Credentials,
        r#"select p.node_id as person_id, n.title, p.disabled, a.password_hash as "password_hash?"
             from people p join nodes n on n.id = p.node_id left join accounts a on a.person_id = p.node_id
            where p.login = $1"#,
        login
    )
    .fetch_optional(db)
    .await
}

/// By id; `None` when it is no person.
pub async fn find_credentials_of(db: impl PgExecutor<'_>, person_id: Uuid) -> Result<Option<Credentials>> {
    sqlx::query_as!(
        Credentials,
        r#"select p.node_id as person_id, n.title, p.disabled, a.password_hash as "password_hash?"
             from people p join nodes n on n.id = p.node_id left join accounts a on a.person_id = p.node_id
            where p.node_id = $1"#,
        person_id
    )
    .fetch_optional(db)
    .await
}

/// Sets the password's hash (a PHC string).
pub async fn upsert_password(db: impl PgExecutor<'_>, person_id: Uuid, password_hash: &str) -> Result<()> {
    sqlx::query!(
        "insert into accounts (person_id, password_hash) values ($1, $2)
         on conflict (person_id) do update set password_hash = excluded.password_hash",
        person_id,
        password_hash
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Makes sure that the person has an account, and locks it until the transaction ends: what is
/// counted of the person's sessions and tokens meanwhile stays true.
pub async fn lock_account(db: impl PgExecutor<'_>, person_id: Uuid) -> Result<()> {
    sqlx::query!(
        "insert into accounts (person_id) values ($1) on conflict (person_id) do update set person_id = excluded.person_id",
        person_id
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whether the person has a password, and what the person prefers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Account {
    pub has_password: bool,
    pub preferences: Map<String, Value>,
}

/// The account of a person; an empty one where there is none yet.
pub async fn find_account(db: impl PgExecutor<'_>, person_id: Uuid) -> Result<Account> {
    let row = sqlx::query!(
        r#"select password_hash is not null as "has_password!", preferences as "preferences: Json<Map<String, Value>>"
             from accounts where person_id = $1"#,
        person_id
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|r| Account { has_password: r.has_password, preferences: r.preferences.0 }).unwrap_or_default())
}

/// Sets these preferences; those not named stay.
pub async fn merge_preferences(db: impl PgExecutor<'_>, person_id: Uuid, preferences: &Map<String, Value>) -> Result<()> {
    sqlx::query!(
        "insert into accounts as a (person_id, preferences) values ($1, $2)
         on conflict (person_id) do update set preferences = a.preferences || excluded.preferences",
        person_id,
        Json(preferences) as _
    )
    .execute(db)
    .await?;
    Ok(())
}
