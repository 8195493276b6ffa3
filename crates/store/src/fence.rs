//! The sequence that loads and invalidations of a shared cache are ordered by.

use sqlx::PgExecutor;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// The last number that was drawn.
pub async fn last_fence(db: impl PgExecutor<'_>) -> Result<u64> {
    let fence = sqlx::query_scalar!(r#"select case when is_called then last_value else 0 end as "fence!" from cache_fences"#);
    Ok(fence.fetch_one(db).await?.cast_unsigned())
}

/// Draws the next number.
pub async fn next_fence(db: impl PgExecutor<'_>) -> Result<u64> {
    let fence = sqlx::query_scalar!(r#"select nextval('cache_fences') as "fence!""#);
    Ok(fence.fetch_one(db).await?.cast_unsigned())
}
