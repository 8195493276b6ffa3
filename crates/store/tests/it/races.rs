//! Two transactions at once. Each interleaving is forced: one goes on when the other is seen to
//! wait for it. Where a lock is missing, nobody waits, and the test fails.

use crate::{pid, refused, scope_of, wait_blocked};
use domain::EdgeKind;
use domain::node::NodeKind;
use testkit::{TestDb, graph};

#[tokio::test]
async fn a_team_is_granted_while_somebody_leaves_it() {
    let db = TestDb::new().await;
    let (kari, ops, shop) = (db.person("kari").await, db.team("Ops").await, db.workspace("Shop").await);
    db.grant(kari, EdgeKind::MemberOf, ops).await;
    let (mut granting, mut leaving) = (db.owner_pool().begin().await.unwrap(), db.owner_pool().begin().await.unwrap());
    graph::insert_edge(&mut granting, EdgeKind::Reader, ops, shop).await.unwrap();
    let waiting = pid(&mut leaving).await;
    tokio::join!(
        async {
            assert!(graph::delete_edge(&mut leaving, EdgeKind::MemberOf, kari, ops).await.unwrap());
            leaving.commit().await.unwrap();
        },
        async {
            wait_blocked(&db, waiting).await;
            granting.commit().await.unwrap();
        }
    );
    assert_eq!(store::access::list_levels(db.pool(), kari).await.unwrap(), []);
}

#[tokio::test]
async fn somebody_leaves_a_team_while_it_is_granted() {
    let db = TestDb::new().await;
    let (kari, ops, shop) = (db.person("kari").await, db.team("Ops").await, db.workspace("Shop").await);
    db.grant(kari, EdgeKind::MemberOf, ops).await;
    let (mut granting, mut leaving) = (db.owner_pool().begin().await.unwrap(), db.owner_pool().begin().await.unwrap());
    assert!(graph::delete_edge(&mut leaving, EdgeKind::MemberOf, kari, ops).await.unwrap());
    let waiting = pid(&mut granting).await;
    tokio::join!(
        async {
            graph::insert_edge(&mut granting, EdgeKind::Reader, ops, shop).await.unwrap();
            granting.commit().await.unwrap();
        },
        async {
            wait_blocked(&db, waiting).await;
            leaving.commit().await.unwrap();
        }
    );
    assert_eq!(store::access::list_levels(db.pool(), kari).await.unwrap(), []);
}

#[tokio::test]
async fn crossed_moves_make_no_circle() {
    let db = TestDb::new().await;
    let shop = db.workspace("Shop").await;
    let (one, other) = (db.group("One", shop).await, db.group("Other", shop).await);
    let (mut first, mut second) = (db.owner_pool().begin().await.unwrap(), db.owner_pool().begin().await.unwrap());
    graph::move_node(&mut first, one, other).await.unwrap();
    let waiting = pid(&mut second).await;
    tokio::join!(
        async { assert_eq!(refused(graph::move_node(&mut second, other, one).await), "edges_part_of_acyclic") },
        async {
            wait_blocked(&db, waiting).await;
            first.commit().await.unwrap();
        }
    );
    second.rollback().await.unwrap();
    assert_eq!(store::node::find_node(db.pool(), other).await.unwrap().unwrap().parent_id, Some(shop));
    assert_eq!(store::node::find_node(db.pool(), one).await.unwrap().unwrap().parent_id, Some(other));
}

#[tokio::test]
async fn a_child_made_during_a_move_gets_the_new_scope() {
    let db = TestDb::new().await;
    let (shop, other) = (db.workspace("Shop").await, db.workspace("Other").await);
    let group = db.group("Payments", shop).await;
    let (mut moving, mut making) = (db.owner_pool().begin().await.unwrap(), db.owner_pool().begin().await.unwrap());
    graph::move_node(&mut moving, group, other).await.unwrap();
    let waiting = pid(&mut making).await;
    let (child, ()) = tokio::join!(
        async {
            let child = graph::insert_node(&mut making, NodeKind::Group, "Child", group).await.unwrap();
            making.commit().await.unwrap();
            child
        },
        async {
            wait_blocked(&db, waiting).await;
            moving.commit().await.unwrap();
        }
    );
    assert_eq!(scope_of(&db, child).await, other);
}

#[tokio::test]
async fn a_move_waits_for_a_child_in_the_making() {
    let db = TestDb::new().await;
    let (shop, other) = (db.workspace("Shop").await, db.workspace("Other").await);
    let group = db.group("Payments", shop).await;
    let below = db.group("Below", group).await;
    let (mut moving, mut making) = (db.owner_pool().begin().await.unwrap(), db.owner_pool().begin().await.unwrap());
    // Below a node that the move comes to only in its course.
    let child = graph::insert_node(&mut making, NodeKind::Group, "Child", below).await.unwrap();
    let waiting = pid(&mut moving).await;
    tokio::join!(
        async {
            graph::move_node(&mut moving, group, other).await.unwrap();
            moving.commit().await.unwrap();
        },
        async {
            wait_blocked(&db, waiting).await;
            making.commit().await.unwrap();
        }
    );
    for id in [group, below, child] {
        assert_eq!(scope_of(&db, id).await, other);
    }
}

#[tokio::test]
async fn a_scope_is_made_while_its_parent_is_granted() {
    let db = TestDb::new().await;
    let (kari, shop) = (db.person("kari").await, db.workspace("Shop").await);
    let group = db.group("Payments", shop).await;
    let (mut granting, mut making) = (db.owner_pool().begin().await.unwrap(), db.owner_pool().begin().await.unwrap());
    graph::insert_edge(&mut granting, EdgeKind::Reader, kari, shop).await.unwrap();
    let waiting = pid(&mut making).await;
    tokio::join!(
        async {
            sqlx::query("insert into scopes (node_id) values ($1)").bind(group).execute(&mut *making).await.unwrap();
            making.commit().await.unwrap();
        },
        async {
            wait_blocked(&db, waiting).await;
            granting.commit().await.unwrap();
        }
    );
    let mut scopes: Vec<_> = store::access::list_levels(db.pool(), kari).await.unwrap().into_iter().map(|(id, _)| id).collect();
    scopes.sort();
    let mut expect = vec![shop, group];
    expect.sort();
    assert_eq!(scopes, expect);
}
