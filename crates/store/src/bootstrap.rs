//! The roles and the database that must be there before the migrations can run.

use crate::scram;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};
use uuid::Uuid;

/// The login that owns the schema. Used by migrations alone.
pub const OWNER_ROLE: &str = "synops_owner";
/// The login of the server: rows, and no more.
pub const SERVER_ROLE: &str = "synops_server";
pub const DATABASE: &str = "synops";

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A text that can't be kept without preparing it first.
    #[error("the password of the server's login is not plain ASCII: make that role yourself, or choose another password")]
    Password,
    #[error("the owner's login may not make roles")]
    MayNotMakeRoles,
    #[error("the database could not be made ready for its migrations")]
    Database(#[from] sqlx::Error),
}

/// Makes the two logins and the database in a cluster that is ours alone, unless they are there.
/// `superuser_url` is of the database `postgres`. The logins get no password: the way to the
/// cluster's socket is the protection.
pub async fn bootstrap(superuser_url: &str) -> Result<(), Error> {
    let mut db = PgConnection::connect(superuser_url).await?;
    for role in [OWNER_ROLE, SERVER_ROLE] {
        if !is_role(&mut db, role).await? {
            run(&mut db, format!("create role {role} login")).await?;
        }
    }
    let is_there = sqlx::query_scalar!(r#"select exists (select from pg_database where datname = $1) as "there!""#, DATABASE)
        .fetch_one(&mut db)
        .await?;
    if !is_there {
        run(&mut db, format!("create database {DATABASE} owner {OWNER_ROLE}")).await?;
    }
    // Temporary tables are DDL too.
    run(&mut db, format!("revoke temporary on database {DATABASE} from public")).await?;
    db.close().await?;
    Ok(())
}

/// Makes `role` a login with `password`, unless there is a role of this name. Answers whether it
/// was made.
pub async fn ensure_server_role(owner_url: &str, role: &str, password: Option<&str>) -> Result<bool, Error> {
    let mut db = PgConnection::connect(owner_url).await?;
    if is_role(&mut db, role).await? {
        return Ok(false);
    }
    let may = sqlx::query_scalar!(r#"select rolsuper or rolcreaterole as "may!" from pg_roles where rolname = session_user"#)
        .fetch_one(&mut db)
        .await?;
    if !may {
        return Err(Error::MayNotMakeRoles);
    }
    let statement = match password {
        None => {
            sqlx::query_scalar!(r#"select format('create role %I login', $1::text) as "sql!""#, role).fetch_one(&mut db).await?
        }
        Some(password) if !password.is_ascii() => return Err(Error::Password),
        Some(password) => create_role_statement(&mut db, role, password).await?,
    };
    run(&mut db, statement).await?;
    db.close().await?;
    Ok(true)
}

/// Temporary tables are DDL too: takes the right to make them from everybody but the owner. False
/// when the database isn't the owner's, who then can't.
pub async fn revoke_temporary(owner_url: &str) -> Result<bool, Error> {
    let mut db = PgConnection::connect(owner_url).await?;
    crate::migrate::take_turn(&mut db).await?;
    let statement = sqlx::query_scalar!(
        "select format('revoke temporary on database %I from public', datname) from pg_database
          where datname = current_database() and pg_has_role(session_user, datdba, 'USAGE')"
    )
    .fetch_optional(&mut db)
    .await?
    .flatten();
    let owned = statement.is_some();
    if let Some(statement) = statement {
        run(&mut db, statement).await?;
    }
    db.close().await?;
    Ok(owned)
}

/// The server would hash a password itself, but log the statement as it came.
async fn create_role_statement(db: &mut PgConnection, role: &str, password: &str) -> Result<String, sqlx::Error> {
    let salt = Uuid::new_v4();
    let verifier = scram::verifier(password, salt.as_bytes());
    sqlx::query_scalar!(
        r#"select format('create role %I login password %L', $1::text,
             format('SCRAM-SHA-256$%s:%s$%s:%s', $2::int, encode($3, 'base64'), encode($4, 'base64'), encode($5, 'base64'))) as "sql!""#,
        role,
        scram::ITERATIONS.cast_signed(),
        salt.as_bytes().as_slice(),
        verifier.stored_key.as_slice(),
        verifier.server_key.as_slice()
    )
    .fetch_one(db)
    .await
}

async fn is_role(db: &mut PgConnection, role: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(r#"select exists (select from pg_roles where rolname = $1) as "there!""#, role).fetch_one(db).await
}

/// Statements that take no parameters. Their names are constants or quoted by `format`.
async fn run(db: &mut PgConnection, statement: String) -> Result<(), sqlx::Error> {
    sqlx::query(AssertSqlSafe(statement)).execute(db).await?;
    Ok(())
}
