//! `synops maintenance`: straight on the database, with the same intentions as the API.

use super::{intentions, print, print_json, refused};
use crate::cli::{Json, MaintenanceVerb};
use crate::config::Config;
use crate::database::Database;
use crate::exit::Outcome;
use chrono::{DateTime, TimeDelta, Utc};
use domain::maintenance::{Maintenance, MaintenancePatch, Step};
use domain::node::Facet;
use domain::timeline::{Audience, StateChange};
use domain::{Actor, Intention, Node, Refusal};
use intentions::{Context, Done};
use serde_json::{Map, Value, json};
use std::time::Duration;
use store::maintenance::StopRow;
use uuid::Uuid;

/// More are left to the API, which pages.
const LISTED_MAX: i64 = 1_000;
const TOLD_MAX: i64 = 100;

pub async fn run(verb: &MaintenanceVerb, config: &Config) -> anyhow::Result<Outcome> {
    let database = Database::visit(config).await?;
    let done = carry_out(verb, &database).await;
    database.close().await?;
    done
}

async fn carry_out(verb: &MaintenanceVerb, database: &Database) -> anyhow::Result<Outcome> {
    match verb {
        MaintenanceVerb::Plan { json, .. } => act(database, plan(verb, database).await?, *json).await,
        MaintenanceVerb::Status { id: None, json } => list(database, *json).await,
        MaintenanceVerb::Status { id: Some(id), json } => status(database, *id, *json).await,
        MaintenanceVerb::Extend { id, by, json } => {
            let (_, before) = find(database, *id).await?;
            let ends_at = later(before.ends_at, *by)?;
            act(database, Intention::ExtendMaintenance { id: *id, ends_at }, *json).await
        }
        MaintenanceVerb::Cancel { id, reason, json } => {
            act(database, Intention::CancelMaintenance { id: *id, reason: reason.clone() }, *json).await
        }
        MaintenanceVerb::Start { id, json } => act(database, Intention::StartMaintenance { id: *id }, *json).await,
        MaintenanceVerb::Close { id, json } => act(database, Intention::CloseMaintenance { id: *id }, *json).await,
        MaintenanceVerb::Rehearse { id, json } => rehearse(database, *id, *json).await,
    }
}

async fn plan(verb: &MaintenanceVerb, database: &Database) -> anyhow::Result<Intention> {
    let MaintenanceVerb::Plan {
        title,
        affects,
        starts,
        starts_in,
        length,
        parent,
        timezone,
        body,
        no_verify,
        rolling,
        admins_first,
        block,
        drain_bound,
        ..
    } = verb
    else {
        anyhow::bail!("not a plan");
    };
    // The database's clock, which the window is judged by.
    let now = store::database::now(&database.pool).await?;
    let starts_at = starts.unwrap_or(later(now, starts_in.unwrap_or_default())?);
    let maintenance = MaintenancePatch {
        starts_at: Some(starts_at),
        ends_at: Some(later(starts_at, *length)?),
        timezone: Some(timezone.clone()),
        verify: Some(!no_verify),
        rolling: Some(*rolling),
        admins_first: Some(*admins_first),
        blocked_classes: (!block.is_empty()).then(|| block.clone()),
        drain_bound_s: drain_bound.map(|bound| i32::try_from(bound.as_secs()).unwrap_or(i32::MAX)),
        affects: Some(affects.clone()),
        ..MaintenancePatch::default()
    };
    let (title, body) = (title.clone(), body.clone());
    Ok(Intention::PlanMaintenance { id: None, parent_id: *parent, title, body, attrs: Map::new(), maintenance })
}

fn later(at: DateTime<Utc>, by: Duration) -> anyhow::Result<DateTime<Utc>> {
    let by = TimeDelta::from_std(by)?;
    at.checked_add_signed(by).ok_or_else(|| anyhow::anyhow!("no calendar goes that far"))
}

/// As the server itself; prints the maintenance as it is then.
async fn act(database: &Database, intention: Intention, json: Json) -> anyhow::Result<Outcome> {
    let render = |_: &[intentions::Outcome]| (200, Value::Null);
    let done = intentions(database).carry_out(&Actor::Server, vec![intention], &Context::default(), render).await;
    let node = match done.map_err(refused)? {
        Done::Now { outcomes, .. } => outcomes.into_iter().next(),
        Done::Before { .. } => None,
    };
    if let Some(intentions::Outcome::Node(node)) = node {
        if json.json {
            print_json(&serde_json::from_slice::<Value>(&gateway::render_node(&node))?)?;
        } else {
            print(&line(&node))?;
        }
    }
    Ok(Outcome::Done)
}

async fn find(database: &Database, id: Uuid) -> anyhow::Result<(Node, Maintenance)> {
    let node = store::node::find_node(&database.pool, id).await?;
    match node {
        Some(node) => match node.facet.clone() {
            Some(Facet::Maintenance(maintenance)) => Ok((node, maintenance)),
            _ => Err(refused(Refusal::NotFound { what: "maintenance" })),
        },
        None => Err(refused(Refusal::NotFound { what: "maintenance" })),
    }
}

async fn list(database: &Database, json: Json) -> anyhow::Result<Outcome> {
    let ids = store::maintenance::list_open_maintenances(&database.pool, LISTED_MAX).await?;
    let mut nodes = store::node::list_nodes_by_id(&database.pool, &ids).await?;
    nodes.sort_by_key(|node| ids.iter().position(|id| *id == node.id));
    if json.json {
        let rendered: Result<Vec<Value>, _> =
            nodes.iter().map(|node| serde_json::from_slice(&gateway::render_node(node))).collect();
        print_json(&rendered?)?;
        return Ok(Outcome::Done);
    }
    if nodes.is_empty() {
        print("no maintenance is planned or under way\n")?;
    }
    print(&nodes.iter().map(line).collect::<String>())?;
    Ok(Outcome::Done)
}

async fn status(database: &Database, id: Uuid, json: Json) -> anyhow::Result<Outcome> {
    let (node, _) = find(database, id).await?;
    let told = store::timeline::list_updates(&database.pool, id, Audience::ALL, None, TOLD_MAX).await?;
    let stops = store::maintenance::list_stops(&database.pool, id).await?;
    if json.json {
        let node: Value = serde_json::from_slice(&gateway::render_node(&node))?;
        let told: Vec<Value> = told
            .iter()
            .map(|u| {
                let (by, change) = (&u.by_title, u.state_change.map(StateChange::as_str));
                json!({ "at": u.at, "by": by, "message": u.message, "audience": u.audience, "state_change": change })
            })
            .collect();
        let stops: Vec<Value> = stops.iter().map(stop_json).collect();
        print_json(&json!({ "maintenance": node, "stops": stops, "updates": told }))?;
        return Ok(Outcome::Done);
    }
    let mut text = line(&node);
    for stop in stops.iter().filter(|stop| stop.turn.is_some()) {
        text.push_str(&format!("  {} ({}): {}\n", stop.name, stop.version, how_far(stop)));
    }
    for update in told.iter().rev() {
        let by = update.by_title.as_deref().unwrap_or("Synops");
        text.push_str(&format!("  {}  {by} ({}): {}\n", short(update.at), update.audience, update.message));
    }
    print(&text)?;
    Ok(Outcome::Done)
}

async fn rehearse(database: &Database, id: Uuid, json: Json) -> anyhow::Result<Outcome> {
    let steps = intentions(database).rehearse_maintenance(&Actor::Server, id).await.map_err(refused)?;
    let ok = steps.iter().all(|step| step.ok);
    if json.json {
        let told: Vec<Value> = steps.iter().map(step_json).collect();
        print_json(&json!({ "ok": ok, "steps": told }))?;
    } else {
        let lines = steps.iter().map(|step| {
            let mark = if step.ok { "ok " } else { "BAD" };
            format!("{mark}  {}  {:8}  {}\n", short(step.at), step.name, step.detail)
        });
        print(&lines.collect::<String>())?;
    }
    Ok(if ok { Outcome::Done } else { Outcome::Findings })
}

fn step_json(step: &Step) -> Value {
    let took_ms = step.took.map(|took| took.as_secs_f64() * 1_000.0);
    json!({ "name": step.name, "at": step.at, "detail": step.detail, "took_ms": took_ms, "ok": step.ok })
}

fn stop_json(stop: &StopRow) -> Value {
    json!({
        "instance_id": stop.instance_id, "name": stop.name, "version": stop.version, "roles": stop.roles, "turn": stop.turn,
        "announced_at": stop.announced_at, "closed_at": stop.closed_at, "draining_at": stop.draining_at,
        "drain_until": stop.drain_until, "stopped_at": stop.stopped_at, "late": stop.late, "is_present": stop.is_present,
    })
}

/// The last step that a server has taken, for people.
fn how_far(stop: &StopRow) -> String {
    let taken = match (stop.stopped_at, stop.draining_at, stop.closed_at) {
        (Some(at), ..) => return format!("stopped {}", short(at)),
        (None, Some(at), _) => format!("drains since {}", short(at)),
        (None, None, Some(at)) => format!("closed {}", short(at)),
        _ => "its turn is to come".to_owned(),
    };
    if stop.is_present { taken } else { format!("{taken}; not heard of any more") }
}

fn line(node: &Node) -> String {
    let Some(Facet::Maintenance(m)) = &node.facet else { return String::new() };
    let outcome = m.outcome.map(|outcome| format!(" ({outcome})")).unwrap_or_default();
    format!("{}  {} to {}  {}{outcome}  {}\n", node.id, short(m.starts_at), short(m.ends_at), m.state, node.title)
}

fn short(at: DateTime<Utc>) -> String {
    at.format("%F %T UTC").to_string()
}
