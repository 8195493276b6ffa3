//! Who sees what: random graphs, grants, revocations and moves; after each step every reader's
//! list over HTTP, and all that their open socket was told, equals a plain reference.

use crate::app::TestApp;
use crate::client::Client;
use crate::socket::Reader;
use domain::EdgeKind;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use uuid::Uuid;

const KINDS: [&str; 6] = ["instance", "workspace", "group", "system", "team", "person"];
const INSTANCE: Uuid = domain::node::INSTANCE_ID;

/// The whole graph, as the tables have it.
struct Graph {
    kinds: BTreeMap<Uuid, String>,
    versions: BTreeMap<Uuid, i64>,
    parents: HashMap<Uuid, Uuid>,
    /// source, kind, target
    grants: Vec<(Uuid, String, Uuid)>,
    /// visibility, isolated
    scopes: HashMap<Uuid, (String, bool)>,
}

impl Graph {
    async fn read(app: &TestApp) -> Self {
        let db = app.db.owner_pool();
        let nodes: Vec<(Uuid, String, i64)> = sqlx::query_as("select id, kind, version from nodes").fetch_all(db).await.unwrap();
        let edges: Vec<(Uuid, String, Uuid)> =
            sqlx::query_as("select source_id, kind, target_id from edges").fetch_all(db).await.unwrap();
        let scopes: Vec<(Uuid, String, bool)> =
            sqlx::query_as("select node_id, visibility, isolated from scopes").fetch_all(db).await.unwrap();
        Self {
            versions: nodes.iter().map(|(id, _, version)| (*id, *version)).collect(),
            kinds: nodes.into_iter().map(|(id, kind, _)| (id, kind)).collect(),
            parents: edges.iter().filter(|(_, kind, _)| kind == "part_of").map(|(s, _, t)| (*s, *t)).collect(),
            grants: edges.into_iter().filter(|(_, kind, _)| kind != "part_of").collect(),
            scopes: scopes.into_iter().map(|(id, visibility, isolated)| (id, (visibility, isolated))).collect(),
        }
    }

    fn scope_of(&self, node: Uuid) -> Uuid {
        if self.scopes.contains_key(&node) { node } else { self.scope_of(self.parents[&node]) }
    }

    /// Granted directly, by a team, or by a scope around it that is not shut out.
    fn is_granted(&self, person: Uuid, scope: Uuid) -> bool {
        let here = self.grants.iter().filter(|(_, _, target)| *target == scope).any(|(source, _, _)| {
            *source == person
                || self.grants.iter().any(|(member, kind, team)| *member == person && kind == "member_of" && team == source)
        });
        here || (!self.scopes[&scope].1
            && self.parents.get(&scope).is_some_and(|parent| self.is_granted(person, self.scope_of(*parent))))
    }

    fn sees(&self, person: Option<Uuid>, node: Uuid) -> bool {
        let scope = self.scope_of(node);
        match self.scopes[&scope].0.as_str() {
            "public" => true,
            "signed_in" if person.is_some() => true,
            _ => person.is_some_and(|person| self.is_granted(person, scope)),
        }
    }

    fn visible(&self, person: Option<Uuid>) -> BTreeMap<Uuid, i64> {
        self.versions.iter().filter(|(id, _)| self.sees(person, **id)).map(|(id, version)| (*id, *version)).collect()
    }

    fn of_kind(&self, kinds: &[&str]) -> Vec<Uuid> {
        self.kinds.iter().filter(|(_, kind)| kinds.contains(&kind.as_str())).map(|(id, _)| *id).collect()
    }
}

/// One random change, through the API or as somebody with psql. Refusals are fine: the reference
/// reads what is there afterwards.
async fn step(app: &TestApp, admin: &Client, graph: &Graph, random: &mut StdRng) -> String {
    let any = |random: &mut StdRng, kinds: &[&str]| graph.of_kind(kinds).choose(random).copied();
    let containers = any(random, &["workspace", "group"]).unwrap_or(INSTANCE);
    let grantee = any(random, &["person", "team"]).unwrap_or(INSTANCE);
    let scope = *graph.scopes.keys().collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().choose(random).expect("scopes");
    let db = app.db.owner_pool();
    let (says, statement, binds): (&str, &str, Vec<Uuid>) = match random.random_range(0..14) {
        0 => return create(admin, json!({ "kind": "workspace", "parent_id": INSTANCE }), random).await,
        1 => return create(admin, json!({ "kind": "team", "parent_id": INSTANCE }), random).await,
        2 | 3 => return create(admin, json!({ "kind": "group", "parent_id": containers }), random).await,
        4 => return create(admin, json!({ "kind": "system", "parent_id": containers }), random).await,
        5 | 6 => {
            let kind = ["owner", "admin", "member_of", "reader"].choose(random).expect("kinds");
            let edge = json!({ "type": "create_edge", "kind": kind, "source_id": grantee, "target_id": scope });
            let status = admin.post("/api/v1/intentions", json!({ "intentions": [edge] })).await.status;
            return format!("grant {kind} {grantee} -> {scope}: {status}");
        }
        7 => {
            let (Some(team), Some(person)) = (any(random, &["team"]), any(random, &["person"])) else { return "nothing".into() };
            (
                "join",
                "insert into edges (id, source_id, target_id, kind) values (gen_random_uuid(), $1, $2, 'member_of') on conflict do nothing",
                vec![person, team],
            )
        }
        8 => (
            "revoke",
            "delete from edges where id = (select id from edges where kind in ('reader', 'member_of', 'admin') and $1 <> $2 order by md5(id::text || $1::text) limit 1)",
            vec![Uuid::from_u128(random.random()), INSTANCE],
        ),
        9 | 10 => {
            let Some(moved) = any(random, &["group", "system"]) else { return "nothing".into() };
            (
                "move",
                "update edges set target_id = $2 where source_id = $1 and kind = 'part_of' and target_id <> $2",
                vec![moved, containers],
            )
        }
        11 => {
            let visibility = ["public", "signed_in", "members"].choose(random).expect("visibilities");
            let statement = format!(
                "update scopes set visibility = '{visibility}', isolated = {} where node_id = $1",
                random.random_bool(0.3)
            );
            let done = sqlx::query(sqlx::AssertSqlSafe(statement)).bind(scope).execute(db).await;
            return format!("visibility {scope} {visibility}: {}", done.is_ok());
        }
        12 => {
            let Some(group) = any(random, &["group"]) else { return "nothing".into() };
            if graph.scopes.contains_key(&group) {
                ("unscope", "delete from scopes where node_id = $1 and $1 <> $2", vec![group, INSTANCE])
            } else {
                ("scope", "insert into scopes (node_id) select $1 where $1 <> $2", vec![group, INSTANCE])
            }
        }
        _ => {
            let Some(victim) = any(random, &["group", "system", "team"]) else { return "nothing".into() };
            ("delete", "delete from nodes where id = $1 and $1 <> $2", vec![victim, INSTANCE])
        }
    };
    let done = sqlx::query(sqlx::AssertSqlSafe(statement.to_owned())).bind(binds[0]).bind(binds[1]).execute(db).await;
    format!("{says} {binds:?}: {}", done.map_or_else(|error| error.to_string(), |done| format!("{} rows", done.rows_affected())))
}

async fn create(admin: &Client, mut node: serde_json::Value, random: &mut StdRng) -> String {
    node["type"] = json!("create_node");
    node["title"] = json!(format!("n{}", random.random_range(0..1_000_000)));
    let status = admin.post("/api/v1/intentions", json!({ "intentions": [node] })).await.status;
    format!("create {node}: {status}")
}

async fn listed(client: &Client) -> BTreeMap<Uuid, i64> {
    let mut all = BTreeMap::new();
    let mut cursor = String::new();
    loop {
        let page = client.get(&format!("/api/v1/nodes?limit=200{cursor}")).await.ok();
        for node in page["items"].as_array().unwrap() {
            all.insert(node["id"].as_str().unwrap().parse().unwrap(), node["version"].as_i64().unwrap());
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

pub(crate) async fn sign_in(app: &TestApp, admin: &Client, login: &str) -> (Uuid, Client) {
    let person = admin.post("/api/v1/people", json!({ "title": login, "login": login })).await.ok();
    let id = person["id"].as_str().unwrap().to_owned();
    let link = admin.post(&format!("/api/v1/people/{id}/sign-in-link"), json!({})).await.ok();
    let client = app.client();
    client.sign_in_by_link(link["url"].as_str().unwrap()).await;
    (id.parse().unwrap(), client)
}

/// Somebody who is a member there.
pub(crate) async fn member(app: &TestApp, admin: &Client, login: &str, of: Uuid) -> (Uuid, Client) {
    let (id, client) = sign_in(app, admin, login).await;
    app.db.grant(id, EdgeKind::MemberOf, of).await;
    (id, client)
}

async fn walk(seed: u64, steps: usize) {
    let app = TestApp::start().await;
    let admin = app.administrator().await;
    let mut viewers: Vec<(Option<Uuid>, Client, Reader)> = Vec::new();
    for login in ["kari", "ola", "siri"] {
        let (id, client) = sign_in(&app, &admin, login).await;
        let reader = Reader::start(app.ready.address, client.session(), &KINDS).await;
        viewers.push((Some(id), client, reader));
    }
    viewers.push((None, app.client(), Reader::start(app.ready.address, None, &KINDS).await));
    let mut random = StdRng::seed_from_u64(seed);
    let mut graph = Graph::read(&app).await;
    for (person, _, reader) in &mut viewers {
        let expected = graph.visible(*person);
        reader.until("the set-up is told", |held| held.node_versions() == expected).await;
    }
    let mut history = Vec::new();
    for _ in 0..steps {
        for (_, _, reader) in &mut viewers {
            reader.held.told.clear();
        }
        history.push(step(&app, &admin, &graph, &mut random).await);
        graph = Graph::read(&app).await;
        for (person, client, reader) in &mut viewers {
            let expected = graph.visible(*person);
            let context = || format!("seed {seed}, person {person:?}, after\n{}", history.join("\n"));
            reader.until(&context(), |held| held.node_versions() == expected).await;
            // What one was told is what one reads from then on.
            assert_eq!(listed(client).await, expected, "HTTP, {}", context());
            let leaked: Vec<_> = reader.held.told.iter().filter(|id| !expected.contains_key(*id)).collect();
            assert!(leaked.is_empty(), "told of {leaked:?}, {}", context());
            assert!(reader.held.repeats.is_empty(), "told twice: {:?}, {}", reader.held.repeats, context());
        }
    }
    assert!(viewers.iter().any(|(_, _, reader)| reader.held.rows.len() > 5), "the walk made something to see");
}

#[tokio::test]
async fn everybody_sees_what_the_reference_says() {
    for seed in [1, 2, 3] {
        walk(seed, 70).await;
    }
}
