//! The test kit itself, on the suite's PostgreSQL.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use domain::EdgeKind;
use domain::node::INSTANCE_ID;
use sqlx::Connection;
use sqlx::postgres::PgConnection;
use std::time::Duration;
use testkit::{TcpProxy, TestDb, wait_until};

async fn exists(db: &mut PgConnection, name: &str) -> bool {
    sqlx::query_scalar("select exists (select from pg_database where datname = $1)").bind(name).fetch_one(db).await.unwrap()
}

/// The suite's superuser, in a database that outlives the test's.
async fn outside(db: &TestDb) -> PgConnection {
    let url = db.superuser_url().replace(db.name(), "postgres");
    PgConnection::connect(&url).await.unwrap()
}

#[tokio::test]
async fn databases_are_migrated_and_apart() {
    let (one, other) = tokio::join!(TestDb::new(), TestDb::new());
    let workspace = one.workspace("Only here").await;
    assert_eq!(store::migrate::level(other.pool()).await.unwrap(), store::migrate::Level::Current);
    assert!(store::node::find_node(one.pool(), workspace).await.unwrap().is_some());
    assert!(store::node::find_node(other.pool(), workspace).await.unwrap().is_none());
}

#[tokio::test]
async fn a_failing_test_drops_its_database_too() {
    let db = TestDb::new().await;
    let name = db.name().to_owned();
    let mut outside = outside(&db).await;
    assert!(exists(&mut outside, &name).await);
    let failing = std::thread::Builder::new().spawn(move || {
        let _held = db;
        std::panic::resume_unwind(Box::new("as a failing test does"));
    });
    assert!(failing.unwrap().join().is_err());
    assert!(!exists(&mut outside, &name).await);
}

#[tokio::test]
async fn logins_are_who_they_say() {
    let db = TestDb::new().await;
    for (url, role) in [(db.server_url(), "synops_server"), (db.owner_url(), "synops_owner")] {
        let mut login = PgConnection::connect(&url).await.unwrap();
        let user: String = sqlx::query_scalar("select session_user::text").fetch_one(&mut login).await.unwrap();
        assert_eq!(user, role);
    }
    let mut server = PgConnection::connect(&db.server_url()).await.unwrap();
    assert!(sqlx::query("set role synops_owner").execute(&mut server).await.is_err());
}

#[tokio::test]
async fn a_proxy_stands_before_the_database() {
    let db = TestDb::new().await;
    let proxy = TcpProxy::start(db.target()).await;
    let mut through = PgConnection::connect(&db.server_url_via(proxy.address())).await.unwrap();
    sqlx::query("select 1").execute(&mut through).await.unwrap();
    proxy.cut();
    wait_until("the cut to be felt", Duration::from_secs(10), async || {
        sqlx::query("select 1").execute(&mut through).await.is_err()
    })
    .await;
    proxy.stop().await;
}

#[tokio::test]
async fn builders_keep_the_rules_of_the_graph() {
    let db = TestDb::new().await;
    let (kari, ops, shop) = (db.person("kari").await, db.team("Ops").await, db.workspace("Shop").await);
    let group = db.group("Payments", shop).await;
    let system = db.system("Checkout", group).await;
    db.grant(kari, EdgeKind::MemberOf, ops).await;
    db.grant(ops, EdgeKind::Admin, shop).await;
    let level = store::access::find_level(db.pool(), Some(kari), shop).await.unwrap();
    assert_eq!(level, Some(domain::Level::Admin));
    db.revoke(kari, EdgeKind::MemberOf, ops).await;
    assert_eq!(store::access::find_level(db.pool(), Some(kari), shop).await.unwrap(), None);
    let node = store::node::find_node(db.pool(), system).await.unwrap().unwrap();
    assert_eq!((node.scope_id, node.parent_id), (shop, Some(group)));
    assert_eq!(store::node::find_node(db.pool(), shop).await.unwrap().unwrap().parent_id, Some(INSTANCE_ID));
}
