//! Views: saved selections. (Their nodes are read in `node.rs`, what they select in `system.rs`.)

use domain::view::ViewFilter;
use sqlx::PgExecutor;
use sqlx::types::Json;
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// The facet of a new node.
pub async fn insert_view(db: impl PgExecutor<'_>, id: Uuid, filter: &ViewFilter) -> Result<()> {
    sqlx::query!("insert into views (node_id, filter) values ($1, $2)", id, Json(filter) as _).execute(db).await?;
    Ok(())
}

/// Another selection.
pub async fn update_view(db: impl PgExecutor<'_>, id: Uuid, filter: &ViewFilter) -> Result<()> {
    sqlx::query!("update views set filter = $2 where node_id = $1", id, Json(filter) as _).execute(db).await?;
    Ok(())
}
