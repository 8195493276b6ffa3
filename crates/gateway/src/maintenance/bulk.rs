//! Many maintenances at once.

use crate::caller::Caller;
use crate::extract::{Body, Submission, bulk_ids};
use crate::layers::request_id::RequestId;
use crate::reads::Module;
use crate::refusal::Refused;
use crate::reply::ReadOnly;
use crate::state::State;
use crate::wire::maintenance::{BySystems, BySystemsPage, CloseMany, Closed, ClosedPage, SystemMaintenances};
use crate::wire::node::NodeView;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use chrono::{DateTime, Utc};
use domain::limits::{MAINTENANCES_CLOSED_AT_ONCE_MAX, MAINTENANCES_PER_SYSTEM_MAX};
use domain::maintenance::{Maintenance, MaintenanceState};
use domain::node::Facet;
use domain::{Intention, Node, NodeKind, Refusal};
use intentions::{Context, Done, Outcome};
use serde_json::Value;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Maintenances by the systems they affect
///
/// Those that are not over, by name or by a group around a system, as far as one may see both. A system that nothing
/// affects is not listed; each maintenance is told once. At most 50 of a system.
#[utoipa::path(post, path = "/maintenances/by-systems", operation_id = "list_maintenances_by_systems", tag = "maintenances", request_body = BySystems,
    responses((status = 200, description = "By system", body = BySystemsPage)))]
pub(crate) async fn by_systems(state: State, caller: Caller, Body(asked): Body<BySystems>) -> Result<Response, Refused> {
    let ids = bulk_ids("system_ids", asked.system_ids)?;
    // Neither or both: all that are not over.
    let only = if asked.active == asked.upcoming { None } else { Some(asked.active == Some(true)) };
    let affected = state.reads().affecting(&caller, Module::Maintenances, &ids).await?;
    let now = state.now();
    let wanted = |maintenance: &Maintenance| {
        let is_active = maintenance.state != MaintenanceState::Scheduled || maintenance.starts_at <= now;
        !maintenance.state.is_over() && only.is_none_or(|only| only == is_active)
    };
    let mut told: BTreeMap<Uuid, &Node> = BTreeMap::new();
    let mut items = Vec::with_capacity(affected.len());
    for system in &affected {
        let found = system.by.iter().filter_map(|entry| match entry.node() {
            Some(node @ Node { facet: Some(Facet::Maintenance(maintenance)), .. }) if wanted(maintenance) => {
                Some((maintenance.starts_at, node))
            }
            _ => None,
        });
        let mut found: Vec<(DateTime<Utc>, &Node)> = found.collect();
        found.sort_unstable_by_key(|(starts_at, node)| (*starts_at, node.id));
        found.truncate(MAINTENANCES_PER_SYSTEM_MAX);
        told.extend(found.iter().map(|(_, node)| (node.id, *node)));
        if !found.is_empty() {
            let maintenance_ids = found.iter().map(|(_, node)| node.id).collect();
            items.push(SystemMaintenances { system_id: system.system_id, maintenance_ids });
        }
    }
    items.sort_unstable_by_key(|item| item.system_id);
    let maintenances = told.into_values().map(NodeView::from).collect();
    let mut answer = Json(BySystemsPage { items, maintenances }).into_response();
    answer.extensions_mut().insert(ReadOnly);
    Ok(answer)
}

/// Close several maintenances
///
/// Each for itself, in this order: what can't be closed says why and keeps none of the others.
#[utoipa::path(post, path = "/maintenances/close", operation_id = "close_maintenances", tag = "maintenances", request_body = CloseMany,
    responses((status = 200, description = "What became of each, in the same order", body = ClosedPage)))]
pub(crate) async fn close(
    state: State,
    Extension(request_id): Extension<RequestId>,
    submission: Submission<CloseMany>,
) -> Result<Json<ClosedPage>, Refused> {
    let Submission { caller, input, context } = submission;
    if input.ids.is_empty() || input.ids.len() > MAINTENANCES_CLOSED_AT_ONCE_MAX {
        return Err(Refusal::invalid("ids", format!("1 to {MAINTENANCES_CLOSED_AT_ONCE_MAX}")).into());
    }
    if context.idempotency.is_some() {
        return Err(Refusal::invalid("Idempotency-Key", "no key here: to close twice is to close once").into());
    }
    caller.writer()?;
    let mut items = Vec::with_capacity(input.ids.len());
    for id in input.ids {
        let outcome = close_one(&state, &caller, &context, id).await;
        items.push(match outcome {
            Ok(node) => Closed { id, maintenance: Some(node), problem: None },
            Err(refused) => Closed { id, maintenance: None, problem: Some(refused.told(request_id.as_str())) },
        });
    }
    Ok(Json(ClosedPage { items }))
}

async fn close_one(state: &State, caller: &Caller, context: &Context, id: Uuid) -> Result<Value, Refused> {
    crate::nouns::readable(state, caller, NodeKind::Maintenance, id).await?;
    let render = |outcomes: &[Outcome]| match outcomes.last() {
        Some(Outcome::Node(node)) => (200, serde_json::to_value(NodeView::from(node.as_ref())).unwrap_or_default()),
        _ => (200, Value::Null),
    };
    let intention = Intention::CloseMaintenance { id };
    let done = state.wiring.intentions.carry_out(&caller.actor, vec![intention], context, render).await?;
    let (Done::Now { response, .. } | Done::Before { response, .. }) = done;
    Ok(response)
}
