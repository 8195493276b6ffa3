//! The server's login has rows, and no more.

use crate::refused;
use testkit::TestDb;

const DENIED: &str = "42501";

#[tokio::test]
async fn the_server_runs_no_ddl() {
    let db = TestDb::new().await;
    for statement in [
        "create table mine (a int)",
        "create schema mine",
        "create function mine() returns int language sql as 'select 1'",
        "create or replace function nowhere() returns uuid language sql as 'select null::uuid'",
        "alter table nodes add column mine int",
        "alter table nodes disable trigger all",
        "drop table edges",
        "drop function lock_graph()",
        "drop trigger refuse_truncate on nodes",
        "create index on nodes (title)",
        "truncate audit_log",
        "alter role synops_server superuser",
        "set role synops_owner",
        "set session_replication_role = replica",
        "select grant_server_role('synops_server')",
        "grant all on nodes to public",
        "copy nodes to program 'true'",
    ] {
        // A right that one lacks may be met as "not the owner", "no right", or a grant of nothing.
        let result = sqlx::raw_sql(statement).execute(db.pool()).await;
        if statement.starts_with("grant all") {
            let public: bool =
                sqlx::query_scalar("select has_table_privilege('public', 'nodes', 'select')").fetch_one(db.pool()).await.unwrap();
            assert!(!public, "{statement}");
        } else {
            assert_eq!(refused(result), DENIED, "{statement}");
        }
    }
}

#[tokio::test]
async fn what_triggers_write_is_not_written_by_the_server() {
    let db = TestDb::new().await;
    db.forget_partitions().await;
    let made =
        store::partition::keep_partitions(db.pool(), store::partition::Partitioned::ChangeLog, crate::SOON * 1000).await.unwrap();
    let leaf = made.unwrap().trim_start_matches("made ").to_owned();
    for statement in [
        "insert into change_log (entity, id, op) values ('node', gen_random_uuid(), 'insert')".to_owned(),
        "delete from change_log".to_owned(),
        "update change_log set op = 'update'".to_owned(),
        "insert into change_log_default (entity, id, op) values ('node', gen_random_uuid(), 'insert')".to_owned(),
        "delete from change_log_default".to_owned(),
        "select * from audit_log_default".to_owned(),
        // A partition that was made later, too.
        format!("insert into {leaf} (entity, id, op) values ('node', gen_random_uuid(), 'insert')"),
        format!("delete from {leaf}"),
        "insert into scope_access (scope_id, person_id, level) select node_id, node_id, 4 from scopes".to_owned(),
        "update scope_access set level = 4".to_owned(),
        "delete from scope_access".to_owned(),
        "update change_log_horizon set dropped_xid = '0'".to_owned(),
        "insert into tombstones (id, version) values (gen_random_uuid(), 1)".to_owned(),
        "update tombstones set version = 0".to_owned(),
    ] {
        let result = sqlx::raw_sql(sqlx::AssertSqlSafe(statement.clone())).execute(db.pool()).await;
        assert_eq!(refused(result), DENIED, "{statement}");
    }
}
