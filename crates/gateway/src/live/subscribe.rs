//! What a subscription begins with: first rows, or what a reader missed since their token. Each is
//! read in one REPEATABLE READ transaction on the primary.

use super::body::Bodies;
use super::frame::Rows;
use super::pending::{Answer, Missed};
use super::prepared::PreparedEvent;
use super::protocol::Topic;
use domain::limits::{REPLAY_ROWS_MAX, SUBSCRIBE_ROWS_MAX};
use domain::{Facet, Level, NodeKind};
use feed::snapshot::Snapshot;
use feed::token::{Epoch, Token};
use feed::{Control, Reading, token};
use sqlx::PgConnection;
use std::collections::HashSet;
use store::Pool;
use store::edge::EdgeFilter;
use store::node::NodeFilter;
use uuid::Uuid;

/// Why a subscription does not begin.
#[derive(Debug)]
pub(super) enum Stop {
    /// The token can't be continued, or too much happened since: first rows are the answer.
    Resync,
    Database(sqlx::Error),
}

impl From<sqlx::Error> for Stop {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

/// The rows a topic begins with, as of the snapshot they were read at.
pub(super) async fn first_rows(
    pool: &Pool,
    bodies: &Bodies,
    reader: Option<Uuid>,
    topic: Topic,
) -> Result<(Snapshot, Answer), sqlx::Error> {
    let mut tx = store::begin_read(pool).await?;
    let position = store::feed::begin_read(&mut tx).await?;
    let at = Snapshot::parse(&position.snapshot).ok_or_else(|| sqlx::Error::Decode("not a pg_snapshot".into()))?;
    let (rows, neighbours) = read_rows(&mut tx, bodies, reader, topic).await?;
    tx.commit().await?;
    Ok((at, Answer { rows: Some(rows), missed: None, neighbours }))
}

async fn read_rows(
    db: &mut PgConnection,
    bodies: &Bodies,
    reader: Option<Uuid>,
    topic: Topic,
) -> Result<(Rows, HashSet<Uuid>), sqlx::Error> {
    match topic {
        Topic::Lifecycle => Ok((Rows::default(), HashSet::new())),
        // All messages there are would be too many for anybody: only what is said from now on.
        Topic::Kind(NodeKind::Message) => Ok((Rows { truncated: true, ..Rows::default() }, HashSet::new())),
        Topic::Channel(id) => Ok((channel_rows(db, bodies, reader, id).await?, HashSet::new())),
        Topic::Kind(kind) => {
            let filter = NodeFilter { kind: Some(kind), ..NodeFilter::default() };
            let scopes = store::access::list_readable_scopes(&mut *db, reader).await?;
            let mut nodes = store::node::list_nodes(db, &scopes, &filter, None, SUBSCRIBE_ROWS_MAX + 1).await?;
            let truncated = nodes.len() as u64 > SUBSCRIBE_ROWS_MAX.unsigned_abs();
            nodes.truncate(usize::try_from(SUBSCRIBE_ROWS_MAX).unwrap_or(usize::MAX));
            let nodes = nodes.iter().map(|node| bodies.node(node)).collect();
            Ok((Rows { nodes, edges: Vec::new(), truncated }, HashSet::new()))
        }
        Topic::Node(id) => {
            let Some(node) = store::node::find_readable_node(&mut *db, reader, id).await? else {
                return Ok((Rows::default(), HashSet::new()));
            };
            let mut edges =
                store::edge::list_readable_edges_of(&mut *db, reader, id, EdgeFilter::default(), None, SUBSCRIBE_ROWS_MAX + 1)
                    .await?;
            let truncated = edges.len() as u64 > SUBSCRIBE_ROWS_MAX.unsigned_abs();
            edges.truncate(usize::try_from(SUBSCRIBE_ROWS_MAX).unwrap_or(usize::MAX));
            let neighbours: HashSet<Uuid> =
                edges.iter().map(|e| if e.source_id == id { e.target_id } else { e.source_id }).collect();
            // Both ends of each edge may be read: the query above saw to it, in the same snapshot.
            let others: Vec<Uuid> = neighbours.iter().copied().collect();
            let others = store::node::list_nodes_by_id(&mut *db, &others).await?;
            let nodes = std::iter::once(&node).chain(&others).map(|node| bodies.node(node)).collect();
            let edges = edges.iter().map(|edge| bodies.edge(edge)).collect();
            Ok((Rows { nodes, edges, truncated }, neighbours))
        }
    }
}

/// A channel, and its newest messages as its history says.
async fn channel_rows(db: &mut PgConnection, bodies: &Bodies, reader: Option<Uuid>, id: Uuid) -> Result<Rows, sqlx::Error> {
    let channel = store::node::find_readable_node(&mut *db, reader, id).await?;
    let Some(channel) = channel.filter(|node| node.kind == NodeKind::Channel) else { return Ok(Rows::default()) };
    let Some(Facet::Channel(facet)) = &channel.facet else { return Ok(Rows::default()) };
    let (ids, truncated) = store::message::list_first(&mut *db, id, facet.history).await?;
    // They are in the channel's scope, which was found readable in the same snapshot.
    let mut messages = store::node::list_nodes_by_id(&mut *db, &ids).await?;
    messages.sort_by_key(|node| match &node.facet {
        Some(Facet::Message(message)) => message.number,
        _ => 0,
    });
    let nodes = std::iter::once(&channel).chain(&messages).map(|node| bodies.node(node)).collect();
    Ok(Rows { nodes, edges: Vec::new(), truncated })
}

/// What happened since a token, judged by what the reader may see now.
pub(super) async fn missed(
    pool: &Pool,
    bodies: &Bodies,
    reader: Option<Uuid>,
    topic: Topic,
    since: &Token,
) -> Result<(Snapshot, Answer), Stop> {
    let mut tx = store::begin_read(pool).await?;
    // On the connection that then reads: the tailer may not have noticed a crash yet.
    let epoch = Epoch::of(&store::feed::find_origin(&mut *tx).await?);
    let since = since.moment(&epoch).map_err(|_| Stop::Resync)?;
    let mut reading = Reading::begin(&mut tx, since).await?;
    let horizon = store::feed::find_horizon(&mut *tx).await?;
    token::check_age(since, reading.to(), horizon).map_err(|_| Stop::Resync)?;
    let control = reading.control(&mut tx).await?.map_err(|_| Stop::Resync)?;
    let (lost, gained) = shifted(&mut tx, reader, &control).await?;
    let is_begun_anew = match topic {
        Topic::Node(_) => !gained.is_empty(),
        Topic::Channel(id) => gained.iter().any(|(scope_id, _)| *scope_id == id),
        Topic::Kind(_) | Topic::Lifecycle => false,
    };
    if is_begun_anew {
        return Err(Stop::Resync);
    }
    let gained_nodes = gained_nodes(&mut tx, &gained).await?.iter().map(|node| bodies.node(node)).collect();
    let mut events = Vec::new();
    let mut rows = 0;
    while let Some((page, info)) = reading.page(&mut tx).await? {
        rows += info.rows;
        if rows > REPLAY_ROWS_MAX.unsigned_abs() {
            return Err(Stop::Resync);
        }
        events.extend(PreparedEvent::of(page, bodies));
    }
    let neighbours = match topic {
        Topic::Node(_) => read_rows(&mut tx, bodies, reader, topic).await?.1,
        Topic::Kind(_) | Topic::Channel(_) | Topic::Lifecycle => HashSet::new(),
    };
    let at = reading.to().clone();
    tx.commit().await?;
    Ok((at, Answer { rows: None, missed: Some(Missed { lost, gained, gained_nodes, events }), neighbours }))
}

/// Scopes whose access changed for this reader, by what holds now. What they had before is not
/// known, so "gained" may name some that they had all along: what is sent of them is not wrong.
async fn shifted(
    db: &mut PgConnection,
    reader: Option<Uuid>,
    control: &Control,
) -> Result<(Vec<Uuid>, Vec<(Uuid, Level)>), sqlx::Error> {
    let mine = control.access.iter().filter(|change| Some(change.person_id) == reader).map(|change| change.scope_id);
    let touched: HashSet<Uuid> = control.scopes.iter().map(|change| change.scope_id).chain(mine).collect();
    let (mut lost, mut gained) = (Vec::new(), Vec::new());
    for scope in touched {
        match store::access::find_level(&mut *db, reader, scope).await? {
            Some(level) => gained.push((scope, level)),
            None => lost.push(scope),
        }
    }
    Ok((lost, gained))
}

async fn gained_nodes(db: &mut PgConnection, gained: &[(Uuid, Level)]) -> Result<Vec<domain::Node>, Stop> {
    if gained.is_empty() {
        return Ok(Vec::new());
    }
    let scopes: Vec<Uuid> = gained.iter().map(|(scope, _)| *scope).collect();
    let nodes = store::node::list_nodes_of_scopes(&mut *db, &scopes, SUBSCRIBE_ROWS_MAX + 1).await?;
    if nodes.len() as u64 > SUBSCRIBE_ROWS_MAX.unsigned_abs() { Err(Stop::Resync) } else { Ok(nodes) }
}
