//! Announcements begin and end when they are due, and reminders come when they are: once, over several servers.

use crate::{Running, SOON};
use domain::EdgeKind;
use domain::node::NodeKind;
use std::time::Duration;
use testkit::{TestDb, graph, wait_until};
use uuid::Uuid;

/// An announcement whose begin and end lie so many seconds ahead.
async fn announcement(db: &TestDb, workspace: Uuid, starts_s: f64, ends_s: f64) -> Uuid {
    let mut tx = db.owner_pool().begin().await.unwrap();
    let id = graph::insert_node(&mut tx, NodeKind::Announcement, "News", workspace).await.unwrap();
    let statement = "insert into announcements (node_id, audience, starts_at, ends_at) values ($1, 'all',
        clock_timestamp() + make_interval(secs => $2), clock_timestamp() + make_interval(secs => $3))";
    sqlx::query(statement).bind(id).bind(starts_s).bind(ends_s).execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn visibility(db: &TestDb, id: Uuid) -> String {
    sqlx::query_scalar("select visibility from scopes where node_id = $1").bind(id).fetch_one(db.owner_pool()).await.unwrap()
}

async fn count(db: &TestDb, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(db.owner_pool()).await.unwrap()
}

async fn subscribe(db: &TestDb, person: Uuid) {
    sqlx::query("insert into subscriptions (id, subscriber_id, subscriber_kind) values (gen_random_uuid(), $1, 'person')")
        .bind(person)
        .execute(db.owner_pool())
        .await
        .unwrap();
}

#[tokio::test]
async fn it_is_seen_from_its_begin_to_its_end_and_told_once() {
    let db = TestDb::new().await;
    let (workspace, kari) = (db.workspace("Payments").await, db.person("kari").await);
    subscribe(&db, kari).await;
    let id = announcement(&db, workspace, 2.0, 5.0).await;
    assert_eq!(visibility(&db, id).await, "members");
    let servers: Vec<Running> = (0..3).map(|_| Running::start(&db, |config| config.probes = false)).collect();
    wait_until("everybody sees it", SOON, async || visibility(&db, id).await == "public").await;
    let early = "select count(*) from announcements where state = 'active' and starts_at > clock_timestamp()";
    assert_eq!(count(&db, early).await, 0);
    wait_until("nobody sees it any more", SOON, async || visibility(&db, id).await == "members").await;
    assert_eq!(count(&db, "select count(*) from announcements where state = 'ended' and ends_at <= clock_timestamp()").await, 1);
    // Each move once, whoever looked; and one word about it.
    assert_eq!(count(&db, "select count(*) from audit_log where action = 'advance_announcement'").await, 2);
    assert_eq!(count(&db, "select sum(count)::int8 from notifications where kind = 'announcement'").await, 1);
    for server in servers {
        server.stop().await;
    }
}

/// Slept through: nobody is told of what was over before anybody looked.
#[tokio::test]
async fn one_that_was_slept_through_is_over() {
    let db = TestDb::new().await;
    let (workspace, kari) = (db.workspace("Payments").await, db.person("kari").await);
    subscribe(&db, kari).await;
    let id = announcement(&db, workspace, -20.0, -10.0).await;
    let server = Running::start(&db, |config| config.probes = false);
    wait_until("it is over", SOON, async || count(&db, "select count(*) from announcements where state = 'ended'").await == 1)
        .await;
    assert_eq!((visibility(&db, id).await.as_str(), count(&db, "select count(*) from notifications").await), ("members", 0));
    server.stop().await;
}

#[tokio::test]
async fn people_are_reminded_once_and_not_of_what_they_were_just_told() {
    let db = TestDb::new().await;
    let (workspace, kari) = (db.workspace("Payments").await, db.person("kari").await);
    db.grant(kari, EdgeKind::Reader, workspace).await;
    subscribe(&db, kari).await;
    let system = db.system("Checkout", workspace).await;
    // Of the second, two reminders were due while nobody looked; of the first, that it is planned was said later.
    db.maintenance("just planned", workspace, (900.0, 1_500.0), &[system]).await;
    let due = db.maintenance("planned long ago", workspace, (900.0, 1_500.0), &[system]).await;
    sqlx::query("update maintenances set window_set_at = clock_timestamp() - interval '10 days' where node_id = $1")
        .bind(due)
        .execute(db.owner_pool())
        .await
        .unwrap();
    let servers: Vec<Running> = (0..3).map(|_| Running::start(&db, |config| config.probes = false)).collect();
    let told =
        async || count(&db, "select coalesce(sum(count), 0)::int8 from notifications where kind = 'maintenance_reminder'").await;
    wait_until("somebody is reminded", SOON, async || told().await > 0).await;
    for server in servers {
        // Each has looked again before it ends.
        tokio::time::timeout(Duration::from_secs(30), server.stop()).await.unwrap();
    }
    assert_eq!(told().await, 1);
    let named: Vec<String> = sqlx::query_scalar("select title from notifications").fetch_all(db.owner_pool()).await.unwrap();
    assert_eq!(named, ["Maintenance begins soon: planned long ago"]);
    assert_eq!(count(&db, "select count(*) from maintenance_reminders").await, 2);
}
