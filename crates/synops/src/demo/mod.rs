//! `serve --demo`: a workspace with systems that are really checked, another with devices that drive about; made once
//! and kept right.

mod content;
mod flaky;
mod fleet;
mod talk;

use crate::address;
use crate::login::Login;
use crate::people::carry_out;
use crate::stage::Stage;
use anyhow::Context as _;
pub(crate) use content::Places;
use content::{Check, EDGES, Thing};
use domain::Refusal;
use domain::intention::{Intention, ScopePatch};
use domain::node::{Facet, Node, NodeKind};
use domain::person::PersonPatch;
use domain::system::SystemPatch;
pub(crate) use fleet::drive;
use intentions::{Context, Intentions};
use secrecy::ExposeSecret;
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use store::Pool;
use tokio::net::{TcpListener, TcpStream};
use uuid::Uuid;

const TIMEOUT_MS: i32 = 3000;

impl Places {
    /// Where things are now; starts the listener that fails on purpose. `address` is the server's.
    pub(crate) async fn start(address: SocketAddr, login: &Login, stage: &Stage) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("the demonstration's listener")?;
        let flaky_address = listener.local_addr()?.to_string();
        stage.tasks.spawn(flaky::run(listener, stage.stop.clone()));
        Ok(Self {
            own_address: address::own(address).to_string(),
            database_url: login.url_without_password.clone(),
            database_password: login.password.as_ref().map(|password| password.expose_secret().to_owned()),
            flaky_address,
            closed_address: closed_address().await,
        })
    }
}

/// An address where nothing answers: of services that nobody runs any more.
async fn closed_address() -> String {
    let mut address = String::new();
    for port in [9, 13, 19, 37, 7] {
        address = format!("127.0.0.1:{port}");
        if TcpStream::connect(&address).await.is_err() {
            break;
        }
    }
    address
}

/// Makes what is missing, and points the checks of this server to where it is now. What people
/// changed otherwise stays.
pub(crate) async fn keep(pool: &Pool, intentions: &Intentions, places: &Places) -> anyhow::Result<()> {
    let things = content::things(places);
    let ids: Vec<Uuid> = things.iter().map(|thing| thing.id).collect();
    let there: HashMap<Uuid, Node> =
        store::node::list_nodes_by_id(pool, &ids).await?.into_iter().map(|node| (node.id, node)).collect();
    for thing in things {
        let made = match there.get(&thing.id) {
            None => carry_out(intentions, vec![creation(thing)]).await,
            Some(node) => match correction(node, thing) {
                Some(correction) => carry_out(intentions, vec![correction]).await,
                None => Ok(()),
            },
        };
        tolerate(made)?;
    }
    let fleet: Vec<(Uuid, Intention)> = fleet::geofences().into_iter().chain(fleet::devices()).collect();
    let ids: Vec<Uuid> = fleet.iter().map(|(id, _)| *id).collect();
    let there: HashSet<Uuid> = store::node::list_nodes_by_id(pool, &ids).await?.into_iter().map(|node| node.id).collect();
    for (_, one) in fleet.into_iter().filter(|(id, _)| !there.contains(id)) {
        tolerate(carry_out(intentions, vec![one]).await)?;
    }
    let edge_ids: Vec<Uuid> = EDGES.iter().map(|(id, ..)| *id).collect();
    let there: HashSet<Uuid> = store::edge::list_edges_by_id(pool, &edge_ids).await?.into_iter().map(|edge| edge.id).collect();
    for (id, kind, source_id, target_id) in EDGES.iter().filter(|(id, ..)| !there.contains(id)) {
        let edge =
            Intention::CreateEdge { id: Some(*id), kind: *kind, source_id: *source_id, target_id: *target_id, attrs: Map::new() };
        tolerate(carry_out(intentions, vec![edge]).await)?;
    }
    // Members talk: whoever they are is granted by now.
    let acts = talk::acts();
    let ids: Vec<Uuid> = acts.iter().map(|(id, ..)| *id).collect();
    let there: HashSet<Uuid> = store::node::list_nodes_by_id(pool, &ids).await?.into_iter().map(|node| node.id).collect();
    for (_, actor, act) in acts.into_iter().filter(|(id, ..)| !there.contains(id)) {
        let done = intentions.carry_out(&actor, vec![act], &Context::default(), |_| (200, Value::Null)).await;
        tolerate(done.map(drop))?;
    }
    Ok(())
}

/// A second server was faster, somebody has the login, somebody changes or moved it just now: the
/// demonstration does without.
fn tolerate(made: Result<(), Refusal>) -> Result<(), Refusal> {
    match made {
        Err(
            refusal @ (Refusal::Conflict { .. } | Refusal::Stale { .. } | Refusal::NotFound { .. } | Refusal::Invalid { .. }),
        ) => {
            tracing::info!(%refusal, "a part of the demonstration was left out");
            Ok(())
        }
        other => other,
    }
}

fn creation(thing: Thing) -> Intention {
    let system = (thing.kind == NodeKind::System).then(|| match thing.check {
        Some(check) => patch(check),
        None => SystemPatch::default(),
    });
    Intention::CreateNode {
        id: Some(thing.id),
        kind: thing.kind,
        parent_id: thing.parent_id,
        title: thing.title.to_owned(),
        body: thing.body.to_owned(),
        attrs: Map::new(),
        position: None,
        system,
        person: thing.login.map(|login| PersonPatch { login: Some(login.to_owned()), ..PersonPatch::default() }),
        scope: thing.visibility.map(|visibility| ScopePatch { visibility: Some(visibility), isolated: None }),
    }
}

/// The check of a system, when what it looks at is elsewhere now.
fn correction(node: &Node, thing: Thing) -> Option<Intention> {
    let Some(Facet::System(system)) = &node.facet else { return None };
    let check = thing.check.filter(|check| system.check.as_ref() != Some(&check.spec))?;
    let system = SystemPatch { check: Some(Some(check.spec)), password: check.password, ..SystemPatch::default() };
    Some(Intention::UpdateNode {
        id: node.id,
        version: node.version,
        title: None,
        body: None,
        attrs: None,
        position: None,
        system: Some(system),
        person: None,
    })
}

fn patch(check: Check) -> SystemPatch {
    SystemPatch {
        check: Some(Some(check.spec)),
        enabled: Some(true),
        interval_s: Some(check.interval_s),
        timeout_ms: Some(TIMEOUT_MS),
        failures_to_down: Some(check.failures_to_down),
        password: check.password,
        ..SystemPatch::default()
    }
}
