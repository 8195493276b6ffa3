//! Who may do what: the one place that decides it for writes. (Reads and the socket decide by the
//! same `scope_access` and visibility: `readable_scopes` in SQL, `domain::access::effective`.)

use domain::access::Level;
use domain::node::INSTANCE_ID;
use domain::{Actor, EdgeKind, NodeKind, Refusal};
use sqlx::PgConnection;
use store::node::LockedNode;
use uuid::Uuid;

/// Refuses whoever may not write at all.
pub(crate) fn writer(actor: &Actor) -> Result<(), Refusal> {
    match actor {
        Actor::Server | Actor::Person { may_write: true, .. } => Ok(()),
        Actor::Person { .. } => Err(Refusal::forbidden("this API token may only read")),
        Actor::Anonymous => Err(Refusal::Unauthenticated { detail: "sign in first" }),
    }
}

/// Somebody's rights in one scope, looked up in the transaction of the write.
pub(crate) struct Rights {
    /// `None`: the scope does not exist for them.
    level: Option<Level>,
}

impl Rights {
    pub(crate) async fn of(db: &mut PgConnection, actor: &Actor, scope_id: Uuid) -> Result<Self, sqlx::Error> {
        let level = match actor {
            Actor::Server => Some(Level::Owner),
            other => store::access::find_level(db, other.person_id(), scope_id).await?,
        };
        Ok(Self { level })
    }

    /// At least `level`; else "forbidden" to whoever may read there and "no such …" to everybody else.
    pub(crate) fn need(&self, level: Level, what: &'static str) -> Result<(), Refusal> {
        match self.level {
            None => Err(Refusal::NotFound { what }),
            Some(has) if has >= level => Ok(()),
            Some(has) => Err(Refusal::forbidden(format!("this needs the level {level} there; you have {has}"))),
        }
    }
}

/// Refuses whoever does not administer the instance, in the transaction of the write.
pub(crate) async fn administrator(db: &mut PgConnection, actor: &Actor) -> Result<(), Refusal> {
    let level = Rights::of(db, actor, INSTANCE_ID).await.map_err(store::refusal)?.level;
    if level.is_some_and(|level| level >= Level::Admin) {
        return Ok(());
    }
    Err(Refusal::forbidden("this needs an administrator of the instance"))
}

/// What creating a node needs in its parent's scope.
pub(crate) fn level_to_create(kind: NodeKind, with_scope: bool) -> Level {
    match kind {
        // An account, or a scope that could be opened to the public or closed to those above.
        NodeKind::Person => Level::Admin,
        NodeKind::Workspace => Level::Member,
        _ if with_scope => Level::Admin,
        _ => Level::Member,
    }
}

/// What changing a node itself needs in its scope: a scope root's own fields are its settings, an
/// account is the administrators' (and, but for login and disabling, its person's).
pub(crate) fn level_to_change(node_id: Uuid, node: &LockedNode) -> Level {
    if node.kind == NodeKind::Person || node.scope_id == node_id { Level::Admin } else { Level::Member }
}

/// What deleting a node needs in its scope.
pub(crate) fn level_to_delete(node_id: Uuid, node: &LockedNode) -> Level {
    match node.kind {
        // Their scopes are theirs alone: there is nothing else in them.
        NodeKind::Person | NodeKind::Connection | NodeKind::Announcement => Level::Admin,
        _ if node.scope_id == node_id => Level::Owner,
        _ => Level::Member,
    }
}

/// What planning or changing a maintenance needs: `scope_id` is its own scope.
pub(crate) async fn maintenance(
    db: &mut PgConnection,
    actor: &Actor,
    scope_id: Uuid,
    affects_instance: bool,
) -> Result<(), Refusal> {
    Rights::of(db, actor, scope_id).await.map_err(store::refusal)?.need(Level::Member, "maintenance")?;
    if affects_instance {
        let at_instance = Rights::of(db, actor, INSTANCE_ID).await.map_err(store::refusal)?;
        if at_instance.need(Level::Admin, "maintenance").is_err() {
            return Err(Refusal::forbidden("it takes down Synops itself: this needs an administrator of the instance"));
        }
    }
    Ok(())
}

/// An end of an edge: its kind and scope.
#[derive(Clone, Copy)]
pub(crate) struct End {
    pub(crate) id: Uuid,
    pub(crate) kind: NodeKind,
    pub(crate) scope_id: Uuid,
}

/// What making, changing or unmaking an edge needs. Both ends must be seen; a link is its source's
/// affair; a grant is its target scope's, and nobody gives or takes more than they have.
pub(crate) async fn edge(db: &mut PgConnection, actor: &Actor, kind: EdgeKind, source: End, target: End) -> Result<(), Refusal> {
    let at_source = Rights::of(db, actor, source.scope_id).await.map_err(store::refusal)?;
    at_source.need(Level::Reader, "source node")?;
    let at_target = Rights::of(db, actor, target.scope_id).await.map_err(store::refusal)?;
    at_target.need(Level::Reader, "target node")?;
    match kind.grants() {
        // Whoever takes something down answers for it; Synops itself is the administrators'.
        None if kind == EdgeKind::Affects => {
            at_source.need(Level::Member, "source node")?;
            at_target.need(if target.kind == NodeKind::Instance { Level::Admin } else { Level::Member }, "target node")
        }
        // Who is asked about something is for those who answer for it to say.
        None if kind == EdgeKind::ContactOf => at_target.need(Level::Member, "target node"),
        // What a page shows, others see by it: whoever answers for both may say so.
        None if kind == EdgeKind::Shows => {
            at_source.need(Level::Member, "source node")?;
            at_target.need(Level::Member, "target node")
        }
        None => at_source.need(Level::Member, "source node"),
        Some(granted) if target.kind != NodeKind::Team => at_target.need(granted.max(Level::Admin), "target node"),
        // Members of a team take part in whatever the team was granted.
        Some(_) => at_target.need(Level::Admin, "team"),
    }
}

/// Whether the work in hand must leave somebody who administers Synops: not where nobody did before
/// it either, and not for the server itself, whose command line can repair it.
pub(crate) async fn must_leave_an_administrator(db: &mut PgConnection, actor: &Actor) -> Result<bool, sqlx::Error> {
    Ok(*actor != Actor::Server && store::access::has_admin(db, INSTANCE_ID).await?)
}

/// Refuses what took the last administrator away.
pub(crate) async fn somebody_administers(db: &mut PgConnection) -> Result<(), Refusal> {
    if store::access::has_admin(db, INSTANCE_ID).await.map_err(store::refusal)? {
        return Ok(());
    }
    Err(Refusal::conflict("nobody would be left who administers Synops"))
}
