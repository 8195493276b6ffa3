//! Deliveries: to a real mail server and to receivers that answer, refuse, hang and redirect.

use crate::SOON;
use crate::post::{patch_of, place};
use domain::connection::{Channel, ConnectionPatch, Security, Withheld};
use domain::maintenance::{MaintenancePatch, MaintenanceState};
use domain::node::INSTANCE_ID;
use domain::notification::Messenger;
use domain::{Actor, EdgeKind, Intention};
use intentions::{Context, Intentions};
use keyring::Keyring;
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use testkit::http_server::{page, redirect};
use testkit::{HttpServer, MailServer, wait_until};
use uuid::Uuid;

const SECRET: &str = "hunter2-is-what-nobody-reads";

#[tokio::test]
async fn mail_comes_once_with_names_and_the_id_it_was_given() {
    let p = place().await;
    let mail = MailServer::start().await;
    p.connection(Channel::Smtp, patch_of(&mail)).await;
    p.subscribe(None).await;
    p.plan("Nye disker på Bjørnøya").await;
    let worker = p.worker();
    let (attempts, error, log) = p.delivered(Channel::Smtp, "sent").await;
    assert_eq!((attempts, error, log.len()), (1, None, 1));
    let mails = mail.mails();
    let message_id: String = sqlx::query_scalar("select message_id from deliveries").fetch_one(p.db.owner_pool()).await.unwrap();
    assert_eq!(mails.len(), 1);
    let text = &mails[0];
    for part in
        [&format!("Message-ID: {message_id}"), "kari@example.org", "Auto-Submitted: auto-generated", "text/html", "Checkout"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    let kept: String = sqlx::query_scalar("select subject from deliveries").fetch_one(p.db.owner_pool()).await.unwrap();
    assert_eq!(kept, "Maintenance planned: Nye disker på Bjørnøya");
    worker.stop().await;
}

#[tokio::test]
async fn a_receiver_that_fails_is_tried_again_with_the_same_id() {
    let p = place().await;
    let http = HttpServer::start(|_| page("500 Internal Server Error", "hunter2 is busy")).await;
    let hook = p.hook(&http, "/hunter2").await;
    p.subscribe(Some(hook)).await;
    p.plan("Disks").await;
    let worker = p.worker();
    let (_, error, _) = p.delivered(Channel::Webhook, "failed").await;
    assert_eq!(error.as_deref(), Some("it answered 500: hunter2 is busy"));
    p.last_attempt().await;
    // After the last attempt nobody tries any more, and its dead letter is the job's.
    let (attempts, _, log) = p.delivered(Channel::Webhook, "dead").await;
    let attempts = usize::try_from(attempts).unwrap();
    assert_eq!((log.len(), http.requests.load(Ordering::SeqCst)), (attempts, attempts));
    assert!(attempts >= 2, "{attempts}");
    let linked: i64 = sqlx::query_scalar("select count(*) from dead_letters l join deliveries d on d.job_id = l.id")
        .fetch_one(p.db.owner_pool())
        .await
        .unwrap();
    assert_eq!(linked, 1);
    worker.stop().await;
}

#[tokio::test]
async fn what_answers_that_it_will_not_is_not_asked_again_and_nobody_is_led_elsewhere() {
    let p = place().await;
    let inside = HttpServer::start(|_| page("200 OK", "credentials")).await;
    let target = format!("http://{}/", inside.address);
    let outside = HttpServer::start(move |path| match path {
        "/moved" => redirect(&target),
        _ => page("410 Gone", ""),
    })
    .await;
    for path in ["/moved", "/gone"] {
        let hook = p.hook(&outside, path).await;
        p.subscribe(Some(hook)).await;
    }
    // Metadata services: not even asked, by name or number, whatever checks may do.
    let metadata = ConnectionPatch { url: Some(Withheld::new("http://169.254.169.254/latest")), ..Default::default() };
    let metadata = p.connection(Channel::Slack, metadata).await;
    p.subscribe(Some(metadata)).await;
    p.plan("Disks").await;
    let worker = p.worker();
    wait_until("all three are given up", SOON, async || {
        let dead: i64 = sqlx::query_scalar("select count(*) from deliveries where state = 'dead'")
            .fetch_one(p.db.owner_pool())
            .await
            .unwrap();
        dead == 3
    })
    .await;
    let errors: Vec<String> =
        sqlx::query_scalar("select error from deliveries order by channel, error").fetch_all(p.db.owner_pool()).await.unwrap();
    assert_eq!(errors.len(), 3);
    assert!(errors[0].contains("not allowed"), "{errors:?}");
    assert_eq!(errors[1..], ["it answered 302: redirects are not followed", "it answered 410"]);
    assert_eq!((outside.requests.load(Ordering::SeqCst), inside.requests.load(Ordering::SeqCst)), (2, 0));
    worker.stop().await;
}

#[tokio::test]
async fn a_test_message_tells_what_the_other_side_said_without_secrets() {
    let p = place().await;
    let http = HttpServer::start(|path| page("403 Forbidden", &format!("no {path}\u{7}"))).await;
    let slack = ConnectionPatch { url: Some(Withheld::new(format!("http://{}/{SECRET}", http.address))), ..Default::default() };
    let slack = p.connection(Channel::Slack, slack).await;
    let told = p.post().test(slack, None).await.unwrap();
    assert!(!told.ok && told.detail.starts_with("it answered 403: no /"), "{told:?}");
    let mail = MailServer::start().await;
    let smtp = p.connection(Channel::Smtp, patch_of(&mail)).await;
    assert!(p.post().test(smtp, None).await.is_err(), "it needs an address");
    let told = p.post().test(smtp, Some("kari@example.org".to_owned())).await.unwrap();
    assert!(told.ok, "{told:?}");
    assert!(mail.mails()[0].contains("Subject: Test message from Synops"));
    // A receiver that hangs costs no more than its time.
    let hangs = HttpServer::start(|_| None).await;
    let hook = p.hook(&hangs, "/").await;
    let told = p.post().test(hook, None).await.unwrap();
    assert_eq!((told.ok, told.detail.as_str()), (false, "no answer within 20 s"));
}

/// What was to be sent under TLS is never sent without, whatever the server offers.
#[tokio::test]
async fn nothing_goes_in_the_clear_where_tls_was_asked_for() {
    let p = place().await;
    let mail = MailServer::start().await;
    for security in [Security::Starttls, Security::Tls] {
        let patch = ConnectionPatch {
            security: Some(security),
            username: Some("synops".to_owned()),
            password: Some(Withheld::new(SECRET)),
            ..patch_of(&mail)
        };
        let smtp = p.connection(Channel::Smtp, patch).await;
        let told = p.post().test(smtp, Some("kari@example.org".to_owned())).await.unwrap();
        assert!(!told.ok && !told.detail.contains(SECRET), "{security:?}: {told:?}");
    }
    assert_eq!(mail.mails().len(), 0);
}

/// Whoever may not read it any more when it goes out hears nothing.
#[tokio::test]
async fn what_waited_is_taken_back_from_whom_it_is_no_more_for() {
    let p = place().await;
    let http = HttpServer::start(|_| page("200 OK", "")).await;
    let hook = p.hook(&http, "/").await;
    p.subscribe(Some(hook)).await;
    p.plan("Disks").await;
    p.db.revoke(p.kari, EdgeKind::MemberOf, p.workspace).await;
    let worker = p.worker();
    p.delivered(Channel::Webhook, "withdrawn").await;
    assert_eq!(http.requests.load(Ordering::SeqCst), 0);
    worker.stop().await;
}

/// Servers end between the commit and the sending, and while sending: one row, and it is sent.
#[tokio::test]
async fn a_delivery_outlives_whoever_wrote_and_whoever_sends_it() {
    let p = place().await;
    let http = HttpServer::start(|path| if path == "/" { page("200 OK", "") } else { None }).await;
    let hook = p.hook(&http, "/").await;
    p.subscribe(Some(hook)).await;
    // Nobody is there to send it: what wrote it is gone with its last statement.
    let id = p.plan("Disks").await;
    let rows =
        async || -> i64 { sqlx::query_scalar("select count(*) from deliveries").fetch_one(p.db.owner_pool()).await.unwrap() };
    assert_eq!(rows().await, 1);
    // One that took the job and died: its claim is a dead process's.
    let lost = Uuid::now_v7();
    let statement =
        "update jobs set state = 'running', worker_id = $1, attempt = 1, fence = fence + 1, started_at = clock_timestamp()
        where kind = 'deliver'";
    sqlx::query(statement).bind(lost).execute(p.db.owner_pool()).await.unwrap();
    let worker = p.worker();
    p.delivered(Channel::Webhook, "sent").await;
    assert_eq!((rows().await, http.requests.load(Ordering::SeqCst)), (1, 1));
    // The clock of several servers begins it once, and tells of it once.
    let second = p.worker();
    sqlx::query("update maintenances set starts_at = clock_timestamp(), ends_at = clock_timestamp() + interval '1 hour' where node_id = $1")
        .bind(id)
        .execute(p.db.owner_pool())
        .await
        .unwrap();
    wait_until("it has begun", SOON, async || {
        let state: String = sqlx::query_scalar("select state from maintenances").fetch_one(p.db.owner_pool()).await.unwrap();
        state == MaintenanceState::InProgress.as_str()
    })
    .await;
    wait_until("it is told", SOON, async || http.requests.load(Ordering::SeqCst) == 2).await;
    assert_eq!(rows().await, 2);
    worker.stop().await;
    second.stop().await;
}

/// What cannot commit was never said: neither row nor job is there without the change.
#[tokio::test]
async fn a_change_that_does_not_commit_tells_nobody() {
    let p = place().await;
    p.subscribe(None).await;
    sqlx::raw_sql(
        "create function refuse() returns trigger language plpgsql as $$ begin raise exception 'broken off'; end $$;
         create constraint trigger refuse after insert on maintenances deferrable initially deferred
           for each row execute function refuse()",
    )
    .execute(p.db.owner_pool())
    .await
    .unwrap();
    let now = store::database::now(p.db.pool()).await.unwrap();
    let maintenance = MaintenancePatch {
        starts_at: Some(now + chrono::TimeDelta::minutes(60)),
        ends_at: Some(now + chrono::TimeDelta::minutes(120)),
        affects: Some(vec![p.system]),
        ..Default::default()
    };
    let (title, body, attrs) = ("Disks".to_owned(), String::new(), serde_json::Map::new());
    let plan = Intention::PlanMaintenance { id: None, parent_id: None, title, body, attrs, maintenance };
    let done = p.intentions.carry_out(&Actor::Server, vec![plan], &Context::default(), |_| (200, Value::Null)).await;
    assert!(done.is_err());
    for table in ["notifications", "deliveries", "jobs", "maintenances"] {
        let count: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select count(*) from {table}")))
            .fetch_one(p.db.owner_pool())
            .await
            .unwrap();
        assert_eq!(count, 0, "{table}");
    }
}

#[tokio::test]
async fn a_new_key_seals_all_that_older_ones_have_sealed() {
    let p = place().await;
    let (old, new) = (Keyring::generate().unwrap(), Keyring::generate().unwrap());
    let with = |newest, older: &[secrecy::SecretString]| {
        Intentions::new(p.db.pool().clone(), Arc::new(|| {})).with_keyring(Some(Keyring::new(newest, older).unwrap()))
    };
    let slack =
        || ConnectionPatch { url: Some(Withheld::new(format!("https://hooks.example.org/{SECRET}"))), ..Default::default() };
    let create = |title: &str| Intention::CreateConnection {
        id: None,
        parent_id: INSTANCE_ID,
        title: title.to_owned(),
        body: String::new(),
        channel: Channel::Slack,
        connection: slack(),
    };
    let before = with(&old, &[]);
    before.carry_out(&Actor::Server, vec![create("a"), create("b")], &Context::default(), |_| (200, Value::Null)).await.unwrap();
    // A key that nobody has any more.
    p.connection(Channel::Slack, slack()).await;
    let both = with(&new, std::slice::from_ref(&old));
    let done = both.rotate_secrets().await.unwrap();
    assert_eq!((done.resealed, done.failed.len()), (2, 1));
    let again = both.rotate_secrets().await.unwrap();
    assert_eq!((again.resealed, again.failed.len()), (0, 1));
    // The old one is needed no more.
    let alone = Keyring::new(&new, &[]).unwrap();
    let ids: Vec<Uuid> = sqlx::query_scalar("select node_id from connection_secrets where key_id = $1")
        .bind(alone.newest_id())
        .fetch_all(p.db.owner_pool())
        .await
        .unwrap();
    assert_eq!(ids.len(), 2);
    for id in ids {
        let row = store::connection::find_connection_secrets(p.db.pool(), id).await.unwrap().unwrap();
        assert!(intentions::open_secrets(&alone, id, &row).unwrap().url.unwrap().ends_with(SECRET));
    }
}
