//! Search: who finds what, by which letters, and by way of its index.

use domain::NodeKind;
use domain::node::INSTANCE_ID;
use domain::search::{fold, words_of};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sqlx::{Connection, PgConnection};
use std::collections::BTreeSet;
use store::search::{Place, search_nodes};
use testkit::TestDb;
use uuid::Uuid;

const NODES: usize = 10_000;
const WORDS: [&str; 8] = ["Tromsø", "Åsane", "disk", "Ærfugl", "payments", "db-01", "Łódź", "São"];

/// Workspaces with nodes whose titles are some of [`WORDS`], all written at once.
async fn fill(db: &TestDb, workspaces: &[Uuid], random: &mut StdRng) {
    let (mut ids, mut parents, mut titles, mut bodies) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for n in 0..NODES {
        let word = |random: &mut StdRng| WORDS[random.random_range(0..WORDS.len())];
        ids.push(Uuid::now_v7());
        parents.push(workspaces[random.random_range(0..workspaces.len())]);
        titles.push(format!("{} {n}", word(random)));
        bodies.push(word(random).to_owned());
    }
    // Placed as the triggers would place them, which take their time with so many at once.
    let mut tx = db.owner_pool().begin().await.unwrap();
    for table in ["nodes", "edges"] {
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("alter table {table} disable trigger user"))).execute(&mut *tx).await.unwrap();
    }
    sqlx::raw_sql("alter table nodes enable always trigger nodes_search").execute(&mut *tx).await.unwrap();
    sqlx::query(
        "insert into nodes (id, kind, title, body, scope_id)
         select i, 'group', t, b, p from unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[]) x(i, t, b, p)",
    )
    .bind(&ids)
    .bind(&titles)
    .bind(&bodies)
    .bind(&parents)
    .execute(&mut *tx)
    .await
    .unwrap();
    sqlx::query(
        "insert into edges (id, kind, source_id, target_id, source_scope_id, target_scope_id)
         select gen_random_uuid(), 'part_of', i, p, p, p from unnest($1::uuid[], $2::uuid[]) x(i, p)",
    )
    .bind(&ids)
    .bind(&parents)
    .execute(&mut *tx)
    .await
    .unwrap();
    tx.commit().await.unwrap();
    sqlx::query("vacuum analyze nodes").execute(db.superuser_pool()).await.unwrap();
}

/// All pages of a search.
async fn all(db: &mut PgConnection, reader: Option<Uuid>, typed: &str, limit: i64) -> Vec<Uuid> {
    let words = words_of(typed);
    let (mut ids, mut after): (Vec<Uuid>, Option<Place>) = (Vec::new(), None);
    loop {
        let page = search_nodes(&mut *db, reader, &words, None, after, limit).await.unwrap();
        ids.extend(page.iter().map(|found| found.place.id));
        match page.last() {
            Some(last) if page.len() as i64 == limit => after = Some(last.place),
            _ => return ids,
        }
    }
}

#[tokio::test]
async fn everybody_finds_all_that_is_theirs_and_nothing_else() {
    let db = TestDb::new().await;
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let (kari, ola) = (db.person("kari").await, db.person("ola").await);
    let mut workspaces = Vec::new();
    for n in 0..12 {
        workspaces.push(db.workspace(&format!("Place {n}")).await);
    }
    for (n, workspace) in workspaces.iter().enumerate() {
        let who = match n % 4 {
            0 => Some(kari),
            1 => Some(ola),
            _ => None,
        };
        if let Some(person) = who {
            db.grant(person, domain::EdgeKind::Reader, *workspace).await;
        }
        let visibility = if n % 4 == 2 { "public" } else { "members" };
        let statement = "update scopes set visibility = $2 where node_id = $1";
        sqlx::query(statement).bind(workspace).bind(visibility).execute(db.owner_pool()).await.unwrap();
    }
    fill(&db, &workspaces, &mut random).await;
    let mut conn = PgConnection::connect(&db.server_url()).await.unwrap();
    for reader in [Some(kari), Some(ola), None] {
        // As plainly as it can be said: of each row, whether each word begins one of its words.
        let rows: Vec<(Uuid, String)> = sqlx::query_as(
            "select n.id, n.title || ' ' || n.body from nodes n where n.scope_id in (
               select node_id from scopes where visibility = 'public'
               union select scope_id from scope_access where person_id = $1)",
        )
        .bind(reader)
        .fetch_all(&mut conn)
        .await
        .unwrap();
        let rows: Vec<(Uuid, String)> = rows.into_iter().map(|(id, text)| (id, fold(&text))).collect();
        for typed in ["tromso", "asan", "DISK", "aerf", "db 01", "lodz", "são", "payments disk", "nothing", "trom 1"] {
            let wanted: Vec<String> = words_of(typed).iter().map(|word| fold(word)).collect();
            let expect: BTreeSet<Uuid> = rows
                .iter()
                .filter(|(_, text)| {
                    wanted.iter().all(|word| text.split_whitespace().any(|there| there.starts_with(word.as_str())))
                })
                .map(|(id, _)| *id)
                .collect();
            let found = all(&mut conn, reader, typed, random.random_range(1_000..4_000)).await;
            let distinct: BTreeSet<Uuid> = found.iter().copied().collect();
            assert_eq!(distinct.len(), found.len(), "{typed}: twice");
            assert_eq!(distinct, expect, "{typed} for {reader:?}");
            assert!(typed == "nothing" || !expect.is_empty(), "{typed} for {reader:?} shows nothing");
        }
    }
}

#[tokio::test]
async fn a_word_is_found_by_the_index() {
    let db = TestDb::new().await;
    let workspace = db.workspace("Place").await;
    let mut random = StdRng::seed_from_u64(7);
    fill(&db, &[workspace], &mut random).await;
    let mut conn = PgConnection::connect(&db.owner_url()).await.unwrap();
    // What the function itself does, by what PostgreSQL counts of it.
    let scans = async |conn: &mut PgConnection| -> (i64, i64) {
        sqlx::query("select pg_stat_force_next_flush()").execute(&mut *conn).await.unwrap();
        sqlx::query_as(
            "select (select idx_scan from pg_stat_user_indexes where indexrelname = 'nodes_search'),
                    (select seq_scan from pg_stat_user_tables where relname = 'nodes')",
        )
        .fetch_one(&mut *conn)
        .await
        .unwrap()
    };
    let before = scans(&mut conn).await;
    let words = words_of("payments 77");
    for _ in 0..8 {
        search_nodes(&mut conn, None, &words, None, None, 50).await.unwrap();
    }
    let after = scans(&mut conn).await;
    assert!(after.0 >= before.0 + 8, "{before:?} {after:?}");
    assert_eq!(after.1, before.1, "the whole table was read");
}

#[tokio::test]
async fn the_database_folds_as_the_domain_does() {
    let db = TestDb::new().await;
    let chars: Vec<String> = (0x20..0x250_u32)
        .chain(0x300..0x340)
        .chain(0x1e00..0x1f00)
        .filter(|code| *code != 0x7f)
        .filter_map(char::from_u32)
        .map(|c| c.to_string())
        .collect();
    let rows: Vec<(String, String)> = sqlx::query_as("select c, search_words(c) from unnest($1::text[]) c")
        .bind(&chars)
        .fetch_all(db.owner_pool())
        .await
        .unwrap();
    assert_eq!(rows.len(), chars.len());
    for (c, folded) in rows {
        let ours = fold(&c);
        // Letters that have no plain form are small or not, as the database's locale has it.
        let same = ours == folded || (!folded.is_ascii() && ours == folded.to_lowercase());
        assert!(same, "{c:?} U+{:04X}: {folded:?} and {ours:?}", c.chars().next().map_or(0, u32::from));
    }
}

#[tokio::test]
async fn what_the_title_says_comes_first() {
    let db = TestDb::new().await;
    let workspace = db.workspace("Place").await;
    sqlx::query("update scopes set visibility = 'public'").execute(db.owner_pool()).await.unwrap();
    let in_text = db.group("Other", workspace).await;
    let later = db.group("The disks", workspace).await;
    let begins = db.group("Disks of Tromsø", workspace).await;
    let is = db.group("Disks", workspace).await;
    sqlx::query("update nodes set body = 'about disks' where id = $1").bind(in_text).execute(db.owner_pool()).await.unwrap();
    let mut conn = PgConnection::connect(&db.server_url()).await.unwrap();
    assert_eq!(all(&mut conn, None, "disks", 50).await, [is, begins, later, in_text]);
    assert_eq!(all(&mut conn, None, "disks", 1).await, [is, begins, later, in_text]);
    assert_eq!(all(&mut conn, None, "tromso dis", 50).await, [begins]);
    let of_kind = search_nodes(&mut conn, None, &words_of("place"), Some(&[NodeKind::Group]), None, 50).await.unwrap();
    assert_eq!(of_kind, []);
    let found = search_nodes(&mut conn, None, &words_of("other"), Some(&[NodeKind::Group]), None, 50).await.unwrap();
    assert_eq!((found[0].parent_id, found[0].parent_title.as_deref()), (Some(workspace), Some("Place")));
    // A workspace is part of the instance, which not everybody sees.
    sqlx::query("update scopes set visibility = 'members' where node_id = $1")
        .bind(INSTANCE_ID)
        .execute(db.owner_pool())
        .await
        .unwrap();
    let found = search_nodes(&mut conn, None, &words_of("place"), None, None, 50).await.unwrap();
    assert_eq!((found.len(), found[0].parent_title.as_deref()), (1, None));
}
