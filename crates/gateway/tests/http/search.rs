//! Search over HTTP: whatever is typed is answered, and nobody finds what is not theirs.

use crate::server::{Ask, Server, id_of};
use domain::EdgeKind;
use serde_json::{Value, json};
use uuid::Uuid;

fn path(typed: &str, more: &str) -> String {
    let typed: String = typed.bytes().map(|byte| format!("%{byte:02X}")).collect();
    format!("/api/v1/search?q={typed}{more}")
}

fn ids(page: &Value) -> Vec<Uuid> {
    page["items"].as_array().unwrap().iter().map(id_of).collect()
}

#[tokio::test]
async fn one_finds_what_one_may_see() {
    let server = Server::new().await;
    let (kari, ola) = (server.db.person("kari").await, server.db.person("ola").await);
    let (hers, his) = (server.db.workspace("Hers").await, server.db.workspace("His").await);
    server.db.grant(kari, EdgeKind::MemberOf, hers).await;
    server.db.grant(ola, EdgeKind::MemberOf, his).await;
    let mine = server.db.system("Secret Tromsø disks", hers).await;
    let theirs = server.db.system("Secret Tromsø tapes", his).await;
    let (kari, ola) = (server.session(kari).await, server.session(ola).await);
    let found = server.ask(Ask::get(&path("tromso secret", "")).session(&kari)).await.expect(200);
    assert_eq!(ids(&found), [mine]);
    assert_eq!(found["items"][0]["parent_title"], "Hers");
    let found = server.ask(Ask::get(&path("SECR", "&kind=system,group")).session(&ola)).await.expect(200);
    assert_eq!(ids(&found), [theirs]);
    assert_eq!(server.ask(Ask::get(&path("secret", ""))).await.expect(200), json!({ "items": [], "next_cursor": null }));
    // What people were told of a maintenance is not for all who see it, so it is not found.
    let id = server.db.maintenance("Window", hers, (600.0, 1_200.0), &[mine]).await;
    sqlx::query("update nodes set body = 'New **disks** for Bodø' where id = $1")
        .bind(id)
        .execute(server.db.owner_pool())
        .await
        .unwrap();
    let told =
        "insert into timeline_updates (id, node_id, message, audience) values (gen_random_uuid(), $1, 'backdoor', 'internal')";
    sqlx::query(told).bind(id).execute(server.db.owner_pool()).await.unwrap();
    let found = server.ask(Ask::get(&path("bodo", "")).session(&kari)).await.expect(200);
    assert_eq!(ids(&found), [id]);
    let parts = json!([{ "text": "New **disks** for ", "hit": false }, { "text": "Bodø", "hit": true }]);
    assert_eq!(found["items"][0]["snippet"], parts);
    let found = server.ask(Ask::get(&path("backdoor", "")).session(&kari)).await.expect(200);
    assert_eq!(ids(&found), Vec::<Uuid>::new());
}

#[tokio::test]
async fn pages_follow_each_other() {
    let server = Server::new().await;
    let workspace = server.db.workspace("Place").await;
    let kari = server.db.person("kari").await;
    server.db.grant(kari, EdgeKind::Reader, workspace).await;
    let kari = server.session(kari).await;
    let mut made = Vec::new();
    for n in 0..7 {
        made.push(server.db.system(&format!("Probe {n}"), workspace).await);
    }
    let (mut found, mut more) = (Vec::new(), String::new());
    loop {
        let page = server.ask(Ask::get(&path("probe", &format!("&limit=3{more}"))).session(&kari)).await.expect(200);
        found.extend(ids(&page));
        match page["next_cursor"].as_str() {
            Some(cursor) => more = format!("&cursor={cursor}"),
            None => break,
        }
    }
    found.sort_unstable();
    assert_eq!(found, made);
}

#[tokio::test]
async fn whatever_is_typed_is_answered() {
    let server = Server::new().await;
    let kari = server.session(server.db.person("kari").await).await;
    let long = "a ".repeat(2_000);
    let word = "ø".repeat(3_000);
    let typed = [
        "&|!():*'\"\0",
        "'",
        "\\",
        "a' | 'b",
        "!a",
        "a & & b",
        ":*",
        "<->",
        "a <2> b",
        "%",
        "_",
        "''::text",
        "\u{301}",
        "\u{feff}",
        "…",
        "“quoted”",
        "🙂",
        "\u{202e}abc",
        long.as_str(),
        word.as_str(),
        "",
        " ",
    ];
    for typed in typed {
        let answer = server.ask(Ask::get(&path(typed, "")).session(&kari)).await;
        assert_eq!(answer.status, 200, "{typed:?}: {}", answer.text());
    }
    server.ask(Ask::get("/api/v1/search").session(&kari)).await.expect(200);
    let problem = server.ask(Ask::get(&path("a", "&kind=dragon")).session(&kari)).await.refused(400, "invalid");
    assert_eq!(problem["field"], "kind");
    server.ask(Ask::get(&path("a", "&cursor=e30")).session(&kari)).await.refused(400, "invalid");
    server.ask(Ask::get(&path("a", "&limit=0")).session(&kari)).await.refused(400, "invalid");
}
