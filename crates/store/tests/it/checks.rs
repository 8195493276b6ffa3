//! Who checks what when, and what was found.

use crate::SOON;
use chrono::{DateTime, TimeDelta, Utc};
use domain::check::CheckSpec;
use domain::system::State;
use serde_json::json;
use std::time::Duration;
use store::check::{self, Claimed, NewRun};
use testkit::TestDb;
use uuid::Uuid;

const OK: NewRun<'_> = NewRun { ok: true, latency_ms: Some(1.5), error: None };
const FAILED: NewRun<'_> = NewRun { ok: false, latency_ms: None, error: Some("refused") };
const HOUR: Duration = Duration::from_secs(3600);

async fn checked(db: &TestDb, parent: Uuid, title: &str) -> Uuid {
    db.checked_system(title, parent, Some(json!({ "type": "tcp", "address": "127.0.0.1:1" }))).await
}

async fn claim(db: &TestDb) -> Vec<Claimed> {
    check::claim_due(db.pool(), 100, SOON).await.unwrap()
}

/// As if the claimant had died long ago.
async fn end_leases(db: &TestDb) {
    sqlx::query("update check_schedule set lease_until = now() - interval '1 s' where lease_until is not null")
        .execute(db.owner_pool())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_due_check_is_claimed_once() {
    let db = TestDb::new().await;
    let shop = db.workspace("Shop").await;
    let id = checked(&db, shop, "Checkout").await;
    db.system("Not checked", shop).await;
    let off = checked(&db, shop, "Switched off").await;
    sqlx::query("update systems set enabled = false where node_id = $1").bind(off).execute(db.owner_pool()).await.unwrap();
    let claimed = claim(&db).await;
    assert_eq!(claimed.iter().map(|c| c.system_id).collect::<Vec<_>>(), [id]);
    assert_eq!(claimed[0].check, Some(CheckSpec::Tcp { address: "127.0.0.1:1".to_owned() }));
    assert_eq!((claimed[0].state, claimed[0].timeout), (State::Unknown, Duration::from_millis(5000)));
    assert!(claim(&db).await.is_empty());
    assert_eq!(check::finish_run(db.pool(), &claimed[0], OK, HOUR).await.unwrap(), Some(0));
    assert!(claim(&db).await.is_empty(), "not due for an hour");
    let next = check::find_next_due(db.pool()).await.unwrap().unwrap();
    assert!(next > HOUR / 2 && next <= HOUR, "{next:?}");
}

#[tokio::test]
async fn what_one_transaction_claims_another_skips() {
    let db = TestDb::new().await;
    let shop = db.workspace("Shop").await;
    for at in 0..10 {
        checked(&db, shop, &format!("System {at}")).await;
    }
    let mut one = db.pool().begin().await.unwrap();
    let first = check::claim_due(&mut *one, 4, SOON).await.unwrap();
    // Not waiting for the first's commit, and not taking the same.
    let rest = claim(&db).await;
    one.commit().await.unwrap();
    let mut ids: Vec<Uuid> = first.iter().chain(&rest).map(|c| c.system_id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!((first.len(), rest.len(), ids.len()), (4, 6, 10));
}

#[tokio::test]
async fn a_late_claimant_writes_nothing() {
    let db = TestDb::new().await;
    let shop = db.workspace("Shop").await;
    let id = checked(&db, shop, "Checkout").await;
    let lost = claim(&db).await.pop().unwrap();
    end_leases(&db).await;
    let heir = claim(&db).await.pop().unwrap();
    assert_eq!((heir.system_id, heir.fence), (id, lost.fence + 1));
    assert_eq!(check::finish_run(db.pool(), &lost, FAILED, HOUR).await.unwrap(), None);
    check::release_claim(db.pool(), &lost).await.unwrap();
    assert!(claim(&db).await.is_empty(), "the heir's lease stands");
    assert_eq!(check::finish_run(db.pool(), &heir, FAILED, HOUR).await.unwrap(), Some(1));
    // Twice is once.
    assert_eq!(check::finish_run(db.pool(), &heir, FAILED, HOUR).await.unwrap(), None);
    let runs = check::list_runs(db.pool(), id, DateTime::UNIX_EPOCH, far(), None, 10).await.unwrap();
    assert_eq!(runs.iter().map(|r| (r.ok, r.error.as_deref())).collect::<Vec<_>>(), [(false, Some("refused"))]);
}

fn far() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(100_000)
}

#[tokio::test]
async fn another_check_outdates_a_running_one() {
    let db = TestDb::new().await;
    let shop = db.workspace("Shop").await;
    let id = checked(&db, shop, "Checkout").await;
    let old = claim(&db).await.pop().unwrap();
    sqlx::query("update systems set check_spec = '{\"type\": \"tcp\", \"address\": \"b:2\"}' where node_id = $1")
        .bind(id)
        .execute(db.owner_pool())
        .await
        .unwrap();
    assert_eq!(check::finish_run(db.pool(), &old, FAILED, HOUR).await.unwrap(), None);
    assert_eq!(claim(&db).await.pop().unwrap().check, Some(CheckSpec::Tcp { address: "b:2".to_owned() }));
}

#[tokio::test]
async fn check_now_during_a_run_asks_for_another() {
    let db = TestDb::new().await;
    let shop = db.workspace("Shop").await;
    let id = checked(&db, shop, "Checkout").await;
    let plain = db.system("Not checked", shop).await;
    let running = claim(&db).await.pop().unwrap();
    assert!(check::due_now(db.pool(), id).await.unwrap());
    assert!(!check::due_now(db.pool(), plain).await.unwrap());
    assert!(claim(&db).await.is_empty(), "one at a time");
    check::finish_run(db.pool(), &running, OK, HOUR).await.unwrap();
    let again = claim(&db).await.pop().unwrap();
    assert_eq!(again.system_id, id);
    check::finish_run(db.pool(), &again, OK, HOUR).await.unwrap();
    assert!(claim(&db).await.is_empty());
}

#[tokio::test]
async fn failures_are_counted_in_a_row() {
    let db = TestDb::new().await;
    let shop = db.workspace("Shop").await;
    let id = checked(&db, shop, "Checkout").await;
    for (run, expect) in [(FAILED, 1), (FAILED, 2), (OK, 0), (FAILED, 1)] {
        let claimed = claim(&db).await.pop().unwrap();
        assert_eq!(check::finish_run(db.pool(), &claimed, run, HOUR).await.unwrap(), Some(expect));
        check::due_now(db.pool(), id).await.unwrap();
    }
    let stats = check::find_stats(db.pool()).await.unwrap();
    assert_eq!((stats.checked_systems, stats.due, stats.running), (1, 1, 0));
    assert_eq!((stats.runs_last_minute, stats.failures_last_minute), (4, 3));
}

#[tokio::test]
async fn runs_are_paged_newest_first() {
    let db = TestDb::new().await;
    let shop = db.workspace("Shop").await;
    let (id, other) = (checked(&db, shop, "Checkout").await, checked(&db, shop, "Other").await);
    sqlx::query("insert into check_runs (system_id, at, ok, latency_ms) select s, now() - g * interval '1 minute', true, g from generate_series(1, 50) g, unnest($1::uuid[]) s")
        .bind(vec![id, other])
        .execute(db.owner_pool())
        .await
        .unwrap();
    let first = check::list_runs(db.pool(), id, DateTime::UNIX_EPOCH, far(), None, 20).await.unwrap();
    let second = check::list_runs(db.pool(), id, DateTime::UNIX_EPOCH, far(), Some(first[19].at), 100).await.unwrap();
    let latencies: Vec<f32> = first.iter().chain(&second).filter_map(|r| r.latency_ms).collect();
    assert_eq!(latencies, (1..=50_u8).map(f32::from).collect::<Vec<_>>());
    let window = check::list_runs(db.pool(), id, first[9].at, first[4].at, None, 100).await.unwrap();
    assert_eq!(window, first[5..=9]);
    let points = check::list_recent_points(db.pool(), &[other, Uuid::now_v7(), id], 30).await.unwrap();
    let latencies: Vec<f32> = points[2].1.iter().filter_map(|p| p.latency_ms).collect();
    assert_eq!((points[0].0, points[0].1.len(), points[1].1.len()), (other, 30, 0));
    assert_eq!(latencies, (1..=30_u8).rev().map(f32::from).collect::<Vec<_>>());
}

/// No sequential scan over runs or schedules, however many there are.
#[tokio::test]
async fn hot_queries_use_their_indexes() {
    let db = TestDb::new().await;
    let shop = db.workspace("Shop").await;
    for table in store::partition::Partitioned::ALL {
        while store::partition::keep_partitions(db.pool(), table, HOUR * 48).await.unwrap().is_some() {}
    }
    let mut ids = Vec::new();
    for at in 0..40 {
        ids.push(checked(&db, shop, &format!("System {at}")).await);
    }
    // So many that to look at all of them costs more than to look up those that are due, whichever table is
    // the smaller; most of them not due.
    let fill = "insert into nodes (id, kind, title) select gen_random_uuid(), 'system', 'Bulk' from generate_series(1, 10000);
        analyze nodes;
        insert into edges (id, source_id, target_id, kind) select gen_random_uuid(), n.id, w.id, 'part_of' from nodes n, nodes w
          where n.title = 'Bulk' and w.title = 'Shop';
        insert into systems (node_id, check_spec) select id, '{\"type\": \"tcp\", \"address\": \"a:1\"}' from nodes where title = 'Bulk';
        update check_schedule set next_at = now() + interval '1 hour' where system_id in (select id from nodes where title = 'Bulk');
        insert into check_runs (system_id, at, ok, latency_ms)
          select node_id, date_trunc('day', now()) + g * interval '1 ms', true, 1 from systems, generate_series(1, 12) g;
        analyze";
    sqlx::raw_sql(fill).execute(db.superuser_pool()).await.unwrap();
    let mut one = db.pool().acquire().await.unwrap();
    let scans = "select coalesce(sum(seq_scan), 0)::int8 from pg_stat_user_tables
        where (relname like 'check_runs_p%' and n_live_tup > 0) or relname = 'check_schedule'";
    let flush = "select pg_stat_force_next_flush()";
    let look = async || sqlx::query_scalar::<_, i64>(scans).fetch_one(db.superuser_pool()).await.unwrap();
    sqlx::query(flush).execute(&mut *one).await.unwrap();
    let before = look().await;
    check::list_runs(&mut *one, ids[0], DateTime::UNIX_EPOCH, far(), None, 50).await.unwrap();
    check::list_recent_points(&mut *one, &ids, 30).await.unwrap();
    assert_eq!(check::claim_due(&mut *one, 64, SOON).await.unwrap().len(), 40);
    check::find_next_due(&mut *one).await.unwrap();
    check::due_now(&mut *one, ids[0]).await.unwrap();
    sqlx::query(flush).execute(&mut *one).await.unwrap();
    assert_eq!(look().await, before);
    // The count can tell: this one does scan.
    sqlx::query("select count(*) from check_runs where latency_ms > 5").execute(&mut *one).await.unwrap();
    sqlx::query(flush).execute(&mut *one).await.unwrap();
    assert!(look().await > before);
}
