//! Incidents that systems' rules open and end: once, whoever else looks.

use crate::{Running, SOON};
use domain::EdgeKind;
use domain::incident::{Incident, IncidentState};
use domain::node::{Facet, Node};
use domain::timeline::Audience;
use serde_json::json;
use testkit::{TestDb, wait_until};
use uuid::Uuid;

fn engine(db: &TestDb) -> Running {
    Running::start(db, |config| config.probes = false)
}

async fn ruled(db: &TestDb, title: &str, parent_id: Uuid, after_s: Option<i32>) -> Uuid {
    let id = db.checked_system(title, parent_id, Some(json!({ "type": "tcp", "address": "127.0.0.1:9" }))).await;
    let statement = "update systems set incident_after_s = $2, incident_auto_resolve = true where node_id = $1";
    sqlx::query(statement).bind(id).bind(after_s).execute(db.owner_pool()).await.unwrap();
    id
}

async fn set(db: &TestDb, id: Uuid, state: &str) {
    let statement = "update systems set state = $2 where node_id = $1";
    sqlx::query(statement).bind(id).bind(state).execute(db.owner_pool()).await.unwrap();
}

async fn all(db: &TestDb) -> Vec<(Node, Incident)> {
    let ids: Vec<Uuid> = sqlx::query_scalar("select node_id from incidents order by started_at, node_id")
        .fetch_all(db.owner_pool())
        .await
        .unwrap();
    let mut found = Vec::new();
    for id in ids {
        let node = store::node::find_node(db.pool(), id).await.unwrap().unwrap();
        let Some(Facet::Incident(incident)) = node.facet.clone() else { panic!("{node:?}") };
        found.push((node, incident));
    }
    found
}

async fn told(db: &TestDb, id: Uuid) -> Vec<String> {
    let told = store::timeline::list_updates(db.pool(), id, Audience::ALL, None, 10).await.unwrap();
    told.into_iter().rev().map(|update| update.message).collect()
}

/// Waits until both engines have certainly looked again: a system of its own gets its incident after it.
async fn looked(db: &TestDb, parent_id: Uuid) {
    let probe = ruled(db, "Probe", parent_id, Some(0)).await;
    set(db, probe, "down").await;
    wait_until("the probe's incident", SOON, async || all(db).await.iter().any(|(_, i)| i.cause_id == Some(probe))).await;
    db.delete(probe).await;
    sqlx::query("delete from nodes where kind = 'incident' and title = 'Probe is down'").execute(db.owner_pool()).await.unwrap();
}

#[tokio::test]
async fn two_servers_open_and_end_each_incident_once() {
    let db = TestDb::new().await;
    let shop = db.workspace("Shop").await;
    let (one, two) = (engine(&db), engine(&db));
    let mut systems = Vec::new();
    for number in 0..10 {
        systems.push(ruled(&db, &format!("System {number}"), shop, Some(0)).await);
    }
    for id in &systems {
        set(&db, *id, "down").await;
    }
    wait_until("an incident of each", SOON, async || all(&db).await.len() == systems.len()).await;
    looked(&db, shop).await;
    let opened = all(&db).await;
    assert_eq!(opened.len(), systems.len());
    for (node, incident) in &opened {
        assert!(incident.automatic && incident.state == IncidentState::Investigating && node.title.ends_with(" is down"));
        assert_eq!((node.parent_id, node.created_by), (Some(shop), None));
        assert_eq!(told(&db, node.id).await, ["Opened by itself: down for 0 s."]);
    }
    for id in &systems {
        set(&db, *id, "up").await;
    }
    wait_until("the end of each", SOON, async || all(&db).await.iter().all(|(_, i)| i.state == IncidentState::Resolved)).await;
    for (node, _) in all(&db).await {
        assert_eq!(told(&db, node.id).await.last().unwrap(), "Up again: resolved by itself.");
        let logged: i64 = sqlx::query_scalar("select count(*) from audit_log where node_id = $1")
            .bind(node.id)
            .fetch_one(db.pool())
            .await
            .unwrap();
        assert_eq!(logged, 2);
    }
    // The next failure is another incident.
    set(&db, systems[0], "down").await;
    wait_until("another incident", SOON, async || all(&db).await.len() == systems.len() + 1).await;
    one.stop().await;
    two.stop().await;
}

/// No rule, an explained failure, a maintenance, an incident that somebody has ended: nothing is opened.
#[tokio::test]
async fn what_is_explained_gets_no_incident() {
    let db = TestDb::new().await;
    let shop = db.workspace("Shop").await;
    let without = ruled(&db, "Without a rule", shop, None).await;
    let later = ruled(&db, "Later", shop, Some(3_600)).await;
    let (base, behind) = (ruled(&db, "Base", shop, None).await, ruled(&db, "Behind", shop, Some(0)).await);
    let edge = db.edge(EdgeKind::DependsOn, behind, base).await;
    sqlx::query("update edges set attrs = '{\"impact\": \"critical\"}' where id = $1")
        .bind(edge)
        .execute(db.owner_pool())
        .await
        .unwrap();
    let worked_on = ruled(&db, "Worked on", shop, Some(0)).await;
    db.maintenance("Disks", shop, (-60.0, 3_600.0), &[worked_on]).await;
    let private = ruled(&db, "Private", shop, Some(0)).await;
    db.make_scope(private).await;
    for id in [without, later, base, behind, worked_on] {
        set(&db, id, "down").await;
    }
    let engine = engine(&db);
    looked(&db, shop).await;
    assert_eq!(all(&db).await, []);
    // One with access of its own is not named to those around it.
    set(&db, private, "down").await;
    wait_until("an incident", SOON, async || all(&db).await.len() == 1).await;
    let (node, _) = all(&db).await.remove(0);
    assert_eq!(node.title, "A system is down");
    // What somebody has ended while it is down stays ended.
    sqlx::query("update incidents set state = 'resolved', resolved_at = clock_timestamp()")
        .execute(db.owner_pool())
        .await
        .unwrap();
    looked(&db, shop).await;
    assert_eq!(all(&db).await.len(), 1);
    engine.stop().await;
}
