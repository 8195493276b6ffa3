//! Who is told of something is found by indexes: it happens in the transaction of what they are told.

use domain::NodeKind;
use domain::notification::{Notice, NoticeKind};
use sqlx::{Connection, PgConnection};
use testkit::TestDb;
use uuid::Uuid;

/// Tables that are far larger than what is told at once. (Of people there are so few here that to read them all is cheaper.)
const LARGE: &[&str] = &["nodes", "edges", "subscriptions", "deliveries", "status_subscribers"];

struct Place {
    db: TestDb,
    /// Affects the first system.
    window: Uuid,
    system: Uuid,
    workspace: Uuid,
    page: Uuid,
    delivery: Uuid,
}

/// 1,500 systems in 100 groups, as many people who watch some of them each, a hook and a status page for each group, and
/// those who follow the pages.
async fn place() -> Place {
    let db = TestDb::new().await;
    let workspace = db.workspace("Place").await;
    let mut tx = db.owner_pool().begin().await.unwrap();
    for statement in [
        "create temporary table made on commit drop as
           select kind, n, md5(kind || n)::uuid as id from unnest(array['group', 'system', 'person', 'connection', 'status_page']) kind,
                  generate_series(1, 1500) n where kind in ('system', 'person') or n <= 100",
        "insert into nodes (id, kind, title) select id, kind, kind || n from made order by kind = 'system'",
        "insert into edges (id, kind, source_id, target_id)
           select gen_random_uuid(), 'part_of', id,
                  case kind when 'system' then md5('group' || n % 100 + 1)::uuid
                            when 'person' then (select id from nodes where kind = 'instance')
                            else (select id from nodes where title = 'Place') end
             from made order by kind = 'system'",
        "insert into systems (node_id) select id from made where kind = 'system'",
        "insert into people (node_id, login) select id, 'p' || n from made where kind = 'person'",
        "insert into edges (id, kind, source_id, target_id)
           select gen_random_uuid(), 'member_of', id, (select id from nodes where title = 'Place') from made where kind = 'person' and n <= 100",
        "update scopes set visibility = 'signed_in' where node_id = (select id from nodes where title = 'Place')",
        "insert into connections (node_id, channel, host, port, security, sender)
           select id, case when n = 1 then 'smtp' else 'webhook' end, 'example.org', case when n = 1 then 25 end,
                  case when n = 1 then 'none' end, case when n = 1 then 'a@example.org' end
             from made where kind = 'connection'",
        "insert into subscriptions (id, subscriber_id, subscriber_kind, target_id)
           select gen_random_uuid(), md5('person' || n)::uuid, 'person', md5('system' || (n + k * 17) % 1500 + 1)::uuid
             from generate_series(1, 1500) n, generate_series(1, 6) k",
        "insert into subscriptions (id, subscriber_id, subscriber_kind, target_id, connection_id)
           select gen_random_uuid(), md5('person' || n)::uuid, 'person', md5('group' || n % 100 + 1)::uuid, md5('connection' || n % 99 + 2)::uuid
             from generate_series(1, 100) n",
        "insert into status_pages (node_id, slug, published) select id, 's' || n, true from made where kind = 'status_page'",
        "update scopes set visibility = 'public' where node_id = md5('status_page1')::uuid",
        "insert into edges (id, kind, source_id, target_id)
           select gen_random_uuid(), 'shows', id, md5('group' || n)::uuid from made where kind = 'status_page'",
        "insert into status_subscribers (id, page_id, email, confirmed_at)
           select gen_random_uuid(), md5('status_page' || n % 100 + 1)::uuid, 'f' || n || '@example.org', now() from generate_series(1, 9000) n",
        "insert into deliveries (id, event_id, kind, node_id, channel, recipient_id, recipient, person_id, audience, message_id, fields, job_id)
           select md5('delivery' || n)::uuid, gen_random_uuid(), 'system_down', md5('system' || n)::uuid, 'smtp', md5('person' || n)::uuid, 'x',
                  md5('person' || n)::uuid, 'public', 'm' || n, '{}', gen_random_uuid()
             from generate_series(1, 1500) n",
    ] {
        sqlx::query(statement).execute(&mut *tx).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
    tx.commit().await.unwrap();
    let id_of = async |text: &'static str| -> Uuid {
        sqlx::query_scalar("select md5($1)::uuid").bind(text).fetch_one(db.owner_pool()).await.unwrap()
    };
    let (system, page, delivery) = (id_of("system1").await, id_of("status_page2").await, id_of("delivery1").await);
    sqlx::query("update scopes set visibility = 'public' where node_id = $1").bind(page).execute(db.owner_pool()).await.unwrap();
    let window = db.maintenance("Disks", workspace, (60.0, 120.0), &[system]).await;
    sqlx::query("vacuum analyze").execute(db.superuser_pool()).await.unwrap();
    Place { db, window, system, workspace, page, delivery }
}

/// How often each of the large tables was read from end to end by this session, as told now.
async fn scans(db: &mut PgConnection) -> Vec<(String, i64)> {
    sqlx::query("select pg_stat_force_next_flush()").execute(&mut *db).await.unwrap();
    let statement = "select relname::text, seq_scan from pg_stat_user_tables where relname = any($1) order by relname";
    sqlx::query_as(statement).bind(LARGE).fetch_all(db).await.unwrap()
}

#[tokio::test]
async fn recipients_are_found_by_indexes() {
    let p = place().await;
    let mut db = PgConnection::connect(&p.db.owner_url()).await.unwrap();
    let mut notice = Notice::new(NoticeKind::MaintenancePlanned, p.window, NodeKind::Maintenance, p.workspace, "Disks");
    notice.about = vec![p.system];
    let before = scans(&mut db).await;
    let people = store::notification::list_people_to_tell(&mut db, &notice, None, 10, 500).await.unwrap();
    assert_eq!(people.len(), 6);
    assert_eq!(before, scans(&mut db).await, "people");
    let connections = store::notification::list_connections_to_tell(&mut db, &notice, 10, 500).await.unwrap();
    assert!(!connections.is_empty());
    assert_eq!(before, scans(&mut db).await, "connections");
    assert!(store::notification::find_mail_connection(&mut db, p.window).await.unwrap().is_some());
    assert_eq!(before, scans(&mut db).await, "the mail server");
    let pages = store::status_page::list_pages_to_tell(&mut db, p.window, 50).await.unwrap();
    assert_eq!(pages.iter().map(|page| page.page_id).collect::<Vec<_>>(), [p.page]);
    assert_eq!(before, scans(&mut db).await, "pages");
    assert_eq!(store::status_page::list_followers(&mut db, p.page, None, 500).await.unwrap().len(), 90);
    assert_eq!(before, scans(&mut db).await, "followers");
    assert!(store::notification::may_still_be_told(&mut db, p.delivery).await.unwrap());
    assert_eq!(before, scans(&mut db).await, "whether it may still go out");
}
