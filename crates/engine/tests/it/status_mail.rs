//! Mail to those who follow a status page: after they have confirmed, with what everybody may read, and until they
//! end it.

use crate::SOON;
use crate::post::{Place, patch_of, place};
use domain::Intention;
use domain::access::Visibility;
use domain::connection::Channel;
use domain::maintenance::NewUpdate;
use domain::status_page::{EntryPatch, StatusPagePatch};
use domain::timeline::Audience;
use intentions::NewSubscriber;
use std::time::Duration;
use testkit::{MailServer, wait_until};
use uuid::Uuid;

const EMAIL: &str = "ola@example.net";

/// The place with a mail server and a page that everybody may read, which shows the system by another name.
async fn page(p: &Place, mail: &MailServer) -> Uuid {
    p.connection(Channel::Smtp, patch_of(mail)).await;
    let status_page = StatusPagePatch { slug: Some("acme".to_owned()), published: Some(true), ..Default::default() };
    let id = p
        .carry_out(Intention::CreateStatusPage {
            id: None,
            parent_id: p.workspace,
            title: "Acme".to_owned(),
            body: String::new(),
            status_page,
            visibility: Some(Visibility::Public),
        })
        .await;
    let version =
        sqlx::query_scalar("select version from nodes where id = $1").bind(id).fetch_one(p.db.owner_pool()).await.unwrap();
    let entries = vec![EntryPatch { target_id: p.system, label: Some("Shop".to_owned()) }];
    p.carry_out(Intention::SetStatusPageEntries { id, version, entries }).await;
    id
}

/// As the address was given on the page; answers the hash of the token that was sent to it.
async fn ask(p: &Place, page_id: Uuid) -> Vec<u8> {
    let hash = Uuid::new_v4().as_bytes().to_vec();
    let new = NewSubscriber {
        page_id,
        email: EMAIL.to_owned(),
        token_hash: hash.clone(),
        confirm_path: "/status/acme/confirm?token=secret-link&lang=en".to_owned(),
        lasts: Duration::from_secs(3600),
    };
    p.intentions.subscribe_to_status(new).await.unwrap();
    hash
}

async fn count(p: &Place, statement: &'static str) -> i64 {
    sqlx::query_scalar(statement).fetch_one(p.db.owner_pool()).await.unwrap()
}

/// The mails there are once there are so many; none is under way then.
async fn mails(p: &Place, mail: &MailServer, wanted: usize) -> Vec<String> {
    let under_way = "select count(*) from deliveries where state in ('queued', 'failed')";
    wait_until("all mail is out", SOON, async || count(p, under_way).await == 0).await;
    let mails: Vec<String> = mail.mails().iter().map(|mail| mail.replace("=\n", "").replace("=3D", "=")).collect();
    assert_eq!(mails.len(), wanted, "{mails:#?}");
    mails
}

#[tokio::test]
async fn who_follows_a_page_is_told_what_everybody_may_read_until_they_end_it() {
    let p = place().await;
    let mail = MailServer::start().await;
    let page_id = page(&p, &mail).await;
    let worker = p.worker();

    // Before the address is confirmed nothing but the question goes there, whatever happens.
    let hash = ask(&p, page_id).await;
    p.plan("Before anybody confirmed").await;
    let asked = mails(&p, &mail, 1).await.remove(0);
    for part in [EMAIL, "Confirm your subscription: Acme", "https://synops.test/status/acme/confirm?token=secret-link"] {
        assert!(asked.contains(part), "{part}: {asked}");
    }
    assert!(!asked.contains("List-Unsubscribe"), "{asked}");
    assert_eq!(count(&p, "select count(*) from deliveries where body is not null or subject is not null").await, 0);

    store::status_page::confirm_subscriber(p.db.pool(), &hash).await.unwrap().unwrap();
    let window = p.plan("New disks").await;
    let update = async |audience, message: &str| {
        let update = NewUpdate { message: message.to_owned(), audience, state_change: None };
        p.carry_out(Intention::AddMaintenanceUpdate { id: window, update }).await;
    };
    update(Audience::Internal, "the spare key is under the mat").await;
    update(Audience::SignedIn, "call Kari about it").await;
    update(Audience::Public, "it goes well").await;
    let told = mails(&p, &mail, 3).await;
    let token: Uuid =
        sqlx::query_scalar("select unsubscribe_token from status_subscribers").fetch_one(p.db.owner_pool()).await.unwrap();
    for of_it in ["Maintenance planned: New disks", "Maintenance update: New disks"] {
        let text = told.iter().find(|text| text.contains(of_it)).unwrap_or_else(|| panic!("{of_it}: {told:#?}"));
        for part in ["Shop", "List-Unsubscribe-Post: List-Unsubscribe=One-Click", &token.to_string()] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
    assert!(told.iter().any(|text| text.contains("it goes well")));
    for hidden in ["Checkout", "under the mat", "call Kari", "Before anybody"] {
        assert!(!told.iter().any(|text| text.contains(hidden)), "{hidden}: {told:#?}");
    }

    // What is not for everybody any more goes nowhere, and who ends it is forgotten.
    worker.stop().await;
    update(Audience::Public, "written while nobody sends").await;
    assert_eq!(count(&p, "select count(*) from deliveries where state = 'queued'").await, 1);
    sqlx::query("update status_pages set published = false").execute(p.db.owner_pool()).await.unwrap();
    let worker = p.worker();
    wait_until("it is taken back", SOON, async || {
        count(&p, "select count(*) from deliveries where state = 'withdrawn'").await == 1
    })
    .await;
    sqlx::query("update status_pages set published = true").execute(p.db.owner_pool()).await.unwrap();
    store::status_page::delete_subscriber(p.db.pool(), token).await.unwrap();
    assert_eq!(count(&p, "select count(*) from deliveries").await, 0);
    update(Audience::Public, "to nobody").await;
    mails(&p, &mail, 3).await;
    assert_eq!(count(&p, "select count(*) from deliveries").await, 0);
    worker.stop().await;
}
