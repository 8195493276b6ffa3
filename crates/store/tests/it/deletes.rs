//! A delete takes along what hangs on it, and tells of each.

use crate::version;
use domain::EdgeKind;
use serde_json::json;
use testkit::{TestDb, graph};
use uuid::Uuid;

const NOWHERE: Uuid = Uuid::nil();

#[tokio::test]
async fn a_delete_cleans_up_and_is_logged_with_scopes() {
    let db = TestDb::new().await;
    let (kari, ops) = (db.person("kari").await, db.team("Ops").await);
    let (shop, other) = (db.workspace("Shop").await, db.workspace("Other").await);
    let group = db.group("Payments", shop).await;
    let deep = db.group("Deep", group).await;
    let system = db.checked_system("Checkout", deep, Some(json!({ "type": "tcp", "address": "a:1" }))).await;
    let outside = db.system("Outside", other).await;
    let link = db.edge(EdgeKind::DependsOn, outside, system).await;
    db.make_scope(deep).await;
    db.grant(kari, EdgeKind::MemberOf, ops).await;
    db.grant(ops, EdgeKind::Admin, shop).await;
    let stays = version(&db, outside).await;
    let versions = [(group, version(&db, group).await), (deep, version(&db, deep).await), (system, version(&db, system).await)];

    db.delete(group).await;

    let left: i64 = sqlx::query_scalar(
        "select (select count(*) from nodes where id = any($1)) + (select count(*) from edges where source_id = any($1) or target_id = any($1))
              + (select count(*) from systems where node_id = any($1)) + (select count(*) from check_schedule where system_id = any($1))
              + (select count(*) from scopes where node_id = any($1)) + (select count(*) from scope_access where scope_id = any($1))",
    )
    .bind(versions.map(|(id, _)| id).to_vec())
    .fetch_one(db.owner_pool())
    .await
    .unwrap();
    assert_eq!(left, 0);
    // What stays: the workspace, and the node at the link's other end.
    assert_eq!(version(&db, outside).await, stays);
    for (id, before) in versions {
        let (op_version, scope): (i64, Uuid) =
            sqlx::query_as("select version, old_scope_id from change_log where entity = 'node' and op = 'delete' and id = $1")
                .bind(id)
                .fetch_one(db.superuser_pool())
                .await
                .unwrap();
        assert_eq!((op_version, scope), (before + 1, if id == group { shop } else { deep }));
    }
    let logged: (Uuid, Uuid) = sqlx::query_as(
        "select old_scope_id, old_target_scope_id from change_log where entity = 'edge' and op = 'delete' and id = $1",
    )
    .bind(link)
    .fetch_one(db.superuser_pool())
    .await
    .unwrap();
    assert_eq!(logged, (other, deep));
    let unscoped: i64 = sqlx::query_scalar(
        "select count(*) from change_log where op = 'delete' and entity in ('node', 'edge')
           and (old_scope_id is null or old_scope_id = $1 or (entity = 'edge' and (old_target_scope_id is null or old_target_scope_id = $1)))",
    )
    .bind(NOWHERE)
    .fetch_one(db.superuser_pool())
    .await
    .unwrap();
    assert_eq!(unscoped, 0);
}

#[tokio::test]
async fn an_id_made_anew_goes_on_from_its_tombstone() {
    let db = TestDb::new().await;
    let shop = db.workspace("Shop").await;
    let group = db.group("Payments", shop).await;
    sqlx::query("update nodes set title = 'Money' where id = $1").bind(group).execute(db.owner_pool()).await.unwrap();
    let last = version(&db, group).await;
    db.delete(group).await;
    let mut tx = db.owner_pool().begin().await.unwrap();
    sqlx::query("insert into nodes (id, kind, title, version) values ($1, 'group', 'Again', 1)")
        .bind(group)
        .execute(&mut *tx)
        .await
        .unwrap();
    graph::insert_edge(&mut tx, EdgeKind::PartOf, group, shop).await.unwrap();
    tx.commit().await.unwrap();
    // The delete had a version of its own.
    assert!(version(&db, group).await >= last + 2);
    // Old tombstones go, and only they.
    assert_eq!(store::tombstone::delete_old(db.pool(), crate::SOON, 10).await.unwrap(), 0);
    sqlx::query("update tombstones set deleted_at = deleted_at - interval '9 days' where id = $1")
        .bind(group)
        .execute(db.owner_pool())
        .await
        .unwrap();
    assert_eq!(store::tombstone::delete_old(db.pool(), crate::SOON, 10).await.unwrap(), 1);
}

#[tokio::test]
async fn a_workspace_goes_with_all_its_tree() {
    let db = TestDb::new().await;
    let shop = db.workspace("Shop").await;
    let mut parent = db.group("1", shop).await;
    for level in 2..20 {
        parent = db.group(&level.to_string(), parent).await;
        db.system(&format!("System {level}"), parent).await;
    }
    db.team("Stays").await;
    db.delete(shop).await;
    let kinds: Vec<String> = sqlx::query_scalar("select kind from nodes order by kind").fetch_all(db.owner_pool()).await.unwrap();
    assert_eq!(kinds, ["instance", "team"]);
}
