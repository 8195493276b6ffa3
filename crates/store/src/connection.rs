//! Connections, and what they keep sealed. (Their nodes are read in `node.rs`, like all others.)

mod list;

pub use list::{list_connections_with_old_key, list_readable_connections};

use crate::node::unknown;
use domain::connection::{Channel, Connection, SecretField, Security};
use domain::notification::{NoticeKind, Template};
use serde::Deserialize;
use sqlx::types::Json;
use sqlx::types::chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// A row of `connections` as PostgreSQL writes it in JSON: one column of a node's row.
#[derive(Deserialize)]
pub(crate) struct ConnectionRow {
    channel: String,
    enabled: bool,
    host: String,
    port: Option<i32>,
    security: Option<String>,
    username: Option<String>,
    sender: Option<String>,
    server: Option<String>,
    secrets: Vec<String>,
    tested_at: Option<DateTime<Utc>>,
    test_error: Option<String>,
}

impl ConnectionRow {
    pub(crate) fn into_connection(self) -> Result<Connection> {
        Ok(Connection {
            channel: Channel::parse(&self.channel).ok_or_else(|| unknown("channel", &self.channel))?,
            enabled: self.enabled,
            host: self.host,
            port: self.port,
            security: self.security.as_deref().and_then(Security::parse),
            username: self.username,
            sender: self.sender,
            server: self.server,
            secrets: self.secrets.iter().filter_map(|name| SecretField::parse(name)).collect(),
            tested_at: self.tested_at,
            test_error: self.test_error,
        })
    }
}

/// The connection, locked until the transaction ends. The caller has locked its node before.
pub async fn lock_connection(db: impl PgExecutor<'_>, id: Uuid) -> Result<Option<Connection>> {
    let row = sqlx::query_scalar!(
        r#"select to_jsonb(c) as "row!: Json<ConnectionRow>" from connections c where c.node_id = $1 for update"#,
        id
    )
    .fetch_optional(db)
    .await?;
    row.map(|row| row.0.into_connection()).transpose()
}

/// A connection, whoever asks: for those who send by it.
pub async fn find_connection(db: impl PgExecutor<'_>, id: Uuid) -> Result<Option<Connection>> {
    let row =
        sqlx::query_scalar!(r#"select to_jsonb(c) as "row!: Json<ConnectionRow>" from connections c where c.node_id = $1"#, id)
            .fetch_optional(db)
            .await?;
    row.map(|row| row.0.into_connection()).transpose()
}

/// The facet of a new node, or all of it anew.
pub async fn upsert_connection(db: impl PgExecutor<'_>, id: Uuid, new: &Connection) -> Result<()> {
    let secrets: Vec<String> = new.secrets.iter().map(|field| field.as_str().to_owned()).collect();
    sqlx::query!(
        "insert into connections (node_id, channel, enabled, host, port, security, username, sender, server, secrets)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         on conflict (node_id) do update set enabled = excluded.enabled, host = excluded.host, port = excluded.port,
           security = excluded.security, username = excluded.username, sender = excluded.sender, server = excluded.server,
           secrets = excluded.secrets",
        id,
        new.channel.as_str(),
        new.enabled,
        new.host,
        new.port,
        new.security.map(Security::as_str),
        new.username,
        new.sender,
        new.server,
        &secrets
    )
    .execute(db)
    .await?;
    Ok(())
}

/// What became of a test message.
pub async fn update_connection_test(db: impl PgExecutor<'_>, id: Uuid, error: Option<&str>) -> Result<()> {
    sqlx::query!("update connections set tested_at = clock_timestamp(), test_error = $2 where node_id = $1", id, error)
        .execute(db)
        .await?;
    Ok(())
}

/// What a connection keeps sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedRow {
    pub key_id: String,
    pub nonce: Vec<u8>,
    pub ciphertext: Vec<u8>,
}

pub async fn find_connection_secrets(db: impl PgExecutor<'_>, id: Uuid) -> Result<Option<SealedRow>> {
    sqlx::query_as!(SealedRow, "select key_id, nonce, ciphertext from connection_secrets where node_id = $1", id)
        .fetch_optional(db)
        .await
}

pub async fn upsert_connection_secrets(db: impl PgExecutor<'_>, id: Uuid, sealed: &SealedRow) -> Result<()> {
    sqlx::query!(
        "insert into connection_secrets (node_id, key_id, nonce, ciphertext) values ($1, $2, $3, $4)
         on conflict (node_id) do update set key_id = excluded.key_id, nonce = excluded.nonce, ciphertext = excluded.ciphertext",
        id,
        sealed.key_id,
        sealed.nonce,
        sealed.ciphertext
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Seals them anew, unless somebody else has changed them since `before` was read: then the answer is false.
pub async fn reseal_connection_secrets(db: impl PgExecutor<'_>, id: Uuid, before: &SealedRow, after: &SealedRow) -> Result<bool> {
    let done = sqlx::query!(
        "update connection_secrets set key_id = $4, nonce = $5, ciphertext = $6 where node_id = $1 and key_id = $2 and nonce = $3",
        id,
        before.key_id,
        before.nonce,
        after.key_id,
        after.nonce,
        after.ciphertext
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A connection's own words, by kind.
pub async fn list_connection_templates(db: impl PgExecutor<'_>, id: Uuid) -> Result<Vec<Template>> {
    let rows = sqlx::query!(
        "select notice, subject, body, html from connection_templates where node_id = $1 order by notice limit 100",
        id
    )
    .fetch_all(db)
    .await?;
    let template = |kind, subject, body, html| Template { kind, subject, body, html };
    // A kind that this version does not know is let be.
    Ok(rows.into_iter().filter_map(|r| Some(template(NoticeKind::parse(&r.notice)?, r.subject, r.body, r.html))).collect())
}

/// Makes these, and no others, a connection's own words.
pub async fn replace_connection_templates(db: &mut PgConnection, id: Uuid, templates: &[Template]) -> Result<()> {
    sqlx::query!("delete from connection_templates where node_id = $1", id).execute(&mut *db).await?;
    for template in templates {
        sqlx::query!(
            "insert into connection_templates (node_id, notice, subject, body, html) values ($1, $2, $3, $4, $5)",
            id,
            template.kind.as_str(),
            template.subject,
            template.body,
            template.html
        )
        .execute(&mut *db)
        .await?;
    }
    Ok(())
}
