//! What depends on what: circles, states that follow, and two who change something at once.

use crate::{pid, refused, version, wait_blocked};
use domain::EdgeKind;
use domain::dependency::Impact;
use domain::system::State;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::json;
use sqlx::PgConnection;
use std::collections::HashMap;
use testkit::{TestDb, graph};
use uuid::Uuid;

async fn checked(db: &TestDb, title: &str, parent_id: Uuid) -> Uuid {
    let id = db.checked_system(title, parent_id, Some(json!({ "type": "tcp", "address": "127.0.0.1:9" }))).await;
    set(db, id, State::Up).await;
    id
}

async fn set(db: &TestDb, id: Uuid, state: State) {
    set_in(&mut db.owner_pool().acquire().await.unwrap(), id, state).await;
}

async fn set_in(db: &mut PgConnection, id: Uuid, state: State) {
    let statement = "update systems set state = $2 where node_id = $1";
    sqlx::query(statement).bind(id).bind(state.as_str()).execute(db).await.unwrap();
}

async fn depend(db: &TestDb, source_id: Uuid, target_id: Uuid, impact: Impact) -> Uuid {
    let id = db.edge(EdgeKind::DependsOn, source_id, target_id).await;
    let statement = "update edges set attrs = $2 where id = $1";
    sqlx::query(statement).bind(id).bind(json!(impact.into_attrs())).execute(db.owner_pool()).await.unwrap();
    id
}

type Derived = (State, Option<Uuid>);

/// The derived state and cause of each system.
async fn derived(db: &TestDb) -> HashMap<Uuid, Derived> {
    let rows: Vec<(Uuid, String, Option<Uuid>)> =
        sqlx::query_as("select node_id, effective_state, cause_id from systems").fetch_all(db.owner_pool()).await.unwrap();
    rows.into_iter().map(|(id, state, cause)| (id, (State::parse(&state).unwrap(), cause))).collect()
}

#[tokio::test]
async fn a_failure_is_told_to_what_depends_on_it() {
    let db = TestDb::new().await;
    let shop = db.workspace("Shop").await;
    let (base, disk) = (checked(&db, "Database", shop).await, checked(&db, "Disk", shop).await);
    let (api, page, report) =
        (checked(&db, "API", shop).await, checked(&db, "Page", shop).await, checked(&db, "Report", shop).await);
    let aside = checked(&db, "Aside", shop).await;
    depend(&db, api, base, Impact::Critical).await;
    depend(&db, page, api, Impact::Degraded).await;
    let soft = depend(&db, report, base, Impact::Informational).await;
    depend(&db, base, disk, Impact::Critical).await;
    let before = version(&db, aside).await;
    let check = async |what: &str, expect: &[(Uuid, State, Option<Uuid>)]| {
        let found = derived(&db).await;
        for (id, state, cause) in expect {
            assert_eq!(found[id], (*state, *cause), "{what}: {id}");
        }
    };
    set(&db, base, State::Down).await;
    let told = [
        (api, State::Down, Some(base)),
        (page, State::Degraded, Some(base)),
        (report, State::Up, None),
        (base, State::Down, None),
    ];
    check("the database is down", &told).await;
    // What is further up explains it; the database's own failure stays its own.
    set(&db, disk, State::Down).await;
    check("the disk is, too", &[(api, State::Down, Some(disk)), (page, State::Degraded, Some(disk)), (base, State::Down, None)])
        .await;
    set(&db, base, State::Up).await;
    check("only the disk is", &[(base, State::Down, Some(disk)), (api, State::Down, Some(disk))]).await;
    set(&db, disk, State::Degraded).await;
    check("the disk is slow", &[(base, State::Degraded, Some(disk)), (page, State::Degraded, Some(disk))]).await;
    // A worse failure of its own is its own.
    set(&db, api, State::Down).await;
    check("the API fails by itself", &[(api, State::Down, None), (page, State::Degraded, Some(api))]).await;
    set(&db, api, State::Up).await;
    let statement = "update edges set attrs = '{\"impact\": \"critical\"}' where id = $1";
    sqlx::query(statement).bind(soft).execute(db.owner_pool()).await.unwrap();
    check("another impact", &[(report, State::Degraded, Some(disk))]).await;
    // What is not checked is not known, and fails nobody.
    sqlx::query("update systems set enabled = false where node_id = $1").bind(disk).execute(db.owner_pool()).await.unwrap();
    for (id, state) in [(disk, State::Unknown), (base, State::Up), (api, State::Up), (page, State::Up), (report, State::Up)] {
        check("all is well", &[(id, state, None)]).await;
    }
    assert_eq!(version(&db, aside).await, before, "what has nothing to do with it is not touched");
}

#[tokio::test]
async fn only_what_changes_is_news() {
    let db = TestDb::new().await;
    let shop = db.workspace("Shop").await;
    let (base, api, page) =
        (checked(&db, "Database", shop).await, checked(&db, "API", shop).await, checked(&db, "Page", shop).await);
    depend(&db, api, base, Impact::Degraded).await;
    depend(&db, page, api, Impact::Degraded).await;
    set(&db, base, State::Degraded).await;
    let before = (version(&db, base).await, version(&db, api).await, version(&db, page).await);
    let since = "select effective_since::text from systems where node_id = $1";
    let since_before: String = sqlx::query_scalar(since).bind(page).fetch_one(db.owner_pool()).await.unwrap();
    set(&db, base, State::Down).await;
    // For what depends on it, it is as bad as it was.
    assert_eq!((version(&db, base).await, version(&db, api).await, version(&db, page).await), (before.0 + 1, before.1, before.2));
    set(&db, page, State::Degraded).await;
    let since_after: String = sqlx::query_scalar(since).bind(page).fetch_one(db.owner_pool()).await.unwrap();
    assert_eq!(since_before, since_after, "it was not well before");
    // What is derived is not written by hand.
    let statement = "update systems set effective_state = 'up', cause_id = null, root_id = null where node_id = $1";
    sqlx::query(statement).bind(api).execute(db.owner_pool()).await.unwrap();
    assert_eq!(derived(&db).await[&api], (State::Degraded, Some(base)));
}

#[tokio::test]
async fn what_goes_fails_nobody_any_more() {
    let db = TestDb::new().await;
    let shop = db.workspace("Shop").await;
    let (base, api, page) =
        (checked(&db, "Database", shop).await, checked(&db, "API", shop).await, checked(&db, "Page", shop).await);
    let edge = depend(&db, api, base, Impact::Critical).await;
    depend(&db, page, api, Impact::Critical).await;
    set(&db, base, State::Down).await;
    assert_eq!(derived(&db).await[&page], (State::Down, Some(base)));
    sqlx::query("delete from edges where id = $1").bind(edge).execute(db.owner_pool()).await.unwrap();
    assert_eq!(derived(&db).await[&page], (State::Up, None));
    depend(&db, api, base, Impact::Critical).await;
    assert_eq!(derived(&db).await[&page], (State::Down, Some(base)));
    db.delete(base).await;
    let found = derived(&db).await;
    assert_eq!((found.get(&base), found[&api], found[&page]), (None, (State::Up, None), (State::Up, None)));
    let roots: i64 =
        sqlx::query_scalar("select count(*) from systems where root_id is not null").fetch_one(db.owner_pool()).await.unwrap();
    assert_eq!(roots, 0);
}

#[tokio::test]
async fn impacts_and_circles_are_refused_by_the_database() {
    let db = TestDb::new().await;
    let shop = db.workspace("Shop").await;
    let (one, two, three) = (checked(&db, "One", shop).await, checked(&db, "Two", shop).await, checked(&db, "Three", shop).await);
    let edge = depend(&db, one, two, Impact::Degraded).await;
    depend(&db, two, three, Impact::Degraded).await;
    let mut db_one = db.owner_pool().acquire().await.unwrap();
    assert_eq!(refused(graph::insert_edge(&mut db_one, EdgeKind::DependsOn, three, one).await), "edges_depends_on_acyclic");
    for bad in [json!({ "impact": "fatal" }), json!({ "impact": null }), json!({ "impact": 1 })] {
        let update = sqlx::query("update edges set attrs = $2 where id = $1").bind(edge).bind(&bad);
        assert_eq!(refused(update.execute(&mut *db_one).await), "edges_impact_known", "{bad}");
    }
    let mut tx = db.owner_pool().begin().await.unwrap();
    sqlx::query("set transaction isolation level repeatable read").execute(&mut *tx).await.unwrap();
    assert_eq!(refused(graph::insert_edge(&mut tx, EdgeKind::DependsOn, three, two).await), "0A000");
}

#[tokio::test]
async fn the_domain_and_the_database_pass_on_the_same() {
    let db = TestDb::new().await;
    for state in State::ALL {
        for impact in Impact::ALL {
            let statement = "select passed_on(severity_of($1), $2), severity_of($3)";
            let ours = impact.passes_on(*state).unwrap_or(State::Up);
            let (theirs, ours): (i32, i32) = sqlx::query_as(statement)
                .bind(state.as_str())
                .bind(impact.as_str())
                .bind(ours.as_str())
                .fetch_one(db.owner_pool())
                .await
                .unwrap();
            assert_eq!(theirs, ours, "{state} {impact}");
        }
    }
    let default: i32 = sqlx::query_scalar("select passed_on(2, null)").fetch_one(db.owner_pool()).await.unwrap();
    assert_eq!(default, 1, "degraded, as {}", Impact::DEFAULT);
}

/// Two guards keep it, the lock of dependencies and the rows that are held while states are derived: with
/// either of them alone it stays so, without both there is a circle.
#[tokio::test]
async fn crossed_dependencies_make_no_circle() {
    let db = TestDb::new().await;
    let shop = db.workspace("Shop").await;
    let (one, other) = (checked(&db, "One", shop).await, checked(&db, "Other", shop).await);
    let (mut first, mut second) = (db.owner_pool().begin().await.unwrap(), db.owner_pool().begin().await.unwrap());
    graph::insert_edge(&mut first, EdgeKind::DependsOn, one, other).await.unwrap();
    let waiting = pid(&mut second).await;
    tokio::join!(
        async {
            assert_eq!(
                refused(graph::insert_edge(&mut second, EdgeKind::DependsOn, other, one).await),
                "edges_depends_on_acyclic"
            );
        },
        async {
            wait_blocked(&db, waiting).await;
            first.commit().await.unwrap();
        }
    );
}

/// Of two upstreams that change at once the second waits for the first, and sees it.
#[tokio::test]
async fn two_failures_meet_in_what_depends_on_both() {
    let db = TestDb::new().await;
    let shop = db.workspace("Shop").await;
    let (left, right, both) =
        (checked(&db, "Left", shop).await, checked(&db, "Right", shop).await, checked(&db, "Both", shop).await);
    depend(&db, both, left, Impact::Degraded).await;
    depend(&db, both, right, Impact::Critical).await;
    let race = async |first: (Uuid, State), second: (Uuid, State)| {
        let (mut a, mut b) = (db.owner_pool().begin().await.unwrap(), db.owner_pool().begin().await.unwrap());
        set_in(&mut a, first.0, first.1).await;
        let waiting = pid(&mut b).await;
        tokio::join!(
            async {
                set_in(&mut b, second.0, second.1).await;
                b.commit().await.unwrap();
            },
            async {
                wait_blocked(&db, waiting).await;
                a.commit().await.unwrap();
            }
        );
        derived(&db).await[&both]
    };
    assert_eq!(race((left, State::Down), (right, State::Down)).await, (State::Down, Some(right)));
    assert_eq!(race((right, State::Up), (left, State::Degraded)).await, (State::Degraded, Some(left)));
    assert_eq!(race((left, State::Up), (right, State::Degraded)).await, (State::Degraded, Some(right)));
    assert_eq!(race((right, State::Up), (left, State::Down)).await, (State::Degraded, Some(left)));
    assert_eq!(race((left, State::Up), (right, State::Down)).await, (State::Down, Some(right)));
}

/// A dependency that is made while its target fails: whichever is first, the other sees it.
#[tokio::test]
async fn a_dependency_is_made_while_its_target_fails() {
    let db = TestDb::new().await;
    let shop = db.workspace("Shop").await;
    for fails_first in [true, false] {
        let (base, api) = (checked(&db, "Database", shop).await, checked(&db, "API", shop).await);
        let (mut failing, mut linking) = (db.owner_pool().begin().await.unwrap(), db.owner_pool().begin().await.unwrap());
        let (failing_pid, linking_pid) = (pid(&mut failing).await, pid(&mut linking).await);
        let link = async |tx: &mut PgConnection| graph::insert_edge(tx, EdgeKind::DependsOn, api, base).await.unwrap();
        if fails_first {
            set_in(&mut failing, base, State::Down).await;
            tokio::join!(
                async {
                    link(&mut linking).await;
                    linking.commit().await.unwrap();
                },
                async {
                    wait_blocked(&db, linking_pid).await;
                    failing.commit().await.unwrap();
                }
            );
        } else {
            link(&mut linking).await;
            tokio::join!(
                async {
                    set_in(&mut failing, base, State::Down).await;
                    failing.commit().await.unwrap();
                },
                async {
                    wait_blocked(&db, failing_pid).await;
                    linking.commit().await.unwrap();
                }
            );
        }
        assert_eq!(derived(&db).await[&api], (State::Degraded, Some(base)), "fails first: {fails_first}");
    }
}

/// The plain rule, one system at a time.
struct Reference {
    own: HashMap<Uuid, State>,
    edges: HashMap<(Uuid, Uuid), Impact>,
}

fn severity(state: State) -> i32 {
    match state {
        State::Down => 2,
        State::Degraded => 1,
        State::Up | State::Unknown => 0,
    }
}

impl Reference {
    /// What it is, and the system that explains it.
    fn told(&self, id: Uuid) -> (State, Option<Uuid>) {
        let own = self.own[&id];
        let led = self
            .edges
            .iter()
            .filter(|((source, _), _)| *source == id)
            .filter_map(|((_, target), impact)| {
                let (state, root) = self.told(*target);
                impact.passes_on(state).map(|state| (state, root))
            })
            .max_by_key(|(state, root)| (severity(*state), std::cmp::Reverse(*root)));
        match led {
            Some((state, root)) if severity(state) >= severity(own) => (state, root),
            _ => (own, (severity(own) > 0).then_some(id)),
        }
    }

    fn derived(&self) -> HashMap<Uuid, Derived> {
        let told = self.own.keys().map(|id| {
            let (state, root) = self.told(*id);
            (*id, (state, root.filter(|_| severity(self.own[id]) == 0)))
        });
        told.collect()
    }

    fn reaches(&self, from: Uuid, to: Uuid) -> bool {
        from == to || self.edges.keys().any(|(source, target)| *source == from && self.reaches(*target, to))
    }
}

const SEEDS: u64 = 12;
const STEPS: u64 = 40;
const SYSTEMS: usize = 9;

/// Whatever happens in whichever order, what is derived is what the plain rule says.
#[tokio::test]
async fn derived_states_are_what_the_plain_rule_says() {
    let db = TestDb::new().await;
    let shop = db.workspace("Shop").await;
    for seed in 0..SEEDS {
        let mut random = StdRng::seed_from_u64(seed);
        sqlx::query("delete from nodes where kind = 'system'").execute(db.owner_pool()).await.unwrap();
        let mut ids = Vec::new();
        for number in 0..SYSTEMS {
            ids.push(checked(&db, &format!("System {number}"), shop).await);
        }
        let mut reference = Reference { own: ids.iter().map(|id| (*id, State::Up)).collect(), edges: HashMap::new() };
        for step in 0..STEPS {
            random_step(&db, &mut random, &mut ids, &mut reference).await;
            assert_eq!(derived(&db).await, reference.derived(), "seed {seed}, step {step}");
        }
    }
}

async fn random_step(db: &TestDb, random: &mut StdRng, ids: &mut Vec<Uuid>, reference: &mut Reference) {
    let one = ids[random.random_range(0..ids.len())];
    let other = ids[random.random_range(0..ids.len())];
    let impact = Impact::ALL[random.random_range(0..Impact::ALL.len())];
    match random.random_range(0..20) {
        0 if ids.len() > 3 => {
            db.delete(one).await;
            ids.retain(|id| *id != one);
            reference.own.remove(&one);
            reference.edges.retain(|(source, target), _| *source != one && *target != one);
        }
        1..=2 => {
            let statement = "delete from edges where kind = 'depends_on' and source_id = $1";
            sqlx::query(statement).bind(one).execute(db.owner_pool()).await.unwrap();
            reference.edges.retain(|(source, _), _| *source != one);
        }
        3..=9 if one != other => {
            if reference.edges.contains_key(&(one, other)) {
                let statement = "update edges set attrs = $3 where source_id = $1 and target_id = $2 and kind = 'depends_on'";
                let attrs = json!(impact.into_attrs());
                sqlx::query(statement).bind(one).bind(other).bind(attrs).execute(db.owner_pool()).await.unwrap();
            } else if reference.reaches(other, one) {
                let mut there = db.owner_pool().acquire().await.unwrap();
                let circle = graph::insert_edge(&mut there, EdgeKind::DependsOn, one, other).await;
                assert_eq!(refused(circle), "edges_depends_on_acyclic");
                return;
            } else {
                depend(db, one, other, impact).await;
            }
            reference.edges.insert((one, other), impact);
        }
        _ => {
            let state = State::ALL[random.random_range(0..State::ALL.len())];
            set(db, one, state).await;
            reference.own.insert(one, state);
        }
    }
}
