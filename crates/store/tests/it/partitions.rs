//! Partitions come late, are kept, and go, and no write ever fails for it.

use crate::{SOON, refused};
use sqlx::postgres::PgConnection;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use store::partition::{Partitioned, count_caught, keep_partitions, may_retry};
use testkit::{TestDb, wait_until};

const TWO_DAYS: Duration = Duration::from_secs(48 * 3600);

/// Until there is nothing left to do; answers what was done.
async fn keep_all(db: &TestDb, table: Partitioned) -> Vec<String> {
    let mut done = Vec::new();
    loop {
        let step = wait_until("a step without a lock in the way", SOON, async || {
            match keep_partitions(db.pool(), table, TWO_DAYS).await {
                Ok(step) => Some(step),
                Err(error) if may_retry(&error) => None,
                Err(error) => panic!("{error}"),
            }
        })
        .await;
        match step {
            Some(step) => done.push(step),
            None => return done,
        }
    }
}

async fn logged(db: &TestDb, leaves: &str) -> i64 {
    sqlx::query_scalar("select count(*) from change_log where tableoid::regclass::text like $1")
        .bind(leaves)
        .fetch_one(db.superuser_pool())
        .await
        .unwrap()
}

#[tokio::test]
async fn a_missing_partition_fails_no_write() {
    let db = TestDb::new().await;
    db.forget_partitions().await;
    db.workspace("Before").await;
    let caught = logged(&db, "change_log_default").await;
    assert!(caught > 0);
    assert!(count_caught(db.pool()).await.unwrap() > 0);
    let done = keep_all(&db, Partitioned::ChangeLog).await;
    assert_eq!(done.len(), 8, "today and seven days ahead: {done:?}");
    assert_eq!((logged(&db, "change_log_default").await, logged(&db, "change_log_p%").await), (0, caught));
    // Once more finds nothing to do.
    assert_eq!(keep_all(&db, Partitioned::ChangeLog).await, Vec::<String>::new());
    assert_eq!(keep_all(&db, Partitioned::CheckRuns).await.len(), 8);
    assert!((3..=4).contains(&keep_all(&db, Partitioned::AuditLog).await.len()));
    db.workspace("After").await;
    assert_eq!((logged(&db, "change_log_default").await, count_caught(db.pool()).await.unwrap()), (0, 0));
}

#[tokio::test]
async fn an_old_partition_goes_and_moves_the_horizon() {
    let db = TestDb::new().await;
    keep_all(&db, Partitioned::ChangeLog).await;
    assert_eq!(store::feed::find_horizon(db.pool()).await.unwrap(), 0);
    let old = "create table change_log_p20200101 (like change_log including all);
        alter table change_log attach partition change_log_p20200101 for values from ('2020-01-01 00:00+00') to ('2020-01-02 00:00+00');
        insert into change_log (xid, at, entity, id, op) values ('7', '2020-01-01 12:00+00', 'node', gen_random_uuid(), 'update'),
            ('4000000042', '2020-01-01 13:00+00', 'node', gen_random_uuid(), 'update')";
    sqlx::raw_sql(old).execute(db.owner_pool()).await.unwrap();
    assert_eq!(keep_all(&db, Partitioned::ChangeLog).await, ["dropped change_log_p20200101"]);
    assert_eq!(store::feed::find_horizon(db.pool()).await.unwrap(), 4_000_000_042);
    assert_eq!(logged(&db, "change_log_p2020%").await, 0);
    assert!(logged(&db, "change_log_p%").await > 0, "the others stay");
}

#[tokio::test]
async fn days_without_a_partition_are_caught_up_or_cleared() {
    let db = TestDb::new().await;
    db.forget_partitions().await;
    keep_all(&db, Partitioned::ChangeLog).await;
    // As if nobody had kept partitions for a while: these rows fell into the net.
    let missed = "insert into change_log (xid, at, entity, id, op) values
        ('41', now() - interval '9 days', 'node', gen_random_uuid(), 'update'),
        ('42', now() - interval '8 days', 'node', gen_random_uuid(), 'update'),
        ('43', now() - interval '1 day', 'node', gen_random_uuid(), 'update')";
    sqlx::raw_sql(missed).execute(db.owner_pool()).await.unwrap();
    assert_eq!(logged(&db, "change_log_default").await, 3);
    let done = keep_all(&db, Partitioned::ChangeLog).await;
    assert_eq!((done.len(), done[0].as_str()), (2, "cleared change_log_default"), "{done:?}");
    assert!(done[1].starts_with("made change_log_p"), "{done:?}");
    assert_eq!(logged(&db, "change_log_default").await, 0);
    assert_eq!(store::feed::find_horizon(db.pool()).await.unwrap(), 42);
    let kept: i64 =
        sqlx::query_scalar("select count(*) from change_log where xid = '43'").fetch_one(db.superuser_pool()).await.unwrap();
    assert_eq!(kept, 1);
}

#[tokio::test]
async fn only_known_tables_and_sane_retentions() {
    let db = TestDb::new().await;
    db.forget_partitions().await;
    let call = async |table: &str, keep: &str| {
        let statement = "select keep_partitions($1, $2::interval)";
        refused(sqlx::query(statement).bind(table.to_owned()).bind(keep.to_owned()).execute(db.pool()).await)
    };
    assert_eq!(call("nodes", "2 days").await, "22023");
    assert_eq!(call("change_log", "59 minutes").await, "22023");
}

#[tokio::test]
async fn an_open_writer_is_waited_for_only_briefly() {
    let db = TestDb::new().await;
    db.forget_partitions().await;
    let mut open = db.owner_pool().begin().await.unwrap();
    sqlx::query("update nodes set title = 'Held open'").execute(&mut *open).await.unwrap();
    let kept = keep_partitions(db.pool(), Partitioned::ChangeLog, TWO_DAYS).await.unwrap_err();
    assert!(may_retry(&kept), "{kept}");
    open.commit().await.unwrap();
    assert_eq!(keep_all(&db, Partitioned::ChangeLog).await.len(), 8);
}

/// Reads the same rows until told to stop: they may move, and are never gone.
async fn read(url: String, stop: &AtomicBool, expect: i64) {
    let mut db = <PgConnection as sqlx::Connection>::connect(&url).await.unwrap();
    while !stop.load(Ordering::SeqCst) {
        let seen: i64 =
            sqlx::query_scalar("select count(*) from change_log where entity = 'node'").fetch_one(&mut db).await.unwrap();
        assert_eq!(seen, expect);
    }
}

/// Writes until told to stop; answers how often.
async fn write(url: String, stop: &AtomicBool) -> i64 {
    let mut db = <PgConnection as sqlx::Connection>::connect(&url).await.unwrap();
    let mut writes = 0;
    while !stop.load(Ordering::SeqCst) {
        sqlx::query("insert into sessions (id, token_hash, person_id, expires_at) select gen_random_uuid(), gen_random_uuid()::text::bytea, node_id, now() from people")
            .execute(&mut db)
            .await
            .expect("no write fails");
        sqlx::query("with s as (select id from sessions limit 1 for update skip locked) delete from sessions where id in (select id from s)")
            .execute(&mut db)
            .await
            .expect("no write fails");
        writes += 1;
    }
    writes
}

#[tokio::test]
async fn late_partitions_come_in_under_load() {
    let db = TestDb::new().await;
    db.forget_partitions().await;
    db.person("kari").await;
    let stop = AtomicBool::new(false);
    let keeping = async {
        wait_until("the writers", SOON, async || logged(&db, "change_log_default").await > 50).await;
        let done = keep_all(&db, Partitioned::ChangeLog).await;
        wait_until("writes into today's partition", SOON, async || logged(&db, "change_log_p%").await > 100).await;
        stop.store(true, Ordering::SeqCst);
        done
    };
    let nodes: i64 =
        sqlx::query_scalar("select count(*) from change_log where entity = 'node'").fetch_one(db.superuser_pool()).await.unwrap();
    let (done, one, two, ()) =
        tokio::join!(keeping, write(db.owner_url(), &stop), write(db.owner_url(), &stop), read(db.superuser_url(), &stop, nodes));
    assert_eq!(done.len(), 8, "{done:?}");
    assert!(one > 0 && two > 0);
    assert_eq!(logged(&db, "change_log_default").await, 0);
}

#[tokio::test]
async fn one_session_at_a_time() {
    let db = TestDb::new().await;
    db.forget_partitions().await;
    let mut other = db.pool().begin().await.unwrap();
    assert!(keep_partitions(&mut *other, Partitioned::ChangeLog, TWO_DAYS).await.unwrap().is_some());
    // Not "nothing left to do": whoever takes it for that would leave the work to nobody.
    assert!(may_retry(&keep_partitions(db.pool(), Partitioned::CheckRuns, TWO_DAYS).await.unwrap_err()));
    other.commit().await.unwrap();
    assert!(keep_partitions(db.pool(), Partitioned::CheckRuns, TWO_DAYS).await.unwrap().is_some());
}
