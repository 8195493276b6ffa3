//! Contacts: who is asked about what, and the addresses of mailboxes.

use crate::node::unknown;
use domain::NodeKind;
use sqlx::PgExecutor;
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// The facet of a new node.
pub async fn insert_mailbox(db: impl PgExecutor<'_>, id: Uuid, email: &str) -> Result<()> {
    sqlx::query!("insert into contacts (node_id, email) values ($1, $2)", id, email).execute(db).await?;
    Ok(())
}

/// Another address.
pub async fn update_mailbox(db: impl PgExecutor<'_>, id: Uuid, email: &str) -> Result<()> {
    sqlx::query!("update contacts set email = $2 where node_id = $1", id, email).execute(db).await?;
    Ok(())
}

/// The address of a mailbox that `reader` may see.
pub async fn find_readable_address(db: impl PgExecutor<'_>, reader: Uuid, id: Uuid) -> Result<Option<String>> {
    sqlx::query_scalar!(
        "select c.email from contacts c join nodes n on n.id = c.node_id
          where c.node_id = $2 and n.scope_id in (select r.scope_id from readable_scopes($1) r)",
        reader,
        id
    )
    .fetch_optional(db)
    .await
}

/// An end of the edge by which somebody is a contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContactEnd {
    pub id: Uuid,
    pub kind: NodeKind,
    pub title: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// The edge `contact_of`.
    pub edge_id: Uuid,
    /// Of the edge.
    pub version: i64,
    pub role: Option<String>,
    pub who: ContactEnd,
    /// Told to nobody who has not signed in.
    pub email: Option<String>,
    /// What they are asked about: the system or group itself, or a group around it.
    pub of: ContactEnd,
    /// How far around; 0: itself.
    pub distance: i32,
}

/// Who is asked about a system or group, as far as who it is and what they are asked about are in these scopes: its
/// own contacts first, then those of the groups around it. `after`: distance and edge of the last one of the page
/// before. Addresses only `with_addresses`.
pub async fn list_contacts(
    db: impl PgExecutor<'_>,
    scope_ids: &[Uuid],
    with_addresses: bool,
    node_id: Uuid,
    after: Option<(i32, Uuid)>,
    limit: i64,
) -> Result<Vec<Contact>> {
    let (after_distance, after_id) = after.unzip();
    let rows = sqlx::query!(
        r#"with recursive around(id, distance) as (
             select $2::uuid, 0
             union all
             select e.target_id, a.distance + 1 from around a join edges e on e.source_id = a.id and e.kind = 'part_of'
              where a.distance < 64)
           select e.id, e.version, e.attrs ->> 'role' as role, c.id as who_id, c.kind as who_kind, c.title as who_title,
             case when $6::boolean then coalesce(m.email, p.email) end as email,
             o.id as of_id, o.kind as of_kind, o.title as of_title, a.distance as "distance!"
           from around a
           join nodes o on o.id = a.id and o.scope_id = any($1)
           join edges e on e.target_id = a.id and e.kind = 'contact_of'
           join nodes c on c.id = e.source_id and c.scope_id = any($1)
           left join contacts m on m.node_id = c.id
           left join people p on p.node_id = c.id
          where $3::integer is null or (a.distance, e.id) > ($3, $4::uuid)
          order by a.distance, e.id limit $5"#,
        scope_ids,
        node_id,
        after_distance,
        after_id,
        limit,
        with_addresses
    )
    .fetch_all(db)
    .await?;
    let kind = |text: &str| NodeKind::parse(text).ok_or_else(|| unknown("kind", text));
    rows.into_iter()
        .map(|r| {
            Ok(Contact {
                edge_id: r.id,
                version: r.version,
                role: r.role,
                who: ContactEnd { id: r.who_id, kind: kind(&r.who_kind)?, title: r.who_title },
                email: r.email,
                of: ContactEnd { id: r.of_id, kind: kind(&r.of_kind)?, title: r.of_title },
                distance: r.distance,
            })
        })
        .collect()
}
