//! Reads the difference between two snapshots: access first, then nodes and edges with the bodies
//! of the later one. Used by the tailer, and for a reader that comes back with a token.

use crate::batch::{
    AccessChange, Change, Control, Credential, EdgeScopes, Event, InboxChange, InboxPart, ListChange, ListPart, ScopeChange,
};
use crate::snapshot::Snapshot;
use chrono::{DateTime, Utc};
use domain::limits::FEED_PAGE_ROWS;
use domain::{Edge, EdgeKind, Node, NodeKind};
use sqlx::PgConnection;
use std::collections::{HashMap, HashSet};
use store::feed::{LogRow, Position, Unseen};
use uuid::Uuid;

type Result<T> = std::result::Result<T, sqlx::Error>;

/// More changes of access at once than can be handed on one by one.
const CONTROL_ROWS_MAX: i64 = 20_000;

/// The readers must begin anew: too much changed at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMuch;

/// What a page was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Rows of the log.
    pub rows: u64,
    /// When the last of them was written.
    pub newest_at: DateTime<Utc>,
}

/// One difference, inside a REPEATABLE READ transaction that sees the later snapshot.
pub struct Reading {
    unseen: Unseen,
    position: Position,
    to: Snapshot,
    after_seq: i64,
    /// Read with the changes of access, not handed out yet.
    first: Vec<LogRow>,
    /// There are no rows behind those read so far.
    ended: bool,
    /// Of nodes and edges whose newest row is on a later page: where they were before.
    carried: HashMap<Uuid, Coalesced>,
}

impl Reading {
    /// Begins at this moment. `db` must be in a transaction begun by [`store::feed::READ_AT_ONE_MOMENT`]
    /// that has run nothing yet.
    pub async fn begin(db: &mut PgConnection, from: &Snapshot) -> Result<Self> {
        let position = store::feed::begin_read(db).await?;
        let to = Snapshot::parse(&position.snapshot).ok_or_else(|| sqlx::Error::Decode("not a pg_snapshot".into()))?;
        Ok(Self {
            unseen: from.unseen(),
            position,
            to,
            after_seq: i64::MIN,
            first: Vec::new(),
            ended: false,
            carried: HashMap::new(),
        })
    }

    /// The snapshot that this reading sees.
    pub fn to(&self) -> &Snapshot {
        &self.to
    }

    pub(crate) fn position(&self) -> &Position {
        &self.position
    }

    /// All changes of access, with what holds now. To be asked for before the first page.
    pub async fn control(&mut self, db: &mut PgConnection) -> Result<std::result::Result<Control, TooMuch>> {
        let mut rows = self.read(db).await?;
        // Mostly all that is new is one short page.
        self.first = rows.extract_if(.., |row| is_data(row)).collect();
        if !self.ended {
            rows = store::feed::list_control_rows(db, &self.unseen, CONTROL_ROWS_MAX + 1).await?;
        }
        if i64::try_from(rows.len()).unwrap_or(i64::MAX) > CONTROL_ROWS_MAX {
            return Ok(Err(TooMuch));
        }
        let mut pairs: HashMap<(Uuid, Uuid), Vec<u64>> = HashMap::new();
        let mut scopes: HashMap<Uuid, Vec<u64>> = HashMap::new();
        let mut control = Control::default();
        let mut inbox: HashSet<InboxChange> = HashSet::new();
        let mut lists: HashSet<ListChange> = HashSet::new();
        for row in rows {
            match (row.entity.as_str(), row.scope_id) {
                ("access", Some(scope_id)) => push_new(pairs.entry((scope_id, row.id)).or_default(), row.xid),
                ("scope", _) => push_new(scopes.entry(row.id).or_default(), row.xid),
                ("session", _) => control.ended.push(Credential::Session(row.id)),
                ("inbox", _) => {
                    let what = row.kind.as_deref().and_then(InboxPart::parse);
                    inbox.extend(what.map(|what| InboxChange { person_id: row.id, what }));
                }
                ("list", _) => {
                    let what = row.kind.as_deref().and_then(ListPart::parse);
                    lists.extend(what.map(|what| ListChange { of: row.id, what }));
                }
                ("token", _) => control.ended.push(Credential::Token(row.id)),
                _ => {}
            }
        }
        control.inbox = inbox.into_iter().collect();
        control.lists = lists.into_iter().collect();
        if !pairs.is_empty() {
            let (scope_ids, person_ids): (Vec<Uuid>, Vec<Uuid>) = pairs.keys().copied().unzip();
            let levels = store::access::list_levels_of(&mut *db, &scope_ids, &person_ids).await?;
            let levels: HashMap<(Uuid, Uuid), _> =
                levels.into_iter().map(|(scope, person, level)| ((scope, person), level)).collect();
            control.access = pairs
                .into_iter()
                .map(|(pair, xids)| AccessChange { scope_id: pair.0, person_id: pair.1, level: levels.get(&pair).copied(), xids })
                .collect();
        }
        if !scopes.is_empty() {
            let ids: Vec<Uuid> = scopes.keys().copied().collect();
            let there: HashMap<Uuid, _> = store::scope::list_visibilities_of(&mut *db, &ids).await?.into_iter().collect();
            control.scopes = scopes
                .into_iter()
                .map(|(scope_id, xids)| ScopeChange { scope_id, visibility: there.get(&scope_id).copied(), xids })
                .collect();
        }
        Ok(Ok(control))
    }

    /// The next page of events; `None` behind the last.
    pub async fn page(&mut self, db: &mut PgConnection) -> Result<Option<(Vec<Event>, Page)>> {
        let mut rows = std::mem::take(&mut self.first);
        while rows.is_empty() && !self.ended {
            rows = self.read(db).await?;
            rows.retain(is_data);
        }
        let Some(last) = rows.last() else { return Ok(None) };
        let page = Page { rows: rows.len() as u64, newest_at: last.at };
        let coalesced = self.coalesce(rows);
        let bodies = Bodies::read(db, &coalesced).await?;
        let mut events = Vec::with_capacity(coalesced.len());
        for row in coalesced {
            match bodies.event(row) {
                Said::Event(event) => events.push(*event),
                // Its newest row comes with a later page; only then is it told, once.
                Said::Later(row) if !self.ended => {
                    self.carried.insert(row.id, row);
                }
                Said::Later(_) | Said::Nothing => {}
            }
        }
        Ok(Some((events, page)))
    }

    /// The rows that follow.
    async fn read(&mut self, db: &mut PgConnection) -> Result<Vec<LogRow>> {
        let rows = store::feed::list_rows(db, &self.unseen, self.after_seq, FEED_PAGE_ROWS).await?;
        self.ended = i64::try_from(rows.len()).unwrap_or(i64::MAX) < FEED_PAGE_ROWS;
        self.after_seq = rows.last().map_or(self.after_seq, |last| last.seq);
        Ok(rows)
    }

    /// One entry for each node and edge, in the order of their last rows.
    fn coalesce(&mut self, rows: Vec<LogRow>) -> Vec<Coalesced> {
        let mut order: Vec<Uuid> = Vec::new();
        let mut by_id: HashMap<Uuid, Coalesced> = HashMap::new();
        for row in rows {
            let carried = &mut self.carried;
            let entry = by_id.entry(row.id).or_insert_with(|| {
                order.push(row.id);
                carried.remove(&row.id).unwrap_or_else(|| Coalesced::of(&row))
            });
            entry.add(&row);
        }
        order.into_iter().filter_map(|id| by_id.remove(&id)).collect()
    }
}

fn is_data(row: &LogRow) -> bool {
    matches!(row.entity.as_str(), "node" | "edge")
}

fn push_new(xids: &mut Vec<u64>, xid: u64) {
    if !xids.contains(&xid) {
        xids.push(xid);
    }
}

/// All rows of one node or edge.
#[derive(Clone, Debug)]
struct Coalesced {
    id: Uuid,
    is_edge: bool,
    kind: Option<String>,
    gone: bool,
    version: i64,
    ends: Option<(Uuid, Uuid)>,
    xids: Vec<u64>,
    old_scopes: Vec<EdgeScopes>,
}

impl Coalesced {
    fn of(row: &LogRow) -> Self {
        Self {
            id: row.id,
            is_edge: row.entity == "edge",
            kind: None,
            gone: false,
            version: 0,
            ends: None,
            xids: Vec::new(),
            old_scopes: Vec::new(),
        }
    }

    fn add(&mut self, row: &LogRow) {
        let version = row.version.unwrap_or(0);
        if version >= self.version {
            self.kind.clone_from(&row.kind);
            self.gone = row.op == "delete";
            self.version = version;
            self.ends = row.source_id.zip(row.target_id);
        }
        push_new(&mut self.xids, row.xid);
        if let Some(source) = row.old_scope_id {
            // A node has one scope; it fills both places.
            let old = EdgeScopes { source, target: row.old_target_scope_id.unwrap_or(source) };
            if !self.old_scopes.contains(&old) {
                self.old_scopes.push(old);
            }
        }
    }

    fn node_scopes(&self) -> Vec<Uuid> {
        self.old_scopes.iter().map(|old| old.source).collect()
    }
}

/// What is to be told of a coalesced row now.
enum Said {
    Event(Box<Event>),
    Later(Coalesced),
    Nothing,
}

/// Bodies as the snapshot has them.
struct Bodies {
    nodes: HashMap<Uuid, Node>,
    edges: HashMap<Uuid, Edge>,
}

impl Bodies {
    async fn read(db: &mut PgConnection, rows: &[Coalesced]) -> Result<Self> {
        let edge_ids: Vec<Uuid> = rows.iter().filter(|r| r.is_edge && !r.gone).map(|r| r.id).collect();
        let mut node_ids: HashSet<Uuid> = rows.iter().filter(|r| !r.is_edge && !r.gone).map(|r| r.id).collect();
        node_ids.extend(rows.iter().filter(|r| r.is_edge && !r.gone).filter_map(|r| r.ends).flat_map(|(s, t)| [s, t]));
        let edges = if edge_ids.is_empty() { Vec::new() } else { store::edge::list_edges_by_id(&mut *db, &edge_ids).await? };
        let node_ids: Vec<Uuid> = node_ids.into_iter().collect();
        let nodes = if node_ids.is_empty() { Vec::new() } else { store::node::list_nodes_by_id(&mut *db, &node_ids).await? };
        Ok(Self { nodes: nodes.into_iter().map(|n| (n.id, n)).collect(), edges: edges.into_iter().map(|e| (e.id, e)).collect() })
    }

    /// An event, if this row is the newest of its id: a body of a higher version, or none, says
    /// that a later row tells the rest.
    fn event(&self, row: Coalesced) -> Said {
        let newer = |version: Option<i64>| match version {
            Some(version) => row.gone || version > row.version,
            None => !row.gone,
        };
        if row.is_edge {
            let body = self.edges.get(&row.id);
            if newer(body.map(|e| e.version)) {
                return Said::Later(row);
            }
            let change = match (body, row.ends) {
                (Some(edge), _) => {
                    let ends = [edge.source_id, edge.target_id].iter().filter_map(|id| self.nodes.get(id).cloned()).collect();
                    Change::Edge { edge: edge.clone(), old_scopes: row.old_scopes, ends }
                }
                (None, Some((source_id, target_id))) => Change::EdgeGone {
                    id: row.id,
                    kind: row.kind.as_deref().and_then(EdgeKind::parse),
                    version: row.version,
                    source_id,
                    target_id,
                    old_scopes: row.old_scopes,
                },
                (None, None) => return Said::Nothing,
            };
            return Said::Event(Box::new(Event { xids: row.xids, change }));
        }
        let body = self.nodes.get(&row.id);
        if newer(body.map(|n| n.version)) {
            return Said::Later(row);
        }
        let old_scopes = row.node_scopes();
        let change = match body {
            Some(node) => Change::Node { node: node.clone(), old_scopes },
            None => Change::NodeGone {
                id: row.id,
                kind: row.kind.as_deref().and_then(NodeKind::parse),
                version: row.version,
                old_scopes,
            },
        };
        Said::Event(Box::new(Event { xids: row.xids, change }))
    }
}
