//! What the login of a connection may do. It is the login that counts (`session_user`), not what
//! it may have set its role to.

use sqlx::PgExecutor;

/// A right that the server's login must not have: with it, it could change the schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DdlRight {
    Superuser,
    /// May make itself a member of other roles, the owner's too.
    CreateRole,
    /// `create` in the schema `public`.
    CreateInSchema,
    /// `create` in the database: schemas of its own.
    CreateInDatabase,
    /// It is this role, or a member of it, and the role owns tables or functions.
    Owner {
        role: String,
    },
    /// May put triggers on tables.
    Trigger {
        table: String,
    },
}

/// Every such right of this connection's login. Of a superuser, that alone.
pub async fn list_ddl_rights(db: impl PgExecutor<'_>) -> Result<Vec<DdlRight>, sqlx::Error> {
    let row = sqlx::query!(
        r#"select r.rolsuper as "superuser!", r.rolcreaterole as "create_role!",
             has_schema_privilege(r.oid, 'public', 'create') as "in_schema!",
             has_database_privilege(r.oid, current_database(), 'create') as "in_database!",
             array(select distinct o.rolname::text
                     from (select relowner as owner from pg_class where relnamespace = 'public'::regnamespace
                           union select proowner from pg_proc where pronamespace = 'public'::regnamespace
                           union select datdba from pg_database where datname = current_database()) x
                     join pg_roles o on o.oid = x.owner
                    where pg_has_role(r.oid, o.oid, 'MEMBER') order by 1) as "owners!",
             array(select c.relname::text from pg_class c
                    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
                      and has_table_privilege(r.oid, c.oid, 'trigger') order by 1) as "triggers!"
           from pg_roles r where r.rolname = session_user"#
    )
    .fetch_one(db)
    .await?;
    if row.superuser {
        return Ok(vec![DdlRight::Superuser]);
    }
    let mut rights = Vec::new();
    rights.extend(row.create_role.then_some(DdlRight::CreateRole));
    rights.extend(row.in_schema.then_some(DdlRight::CreateInSchema));
    rights.extend(row.in_database.then_some(DdlRight::CreateInDatabase));
    let owns = !row.owners.is_empty();
    rights.extend(row.owners.into_iter().map(|role| DdlRight::Owner { role }));
    // An owner has that of its own tables; once is enough.
    if !owns {
        rights.extend(row.triggers.into_iter().map(|table| DdlRight::Trigger { table }));
    }
    Ok(rights)
}

/// Whether this connection's login may make temporary tables.
pub async fn may_make_temporary(db: impl PgExecutor<'_>) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(r#"select has_database_privilege(session_user, current_database(), 'temporary') as "may!""#)
        .fetch_one(db)
        .await
}

/// The tables that this connection's login can't read or write as the server must; none when
/// `grant_server_role` has run for it.
pub async fn list_missing_grants(db: impl PgExecutor<'_>) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select c.relname::text as "name!" from pg_class c
            where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
              and not (has_table_privilege(session_user, c.oid, 'select')
                   and (c.relname in ('change_log', 'change_log_horizon', 'scope_access', 'tombstones', 'table_rules', 'geofence_revision',
                                          '_sqlx_migrations')
                        or (has_table_privilege(session_user, c.oid, 'insert') and has_table_privilege(session_user, c.oid, 'update')
                            and has_table_privilege(session_user, c.oid, 'delete'))))
            order by 1"#
    )
    .fetch_all(db)
    .await
}
