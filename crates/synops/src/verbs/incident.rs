//! `synops incident`: straight on the database, with the same intentions as the API.

use super::{intentions, print, print_json, refused};
use crate::cli::{IncidentVerb, Json};
use crate::config::Config;
use crate::database::Database;
use crate::exit::Outcome;
use domain::incident::{IncidentPatch, NewIncidentUpdate};
use domain::node::Facet;
use domain::{Actor, Intention, Node};
use intentions::{Context, Done};
use serde_json::{Map, Value};

/// More are left to the API, which pages.
const LISTED_MAX: i64 = 1_000;

pub async fn run(verb: &IncidentVerb, config: &Config) -> anyhow::Result<Outcome> {
    let database = Database::visit(config).await?;
    let done = carry_out(verb, &database).await;
    database.close().await?;
    done
}

async fn carry_out(verb: &IncidentVerb, database: &Database) -> anyhow::Result<Outcome> {
    match verb {
        IncidentVerb::Open { json, .. } => act(database, open(verb)?, *json).await,
        IncidentVerb::Update { id, message, state, audience, json } => {
            let update = NewIncidentUpdate { message: message.clone(), audience: *audience, state_change: *state };
            act(database, Intention::AddIncidentUpdate { id: *id, update }, *json).await
        }
        IncidentVerb::Resolve { id, said, json } => {
            let (message, audience) = (said.message.clone(), Some(said.audience));
            act(database, Intention::ResolveIncident { id: *id, message, audience }, *json).await
        }
        IncidentVerb::List(json) => list(database, *json).await,
    }
}

fn open(verb: &IncidentVerb) -> anyhow::Result<Intention> {
    let IncidentVerb::Open { title, affects, parent, severity, health, suppress, said, .. } = verb else {
        anyhow::bail!("not a new incident");
    };
    let incident = IncidentPatch {
        severity: Some(*severity),
        health_override: health.map(Some),
        suppress: Some(*suppress),
        affects: Some(affects.clone()),
        ..IncidentPatch::default()
    };
    let audience = said.audience;
    let update = said.message.clone().map(|message| NewIncidentUpdate { message, audience, state_change: None });
    let (title, body, attrs) = (title.clone(), String::new(), Map::new());
    Ok(Intention::OpenIncident { id: None, parent_id: *parent, title, body, attrs, incident, update })
}

/// As the server itself; prints the incident as it is then.
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

async fn list(database: &Database, json: Json) -> anyhow::Result<Outcome> {
    let ids = store::incident::list_open_incidents(&database.pool, LISTED_MAX).await?;
    let mut nodes = store::node::list_nodes_by_id(&database.pool, &ids).await?;
    nodes.sort_by_key(|node| ids.iter().position(|id| *id == node.id));
    if json.json {
        let rendered: Result<Vec<Value>, _> =
            nodes.iter().map(|node| serde_json::from_slice(&gateway::render_node(node))).collect();
        print_json(&rendered?)?;
        return Ok(Outcome::Done);
    }
    if nodes.is_empty() {
        print("no incident is open\n")?;
    }
    print(&nodes.iter().map(line).collect::<String>())?;
    Ok(Outcome::Done)
}

fn line(node: &Node) -> String {
    let Some(Facet::Incident(incident)) = &node.facet else { return String::new() };
    let since = incident.started_at.format("%F %T UTC");
    format!("{}  {since}  {}  {}  {}\n", node.id, incident.severity, incident.state, node.title)
}
