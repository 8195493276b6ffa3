//! People: their facet; and for the command line whoever is there, whoever asks.

use domain::node::INSTANCE_ID;
use domain::person::PersonPatch;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// The facet of a new node, and an account without a password.
pub async fn insert_person(db: &mut PgConnection, id: Uuid, patch: &PersonPatch) -> Result<()> {
    let login = patch.login.as_deref().unwrap_or_default();
    sqlx::query!("insert into people (node_id, login) values ($1, $2)", id, login).execute(&mut *db).await?;
    sqlx::query!("insert into accounts (person_id) values ($1)", id).execute(&mut *db).await?;
    update_person(db, id, patch).await
}

/// Sets what is given.
pub async fn update_person(db: &mut PgConnection, id: Uuid, patch: &PersonPatch) -> Result<()> {
    sqlx::query!(
        "update people set login = coalesce($2, login), email = case when $3 then $4 else email end,
           disabled = coalesce($5, disabled)
         where node_id = $1",
        id,
        patch.login,
        patch.email.is_some(),
        patch.email.clone().flatten(),
        patch.disabled
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whether anybody could ever sign in.
pub async fn is_anybody(db: impl PgExecutor<'_>) -> Result<bool> {
    sqlx::query_scalar!(r#"select exists (select from people) as "there!""#).fetch_one(db).await
}

#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct PersonLine {
    pub id: Uuid,
    pub login: String,
    pub title: String,
    pub email: Option<String>,
    pub disabled: bool,
    pub has_password: bool,
    /// Their level in the instance itself: `admin` and `owner` administer all.
    pub instance_level: Option<i16>,
}

/// Everybody, by login.
pub async fn list_people(db: impl PgExecutor<'_>, limit: i64) -> Result<Vec<PersonLine>> {
    sqlx::query_as!(
        PersonLine,
        r#"select p.node_id as id, p.login, n.title, p.email, p.disabled, coalesce(a.password_hash is not null, false) as "has_password!",
             s.level as "instance_level?"
           from people p join nodes n on n.id = p.node_id
           left join accounts a on a.person_id = p.node_id
           left join scope_access s on s.person_id = p.node_id and s.scope_id = $1
           order by p.login limit $2"#,
        INSTANCE_ID,
        limit
    )
    .fetch_all(db)
    .await
}

/// Takes the password away: the person signs in by a link, and then sets another.
pub async fn delete_password(db: impl PgExecutor<'_>, person_id: Uuid) -> Result<()> {
    sqlx::query!("update accounts set password_hash = null where person_id = $1", person_id).execute(db).await?;
    Ok(())
}
