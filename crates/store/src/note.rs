//! What notes said in versions of before.

use sqlx::PgExecutor;
use sqlx::types::chrono::{DateTime, Utc};
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// A note as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteVersion {
    pub version: i64,
    /// Until when.
    pub at: DateTime<Utc>,
    /// Who replaced it; `None`: the server itself.
    pub by_id: Option<Uuid>,
    pub by_title: Option<String>,
    pub title: String,
    pub body: String,
}

/// Keeps a note as it is, before it is changed; the oldest of more than `kept` versions go.
pub async fn keep_version(db: &mut sqlx::PgConnection, note_id: Uuid, by: Option<(Uuid, &str)>, kept: i64) -> Result<()> {
    sqlx::query!(
        "insert into note_versions (note_id, version, by_id, by_title, title, body)
         select id, version, $2, $3, title, body from nodes where id = $1",
        note_id,
        by.map(|by| by.0),
        by.map(|by| by.1)
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "delete from note_versions where (note_id, version) in (
           select v.note_id, v.version from note_versions v where v.note_id = $1 order by v.version desc offset $2)",
        note_id,
        kept
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Versions of before, newest first. Whether somebody may read the note is for the caller to know.
pub async fn list_versions(db: impl PgExecutor<'_>, note_id: Uuid, before: Option<i64>, limit: i64) -> Result<Vec<NoteVersion>> {
    sqlx::query_as!(
        NoteVersion,
        "select version, at, by_id, by_title, title, body from note_versions
          where note_id = $1 and ($2::int8 is null or version < $2) order by version desc limit $3",
        note_id,
        before,
        limit
    )
    .fetch_all(db)
    .await
}
