//! Maintenances: what the database keeps, whoever writes.

use crate::{refused, version};
use domain::EdgeKind;
use domain::maintenance::MaintenanceState;
use domain::node::{Facet, INSTANCE_ID};
use sqlx::Connection;
use testkit::{TestDb, graph};
use uuid::Uuid;

const HOUR: (f64, f64) = (3_600.0, 7_200.0);

async fn facet(db: &TestDb, id: Uuid) -> domain::maintenance::Maintenance {
    match store::node::find_node(db.pool(), id).await.unwrap().unwrap().facet {
        Some(Facet::Maintenance(maintenance)) => maintenance,
        other => panic!("{other:?}"),
    }
}

async fn set(db: &TestDb, id: Uuid, what: &str) -> Result<(), sqlx::Error> {
    let statement = sqlx::AssertSqlSafe(format!("update maintenances set {what} where node_id = $1"));
    sqlx::query(statement).bind(id).execute(db.owner_pool()).await.map(drop)
}

#[tokio::test]
async fn states_move_as_the_domain_says() {
    let db = TestDb::new().await;
    let allowed = async |from: MaintenanceState, to: MaintenanceState| -> bool {
        sqlx::query_scalar("select maintenance_move_allowed($1, $2)")
            .bind(from.as_str())
            .bind(to.as_str())
            .fetch_one(db.owner_pool())
            .await
            .unwrap()
    };
    for from in MaintenanceState::ALL {
        for to in MaintenanceState::ALL {
            assert_eq!(allowed(*from, *to).await, from.may_become(*to), "{from} {to}");
        }
    }
    // And it is asked at each update, of psql too.
    let shop = db.workspace("Shop").await;
    let id = db.maintenance("Disks", shop, HOUR, &[]).await;
    let before = (version(&db, id).await, facet(&db, id).await.fence);
    set(&db, id, "state = 'cancelled', outcome = 'cancelled'").await.unwrap();
    assert_eq!((version(&db, id).await, facet(&db, id).await.fence), (before.0 + 1, before.1 + 1));
    assert_eq!(refused(set(&db, id, "state = 'in_progress', outcome = null").await), "maintenances_moves_allowed");
    let id = db.maintenance("Memory", shop, HOUR, &[]).await;
    for (what, constraint) in [
        ("state = 'cancelled'", "maintenances_outcome_at_end"),
        ("ends_at = starts_at", "maintenances_window_length"),
        ("ends_at = starts_at + interval '31 days'", "maintenances_window_length"),
        ("starts_at = '-infinity'", "maintenances_window_finite"),
        ("links = '{}'", "maintenances_links_array"),
    ] {
        assert_eq!(refused(set(&db, id, what).await), constraint, "{what}");
    }
}

#[tokio::test]
async fn synops_is_taken_down_by_one_at_a_time() {
    let db = TestDb::new().await;
    let first = db.maintenance("First", INSTANCE_ID, HOUR, &[INSTANCE_ID]).await;
    assert!(facet(&db, first).await.affects_instance);
    // What does not take it down may overlap, until it would.
    let other = db.maintenance("Other", INSTANCE_ID, (5_000.0, 9_000.0), &[]).await;
    let mut tx = db.owner_pool().begin().await.unwrap();
    let refusal = refused(graph::insert_edge(&mut tx, EdgeKind::Affects, other, INSTANCE_ID).await);
    assert_eq!(refusal, "maintenances_one_of_synops");
    drop(tx);
    // Next to it, and where it was once it is called off.
    let later = db.maintenance("Later", INSTANCE_ID, (7_300.0, 8_000.0), &[INSTANCE_ID]).await;
    set(&db, first, "state = 'cancelled', outcome = 'cancelled'").await.unwrap();
    db.maintenance("Instead", INSTANCE_ID, HOUR, &[INSTANCE_ID]).await;
    // The edge is what counts.
    let mut tx = db.owner_pool().begin().await.unwrap();
    assert!(graph::delete_edge(&mut tx, EdgeKind::Affects, first, INSTANCE_ID).await.unwrap());
    tx.commit().await.unwrap();
    assert!(!facet(&db, first).await.affects_instance);
    db.delete(later).await;
    assert_eq!(store::node::find_node(db.pool(), later).await.unwrap(), None);
}

#[tokio::test]
async fn a_group_takes_its_systems_along() {
    let db = TestDb::new().await;
    let shop = db.workspace("Shop").await;
    let (group, other) = (db.group("Payments", shop).await, db.group("Other", shop).await);
    let inner = db.group("Cards", group).await;
    let deep = db.system("Deep", inner).await;
    let (named, spared) = (db.system("Named", shop).await, db.system("Spared", shop).await);
    let id = db.maintenance("Disks", shop, HOUR, &[group, named]).await;
    let systems = async || -> Vec<Uuid> {
        sqlx::query_scalar("select system_id from affected_systems($1) order by 1").bind(id).fetch_all(db.pool()).await.unwrap()
    };
    let mut expect = vec![deep, named];
    expect.sort();
    assert_eq!(systems().await, expect);
    assert!(!systems().await.contains(&spared));
    db.move_to(inner, other).await;
    assert_eq!(systems().await, [named]);
}

/// What is affected goes by state and clock together, and is seen by whoever sees both.
#[tokio::test]
async fn what_is_affected_is_derived() {
    let db = TestDb::new().await;
    let (shop, bank, kari) = (db.workspace("Shop").await, db.workspace("Bank").await, db.person("kari").await);
    db.grant(kari, EdgeKind::Reader, shop).await;
    let (ours, theirs) = (db.system("Ours", shop).await, db.system("Theirs", bank).await);
    let id = db.maintenance("Disks", shop, HOUR, &[ours, theirs]).await;
    let filter = |active| store::maintenance::AffectedFilter { active, ..store::maintenance::AffectedFilter::default() };
    let list = async |active| -> Vec<Uuid> {
        let found = store::maintenance::list_affected(db.pool(), Some(kari), filter(active), None, 10).await.unwrap();
        found.into_iter().map(|affected| affected.system_id).collect()
    };
    assert_eq!((list(true).await, list(false).await), (vec![], vec![ours]));
    // Due, but the clock has not come by yet.
    set(&db, id, "starts_at = clock_timestamp() - interval '1 s'").await.unwrap();
    assert_eq!(list(true).await, [ours]);
    set(&db, id, "state = 'in_progress'").await.unwrap();
    assert_eq!(list(true).await, [ours]);
    set(&db, id, "state = 'completed', outcome = 'closed'").await.unwrap();
    assert!(list(false).await.is_empty());
    let stranger = db.person("stranger").await;
    assert_eq!(store::maintenance::list_affected(db.pool(), Some(stranger), filter(false), None, 10).await.unwrap(), []);
}

#[tokio::test]
async fn a_maintenance_goes_with_its_workspace() {
    let db = TestDb::new().await;
    let shop = db.workspace("Shop").await;
    let id = db.maintenance("Disks", shop, HOUR, &[]).await;
    let said = store::timeline::NewUpdateRow {
        node_id: id,
        by: None,
        message: "Soon.",
        audience: domain::timeline::Audience::Public,
        state_change: None,
    };
    let before = version(&db, id).await;
    store::timeline::insert_update(db.pool(), said).await.unwrap();
    assert_eq!(version(&db, id).await, before + 1, "an update is news of its maintenance");
    db.delete(shop).await;
    let left: i64 = sqlx::query_scalar("select count(*) from timeline_updates").fetch_one(db.pool()).await.unwrap();
    assert_eq!((left, store::node::find_node(db.pool(), id).await.unwrap()), (0, None));
}

#[tokio::test]
async fn a_time_s_windows_are_found_by_the_index() {
    let db = TestDb::new().await;
    let workspace = db.workspace("Place").await;
    let mut tx = db.owner_pool().begin().await.unwrap();
    sqlx::query(
        "create temporary table made on commit drop as select gen_random_uuid() as id, n from generate_series(1, 3000) n",
    )
    .execute(&mut *tx)
    .await
    .unwrap();
    for statement in [
        "insert into nodes (id, kind, title) select id, 'maintenance', 'W' || n from made",
        "insert into edges (id, kind, source_id, target_id)
         select gen_random_uuid(), 'part_of', id, (select id from nodes where title = 'Place') from made",
        "insert into maintenances (node_id, starts_at, ends_at) select id, now() + make_interval(hours => n), now() + make_interval(hours => n + 1) from made",
    ] {
        sqlx::query(statement).execute(&mut *tx).await.unwrap();
    }
    tx.commit().await.unwrap();
    sqlx::query("vacuum analyze").execute(db.superuser_pool()).await.unwrap();
    let mut conn = sqlx::PgConnection::connect(&db.owner_url()).await.unwrap();
    let scans = async |conn: &mut sqlx::PgConnection| -> (i64, i64) {
        sqlx::query("select pg_stat_force_next_flush()").execute(&mut *conn).await.unwrap();
        sqlx::query_as(
            "select (select idx_scan from pg_stat_user_indexes where indexrelname = 'maintenances_by_start'),
                    (select seq_scan from pg_stat_user_tables where relname = 'maintenances')",
        )
        .fetch_one(&mut *conn)
        .await
        .unwrap()
    };
    let from: chrono::DateTime<chrono::Utc> =
        sqlx::query_scalar("select now() + interval '1000 hours'").fetch_one(&mut conn).await.unwrap();
    for latest_first in [false, true] {
        let to = Some(from + chrono::TimeDelta::hours(200));
        let filter = store::maintenance::MaintenanceFilter { from: Some(from), to, latest_first, ..Default::default() };
        let before = scans(&mut conn).await;
        for _ in 0..8 {
            let found = store::maintenance::list_maintenances(&mut conn, &[workspace], &filter, None, 50).await.unwrap();
            assert_eq!(found.len(), 50);
        }
        let after = scans(&mut conn).await;
        assert!(after.0 >= before.0 + 8 && after.1 == before.1, "{latest_first}: {before:?} {after:?}");
    }
}
