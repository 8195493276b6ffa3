//! `scope_access` follows grants and containment, in the same transaction.

use domain::{EdgeKind, Level};
use testkit::TestDb;
use uuid::Uuid;

async fn level(db: &TestDb, person: Uuid, scope: Uuid) -> Option<Level> {
    store::access::list_levels(db.pool(), person).await.unwrap().into_iter().find(|(id, _)| *id == scope).map(|(_, level)| level)
}

#[tokio::test]
async fn the_highest_of_all_ways_counts() {
    let db = TestDb::new().await;
    let (kari, ops, shop) = (db.person("kari").await, db.team("Ops").await, db.workspace("Shop").await);
    assert_eq!(level(&db, kari, shop).await, None);
    db.grant(kari, EdgeKind::Reader, shop).await;
    assert_eq!(level(&db, kari, shop).await, Some(Level::Reader));
    db.grant(kari, EdgeKind::MemberOf, ops).await;
    db.grant(ops, EdgeKind::Owner, shop).await;
    assert_eq!(level(&db, kari, shop).await, Some(Level::Owner));
    db.revoke(ops, EdgeKind::Owner, shop).await;
    assert_eq!(level(&db, kari, shop).await, Some(Level::Reader));
    db.revoke(kari, EdgeKind::Reader, shop).await;
    assert_eq!(level(&db, kari, shop).await, None);
    db.grant(ops, EdgeKind::Admin, shop).await;
    assert_eq!(level(&db, kari, shop).await, Some(Level::Admin));
    db.delete(ops).await;
    assert_eq!(level(&db, kari, shop).await, None);
}

#[tokio::test]
async fn nested_scopes_inherit_unless_isolated() {
    let db = TestDb::new().await;
    let (kari, shop) = (db.person("kari").await, db.workspace("Shop").await);
    let outer = db.group("Outer", shop).await;
    let inner = db.group("Inner", outer).await;
    let system = db.system("Checkout", inner).await;
    db.grant(kari, EdgeKind::MemberOf, shop).await;
    db.make_scope(inner).await;
    assert_eq!(crate::scope_of(&db, system).await, inner);
    assert_eq!(level(&db, kari, inner).await, Some(Level::Member));
    let isolate = |isolated: bool| {
        sqlx::query("update scopes set isolated = $2 where node_id = $1").bind(inner).bind(isolated).execute(db.owner_pool())
    };
    isolate(true).await.unwrap();
    assert_eq!(level(&db, kari, inner).await, None);
    db.grant(kari, EdgeKind::Reader, inner).await;
    assert_eq!(level(&db, kari, inner).await, Some(Level::Reader));
    isolate(false).await.unwrap();
    assert_eq!(level(&db, kari, inner).await, Some(Level::Member));
    // A move to another workspace takes other grants.
    let other = db.workspace("Other").await;
    db.move_to(inner, other).await;
    assert_eq!(level(&db, kari, inner).await, Some(Level::Reader));
    // It stops being a scope: its grants go, and its nodes belong to the scope around it.
    sqlx::query("delete from scopes where node_id = $1").bind(inner).execute(db.owner_pool()).await.unwrap();
    assert_eq!((level(&db, kari, inner).await, crate::scope_of(&db, system).await), (None, other));
    let grants: i64 = sqlx::query_scalar("select count(*) from edges where target_id = $1 and kind = 'reader'")
        .bind(inner)
        .fetch_one(db.owner_pool())
        .await
        .unwrap();
    assert_eq!(grants, 0);
}

#[tokio::test]
async fn each_change_of_access_is_logged_before_it_is_seen() {
    let db = TestDb::new().await;
    let (kari, shop) = (db.person("kari").await, db.workspace("Shop").await);
    db.grant(kari, EdgeKind::Reader, shop).await;
    db.grant(kari, EdgeKind::Admin, shop).await;
    db.revoke(kari, EdgeKind::Admin, shop).await;
    db.delete(kari).await;
    let ops: Vec<String> =
        sqlx::query_scalar("select op from change_log where entity = 'access' and id = $1 and scope_id = $2 order by seq")
            .bind(kari)
            .bind(shop)
            .fetch_all(db.superuser_pool())
            .await
            .unwrap();
    assert_eq!(ops, ["insert", "update", "update", "delete"]);
}

#[tokio::test]
async fn disabling_somebody_signs_them_out() {
    let db = TestDb::new().await;
    let kari = db.person("kari").await;
    let statements = "insert into sessions (id, token_hash, person_id, expires_at) select gen_random_uuid(), 'a', node_id, 'infinity' from people;
        insert into api_tokens (id, token_hash, person_id, name, access) select gen_random_uuid(), 'b', node_id, 'ci', 'read' from people;
        insert into sign_in_links (token_hash, person_id, expires_at) select 'c', node_id, 'infinity' from people;
        update people set disabled = true";
    sqlx::raw_sql(statements).execute(db.owner_pool()).await.unwrap();
    let left: i64 = sqlx::query_scalar(
        "select (select count(*) from sessions) + (select count(*) from api_tokens) + (select count(*) from sign_in_links)",
    )
    .fetch_one(db.owner_pool())
    .await
    .unwrap();
    assert_eq!(left, 0, "{kari}");
    let told: Vec<String> = sqlx::query_scalar("select entity from change_log where op = 'delete' order by entity")
        .fetch_all(db.superuser_pool())
        .await
        .unwrap();
    assert_eq!(told, ["session", "token"]);
}
