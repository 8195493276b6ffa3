//! What triggers and constraints keep, whoever writes.

use crate::{refused, scope_of, version};
use domain::node::{INSTANCE_ID, NodeKind};
use domain::{EdgeKind, Level};
use testkit::{TestDb, graph};
use uuid::Uuid;

#[tokio::test]
async fn versions_rise_with_each_change() {
    let db = TestDb::new().await;
    let shop = db.workspace("Shop").await;
    let system = db.system("Checkout", shop).await;
    let before = version(&db, system).await;
    let update = |sql: &'static str| sqlx::query(sql).bind(system).execute(db.owner_pool());
    update("update nodes set title = 'Till' where id = $1").await.unwrap();
    assert_eq!(version(&db, system).await, before + 1);
    // A version that somebody sets does not count.
    update("update nodes set version = 99 where id = $1").await.unwrap();
    assert_eq!(version(&db, system).await, before + 2);
    update("update systems set interval_s = 30 where node_id = $1").await.unwrap();
    assert_eq!(version(&db, system).await, before + 3);
    // Two writes of a facet in one transaction are one change.
    let mut tx = db.owner_pool().begin().await.unwrap();
    for seconds in [40, 50] {
        sqlx::query("update systems set interval_s = $1 where node_id = $2")
            .bind(seconds)
            .bind(system)
            .execute(&mut *tx)
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    assert_eq!(version(&db, system).await, before + 4);
    let edge = db.edge(EdgeKind::RelatesTo, system, shop).await;
    sqlx::query("update edges set attrs = '{\"a\": 1}', version = 7 where id = $1")
        .bind(edge)
        .execute(db.owner_pool())
        .await
        .unwrap();
    assert_eq!(store::edge::find_edge(db.pool(), edge).await.unwrap().unwrap().version, 2);
}

#[tokio::test]
async fn what_follows_from_the_graph_is_not_written_by_hand() {
    let db = TestDb::new().await;
    let (shop, other) = (db.workspace("Shop").await, db.workspace("Other").await);
    let (group, system) = (db.group("Payments", shop).await, db.system("Checkout", shop).await);
    let edge = db.edge(EdgeKind::RelatesTo, group, system).await;
    let update =
        async |sql: &'static str, id: Uuid| refused(sqlx::query(sql).bind(id).bind(other).execute(db.owner_pool()).await);
    assert_eq!(update("update nodes set scope_id = $2 where id = $1", system).await, "nodes_scope_derived");
    assert_eq!(update("update nodes set id = $2 where id = $1", system).await, "nodes_identity_fixed");
    assert_eq!(update("update nodes set kind = 'group' where id = $1 and $2 <> $1", system).await, "nodes_identity_fixed");
    assert_eq!(update("update edges set source_scope_id = $2 where id = $1", edge).await, "edges_scopes_derived");
    assert_eq!(update("update edges set target_id = $2 where id = $1", edge).await, "edges_identity_fixed");
    assert_eq!(update("update edges set kind = 'depends_on' where id = $1 and $2 <> $1", edge).await, "edges_identity_fixed");
    assert_eq!(
        update("delete from nodes where kind = 'instance' and id <> $1 and id <> $2", system).await,
        "nodes_instance_kept"
    );
    assert_eq!(update("delete from scopes where node_id = $2 and node_id <> $1", system).await, "scopes_workspace_kept");
    // A scope that an insert claims is put right by its place.
    let lie = Uuid::now_v7();
    let mut tx = db.owner_pool().begin().await.unwrap();
    let insert = "insert into nodes (id, kind, title, scope_id) values ($1, 'group', 'Liar', $2)";
    sqlx::query(insert).bind(lie).bind(other).execute(&mut *tx).await.unwrap();
    graph::insert_edge(&mut tx, EdgeKind::PartOf, lie, shop).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(scope_of(&db, lie).await, shop);
}

#[tokio::test]
async fn every_node_has_one_place() {
    let db = TestDb::new().await;
    let (shop, other) = (db.workspace("Shop").await, db.workspace("Other").await);
    let group = db.group("Payments", shop).await;
    // Without an edge it is refused at commit.
    let mut tx = db.owner_pool().begin().await.unwrap();
    sqlx::query("insert into nodes (id, kind, title) values (gen_random_uuid(), 'group', 'Orphan')")
        .execute(&mut *tx)
        .await
        .unwrap();
    assert_eq!(refused(tx.commit().await), "nodes_placed");
    let mut tx = db.owner_pool().begin().await.unwrap();
    assert!(graph::delete_edge(&mut tx, EdgeKind::PartOf, group, shop).await.unwrap());
    assert_eq!(refused(tx.commit().await), "nodes_placed");
    let mut tx = db.owner_pool().begin().await.unwrap();
    assert_eq!(refused(graph::insert_edge(&mut tx, EdgeKind::PartOf, group, other).await), "edges_one_parent");
}

#[tokio::test]
async fn containment_is_no_circle_and_not_too_deep() {
    let db = TestDb::new().await;
    let shop = db.workspace("Shop").await;
    let top = db.group("1", shop).await;
    let mut deepest = top;
    // The instance is level 0, the workspace 1, this group 2.
    for level in 3..=32 {
        deepest = db.group(&level.to_string(), deepest).await;
    }
    let mut tx = db.owner_pool().begin().await.unwrap();
    assert_eq!(refused(graph::insert_node(&mut tx, NodeKind::Group, "33", deepest).await), "edges_part_of_depth");
    let mut tx = db.owner_pool().begin().await.unwrap();
    assert_eq!(refused(graph::move_node(&mut tx, top, deepest).await), "edges_part_of_acyclic");
    // Nor by moving a deep tree below another.
    let shelf = db.group("Shelf", shop).await;
    let mut tx = db.owner_pool().begin().await.unwrap();
    assert_eq!(refused(graph::move_node(&mut tx, top, shelf).await), "edges_part_of_depth");
}

#[tokio::test]
async fn a_move_takes_scopes_and_copies_along() {
    let db = TestDb::new().await;
    let (shop, other) = (db.workspace("Shop").await, db.workspace("Other").await);
    let group = db.group("Payments", shop).await;
    let (inner, outer) = (db.system("Inner", group).await, db.system("Outer", shop).await);
    let edge = db.edge(EdgeKind::DependsOn, outer, inner).await;
    db.move_to(group, other).await;
    for id in [group, inner] {
        assert_eq!(scope_of(&db, id).await, other);
    }
    let edge = store::edge::find_edge(db.pool(), edge).await.unwrap().unwrap();
    assert_eq!((edge.source_scope_id, edge.target_scope_id), (shop, other));
    // Its log tells both scopes, so that readers of the old one can be told.
    let moved: Vec<(Uuid, Uuid)> = sqlx::query_as(
        "select id, old_scope_id from change_log where entity = 'node' and op = 'update' and scope_id = $1 and old_scope_id = $2",
    )
    .bind(other)
    .bind(shop)
    .fetch_all(db.superuser_pool())
    .await
    .unwrap();
    let mut ids: Vec<Uuid> = moved.iter().map(|row| row.0).collect();
    ids.sort();
    let mut expect = [group, inner];
    expect.sort();
    assert_eq!(ids, expect);
    // A move within a scope changes what is seen of the node: its parent.
    let before = version(&db, inner).await;
    db.move_to(inner, other).await;
    assert_eq!(version(&db, inner).await, before + 1);
}

#[tokio::test]
async fn domain_and_database_allow_the_same_edges() {
    let db = TestDb::new().await;
    for kind in EdgeKind::ALL {
        for source in NodeKind::ALL {
            for target in NodeKind::ALL {
                for is_scope in [false, true] {
                    let allowed: bool = sqlx::query_scalar("select edge_allowed($1, $2, $3, $4)")
                        .bind(kind.as_str())
                        .bind(source.as_str())
                        .bind(target.as_str())
                        .bind(is_scope)
                        .fetch_one(db.owner_pool())
                        .await
                        .unwrap();
                    assert_eq!(allowed, kind.allows(*source, *target, is_scope), "{kind} {source} {target} {is_scope}");
                }
            }
        }
    }
    // And it is asked at each insert.
    let (kari, shop) = (db.person("kari").await, db.workspace("Shop").await);
    let group = db.group("No scope", shop).await;
    let mut tx = db.owner_pool().begin().await.unwrap();
    assert_eq!(refused(graph::insert_edge(&mut tx, EdgeKind::Admin, kari, group).await), "edges_ends_allowed");
}

#[tokio::test]
async fn kinds_of_the_domain_are_the_databases() {
    let db = TestDb::new().await;
    let check = async |constraint: &str, mut ours: Vec<&str>| {
        let text: String = sqlx::query_scalar("select pg_get_constraintdef(oid) from pg_constraint where conname = $1")
            .bind(constraint)
            .fetch_one(db.superuser_pool())
            .await
            .unwrap();
        let mut theirs: Vec<&str> = text.split('\'').skip(1).step_by(2).collect();
        theirs.sort_unstable();
        ours.sort_unstable();
        assert_eq!(theirs, ours, "{constraint}");
    };
    check("nodes_kind_known", NodeKind::ALL.iter().map(|k| k.as_str()).collect()).await;
    check("edges_kind_known", EdgeKind::ALL.iter().map(|k| k.as_str()).collect()).await;
    check("maintenances_state_known", domain::maintenance::MaintenanceState::ALL.iter().map(|s| s.as_str()).collect()).await;
    check("maintenances_outcome_known", domain::maintenance::Outcome::ALL.iter().map(|o| o.as_str()).collect()).await;
    check("timeline_updates_audience_known", domain::timeline::Audience::ALL.iter().map(|a| a.as_str()).collect()).await;
    check("timeline_edits_audience_known", domain::timeline::Audience::ALL.iter().map(|a| a.as_str()).collect()).await;
    let states = domain::maintenance::MaintenanceState::ALL.iter().map(|s| s.as_str()).filter(|s| *s != "scheduled");
    check(
        "timeline_updates_state_known",
        states.chain(domain::incident::IncidentState::ALL.iter().map(|s| s.as_str())).collect(),
    )
    .await;
    check("incidents_state_known", domain::incident::IncidentState::ALL.iter().map(|s| s.as_str()).collect()).await;
    check("incidents_severity_known", domain::incident::Severity::ALL.iter().map(|s| s.as_str()).collect()).await;
    check("incidents_health_override_known", domain::incident::HealthOverride::ALL.iter().map(|s| s.as_str()).collect()).await;
    check("systems_effective_state_known", domain::system::State::ALL.iter().map(|s| s.as_str()).collect()).await;
    check("systems_state_known", domain::system::State::ALL.iter().map(|s| s.as_str()).collect()).await;
    check("scopes_visibility_known", domain::Visibility::ALL.iter().map(|v| v.as_str()).collect()).await;
    for kind in EdgeKind::ALL {
        let level: Option<i16> =
            sqlx::query_scalar("select grant_level($1)").bind(kind.as_str()).fetch_one(db.owner_pool()).await.unwrap();
        assert_eq!(level, kind.grants().map(Level::as_i16), "{kind}");
    }
}

#[tokio::test]
async fn grants_need_read_committed() {
    let db = TestDb::new().await;
    let (kari, shop) = (db.person("kari").await, db.workspace("Shop").await);
    let mut tx = db.owner_pool().begin().await.unwrap();
    sqlx::query("set transaction isolation level repeatable read").execute(&mut *tx).await.unwrap();
    assert_eq!(refused(graph::insert_edge(&mut tx, EdgeKind::Reader, kari, shop).await), "0A000");
}

#[tokio::test]
async fn logged_tables_are_not_truncated() {
    let db = TestDb::new().await;
    for table in [
        "nodes",
        "edges",
        "scopes",
        "scope_access",
        "sessions",
        "api_tokens",
        "people",
        "systems",
        "maintenances",
        "views",
        "contacts",
        "incidents",
    ] {
        let statement = sqlx::AssertSqlSafe(format!("truncate {table} cascade"));
        assert_eq!(refused(sqlx::query(statement).execute(db.superuser_pool()).await), "0A000", "{table}");
    }
    // Not even where triggers are switched off for replication.
    let mut replica = db.superuser_pool().acquire().await.unwrap();
    sqlx::query("set session_replication_role = replica").execute(&mut *replica).await.unwrap();
    assert_eq!(refused(sqlx::query("truncate sessions").execute(&mut *replica).await), "0A000");
    let logged = "select count(*) from change_log where entity = 'node' and id = $1 and op = 'update'";
    sqlx::query("update nodes set title = 'By a replica' where id = $1").bind(INSTANCE_ID).execute(&mut *replica).await.unwrap();
    assert_eq!(sqlx::query_scalar::<_, i64>(logged).bind(INSTANCE_ID).fetch_one(&mut *replica).await.unwrap(), 1);
}
