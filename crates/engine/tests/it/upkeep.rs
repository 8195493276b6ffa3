//! What is made and cleared away in time.

use crate::{Running, SOON};
use domain::limits::INSTANCES_KEPT;
use testkit::{TestDb, wait_until};
use uuid::Uuid;

async fn count(db: &TestDb, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(db.superuser_pool()).await.unwrap()
}

const LEAVES: &str = "select count(*) from pg_inherits where inhparent in
    ('change_log'::regclass, 'check_runs'::regclass, 'audit_log'::regclass, 'job_history'::regclass)";
const EXPIRED: &str = "select (select count(*) from idempotency_keys) + (select count(*) from tombstones)
    + (select count(*) from sessions) + (select count(*) from sign_in_links) + (select count(*) from instances where name = 'gone')";

#[tokio::test]
async fn two_engines_keep_partitions_and_clear_what_expired() {
    let db = TestDb::new().await;
    db.forget_partitions().await;
    let kari = db.person("kari").await;
    let old = "clock_timestamp() - interval '100 days'";
    let statements = [
        format!(
            "insert into idempotency_keys (caller, key, request_hash, created_at) select 'a', g::text, '', {old} from generate_series(1, 2500) g"
        ),
        format!("insert into tombstones (id, version, deleted_at) values (gen_random_uuid(), 3, {old})"),
        format!("insert into sessions (id, token_hash, person_id, expires_at) values (gen_random_uuid(), 'a', '{kari}', {old})"),
        format!("insert into sign_in_links (token_hash, person_id, expires_at) values ('a', '{kari}', {old})"),
        format!(
            "insert into instances (id, name, version, roles, seen_at) values (gen_random_uuid(), 'gone', '1', '{{}}', {old})"
        ),
        // What still counts.
        "insert into idempotency_keys (caller, key, request_hash) values ('b', 'fresh', '')".to_owned(),
        "insert into tombstones (id, version) values (gen_random_uuid(), 3)".to_owned(),
        format!(
            "insert into sessions (id, token_hash, person_id, expires_at) values (gen_random_uuid(), 'b', '{kari}', 'infinity')"
        ),
    ];
    for statement in statements {
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(db.owner_pool()).await.unwrap();
    }
    assert!(INSTANCES_KEPT.as_secs() < 100 * 86_400);
    let before = store::partition::count_caught(db.pool()).await.unwrap();
    assert!(before > 0, "without partitions rows go to the net");
    let engines = [0, 1].map(|_| {
        Running::start(&db, |config| {
            config.probes = false;
            config.work = Some(engine::WorkConfig::new(db.server_url()));
        })
    });
    // Eight days each for three tables, three months for one (or one more at a turn), and the nets.
    wait_until("the partitions", SOON, async || count(&db, LEAVES).await >= 4 + 8 + 8 + 8 + 3).await;
    wait_until("the expired rows to go", SOON, async || count(&db, EXPIRED).await == 3).await;
    wait_until("the nets to be empty", SOON, async || store::partition::count_caught(db.pool()).await.unwrap() == 0).await;
    for engine in engines {
        engine.stop().await;
    }
    // A write now goes into its day.
    let workspace: Uuid = db.workspace("Later").await;
    let leaf: String = sqlx::query_scalar("select tableoid::regclass::text from change_log where id = $1 limit 1")
        .bind(workspace)
        .fetch_one(db.superuser_pool())
        .await
        .unwrap();
    assert!(leaf.starts_with("change_log_p"), "{leaf}");
}
