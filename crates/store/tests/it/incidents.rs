//! Incidents in the database: what they say of systems, whom they keep quiet, and what stays when things go.

use crate::{pid, refused, version, wait_blocked};
use domain::incident::{IncidentPatch, IncidentState};
use domain::timeline::{Audience, StateChange, UpdatePatch};
use domain::{EdgeKind, NodeKind};
use serde_json::json;
use sqlx::PgConnection;
use store::timeline::NewUpdateRow;
use testkit::{TestDb, graph};
use uuid::Uuid;

async fn insert(db: &mut PgConnection, parent_id: Uuid, says: Option<&str>, affects: &[Uuid]) -> Uuid {
    let id = graph::insert_node(db, NodeKind::Incident, "Something is wrong", parent_id).await.unwrap();
    let statement = "insert into incidents (node_id, health_override) values ($1, $2)";
    sqlx::query(statement).bind(id).bind(says).execute(&mut *db).await.unwrap();
    for target_id in affects {
        graph::insert_edge(db, EdgeKind::Affects, id, *target_id).await.unwrap();
    }
    id
}

async fn incident(db: &TestDb, parent_id: Uuid, says: Option<&str>, affects: &[Uuid]) -> Uuid {
    let mut tx = db.owner_pool().begin().await.unwrap();
    let id = insert(&mut tx, parent_id, says, affects).await;
    tx.commit().await.unwrap();
    id
}

async fn run(db: &TestDb, statement: &'static str, id: Uuid) {
    sqlx::query(statement).bind(id).execute(db.owner_pool()).await.unwrap();
}

async fn effective(db: &TestDb, id: Uuid) -> String {
    let statement = "select effective_state from systems where node_id = $1";
    sqlx::query_scalar(statement).bind(id).fetch_one(db.owner_pool()).await.unwrap()
}

async fn checked(db: &TestDb, title: &str, parent_id: Uuid) -> Uuid {
    let id = db.checked_system(title, parent_id, Some(json!({ "type": "tcp", "address": "127.0.0.1:9" }))).await;
    run(db, "update systems set state = 'up' where node_id = $1", id).await;
    id
}

#[tokio::test]
async fn an_open_incident_says_how_things_are() {
    let db = TestDb::new().await;
    let shop = db.workspace("Shop").await;
    let (group, aside) = (db.group("Cards", shop).await, db.group("Aside", shop).await);
    let (inner, named) = (checked(&db, "Inner", db.group("Deep", group).await).await, checked(&db, "Named", shop).await);
    let page = checked(&db, "Page", shop).await;
    db.edge(EdgeKind::DependsOn, page, named).await;
    let id = incident(&db, shop, Some("down"), &[group, named]).await;
    let all = async || (effective(&db, inner).await, effective(&db, named).await, effective(&db, page).await);
    let are = |inner: &str, named: &str, page: &str| (inner.to_owned(), named.to_owned(), page.to_owned());
    assert_eq!(all().await, are("down", "down", "degraded"));
    // A check that finds it up does not make it so.
    run(&db, "update systems set state = 'degraded' where node_id = $1", named).await;
    assert_eq!(effective(&db, named).await, "down");
    run(&db, "update systems set state = 'up' where node_id = $1", named).await;
    run(&db, "update incidents set health_override = 'degraded' where node_id = $1", id).await;
    assert_eq!(all().await, are("degraded", "degraded", "degraded"));
    // What is made in the group, or put there, shares its fate; what leaves does not.
    let new = db.system("New", group).await;
    assert_eq!(effective(&db, new).await, "degraded");
    db.move_to(new, aside).await;
    assert_eq!(effective(&db, new).await, "unknown");
    db.move_to(new, group).await;
    assert_eq!(effective(&db, new).await, "degraded");
    run(&db, "delete from edges where target_id = $1 and kind = 'affects'", named).await;
    assert_eq!(all().await, are("degraded", "up", "up"));
    run(&db, "update incidents set state = 'resolved', resolved_at = now() where node_id = $1", id).await;
    assert_eq!(all().await, are("up", "up", "up"));
    run(&db, "update incidents set state = 'investigating', resolved_at = null where node_id = $1", id).await;
    assert_eq!(effective(&db, inner).await, "degraded");
    let before = version(&db, inner).await;
    db.delete(id).await;
    assert_eq!((all().await, version(&db, inner).await), (are("up", "up", "up"), before + 1));
}

/// A system that is put into a group while an incident of the group is opened, either way round.
#[tokio::test]
async fn a_system_joins_a_group_while_its_incident_is_opened() {
    let db = TestDb::new().await;
    let shop = db.workspace("Shop").await;
    let (group, aside) = (db.group("Cards", shop).await, db.group("Aside", shop).await);
    for opened_first in [true, false] {
        let system = checked(&db, "Mover", aside).await;
        let (mut opening, mut moving) = (db.owner_pool().begin().await.unwrap(), db.owner_pool().begin().await.unwrap());
        let (opening_pid, moving_pid) = (pid(&mut opening).await, pid(&mut moving).await);
        if opened_first {
            insert(&mut opening, shop, Some("down"), &[group]).await;
            tokio::join!(
                async {
                    graph::move_node(&mut moving, system, group).await.unwrap();
                    moving.commit().await.unwrap();
                },
                async {
                    wait_blocked(&db, moving_pid).await;
                    opening.commit().await.unwrap();
                }
            );
        } else {
            graph::move_node(&mut moving, system, group).await.unwrap();
            tokio::join!(
                async {
                    insert(&mut opening, shop, Some("down"), &[group]).await;
                    opening.commit().await.unwrap();
                },
                async {
                    wait_blocked(&db, opening_pid).await;
                    moving.commit().await.unwrap();
                }
            );
        }
        assert_eq!(effective(&db, system).await, "down", "opened first: {opened_first}");
        run(&db, "delete from nodes where kind = 'incident' and $1 is not null", shop).await;
        assert_eq!(effective(&db, system).await, "up");
    }
}

#[tokio::test]
async fn who_is_kept_quiet() {
    let db = TestDb::new().await;
    let shop = db.workspace("Shop").await;
    let group = db.group("Cards", shop).await;
    let (inner, named, aside) = (db.system("Inner", group).await, db.system("Named", shop).await, db.system("Aside", shop).await);
    let all = [inner, named, aside];
    let quiet = async || store::incident::list_suppressed_systems(db.pool(), &all).await.unwrap();
    let id = incident(&db, shop, None, &[group]).await;
    assert!(quiet().await.is_empty());
    run(&db, "update incidents set suppress = true where node_id = $1", id).await;
    assert_eq!(quiet().await, [inner]);
    // Nobody has started this one yet, but its time has come.
    db.maintenance("Late", shop, (-60.0, 60.0), &[named]).await;
    db.maintenance("Ahead", shop, (60.0, 120.0), &[aside]).await;
    assert_eq!(quiet().await, [inner, named]);
    run(&db, "update maintenances set state = 'cancelled', outcome = 'cancelled' where node_id <> $1", shop).await;
    run(&db, "update incidents set state = 'resolved', resolved_at = now() where node_id = $1", id).await;
    assert!(quiet().await.is_empty());
}

#[tokio::test]
async fn moves_and_kinds_are_the_domains() {
    let db = TestDb::new().await;
    for (from, to) in IncidentState::ALL.iter().flat_map(|from| IncidentState::ALL.iter().map(move |to| (*from, *to))) {
        let theirs: bool = sqlx::query_scalar("select incident_move_allowed($1, $2)")
            .bind(from.as_str())
            .bind(to.as_str())
            .fetch_one(db.owner_pool())
            .await
            .unwrap();
        assert_eq!(theirs, from.may_become(to), "{from} {to}");
    }
    let shop = db.workspace("Shop").await;
    let id = incident(&db, shop, None, &[]).await;
    run(&db, "update incidents set state = 'resolved', resolved_at = now() where node_id = $1", id).await;
    let update = sqlx::query("update incidents set state = 'fixing', resolved_at = null where node_id = $1").bind(id);
    assert_eq!(refused(update.execute(db.owner_pool()).await), "incidents_moves_allowed");
}

#[tokio::test]
async fn one_open_automatic_incident_by_cause() {
    let db = TestDb::new().await;
    let shop = db.workspace("Shop").await;
    let system = db.system("Checkout", shop).await;
    let mut made = Vec::new();
    for _ in 0..2 {
        let mut tx = db.owner_pool().begin().await.unwrap();
        let id = graph::insert_node(&mut tx, NodeKind::Incident, "Checkout is down", shop).await.unwrap();
        made.push(store::incident::insert_incident(&mut *tx, id, &IncidentPatch::default(), Some(system)).await);
        tx.commit().await.ok();
    }
    assert!(made[0].is_ok());
    assert_eq!(refused(made.remove(1)), "incidents_one_by_cause");
}

#[tokio::test]
async fn what_was_said_before_is_kept() {
    let db = TestDb::new().await;
    let shop = db.workspace("Shop").await;
    let id = incident(&db, shop, None, &[]).await;
    let state_change = Some(StateChange::Incident(IncidentState::Fixing));
    let said = NewUpdateRow { node_id: id, by: None, message: "The disk burns.", audience: Audience::Internal, state_change };
    store::timeline::insert_update(db.pool(), said).await.unwrap();
    let told = store::timeline::list_updates(db.pool(), id, Audience::ALL, None, 10).await.unwrap();
    assert_eq!((told[0].state_change, told[0].version, told[0].edited_at), (state_change, 1, None));
    let before = version(&db, id).await;
    let patch = UpdatePatch { message: Some("A disk is replaced.".to_owned()), audience: Some(Audience::Public) };
    let mut there = db.pool().acquire().await.unwrap();
    store::timeline::update_update(&mut there, &told[0], &patch, Some((shop, "Kari"))).await.unwrap();
    assert_eq!(version(&db, id).await, before + 1, "an edit is news of its incident");
    let now = store::timeline::find_update(db.pool(), id, told[0].id).await.unwrap().unwrap();
    assert_eq!((now.message.as_str(), now.audience, now.version), ("A disk is replaced.", Audience::Public, 2));
    assert!(now.edited_at.is_some() && now.at == told[0].at);
    let edits = async |audiences: &[Audience]| store::timeline::list_edits(db.pool(), now.id, audiences, None, 10).await.unwrap();
    assert_eq!(edits(&[Audience::Public, Audience::SignedIn]).await, []);
    let kept = edits(Audience::ALL).await;
    assert_eq!((kept[0].message.as_str(), kept[0].audience, kept.len()), ("The disk burns.", Audience::Internal, 1));
    // Of another incident it is not there.
    let other = incident(&db, shop, None, &[]).await;
    assert_eq!(store::timeline::find_update(db.pool(), other, now.id).await.unwrap(), None);
    db.delete(id).await;
    let left: i64 = sqlx::query_scalar("select (select count(*) from timeline_updates) + (select count(*) from timeline_edits)")
        .fetch_one(db.owner_pool())
        .await
        .unwrap();
    assert_eq!(left, 0);
}

/// A deleted system leaves nothing behind but what tells of it.
#[tokio::test]
async fn a_deleted_system_is_cleaned_up() {
    let db = TestDb::new().await;
    let shop = db.workspace("Shop").await;
    let group = db.group("Cards", shop).await;
    let (system, other) = (checked(&db, "Checkout", group).await, checked(&db, "Second", group).await);
    let page = checked(&db, "Page", shop).await;
    let kari = db.person("kari").await;
    db.edge(EdgeKind::ContactOf, kari, system).await;
    db.edge(EdgeKind::DependsOn, page, system).await;
    let window = db.maintenance("Disks", shop, (60.0, 120.0), &[system]).await;
    let both = db.maintenance("Both", shop, (600.0, 720.0), &[system, other]).await;
    let over = db.maintenance("Over", shop, (60.0, 120.0), &[system]).await;
    run(&db, "update maintenances set state = 'cancelled', outcome = 'cancelled' where node_id = $1", over).await;
    let trouble = incident(&db, shop, Some("down"), &[system]).await;
    assert_eq!(effective(&db, page).await, "degraded");
    let before = version(&db, window).await;
    db.delete(system).await;
    assert_eq!(effective(&db, page).await, "up");
    let left: i64 = sqlx::query_scalar("select count(*) from edges where source_id = $1 or target_id = $1")
        .bind(system)
        .fetch_one(db.owner_pool())
        .await
        .unwrap();
    assert_eq!(left, 0);
    let told = async |id: Uuid| {
        let told = store::timeline::list_updates(db.pool(), id, Audience::ALL, None, 10).await.unwrap();
        told.into_iter().map(|update| update.message).collect::<Vec<_>>()
    };
    let emptied = ["What it affected was deleted: nothing of it is left."];
    assert_eq!(
        (told(window).await, told(trouble).await),
        (emptied.map(str::to_owned).to_vec(), emptied.map(str::to_owned).to_vec())
    );
    assert_eq!((told(both).await, told(over).await), (Vec::<String>::new(), Vec::new()));
    assert_eq!(version(&db, window).await, before + 1);
    // What somebody takes from it by hand is their own affair; what goes with its group is told.
    run(&db, "delete from edges where source_id = $1 and kind = 'affects'", both).await;
    assert_eq!(told(both).await, Vec::<String>::new());
    let third = db.maintenance("Group", shop, (60.0, 120.0), &[other]).await;
    db.delete(group).await;
    assert_eq!(told(third).await, emptied.map(str::to_owned).to_vec());
}
