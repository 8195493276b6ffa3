//! The server as a whole: start, first sign-in, stop.

use crate::app::{TestApp, config, start};
use serde_json::json;
use std::time::Duration;
use synops::exit::Misconfigured;
use testkit::{TestDb, wait_until};

const SOON: Duration = Duration::from_secs(10);

#[tokio::test]
async fn it_is_healthy_and_gets_ready() {
    let mut app = TestApp::start().await;
    let client = app.client();
    assert_eq!(client.get("/healthz").await.status, 200);
    wait_until("readiness", SOON, async || client.get("/readyz").await.status == 200).await;
    assert_eq!(client.get("/metrics").await.status, 200);
    assert_eq!(client.get("/api/v1/nowhere").await.json()["code"], "not_found");
    app.stop();
}

#[tokio::test]
async fn the_first_start_gives_one_link_that_works_once() {
    let app = TestApp::start().await;
    let administrator = app.administrator().await;
    let me = administrator.get("/api/v1/me").await.ok();
    assert_eq!((&me["person"]["title"], &me["instance_admin"]), (&json!("Administrator"), &json!(true)));

    let link = app.ready.sign_in_url.clone().unwrap();
    let token = link.split_once('#').unwrap().1;
    let again = app.client().post("/api/v1/session/link", json!({ "token": token })).await;
    assert_eq!(again.status, 401, "{}", again.text);

    let second = app.second().await;
    assert_eq!(second.ready.sign_in_url, None);
    let me = second.client().get("/api/v1/me").await.ok();
    assert!(me["person"].is_null(), "{me}");
}

#[tokio::test]
async fn two_first_starts_at_once_make_one_administrator() {
    let db = TestDb::new().await;
    let (one, two) = tokio::join!(start(config(&db)), start(config(&db)));
    let (one, two) = (one.unwrap(), two.unwrap());
    let links = [&one.0, &two.0].into_iter().filter(|server| server.ready.sign_in_url.is_some()).count();
    let people = store::person::list_people(db.pool(), 10).await.unwrap();
    assert_eq!((links, people.len()), (1, 1), "{people:?}");
    for (server, runtime) in [one, two] {
        server.stop().await.unwrap();
        runtime.shutdown_background();
    }
}

#[tokio::test]
async fn a_database_that_does_not_answer_is_told() {
    let db = TestDb::new().await;
    let mut settings = config(&db);
    settings.database_url = Some("postgres://synops_server@127.0.0.1:1/synops".into());
    let error = start(settings).await.unwrap_err();
    assert!(format!("{error:#}").contains("the database does not answer"), "{error:#}");
    // A supervisor may try again.
    assert!(!error.chain().any(|cause| cause.is::<Misconfigured>()));
}

#[tokio::test]
async fn wrong_ranges_of_checks_are_configuration() {
    let db = TestDb::new().await;
    let mut settings = config(&db);
    settings.checks.allow = vec!["169.254.0.0/99".to_owned()];
    let error = start(settings).await.unwrap_err();
    assert!(error.is::<Misconfigured>() && format!("{error:#}").contains("checks.allow"), "{error:#}");
}
