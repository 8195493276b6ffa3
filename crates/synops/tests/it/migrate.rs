//! `synops migrate`: from nothing, again, two at once, and with a role to be made.

use crate::program::run;
use sqlx::AssertSqlSafe;
use store::migrate::Level;
use testkit::TestDb;
use uuid::Uuid;

/// Starts at once.
const MANY: usize = 12;

/// As an administrator hands it over: nothing in it.
async fn emptied() -> TestDb {
    let db = TestDb::new().await;
    sqlx::raw_sql(
        "drop schema public cascade; create schema public authorization synops_owner; grant usage on schema public to public",
    )
    .execute(db.superuser_pool())
    .await
    .expect("an empty database");
    db
}

#[tokio::test]
async fn from_nothing_twice_and_two_at_once() {
    let db = emptied().await;
    let (server, owner) = (db.server_url(), db.owner_url());
    let variables = [("DATABASE_URL", server.as_str()), ("SYNOPS_OWNER_URL", owner.as_str())];
    let (one, two) = tokio::join!(run(&["migrate"], &variables), run(&["migrate"], &variables));
    one.check(0, "");
    two.check(0, "");
    run(&["migrate", "--json"], &variables).await.check(0, "");
    assert_eq!(store::migrate::level(db.pool()).await.unwrap(), Level::Current);
    let applied: i64 = sqlx::query_scalar("select count(*) from _sqlx_migrations").fetch_one(db.pool()).await.unwrap();
    assert_eq!(applied, i64::try_from(store::migrate::MIGRATIONS.iter().count()).unwrap());
    run(&["schema", "check"], &variables).await.check(0, "");
    // Temporary tables are DDL too.
    sqlx::query("create temp table x (y int)").execute(db.pool()).await.unwrap_err();
}

#[tokio::test]
async fn the_servers_role_is_made_with_its_password_when_it_is_missing() {
    let db = TestDb::new().await;
    let role = format!("synops_{}", Uuid::new_v4().simple());
    let server = db.server_url().replace("synops_server", &role).replace("synops-test", "pencil-s3cret");
    // Any login that may not make roles.
    let owner = db.server_url();
    let ended = run(&["migrate"], &[("DATABASE_URL", &server), ("SYNOPS_OWNER_URL", &owner)]).await;
    ended.check(78, "may not make roles").check(78, &format!("create role \"{role}\" login"));
    let owner = db.superuser_url();
    let ended = run(&["migrate"], &[("DATABASE_URL", &server), ("SYNOPS_OWNER_URL", &owner)]).await;
    ended.check(0, "");
    assert!(!ended.err.contains("s3cret"));
    let kept: String = sqlx::query_scalar("select rolpassword from pg_authid where rolname = $1 and rolcanlogin")
        .bind(&role)
        .fetch_one(db.superuser_pool())
        .await
        .unwrap();
    assert!(kept.starts_with("SCRAM-SHA-256$4096:"), "{kept}");
    run(&["schema", "check"], &[("DATABASE_URL", &server)]).await.check(0, "");
    let statement = format!("drop owned by {role}; drop role {role}");
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(db.superuser_pool()).await.unwrap();
}

#[tokio::test]
async fn it_wants_two_logins() {
    let db = TestDb::new().await;
    run(&["migrate"], &[("DATABASE_URL", &db.server_url())]).await.check(78, "SYNOPS_OWNER_URL is not set");
    let owner = db.owner_url();
    run(&["migrate"], &[("DATABASE_URL", &owner), ("SYNOPS_OWNER_URL", &owner)]).await.check(78, "the same login");
    run(&["migrate"], &[("SYNOPS_OWNER_URL", &owner)]).await.check(78, "DATABASE_URL is not");
}

/// Servers of a rolling update all migrate; a right that two grant at once is one that one of them can't.
#[tokio::test]
async fn many_at_once_take_turns() {
    let db = TestDb::new().await;
    let owner = db.owner_url();
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..MANY {
        let owner = owner.clone();
        all.spawn(async move {
            store::migrate::migrate(&owner, "synops_server").await?;
            store::bootstrap::revoke_temporary(&owner).await?;
            anyhow::Ok(())
        });
    }
    let failed: Vec<String> =
        all.join_all().await.into_iter().filter_map(Result::err).map(|error| format!("{error:?}")).collect();
    assert!(failed.is_empty(), "{failed:?}");
}
