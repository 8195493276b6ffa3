//! Which connections there are.

use super::SealedRow;
use crate::node::NodeCursor;
use domain::connection::Channel;
use sqlx::PgExecutor;
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// Connections in scopes where `reader` has at least the level `member`, by title (in any case), then id.
pub async fn list_readable_connections(
    db: impl PgExecutor<'_>,
    reader: Uuid,
    parent_id: Option<Uuid>,
    channel: Option<Channel>,
    after: Option<&NodeCursor>,
    limit: i64,
) -> Result<Vec<NodeCursor>> {
    sqlx::query_as!(
        NodeCursor,
        r#"select lower(n.title) as "title!", n.id as "id!"
             from connections c
             join nodes n on n.id = c.node_id
             join scope_access a on a.scope_id = n.scope_id and a.person_id = $1 and a.level >= 2
             join edges p on p.source_id = n.id and p.kind = 'part_of'
            where ($2::uuid is null or p.target_id = $2)
              and ($3::text is null or c.channel = $3)
              and ($4::text is null or (lower(n.title), n.id) > ($4, $5::uuid))
            order by lower(n.title), n.id limit $6"#,
        reader,
        parent_id,
        channel.map(Channel::as_str),
        after.map(|c| c.title.as_str()),
        after.map(|c| c.id),
        limit
    )
    .fetch_all(db)
    .await
}

/// Connections whose secrets another key than this has sealed, by id: for the change of the key.
pub async fn list_connections_with_old_key(
    db: impl PgExecutor<'_>,
    key_id: &str,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<(Uuid, SealedRow)>> {
    let rows = sqlx::query!(
        "select node_id, key_id, nonce, ciphertext from connection_secrets
          where key_id <> $1 and ($2::uuid is null or node_id > $2) order by node_id limit $3",
        key_id,
        after,
        limit
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|r| (r.node_id, SealedRow { key_id: r.key_id, nonce: r.nonce, ciphertext: r.ciphertext })).collect())
}
