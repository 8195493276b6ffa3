//! Typed routes: each noun's own forms over the same reads and intentions as everything else.

pub(crate) mod environment;
pub(crate) mod group;
pub(crate) mod person;
pub(crate) mod system;
pub(crate) mod team;
pub(crate) mod workspace;

use crate::caller::Caller;
use crate::extract::{Query, Submission};
use crate::nodes::{self, NodesQuery};
use crate::refusal::Refused;
use crate::reply;
use crate::state::State;
use crate::wire::edge::EdgeView;
use crate::wire::node::NodeView;
use crate::wire::nouns::ScopeChange;
use axum::http::StatusCode;
use axum::response::Response;
use domain::access::Level;
use domain::intention::ScopePatch;
use domain::person::PersonPatch;
use domain::system::SystemPatch;
use domain::{Edge, EdgeKind, Intention, Node, NodeKind, Refusal};
use intentions::{Context, Outcome};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::IntoParams;
use uuid::Uuid;

/// What a typed list takes: the kind is the route's.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct NounQuery {
    /// Directly part of this node.
    pub(crate) parent_id: Option<Uuid>,
    /// With this scope root.
    pub(crate) scope_id: Option<Uuid>,
    /// A part of the title, in any case.
    #[param(max_length = 100)]
    pub(crate) q: Option<String>,
    /// `next_cursor` of the page before.
    pub(crate) cursor: Option<String>,
    /// Items at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub(crate) limit: Option<i64>,
}

pub(crate) async fn list(
    state: State,
    caller: Caller,
    kind: NodeKind,
    Query(query): Query<NounQuery>,
) -> Result<Response, Refused> {
    let NounQuery { parent_id, scope_id, q, cursor, limit } = query;
    nodes::page(&state, &caller, NodesQuery { kind: Some(kind), parent_id, scope_id, q, cursor, limit }).await
}

/// A node of this kind that the caller may see, as it is now; else 404. For those who are about to change it.
pub(crate) async fn readable(state: &State, caller: &Caller, kind: NodeKind, id: Uuid) -> Result<Node, Refused> {
    let node = store::node::find_readable_node(state.pool(), caller.reader(), id).await?;
    Ok(node.filter(|node| node.kind == kind).ok_or(Refusal::NotFound { what: kind.as_str() })?)
}

/// The same, if the caller administers it; else 404, 401 or 403.
pub(crate) async fn administered(state: &State, caller: &Caller, kind: NodeKind, id: Uuid) -> Result<Node, Refused> {
    let node = readable(state, caller, kind, id).await?;
    caller.person()?;
    let level = store::access::find_level(state.pool(), caller.reader(), node.scope_id).await?;
    if level.is_none_or(|level| level < Level::Admin) {
        return Err(Refusal::forbidden("this needs the level admin there").into());
    }
    Ok(node)
}

pub(crate) async fn get(state: State, caller: Caller, kind: NodeKind, id: Uuid) -> Result<Response, Refused> {
    Ok(reply::entry(&*state.reads().node(&caller, kind, id).await?))
}

async fn create(state: State, caller: Caller, context: Context, intention: Intention) -> Result<Response, Refused> {
    carry_out(&state, &caller, &context, vec![intention], StatusCode::CREATED).await
}

/// What a PATCH sets, of whichever noun.
#[derive(Default)]
pub(crate) struct Change {
    pub(crate) title: Option<String>,
    pub(crate) body: Option<String>,
    pub(crate) attrs: Option<Map<String, Value>>,
    pub(crate) position: Option<i32>,
    pub(crate) parent_id: Option<Uuid>,
    pub(crate) scope: ScopePatch,
    pub(crate) system: Option<SystemPatch>,
    pub(crate) person: Option<PersonPatch>,
}

impl Change {
    /// Of a node that is a scope root.
    pub(crate) fn of_scope(input: ScopeChange) -> Self {
        let ScopeChange { title, body, attrs, parent_id, visibility, isolated } = input;
        Self { title, body, attrs, parent_id, scope: ScopePatch { visibility, isolated }, ..Self::default() }
    }

    /// The intentions that make it, from this version. A change of fields raises the version by
    /// one, so a change of the scope can follow it; a move raises it by one or two.
    fn intentions(self, id: Uuid, mut version: i64) -> Result<Vec<Intention>, Refusal> {
        let Self { title, body, attrs, position, parent_id, scope, system, person } = self;
        let has_own = title.is_some() || body.is_some() || attrs.is_some() || position.is_some();
        let has_fields = has_own || system.is_some() || person.is_some();
        let has_scope = scope != ScopePatch::default();
        if let Some(parent_id) = parent_id {
            if has_fields || has_scope {
                return Err(Refusal::invalid("parent_id", "a request of its own: a move changes nothing else"));
            }
            return Ok(vec![Intention::MoveNode { id, version, parent_id }]);
        }
        let mut intentions = Vec::new();
        if has_fields {
            intentions.push(Intention::UpdateNode { id, version, title, body, attrs, position, system, person });
            version = version.saturating_add(1);
        }
        if has_scope {
            intentions.push(Intention::SetScope { id, version, visibility: scope.visibility, isolated: scope.isolated });
        }
        if intentions.is_empty() { Err(Refusal::invalid("body", "at least one field to change")) } else { Ok(intentions) }
    }
}

pub(crate) async fn change<T>(
    state: State,
    kind: NodeKind,
    id: Uuid,
    version: i64,
    submission: Submission<T>,
    into_change: impl FnOnce(T) -> Change,
) -> Result<Response, Refused> {
    let Submission { caller, input, context } = submission;
    readable(&state, &caller, kind, id).await?;
    let intentions = into_change(input).intentions(id, version)?;
    carry_out(&state, &caller, &context, intentions, StatusCode::OK).await
}

pub(crate) async fn delete(
    state: State,
    kind: NodeKind,
    id: Uuid,
    version: i64,
    submission: Submission<()>,
) -> Result<Response, Refused> {
    let Submission { caller, context, .. } = submission;
    readable(&state, &caller, kind, id).await?;
    carry_out(&state, &caller, &context, vec![Intention::DeleteNode { id, version }], StatusCode::NO_CONTENT).await
}

/// Carries them out and answers the node of the last.
pub(crate) async fn carry_out(
    state: &State,
    caller: &Caller,
    context: &Context,
    intentions: Vec<Intention>,
    status: StatusCode,
) -> Result<Response, Refused> {
    let render = |outcomes: &[Outcome]| match outcomes.last() {
        Some(Outcome::Node(node)) => (status.as_u16(), serde_json::to_value(NodeView::from(node.as_ref())).unwrap_or_default()),
        _ => (StatusCode::NO_CONTENT.as_u16(), Value::Null),
    };
    let done = state.wiring.intentions.carry_out(&caller.actor, intentions, context, render).await;
    // There is one node here: which of its intentions was refused is not the caller's to know.
    Ok(reply::done(done.map_err(without_place)?))
}

/// An edge of this kind, whoever asks: whether they may see it, its change decides.
pub(crate) async fn edge_of_kind(state: &State, kind: EdgeKind, id: Uuid) -> Result<Edge, Refused> {
    let edge = store::edge::find_edge(state.pool(), id).await?;
    Ok(edge.filter(|edge| edge.kind == kind).ok_or(Refusal::NotFound { what: "edge" })?)
}

/// Carries it out and answers the edge.
pub(crate) async fn carry_out_edge(
    state: &State,
    caller: &Caller,
    context: &Context,
    intention: Intention,
    status: StatusCode,
) -> Result<Response, Refused> {
    let render = |outcomes: &[Outcome]| match outcomes.last() {
        Some(Outcome::Edge(edge)) => (status.as_u16(), serde_json::to_value(EdgeView::from(edge)).unwrap_or_default()),
        _ => (StatusCode::NO_CONTENT.as_u16(), Value::Null),
    };
    let done = state.wiring.intentions.carry_out(&caller.actor, vec![intention], context, render).await;
    Ok(reply::done(done.map_err(without_place)?))
}

pub(crate) fn without_place(refusal: Refusal) -> Refusal {
    match refusal {
        Refusal::Invalid { field, expects } => {
            let placed = field.strip_prefix("intentions[").and_then(|rest| rest.split_once("]."));
            let inner = placed.map_or(field.as_str(), |(_, inner)| inner);
            let facets = [
                "system.",
                "person.",
                "maintenance.",
                "incident.",
                "contact.",
                "patch.",
                "update.",
                "connection.",
                "announcement.",
                "status_page.",
                "series.",
                "device.",
                "geofence.",
                "channel.",
            ];
            let flat = facets.iter().find_map(|facet| inner.strip_prefix(facet)).unwrap_or(inner);
            Refusal::Invalid { field: flat.to_owned(), expects }
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_becomes_intentions() {
        let id = Uuid::nil();
        let scope = ScopePatch { visibility: None, isolated: Some(true) };
        let versions = |change: Change| -> Vec<(&'static str, i64)> {
            let said = change.intentions(id, 7).unwrap().into_iter();
            said.map(|i| match i {
                Intention::UpdateNode { version, .. } => ("update", version),
                Intention::SetScope { version, .. } => ("scope", version),
                Intention::MoveNode { version, .. } => ("move", version),
                other => panic!("{other:?}"),
            })
            .collect()
        };
        assert_eq!(versions(Change { title: Some("a".into()), ..Change::default() }), [("update", 7)]);
        assert_eq!(versions(Change { title: Some("a".into()), scope, ..Change::default() }), [("update", 7), ("scope", 8)]);
        assert_eq!(versions(Change { scope, ..Change::default() }), [("scope", 7)]);
        assert_eq!(versions(Change { parent_id: Some(id), ..Change::default() }), [("move", 7)]);
        assert!(Change { parent_id: Some(id), scope, ..Change::default() }.intentions(id, 7).is_err());
        assert!(Change::default().intentions(id, 7).is_err());
    }

    #[test]
    fn a_refused_field_has_the_name_it_has_here() {
        let check = |field: &str, expect: &str| match without_place(Refusal::invalid(field, "x")) {
            Refusal::Invalid { field, .. } => assert_eq!(field, expect),
            other => panic!("{other}"),
        };
        check("title", "title");
        check("system.check.url", "check.url");
        check("intentions[1].person.login", "login");
        check("intentions[0].maintenance.links[2].url", "links[2].url");
        check("maintenance.links[2].url", "links[2].url");
    }
}
