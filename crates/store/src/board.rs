//! Columns and cards of boards. (Their nodes are read in `node.rs`, like all others.)

use domain::board::{Card, Column};
use serde::Deserialize;
use sqlx::PgExecutor;
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// A row of `board_columns` as PostgreSQL writes it in JSON: one column of a node's row.
#[derive(Deserialize)]
pub(crate) struct ColumnRow {
    board_id: Uuid,
    order_key: String,
}

impl From<ColumnRow> for Column {
    fn from(row: ColumnRow) -> Self {
        Self { board_id: row.board_id, order_key: row.order_key }
    }
}

/// The same of `cards`.
#[derive(Deserialize)]
pub(crate) struct CardRow {
    board_id: Uuid,
    column_id: Uuid,
    order_key: String,
}

impl From<CardRow> for Card {
    fn from(row: CardRow) -> Self {
        Self { board_id: row.board_id, column_id: row.column_id, order_key: row.order_key }
    }
}

/// The columns of a board in order, held until the transaction ends. The caller holds the board.
pub async fn list_columns(db: impl PgExecutor<'_>, board_id: Uuid) -> Result<Vec<(Uuid, String)>> {
    let rows = sqlx::query!("select node_id, order_key from board_columns where board_id = $1 order by order_key", board_id);
    Ok(rows.fetch_all(db).await?.into_iter().map(|row| (row.node_id, row.order_key)).collect())
}

/// The board of a column.
pub async fn find_board(db: impl PgExecutor<'_>, column_id: Uuid) -> Result<Option<Uuid>> {
    sqlx::query_scalar!("select board_id from board_columns where node_id = $1", column_id).fetch_optional(db).await
}

/// Holds a column and the order of its cards until the transaction ends; its board.
pub async fn lock_column(db: impl PgExecutor<'_>, id: Uuid) -> Result<Option<Uuid>> {
    sqlx::query_scalar!("select board_id from board_columns where node_id = $1 for no key update", id).fetch_optional(db).await
}

/// The cards of a column in order. The caller holds it.
pub async fn list_cards(db: impl PgExecutor<'_>, column_id: Uuid) -> Result<Vec<(Uuid, String)>> {
    let rows = sqlx::query!("select node_id, order_key from cards where column_id = $1 order by order_key", column_id);
    Ok(rows.fetch_all(db).await?.into_iter().map(|row| (row.node_id, row.order_key)).collect())
}

pub async fn count_cards(db: impl PgExecutor<'_>, board_id: Uuid) -> Result<i64> {
    sqlx::query_scalar!(r#"select count(*) as "count!" from cards where board_id = $1"#, board_id).fetch_one(db).await
}

pub async fn insert_column(db: impl PgExecutor<'_>, id: Uuid, board_id: Uuid, order_key: &str) -> Result<()> {
    sqlx::query!("insert into board_columns (node_id, board_id, order_key) values ($1, $2, $3)", id, board_id, order_key)
        .execute(db)
        .await?;
    Ok(())
}

pub async fn insert_card(db: impl PgExecutor<'_>, id: Uuid, board_id: Uuid, column_id: Uuid, order_key: &str) -> Result<()> {
    sqlx::query!(
        "insert into cards (node_id, board_id, column_id, order_key) values ($1, $2, $3, $4)",
        id,
        board_id,
        column_id,
        order_key
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The board and column of a card.
pub async fn find_card(db: impl PgExecutor<'_>, id: Uuid) -> Result<Option<(Uuid, Uuid)>> {
    let row = sqlx::query!("select board_id, column_id from cards where node_id = $1", id).fetch_optional(db).await?;
    Ok(row.map(|row| (row.board_id, row.column_id)))
}

/// Gives these columns these keys, place for place.
pub async fn update_columns(db: impl PgExecutor<'_>, ids: &[Uuid], keys: &[String]) -> Result<()> {
    sqlx::query!(
        "update board_columns c set order_key = n.key from unnest($1::uuid[], $2::text[]) n(id, key)
          where c.node_id = n.id and c.order_key <> n.key",
        ids,
        keys
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Puts these cards into this column with these keys, place for place.
pub async fn update_cards(db: impl PgExecutor<'_>, column_id: Uuid, ids: &[Uuid], keys: &[String]) -> Result<()> {
    sqlx::query!(
        "update cards c set column_id = $1, order_key = n.key from unnest($2::uuid[], $3::text[]) n(id, key)
          where c.node_id = n.id and (c.column_id, c.order_key) <> ($1, n.key)",
        column_id,
        ids,
        keys
    )
    .execute(db)
    .await?;
    Ok(())
}
