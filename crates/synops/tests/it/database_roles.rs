//! The server's login works with rows alone.

use crate::app::{config, start};
use crate::program::run;
use synops::exit::Misconfigured;
use testkit::TestDb;

async fn refused(db: &TestDb, url: String) -> String {
    let mut settings = config(db);
    settings.database_url = Some(url.into());
    let error = start(settings).await.expect_err("it is refused");
    assert!(error.is::<Misconfigured>(), "{error:#}");
    format!("{error:#}")
}

#[tokio::test]
async fn logins_that_could_change_the_schema_are_refused_with_what_to_do() {
    let db = TestDb::new().await;
    let error = refused(&db, db.superuser_url()).await;
    assert!(error.contains("superuser") && error.contains("create role synops_server login"), "{error}");
    let error = refused(&db, db.owner_url()).await;
    assert!(error.contains("it owns") && error.contains("synops migrate"), "{error}");
    // A role that was put on afterwards does not hide the login.
    let error = refused(&db, format!("{}&options=-c%20role%3Dsynops_server", db.superuser_url())).await;
    assert!(error.contains("superuser"), "{error}");
}

#[tokio::test]
async fn rights_that_crept_in_are_found_and_the_advice_takes_them_away() {
    let db = TestDb::new().await;
    sqlx::query("grant create on schema public to synops_server").execute(db.owner_pool()).await.unwrap();
    let error = refused(&db, db.server_url()).await;
    let advice =
        error.lines().find(|line| line.trim_start().starts_with("revoke create on schema")).expect("the statement").trim();
    sqlx::raw_sql(sqlx::AssertSqlSafe(advice.to_owned())).execute(db.owner_pool()).await.unwrap();
    let (server, runtime) = start(config(&db)).await.unwrap();
    server.stop().await.unwrap();
    runtime.shutdown_background();

    sqlx::query("grant trigger on nodes to synops_server").execute(db.owner_pool()).await.unwrap();
    let error = refused(&db, db.server_url()).await;
    assert!(error.contains("revoke trigger on all tables"), "{error}");
}

#[tokio::test]
async fn the_servers_login_is_refused_ddl_by_the_database() {
    let db = TestDb::new().await;
    for ddl in [
        "create table x (y int)",
        "alter table nodes add column x int",
        "drop table nodes",
        "create index x on nodes (title)",
        "alter table nodes disable trigger all",
        "create trigger x before insert on nodes for each row execute function nodes_before_insert()",
        "create schema x",
        "create or replace function nowhere() returns uuid language sql as 'select null::uuid'",
        "drop function nowhere()",
        "truncate nodes",
        "set role synops_owner",
    ] {
        let refused = sqlx::query(ddl).execute(db.pool()).await.unwrap_err();
        let code = refused.as_database_error().and_then(|e| e.code()).map(std::borrow::Cow::into_owned);
        assert_eq!(code.as_deref(), Some("42501"), "{ddl}: {refused}");
    }
}

#[tokio::test]
async fn a_database_without_the_schema_says_how_to_get_it() {
    let db = TestDb::new().await;
    sqlx::raw_sql(
        "drop schema public cascade; create schema public authorization synops_owner; grant usage on schema public to public",
    )
    .execute(db.superuser_pool())
    .await
    .unwrap();
    let ended = run(&["serve"], &[("DATABASE_URL", &db.server_url()), ("SYNOPS_LISTEN", "127.0.0.1:0")]).await;
    ended.check(78, "no schema yet").check(78, "synops migrate");
}
