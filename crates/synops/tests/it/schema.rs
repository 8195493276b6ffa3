//! `synops schema`.

use crate::program::run;
use store::schema::{EXPECTED, differences, list_schema};
use testkit::TestDb;

#[tokio::test]
async fn the_committed_schema_is_what_the_migrations_make() {
    let db = TestDb::new().await;
    let live = list_schema(db.pool()).await.unwrap();
    let found: Vec<String> = differences(EXPECTED, &live).iter().map(ToString::to_string).collect();
    assert!(found.is_empty(), "crates/store/src/schema.txt is out of date, run ./dev gen:\n{}", found.join("\n"));
    assert_eq!(EXPECTED, live.join("\n") + "\n", "run ./dev gen");
}

#[tokio::test]
async fn each_injected_difference_is_found() {
    let db = TestDb::new().await;
    let url = db.server_url();
    let variables = [("DATABASE_URL", url.as_str())];
    run(&["schema", "check"], &variables).await.check(0, "");
    // What comes and goes by the day is none.
    sqlx::query("select keep_partitions('change_log', interval '2 days')").execute(db.pool()).await.unwrap();
    run(&["schema", "check"], &variables).await.check(0, "");

    let check = async |ddl: &'static str, expect: &[&str]| {
        sqlx::raw_sql(ddl).execute(db.owner_pool()).await.unwrap();
        let ended = run(&["schema", "check"], &variables).await;
        ended.check(1, "");
        for line in expect {
            assert!(ended.out.lines().any(|l| l.starts_with(line)), "{ddl}: {line:?} is not in\n{}", ended.out);
        }
    };
    check("alter table nodes add column colour text", &["+ column nodes.colour text"]).await;
    check(
        "alter table nodes alter column title drop not null",
        &["- column nodes.title text not null", "+ column nodes.title text"],
    )
    .await;
    check("drop index nodes_by_title", &["- index nodes.nodes_by_title"]).await;
    check("alter table nodes drop constraint nodes_title_length", &["- constraint nodes.nodes_title_length"]).await;
    check(
        "alter table people disable trigger people_disabled",
        &["+ trigger people.people_disabled enabled D", "- trigger people"],
    )
    .await;
    check("alter function lock_graph() security definer", &["+ function lock_graph()", "- function lock_graph()"]).await;
    check("create or replace function nowhere() returns uuid language sql immutable parallel safe as $$ select gen_random_uuid() $$", &["+ function nowhere()"]).await;
    check("create table scratch (a int)", &["+ table scratch", "+ column scratch.a integer"]).await;

    let json = run(&["schema", "check", "--json"], &variables).await;
    json.check(1, "");
    let found: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert!(found["missing"].as_array().is_some_and(|lines| lines.len() >= 5), "{}", json.out);
}
