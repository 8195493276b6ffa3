//! The change log, as the tailer reads it.

use sqlx::types::chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// One row of the log. `xid` tells which transaction wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRow {
    pub seq: i64,
    pub xid: u64,
    pub at: DateTime<Utc>,
    pub entity: String,
    pub id: Uuid,
    pub kind: Option<String>,
    pub op: String,
    pub version: Option<i64>,
    pub scope_id: Option<Uuid>,
    pub old_scope_id: Option<Uuid>,
    pub target_scope_id: Option<Uuid>,
    pub old_target_scope_id: Option<Uuid>,
    pub source_id: Option<Uuid>,
    pub target_id: Option<Uuid>,
}

/// What a snapshot is read together with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// `pg_current_snapshot()` as text.
    pub snapshot: String,
    /// Where the log of the database stood, in bytes: a token of this snapshot holds over a crash
    /// of PostgreSQL only once `flushed` has passed it.
    pub inserted_lsn: i64,
    pub flushed_lsn: i64,
}

/// A transaction that sees one moment from its first statement to its last.
pub const READ_AT_ONE_MOMENT: &str = "begin isolation level repeatable read, read only";

/// Takes the moment: this statement must be the first of a transaction begun by
/// [`READ_AT_ONE_MOMENT`].
pub async fn begin_read(db: &mut PgConnection) -> Result<Position> {
    sqlx::query_as!(
        Position,
        r#"select pg_current_snapshot()::text as "snapshot!", (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::int8 as "inserted_lsn!",
             (pg_current_wal_flush_lsn() - '0/0'::pg_lsn)::int8 as "flushed_lsn!""#
    )
    .fetch_one(&mut *db)
    .await
}

/// `pg_current_snapshot()` as text: what was read before sees no more than this.
pub async fn current_snapshot(db: impl PgExecutor<'_>) -> Result<String> {
    sqlx::query_scalar!(r#"select pg_current_snapshot()::text as "snapshot!""#).fetch_one(db).await
}

/// How far the database's own log is flushed, in bytes.
pub async fn flushed_lsn(db: impl PgExecutor<'_>) -> Result<i64> {
    sqlx::query_scalar!(r#"select (pg_current_wal_flush_lsn() - '0/0'::pg_lsn)::int8 as "lsn!""#).fetch_one(db).await
}

/// Transactions that the previous snapshot did not see: those that ran then, and all from `xmax`
/// on. With the rows that the present snapshot sees, that is exactly what is new.
#[derive(Clone, Debug)]
pub struct Unseen {
    pub running: Vec<String>,
    pub from: String,
}

macro_rules! log_rows {
    // In two halves: an index serves each, where one condition with "or" would have the planner
    // weigh whole partitions.
    ($which:literal, $unseen:expr, $after_seq:expr, $limit:expr) => {
        sqlx::query!(
            r#"select seq as "seq!", xid::text::int8 as "xid!", at as "at!", entity as "entity!", id as "id!", kind, op as "op!", version,
                 scope_id, old_scope_id, target_scope_id, old_target_scope_id, source_id, target_id
               from (select * from change_log where xid = any(($1::text[])::xid8[]) and seq > $3 "#
                + $which
                + r#" union all
                     select * from change_log where xid >= ($2::text)::xid8 and seq > $3 "#
                + $which
                + r#") as unseen
               order by seq limit $4"#,
            &$unseen.running,
            $unseen.from,
            $after_seq,
            $limit
        )
        .map(|r| LogRow {
            seq: r.seq,
            xid: r.xid.cast_unsigned(),
            at: r.at,
            entity: r.entity,
            id: r.id,
            kind: r.kind,
            op: r.op,
            version: r.version,
            scope_id: r.scope_id,
            old_scope_id: r.old_scope_id,
            target_scope_id: r.target_scope_id,
            old_target_scope_id: r.old_target_scope_id,
            source_id: r.source_id,
            target_id: r.target_id,
        })
    };
}

/// A page of all that is new.
pub async fn list_rows(db: &mut PgConnection, unseen: &Unseen, after_seq: i64, limit: i64) -> Result<Vec<LogRow>> {
    log_rows!("", unseen, after_seq, limit).fetch_all(db).await
}

/// What changed of access, scopes, sessions and tokens, and of what no node tells: it applies before any data.
pub async fn list_control_rows(db: &mut PgConnection, unseen: &Unseen, limit: i64) -> Result<Vec<LogRow>> {
    log_rows!("and entity in ('access', 'scope', 'session', 'token', 'inbox', 'list')", unseen, i64::MIN, limit)
        .fetch_all(db)
        .await
}

/// Within what a transaction id means one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// PostgreSQL's identifier and timeline, and an id that a restore draws anew.
    pub database: String,
    /// When it last recovered from a crash, in microseconds since 1970. A crash takes back commits
    /// that were not flushed (`synchronous_commit = off`), and gives their ids away again.
    pub recovered_us: i64,
}

/// Where the snapshots of now belong. PostgreSQL keeps its statistics over a clean restart and
/// begins them anew after a crash, be it of all or of one process: the latter leaves the
/// postmaster's start as it was. (Somebody may reset them by hand: readers then begin anew, too.)
pub async fn find_origin(db: impl PgExecutor<'_>) -> Result<Origin> {
    sqlx::query_as!(
        Origin,
        r#"select s.system_identifier::text || '.' || c.timeline_id::text || '.' || i.epoch_id::text as "database!",
             coalesce((extract(epoch from a.stats_reset) * 1000000)::int8, 0) as "recovered_us!"
             from pg_control_system() s, pg_control_checkpoint() c, instance_state i, pg_stat_archiver a"#
    )
    .fetch_one(db)
    .await
}

/// The newest transaction of which retention has dropped rows.
pub async fn find_horizon(db: impl PgExecutor<'_>) -> Result<u64> {
    let xid = sqlx::query_scalar!(r#"select dropped_xid::text::int8 as "xid!" from change_log_horizon"#).fetch_one(db).await?;
    Ok(xid.cast_unsigned())
}

/// Wakes the tailers of other instances: a transaction that holds nothing but the NOTIFY, so that
/// no writer waits behind it.
pub async fn ring(db: impl PgExecutor<'_>) -> Result<()> {
    sqlx::query!("select pg_notify('synops_feed', '')").execute(db).await?;
    Ok(())
}

/// Tells other servers who is here, by a transaction that holds nothing else.
pub async fn tell_presence(db: impl PgExecutor<'_>, told: &str) -> Result<()> {
    sqlx::query!("select pg_notify('synops_presence', $1)", told).execute(db).await?;
    Ok(())
}

/// A connection of the tailer's own. It asks the same few questions many times a second: each is
/// planned once, by index alone. (What the planner knows of a table that grew from nothing a moment
/// ago would have it read all of it.)
pub async fn connect_tailer(url: &str) -> Result<PgConnection> {
    use sqlx::{ConnectOptions, postgres::PgConnectOptions};
    use std::str::FromStr;
    PgConnectOptions::from_str(url)?
        .application_name("synops tailer")
        .options([
            ("plan_cache_mode", "force_generic_plan"),
            ("enable_seqscan", "off"),
            ("statement_timeout", "30s"),
            ("idle_in_transaction_session_timeout", "30s"),
            ("timezone", "UTC"),
        ])
        .connect()
        .await
}

/// What one can be woken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    Feed,
    Jobs,
    /// Says which devices are elsewhere now.
    Positions,
    /// Says who has a channel open at one server.
    Presence,
}

impl Channel {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Feed => "synops_feed",
            Self::Jobs => "synops_jobs",
            Self::Positions => "synops_positions",
            Self::Presence => "synops_presence",
        }
    }
}

/// Wakes when anybody rings. After each `connect` the caller must look for itself: what was rung
/// before is not told.
pub struct Listener(sqlx::postgres::PgListener);

impl Listener {
    pub async fn connect(url: &str, channel: Channel) -> Result<Self> {
        let mut listener = sqlx::postgres::PgListener::connect(url).await?;
        listener.listen(channel.as_str()).await?;
        Ok(Self(listener))
    }

    /// Waits for a ring, or for the loss of the connection (an error).
    pub async fn rung(&mut self) -> Result<()> {
        self.told().await.map(drop)
    }

    /// Waits for a ring that says something, or for the loss of the connection (an error).
    pub async fn told(&mut self) -> Result<String> {
        match self.0.try_recv().await? {
            Some(told) => Ok(told.payload().to_owned()),
            None => Err(sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into())),
        }
    }
}
