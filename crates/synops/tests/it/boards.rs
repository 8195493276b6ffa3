//! Boards: whoever moves what at once, everybody ends with what the database has. And notes.

use crate::access::{member, sign_in};
use crate::app::TestApp;
use crate::chat::id_of;
use crate::client::{Client, Reply};
use crate::socket::Reader;
use domain::EdgeKind;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tokio::task::JoinSet;
use uuid::Uuid;

struct Board {
    id: Uuid,
    columns: Vec<Uuid>,
    cards: Vec<Uuid>,
}

async fn board(app: &TestApp, client: &Client, columns: usize, cards: usize) -> Board {
    let workspace = app.db.workspace("Work").await;
    let id = id_of(&client.post("/api/v1/boards", json!({ "parent_id": workspace, "title": "Move" })).await.ok());
    let mut made = Board { id, columns: Vec::new(), cards: Vec::new() };
    for n in 0..columns {
        let column = client.post(&format!("/api/v1/boards/{id}/columns"), json!({ "title": format!("Column {n}") })).await.ok();
        made.columns.push(id_of(&column));
    }
    for n in 0..cards {
        let card = json!({ "column_id": made.columns[n % columns], "title": format!("Card {n}") });
        made.cards.push(id_of(&client.post(&format!("/api/v1/boards/{id}/cards"), card).await.ok()));
    }
    made
}

async fn move_card(client: &Client, card: Uuid, column: Uuid, place: Value) -> Reply {
    client.post(&format!("/api/v1/cards/{card}/move"), json!({ "column_id": column, "place": place })).await
}

/// The cards of each column in order, as the database has them.
async fn kept(app: &TestApp, board: Uuid) -> BTreeMap<Uuid, Vec<Uuid>> {
    let rows: Vec<(Uuid, Uuid)> =
        sqlx::query_as("select column_id, node_id from cards where board_id = $1 order by column_id, order_key")
            .bind(board)
            .fetch_all(app.db.owner_pool())
            .await
            .unwrap();
    rows.into_iter().fold(BTreeMap::new(), |mut columns: BTreeMap<Uuid, Vec<Uuid>>, (column, card)| {
        columns.entry(column).or_default().push(card);
        columns
    })
}

/// The same as a viewer's page works it out.
fn shown(rows: impl Iterator<Item = Value>) -> BTreeMap<Uuid, Vec<Uuid>> {
    let mut cards: Vec<(Uuid, String, Uuid)> = rows
        .filter(|row| row["kind"] == "card")
        .map(|row| {
            (
                row["card"]["column_id"].as_str().unwrap().parse().unwrap(),
                row["card"]["order_key"].as_str().unwrap().to_owned(),
                id_of(&row),
            )
        })
        .collect();
    cards.sort();
    cards.into_iter().fold(BTreeMap::new(), |mut columns: BTreeMap<Uuid, Vec<Uuid>>, (column, _, card)| {
        columns.entry(column).or_default().push(card);
        columns
    })
}

#[tokio::test]
async fn a_card_goes_where_it_is_put() {
    let app = TestApp::start().await;
    let admin = app.administrator().await;
    let board = board(&app, &admin, 2, 4).await;
    let [left, right] = [board.columns[0], board.columns[1]];
    let [a, b, c, d] = [0, 1, 2, 3].map(|n| board.cards[n]);
    assert_eq!(kept(&app, board.id).await, BTreeMap::from([(left, vec![a, c]), (right, vec![b, d])]));
    move_card(&admin, a, right, json!({ "after_id": b })).await.ok();
    assert_eq!(kept(&app, board.id).await[&right], [b, a, d]);
    move_card(&admin, c, right, json!({ "before_id": b })).await.ok();
    assert_eq!(kept(&app, board.id).await, BTreeMap::from([(right, vec![c, b, a, d])]));
    move_card(&admin, c, right, json!({})).await.ok();
    assert_eq!(kept(&app, board.id).await[&right], [b, a, d, c]);
    // One beside what is not there any more goes to the end, one beside itself too.
    move_card(&admin, b, left, json!({ "after_id": d })).await.ok();
    assert_eq!(kept(&app, board.id).await[&left], [b]);
    let first = move_card(&admin, b, left, json!({ "after_id": b })).await.ok();
    assert_eq!(first["card"]["column_id"], left.to_string());
    let elsewhere = self::board(&app, &admin, 1, 0).await;
    assert_eq!(move_card(&admin, b, elsewhere.columns[0], json!({})).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_column_with_cards_stays_and_a_board_goes_with_all_of_it() {
    let app = TestApp::start().await;
    let admin = app.administrator().await;
    let board = board(&app, &admin, 2, 1).await;
    let delete = async |kind: &str, id: Uuid| {
        let version = format!("\"{}\"", admin.get(&format!("/api/v1/nodes/{id}")).await.ok()["version"]);
        admin.send(Method::DELETE, &format!("/api/v1/{kind}/{id}"), None, &[("if-match", &version)]).await
    };
    let refused = delete("columns", board.columns[0]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text);
    assert!(refused.text.contains("move or delete them first"), "{}", refused.text);
    delete("columns", board.columns[1]).await.ok();
    let moved = admin.post(&format!("/api/v1/columns/{}/move", board.columns[1]), json!({})).await;
    assert_eq!(moved.status, StatusCode::NOT_FOUND);
    delete("boards", board.id).await.ok();
    let left: i64 = sqlx::query_scalar("select count(*) from nodes where kind in ('board', 'column', 'card')")
        .fetch_one(app.db.owner_pool())
        .await
        .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn what_a_card_names_it_relates_to() {
    let app = TestApp::start().await;
    let admin = app.administrator().await;
    let board = board(&app, &admin, 1, 0).await;
    let workspace = app.db.workspace("Other").await;
    let [one, two, by_hand] =
        [app.db.system("One", workspace).await, app.db.system("Two", workspace).await, app.db.system("Three", workspace).await];
    let body = format!("See [One](node:{one}) and [nothing](node:{}).", Uuid::now_v7());
    let card = json!({ "column_id": board.columns[0], "title": "Card", "body": body });
    let card = admin.post(&format!("/api/v1/boards/{}/cards", board.id), card).await.ok();
    let id = id_of(&card);
    app.db.edge(EdgeKind::RelatesTo, id, by_hand).await;
    let related = async || {
        let statement = "select target_id from edges where source_id = $1 and kind = 'relates_to'";
        let mut ids: Vec<Uuid> = sqlx::query_scalar(statement).bind(id).fetch_all(app.db.owner_pool()).await.unwrap();
        ids.sort();
        ids
    };
    let sorted = |mut ids: Vec<Uuid>| {
        ids.sort();
        ids
    };
    assert_eq!(related().await, sorted(vec![one, by_hand]));
    let version = format!("\"{}\"", admin.get(&format!("/api/v1/cards/{id}")).await.ok()["version"]);
    let change = json!({ "body": format!("Rather [Two](node:{two}) and itself: [x](node:{id})") });
    admin.send(Method::PATCH, &format!("/api/v1/cards/{id}"), Some(change), &[("if-match", &version)]).await.ok();
    assert_eq!(related().await, sorted(vec![two, by_hand]));
}

/// People move cards about at once, each by what their page showed a moment ago; whoever looks ends with what the
/// database has. `SYNOPS_TEST_BOARD_MOVES` has it run longer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_moves_cards_at_once_all_see_what_the_database_has() {
    #[expect(clippy::disallowed_methods, reason = "how long a test runs is no setting of the server")]
    let rounds: u64 = std::env::var("SYNOPS_TEST_BOARD_MOVES").ok().and_then(|n| n.parse().ok()).unwrap_or(200);
    let app = TestApp::start().await;
    let admin = app.administrator().await;
    let board = board(&app, &admin, 3, 8).await;
    let mut viewers = Vec::new();
    let topic = format!("node:{}", board.id);
    for _ in 0..2 {
        let mut viewer = Reader::start(app.ready.address, admin.session(), &[]).await;
        viewer.subscribe(&topic, None).await;
        viewer.until("the board is there", |held| held.running.contains(&topic)).await;
        viewers.push(viewer);
    }
    for seed in 0..rounds {
        let mut random = StdRng::seed_from_u64(seed);
        let mut moves = JoinSet::new();
        for _ in 0..3 {
            let pick = |random: &mut StdRng| *board.cards.choose(random).expect("cards");
            let (card, column) = (pick(&mut random), *board.columns.choose(&mut random).expect("columns"));
            let place = match random.random_range(0..4) {
                0 => json!({}),
                1 => json!({ "before_id": pick(&mut random) }),
                2 => json!({ "after_id": pick(&mut random) }),
                _ => json!({ "after_id": pick(&mut random), "before_id": pick(&mut random) }),
            };
            let client = admin.at(app.ready.address);
            moves.spawn(async move { move_card(&client, card, column, place).await });
        }
        while let Some(moved) = moves.join_next().await {
            moved.unwrap().ok();
        }
        let expected = kept(&app, board.id).await;
        assert_eq!(expected.values().map(Vec::len).sum::<usize>(), board.cards.len(), "seed {seed}");
        for viewer in &mut viewers {
            // As pages do, lest they are taken for gone.
            if seed % 50 == 0 {
                viewer.say(&json!({ "type": "ping" })).await;
            }
            viewer.until(&format!("seed {seed}: it is shown"), |held| shown(held.rows.values().cloned()) == expected).await;
        }
    }
    for viewer in &viewers {
        assert!(viewer.held.repeats.is_empty(), "{:?}", viewer.held.repeats);
    }
}

#[tokio::test]
async fn a_note_keeps_its_versions_and_nobody_writes_over_another() {
    let app = TestApp::start().await;
    let admin = app.administrator().await;
    let workspace = app.db.workspace("Work").await;
    let (_, kari) = member(&app, &admin, "kari", workspace).await;
    let note = admin.post("/api/v1/notes", json!({ "parent_id": workspace, "title": "Fail over", "body": "one" })).await.ok();
    let path = format!("/api/v1/notes/{}", note["id"].as_str().unwrap());
    let change = async |client: &Client, version: &Value, body: &str| {
        client.send(Method::PATCH, &path, Some(json!({ "body": body })), &[("if-match", &format!("\"{version}\""))]).await
    };
    let second = change(&kari, &note["version"], "two").await.ok();
    let late = change(&admin, &note["version"], "mine").await;
    assert_eq!(
        (late.status, late.json()["current_version"].clone()),
        (StatusCode::PRECONDITION_FAILED, second["version"].clone())
    );
    change(&admin, &second["version"], "three").await.ok();
    let versions = admin.get(&format!("{path}/versions")).await.ok();
    let kept: Vec<(&Value, &Value, &str)> = versions["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (&one["version"], &one["by_title"], one["body"].as_str().unwrap()))
        .collect();
    assert_eq!(kept.iter().map(|(_, _, body)| *body).collect::<Vec<_>>(), ["two", "one"]);
    assert_eq!(kept[1].1, "kari");
    assert_eq!((kept[0].0, kept[1].0), (&second["version"], &note["version"]));
    let (_, stranger) = sign_in(&app, &admin, "stranger").await;
    assert_eq!(stranger.get(&format!("{path}/versions")).await.status, StatusCode::NOT_FOUND);
}
