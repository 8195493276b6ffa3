//! `synops doctor`: fine where it is, and advice where it isn't.

use crate::program::{Ended, run};
use serde_json::Value;
use std::time::Duration;
use store::partition::Partitioned;
use testkit::TestDb;
use tokio::net::TcpListener;

fn level<'a>(ended: &'a Ended, name: &str, findings: &'a mut Vec<Value>) -> (String, String) {
    *findings = serde_json::from_str(&ended.out).unwrap_or_else(|error| panic!("{error}: {ended:?}"));
    let finding = findings.iter().find(|f| f["name"] == name).unwrap_or_else(|| panic!("{name} is not in {}", ended.out));
    (finding["level"].as_str().unwrap_or_default().to_owned(), finding["advice"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_good_set_up_passes() {
    let db = TestDb::new().await;
    // As a server's upkeep does it.
    for table in Partitioned::ALL {
        while store::partition::keep_partitions(db.pool(), table, Duration::from_secs(48 * 3600)).await.unwrap().is_some() {}
    }
    let url = db.server_url();
    let variables = [("DATABASE_URL", url.as_str()), ("SYNOPS_LISTEN", "127.0.0.1:0")];
    let ended = run(&["doctor", "--json"], &variables).await;
    ended.check(0, "");
    let mut findings = Vec::new();
    for name in [
        "configuration",
        "listen address",
        "database",
        "server's login",
        "migrations",
        "grants",
        "schema",
        "clocks",
        "partitions",
        "files",
    ] {
        assert_eq!(level(&ended, name, &mut findings).0, "ok", "{name}: {}", ended.out);
    }
    let text = run(&["doctor"], &variables).await;
    assert!(text.out.contains("ok    schema: as the migrations make it"), "{}", text.out);
}

#[tokio::test]
async fn where_strangers_become_devices_is_looked_at() {
    let db = TestDb::new().await;
    let url = db.server_url();
    let variables = [("DATABASE_URL", url.as_str()), ("SYNOPS_TELEMETRY_ENROL", "auto"), ("SYNOPS_TELEMETRY_ENROL_IN", "Fleet")];
    let mut findings = Vec::new();
    for (workspaces, expect) in [(0, "fail"), (1, "ok"), (2, "fail")] {
        if workspaces > 0 {
            db.workspace("Fleet").await;
        }
        let found = level(&run(&["doctor", "--json"], &variables).await, "enrolment of devices", &mut findings);
        assert_eq!(found.0, expect, "{workspaces}: {found:?}");
    }
}

#[tokio::test]
async fn whose_the_folder_of_files_is_is_looked_at() {
    let (db, dir) = (TestDb::new().await, tempfile::tempdir().unwrap());
    let (url, files) = (db.server_url(), dir.path().to_string_lossy().into_owned());
    let variables = [("DATABASE_URL", url.as_str()), ("SYNOPS_FILES_DIR", &files)];
    let mut findings = Vec::new();
    let ours = store::database::find_identity(db.pool()).await.unwrap();
    for (owner, expect) in [(ours.as_str(), None), ("another", Some("warn"))] {
        std::fs::write(dir.path().join("owner"), owner).unwrap();
        let ended = run(&["doctor", "--json"], &variables).await;
        assert_eq!(level(&ended, "files", &mut findings).0, "ok");
        let found = findings.iter().find(|finding| finding["name"] == "owner of files");
        assert_eq!(found.map(|finding| finding["level"].as_str().unwrap()), expect, "{}", ended.out);
    }
}

#[tokio::test]
async fn what_is_broken_fails_with_advice() {
    let db = TestDb::new().await;
    let taken = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    sqlx::raw_sql("alter table nodes add column colour text; revoke select on edges from synops_server")
        .execute(db.owner_pool())
        .await
        .unwrap();
    let url = db.server_url();
    let ended = run(&["doctor", "--json"], &[("DATABASE_URL", &url), ("SYNOPS_LISTEN", &listen)]).await;
    ended.check(1, "");
    let mut findings = Vec::new();
    let mut check = |name: &str, advice: &str| {
        let found = level(&ended, name, &mut findings);
        assert!(found.0 == "fail" && found.1.contains(advice), "{name}: {found:?}");
    };
    check("listen address", "SYNOPS_LISTEN");
    check("schema", "synops schema check");
    check("grants", "synops migrate");

    let owner = db.owner_url();
    let ended = run(&["doctor", "--json"], &[("DATABASE_URL", &owner), ("SYNOPS_LISTEN", "127.0.0.1:0")]).await;
    ended.check(1, "");
    let found = level(&ended, "server's login", &mut findings);
    assert!(found.0 == "fail" && found.1.contains("create role synops_server"), "{found:?}");

    let ended = run(&["doctor", "--json"], &[("DATABASE_URL", "postgres://a@127.0.0.1:1/b")]).await;
    ended.check(1, "");
    assert_eq!(level(&ended, "database", &mut findings).0, "fail");
}
