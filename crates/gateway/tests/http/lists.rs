//! Lists, page by page.

use crate::server::{Ask, Server};
use domain::EdgeKind;
use serde_json::Value;
use std::collections::BTreeSet;
use uuid::Uuid;

async fn place(titles: &[&str]) -> (Server, Uuid, String) {
    let server = Server::new().await;
    let workspace = server.db.workspace("w").await;
    for title in titles {
        server.db.system(title, workspace).await;
    }
    let kari = server.db.person("kari").await;
    server.db.grant(kari, EdgeKind::MemberOf, workspace).await;
    let session = server.session(kari).await;
    (server, workspace, session)
}

fn items(page: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    page["items"].as_array().unwrap().iter().map(|n| (text(&n["title"]), text(&n["id"]))).collect()
}

#[tokio::test]
async fn pages_join_without_gap_or_repeat() {
    let odd = ["b", "B", "b", "Æ", "æ", "a%", "a_", "100", "Zebra", "İstanbul", "ẞ", "\"'\\"];
    let (server, workspace, session) = place(&odd).await;
    let whole = items(&server.ask(Ask::get("/api/v1/systems").session(&session)).await.expect(200));
    assert_eq!(whole.len(), odd.len());
    for limit in [1, 2, 5, 12] {
        let (mut joined, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let path = format!("/api/v1/systems?limit={limit}&parent_id={workspace}{cursor}");
            let page = server.ask(Ask::get(&path).session(&session)).await.expect(200);
            let got = items(&page);
            assert!(got.len() <= limit);
            joined.extend(got);
            pages += 1;
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(joined, whole, "{limit}");
        assert_eq!(pages, odd.len().div_ceil(limit), "no empty page at the end");
    }
}

#[tokio::test]
async fn what_comes_and_goes_between_pages_moves_nothing_else() {
    let (server, workspace, session) = place(&["a", "c", "e", "g"]).await;
    let first = server.ask(Ask::get("/api/v1/systems?limit=2").session(&session)).await.expect(200);
    let before = items(&first);
    server.db.system("b", workspace).await;
    server.db.system("f", workspace).await;
    server.db.delete(before[1].1.parse().unwrap()).await;
    let path = format!("/api/v1/systems?cursor={}", first["next_cursor"].as_str().unwrap());
    let rest: Vec<String> =
        items(&server.ask(Ask::get(&path).session(&session)).await.expect(200)).into_iter().map(|i| i.0).collect();
    assert_eq!(rest, ["e", "f", "g"]);
}

#[tokio::test]
async fn a_search_takes_every_letter_for_itself() {
    let (server, _, session) = place(&["Checkout", "check_in", "100 %", "Bestilling Ærlig"]).await;
    let check = async |q: &str, expect: &[&str]| {
        let page = server.ask(Ask::get(&format!("/api/v1/nodes?kind=system&q={q}")).session(&session)).await.expect(200);
        let found: Vec<String> = items(&page).into_iter().map(|i| i.0).collect();
        assert_eq!(found, expect, "{q}");
    };
    check("CHECK", &["check_in", "Checkout"]).await;
    check("_", &["check_in"]).await;
    check("%25", &["100 %"]).await;
    check("%C3%86rl", &["Bestilling Ærlig"]).await;
    check("nothing", &[]).await;
    check("", &["100 %", "Bestilling Ærlig", "check_in", "Checkout"]).await;
}

#[tokio::test]
async fn newest_first_pages_join_too() {
    let (server, workspace, session) = place(&[]).await;
    for n in 0..5 {
        let new = serde_json::json!({ "title": n.to_string(), "parent_id": workspace });
        server.ask(Ask::new("POST", "/api/v1/systems").session(&session).json(&new)).await.expect(201);
    }
    let (mut seen, mut titles, mut cursor) = (BTreeSet::new(), Vec::new(), String::new());
    loop {
        let page = server.ask(Ask::get(&format!("/api/v1/activity?limit=2{cursor}")).session(&session)).await.expect(200);
        for entry in page["items"].as_array().unwrap() {
            assert!(seen.insert(entry["id"].to_string()), "twice: {entry}");
            titles.push(entry["node"]["title"].as_str().unwrap().to_owned());
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(titles, ["4", "3", "2", "1", "0"]);
}
